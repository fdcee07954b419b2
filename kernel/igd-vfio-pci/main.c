// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO variant driver for Intel IGDs
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * All that vfio-pci does for such a device, through vfio-pci-core, and one
 * region more: the place of stolen memory, and its data part where the
 * administrator lets the CPU have that. What a user writes into config space
 * never changes what PCI does not define there: firmware, the next user and
 * this driver read it. Binds by driver_override only. The interface is
 * specified in docs/specs/vfio-igd-stolen.rst.
 */

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include "igd-vfio.h"
#include "igd_alias.h"

/* VFIO adds operations that it calls unasked. dkms.conf says the same. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(7, 4, 0)
#error "igd-vfio-pci is tested with Linux 6.1 to 7.3, and not built for others"
#endif

/* vfio-pci-core's, in pci_config_map: goes to the device; stays in vconfig */
#define IGD_MAP_UNASSIGNED	0xff
#define IGD_MAP_VIRTUAL		0xfe

#define IGD_CFG_ASLS		0xfc

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov,
		 "Allow SR-IOV to be configured, as vfio-pci's parameter does");
#endif

/*
 * Bytes that are in no header and no capability are the user's own copy: GGC,
 * BDSM, ASLS and all of their kind. Undone by vfio_pci_core_disable().
 */
static void igd_vfio_virtualize(struct vfio_pci_core_device *vdev)
{
	int at;

	for (at = PCI_STD_HEADER_SIZEOF; at < vdev->pdev->cfg_size; at++) {
		if (vdev->pci_config_map[at] != IGD_MAP_UNASSIGNED)
			continue;
		pci_read_config_byte(vdev->pdev, at, &vdev->vconfig[at]);
		vdev->pci_config_map[at] = IGD_MAP_VIRTUAL;
	}
}

static int igd_vfio_open_device(struct vfio_device *core_vdev)
{
	struct igd_vfio_device *igd =
		container_of(core_vdev, struct igd_vfio_device, core.vdev);
	struct vfio_pci_core_device *vdev = &igd->core;
	int ret;

	ret = vfio_pci_core_enable(vdev);
	if (ret)
		return ret;

	igd_vfio_virtualize(vdev);

	if (IS_ENABLED(CONFIG_VFIO_PCI_IGD)) {
		ret = igd_vfio_firmware_init(vdev, igd->asls);
		if (ret && ret != -ENODEV) {
			pci_warn(vdev->pdev, "OpRegion and bridges: %d\n", ret);
			goto disable;
		}
	}

	ret = igd_vfio_stolen_open(igd);
	if (ret)
		goto disable;

	vfio_pci_core_finish_enable(vdev);
	return 0;

disable:
	vfio_pci_core_disable(vdev);
	igd_vfio_stolen_close(igd);
	return ret;
}

static void igd_vfio_close_device(struct vfio_device *core_vdev)
{
	struct igd_vfio_device *igd =
		container_of(core_vdev, struct igd_vfio_device, core.vdev);

	vfio_pci_core_close_device(core_vdev);
	igd_vfio_stolen_close(igd);
}

static const struct vfio_device_ops igd_vfio_ops = {
	.name		= "igd-vfio-pci",
	.init		= vfio_pci_core_init_dev,
	.release	= vfio_pci_core_release_dev,
	.open_device	= igd_vfio_open_device,
	.close_device	= igd_vfio_close_device,
	.ioctl		= vfio_pci_core_ioctl,
	.device_feature	= vfio_pci_core_ioctl_feature,
	.read		= vfio_pci_core_read,
	.write		= vfio_pci_core_write,
	.mmap		= vfio_pci_core_mmap,
	.request	= vfio_pci_core_request,
	.match		= vfio_pci_core_match,
#ifdef HAVE_VFIO_MATCH_TOKEN_UUID
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#endif
#ifdef HAVE_VFIO_REGION_INFO_CAPS
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#endif
#ifdef HAVE_VFIO_IOMMUFD
	.bind_iommufd	= vfio_iommufd_physical_bind,
	.unbind_iommufd	= vfio_iommufd_physical_unbind,
	.attach_ioas	= vfio_iommufd_physical_attach_ioas,
#endif
#ifdef HAVE_VFIO_IOMMUFD_DETACH
	.detach_ioas	= vfio_iommufd_physical_detach_ioas,
#endif
};

static int igd_vfio_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct igd_vfio_device *igd;
	int ret;

	/* An override binds whatever it is set for */
	if (pdev->vendor != PCI_VENDOR_ID_INTEL ||
	    pdev->class >> 16 != PCI_BASE_CLASS_DISPLAY) {
		pci_err(pdev, "[%04x:%04x] class %06x is not an Intel display device\n",
			pdev->vendor, pdev->device, pdev->class);
		return -ENODEV;
	}

	igd = vfio_alloc_device(igd_vfio_device, core.vdev, &pdev->dev,
				&igd_vfio_ops);
	if (IS_ERR(igd))
		return PTR_ERR(igd);
	dev_set_drvdata(&pdev->dev, &igd->core);

	/* Now, before a user of this driver has the device; see firmware.c */
	pci_read_config_dword(pdev, IGD_CFG_ASLS, &igd->asls);
	igd_vfio_stolen_probe(igd);
	ret = vfio_pci_core_register_device(&igd->core);
	if (ret) {
		igd_vfio_stolen_remove(igd);
		vfio_put_device(&igd->core.vdev);
	}
	return ret;
}

static void igd_vfio_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	/* Returns when the last user has closed the device */
	vfio_pci_core_unregister_device(vdev);
	igd_vfio_stolen_remove(container_of(vdev, struct igd_vfio_device,
					    core));
	vfio_put_device(&vdev->vdev);
}

static int igd_vfio_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	if (!enable_sriov)
		return -ENOENT;
	return vfio_pci_core_sriov_configure(vdev, nr_virtfn);
}

static struct pci_driver igd_vfio_driver = {
	.name			= "igd-vfio-pci",
	.probe			= igd_vfio_probe,
	.remove			= igd_vfio_remove,
	.sriov_configure	= igd_vfio_sriov_configure,
	.err_handler		= &vfio_pci_core_err_handlers,
	.driver_managed_dma	= true,
};
module_pci_driver(igd_vfio_driver);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The qemu-igd-rmrr developers");
MODULE_DESCRIPTION("VFIO variant driver for Intel IGDs, with their stolen memory");
