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

#define FRAME           (RIG_DSM_BASE + SCAN_OFFSET)
#define PAGE            IGD_TESTDEV_SCAN_PAGE
#define OTHER_RAM       0x6000000ull
#define OTHER_SEED      0x100000u
#define HPET            0xfed00000ull
#define SCANOUT         ",scanout=on"

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

/* What a page of a picture is to show, instead of the seed of another */
#define SCAN_FAULT      0xffffffffu
#define SCAN_PAINTED    0xfffffffeu

#define PAGE_WORDS      (PAGE / 4)

static void scan_write(QTestState *qts, uint64_t bar, uint32_t reg,
                       uint32_t value)
{
    qtest_writel(qts, bar + reg, value);
}

static uint32_t scan_read(QTestState *qts, uint64_t bar, uint32_t reg)
{
    return qtest_readl(qts, bar + reg);
}

static uint64_t scan_read64(QTestState *qts, uint64_t bar, uint32_t reg)
{
    return qtest_readq(qts, bar + reg);
}

static uint32_t scan_enable(QTestState *qts, uint64_t bar, uint64_t offset,
                            uint32_t stride, uint32_t width, uint32_t height)
{
    qtest_writeq(qts, bar + IGD_TESTDEV_SCAN_OFFSET, offset);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_STRIDE, stride);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_WIDTH, width);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_HEIGHT, height);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_CTRL, IGD_TESTDEV_SCAN_ENABLE);
    return scan_read(qts, bar, IGD_TESTDEV_SCAN_STATUS);
}

static void scan_enable_usual(QTestState *qts, uint64_t bar)
{
    g_assert_cmphex(scan_enable(qts, bar, SCAN_OFFSET, SCAN_STRIDE, SCAN_WIDTH,
                                SCAN_HEIGHT), ==, IGD_TESTDEV_SCAN_ON);
}

/* No two of the first 2^24 are equal */
static uint32_t scan_colour(uint32_t number)
{
    return (number * 0x9e3779u) & 0xffffff;
}

/* The CPU writes a page: each word is scan_colour(@seed + its number) */
static void scan_paint(QTestState *qts, uint64_t addr, uint32_t seed)
{
    uint32_t words[PAGE_WORDS];
    unsigned i;

    for (i = 0; i < PAGE_WORDS; i++) {
        words[i] = cpu_to_le32(scan_colour(seed + i) | 0xa5000000);
    }
    qtest_memwrite(qts, addr, words, sizeof(words));
}

