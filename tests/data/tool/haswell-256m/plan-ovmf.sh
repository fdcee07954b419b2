Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:0416, gen 7)
Checking for the driver vfio-pci              : PASS (vfio-pci)
Checking for VT-d                             : PASS (on, unit dmar0, group type DMA-FQ)
Checking for interrupt remapping              : PASS (from /sys/class/iommu/dmar0/intel-iommu/ecap)
Checking for the address width                : PASS (the host's IOMMU has 39 bits: aw-bits=39)
Checking for an IOMMU group of its own        : PASS (group 1)
Checking for stolen memory                    : PASS (bf000000-cf1fffff, 258 MiB, from config space)
Checking for its parts                        : PASS (base bf000000, GSM 2 MiB, DSM 256 MiB at bf200000)
Checking for what the sources say             : PASS (config space and reserved_regions agree)
Checking for an OpRegion                      : PASS (at 7a000018)
Checking for who holds BAR 2                  : PASS (no framebuffer of the host's)
Checking for the limit of VFIO's mappings     : PASS (vfio_iommu_type1 is not loaded; it begins with 65535)
Checking for the IGD's audio function         : FAIL (no audio device of Intel's on bus 0000:00)
    hint:
        # plan without --audio
Checking for a kernel that lets a display go  : PASS (Linux 6.12.43)
Checking for a place in the guest             : WARN (bf000000-cf1fffff; OVMF of 2023 and before has MMCONFIG there)
    hint:
        # take OVMF of 2024 or later:
        dpkg -s ovmf
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 4354 MiB will be locked)
exit status 1
