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
# |           100000000-1b4ffffff |   2896 MiB | RAM                          |
# |             fec00000-ffffffff |     20 MiB | APIC, HPET, IOMMU, flash     |
# |             f0000000-febfffff |    236 MiB | PCI                          |
# |             e0000000-efffffff |    256 MiB | MMCONFIG (OVMF 2024+)        |
# |             4f800000-dfffffff |   2312 MiB | no RAM; PCI                  |
# |             4b000000-4f7fffff |     72 MiB | stolen memory (GSM and DSM)  |
# |             00000000-4affffff |   1200 MiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host (the rest is shown to root only):
# +-------------------------------+------------+------------------------------+
# |             4b000000-4f7fffff |     72 MiB | stolen memory (GSM and DSM)  |
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
