/*
 * Unit tests of the policies for reserved regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/rmrr_policy.c and nothing else. A row is a story: what
 * the guest does step by step, and the reason after each step.
 */

#include "qemu/osdep.h"
#include "../../hw/i386/rmrr_policy.h"
#include "test-rows.h"

#define STEPS_MAX 8

/* Domains: B2 has B's table, B3 has B's id, as if they were used again */
static const RMRRDomain domains[] = {
    ['A'] = { 0x1000, 1 },
    ['B'] = { 0x2000, 2 },
    ['2'] = { 0x2000, 3 },
    ['3'] = { 0x3000, 2 },
    ['-'] = { 0, 0 },
};

/*
 * "?" at the beginning of a step: an IOTLB invalidation, after which the
 * region cannot come back; else a change of context, after which it can
 */
typedef struct Step {
    const char *event;
    RmrrReason reason;
} Step;

typedef struct Row {
    const char *name;
    RmrrPolicy policy;
    bool blind;             /* no caching mode, or first-stage tables */
    Step steps[STEPS_MAX];
} Row;

#define KEEP RMRR_POLICY_KEEP
#define EXACT RMRR_POLICY_EXACT
#define LOCK RMRR_POLICY_LOCK
#define R(reason) RMRR_REASON_##reason

/* One step, and the reason under each policy */
typedef struct EachRow {
    const char *name;
    const char *event;
    RmrrReason reasons[RMRR_POLICY__MAX];
} EachRow;

static const EachRow each_rows[] = {
    { "off", "off-",
      { R(TRANSLATION_OFF), R(TRANSLATION_OFF), R(TRANSLATION_OFF) } },
    { "pass-through", "pt-",
      { R(PASS_THROUGH), R(PASS_THROUGH), R(PASS_THROUGH) } },
    { "identity", "identityA", { R(IDENTITY), R(IDENTITY), R(IDENTITY) } },
    { "nothing", "absentA", { R(ABSENT), R(ABSENT), R(LOCKED) } },
    { "hole", "partialA", { R(PARTIAL), R(PARTIAL), R(LOCKED) } },
    { "no-context", "none-", { R(NO_CONTEXT), R(NO_CONTEXT), R(LOCKED) } },
    { "foreign", "foreignA", { R(FOREIGN), R(FOREIGN), R(LOCKED) } },
};

static const Row rows[] = {
    { "keep/hole-where-complete", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "?partialA", R(KEPT) } } },
    { "exact/hole-where-complete", EXACT, false, {
        { "identityA", R(IDENTITY) }, { "?partialA", R(PARTIAL) } } },
    { "lock/hole-where-complete", LOCK, false, {
        { "identityA", R(IDENTITY) }, { "?partialA", R(LOCKED) } } },
    { "keep/nothing-where-complete", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "?absentA", R(KEPT) },
        { "absentA", R(KEPT) } } },
    { "exact/nothing-where-complete", EXACT, false, {
        { "identityA", R(IDENTITY) }, { "?absentA", R(ABSENT) } } },

    /* What keep keeps, and from whom */
    { "keep/another-domain", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "absentB", R(ABSENT) },
        { "partialB", R(PARTIAL) } } },
    { "keep/same-table-other-id", KEEP, false, {
        { "identityB", R(IDENTITY) }, { "absent2", R(ABSENT) } } },
    { "keep/same-id-other-table", KEEP, false, {
        { "identityB", R(IDENTITY) }, { "absent3", R(ABSENT) } } },
    { "keep/gone-when-left", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "absentB", R(ABSENT) },
        { "absentA", R(ABSENT) } } },
    { "keep/gone-after-no-context", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "none-", R(NO_CONTEXT) },
        { "absentA", R(ABSENT) } } },
    { "keep/gone-after-pass-through", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "pt-", R(PASS_THROUGH) },
        { "absentA", R(ABSENT) } } },
    { "keep/gone-after-off", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "off-", R(TRANSLATION_OFF) },
        { "partialA", R(PARTIAL) } } },
    { "keep/gone-after-foreign", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "?foreignA", R(FOREIGN) },
        { "absentA", R(ABSENT) } } },
    { "keep/new-domain-complete", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "identityB", R(IDENTITY) },
        { "?absentB", R(KEPT) }, { "absentA", R(ABSENT) } } },
    { "keep/nothing-is-kept-that-waits", KEEP, false, {
        { "absentA", R(ABSENT) }, { "?identityA", R(WAITING) },
        { "?partialA", R(PARTIAL) }, { "partialA", R(PARTIAL) },
        { "identityA", R(IDENTITY) }, { "?partialA", R(KEPT) } } },
    { "keep/nothing-is-kept-that-failed", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "!identityA", R(WAITING) },
        { "?partialA", R(PARTIAL) }, { "partialA", R(PARTIAL) } } },

    /* It comes back only where that costs nothing */
    { "keep/waits", KEEP, false, {
        { "absentA", R(ABSENT) }, { "?partialA", R(PARTIAL) },
        { "?identityA", R(WAITING) }, { "?identityA", R(WAITING) },
        { "identityA", R(IDENTITY) } } },
    { "exact/waits", EXACT, false, {
        { "foreignA", R(FOREIGN) }, { "?identityA", R(WAITING) },
        { "?absentA", R(ABSENT) }, { "identityA", R(IDENTITY) } } },
    { "keep/back-after-l2", KEEP, false, {
        { "identityA", R(IDENTITY) }, { "none-", R(NO_CONTEXT) },
        { "absentB", R(ABSENT) }, { "?foreignB", R(FOREIGN) },
        { "?absentB", R(ABSENT) }, { "none-", R(NO_CONTEXT) },
        { "identityA", R(IDENTITY) } } },
    { "keep/back-at-off", KEEP, false, {
        { "foreignB", R(FOREIGN) }, { "off-", R(TRANSLATION_OFF) } } },
    { "keep/back-at-pass-through", KEEP, false, {
        { "foreignB", R(FOREIGN) }, { "pt-", R(PASS_THROUGH) } } },
    { "lock/waits-after-a-failure", LOCK, false, {
        { "!absentA", R(WAITING) }, { "absentA", R(LOCKED) } } },

    /* A hole may have been filled unseen */
    { "blind/keep-is-exact", KEEP, true, {
        { "identityA", R(IDENTITY) }, { "?partialA", R(PARTIAL) } } },
    { "blind/keep-still-maps", KEEP, true, {
        { "absentA", R(ABSENT) }, { "identityA", R(IDENTITY) } } },
    { "blind/lock-is-lock", LOCK, true, { { "absentA", R(LOCKED) } } },
};