static void scan_paint_usual(QTestState *qts, uint64_t addr)
{
    unsigned page;

    for (page = 0; page < SCAN_PAGES; page++) {
        scan_paint(qts, addr + page * PAGE, page * PAGE_WORDS);
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
static Picture scan_dump(QTestState *qts)
{
    g_autofree char *path = g_strdup_printf("%s/igd-scanout-%d.ppm",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *data = NULL;
    size_t size;

    qtest_qmp_assert_success(qts, "{ 'execute': 'screendump', 'arguments': "
                             "{ 'filename': %s } }", path);
    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_unlink(path);
    return scan_parse(data, size);
}

static uint32_t scan_expected(uint32_t page, uint32_t x, uint32_t y)
{
    uint32_t word = (y * SCAN_STRIDE + x * 4) / 4;

    if (page == SCAN_FAULT) {
        return (x / 8 + y / 8) % 2 ? 0 : 0xff00ff;
    }
    return scan_colour(page == SCAN_PAINTED ? word :
                                              page + word % PAGE_WORDS);
}

/* Every pixel of the usual frame buffer, page by page */
static void scan_check_dump(QTestState *qts, const uint32_t pages[SCAN_PAGES])
{
    Picture p = scan_dump(qts);
    uint32_t i;

    g_assert_cmpuint(p.width, ==, SCAN_WIDTH);
    g_assert_cmpuint(p.height, ==, SCAN_HEIGHT);
    for (i = 0; i < SCAN_WIDTH * SCAN_HEIGHT; i++) {
        uint32_t x = i % SCAN_WIDTH, y = i / SCAN_WIDTH;
        uint32_t page = pages[(y * SCAN_STRIDE + x * 4) / PAGE];

        if (p.pixels[i] != scan_expected(page, x, y)) {
            g_printerr("pixel %u,%u\n", x, y);
        }
        g_assert_cmphex(p.pixels[i], ==, scan_expected(page, x, y));
    }
    g_free(p.pixels);
}

static void scan_check_dump_all(QTestState *qts, uint32_t page)
{
    uint32_t pages[SCAN_PAGES];
    unsigned i;

    for (i = 0; i < SCAN_PAGES; i++) {
        pages[i] = page;
    }
    scan_check_dump(qts, pages);
}

static void scan_check_off(QTestState *qts)
{
    Picture p = scan_dump(qts);

    g_assert_cmpuint(p.width, ==, 640);
    g_assert_cmpuint(p.height, ==, 480);
    g_free(p.pixels);
}

/* Without an IOMMU: shows the usual frame buffer, painted */
static IGDRig *scan_open_painted(void)
{
    IGDRig *g = igd_guest_open(SCAN_OPTS);

    scan_paint_usual(g->qts, IGD_DEFAULT_BDSM + SCAN_OFFSET);
    scan_enable_usual(g->qts, g->regs.addr);
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    return g;
}

/* Behind an IOMMU */

typedef struct Scene {
    IGDRig *t;
    QTestState *qts;
    uint64_t bar;
} Scene;

/* Domain A maps the region to itself, and all of the frame buffer is painted */
static Scene scene_start(const char *policy)
{
    g_autofree char *iommu = g_strconcat(",rmrr-policy=", policy, NULL);
    Scene s = { .t = policy_guest_start_more(iommu, SCANOUT, "", "") };

    s.qts = s.t->qts;
    s.bar = igd_rig_bar(RIG_SID);
    vtd_guest_enable(s.t->g, true);
    policy_set_identity(s.t);
    scan_paint_usual(s.qts, FRAME);
    scan_enable_usual(s.qts, s.bar);
    return s;
}

static void check_faults(Scene *s, uint32_t count, uint64_t addr)
{
    g_assert_cmpuint(scan_read(s->qts, s->bar, IGD_TESTDEV_SCAN_FAULT_COUNT),
                     ==, count);
    g_assert_cmphex(scan_read64(s->qts, s->bar, IGD_TESTDEV_SCAN_FAULT_ADDR),
                    ==, addr);
}

static void set_page(Scene *s, unsigned page, uint64_t gpa, unsigned perm)
{
    uint64_t iova = FRAME + page * PAGE;

    if (perm) {
        vtd_map_page(s->t->g, &s->t->a, iova, gpa, VTD_PAGE_4K, perm);
    } else {
        vtd_clear_entry(s->t->g, &s->t->a, iova, VTD_PAGE_4K);
    }
    vtd_inv_iotlb_page(s->t->g, s->t->a.id, iova, 0);
}

static void test_identity(void)
{
    Scene s = scene_start("keep");
    uint16_t sid;
    uint64_t iova;

    g_assert_cmphex(scan_read(s.qts, s.bar, IGD_TESTDEV_SCAN_FRAMES), ==, 0);
    scan_check_dump_all(s.qts, SCAN_PAINTED);
    check_faults(&s, 0, IGD_TESTDEV_NO_FAULT);
    g_assert_cmphex(scan_read(s.qts, s.bar, IGD_TESTDEV_SCAN_FRAMES), ==, 1);
    g_assert_false(vtd_take_fault(s.t->g, &sid, &iova));

    /* What the CPU changes is there at the next refresh */
    scan_paint(s.qts, FRAME + 2 * PAGE, OTHER_SEED);
    scan_check_dump(s.qts, (uint32_t[]) {
        SCAN_PAINTED, SCAN_PAINTED, OTHER_SEED, SCAN_PAINTED, SCAN_PAINTED,
        SCAN_PAINTED, SCAN_PAINTED });
    g_assert_cmphex(scan_read(s.qts, s.bar, IGD_TESTDEV_SCAN_FRAMES), ==, 2);
    igd_rig_stop(s.t);
}

/* The first and the last page, and two in a row */
static void test_unmapped(void)
{
    Scene s = scene_start("exact");
    uint16_t sid;
    uint64_t iova;

    scan_check_dump_all(s.qts, SCAN_PAINTED);
    set_page(&s, 3, 0, 0);
    scan_check_dump(s.qts, (uint32_t[]) {
        SCAN_PAINTED, SCAN_PAINTED, SCAN_PAINTED, SCAN_FAULT, SCAN_PAINTED,
        SCAN_PAINTED, SCAN_PAINTED });
    check_faults(&s, 1, FRAME + 3 * PAGE);
    g_assert_true(vtd_take_fault(s.t->g, &sid, &iova));
    g_assert_cmphex(sid, ==, RIG_SID);
    g_assert_cmphex(iova, ==, FRAME + 3 * PAGE);

    set_page(&s, 0, 0, 0);
    set_page(&s, 4, 0, 0);
    set_page(&s, 6, 0, 0);
    scan_check_dump(s.qts, (uint32_t[]) {
        SCAN_FAULT, SCAN_PAINTED, SCAN_PAINTED, SCAN_FAULT, SCAN_FAULT,
        SCAN_PAINTED, SCAN_FAULT });
    check_faults(&s, 4, FRAME);

    /* And back: nothing of the pattern stays */
    policy_set_identity(s.t);
    scan_check_dump_all(s.qts, SCAN_PAINTED);
    check_faults(&s, 0, IGD_TESTDEV_NO_FAULT);
    igd_rig_stop(s.t);
}

/* A page that leads elsewhere never shows what stolen memory has there */
static void test_foreign(void)
{
    Scene s = scene_start("exact");

    scan_paint(s.qts, OTHER_RAM, OTHER_SEED);
    scan_check_dump_all(s.qts, SCAN_PAINTED);
    set_page(&s, 1, OTHER_RAM, VTD_RW);             /* other memory */
    set_page(&s, 2, HPET, VTD_RW);                  /* a device's registers */
    set_page(&s, 3, FRAME + 3 * PAGE, VTD_WRITE);   /* not to be read */
    set_page(&s, 4, OTHER_RAM, VTD_READ);
    set_page(&s, 5, s.bar, VTD_RW);                 /* its own registers */
    scan_check_dump(s.qts, (uint32_t[]) {
        SCAN_PAINTED, OTHER_SEED, SCAN_FAULT, SCAN_FAULT, OTHER_SEED,
        SCAN_FAULT, SCAN_PAINTED });
    check_faults(&s, 3, FRAME + 2 * PAGE);
    igd_rig_stop(s.t);
}

/* Nothing is left of a good picture when all of it is gone */
static void test_not_stale(void)
{
    Scene s = scene_start("keep");

    scan_check_dump_all(s.qts, SCAN_PAINTED);
    policy_set_nothing(s.t);        /* a domain that never had it */
    scan_check_dump_all(s.qts, SCAN_FAULT);
    check_faults(&s, SCAN_PAGES, FRAME);
    policy_set_identity(s.t);
    scan_check_dump_all(s.qts, SCAN_PAINTED);
    policy_set_no_context(s.t);
    scan_check_dump_all(s.qts, SCAN_FAULT);
    igd_rig_stop(s.t);
}

/* Without an IOMMU */

static void test_no_bus_master(void)
{
    IGDRig *g = scan_open_painted();

    igd_guest_set_master(g, false);
    scan_check_dump_all(g->qts, SCAN_FAULT);
    igd_guest_set_master(g, true);
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    igd_rig_stop(g);
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

static unsigned count_lines(const char *path, const char *words)
{
    g_autofree char *text = NULL;
    const char *at;
    unsigned n = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (at = strstr(text, words); at; at = strstr(at + 1, words)) {
        n++;
    }
    return n;
}

static void test_refused(void)
{
    g_autofree char *path = g_strdup_printf("%s/igd-scanout-%d.log",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *more = g_strdup_printf("-d guest_errors -D %s", path);
    IGDRig *g = igd_guest_start(SCAN_OPTS, more);
    uint64_t bar;
    unsigned i;

    igd_guest_enable(g);
    bar = g->regs.addr;
    for (i = 0; i < G_N_ELEMENTS(refused_rows); i++) {
        const struct Refused *row = &refused_rows[i];

        g_test_message("%s", row->name);
        scan_enable_usual(g->qts, bar);
        scan_enable(g->qts, bar, row->offset, row->stride, row->width,
                    row->height);
        scan_write(g->qts, bar, IGD_TESTDEV_SCAN_CTRL, row->ctrl);
        g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_STATUS), ==,
                        row->status);
        g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_CTRL), ==, 0);
        scan_check_off(g->qts);
    }
    /* scan_enable() tries all but the first of them as well */
    g_assert_cmpuint(count_lines(path, "scan-out is off"), ==,
                     2 * G_N_ELEMENTS(refused_rows) - 1);

    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_STATUS, 1);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES, 1);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_FAULT_ADDR, 1);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_LIMITS, 1);
    g_assert_cmpuint(count_lines(path, "read-only register 0x1801"), ==, 4);
    igd_rig_stop(g);
    g_unlink(path);
}

