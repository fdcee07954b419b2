/*
 * PCI device with the stolen memory of an Intel IGD, for tests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: this file is the PCI function, its config space, options and
 * life cycle. It has the identity and the stolen memory registers of a real
 * IGD and a DMA engine of its own; it is not a model of a GPU.
 *
 * Manual: docs/specs/igd-testdev.rst. Test: tests/qtest/igd-testdev-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/host-utils.h"
#include "qemu/memfd.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/rmrr_provider.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/vfio/igd-stolen.h"
#include "migration/vmstate.h"
#include "igd-testdev.h"
#include "trace/trace-hw_igd_rmrr.h"

#define APERTURE_MIN    0x100000ull         /* 1 MiB */
#define APERTURE_MAX    0x100000000ull      /* 4 GiB */

#define DEFAULT_DEVICE_ID   0x1912      /* Skylake, gen 9 */
#define DEFAULT_DSM_BASE    0           /* none: has to be given */
#define DEFAULT_DSM_SIZE    (64 * MiB)
#define DEFAULT_GSM_SIZE    (8 * MiB)

#define PM_CAP_VERSION  3

/*
 * Where stolen memory is: from a dictionary before the machine exists, or from
 * the properties at realize. What is possible is igd-stolen.c's knowledge.
 */

/* The lowest GGC that shows the two sizes: all its other bits are 0. */
static bool igd_testdev_opts_ggc(const IGDTestDevOpts *o, uint16_t *ggc,
                                 Error **errp)
{
    static const char *const dsm_sizes[IGD_STOLEN_GEN__MAX] = {
        [IGD_STOLEN_GEN6 ... IGD_STOLEN_GEN7_VALLEYVIEW] =
            "32 to 512 MiB in steps of 32 MiB",
        [IGD_STOLEN_GEN8_BROADWELL] = "32 to 8160 MiB in steps of 32 MiB",
        [IGD_STOLEN_GEN8_CHERRYVIEW] = "32 to 512 MiB in steps of 32 MiB, "
                                       "and 8 to 60 MiB in steps of 4 MiB",
        [IGD_STOLEN_GEN9 ... IGD_STOLEN_GEN12] =
            "32 to 7648 MiB in steps of 32 MiB, and 4 to 60 MiB in steps of "
            "4 MiB",
    };
    IGDStolenGen gen = igd_stolen_gen(o->device_id);
    uint64_t dsm_size, gsm_size;
    IGDStolenResult result = igd_stolen_sizes(gen, 0, &dsm_size, &gsm_size);
    bool dsm_fits = false;
    const char *option;
    g_autofree char *text = NULL;

    if (result != IGD_STOLEN_OK) {
        error_setg(errp, TYPE_IGD_TESTDEV ": device-id 0x%04x: %s; set "
                   "device-id=0x1912 (Skylake), device-id=0x9a49 (Tiger Lake) "
                   "or that of another IGD that has BDSM", o->device_id,
                   igd_stolen_strerror(result));
        return false;
    }
    for (unsigned value = 0; o->dsm_size && value <= UINT16_MAX; value++) {
        result = igd_stolen_sizes(gen, value, &dsm_size, &gsm_size);
        if (result == IGD_STOLEN_OK && dsm_size == o->dsm_size) {
            dsm_fits = true;
            if (gsm_size == o->gsm_size) {
                *ggc = value;
                return true;
            }
        }
    }
    option = dsm_fits ? "gsm-size" : "dsm-size";
    text = size_to_str(dsm_fits ? o->gsm_size : o->dsm_size);
    error_setg(errp, TYPE_IGD_TESTDEV ": %s 0x%" PRIx64 " (%s) cannot be "
               "expressed in GGC of %s, or is no memory; set %s to %s, such "
               "as %s=%s", option, dsm_fits ? o->gsm_size : o->dsm_size, text,
               igd_stolen_layout(gen)->name, option,
               !dsm_fits ? dsm_sizes[gen] : gen < IGD_STOLEN_GEN8_BROADWELL ?
               "0, 1, 2 or 3 MiB" : "0, 2, 4 or 8 MiB", option,
               dsm_fits ? "2M" : "64M");
    return false;
}

