/*
 * Scan-out engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every pixel of a screendump: with the region mapped to itself, with pages
 * that the guest's tables do not map, map to other memory or to none. And what
 * a guest must not do. Then the engine's life, without an IOMMU: function-level
 * and machine reset, a stopped machine, migration, and a device that has no
 * such engine.
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qemu/bswap.h"
#include "igd-testdev-rig.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"

#define FRAME           (RIG_DSM_BASE + SCAN_OFFSET)
#define PAGE            IGD_TESTDEV_SCAN_PAGE
#define OTHER_RAM       0x6000000ull
#define OTHER_SEED      0x100000u
#define HPET            0xfed00000ull

/* Frame buffers and pictures */

#define SCAN_OPTS       IGD_DEFAULT_OPTS ",scanout=on"

/* The frame buffer that most tests use: lines and pages end at odd places */
#define SCAN_OFFSET     0x3000ull
#define SCAN_STRIDE     448u
#define SCAN_WIDTH      100u
#define SCAN_HEIGHT     60u
#define SCAN_PAGES      7u

/* What a screendump has: 0x00RRGGBB, to be freed */
typedef struct Picture {
    unsigned width;
    unsigned height;
    uint32_t *pixels;
} Picture;

#define PAGE_WORDS      (PAGE / 4)

/* Shows that frame buffer, unless the status says what is wrong with it */
static void scan_enable(IGDRig *g, uint64_t offset, uint32_t stride,
                        uint32_t width, uint32_t height, uint32_t status)
{
    igd_guest_write64(g, IGD_TESTDEV_SCAN_OFFSET, offset);
    igd_guest_write(g, IGD_TESTDEV_SCAN_STRIDE, stride);
    igd_guest_write(g, IGD_TESTDEV_SCAN_WIDTH, width);
    igd_guest_write(g, IGD_TESTDEV_SCAN_HEIGHT, height);
    igd_guest_write(g, IGD_TESTDEV_SCAN_CTRL, IGD_TESTDEV_SCAN_ENABLE);
    igd_guest_check(g, IGD_TESTDEV_SCAN_STATUS, status);
}

static void scan_enable_usual(IGDRig *g)
{
    scan_enable(g, SCAN_OFFSET, SCAN_STRIDE, SCAN_WIDTH, SCAN_HEIGHT,
                IGD_TESTDEV_SCAN_ON);
}

/* No two of the first 2^24 are equal */
static uint32_t scan_colour(uint32_t number)
{
    return (number * 0x9e3779u) & 0xffffff;
}

/* The CPU writes a page: each word is scan_colour(@seed + its number) */
static void scan_paint(IGDRig *g, uint64_t addr, uint32_t seed)
{
    uint32_t words[PAGE_WORDS];
    unsigned i;

    for (i = 0; i < PAGE_WORDS; i++) {
        words[i] = cpu_to_le32(scan_colour(seed + i) | 0xa5000000);
    }
    qtest_memwrite(g->qts, addr, words, sizeof(words));
}

static void scan_paint_usual(IGDRig *g, uint64_t addr)
{
    unsigned page;

    for (page = 0; page < SCAN_PAGES; page++) {
        scan_paint(g, addr + page * PAGE, page * PAGE_WORDS);
    }
}

/* A binary PPM with 8 bits a colour, as screendump writes it */
static Picture scan_parse(const char *data, size_t size)
{
    Picture p = { 0 };
    const uint8_t *rgb;
    int header = 0;
    size_t i;

    g_assert_cmpint(sscanf(data, "P6 %u %u 255%n", &p.width, &p.height,
                           &header), ==, 2);
    g_assert_cmpint(header, >, 0);
    g_assert_cmpuint(size, ==, header + 1 + 3ul * p.width * p.height);
    rgb = (const uint8_t *)data + header + 1;
    p.pixels = g_new(uint32_t, p.width * p.height);
    for (i = 0; i < (size_t)p.width * p.height; i++) {
        p.pixels[i] = rgb[3 * i] << 16 | rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
    }
    return p;
}

/* Has the device refresh its picture, and takes it */
static Picture scan_dump(IGDRig *g)
{
    g_autofree char *path = test_path("ppm");
    g_autofree char *data = NULL;
    size_t size;

    qtest_qmp_assert_success(g->qts, "{ 'execute': 'screendump', 'arguments': "
                             "{ 'filename': %s } }", path);
    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_unlink(path);
    return scan_parse(data, size);
}

