/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Stolen memory of an Intel IGD as a VFIO region: user space interface
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * The specification is docs/specs/vfio-igd-stolen.rst. To be included after
 * <linux/vfio.h>, whose definitions these would join.
 */

#ifndef IGD_VFIO_STOLEN_H
#define IGD_VFIO_STOLEN_H

/*
 * Sub-type of a region of type
 * VFIO_REGION_TYPE_PCI_VENDOR_TYPE | PCI_VENDOR_ID_INTEL. Its contents are the
 * data stolen memory (DSM), all of it and nothing else. Either it was cleared
 * and can be read, written and mapped, or its flags have none of the three.
 * The GTT stolen memory (GSM) is in no region: a CPU must not touch it.
 */
#define VFIO_REGION_SUBTYPE_INTEL_IGD_STOLEN	(4)

/*
 * Capability of that region: where the device's registers say its stolen
 * memory is. All numbers are host physical addresses and bytes.
 *
 * @flags: VFIO_REGION_IGD_STOLEN_*; others are 0 and to be ignored
 * @reserved: 0
 * @base: first byte of stolen memory, the GSM's if there is one
 * @gsm_size: of the GSM, which is [@base, @base + @gsm_size); may be 0
 * @dsm_base: first byte of the DSM (BDSM), @base + @gsm_size
 * @dsm_size: of the DSM, the same as the region's size
 */
#define VFIO_REGION_INFO_CAP_IGD_STOLEN		6

struct vfio_region_info_cap_igd_stolen {
	struct vfio_info_cap_header header;
	__u32	flags;
/*
 * The part at the top of the DSM that STOLEN_RESERVED names was not cleared
 * when the device was opened.
 */
#define VFIO_REGION_IGD_STOLEN_RESERVED_KEPT	0x1
	__u32	reserved;
	__u64	base;
	__u64	gsm_size;
	__u64	dsm_base;
	__u64	dsm_size;
};

#endif