/* A dsm-base that is near the one given and can be had */
static uint64_t igd_testdev_opts_near(const IGDTestDevOpts *o)
{
    uint64_t lowest = STOLEN_MIN_BASE + o->gsm_size;
    uint64_t highest = STOLEN_CHIPSET_BASE - o->dsm_size;
    uint64_t base = o->dsm_base;

    if (!base) {
        base = 0x7b800000;
    } else if (base < 4 * KiB) {
        base *= MiB;    /* it was meant as a number of MiB */
    }
    base = QEMU_ALIGN_DOWN(base, STOLEN_ALIGN);
    return MAX(lowest, MIN(base, highest));
}

static void igd_testdev_opts_refuse_place(const IGDTestDevOpts *o,
                                          IGDStolenResult result,
                                          Error **errp)
{
    uint64_t near = igd_testdev_opts_near(o);

    switch (result) {
    case IGD_STOLEN_BDSM_ZERO:
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base is missing or 0; set "
                   "dsm-base to a multiple of 0x%llx (1 MiB), such as "
                   "dsm-base=0x%" PRIx64, STOLEN_ALIGN, near);
        break;
    case IGD_STOLEN_BDSM_UNALIGNED:
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base 0x%" PRIx64 " is not a "
                   "multiple of 0x%llx (1 MiB); set dsm-base=0x%" PRIx64,
                   o->dsm_base, STOLEN_ALIGN, near);
        break;
    case IGD_STOLEN_GSM_UNDERFLOW:
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base 0x%" PRIx64 " minus "
                   "gsm-size 0x%" PRIx64 " is below the limit 0x%llx (16 MiB); "
                   "set dsm-base=0x%" PRIx64, o->dsm_base, o->gsm_size,
                   STOLEN_MIN_BASE, near);
        break;
    default:
        if (o->dsm_size > STOLEN_CHIPSET_BASE - STOLEN_MIN_BASE -
                          o->gsm_size) {
            error_setg(errp, TYPE_IGD_TESTDEV ": dsm-size 0x%" PRIx64 " does "
                       "not fit below the limit 0x%llx; set dsm-size=64M",
                       o->dsm_size, STOLEN_CHIPSET_BASE);
            break;
        }
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base 0x%" PRIx64 " plus "
                   "dsm-size 0x%" PRIx64 " is above the limit 0x%llx (below "
                   "4 GiB); set dsm-base=0x%" PRIx64, o->dsm_base, o->dsm_size,
                   STOLEN_CHIPSET_BASE, near);
        break;
    }
}

static bool igd_testdev_opts_region(const IGDTestDevOpts *o, uint16_t *ggc,
                                    StolenRegion *region, Error **errp)
{
    IGDStolenResult result;

    if (!igd_testdev_opts_ggc(o, ggc, errp)) {
        return false;
    }
    result = igd_stolen_region(o->dsm_base, o->dsm_size, o->gsm_size, region);
    if (result != IGD_STOLEN_OK) {
        igd_testdev_opts_refuse_place(o, result, errp);
        return false;
    }
    return true;
}

/* Bits of STOLEN_RESERVED; the size field is that of gen 8 and later */
#define RESERVED_ENABLE         1u
#define RESERVED_SIZE_SHIFT     7

/* How much of the DSM firmware reserved: the register that shows it, or 0 */
static bool igd_testdev_opts_reserved(const IGDTestDevOpts *o,
                                      const StolenRegion *region,
                                      uint32_t *reg, Error **errp)
{
    uint64_t size = o->reserved_size;
    bool early = igd_stolen_gen(o->device_id) < IGD_STOLEN_GEN8_BROADWELL;
    uint64_t max = early ? 1 * MiB : 8 * MiB;

    *reg = 0;
    if (!size) {
        return true;
    }
    if (!is_power_of_2(size) || size < 1 * MiB || size > max ||
        size > region->limit + 1 - region->dsm_base) {
        error_setg(errp, TYPE_IGD_TESTDEV ": reserved-size 0x%" PRIx64 " is "
                   "not a power of two from 1 MiB to 0x%" PRIx64 " inside the "
                   "DSM; set reserved-size to 0 or 1M", size, max);
        return false;
    }
    *reg = (region->limit + 1 - size) | ctz64(size / MiB) <<
           RESERVED_SIZE_SHIFT | RESERVED_ENABLE;
    return true;
}