static uint32_t scan_expected(char page, uint32_t x, uint32_t y)
{
    uint32_t word = (y * SCAN_STRIDE + x * 4) / 4;

    if (page == 'F') {
        return (x / 8 + y / 8) % 2 ? 0 : 0xff00ff;
    }
    return scan_colour(page == 'P' ? word : OTHER_SEED + word % PAGE_WORDS);
}

/*
 * Every pixel of the usual frame buffer, a letter for each page
 * P: as it was painted, O: as with OTHER_SEED, F: the fault pattern
 */
static void scan_check_dump(IGDRig *g, const char pages[SCAN_PAGES + 1])
{
    Picture p = scan_dump(g);
    uint32_t i;

    g_assert_cmpuint(p.width, ==, SCAN_WIDTH);
    g_assert_cmpuint(p.height, ==, SCAN_HEIGHT);
    for (i = 0; i < SCAN_WIDTH * SCAN_HEIGHT; i++) {
        uint32_t x = i % SCAN_WIDTH, y = i / SCAN_WIDTH;
        uint32_t want = scan_expected(pages[(y * SCAN_STRIDE + x * 4) / PAGE],
                                      x, y);

        if (p.pixels[i] != want) {
            g_printerr("pixel %u,%u\n", x, y);
        }
        g_assert_cmphex(p.pixels[i], ==, want);
    }
    g_free(p.pixels);
}

static void scan_check_painted(IGDRig *g)
{
    scan_check_dump(g, "PPPPPPP");
}

static void scan_check_faults(IGDRig *g)
{
    scan_check_dump(g, "FFFFFFF");
}

static void scan_check_off(IGDRig *g)
{
    Picture p = scan_dump(g);

    g_assert_cmpuint(p.width, ==, 640);
    g_assert_cmpuint(p.height, ==, 480);
    g_free(p.pixels);
}

/* Without an IOMMU: shows the usual frame buffer, painted */
static IGDRig *scan_open_painted(void)
{
    IGDRig *g = igd_guest_open(SCAN_OPTS);

    scan_paint_usual(g, IGD_DEFAULT_BDSM + SCAN_OFFSET);
    scan_enable_usual(g);
    scan_check_painted(g);
    return g;
}

/* Behind an IOMMU */

/* Domain A maps the region to itself, and all of the frame buffer is painted */
static IGDRig *scene_start(const char *policy)
{
    IGDRig *t = policy_guest_start_more(policy, "", ",scanout=on", "", "");

    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    scan_paint_usual(t, FRAME);
    scan_enable_usual(t);
    return t;
}

static void check_faults(IGDRig *t, uint32_t count, uint64_t addr)
{
    igd_guest_check(t, IGD_TESTDEV_SCAN_FAULT_COUNT, count);
    igd_guest_check64(t, IGD_TESTDEV_SCAN_FAULT_ADDR, addr);
}

static void set_page(IGDRig *t, unsigned page, uint64_t gpa, unsigned perm)
{
    uint64_t iova = FRAME + page * PAGE;

    if (perm) {
        vtd_map_page(t->g, &t->a, iova, gpa, VTD_PAGE_4K, perm);
    } else {
        vtd_clear_entry(t->g, &t->a, iova, VTD_PAGE_4K);
    }
    vtd_inv_iotlb_page(t->g, t->a.id, iova, 0);
}

static void test_identity(void)
{
    g_autoptr(IGDRig) t = scene_start("keep");
    uint16_t sid;
    uint64_t iova;

    igd_guest_check(t, IGD_TESTDEV_SCAN_FRAMES, 0);
    scan_check_painted(t);
    check_faults(t, 0, IGD_TESTDEV_NO_FAULT);
    igd_guest_check(t, IGD_TESTDEV_SCAN_FRAMES, 1);
    g_assert_false(vtd_take_fault(t->g, &sid, &iova));

    /* What the CPU changes is there at the next refresh */
    scan_paint(t, FRAME + 2 * PAGE, OTHER_SEED);
    scan_check_dump(t, "PPOPPPP");
    igd_guest_check(t, IGD_TESTDEV_SCAN_FRAMES, 2);
}

