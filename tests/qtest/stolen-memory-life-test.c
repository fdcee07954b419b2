/*
 * The life of stolen memory: unplug while it is in use, and its contents
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Another device has mapped stolen memory, or holds a view of memory that
 * names it, and the IGD is unplugged: by the guest, or by the user. The
 * memory leaves the guest's address space at once and lives until its last
 * user is gone. QEMU's list of RAM blocks shows how long that is.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqtest.h"
#include "igd-rmrr-util.h"
#include "libqos/fw_cfg.h"
#include "libqos/libqos-pc.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci_regs.h"
#include "igd-testdev-rig.h"
#include "qobject/qdict.h"

#define BASE 0x7b000000u
#define SIZE 0x4800000u
#define OPTIONS "dsm-base=0x7b800000,dsm-size=64M,gsm-size=8M"

#define PC "-M pc -m 1G -nodefaults -vga none "
#define PC_IGD PC "-device igd-testdev,id=igd0,addr=02.0," OPTIONS
#define Q35 "-M q35 -m 1G -nodefaults -vga none "
#define Q35_IGD Q35 "-device intel-iommu,intremap=on,caching-mode=on " \
    "-device pcie-root-port,id=rp,addr=04.0,chassis=1 " \
    "-device igd-testdev,id=igd0,bus=rp," OPTIONS
#define OWN ",device-memory=on"
#define NATIVE "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off "

/* Ways to unplug */

/* ACPI hot-plug: bus 0 selected, slot ejected */
static void pc_eject(QTestState *qts, unsigned slot)
{
    qtest_outl(qts, 0xae10, 0);
    qtest_outl(qts, 0xae08, 1u << slot);
}

static void remove_pc_eject(QTestState *qts)
{
    pc_eject(qts, 2);
}

static void remove_q35_eject(QTestState *qts)
{
    qtest_outl(qts, 0xcd0, 0);
    qtest_outl(qts, 0xcc8, 1);
}

/* The root port's Slot Control: power and its indicator off */
static void remove_slot_power(QTestState *qts)
{
    QPCIBus *bus = qpci_new_pc(qts, NULL);
    QPCIDevice *port = qpci_device_find(bus, QPCI_DEVFN(4, 0));
    uint8_t cap = qpci_find_capability(port, PCI_CAP_ID_EXP, 0);

    g_assert_cmphex(cap, !=, 0);
    qpci_config_writew(port, cap + PCI_EXP_SLTCTL,
                       PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF |
                       PCI_EXP_SLTCTL_ATTN_IND_OFF);
    g_free(port);
    qpci_free_pc(bus);
}

static void remove_device_del(QTestState *qts)
{
    qtest_qmp_device_del_send(qts, "igd0");
    /* The guest's driver would let go; a reset does it without one. */
    qtest_system_reset_nowait(qts);
    qtest_qmp_eventwait(qts, "DEVICE_DELETED");
}

typedef struct Way {
    const char *name;
    const char *args;       /* the IGD's options are the last of them */
    void (*remove)(QTestState *qts);
} Way;

static const Way ways[] = {
    { "pc/eject", PC_IGD, remove_pc_eject },
    { "pc/device-del", PC_IGD, remove_device_del },
    { "q35/eject", Q35_IGD, remove_q35_eject },
    { "q35/slot-power", NATIVE Q35_IGD, remove_slot_power },
    { "q35/device-del", Q35_IGD, remove_device_del },
};

/* What is there */

/* Regions of the usual size that are there */
static unsigned count_blocks(QTestState *qts)
{
    g_autofree char *blocks = qtest_hmp(qts, "info ramblock");
    g_autofree char *size = g_strdup_printf("0x%016x", SIZE);
    g_auto(GStrv) lines = g_strsplit(blocks, "\n", -1);
    unsigned n = 0;

    for (char **line = lines; *line; line++) {
        n += strstr(*line, size) != NULL;
    }
    return n;
}

/* Memory of the device's own has a name that the kernel shows. */
static bool has_own_memory(QTestState *qts)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", qtest_pid(qts));
    g_autofree char *maps = NULL;

    g_assert_true(g_file_get_contents(path, &maps, NULL, NULL));
    return strstr(maps, "/memfd:igd-testdev");
}

