# Why:
#   -machine pc: the chipset of older PCs; it has no VT-d, so no RMRR
#   -cpu host: the GPU's drivers look at the CPU
#   -m 1536M: RAM; what is in the way of stolen memory goes above 4 GiB
#   -vga none: no other display beside the IGD
#   -nic none: no card where the IGD goes; give your network another slot
#   -device vfio-pci: the IGD, where drivers look for it; base and size are given, as this kernel's reserved_regions does not tell them
# Left out:
#   romfile: before the guest's driver is loaded there is a picture only with the ROM of VfioIgdPkg or LongQT-sea's intel-igpu-passthru: --rom FILE
#   x-igd-lpc: a driver that wants the host's LPC bridge may need x-igd-lpc=on
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     80000000-febfffff     2028 MiB  no RAM; PCI
#     7c000000-7fffffff       64 MiB  stolen memory, DSM
#     7b800000-7bffffff        8 MiB  stolen memory, GSM
#     60000000-7b7fffff      440 MiB  no RAM; PCI
#     00000000-5fffffff     1536 MiB  RAM
# Memory of the host:
#   100000000-488ffffff    14480 MiB  System RAM
#     e0000000-efffffff      256 MiB  Reserved
#     80000000-dfffffff     1536 MiB  PCI Bus 0000:00
#     7c000000-7fffffff       64 MiB  stolen memory, DSM
#     7b800000-7bffffff        8 MiB  stolen memory, GSM
#     77000000-7affffff       64 MiB  ACPI Non-volatile Storage
#     00100000-76ffffff     1903 MiB  System RAM
# Locked memory: 2632 MiB: RAM 1536 MiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 2695168
# Warning: for a kernel that lets a display go: Linux 4.19.107 names no relaxable range: base and size have to be given, as plan does
qemu-system-x86_64-igd-rmrr \
    -machine pc,accel=kvm \
    -cpu host \
    -m 1536M \
    -vga none \
    -nic none \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen-base=0x7b800000,x-igd-stolen-size=0x4800000,x-igd-opregion=on
exit status 0