/* A picture that ends with the DSM, and the largest one that there is */
static void test_edges(void)
{
    IGDRig *g = igd_guest_open(SCAN_OPTS);
    uint64_t bar = g->regs.addr;
    uint32_t limits = scan_read(g->qts, bar, IGD_TESTDEV_SCAN_LIMITS);
    Picture p;

    g_assert_cmphex(limits, ==, 0x08000800);
    scan_paint(g->qts, IGD_DEFAULT_LIMIT + 1 - PAGE, 0);
    g_assert_cmphex(scan_enable(g->qts, bar, IGD_DEFAULT_DSM - PAGE, 64, 16,
                                64), ==, IGD_TESTDEV_SCAN_ON);
    p = scan_dump(g->qts);
    g_assert_cmphex(p.pixels[0], ==, scan_colour(0));
    g_assert_cmphex(p.pixels[1023], ==, scan_colour(1023));
    g_free(p.pixels);

    g_assert_cmphex(scan_enable(g->qts, bar, 0, IGD_TESTDEV_SCAN_MAX_STRIDE,
                                limits & 0xffff, limits >> 16), ==,
                    IGD_TESTDEV_SCAN_ON);
    p = scan_dump(g->qts);
    g_assert_cmpuint(p.width, ==, 2048);
    g_assert_cmpuint(p.height, ==, 2048);
    g_free(p.pixels);
    g_assert_cmpuint(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FAULT_COUNT), ==,
                     0);
    igd_rig_stop(g);
}

