/*
 * Reserved regions where there is no PC machine: none
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: for an x86 emulator that is built without CONFIG_PC.
 */

#include "qemu/osdep.h"
#include "monitor/hmp-target.h"
#include "monitor/monitor.h"
#include "qapi/qapi-commands-rmrr-target.h"

RmrrRegionList *qmp_query_rmrr(Error **errp)
{
    return NULL;
}

void hmp_info_rmrr(Monitor *mon, const QDict *qdict)
{
    monitor_printf(mon, "No device has a reserved region.\n");
}
