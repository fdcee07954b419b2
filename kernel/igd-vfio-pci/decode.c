// SPDX-License-Identifier: GPL-2.0
/*
 * Stolen memory registers of the Intel IGD
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 */

#include <linux/kernel.h>
#include <linux/sizes.h>
#include "decode.h"
#include "igd_stolen_ids.h"

#define ADDRESS_LIMIT		0xffffffffull

#define BDSM_LOCK		1ull
#define RESERVED_ENABLE		1ull

#define GMS_STEP_MIB		32
#define GMS_SMALL_STEP_MIB	4

/* No row: no BDSM, or not known */
static const struct igd_layout layouts[IGD_STOLEN_GEN__MAX] = {
	[IGD_STOLEN_GEN6] = {
		.bdsm_offset = IGD_CFG_BDSM,
		.gms_shift = 3, .gms_mask = 0x1f, .gms_max = 0x10,
		.ggms_shift = 8, .ggms_linear = true,
		.reserved_shift = 20,
	},
	[IGD_STOLEN_GEN7] = {
		.bdsm_offset = IGD_CFG_BDSM,
		.gms_shift = 3, .gms_mask = 0x1f, .gms_max = 0x10,
		.ggms_shift = 8, .ggms_linear = true,
		.reserved_shift = 18,
	},
	[IGD_STOLEN_GEN7_VALLEYVIEW] = {
		.bdsm_offset = IGD_CFG_BDSM,
		.gms_shift = 3, .gms_mask = 0x1f, .gms_max = 0x10,
		.ggms_shift = 8, .ggms_linear = true,
	},
	[IGD_STOLEN_GEN8_BROADWELL] = {
		.bdsm_offset = IGD_CFG_BDSM,
		.gms_shift = 8, .gms_mask = 0xff, .gms_max = 0xff,
		.ggms_shift = 6,
		.reserved_shift = 20,
	},
	[IGD_STOLEN_GEN8_CHERRYVIEW] = {
		.bdsm_offset = IGD_CFG_BDSM,
		.gms_shift = 3, .gms_mask = 0x1f, .gms_max = 0x1d,
		.gms_small = 0x11, .gms_small_mib = 8,
		.gms_gap = 0x17, .gms_gap_mib = 36,
		.ggms_shift = 8,
		.reserved_shift = 20,
	},
	[IGD_STOLEN_GEN9] = {
		.bdsm_offset = IGD_CFG_BDSM,
		.gms_shift = 8, .gms_mask = 0xff, .gms_max = 0xfe,
		.gms_small = 0xf0, .gms_small_mib = 4,
		.ggms_shift = 6,
		.reserved_shift = 20,
	},
	[IGD_STOLEN_GEN11 ... IGD_STOLEN_GEN12] = {
		.bdsm_offset = IGD_CFG_BDSM_GEN11, .bdsm_64 = true,
		.gms_shift = 8, .gms_mask = 0xff, .gms_max = 0xfe,
		.gms_small = 0xf0, .gms_small_mib = 4,
		.ggms_shift = 6,
		.reserved_shift = 20,
	},
};

const struct igd_layout *igd_vfio_layout(u16 device, const char **why)
{
	enum igd_stolen_gen gen = igd_stolen_ids_find(device);

	if (gen == IGD_STOLEN_GEN_UNKNOWN) {
		*why = "the device id is not known";
		return NULL;
	}
	if (gen == IGD_STOLEN_GEN_NO_BDSM) {
		*why = "Meteor Lake and later have no BDSM";
		return NULL;
	}
	return &layouts[gen];
}

static u64 igd_dsm_size(const struct igd_layout *l, u8 gms)
{
	u64 mib;

	if (l->gms_gap && gms >= l->gms_gap)
		mib = l->gms_gap_mib + (gms - l->gms_gap) * GMS_SMALL_STEP_MIB;
	else if (l->gms_small && gms >= l->gms_small)
		mib = l->gms_small_mib +
		      (gms - l->gms_small) * GMS_SMALL_STEP_MIB;
	else
		mib = gms * GMS_STEP_MIB;
	return mib * SZ_1M;
}

static u64 igd_gsm_size(const struct igd_layout *l, u8 ggms)
{
	if (l->ggms_linear)
		return (u64)ggms * SZ_1M;
	return ggms ? (u64)SZ_1M << ggms : 0;
}

const char *igd_vfio_decode(const struct igd_layout *l, u16 ggc, u64 bdsm,
			    struct igd_stolen *stolen)
{
	u64 all_ones = l->bdsm_64 ? ~0ull : 0xffffffffull;
	u64 base = bdsm & all_ones & ~BDSM_LOCK;
	u8 gms = (ggc >> l->gms_shift) & l->gms_mask;
	u64 gsm = igd_gsm_size(l, (ggc >> l->ggms_shift) & 3);
	u64 dsm;

	if ((bdsm & all_ones) == all_ones)
		return "BDSM reads as all ones";
	if (!base)
		return "BDSM is zero";
	if (base & (SZ_1M - 1))
		return "BDSM is not 1 MiB aligned";
	if (gms > l->gms_max)
		return "GGC has a reserved DSM size";
	dsm = igd_dsm_size(l, gms);
	if (!dsm)
		return "GGC shows a DSM of size 0";
	if (base < gsm || base - gsm < SZ_1M)
		return "it would begin below 1 MiB";
	if (base > ADDRESS_LIMIT || dsm - 1 > ADDRESS_LIMIT - base)
		return "it would end above 4 GiB";

	stolen->dsm_base = base;
	stolen->dsm_size = dsm;
	stolen->gsm_size = gsm;
	return NULL;
}

u64 igd_vfio_reserved(const struct igd_layout *l,
		      const struct igd_stolen *stolen, u64 reg)
{
	u64 top = stolen->dsm_base + stolen->dsm_size;
	u64 base;

	if (!l->bdsm_64)
		reg &= 0xffffffffull;
	/* Gen 11 and later use the address whether the bit is set or not */
	if (!l->bdsm_64 && !(reg & RESERVED_ENABLE))
		return 0;
	if (l->reserved_shift)
		base = reg >> l->reserved_shift << l->reserved_shift;
	else
		base = top - SZ_1M;
	if (base < stolen->dsm_base || base >= top)
		return 0;
	return top - base;
}
