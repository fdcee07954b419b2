/*
 * DMAR bytes of reserved memory regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only.
 */

#ifndef HW_I386_RMRR_DMAR_H
#define HW_I386_RMRR_DMAR_H

#include <glib.h>

/**
 * rmrr_dmar_append: append one RMRR structure for each entry of a set
 * @table: (element-type guint8) the DMAR table under construction; the
 *      structures belong between the last DRHD and the first ATSR, because
 *      VT-d specification 8.1 wants the types in ascending order
 * @set: as rmrr_set_add() keeps it
 *
 * An empty set appends nothing.
 */
void rmrr_dmar_append(GArray *table, const GArray *set);

#endif
