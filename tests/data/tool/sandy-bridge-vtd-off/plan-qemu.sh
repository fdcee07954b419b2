Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:0102)
Checking for an IOMMU group                   : FAIL (none: VFIO cannot have the device)
    hint: igd-stolen probe
Checking for stolen memory                    : PASS (from config space)
Checking for a place in the guest             : PASS (db800000-df9fffff, above low RAM)
Checking for the address width                : PASS (aw-bits=39)
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 9282 MiB will be locked)
exit status 1
