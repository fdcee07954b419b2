/*
 * Migration and snapshots of a machine with a stolen region
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Under each policy and in each state of the guest's tables: what is kept
 * mapped at the source is so at the destination, contents included; and what
 * is not the same machine is refused with the two values.
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"

#define MAGIC 0x600dc0deu

static void set_waiting(IGDRig *t)
{
    policy_set_identity(t);
    policy_guest_map_page(t, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET);
    policy_guest_map_page(t, &t->a, POLICY_HOLE, POLICY_HOLE);
}

static const struct State {
    const char *name;
    const char *policy;
    void (*set)(IGDRig *t);
    const char *reason;
    uint64_t lands;
} states[] = {
    { "off", "keep", policy_set_off, "translation-off", POLICY_HOLE },
    { "pass-through", "keep", policy_set_pass_through, "pass-through",
      POLICY_HOLE },
    { "keep-identity", "keep", policy_set_identity, "identity", POLICY_HOLE },
    { "keep-kept", "keep", policy_set_hole_in_complete, "kept", POLICY_HOLE },
    { "keep-hole", "keep", policy_set_hole, "partial", 0 },
    { "keep-foreign", "keep", policy_set_foreign, "foreign",
      POLICY_HOLE_TARGET },
    { "keep-waiting", "keep", set_waiting, "waiting", POLICY_HOLE },
    { "exact-identity", "exact", policy_set_identity, "identity",
      POLICY_HOLE },
    { "exact-hole", "exact", policy_set_hole_in_complete, "partial", 0 },
    { "lock-foreign", "lock", policy_set_foreign, "locked", POLICY_HOLE },
    { "lock-no-context", "lock", policy_set_no_context, "locked",
      POLICY_HOLE },
};

/* A machine in the state; translation on, unless that is the state */
static IGDRig *start_in(const struct State *state, const char *listener,
                        const char *more)
{
    IGDRig *t = policy_guest_start_more(state->policy, "", "", listener, more);

    vtd_guest_enable(t->g, true);
    state->set(t);
    qtest_writel(t->qts, RIG_BASE, MAGIC);
    qtest_writel(t->qts, RIG_LIMIT - 3, ~MAGIC);
    return t;
}

static void check_state(IGDRig *t, const struct State *state)
{
    igd_rig_reason(t, state->reason, state->name);
    g_assert_cmphex(qtest_readl(t->qts, RIG_BASE), ==, MAGIC);
    g_assert_cmphex(qtest_readl(t->qts, RIG_LIMIT - 3), ==, ~MAGIC);
    igd_rig_dma_setup(t, RIG_SID);
    policy_guest_lands(t, POLICY_HOLE, state->lands);
}

/* The guest's memory of its own tables and queue goes along */
static IGDRig *load(const IGDRig *from, const struct State *state,
                    const char *listener, uint64_t fail_in)
{
    g_autofree char *iommu = g_strconcat(",rmrr-policy=", state->policy, NULL);
    IGDRig *t = igd_rig_start(iommu, "", listener, "-S -incoming defer");

    igd_rig_reset_stats(t);
    igd_rig_set(t, "igd0", "fail-in", QOBJECT(qnum_from_uint(fail_in)));
    migration_load(t->qts);
    *t->g = *from->g;
    t->g->qts = t->qts;
    t->a = from->a;
    t->b = from->b;
    t->fill = from->fill;
    return t;
}

static void test_migrate(const void *opaque)
{
    const struct State *state = opaque;
    IGDRig *source = start_in(state, "map", ""), *t;

    check_state(source, state);
    migration_save(source->qts);
    t = load(source, state, "map", 0);
    igd_rig_stop(source);

    igd_rig_reason(t, state->reason, state->name);
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'cont' }");
    check_state(t, state);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    /* And it lives on */
    vtd_guest_set_translation(t->g, true);
    policy_set_identity(t);
    igd_rig_reason(t, "identity", "afterwards");
    igd_rig_stop(t);
}