/* The first and the last page, and two in a row */
static void test_unmapped(void)
{
    g_autoptr(IGDRig) t = scene_start("exact");
    uint16_t sid;
    uint64_t iova;

    scan_check_painted(t);
    set_page(t, 3, 0, 0);
    scan_check_dump(t, "PPPFPPP");
    check_faults(t, 1, FRAME + 3 * PAGE);
    g_assert_true(vtd_take_fault(t->g, &sid, &iova));
    g_assert_cmphex(sid, ==, RIG_SID);
    g_assert_cmphex(iova, ==, FRAME + 3 * PAGE);

    set_page(t, 0, 0, 0);
    set_page(t, 4, 0, 0);
    set_page(t, 6, 0, 0);
    scan_check_dump(t, "FPPFFPF");
    check_faults(t, 4, FRAME);

    /* And back: nothing of the pattern stays */
    policy_set_identity(t);
    scan_check_painted(t);
    check_faults(t, 0, IGD_TESTDEV_NO_FAULT);
}

/* A page that leads elsewhere never shows what stolen memory has there */
static void test_foreign(void)
{
    g_autoptr(IGDRig) t = scene_start("exact");

    scan_paint(t, OTHER_RAM, OTHER_SEED);
    scan_check_painted(t);
    set_page(t, 1, OTHER_RAM, VTD_RW);             /* other memory */
    set_page(t, 2, HPET, VTD_RW);                  /* a device's registers */
    set_page(t, 3, FRAME + 3 * PAGE, VTD_WRITE);   /* not to be read */
    set_page(t, 4, OTHER_RAM, VTD_READ);
    set_page(t, 5, t->regs.addr, VTD_RW);           /* its own registers */
    scan_check_dump(t, "POFFOFP");
    check_faults(t, 3, FRAME + 2 * PAGE);
}

/* Nothing is left of a good picture when all of it is gone */
static void test_not_stale(void)
{
    g_autoptr(IGDRig) t = scene_start("keep");

    scan_check_painted(t);
    policy_set_nothing(t);        /* a domain that never had it */
    scan_check_faults(t);
    check_faults(t, SCAN_PAGES, FRAME);
    policy_set_identity(t);
    scan_check_painted(t);
    policy_set_no_context(t);
    scan_check_faults(t);
}

/* Without an IOMMU */

static void test_no_bus_master(void)
{
    g_autoptr(IGDRig) g = scan_open_painted();

    igd_guest_set_master(g, false);
    scan_check_faults(g);
    igd_guest_set_master(g, true);
    scan_check_painted(g);
}

static const struct Refused {
    const char *name;
    uint64_t offset;
    uint32_t stride, width, height, ctrl;
    uint32_t status;
} refused_rows[] = {
    { "ctrl", 0, 64, 16, 16, 3, IGD_TESTDEV_SCAN_BAD_CTRL },
    { "width", 0, 64, 0, 16, 1, IGD_TESTDEV_SCAN_BAD_SIZE },
    { "height", 0, 64, 16, 2049, 1, IGD_TESTDEV_SCAN_BAD_SIZE },
    { "stride", 0, 64, 17, 16, 1, IGD_TESTDEV_SCAN_BAD_STRIDE },
    { "offset", 0x800, 64, 16, 16, 1, IGD_TESTDEV_SCAN_BAD_OFFSET },
    { "beyond", IGD_DEFAULT_DSM - 0x1000, 64, 16, 65, 1,
      IGD_TESTDEV_SCAN_BEYOND_DSM },
    { "far-beyond", 0xfffffffffffff000, 64, 16, 16, 1,
      IGD_TESTDEV_SCAN_BEYOND_DSM },
};

static void test_refused(void)
{
    g_autofree char *path = test_path("log");
    g_autofree char *more = g_strdup_printf("-d guest_errors -D %s", path);
    IGDRig *g = igd_guest_start(SCAN_OPTS, more);
    unsigned i;

    igd_guest_enable(g);
    for (i = 0; i < G_N_ELEMENTS(refused_rows); i++) {
        const struct Refused *row = &refused_rows[i];

        g_test_message("%s", row->name);
        scan_enable_usual(g);
        scan_enable(g, row->offset, row->stride, row->width, row->height,
                    row->ctrl == 3 ? IGD_TESTDEV_SCAN_ON : row->status);
        igd_guest_write(g, IGD_TESTDEV_SCAN_CTRL, row->ctrl);
        igd_guest_check(g, IGD_TESTDEV_SCAN_STATUS, row->status);
        igd_guest_check(g, IGD_TESTDEV_SCAN_CTRL, 0);
        scan_check_off(g);
    }
    /* scan_enable() tries all but the first of them as well */
    g_assert_cmpuint(igd_rig_find(path, "scan-out is off"), ==,
                     2 * G_N_ELEMENTS(refused_rows) - 1);

    igd_guest_write(g, IGD_TESTDEV_SCAN_STATUS, 1);
    igd_guest_write(g, IGD_TESTDEV_SCAN_FRAMES, 1);
    igd_guest_write(g, IGD_TESTDEV_SCAN_FAULT_ADDR, 1);
    igd_guest_write(g, IGD_TESTDEV_SCAN_LIMITS, 1);
    g_assert_cmpuint(igd_rig_find(path, "read-only register 0x1801"), ==, 4);
    igd_rig_stop(g);
    g_unlink(path);
}