/* The next frame buffer is prepared while one is shown, and then shown */
static void test_next(void)
{
    IGDRig *g = scan_open_painted();
    uint64_t bar = g->regs.addr;

    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_OFFSET, 0x100000);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_WIDTH, 0);
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_WIDTH, SCAN_WIDTH);
    scan_paint(g->qts, IGD_DEFAULT_BDSM + 0x100000, OTHER_SEED);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_HEIGHT, 2);
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_CTRL, IGD_TESTDEV_SCAN_ENABLE);
    {
        Picture p = scan_dump(g->qts);

        g_assert_cmpuint(p.height, ==, 2);
        g_assert_cmphex(p.pixels[0], ==, scan_colour(OTHER_SEED));
        g_free(p.pixels);
    }
    scan_write(g->qts, bar, IGD_TESTDEV_SCAN_CTRL, 0);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_STATUS), ==,
                    IGD_TESTDEV_SCAN_OFF);
    scan_check_off(g->qts);
    igd_rig_stop(g);
}

/* Its life */

static char *temporary(const char *suffix)
{
    return g_strdup_printf("%s/igd-scanout-life-%d.%s", g_get_tmp_dir(),
                           getpid(), suffix);
}

static void check_reset_values(IGDRig *g)
{
    uint64_t bar = g->regs.addr;
    uint32_t reg;

    for (reg = IGD_TESTDEV_SCAN_CTRL; reg < IGD_TESTDEV_SCAN_FAULT_ADDR;
         reg += 4) {
        g_assert_cmphex(scan_read(g->qts, bar, reg), ==, 0);
    }
    g_assert_cmphex(scan_read64(g->qts, bar, IGD_TESTDEV_SCAN_FAULT_ADDR), ==,
                    IGD_TESTDEV_NO_FAULT);
    g_assert_cmphex(scan_read64(g->qts, bar, IGD_TESTDEV_SCAN_FAULT_COUNT), ==,
                    0);
    scan_check_off(g->qts);
    scan_enable_usual(g->qts, bar);
}

static void test_flr(void)
{
    IGDRig *g = scan_open_painted();

    igd_guest_set_master(g, false);
    scan_check_dump_all(g->qts, SCAN_FAULT);
    igd_guest_flr(g);
    igd_guest_enable(g);
    check_reset_values(g);
    /* Not the machine's reset: the memory is as it was */
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    igd_rig_stop(g);
}

