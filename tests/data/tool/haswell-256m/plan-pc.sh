# Why:
#   -machine pc: the chipset of older PCs; it has no VT-d, so no RMRR
#   -cpu host: the GPU's drivers look at the CPU
#   -m 1536M: RAM; what is in the way of stolen memory goes above 4 GiB
#   -vga none: no other display beside the IGD
#   -nic none: no card where the IGD goes; give your network another slot
#   -device vfio-pci: the IGD, where drivers look for it; identity: at the host's base or not at all
# Left out:
#   romfile: before the guest's driver is loaded there is a picture only with the ROM of VfioIgdPkg or LongQT-sea's intel-igpu-passthru: --rom FILE
#   x-igd-lpc: a driver that wants the host's LPC bridge may need x-igd-lpc=on
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     cf200000-febfffff      762 MiB  PCI
#     bf200000-cf1fffff      256 MiB  stolen memory, DSM
#     bf000000-bf1fffff        2 MiB  stolen memory, GSM
#     60000000-beffffff     1520 MiB  no RAM; PCI
#     00000000-5fffffff     1536 MiB  RAM
# Memory of the host:
#   100000000-4457fffff    13400 MiB  System RAM
#     e0000000-efffffff      256 MiB  Reserved
#     cf200000-dfffffff      270 MiB  PCI Bus 0000:00
#     bf200000-cf1fffff      256 MiB  stolen memory, DSM
#     bf000000-bf1fffff        2 MiB  stolen memory, GSM
#     ba800000-be7fffff       64 MiB  ACPI Non-volatile Storage
#     00100000-ba7fffff     2983 MiB  System RAM
# Locked memory: 2818 MiB: RAM 1536 MiB, stolen memory 258 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 2885632
qemu-system-x86_64-igd-rmrr \
    -machine pc,accel=kvm \
    -cpu host \
    -m 1536M \
    -vga none \
    -nic none \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity,x-igd-opregion=on
exit status 0