/*
 * The tables map the region page by page, as long as it is not known that the
 * machine kept it; the last call to map is its return, and fails.
 */
static void test_fail(void)
{
    const struct State *kept = &states[3];
    g_autoptr(IGDRig) source = start_in(kept, "map", "");
    IGDRig *t;
    uint64_t calls;

    migration_save(source->qts);
    t = load(source, kept, "map", 0);
    calls = igd_rig_count(t, "maps");
    igd_rig_stop(t);
    t = load(source, kept, "map", calls);
    igd_rig_reason(t, "map-failed", "loaded");
    g_assert_cmpuint(igd_rig_count(t, "surrendered"), ==, 1);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    igd_rig_stop(t);
}

/* savevm, then everything changes, then loadvm */

static void assert_hmp(IGDRig *t, const char *command)
{
    g_autofree char *said = qtest_hmp(t->qts, "%s", command);

    g_assert_cmpstr(said, ==, "");
}

static void test_snapshot(const void *opaque)
{
    const struct State *state = opaque;
    /* A snapshot goes into a temporary qcow2 on top of that */
    g_autoptr(IGDRig) t = start_in(state, "map", "-drive if=none,"
                                   "driver=null-co,size=1M,snapshot=on");
    VTDGuest then = *t->g;

    assert_hmp(t, "savevm one");
    /* Meanwhile the guest does something else */
    vtd_guest_set_translation(t->g, true);
    if (state->set == policy_set_foreign) {
        policy_set_identity(t);
    } else {
        policy_set_foreign(t);
    }
    qtest_memset(t->qts, RIG_BASE, 0, VTD_PAGE_4K);
    assert_hmp(t, "loadvm one");
    *t->g = then;
    check_state(t, state);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
}

/*
 * The guest takes the device out of a domain while a migration runs: nothing
 * stays mapped. QEMU unmaps what it knows then, not the whole range.
 */

typedef struct Unmapped {
    const char *name;
    uint64_t size;
    uint64_t iova[5];
} Unmapped;

static const Unmapped unmapped[] = {
    { "pages", VTD_PAGE_4K,
      { 0x10000000, 0x90000000, 0xfef00000, 0x100000000, 0x180000000 } },
    /* Over the region, and over the interrupt range */
    { "large", VTD_PAGE_1G, { 0x40000000, 0xc0000000 } },
};

static void wait_active(QTestState *qts)
{
    gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    bool active = false;

    while (!active) {
        QDict *answer = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");

        active = !strcmp(qdict_get_try_str(qdict_get_qdict(answer, "return"),
                                           "status") ?: "", "active");
        qobject_unref(answer);
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(10000);
    }
}

static void test_unmapped(const void *opaque)
{
    static const char *const never[] = { "fatal", "eexist", "einval", NULL };
    static const PolicyKind kind = { "legacy", "", "map" };
    const Unmapped *row = opaque;
    g_autoptr(GArray) nothing = iova_runs_new();
    g_autofree char *before = NULL;
    g_autoptr(IGDRig) t = policy_kind_start(&kind, "exact");

    for (int i = 0; i < G_N_ELEMENTS(row->iova) && row->iova[i]; i++) {
        vtd_map_page(t->g, &t->a, row->iova[i], POLICY_TARGET, row->size,
                     VTD_RW);
    }
    policy_guest_enter(t, &t->a);
    /* Each notifier is told by a replay of its own */
    vtd_guest_set_translation(t->g, false);
    vtd_guest_set_translation(t->g, true);
    before = igd_rig_get_string(t, "igd0", "map");
    g_assert_cmpstr(before, !=, "");

    qtest_qmp_assert_success(t->qts, "{ 'execute': 'migrate-set-parameters', "
                             "'arguments': { 'max-bandwidth': 4096 } }");
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'migrate', "
                             "'arguments': { 'uri': 'exec:cat >/dev/null' } }");
    wait_active(t->qts);
    vtd_context_clear(t->g, RIG_SID);
    vtd_inv_context_device(t->g, RIG_SID);
    igd_rig_check_map(t, nothing, "out of the domain");
    igd_rig_check_never(t, never, "out of the domain");
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'migrate_cancel' }");
}

