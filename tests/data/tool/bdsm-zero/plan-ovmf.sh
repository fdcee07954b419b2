Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:1912)
Checking for an IOMMU group                   : FAIL (none: VFIO cannot have the device)
    hint: igd-stolen probe
Checking for stolen memory                    : FAIL
    unknown: the device is in no IOMMU group; GGC 0x02c0 and BDSM 0x0: BDSM is zero: no stolen
    memory
    hint: igd-stolen probe
Checking for the address width                : PASS (aw-bits=39)
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 4 GiB will be locked)
exit status 1
