// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO variant driver for Intel IGDs: the stolen memory region
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * The data stolen memory (DSM) is DRAM that firmware keeps from the OS for the
 * device. Before Meteor Lake no public document says that a CPU reaches it by
 * its physical address, and Linux's own drivers do not try. So by default the
 * region only says where it is; with dsm_cpu_access it is mapped,
 * write-combining, as the device does not snoop for all it reads, and used if
 * a CPU reads there what it wrote. The GTT stolen memory (GSM) below it must
 * not be touched by a CPU: nothing here maps it, and no offset leads to it.
 */

#include <linux/ioport.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include "igd-vfio.h"
#include "igd_vfio_stolen.h"

#define CLEAR_STEP	SZ_1M

static bool dsm_cpu_access;
module_param(dsm_cpu_access, bool, 0644);
MODULE_PARM_DESC(dsm_cpu_access,
		 "Let the CPU touch stolen memory (DSM): clear it for each user, and let users read, write and map it. Never tried on hardware, which may not allow it (default: N)");

static bool require_clear;
module_param(require_clear, bool, 0644);
MODULE_PARM_DESC(require_clear,
		 "Refuse to open a device whose stolen memory was not cleared; without dsm_cpu_access none is (default: N)");

static bool keep_reserved = true;
module_param(keep_reserved, bool, 0644);
MODULE_PARM_DESC(keep_reserved,
		 "Do not clear the part at the top of the DSM that firmware reserved, STOLEN_RESERVED (default: Y)");

static struct igd_vfio_device *to_igd(struct vfio_pci_core_device *vdev)
{
	return container_of(vdev, struct igd_vfio_device, core);
}

/* Find */

static u64 igd_read_bdsm(struct pci_dev *pdev, const struct igd_layout *layout)
{
	u32 low, high = 0;

	pci_read_config_dword(pdev, layout->bdsm_offset, &low);
	if (layout->bdsm_64)
		pci_read_config_dword(pdev, layout->bdsm_offset + 4, &high);
	return (u64)high << 32 | low;
}