/* Not the same machine */

typedef struct Refused {
    const char *name;
    const char *args;
    const char *says[2];
} Refused;

static void test_refused(const void *opaque)
{
    static const struct State *identity = &states[2];
    const Refused *row = opaque;
    g_autofree char *args = g_strconcat("-m 4G ", row->args, NULL);
    g_autoptr(IGDRig) source = start_in(identity, "", "");
    g_autofree char *err = NULL;

    migration_save(source->qts);
    err = migration_refused(args);
    assert_says(err, row->says[0], row->says[1], NULL);

    /* The source has lost nothing */
    qtest_qmp_assert_success(source->qts, "{ 'execute': 'cont' }");
    check_state(source, identity);
}

#define VTD "-device intel-iommu,intremap=on,caching-mode=on"
#define IGD "-device igd-testdev,id=igd0,addr=02.0,gsm-size=8M,"

static const Refused refused[] = {
    { "other-base", VTD " " IGD "dsm-base=0x7ba00000,dsm-size=64M",
      { "igd-stolen@7b100000" } },
    { "other-size", VTD " " IGD "dsm-base=0x7b900000,dsm-size=32M",
      { "igd-stolen@7b100000" } },
    { "other-policy", VTD ",rmrr-policy=exact " IGD
      "dsm-base=0x7b900000,dsm-size=64M",
      { "igd-stolen@7b100000: BDSM 0x7b900000, rmrr-policy 1; in the stream "
        "0x7b900000, 0 (" } },
    { "no-device", VTD, { "igd-stolen@7b100000" } },
};

#define BARE "-nodefaults -m 4G " IGD "dsm-base=0x7b900000,dsm-size=64M"

/* "None" of the stream is 0xff, however many policies there are. */
static void test_no_iommu(void)
{
    g_autoptr(QTestState) qts = qtest_init("-machine q35 " BARE);
    g_autofree char *said = NULL;

    migration_save(qts);
    said = migration_refused(VTD " " BARE);
    assert_says(said, "rmrr-policy 0; ", "255 (255 is no intel-iommu)", NULL);
}

/* It is nowhere in the stream. Without the device the machine can go. */
static void test_own_memory(void)
{
    g_autoptr(QTestState) qts =
        qtest_init("-machine pc -nodefaults -m 4G " IGD
                   "dsm-base=0x7b900000,device-memory=on");
    g_autoptr(QDict) error = qtest_qmp_assert_failure_ref(
        qts, "{ 'execute': 'migrate', 'arguments': { 'uri': 'exec:false' } }");
    const char *text = qdict_get_str(error, "desc");

    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, "igd0 (igd-testdev at 0000:00:02.0): "));
    g_assert_nonnull(strstr(text, "0x7b100000-0x7f8fffff"));
    g_assert_nonnull(strstr(text, "unplug the device first"));

    /* The guest ejects it: ACPI's PCI hotplug of i440fx, slot 2 */
    qtest_qmp_device_del_send(qts, "igd0");
    qtest_outl(qts, 0xae10, 0);
    qtest_outl(qts, 0xae08, 1 << 2);
    qtest_qmp_eventwait(qts, "DEVICE_DELETED");
    migration_save(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("rmrr-migrate/no-iommu", test_no_iommu);
    qtest_add_func("rmrr-migrate/own-memory", test_own_memory);
    TEST_ROWS("rmrr-migrate/file", states, test_migrate);
    qtest_add_func("rmrr-migrate/fail", test_fail);
    TEST_ROWS("rmrr-migrate/snapshot", states, test_snapshot);
    TEST_ROWS("rmrr-migrate/refused", refused, test_refused);
    TEST_ROWS("rmrr-migrate/unmapped", unmapped, test_unmapped);
    return g_test_run();
}
