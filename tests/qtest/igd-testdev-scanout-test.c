/*
 * Scan-out engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every pixel of a screendump: with the region mapped to itself, with pages
 * that the guest's tables do not map, map to other memory or to none. And what
 * a guest must not do.
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "igd-scanout.h"
#include "igd-testdev-util.h"
#include "policy-guest.h"

#define FRAME           (RIG_DSM_BASE + SCAN_OFFSET)
#define PAGE            IGD_TESTDEV_SCAN_PAGE
#define OTHER_RAM       0x6000000ull
#define OTHER_SEED      0x100000u
#define HPET            0xfed00000ull
#define SCANOUT         ",scanout=on"

typedef struct Scene {
    PolicyGuest *t;
    QTestState *qts;
    uint64_t bar;
} Scene;

/* Domain A maps the region to itself, and all of the frame buffer is painted */
static Scene scene_start(const char *policy)
{
    g_autofree char *iommu = g_strconcat(",rmrr-policy=", policy, NULL);
    Scene s = { .t = policy_guest_start_more(iommu, SCANOUT, "") };

    s.qts = s.t->rig->qts;
    s.bar = igd_rig_bar(POLICY_DEVFN);
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
    policy_guest_stop(s.t);
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
    policy_guest_stop(s.t);
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
    policy_guest_stop(s.t);
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
    policy_guest_stop(s.t);
}

/* Without an IOMMU */

static void test_no_bus_master(void)
{
    IGDGuest *g = scan_open_painted();

    igd_guest_set_master(g, false);
    scan_check_dump_all(g->qts, SCAN_FAULT);
    igd_guest_set_master(g, true);
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    igd_guest_close(g);
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
    IGDGuest *g = igd_guest_start(SCAN_OPTS, more);
    uint64_t bar;
    unsigned i;

    igd_guest_enable(g);
    bar = scan_bar(g);
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
    igd_guest_close(g);
    g_unlink(path);
}

/* A picture that ends with the DSM, and the largest one that there is */
static void test_edges(void)
{
    IGDGuest *g = igd_guest_open(SCAN_OPTS);
    uint64_t bar = scan_bar(g);
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
    igd_guest_close(g);
}

/* The next frame buffer is prepared while one is shown, and then shown */
static void test_next(void)
{
    IGDGuest *g = scan_open_painted();
    uint64_t bar = scan_bar(g);

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
    igd_guest_close(g);
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
    return g_test_run();
}
