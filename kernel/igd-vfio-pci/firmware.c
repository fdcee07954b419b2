// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO variant driver for Intel IGDs: what firmware left for their driver
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * The three read-only regions that vfio-pci has for an IGD, which a variant
 * driver cannot borrow: OpRegion, configuration of the host bridge and of the
 * LPC bridge.
 */

#include <linux/io.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "igd-vfio.h"

#define IGD_OPREGION_SIGNATURE		"IntelGraphicsMem"
#define IGD_OPREGION_SIZE		0x2000
#define IGD_OPREGION_KBYTES		0x10	/* le32 */
#define IGD_OPREGION_VERSION		0x16	/* le16, major in bits 15:8 */
#define IGD_OPREGION_RVDA		0x3ba	/* le64, of the VBT */
#define IGD_OPREGION_RVDS		0x3c2	/* le32, its bytes */

#define IGD_RVDA_IS_ADDRESS		0x0200	/* version */
#define IGD_RVDA_IS_OFFSET		0x0201

/**
 * struct igd_opregion - the OpRegion, and a VBT that did not fit into it
 * @base: its first 8 KiB, mapped
 * @vbt: mapped, or NULL
 * @vbt_size: bytes of @vbt
 */
struct igd_opregion {
	void *base;
	void *vbt;
	u32 vbt_size;
};

static struct vfio_pci_region *igd_region(struct vfio_pci_core_device *vdev,
					  loff_t pos)
{
	return &vdev->region[VFIO_PCI_OFFSET_TO_INDEX(pos) -
			     VFIO_PCI_NUM_REGIONS];
}

static int igd_add_region(struct vfio_pci_core_device *vdev,
			  unsigned int subtype,
			  const struct vfio_pci_regops *ops, size_t size,
			  void *data)
{
	return vfio_pci_core_register_dev_region(vdev,
			VFIO_REGION_TYPE_PCI_VENDOR_TYPE | PCI_VENDOR_ID_INTEL,
			subtype, ops, size, VFIO_REGION_INFO_FLAG_READ, data);
}

/* Put what [at, at + size) has of [pos, pos + count) into dst */
static void igd_overlay(u8 *dst, size_t pos, size_t count, size_t at,
			const void *src, size_t size)
{
	size_t first = max(pos, at);
	size_t end = min(pos + count, at + size);

	if (first < end)
		memcpy(dst + first - pos, src + first - at, end - first);
}

/* A VBT outside is shown right behind, and so the header has to say */
static void igd_opregion_read(const struct igd_opregion *op, u8 *dst,
			      size_t pos, size_t count)
{
	__le16 version = cpu_to_le16(IGD_RVDA_IS_OFFSET);
	__le64 rvda = cpu_to_le64(IGD_OPREGION_SIZE);

	igd_overlay(dst, pos, count, 0, op->base, IGD_OPREGION_SIZE);
	if (!op->vbt)
		return;
	igd_overlay(dst, pos, count, IGD_OPREGION_SIZE, op->vbt, op->vbt_size);
	igd_overlay(dst, pos, count, IGD_OPREGION_RVDA, &rvda, sizeof(rvda));
	if (*(__le16 *)(op->base + IGD_OPREGION_VERSION) ==
	    cpu_to_le16(IGD_RVDA_IS_ADDRESS))
		igd_overlay(dst, pos, count, IGD_OPREGION_VERSION, &version,
			    sizeof(version));
}

