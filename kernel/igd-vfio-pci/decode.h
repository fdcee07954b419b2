/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stolen memory registers of the Intel IGD
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * Values in, values out: nothing here reads a device. Also built in user
 * space, by tests/unit/test-igd-vfio-decode.c.
 */

#ifndef IGD_VFIO_DECODE_H
#define IGD_VFIO_DECODE_H

#include <linux/types.h>

#define IGD_CFG_GGC		0x50	/* 16 bits */
#define IGD_CFG_BDSM		0x5c	/* 32 bits, before gen 11 */
#define IGD_CFG_BDSM_GEN11	0xc0	/* 64 bits */

/* In BAR 0; 32 bits, and 64 bits from gen 11 on */
#define IGD_BAR0_STOLEN_RESERVED	0x1082c0

/**
 * struct igd_layout - how one generation shows its stolen memory
 * @bdsm_offset: of BDSM in config space
 * @bdsm_64: BDSM and STOLEN_RESERVED have 64 bits
 * @gms_shift: of the DSM's size in GGC
 * @gms_mask: of that field, after the shift
 * @ggms_shift: of the GSM's size in GGC, a field of two bits
 * @ggms_linear: that field counts MiB; else it is 1 MiB << n, and 0 for 0
 * @gms_max: the largest value of the first field that is not reserved
 * @gms_small: from here on the field counts in steps of 4 MiB; 0 for never
 * @gms_small_mib: the size of that first one
 * @gms_gap: from here on 4 MiB steps count from @gms_gap_mib; 0 for never
 * @gms_gap_mib: the size of that one
 * @reserved_shift: lowest address bit of STOLEN_RESERVED; 0 where the
 *	register has no address and the part is the last MiB
 */
struct igd_layout {
	u8 bdsm_offset;
	bool bdsm_64;
	u8 gms_shift;
	u8 gms_mask;
	u8 ggms_shift;
	bool ggms_linear;
	u8 gms_max;
	u8 gms_small;
	u8 gms_small_mib;
	u8 gms_gap;
	u8 gms_gap_mib;
	u8 reserved_shift;
};

/**
 * struct igd_stolen - where stolen memory is
 * @dsm_base: first byte of the data stolen memory
 * @dsm_size: its bytes
 * @gsm_size: bytes of the GTT stolen memory, which ends where the other begins
 */
struct igd_stolen {
	u64 dsm_base;
	u64 dsm_size;
	u64 gsm_size;
};

/**
 * igd_vfio_layout - the layout of a device's registers
 * @device: PCI device id
 * @why: set to the reason, without a dot, when there is none
 *
 * Return: NULL for a device with no BDSM, or one not known.
 */
const struct igd_layout *igd_vfio_layout(u16 device, const char **why);

/**
 * igd_vfio_decode - where the registers say that stolen memory is
 * @layout: of the device
 * @ggc: as read
 * @bdsm: as read, lock bit included
 * @stolen: set on success only
 *
 * Return: NULL, or the reason, without a dot, why they cannot be right.
 */
const char *igd_vfio_decode(const struct igd_layout *layout, u16 ggc,
			    u64 bdsm, struct igd_stolen *stolen);

/**
 * igd_vfio_reserved - bytes at the end of the DSM that firmware reserved
 * @layout: of the device
 * @stolen: as decoded
 * @reg: STOLEN_RESERVED as read
 *
 * Return: 0 when the register is not in use or names a place outside the DSM.
 */
u64 igd_vfio_reserved(const struct igd_layout *layout,
		      const struct igd_stolen *stolen, u64 reg);

#endif