static const char *igd_stolen_find(struct igd_vfio_device *igd,
				   const struct igd_layout *layout)
{
	struct pci_dev *pdev = igd->core.pdev;
	struct igd_stolen *stolen = &igd->stolen;
	const char *why;
	u16 ggc;

	pci_read_config_word(pdev, IGD_CFG_GGC, &ggc);
	why = igd_vfio_decode(layout, ggc, igd_read_bdsm(pdev, layout),
			      stolen);
	if (why)
		return why;

	if (region_intersects(stolen->dsm_base, stolen->dsm_size,
			      IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return "it is in System RAM";

	/*
	 * Some firmware has the host bridge's window one byte into the DSM, at
	 * either end, so the first and the last page are left out.
	 */
	igd->claim = request_mem_region(stolen->dsm_base + PAGE_SIZE,
					stolen->dsm_size - 2 * PAGE_SIZE,
					"igd-vfio-pci stolen memory");
	return igd->claim ? NULL : "it is in use";
}

static u64 igd_read_reserved(struct igd_vfio_device *igd)
{
	struct pci_dev *pdev = igd->core.pdev;
	u64 reg, reserved;
	void __iomem *io;

	if (pci_resource_len(pdev, 0) <
		    IGD_BAR0_STOLEN_RESERVED + sizeof(u64) ||
	    pci_enable_device(pdev))
		return 0;
	io = pci_iomap_range(pdev, 0, IGD_BAR0_STOLEN_RESERVED, sizeof(u64));
	reg = io ? (u64)ioread32(io + 4) << 32 | ioread32(io) : 0;
	if (io)
		pci_iounmap(pdev, io);
	pci_disable_device(pdev);

	reserved = igd_vfio_reserved(igd->layout, &igd->stolen, reg);
	if (!reserved)
		pci_info(pdev, "STOLEN_RESERVED %#llx names no part of the DSM\n",
			 reg);
	return reserved;
}

void igd_vfio_stolen_probe(struct igd_vfio_device *igd)
{
	struct pci_dev *pdev = igd->core.pdev;
	const struct igd_stolen *stolen = &igd->stolen;
	const struct igd_layout *layout;
	const char *why = "a virtual function has none";

	layout = pdev->is_virtfn ? NULL : igd_vfio_layout(pdev->device, &why);
	if (!layout) {
		pci_info(pdev, "no stolen memory region: %s\n", why);
		return;
	}
	why = igd_stolen_find(igd, layout);
	if (why) {
		pci_err(pdev, "no stolen memory region: BDSM %#llx: %s\n",
			igd_read_bdsm(pdev, layout), why);
		return;
	}
	igd->layout = layout;
	igd->reserved = igd_read_reserved(igd);
	pci_info(pdev, "stolen memory: DSM %#llx-%#llx, GSM %#llx bytes below\n",
		 stolen->dsm_base, stolen->dsm_base + stolen->dsm_size - 1,
		 stolen->gsm_size);
}

void igd_vfio_stolen_remove(struct igd_vfio_device *igd)
{
	if (igd->claim)
		release_mem_region(igd->claim->start,
				   resource_size(igd->claim));
	igd->claim = NULL;
	igd->layout = NULL;
}

/* Clear */

static bool igd_holds(u32 *word, u32 value)
{
	WRITE_ONCE(*word, value);
	/* Out of the write-combining buffers */
	mb();
	return READ_ONCE(*word) == value;
}

/* Whether the CPU finds in the part to be cleared what it writes there */
static bool igd_cpu_reaches(struct igd_vfio_device *igd)
{
	u64 size = igd->stolen.dsm_size - igd->kept;
	u32 *first = igd->dsm;
	u32 *last = igd->dsm + size - sizeof(u32);

	if (!size)
		return true;
	return igd_holds(first, 0x5aa5c33c) && igd_holds(last, 0xa55a3cc3) &&
	       igd_holds(first, 0xa55a3cc3) && igd_holds(last, 0x5aa5c33c);
}

static void igd_clear(struct igd_vfio_device *igd)
{
	u64 size = igd->stolen.dsm_size - igd->kept;
	u64 at;

	for (at = 0; at < size; at += CLEAR_STEP) {
		memset(igd->dsm + at, 0, min_t(u64, CLEAR_STEP, size - at));
		cond_resched();
	}
	/* The write-combining buffers are empty before the device reads */
	wmb();
	pci_dbg(igd->core.pdev, "DSM cleared, %#llx bytes of it kept\n",
		igd->kept);
}

static void igd_unmap(struct igd_vfio_device *igd)
{
	memunmap(igd->dsm);
	igd->dsm = NULL;
	igd->kept = 0;
}

static void igd_map_and_clear(struct igd_vfio_device *igd)
{
	struct pci_dev *pdev = igd->core.pdev;
	const struct igd_stolen *stolen = &igd->stolen;

	igd->dsm = memremap(stolen->dsm_base, stolen->dsm_size, MEMREMAP_WC);
	if (!igd->dsm) {
		pci_err(pdev, "DSM %#llx cannot be mapped, and is not cleared\n",
			stolen->dsm_base);
		return;
	}
	igd->kept = keep_reserved ? igd->reserved : 0;
	if (!igd_cpu_reaches(igd)) {
		pci_err(pdev, "DSM %#llx does not hold what the CPU writes, and is not cleared\n",
			stolen->dsm_base);
		igd_unmap(igd);
		return;
	}
	igd_clear(igd);
}

/* Region */

static ssize_t igd_stolen_rw(struct vfio_pci_core_device *vdev,
			     char __user *buf, size_t count, loff_t *ppos,
			     bool iswrite)
{
	struct igd_vfio_device *igd = to_igd(vdev);
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done, step;

	if (!igd->dsm || pos >= igd->stolen.dsm_size)
		return -EINVAL;
	count = min_t(u64, count, igd->stolen.dsm_size - pos);

	for (done = 0; done < count; done += step) {
		void *at = igd->dsm + pos + done;

		step = min_t(size_t, count - done, CLEAR_STEP);
		if (iswrite ? copy_from_user(at, buf + done, step) :
			      copy_to_user(buf + done, at, step))
			return -EFAULT;
		cond_resched();
	}
	*ppos += count;
	return count;
}

static int igd_stolen_mmap(struct vfio_pci_core_device *vdev,
			   struct vfio_pci_region *region,
			   struct vm_area_struct *vma)
{
	struct igd_vfio_device *igd = to_igd(vdev);
	u64 size = vma->vm_end - vma->vm_start;
	u64 start = ((u64)vma->vm_pgoff << PAGE_SHIFT) & VFIO_PCI_OFFSET_MASK;

	if (!igd->dsm || start >= igd->stolen.dsm_size ||
	    size > igd->stolen.dsm_size - start)
		return -EINVAL;

	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start,
			       (igd->stolen.dsm_base + start) >> PAGE_SHIFT,
			       size, vma->vm_page_prot);
}

static int igd_stolen_add_capability(struct vfio_pci_core_device *vdev,
				     struct vfio_pci_region *region,
				     struct vfio_info_cap *caps)
{
	struct igd_vfio_device *igd = to_igd(vdev);
	const struct igd_stolen *stolen = &igd->stolen;
	struct vfio_region_info_cap_igd_stolen cap = {
		.header.id = VFIO_REGION_INFO_CAP_IGD_STOLEN,
		.header.version = 1,
		.flags = igd->kept ? VFIO_REGION_IGD_STOLEN_RESERVED_KEPT : 0,
		.base = stolen->dsm_base - stolen->gsm_size,
		.gsm_size = stolen->gsm_size,
		.dsm_base = stolen->dsm_base,
		.dsm_size = stolen->dsm_size,
	};

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

/* The mapping has to outlive the region: it is cleared through once more */
static void igd_stolen_release(struct vfio_pci_core_device *vdev,
			       struct vfio_pci_region *region)
{
}

static const struct vfio_pci_regops igd_stolen_ops = {
	.rw = igd_stolen_rw,
	.mmap = igd_stolen_mmap,
	.add_capability = igd_stolen_add_capability,
	.release = igd_stolen_release,
};

int igd_vfio_stolen_open(struct igd_vfio_device *igd)
{
	struct pci_dev *pdev = igd->core.pdev;

	if (igd->layout && dsm_cpu_access)
		igd_map_and_clear(igd);
	if (require_clear && !igd->dsm && !pdev->is_virtfn) {
		pci_err(pdev, "not opened, as require_clear is set and stolen memory was not cleared%s\n",
			dsm_cpu_access ? "" : "; dsm_cpu_access is not set");
		return -EIO;
	}
	if (!igd->layout)
		return 0;

	return vfio_pci_core_register_dev_region(&igd->core,
			VFIO_REGION_TYPE_PCI_VENDOR_TYPE | PCI_VENDOR_ID_INTEL,
			VFIO_REGION_SUBTYPE_INTEL_IGD_STOLEN,
			&igd_stolen_ops, igd->stolen.dsm_size,
			igd->dsm ? VFIO_REGION_INFO_FLAG_READ |
				   VFIO_REGION_INFO_FLAG_WRITE |
				   VFIO_REGION_INFO_FLAG_MMAP : 0, NULL);
}

void igd_vfio_stolen_close(struct igd_vfio_device *igd)
{
	if (!igd->dsm)
		return;
	igd_clear(igd);
	igd_unmap(igd);
}
