Checking for an Intel integrated GPU          : PASS (0000:00:02.0, 8086:1616)
Checking for stolen memory                    : PASS (from config space)
Checking for a place in the guest             : FAIL
    ba800000-beffffff overlaps SeaBIOS's MMCONFIG at b0000000-bfffffff
    hint: igd-stolen plan --memory 1536M --firmware ovmf
Checking for KVM                              : PASS (there)
Checking for free memory                      : PASS (12288 MiB available, 2560 MiB will be locked)
exit status 1
