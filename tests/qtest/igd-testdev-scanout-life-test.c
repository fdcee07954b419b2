/*
 * Life cycle of igd-testdev's scan-out engine
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Function-level and machine reset, a stopped machine, migration, and a device
 * that has no such engine. All without an IOMMU.
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include <sys/wait.h>
#include "qobject/qdict.h"
#include "igd-scanout.h"
#include "migration-wait.h"

#define OTHER_SEED      0x100000u

static char *temporary(const char *suffix)
{
    return g_strdup_printf("%s/igd-scanout-life-%d.%s", g_get_tmp_dir(),
                           getpid(), suffix);
}

static void check_reset_values(IGDGuest *g)
{
    uint64_t bar = scan_bar(g);
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
    IGDGuest *g = scan_open_painted();

    igd_guest_set_master(g, false);
    scan_check_dump_all(g->qts, SCAN_FAULT);
    igd_guest_flr(g);
    igd_guest_enable(g);
    check_reset_values(g);
    /* Not the machine's reset: the memory is as it was */
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    igd_guest_close(g);
}

static void test_reset(void)
{
    IGDGuest *g = scan_open_painted();
    Picture p;

    qtest_system_reset(g->qts);
    igd_guest_enable(g);
    check_reset_values(g);
    p = scan_dump(g->qts);
    g_assert_cmphex(p.pixels[1], ==, 0);
    g_assert_cmphex(p.pixels[SCAN_WIDTH * SCAN_HEIGHT - 1], ==, 0);
    g_free(p.pixels);
    igd_guest_close(g);
}

/* Nothing is read while the VM is stopped: the picture stays */
static void test_stopped(void)
{
    IGDGuest *g = scan_open_painted();
    uint64_t bar = scan_bar(g);

    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    scan_paint(g->qts, IGD_DEFAULT_BDSM + SCAN_OFFSET, OTHER_SEED);
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES), ==, 1);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    scan_check_dump(g->qts, (uint32_t[]) {
        OTHER_SEED, SCAN_PAINTED, SCAN_PAINTED, SCAN_PAINTED, SCAN_PAINTED,
        SCAN_PAINTED, SCAN_PAINTED });
    igd_guest_close(g);
}

static char *save(const char *opts, const char *path, bool shown)
{
    IGDGuest *g = igd_guest_open(opts);
    char *uri = g_strdup_printf("file:%s", path);

    if (shown) {
        scan_paint_usual(g->qts, IGD_DEFAULT_BDSM + SCAN_OFFSET);
        scan_enable_usual(g->qts, scan_bar(g));
        scan_check_dump_all(g->qts, SCAN_PAINTED);
        scan_write(g->qts, scan_bar(g), IGD_TESTDEV_SCAN_WIDTH, 77);
    }
    migration_save(g->qts, uri);
    igd_guest_close(g);
    return uri;
}

static IGDGuest *load(const char *opts, const char *uri)
{
    IGDGuest *g = igd_guest_start(opts, "-S -incoming defer");

    migration_load(g->qts, uri);
    igd_guest_enable(g);    /* the same addresses as those in the stream */
    return g;
}

static void test_migrate(void)
{
    g_autofree char *path = temporary("state");
    g_autofree char *uri = save(SCAN_OPTS, path, true);
    IGDGuest *g = load(SCAN_OPTS, uri);
    uint64_t bar = scan_bar(g);

    g_unlink(path);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_STATUS), ==,
                    IGD_TESTDEV_SCAN_ON);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_WIDTH), ==, 77);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES), ==, 1);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    g_assert_cmphex(scan_read(g->qts, bar, IGD_TESTDEV_SCAN_FRAMES), ==, 2);
    igd_guest_close(g);
}

/* A state without the engine may come to a device with one: it is off */
static void test_migrate_without(void)
{
    g_autofree char *path = temporary("state");
    g_autofree char *uri = save(IGD_DEFAULT_OPTS, path, false);
    IGDGuest *g = load(SCAN_OPTS, uri);

    g_unlink(path);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    check_reset_values(g);
    igd_guest_close(g);
}

/* The reverse is refused, whether there is a picture that would get lost */
static void check_refused(bool shown)
{
    g_autofree char *path = temporary("state");
    g_autofree char *uri = save(SCAN_OPTS, path, shown);
    g_autofree char *args = g_strdup_printf(
        "timeout 60 %s -accel qtest -display none -nodefaults -machine q35 "
        "-m %" PRIu64 "M -device igd-testdev,addr=02.0,%s -incoming %s",
        g_getenv("QTEST_QEMU_BINARY"), (uint64_t)(IGD_GUEST_RAM >> 20),
        IGD_DEFAULT_OPTS, uri);
    g_autofree char *err = NULL;
    int status;

    g_assert_true(g_spawn_command_line_sync(args, NULL, &err, &status, NULL));
    g_unlink(path);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_nonnull(strstr(err, "igd-testdev"));
}

static void test_migrate_refused(void)
{
    check_refused(true);
    check_refused(false);
}

/* As every igd-testdev was before there was an engine */
static void test_absent(void)
{
    IGDGuest *g = igd_guest_open(IGD_DEFAULT_OPTS);
    uint64_t bar = scan_bar(g);
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
    igd_guest_close(g);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
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
