/*
 * What query-rmrr says, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "rmrr-query.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"

/* The device's entry; @answer is to be freed */
static QDict *rmrr_query_device(QTestState *qts, const char *id,
                                QDict **answer)
{
    const QListEntry *r, *d;

    *answer = qtest_qmp(qts, "{ 'execute': 'query-rmrr' }");
    QLIST_FOREACH_ENTRY(qdict_get_qlist(*answer, "return"), r) {
        QDict *region = qobject_to(QDict, qlist_entry_obj(r));

        QLIST_FOREACH_ENTRY(qdict_get_qlist(region, "devices"), d) {
            QDict *device = qobject_to(QDict, qlist_entry_obj(d));
            g_autofree char *name =
                g_path_get_basename(qdict_get_str(device, "device"));

            if (!strcmp(name, id)) {
                return device;
            }
        }
    }
    g_error("query-rmrr does not know %s", id);
}

char *rmrr_query_reason(QTestState *qts, const char *id)
{
    static const char *const mapped[] = {
        "translation-off", "pass-through", "identity", "kept", "locked", NULL,
    };
    QDict *answer, *device = rmrr_query_device(qts, id, &answer);
    char *reason = g_strdup(qdict_get_str(device, "reason"));

    g_assert_cmpint(qdict_get_bool(device, "mapped"), ==,
                    g_strv_contains(mapped, reason));
    qobject_unref(answer);
    return reason;
}

uint64_t rmrr_query_counter(QTestState *qts, const char *id, const char *name)
{
    QDict *answer, *device = rmrr_query_device(qts, id, &answer);
    uint64_t value = qdict_get_int(device, name);

    qobject_unref(answer);
    return value;
}

void rmrr_query_assert(QTestState *qts, const char *id, const char *reason,
                       const char *where)
{
    g_autofree char *have = rmrr_query_reason(qts, id);

    if (strcmp(have, reason)) {
        g_printerr("%s: %s instead of %s\n", where, have, reason);
    }
    g_assert_cmpstr(have, ==, reason);
}