/* As the property of that type would be set from @opts; true if it is absent */
static bool igd_testdev_opts_number(const QDict *opts, const char *name,
                                    bool is_size, uint64_t *value)
{
    QObject *obj = qdict_get(opts, name);
    QString *str = qobject_to(QString, obj);
    QNum *num = qobject_to(QNum, obj);

    if (!obj) {
        return true;
    }
    if (str && is_size) {
        return qemu_strtosz(qstring_get_str(str), NULL, value) == 0;
    }
    if (str) {
        return qemu_strtou64(qstring_get_str(str), NULL, 0, value) == 0;
    }
    return num && qnum_get_try_uint(num, value);
}

/* RMRRProviderClass.early; values that -global gives are not known here */
static bool igd_testdev_opts_early(const QDict *opts, StolenRegion *region)
{
    IGDTestDevOpts o = {
        .dsm_base = DEFAULT_DSM_BASE,
        .dsm_size = DEFAULT_DSM_SIZE,
        .gsm_size = DEFAULT_GSM_SIZE,
    };
    uint64_t id = DEFAULT_DEVICE_ID;
    uint16_t ggc;

    if (!igd_testdev_opts_number(opts, "device-id", false, &id) ||
        !igd_testdev_opts_number(opts, "dsm-base", false, &o.dsm_base) ||
        !igd_testdev_opts_number(opts, "dsm-size", true, &o.dsm_size) ||
        !igd_testdev_opts_number(opts, "gsm-size", true, &o.gsm_size) ||
        id > UINT16_MAX) {
        return false;
    }
    o.device_id = id;
    return igd_testdev_opts_region(&o, &ggc, region, NULL);
}

/* The other options */

static bool igd_testdev_check_aperture(IGDTestDevState *s, Error **errp)
{
    if (is_power_of_2(s->aperture_size) && s->aperture_size >= APERTURE_MIN &&
        s->aperture_size <= APERTURE_MAX) {
        return true;
    }
    error_setg(errp, TYPE_IGD_TESTDEV ": aperture-size 0x%" PRIx64 " is not a "
               "power of two from 0x%llx (1 MiB) to 0x%llx (4 GiB); set "
               "aperture-size to one, such as aperture-size=256M",
               s->aperture_size, APERTURE_MIN, APERTURE_MAX);
    return false;
}

static bool igd_testdev_set_class(IGDTestDevState *s, Error **errp)
{
    uint8_t *config = PCI_DEVICE(s)->config;

    if (!s->class_name || !strcmp(s->class_name, "display")) {
        return true; /* as the type has it */
    }
    if (!strcmp(s->class_name, "secondary")) {
        pci_config_set_class(config, PCI_CLASS_DISPLAY_OTHER);
        return true;
    }
    if (!strcmp(s->class_name, "other")) {
        pci_config_set_class(config, PCI_CLASS_OTHERS);
        return true;
    }
    error_setg(errp, TYPE_IGD_TESTDEV ": class '%s' is not known; set "
               "class=display, or to secondary or other", s->class_name);
    return false;
}

/*
 * Read-only, as on hardware after firmware has locked them, and compared when
 * state is loaded: another region at the destination is an error there. With
 * config-unlocked they can be written, and all else that is no header and no
 * capability, for tests of those who read them or let others write.
 */
static void igd_testdev_set_config(IGDTestDevState *s)
{
    const IGDStolenLayout *layout =
        igd_stolen_layout(igd_stolen_gen(s->opts.device_id));
    PCIDevice *pdev = PCI_DEVICE(s);
    unsigned bdsm_size = layout->bdsm_bits / BITS_PER_BYTE;

    pci_config_set_device_id(pdev->config, s->opts.device_id);
    memset(pdev->wmask + PCI_CONFIG_HEADER_SIZE,
           s->config_unlocked ? UINT8_MAX : 0,
           pci_config_size(pdev) - PCI_CONFIG_HEADER_SIZE);

    pci_set_word(pdev->config + IGD_STOLEN_CFG_GGC, s->ggc);
    stn_le_p(pdev->config + layout->bdsm_offset, bdsm_size,
             s->region.dsm_base);
    if (!s->config_unlocked) {
        pci_set_word(pdev->cmask + IGD_STOLEN_CFG_GGC, UINT16_MAX);
        memset(pdev->cmask + layout->bdsm_offset, 0xff, bdsm_size);
    }
}