static void check_there(QTestState *qts, bool own)
{
    g_assert_cmpuint(count_blocks(qts), ==, 1);
    g_assert_cmpint(has_own_memory(qts), ==, own);
}

/* The guest finds no memory at the region any more. */
static void check_unplugged(QTestState *qts)
{
    qtest_writel(qts, BASE, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, BASE), !=, 0x12345678);
}

/* Without a user the memory goes when RCU's callbacks have run. */
static void drain(QTestState *qts)
{
    for (int i = 0; i < 4; i++) {
        /* One that fails waits for them. */
        QDict *answer = qtest_qmp(qts, "{ 'execute': 'device_add', "
                                  "'arguments': { 'driver': 'none' } }");

        g_assert_true(qdict_haskey(answer, "error"));
        qobject_unref(answer);
    }
}

static void check_freed(QTestState *qts)
{
    drain(qts);
    g_assert_cmpuint(count_blocks(qts), ==, 0);
    g_assert_false(has_own_memory(qts));
}

/* A frame buffer: ramfb keeps it mapped as long as it shows it */

#define WIDTH 1024
#define HEIGHT 768
#define PIXELS (BASE + 0x100000)
#define ELSEWHERE 0x1000000

typedef struct QEMU_PACKED FrameBuffer {
    uint64_t address;
    uint32_t format;
    uint32_t flags;
    uint32_t width;
    uint32_t height;
    uint32_t stride;
} FrameBuffer;

static void show(QOSState *qs, uint32_t address)
{
    QFWCFG *fw_cfg = pc_fw_cfg_init(qs->qts);
    FrameBuffer fb = {
        .address = cpu_to_be64(address),
        .format = cpu_to_be32(0x34325258),      /* XR24 */
        .width = cpu_to_be32(WIDTH),
        .height = cpu_to_be32(HEIGHT),
        .stride = cpu_to_be32(WIDTH * 4),
    };

    g_assert_cmpuint(qfw_cfg_write_file(fw_cfg, qs, "etc/ramfb", &fb,
                                        sizeof(fb)), ==, sizeof(fb));
    pc_fw_cfg_uninit(fw_cfg);
}

/* Every byte of the picture has to be @value. */
static void check_picture(QTestState *qts, uint8_t value)
{
    g_autofree char *path = test_path("ppm");
    g_autofree char *file = NULL;
    gsize size, i;

    qtest_qmp_assert_success(qts, "{ 'execute': 'screendump', 'arguments': "
                             "{ 'filename': %s, 'device': 'fb' } }", path);
    g_assert_true(g_file_get_contents(path, &file, &size, NULL));
    unlink(path);
    g_assert_cmpuint(size, >, WIDTH * HEIGHT * 3);
    for (i = size - WIDTH * HEIGHT * 3; i < size; i++) {
        g_assert_cmphex((uint8_t)file[i], ==, value);
    }
}

static void remove_shown(const Way *way, bool own)
{
    g_autoptr(QOSState) qs = qtest_pc_boot("-device ramfb,id=fb %s%s",
                                           way->args, own ? OWN : "");
    QTestState *qts = qs->qts;

    qtest_memset(qts, PIXELS, 0xa5, WIDTH * HEIGHT * 4);
    show(qs, PIXELS);
    check_picture(qts, 0xa5);

    way->remove(qts);
    check_unplugged(qts);
    for (int i = 0; i < 2; i++) {
        check_picture(qts, 0xa5);
        check_there(qts, own);
    }

    show(qs, ELSEWHERE);
    check_picture(qts, 0);
    check_freed(qts);
}

static void test_shown(gconstpointer data)
{
    remove_shown(data, false);
}

static void test_shown_own(gconstpointer data)
{
    remove_shown(data, true);
}

/* A view of memory: the caches of a virtio queue hold it */

#define RNG "-device virtio-rng-pci,addr=06.0,disable-modern=on," \
    "disable-legacy=off "
#define RNG_IO 0xd100