/* A picture that ends with the DSM, and the largest one that there is */
static void test_edges(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(SCAN_OPTS);
    uint32_t limits = igd_guest_read(g, IGD_TESTDEV_SCAN_LIMITS);
    Picture p;

    g_assert_cmphex(limits, ==, 0x08000800);
    scan_paint(g, IGD_DEFAULT_LIMIT + 1 - PAGE, 0);
    scan_enable(g, IGD_DEFAULT_DSM - PAGE, 64, 16, 64, IGD_TESTDEV_SCAN_ON);
    p = scan_dump(g);
    g_assert_cmphex(p.pixels[0], ==, scan_colour(0));
    g_assert_cmphex(p.pixels[1023], ==, scan_colour(1023));
    g_free(p.pixels);

    scan_enable(g, 0, IGD_TESTDEV_SCAN_MAX_STRIDE, limits & 0xffff,
                limits >> 16, IGD_TESTDEV_SCAN_ON);
    p = scan_dump(g);
    g_assert_cmpuint(p.width, ==, 2048);
    g_assert_cmpuint(p.height, ==, 2048);
    g_free(p.pixels);
    igd_guest_check(g, IGD_TESTDEV_SCAN_FAULT_COUNT, 0);
}

/* The next frame buffer is prepared while one is shown, and then shown */
static void test_next(void)
{
    g_autoptr(IGDRig) g = scan_open_painted();

    igd_guest_write(g, IGD_TESTDEV_SCAN_OFFSET, 0x100000);
    igd_guest_write(g, IGD_TESTDEV_SCAN_WIDTH, 0);
    scan_check_painted(g);
    igd_guest_write(g, IGD_TESTDEV_SCAN_WIDTH, SCAN_WIDTH);
    scan_paint(g, IGD_DEFAULT_BDSM + 0x100000, OTHER_SEED);
    igd_guest_write(g, IGD_TESTDEV_SCAN_HEIGHT, 2);
    igd_guest_write(g, IGD_TESTDEV_SCAN_CTRL, IGD_TESTDEV_SCAN_ENABLE);
    {
        Picture p = scan_dump(g);

        g_assert_cmpuint(p.height, ==, 2);
        g_assert_cmphex(p.pixels[0], ==, scan_colour(OTHER_SEED));
        g_free(p.pixels);
    }
    igd_guest_write(g, IGD_TESTDEV_SCAN_CTRL, 0);
    igd_guest_check(g, IGD_TESTDEV_SCAN_STATUS, IGD_TESTDEV_SCAN_OFF);
    scan_check_off(g);
}

/* Its life */

static void check_reset_values(IGDRig *g)
{
    uint32_t reg;

    for (reg = IGD_TESTDEV_SCAN_CTRL; reg < IGD_TESTDEV_SCAN_FAULT_ADDR;
         reg += 4) {
        igd_guest_check(g, reg, 0);
    }
    igd_guest_check64(g, IGD_TESTDEV_SCAN_FAULT_ADDR, IGD_TESTDEV_NO_FAULT);
    igd_guest_check64(g, IGD_TESTDEV_SCAN_FAULT_COUNT, 0);
    scan_check_off(g);
    scan_enable_usual(g);
}

static void test_flr(void)
{
    g_autoptr(IGDRig) g = scan_open_painted();

    igd_guest_set_master(g, false);
    scan_check_faults(g);
    igd_guest_flr(g);
    igd_guest_enable(g);
    check_reset_values(g);
    /* Not the machine's reset: the memory is as it was */
    scan_check_painted(g);
}