static bool igd_testdev_add_capabilities(PCIDevice *pdev, Error **errp)
{
    int ret;

    if (msi_init(pdev, IGD_TESTDEV_CFG_MSI, 1, true, false, errp) < 0) {
        return false;
    }
    ret = pci_pm_init(pdev, IGD_TESTDEV_CFG_PM, errp);
    if (ret < 0) {
        return false;
    }
    pci_set_word(pdev->config + ret + PCI_PM_PMC, PM_CAP_VERSION);
    pci_set_word(pdev->config + ret + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pdev->wmask + ret + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

    if (!pci_bus_is_express(pci_get_bus(pdev))) {
        pdev->cap_present &= ~QEMU_PCI_CAP_EXPRESS;
        return true;
    }
    if (pcie_endpoint_cap_init(pdev, IGD_TESTDEV_CFG_PCIE) < 0) {
        error_setg(errp, TYPE_IGD_TESTDEV ": no room for the PCI Express "
                   "capability at 0x%x", IGD_TESTDEV_CFG_PCIE);
        return false;
    }
    pcie_cap_flr_init(pdev);
    return true;
}

static void igd_testdev_exit(PCIDevice *pdev)
{
    IGDTestDevState *s = IGD_TESTDEV(pdev);

    igd_testdev_scanout_cleanup(&s->scan);
    igd_testdev_dma_cleanup(&s->dma);
    if (s->plugged) {
        rmrr_provider_unplug(pdev);
        s->plugged = false;
    }
    if (pci_is_express(pdev)) {
        pcie_cap_exit(pdev);
    }
    msi_uninit(pdev);
}

static bool igd_testdev_plug(IGDTestDevState *s, Error **errp)
{
    void *memory = NULL;
    int fd;

    /* As an assigned device's own memory; seen in /proc/PID/maps */
    if (s->place && s->device_memory) {
        memory = qemu_memfd_alloc(TYPE_IGD_TESTDEV,
                                  stolen_region_size(&s->region), 0, &fd,
                                  errp);
        if (!memory) {
            return false;
        }
        close(fd);
    }
    s->plugged = s->place && rmrr_provider_plug(PCI_DEVICE(s), &s->region,
                                                memory, errp);
    return s->plugged == s->place;
}

static void igd_testdev_realize(PCIDevice *pdev, Error **errp)
{
    IGDTestDevState *s = IGD_TESTDEV(pdev);

    if (!igd_testdev_opts_region(&s->opts, &s->ggc, &s->region, errp) ||
        !igd_testdev_opts_reserved(&s->opts, &s->region, &s->reserved,
                                   errp) ||
        !igd_testdev_check_aperture(s, errp) ||
        !igd_testdev_set_class(s, errp)) {
        return;
    }

    igd_testdev_set_config(s);
    igd_testdev_dma_init(&s->dma, pdev);
    if (!igd_testdev_add_capabilities(pdev, errp) ||
        !igd_testdev_plug(s, errp)) {
        igd_testdev_exit(pdev);
        return;
    }
    if (s->scanout) {
        igd_testdev_scanout_init(&s->scan, pdev, s->region.dsm_base,
                                 s->opts.dsm_size);
    }
    igd_testdev_bar_register(s);
    trace_igd_testdev_realize(pci_get_bdf(pdev), s->opts.device_id, s->ggc,
                              s->region.base, s->region.limit,
                              s->region.dsm_base);
}

static void igd_testdev_config_write(PCIDevice *pdev, uint32_t addr,
                                     uint32_t value, int len)
{
    IGDTestDevState *s = IGD_TESTDEV(pdev);

    pci_default_write_config(pdev, addr, value, len);
    if (pci_is_express(pdev)) {
        pcie_cap_flr_write_config(pdev, addr, value, len);
    }
    igd_testdev_dma_master_changed(&s->dma);
}

/* Machine reset, bus reset and FLR alike */
static void igd_testdev_reset_hold(Object *obj, ResetType type)
{
    IGDTestDevState *s = IGD_TESTDEV(obj);

    trace_igd_testdev_reset(pci_get_bdf(PCI_DEVICE(s)), s->dma.status);
    igd_testdev_dma_reset(&s->dma);
    igd_testdev_scanout_reset(&s->scan);
    s->io_index = 0;
}

/* Firmware of the guest can write BDSM */
static bool igd_testdev_by_firmware(RMRRProvider *provider,
                                    StolenRegion *region)
{
    IGDTestDevState *s = IGD_TESTDEV(provider);
    const IGDStolenLayout *layout =
        igd_stolen_layout(igd_stolen_gen(s->opts.device_id));

    return !s->place && s->config_unlocked &&
           igd_stolen_region(ldn_le_p(PCI_DEVICE(s)->config +
                                      layout->bdsm_offset,
                                      layout->bdsm_bits / BITS_PER_BYTE),
                             s->opts.dsm_size, 0, region) == IGD_STOLEN_OK;
}

static bool igd_testdev_maps_iova(RMRRProvider *provider)
{
    return IGD_TESTDEV(provider)->maps_iova;
}

static bool igd_testdev_keeps_contents(RMRRProvider *provider)
{
    return IGD_TESTDEV(provider)->stolen_keep;
}

static bool igd_testdev_scanout_needed(void *opaque)
{
    return IGD_TESTDEV(opaque)->scanout;
}

static const VMStateDescription vmstate_igd_testdev_scan = {
    .name = TYPE_IGD_TESTDEV "/scanout",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = igd_testdev_scanout_needed,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(scan, IGDTestDevState, 1, vmstate_igd_testdev_scanout,
                       IGDTestScanout),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_igd_testdev = {
    .name = TYPE_IGD_TESTDEV,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, IGDTestDevState),
        VMSTATE_UINT32(io_index, IGDTestDevState),
        VMSTATE_STRUCT(dma, IGDTestDevState, 1, vmstate_igd_testdev_dma,
                       IGDTestDMA),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription *const []) {
        &vmstate_igd_testdev_scan,
        NULL
    },
};