static void test_reset(void)
{
    IGDRig *g = scan_open_painted();
    Picture p;

    qtest_system_reset(g->qts);
    igd_guest_enable(g);
    check_reset_values(g);
    p = scan_dump(g->qts);
    g_assert_cmphex(p.pixels[1], ==, 0);
    g_assert_cmphex(p.pixels[SCAN_WIDTH * SCAN_HEIGHT - 1], ==, 0);
    g_free(p.pixels);
    igd_rig_stop(g);
}

/* Nothing is read while the VM is stopped: the picture stays */
static void test_stopped(void)
{
    IGDRig *g = scan_open_painted();
    uint64_t bar = g->regs.addr;

    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    scan_paint(g->qts, IGD_DEFAULT_BDSM + SCAN_OFFSET, OTHER_SEED);
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES), ==, 1);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    scan_check_dump(g->qts, (uint32_t[]) {
        OTHER_SEED, SCAN_PAINTED, SCAN_PAINTED, SCAN_PAINTED, SCAN_PAINTED,
        SCAN_PAINTED, SCAN_PAINTED });
    igd_rig_stop(g);
}

static char *save(const char *opts, const char *path, bool shown)
{
    IGDRig *g = igd_guest_open(opts);
    char *uri = g_strdup_printf("file:%s", path);

    if (shown) {
        scan_paint_usual(g->qts, IGD_DEFAULT_BDSM + SCAN_OFFSET);
        scan_enable_usual(g->qts, g->regs.addr);
        scan_check_dump_all(g->qts, SCAN_PAINTED);
        scan_write(g->qts, g->regs.addr, IGD_TESTDEV_SCAN_WIDTH, 77);
    }
    migration_save(g->qts, uri);
    igd_rig_stop(g);
    return uri;
}

static IGDRig *load(const char *opts, const char *uri)
{
    IGDRig *g = igd_guest_start(opts, "-S -incoming defer");

    migration_load(g->qts, uri);
    igd_guest_enable(g);    /* the same addresses as those in the stream */
    return g;
}

static void test_migrate(void)
{
    g_autofree char *path = temporary("state");
    g_autofree char *uri = save(SCAN_OPTS, path, true);
    IGDRig *g = load(SCAN_OPTS, uri);
    uint64_t bar = g->regs.addr;

    g_unlink(path);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_STATUS), ==,
                    IGD_TESTDEV_SCAN_ON);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_WIDTH), ==, 77);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES), ==, 1);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES), ==, 2);
    igd_rig_stop(g);
}

/* A state without the engine may come to a device with one: it is off */
static void test_migrate_without(void)
{
    g_autofree char *path = temporary("state");
    g_autofree char *uri = save(IGD_DEFAULT_OPTS, path, false);
    IGDRig *g = load(SCAN_OPTS, uri);

    g_unlink(path);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    check_reset_values(g);
    igd_rig_stop(g);
}

/* The reverse is refused, whether there is a picture that would get lost */
static void check_refused(bool shown)
{
    g_autofree char *path = temporary("state");
    g_autofree char *uri = save(SCAN_OPTS, path, shown);

    migration_refused("-m 512M -device igd-testdev,addr=02.0,"
                      IGD_DEFAULT_OPTS, uri, "igd-testdev", NULL);
    g_unlink(path);
}

static void test_migrate_refused(void)
{
    check_refused(true);
    check_refused(false);
}

/* As every igd-testdev was before there was an engine */
static void test_absent(void)
{
    IGDRig *g = igd_guest_open(IGD_DEFAULT_OPTS);
    uint64_t bar = g->regs.addr;
    QDict *answer;
    uint32_t reg;

    g_assert_cmphex(scan_enable(g->qts, bar, 0, 64, 16, 16), ==, 0);
    for (reg = 0; reg < IGD_TESTDEV_SCAN_BLOCK_SIZE; reg += 4) {
        g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_BLOCK + reg),
                        ==, 0);
    }
    answer = qtest_qmp(g->qts, "{ 'execute': 'screendump', 'arguments': "
                       "{ 'filename': '/dev/null' } }");
    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
    igd_rig_stop(g);
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
