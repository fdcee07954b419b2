# Why:
#   -machine pc: the chipset of older PCs; it has no VT-d, so no RMRR
#   -cpu host: the GPU's drivers check the CPU model
#   -m 1536M: RAM; the part that would overlap stolen memory goes above 4 GiB
#   -vga none: the IGD is the only display
#   -nic none: keeps the IGD's slot free; a network card needs another one
#   -device vfio-pci: the IGD, where drivers look for it; identity: at the host's base or not at all
# Left out:
#   romfile: until the guest loads its driver, the screen needs the ROM of VfioIgdPkg or of LongQT-sea's intel-igpu-passthru: --rom FILE
#   x-igd-lpc: a driver that wants the host's LPC bridge may need x-igd-lpc=on
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     7f800000-febfffff     2036 MiB  no RAM; PCI
#     7b000000-7f7fffff       72 MiB  stolen memory (GSM and DSM)
#     60000000-7affffff      432 MiB  no RAM; PCI
#     00000000-5fffffff     1536 MiB  RAM
# Memory of the host (the rest is shown to root only):
#     7b000000-7f7fffff       72 MiB  stolen memory (GSM and DSM)
# Locked memory: 2632 MiB: RAM 1536 MiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 2695168
qemu-system-x86_64-igd-rmrr \
    -machine pc,accel=kvm \
    -cpu host \
    -m 1536M \
    -vga none \
    -nic none \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity,x-igd-opregion=on
