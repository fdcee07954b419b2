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
# |           100000000-1887fffff |   2184 MiB | RAM                          |
# |             fec00000-ffffffff |     20 MiB | APIC, HPET, IOMMU, flash     |
# |             f0000000-febfffff |    236 MiB | PCI                          |
# |             e0000000-efffffff |    256 MiB | MMCONFIG (OVMF 2024+)        |
# |             80000000-dfffffff |   1536 MiB | no RAM; PCI                  |
# |             78000000-7fffffff |    128 MiB | stolen memory, DSM           |
# |             77800000-77ffffff |      8 MiB | stolen memory, GSM           |
# |             00000000-777fffff |   1912 MiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host:
# +-------------------------------+------------+------------------------------+
# |           100000000-48cffffff |  14544 MiB | System RAM                   |
# |             e0000000-efffffff |    256 MiB | Reserved                     |
# |             80000000-dfffffff |   1536 MiB | PCI Bus 0000:00              |
# |             78000000-7fffffff |    128 MiB | stolen memory, DSM           |
# |             77800000-77ffffff |      8 MiB | stolen memory, GSM           |
# |             73000000-76ffffff |     64 MiB | ACPI Non-volatile Storage    |
# |             00100000-72ffffff |   1839 MiB | System RAM                   |
# +-------------------------------+------------+------------------------------+
# Locked memory: 5256 MiB: RAM 4 GiB, stolen memory 136 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 5382144
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