static void test_reset(void)
{
    g_autoptr(IGDRig) g = scan_open_painted();
    Picture p;

    qtest_system_reset(g->qts);
    igd_guest_enable(g);
    check_reset_values(g);
    p = scan_dump(g);
    g_assert_cmphex(p.pixels[1], ==, 0);
    g_assert_cmphex(p.pixels[SCAN_WIDTH * SCAN_HEIGHT - 1], ==, 0);
    g_free(p.pixels);
}

/* Nothing is read while the VM is stopped: the picture stays */
static void test_stopped(void)
{
    g_autoptr(IGDRig) g = scan_open_painted();

    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    scan_paint(g, IGD_DEFAULT_BDSM + SCAN_OFFSET, OTHER_SEED);
    scan_check_painted(g);
    igd_guest_check(g, IGD_TESTDEV_SCAN_FRAMES, 1);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    scan_check_dump(g, "OPPPPPP");
}

static void save(const char *opts, bool shown)
{
    g_autoptr(IGDRig) g = igd_guest_open(opts);

    if (shown) {
        scan_paint_usual(g, IGD_DEFAULT_BDSM + SCAN_OFFSET);
        scan_enable_usual(g);
        scan_check_painted(g);
        igd_guest_write(g, IGD_TESTDEV_SCAN_WIDTH, 77);
    }
    migration_save(g->qts);
}

static void test_migrate(void)
{
    IGDRig *g;

    save(SCAN_OPTS, true);
    g = igd_guest_load(SCAN_OPTS);
    igd_guest_check(g, IGD_TESTDEV_SCAN_STATUS, IGD_TESTDEV_SCAN_ON);
    igd_guest_check(g, IGD_TESTDEV_SCAN_WIDTH, 77);
    igd_guest_check(g, IGD_TESTDEV_SCAN_FRAMES, 1);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    scan_check_painted(g);
    igd_guest_check(g, IGD_TESTDEV_SCAN_FRAMES, 2);
    igd_rig_stop(g);
}

/* A state without the engine may come to a device with one: it is off */
static void test_migrate_without(void)
{
    IGDRig *g;

    save(IGD_DEFAULT_OPTS, false);
    g = igd_guest_load(SCAN_OPTS);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    check_reset_values(g);
    igd_rig_stop(g);
}

/* The reverse is refused, whether there is a picture that would get lost */
static void test_migrate_refused(void)
{
    for (int shown = 0; shown < 2; shown++) {
        g_autofree char *err = NULL;

        save(SCAN_OPTS, shown);
        err = migration_refused("-m 512M -device igd-testdev,addr=02.0,"
                                IGD_DEFAULT_OPTS);
        assert_says(err, "igd-testdev", NULL);
    }
}

/* As every igd-testdev was before there was an engine */
static void test_absent(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);
    QDict *answer;
    uint32_t reg;

    scan_enable(g, 0, 64, 16, 16, 0);
    for (reg = 0; reg < IGD_TESTDEV_SCAN_BLOCK_SIZE; reg += 4) {
        igd_guest_check(g, IGD_TESTDEV_SCAN_BLOCK + reg, 0);
    }
    answer = qtest_qmp(g->qts, "{ 'execute': 'screendump', 'arguments': "
                       "{ 'filename': '/dev/null' } }");
    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("igd-testdev/scanout/identity", test_identity);
    qtest_add_func("igd-testdev/scanout/unmapped", test_unmapped);
    qtest_add_func("igd-testdev/scanout/foreign", test_foreign);
    qtest_add_func("igd-testdev/scanout/not-stale", test_not_stale);
    qtest_add_func("igd-testdev/scanout/no-bus-master", test_no_bus_master);
    qtest_add_func("igd-testdev/scanout/refused", test_refused);
    qtest_add_func("igd-testdev/scanout/edges", test_edges);
    qtest_add_func("igd-testdev/scanout/next", test_next);
    qtest_add_func("igd-testdev/scanout-life/flr", test_flr);
    qtest_add_func("igd-testdev/scanout-life/reset", test_reset);
    qtest_add_func("igd-testdev/scanout-life/stopped", test_stopped);
    qtest_add_func("igd-testdev/scanout-life/migrate", test_migrate);
    qtest_add_func("igd-testdev/scanout-life/migrate-without",
                   test_migrate_without);
    qtest_add_func("igd-testdev/scanout-life/migrate-refused",
                   test_migrate_refused);
    qtest_add_func("igd-testdev/scanout-life/absent", test_absent);
    return g_test_run();
}