static void rng_start(QTestState *qts)
{
    pc_config_write(qts, 0x30, 0x10, RNG_IO);
    pc_config_write(qts, 0x30, 0x04, 0x7);
    qtest_outb(qts, RNG_IO + 0x12, 0);
    qtest_outb(qts, RNG_IO + 0x12, 3);          /* acknowledge, driver */
    qtest_outw(qts, RNG_IO + 0x0e, 0);
    qtest_outl(qts, RNG_IO + 0x08, 0x2000);     /* page of the queue */
    qtest_outb(qts, RNG_IO + 0x12, 7);          /* and driver ok */
}

static void test_viewed(gconstpointer data)
{
    const Way *way = data;
    QTestState *qts;

    /* Memory of the heap that is used after it was freed is to be noticed. */
    g_setenv("MALLOC_PERTURB_", "165", true);
    g_setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", true);
    qts = qtest_initf(RNG "%s", way->args);
    g_unsetenv("MALLOC_PERTURB_");
    g_unsetenv("GLIBC_TUNABLES");

    rng_start(qts);
    way->remove(qts);
    check_freed(qts);
    check_unplugged(qts);
    qtest_quit(qts);
}

/* DMA of a disk; of two reads the second waits for the clock of the test */

#define DISK "-object throttle-group,id=slow,x-iops-total=1 " \
    "-blockdev driver=null-co,node-name=zero,size=1048576,read-zeroes=on " \
    "-blockdev driver=throttle,node-name=disk,throttle-group=slow,file=zero " \
    "-device ide-hd,drive=disk,bus=ide.0 "
#define PRD 0x100000
#define BUS_MASTER 0xd000
#define BM_ACTIVE 1
#define BM_INTERRUPT 4

static void disk_setup(QTestState *qts)
{
    pc_config_write(qts, 0x09, 0x20, BUS_MASTER);
    pc_config_write(qts, 0x09, 0x04, 0x5);
    qtest_writel(qts, PRD, BASE + 0x10000);
    qtest_writel(qts, PRD + 4, 0x80001000);     /* the last: 4 KiB */
}

static void disk_read(QTestState *qts)
{
    qtest_outb(qts, BUS_MASTER, 0);
    qtest_outb(qts, BUS_MASTER + 2, 6);
    qtest_outl(qts, BUS_MASTER + 4, PRD);
    qtest_outb(qts, BUS_MASTER, 8);
    qtest_outb(qts, 0x1f6, 0xe0);
    qtest_outb(qts, 0x1f2, 8);                  /* sectors */
    qtest_outb(qts, 0x1f3, 0);
    qtest_outb(qts, 0x1f4, 0);
    qtest_outb(qts, 0x1f5, 0);
    qtest_outb(qts, 0x1f7, 0xc8);               /* READ DMA */
    qtest_outb(qts, BUS_MASTER, 9);
}

static void disk_wait(QTestState *qts)
{
    gint64 deadline = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;

    while ((qtest_inb(qts, BUS_MASTER + 2) & (BM_ACTIVE | BM_INTERRUPT)) !=
           BM_INTERRUPT) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
}

static void test_read(gconstpointer data)
{
    const char *options = data;
    g_autoptr(QTestState) qts = qtest_initf(DISK PC_IGD "%s", options);

    disk_setup(qts);
    qtest_memset(qts, BASE + 0x10000, 0xa5, 0x1000);
    disk_read(qts);
    disk_wait(qts);
    g_assert_cmphex(qtest_readl(qts, BASE + 0x10ffc), ==, 0);

    disk_read(qts);
    g_assert_cmphex(qtest_inb(qts, BUS_MASTER + 2) & BM_ACTIVE, ==, BM_ACTIVE);
    pc_eject(qts, 2);
    check_unplugged(qts);
    check_there(qts, *options);

    qtest_clock_step(qts, 2 * 1000000000ll);
    disk_wait(qts);
    check_freed(qts);
}

/* Three devices, one of which takes no memory, in every order */

#define COUNT 3

