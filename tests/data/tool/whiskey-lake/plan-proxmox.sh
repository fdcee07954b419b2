# Why:
# --machine q35
#     the chipset with VT-d, and VT-d itself, with intremap and caching-mode
# --cpu host
#     the GPU's drivers look at the CPU
# --memory 4096
#     RAM in MiB; what is in the way of stolen memory goes above 4 GiB
# --balloon 0
#     all RAM is locked for the device
# --bios ovmf
#     the firmware; it needs an efidisk0 too
# --vga none
#     no other display beside the IGD
# --args
#     aw-bits fits the host's IOMMU; the IGD on the root bus, where drivers look for it
# Memory of the guest:
# +-------------------------------+------------+------------------------------+
# |           100000000-17fffffff |      2 GiB | RAM                          |
# |             fec00000-ffffffff |     20 MiB | APIC, HPET, IOMMU, flash     |
# |             f0000000-febfffff |    236 MiB | PCI                          |
# |             e0000000-efffffff |    256 MiB | MMCONFIG (OVMF 2024+)        |
# |             90000000-dfffffff |   1280 MiB | no RAM; PCI                  |
# |             8c000000-8fffffff |     64 MiB | stolen memory, DSM           |
# |             8b800000-8bffffff |      8 MiB | stolen memory, GSM           |
# |             80000000-8b7fffff |    184 MiB | no RAM; PCI                  |
# |             00000000-7fffffff |      2 GiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host:
# +-------------------------------+------------+------------------------------+
# |           100000000-478ffffff |  14224 MiB | System RAM                   |
# |             e0000000-efffffff |    256 MiB | Reserved                     |
# |             90000000-dfffffff |   1280 MiB | PCI Bus 0000:00              |
# |             8c000000-8fffffff |     64 MiB | stolen memory, DSM           |
# |             8b800000-8bffffff |      8 MiB | stolen memory, GSM           |
# |             87000000-8affffff |     64 MiB | ACPI Non-volatile Storage    |
# |             00100000-86ffffff |   2159 MiB | System RAM                   |
# +-------------------------------+------------+------------------------------+
# Locked memory: 5192 MiB: RAM 4 GiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 5316608
qm set "$VMID" \
    --machine q35,viommu=intel \
    --cpu host \
    --memory 4096 \
    --balloon 0 \
    --bios ovmf \
    --vga none \
    --args "-global intel-iommu.aw-bits=39 \
-device vfio-pci,host=0000:00:02.0,bus=pcie.0,addr=02.0,x-igd-stolen=identity"
exit status 0