static const Property igd_testdev_properties[] = {
    DEFINE_PROP_UINT16("device-id", IGDTestDevState, opts.device_id,
                       DEFAULT_DEVICE_ID),
    DEFINE_PROP_UINT64("dsm-base", IGDTestDevState, opts.dsm_base,
                       DEFAULT_DSM_BASE),
    DEFINE_PROP_SIZE("dsm-size", IGDTestDevState, opts.dsm_size,
                     DEFAULT_DSM_SIZE),
    DEFINE_PROP_SIZE("gsm-size", IGDTestDevState, opts.gsm_size,
                     DEFAULT_GSM_SIZE),
    DEFINE_PROP_SIZE("reserved-size", IGDTestDevState, opts.reserved_size, 0),
    DEFINE_PROP_SIZE("aperture-size", IGDTestDevState, aperture_size,
                     256 * MiB),
    DEFINE_PROP_STRING("class", IGDTestDevState, class_name),
    DEFINE_PROP_BOOL("stolen-keep", IGDTestDevState, stolen_keep, false),
    DEFINE_PROP_BOOL("config-unlocked", IGDTestDevState, config_unlocked,
                     false),
    DEFINE_PROP_BOOL("scanout", IGDTestDevState, scanout, false),
    DEFINE_PROP_BOOL("place", IGDTestDevState, place, true),
    DEFINE_PROP_BOOL("maps-iova", IGDTestDevState, maps_iova, false),
    DEFINE_PROP_BOOL("device-memory", IGDTestDevState, device_memory, false),
};

static void igd_testdev_init(Object *obj)
{
    /* Config space of 4 KiB; realize knows the bus and may take it back */
    PCI_DEVICE(obj)->cap_present |= QEMU_PCI_CAP_EXPRESS;
}

static void igd_testdev_class_init(ObjectClass *klass, ClassData *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);
    RMRRProviderClass *rrc = RMRR_PROVIDER_CLASS(klass);

    pc->realize = igd_testdev_realize;
    pc->exit = igd_testdev_exit;
    pc->config_write = igd_testdev_config_write;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = DEFAULT_DEVICE_ID;
    pc->class_id = PCI_CLASS_DISPLAY_VGA;
    rc->phases.hold = igd_testdev_reset_hold;
    rrc->early = igd_testdev_opts_early;
    rrc->by_firmware = igd_testdev_by_firmware;
    rrc->maps_iova = igd_testdev_maps_iova;
    rrc->keeps_contents = igd_testdev_keeps_contents;
    rrc->place_option = "dsm-base";
    dc->vmsd = &vmstate_igd_testdev;
    dc->desc = "Test device with the stolen memory of an Intel IGD";
    device_class_set_props(dc, igd_testdev_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo igd_testdev_info = {
    .name = TYPE_IGD_TESTDEV,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(IGDTestDevState),
    .instance_init = igd_testdev_init,
    .class_init = igd_testdev_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { TYPE_RMRR_PROVIDER },
        { }
    },
};

static void igd_testdev_register_types(void)
{
    type_register_static(&igd_testdev_info);
}

type_init(igd_testdev_register_types)