static const struct {
    const char *args;
    unsigned slot;
    uint32_t base;
    bool placed;
} devices[COUNT] = {
    { "-device igd-testdev,addr=05.0,dsm-base=0x50000000 ", 5, 0x4f800000,
      true },
    { "-device igd-testdev,addr=06.0,dsm-base=0x54800000 ", 6, 0x54000000,
      true },
    { "-device igd-testdev,addr=07.0,dsm-base=0x59000000,place=off ", 7,
      0x58800000, false },
};

static const uint8_t orders[][COUNT] = {
    { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
    { 2, 1, 0 },
};

static void remove_in_order(const uint8_t *plug, const uint8_t *unplug)
{
    g_autoptr(QTestState) qts = qtest_initf(PC "%s%s%s", devices[plug[0]].args,
                                            devices[plug[1]].args,
                                            devices[plug[2]].args);
    bool there[COUNT];
    unsigned n = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        there[i] = devices[i].placed;
        qtest_writel(qts, devices[i].base, 0xa5a50000 + i);
        n += there[i];
    }
    for (unsigned gone = 0; gone <= COUNT; gone++) {
        drain(qts);
        g_assert_cmpuint(count_blocks(qts), ==, n);
        for (unsigned i = 0; i < COUNT; i++) {
            g_assert_cmpint(qtest_readl(qts, devices[i].base) ==
                            0xa5a50000 + i, ==, there[i]);
        }
        if (gone < COUNT) {
            pc_eject(qts, devices[unplug[gone]].slot);
            n -= there[unplug[gone]];
            there[unplug[gone]] = false;
        }
    }
}

static void test_orders(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(orders); j++) {
            remove_in_order(orders[i], orders[j]);
        }
    }
}

/*
 * What was expected at the region's base is smaller than the region is; both
 * have the same name.
 */
static void test_elsewhere(void)
{
    g_autoptr(QTestState) qts = qtest_init(
        PC "-global igd-testdev.dsm-size=128M "
        "-device igd-testdev,dsm-base=0x50000000");

    drain(qts);
    g_assert_cmpuint(count_blocks(qts), ==, 0);
    qtest_writel(qts, 0x57fffffc, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, 0x57fffffc), ==, 0x12345678);
}

/* The contents: reset, sleep, core dumps, and hot-plug */

#define PATTERN 0x5a

static void fill(IGDRig *rig)
{
    qtest_memset(rig->qts, RIG_BASE, PATTERN, RIG_SIZE);
}

/* Every byte of the region, summed by the device */
static void check_filled(IGDRig *rig, uint8_t with)
{
    uint64_t word = with * 0x01010101u;

    igd_rig_dma_setup(rig, RIG_SID);
    igd_guest_dma_check(rig, IGD_TESTDEV_CMD_CHECKSUM, RIG_BASE, 0, RIG_SIZE,
                        IGD_TESTDEV_STATUS_DONE);
    igd_guest_check64(rig, IGD_TESTDEV_DMA_CHECKSUM, word * (RIG_SIZE / 4));
    g_assert_cmphex(qtest_readl(rig->qts, RIG_BASE), ==, word);
    g_assert_cmphex(qtest_readl(rig->qts, RIG_LIMIT - 3), ==, word);
}

static void test_cleared(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "");

    check_filled(rig, 0);
    qtest_writel(rig->qts, RIG_BASE - 4, 0x11223344);
    for (int i = 0; i < 2; i++) {
        fill(rig);
        qtest_system_reset(rig->qts);
        check_filled(rig, 0);
    }
    g_assert_cmphex(qtest_readl(rig->qts, RIG_BASE - 4), ==, 0x11223344);
}

static void test_kept(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", ",stolen-keep=on", "", "");

    fill(rig);
    qtest_system_reset(rig->qts);
    check_filled(rig, PATTERN);
}

/* Of two devices only the one that does not ask to keep its contents */
static void test_each(void)
{
    const uint64_t other = RIG_IGD1_BASE;
    g_autoptr(IGDRig) rig = igd_rig_start("", ",stolen-keep=on", "",
                                          RIG_IGD1 ",addr=03.0");

    fill(rig);
    qtest_memset(rig->qts, other, PATTERN, 4096);
    qtest_system_reset(rig->qts);
    check_filled(rig, PATTERN);
    g_assert_cmphex(qtest_readl(rig->qts, other), ==, 0);
}