static RmrrReason tables_of(const char *event)
{
    static const struct {
        const char *name;
        RmrrReason tables;
    } names[] = {
        { "off", R(TRANSLATION_OFF) }, { "pt", R(PASS_THROUGH) },
        { "none", R(NO_CONTEXT) }, { "absent", R(ABSENT) },
        { "partial", R(PARTIAL) }, { "identity", R(IDENTITY) },
        { "foreign", R(FOREIGN) },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(event) == strlen(names[i].name) + 1 &&
            g_str_has_prefix(event, names[i].name)) {
            return names[i].tables;
        }
    }
    g_error("no such event: %s", event);
}

static void test_row(const void *opaque)
{
    const Row *row = opaque;
    RMRRKept kept = { };
    bool mapped = true;
    unsigned i;

    for (i = 0; i < STEPS_MAX && row->steps[i].event; i++) {
        const char *event = row->steps[i].event;
        bool iotlb = *event == '?' || *event == '!';
        RMRRView view;
        RmrrReason reason;

        mapped = mapped && *event != '!';
        event += iotlb;
        view.tables = tables_of(event);
        view.translated = !g_str_has_suffix(event, "-");
        view.domain = domains[(unsigned char)event[strlen(event) - 1]];
        reason = rmrr_policy_decide(row->policy, !row->blind, &view, &kept,
                                    mapped, !iotlb);
        if (reason != row->steps[i].reason) {
            g_test_message("%s: step %u, %s: %s", row->name, i, event,
                           rmrr_reason_text(reason));
        }
        g_assert_cmpint(reason, ==, row->steps[i].reason);
        mapped = rmrr_reason_mapped(reason);
    }
    g_assert_cmpuint(i, >, 0);
}

static void test_each(const void *opaque)
{
    const EachRow *each = opaque;

    for (int policy = 0; policy < RMRR_POLICY__MAX; policy++) {
        const Row row = {
            each->name, policy, false,
            { { each->event, each->reasons[policy] } },
        };

        test_row(&row);
    }
}

static void test_mapped(void)
{
    static const bool mapped[RMRR_REASON__MAX] = {
        [R(TRANSLATION_OFF)] = true, [R(PASS_THROUGH)] = true,
        [R(IDENTITY)] = true, [R(KEPT)] = true, [R(LOCKED)] = true,
    };
    int i;

    for (i = 0; i < RMRR_REASON__MAX; i++) {
        g_assert_cmpint(rmrr_reason_mapped(i), ==, mapped[i]);
    }
}

static void test_texts(void)
{
    int i, j;

    for (i = 0; i < RMRR_REASON__MAX; i++) {
        g_assert_cmpuint(strlen(rmrr_reason_text(i)), >, 0);
        for (j = 0; j < i; j++) {
            g_assert_cmpstr(rmrr_reason_text(i), !=, rmrr_reason_text(j));
        }
    }
    g_assert_cmpstr(rmrr_reason_text(RMRR_REASON__MAX), ==, "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("/rmrr-policy/each", each_rows, test_each);
    TEST_ROWS("/rmrr-policy", rows, test_row);
    g_test_add_func("/rmrr-policy/mapped", test_mapped);
    g_test_add_func("/rmrr-policy/texts", test_texts);
    return g_test_run();
}
