Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:3e98)
Checking for a VGA device                     : FAIL (class 0380, not 0300)
    hint: igd-stolen probe
Checking for stolen memory                    : PASS (from config space)
Checking for a place in the guest             : PASS (7b800000-7fffffff, above low RAM)
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 2632 MiB will be locked)
exit status 1