/* DMA that runs when the machine is reset does not write afterwards */
static void test_during_dma(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "");

    for (int i = 0; i < 4; i++) {
        igd_rig_dma_setup(rig, RIG_SID);
        igd_guest_write(rig, IGD_TESTDEV_DMA_FILL, 0x5a5a5a5a);
        igd_guest_dma_start(rig, IGD_TESTDEV_CMD_FILL, 0, RIG_BASE, RIG_SIZE);
        qtest_system_reset(rig->qts);
        check_filled(rig, 0);
    }
}

/* A guest that sleeps finds its screen again */
static void test_sleep(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "");

    fill(rig);
    /* ICH9's PM1a control, at the I/O address that firmware would give it */
    pc_config_write(rig->qts, 0xf8, 0x40, 0x601);
    pc_config_write(rig->qts, 0xf8, 0x44, 0x80);
    qtest_outw(rig->qts, 0x604, 1 << 13 | 1 << 10);     /* SLP_EN, S3 */
    qtest_qmp_eventwait(rig->qts, "SUSPEND");
    qtest_qmp_assert_success(rig->qts, "{ 'execute': 'system_wakeup' }");
    qtest_qmp_eventwait(rig->qts, "WAKEUP");
    check_filled(rig, PATTERN);
}

/* The kernel's own note on the mapping: left out of a core dump ("dd") */
static void test_core_dump(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "");
    g_autofree char *path = g_strdup_printf("/proc/%d/smaps",
                                            qtest_pid(rig->qts));
    g_autofree char *text = NULL;
    g_autofree char *size = g_strdup_printf("Size:           %8" PRIu64 " kB",
                                            (uint64_t)RIG_SIZE / 1024);
    const char *at, *flags;

    fill(rig);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    at = strstr(text, size);
    g_assert_nonnull(at);
    flags = strstr(at, "VmFlags:");
    g_assert_nonnull(flags);
    g_assert_nonnull(g_strstr_len(flags, strchr(flags, '\n') - flags, " dd"));
}

static void test_hot_plug(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "-device pcie-root-port,"
                                          "id=rp,addr=04.0,chassis=1");
    QDict *answer = qtest_qmp(rig->qts, "{ 'execute': 'device_add', "
                              "'arguments': { 'driver': 'igd-testdev', 'id': "
                              "'late', 'bus': 'rp', 'dsm-base': 2248146944, "
                              "'dsm-size': 33554432 } }");
    const char *why = qdict_get_str(qdict_get_qdict(answer, "error"), "desc");

    assert_says(why, "cannot be hot-plugged", "late (igd-testdev at ",
                "give it on the command line", NULL);
    /* which is an option of vfio-pci alone */
    g_assert_null(strstr(why, "x-igd-stolen"));
    qobject_unref(answer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("stolen-memory-unplug/shown", ways, test_shown);
    TEST_ROWS("stolen-memory-unplug/shown-own", ways, test_shown_own);
    TEST_ROWS("stolen-memory-unplug/viewed", ways, test_viewed);
    qtest_add_data_func("stolen-memory-unplug/read", "", test_read);
    qtest_add_data_func("stolen-memory-unplug/read-own", OWN, test_read);
    qtest_add_func("stolen-memory-unplug/orders", test_orders);
    qtest_add_func("stolen-memory-unplug/elsewhere", test_elsewhere);
    qtest_add_func("stolen-memory-reset/cleared", test_cleared);
    qtest_add_func("stolen-memory-reset/kept", test_kept);
    qtest_add_func("stolen-memory-reset/each", test_each);
    qtest_add_func("stolen-memory-reset/during-dma", test_during_dma);
    qtest_add_func("stolen-memory-reset/sleep", test_sleep);
    qtest_add_func("stolen-memory-reset/core-dump", test_core_dump);
    qtest_add_func("stolen-memory-reset/hot-plug", test_hot_plug);
    return g_test_run();
}
