Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:9bc5)
Checking for an IOMMU group                   : FAIL (none: VFIO cannot have the device)
    hint: igd-stolen probe
Checking for stolen memory                    : FAIL
    unknown: the device is in no IOMMU group; /sys/bus/pci/devices/0000:00:02.0/config shows root
    only what is beyond its first 64 bytes
    hint: igd-stolen probe
Checking for the address width                : PASS (aw-bits=39)
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 5 GiB will be locked)
exit status 1
