/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device ids of Intel IGDs, and which stolen memory registers they have
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * Plain data, and the only list of ids: the kernel driver, the emulator and
 * igd-stolen include this file. An id means a device of PCI base class 03
 * and vendor 8086 that is no SR-IOV virtual function.
 *
 * Ids: include/drm/intel/pciids.h of Linux.
 */

#ifndef IGD_STOLEN_IDS_H
#define IGD_STOLEN_IDS_H

/**
 * enum igd_stolen_gen - which layout the registers have
 * @IGD_STOLEN_GEN_UNKNOWN: a device id that is not in the table
 * @IGD_STOLEN_GEN_NO_BDSM: Meteor Lake and later; stolen memory is reached
 *	through a BAR, and there is nothing to decode
 */
enum igd_stolen_gen {
	IGD_STOLEN_GEN_UNKNOWN,
	IGD_STOLEN_GEN_NO_BDSM,
	IGD_STOLEN_GEN6,
	IGD_STOLEN_GEN7,
	IGD_STOLEN_GEN7_VALLEYVIEW,
	IGD_STOLEN_GEN8_BROADWELL,
	IGD_STOLEN_GEN8_CHERRYVIEW,
	IGD_STOLEN_GEN9,
	IGD_STOLEN_GEN11,
	IGD_STOLEN_GEN12,
	IGD_STOLEN_GEN__MAX,
};

struct igd_stolen_ids {
	unsigned short first;
	unsigned short last;
	enum igd_stolen_gen gen;
};

/* The first row that has an id counts */
static const struct igd_stolen_ids igd_stolen_ids[] = {
	/* Broxton and Apollo Lake, of which one is among Haswell's */
	{ 0x0a84, 0x0a85, IGD_STOLEN_GEN9 },
	{ 0x1a84, 0x1a85, IGD_STOLEN_GEN9 },
	{ 0x5a84, 0x5a85, IGD_STOLEN_GEN9 },

	{ 0x0100, 0x014f, IGD_STOLEN_GEN6 },		/* Sandy Bridge */
	{ 0x0150, 0x01ff, IGD_STOLEN_GEN7 },		/* Ivy Bridge */
	{ 0x0400, 0x04ff, IGD_STOLEN_GEN7 },		/* Haswell */
	{ 0x0a00, 0x0aff, IGD_STOLEN_GEN7 },
	{ 0x0c00, 0x0dff, IGD_STOLEN_GEN7 },
	{ 0x0f00, 0x0fff, IGD_STOLEN_GEN7_VALLEYVIEW },
	{ 0x1600, 0x16ff, IGD_STOLEN_GEN8_BROADWELL },
	{ 0x2200, 0x22ff, IGD_STOLEN_GEN8_CHERRYVIEW },
	{ 0x1900, 0x19ff, IGD_STOLEN_GEN9 },		/* Skylake */
	{ 0x3100, 0x31ff, IGD_STOLEN_GEN9 },		/* Gemini Lake */
	{ 0x3e00, 0x3eff, IGD_STOLEN_GEN9 },		/* Coffee Lake */
	{ 0x5900, 0x59ff, IGD_STOLEN_GEN9 },		/* Kaby Lake */
	{ 0x87c0, 0x87c0, IGD_STOLEN_GEN9 },		/* Amber Lake */
	{ 0x87ca, 0x87ca, IGD_STOLEN_GEN9 },
	{ 0x9b00, 0x9bff, IGD_STOLEN_GEN9 },		/* Comet Lake */
	/* Cannon Lake, which is gen 10 and has gen 9's registers */
	{ 0x5a40, 0x5a5f, IGD_STOLEN_GEN9 },
	{ 0x4500, 0x45ff, IGD_STOLEN_GEN11 },		/* Elkhart Lake */
	{ 0x4e00, 0x4eff, IGD_STOLEN_GEN11 },		/* Jasper Lake */
	{ 0x8a00, 0x8aff, IGD_STOLEN_GEN11 },		/* Ice Lake */
	{ 0x4600, 0x46ff, IGD_STOLEN_GEN12 },		/* Alder Lake */
	{ 0x4c00, 0x4cff, IGD_STOLEN_GEN12 },		/* Rocket Lake */
	{ 0x9a00, 0x9aff, IGD_STOLEN_GEN12 },		/* Tiger Lake */
	{ 0xa700, 0xa7ff, IGD_STOLEN_GEN12 },		/* Raptor Lake */

	{ 0x6400, 0x64ff, IGD_STOLEN_GEN_NO_BDSM },	/* Lunar Lake */
	{ 0x7d00, 0x7dff, IGD_STOLEN_GEN_NO_BDSM },	/* Meteor, Arrow Lake */
	{ 0xb000, 0xb0ff, IGD_STOLEN_GEN_NO_BDSM },	/* Panther Lake */
	{ 0xb640, 0xb640, IGD_STOLEN_GEN_NO_BDSM },	/* Arrow Lake-S */
	{ 0xd740, 0xd75f, IGD_STOLEN_GEN_NO_BDSM },	/* Nova Lake */
	{ 0xfd80, 0xfd8f, IGD_STOLEN_GEN_NO_BDSM },	/* Wildcat Lake */
	{ }
};

static inline enum igd_stolen_gen igd_stolen_ids_find(unsigned short device_id)
{
	enum igd_stolen_gen found = IGD_STOLEN_GEN_UNKNOWN;
	const struct igd_stolen_ids *row;

	for (row = igd_stolen_ids; row->last; row++) {
		int has = device_id >= row->first && device_id <= row->last;

		found = has && !found ? row->gen : found;
	}
	return found;
}

#endif
