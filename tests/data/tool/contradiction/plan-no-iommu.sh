Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:1912)
Checking for stolen memory                    : FAIL (config space and reserved_regions disagree)
    hint: igd-stolen probe
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 2560 MiB will be locked)
exit status 1