static ssize_t igd_opregion_rw(struct vfio_pci_core_device *vdev,
			       char __user *buf, size_t count, loff_t *ppos,
			       bool iswrite)
{
	struct vfio_pci_region *region = igd_region(vdev, *ppos);
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	u8 *copy;
	int ret;

	if (iswrite || pos >= region->size)
		return -EINVAL;
	count = min3(count, region->size - pos, (size_t)IGD_OPREGION_SIZE);

	copy = kmalloc(count, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	igd_opregion_read(region->data, copy, pos, count);
	ret = copy_to_user(buf, copy, count) ? -EFAULT : 0;
	kfree(copy);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static void igd_opregion_free(struct igd_opregion *op)
{
	if (op->vbt)
		memunmap(op->vbt);
	if (op->base)
		memunmap(op->base);
	kfree(op);
}

static void igd_opregion_release(struct vfio_pci_core_device *vdev,
				 struct vfio_pci_region *region)
{
	igd_opregion_free(region->data);
}

static const struct vfio_pci_regops igd_opregion_ops = {
	.rw = igd_opregion_rw,
	.release = igd_opregion_release,
};

/*
 * ASLS is a scratch register: what it holds is what somebody has written, and
 * that may have been a user of another driver. Firmware's own memory is no RAM
 * that this kernel has given to anyone.
 */
static void *igd_map_firmware(u64 base, u64 size)
{
	if (base + size < base ||
	    region_intersects(base, size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return NULL;
	return memremap(base, size, MEMREMAP_WB);
}

/* A VBT of more than 6 KiB is elsewhere since OpRegion 2.0 */
static int igd_opregion_map_vbt(struct igd_opregion *op, u32 asls)
{
	u16 version = le16_to_cpu(*(__le16 *)(op->base + IGD_OPREGION_VERSION));
	u64 rvda;

	if (version < IGD_RVDA_IS_ADDRESS)
		return 0;
	memcpy(&rvda, op->base + IGD_OPREGION_RVDA, sizeof(rvda));
	rvda = le64_to_cpu((__force __le64)rvda);
	memcpy(&op->vbt_size, op->base + IGD_OPREGION_RVDS,
	       sizeof(op->vbt_size));
	le32_to_cpus(&op->vbt_size);
	if (!rvda || !op->vbt_size)
		return 0;

	if (version > IGD_RVDA_IS_ADDRESS)
		rvda += asls;
	op->vbt = igd_map_firmware(rvda, op->vbt_size);
	return op->vbt ? 0 : -ENODEV;
}

static int igd_opregion_map(struct igd_opregion *op, u32 asls)
{
	op->base = igd_map_firmware(asls, IGD_OPREGION_SIZE);
	if (!op->base)
		return -ENODEV;
	if (memcmp(op->base, IGD_OPREGION_SIGNATURE,
		   sizeof(IGD_OPREGION_SIGNATURE) - 1) ||
	    !*(__le32 *)(op->base + IGD_OPREGION_KBYTES))
		return -EINVAL;
	return igd_opregion_map_vbt(op, asls);
}

static int igd_opregion_init(struct vfio_pci_core_device *vdev, u32 asls)
{
	struct igd_opregion *op;
	int ret;

	if (!asls || asls == U32_MAX)
		return -ENODEV;

	op = kzalloc(sizeof(*op), GFP_KERNEL_ACCOUNT);
	if (!op)
		return -ENOMEM;
	ret = igd_opregion_map(op, asls);
	if (!ret)
		ret = igd_add_region(vdev,
				     VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION,
				     &igd_opregion_ops, IGD_OPREGION_SIZE +
				     (op->vbt ? op->vbt_size : 0), op);
	if (ret)
		igd_opregion_free(op);
	return ret;
}

/* Configuration of the two bridges */

static int igd_cfg_read(struct pci_dev *pdev, int pos, size_t count,
			__le32 *value, size_t *size)
{
	u32 dword;
	u16 word;
	u8 byte;
	int ret;

	if (!(pos & 3) && count >= sizeof(dword)) {
		ret = pci_user_read_config_dword(pdev, pos, &dword);
		*value = cpu_to_le32(dword);
		*size = sizeof(dword);
	} else if (!(pos & 1) && count >= sizeof(word)) {
		ret = pci_user_read_config_word(pdev, pos, &word);
		*value = cpu_to_le32(word);
		*size = sizeof(word);
	} else {
		ret = pci_user_read_config_byte(pdev, pos, &byte);
		*value = cpu_to_le32(byte);
		*size = sizeof(byte);
	}
	return ret;
}

static ssize_t igd_cfg_rw(struct vfio_pci_core_device *vdev, char __user *buf,
			  size_t count, loff_t *ppos, bool iswrite)
{
	struct vfio_pci_region *region = igd_region(vdev, *ppos);
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done, size;
	__le32 value;
	int ret;

	if (iswrite || pos >= region->size)
		return -EINVAL;
	count = min(count, region->size - pos);

	for (done = 0; done < count; done += size) {
		ret = igd_cfg_read(region->data, pos + done, count - done,
				   &value, &size);
		if (ret)
			return ret;
		if (copy_to_user(buf + done, &value, size))
			return -EFAULT;
	}
	*ppos += count;
	return count;
}

static void igd_cfg_release(struct vfio_pci_core_device *vdev,
			    struct vfio_pci_region *region)
{
	pci_dev_put(region->data);
}

static const struct vfio_pci_regops igd_cfg_ops = {
	.rw = igd_cfg_rw,
	.release = igd_cfg_release,
};

static int igd_cfg_init(struct vfio_pci_core_device *vdev, unsigned int devfn,
			unsigned int class, unsigned int subtype)
{
	struct pci_dev *bridge;
	int ret;

	bridge = pci_get_domain_bus_and_slot(pci_domain_nr(vdev->pdev->bus), 0,
					     devfn);
	if (!bridge)
		return -EINVAL;
	if (bridge->vendor != PCI_VENDOR_ID_INTEL ||
	    bridge->class >> 8 != class)
		ret = -EINVAL;
	else
		ret = igd_add_region(vdev, subtype, &igd_cfg_ops,
				     bridge->cfg_size, bridge);
	if (ret)
		pci_dev_put(bridge);
	return ret;
}

int igd_vfio_firmware_init(struct vfio_pci_core_device *vdev, u32 asls)
{
	int ret;

	ret = igd_opregion_init(vdev, asls);
	if (ret)
		return ret;
	ret = igd_cfg_init(vdev, PCI_DEVFN(0, 0), PCI_CLASS_BRIDGE_HOST,
			   VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG);
	if (ret)
		return ret;
	return igd_cfg_init(vdev, PCI_DEVFN(0x1f, 0), PCI_CLASS_BRIDGE_ISA,
			    VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG);
}
