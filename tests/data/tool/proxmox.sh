# Why:
#   --machine q35: the chipset with VT-d; KVM leaves the I/O APIC to the emulator for intremap=on
#   --cpu host: the GPU's drivers check the CPU model
#   --memory 4096: RAM; the part that would overlap stolen memory goes above 4 GiB
#   --balloon 0: all RAM is locked for the device
#   --vga none: the IGD is the only display
#   --bios ovmf: the firmware
#   --args : the IGD, where drivers look for it
# Left out:
#   x-igd-opregion: only root can see whether there is an OpRegion
#   romfile: until the guest loads its driver, the screen needs the ROM of VfioIgdPkg or of LongQT-sea's intel-igpu-passthru: --rom FILE
#   x-igd-lpc: q35 has an LPC bridge of its own and does not start with it
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#   100000000-17fffffff     2048 MiB  RAM
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     f0000000-febfffff      236 MiB  PCI
#     e0000000-efffffff      256 MiB  MMCONFIG (OVMF 2024+)
#     80000000-dfffffff     1536 MiB  no RAM; PCI
#     00000000-7fffffff     2048 MiB  RAM
# Memory of the host (the rest is shown to root only):
#     7b000000-7f7fffff       72 MiB  stolen memory (GSM and DSM)
# Locked memory: 5 GiB: RAM 4 GiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 5242880
# Warning: for a place in the guest: the guest's firmware chooses one: Proxmox VE starts only its own emulator, which does not know x-igd-stolen
qm set "$VMID" \
    --machine q35,viommu=intel \
    --cpu host \
    --memory 4096 \
    --balloon 0 \
    --vga none \
    --bios ovmf \
    --args "-global intel-iommu.aw-bits=39 -device vfio-pci,host=0000:00:02.0,bus=pcie.0,addr=02.0"
