# Why:
#   -machine q35: the chipset with VT-d; KVM leaves the I/O APIC to the emulator for intremap=on
#   -cpu host: the GPU's drivers check the CPU model
#   -m 8192M: RAM; the part that would overlap stolen memory goes above 4 GiB
#   -vga none: the IGD is the only display
#   -device intel-iommu: publishes the RMRR; vfio-pci needs caching-mode, guests in the guest need intremap; aw-bits fits the host's IOMMU
#   -device vfio-pci: the IGD, where drivers look for it; base and size are given, as this kernel's reserved_regions does not tell them
# Left out:
#   romfile: until the guest loads its driver, the screen needs the ROM of VfioIgdPkg or of LongQT-sea's intel-igpu-passthru: --rom FILE
#   x-igd-lpc: q35 has an LPC bridge of its own and does not start with it
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#   100000000-2847fffff     6216 MiB  RAM
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     c0000000-febfffff     1004 MiB  PCI
#     b0000000-bfffffff      256 MiB  MMCONFIG (SeaBIOS)
#     80000000-afffffff      768 MiB  no RAM; PCI
#     7c000000-7fffffff       64 MiB  stolen memory, DSM
#     7b800000-7bffffff        8 MiB  stolen memory, GSM
#     00000000-7b7fffff     1976 MiB  RAM
# Memory of the host:
#   100000000-488ffffff    14480 MiB  System RAM
#     e0000000-efffffff      256 MiB  Reserved
#     80000000-dfffffff     1536 MiB  PCI Bus 0000:00
#     7c000000-7fffffff       64 MiB  stolen memory, DSM
#     7b800000-7bffffff        8 MiB  stolen memory, GSM
#     77000000-7affffff       64 MiB  ACPI Non-volatile Storage
#     00100000-76ffffff     1903 MiB  System RAM
# Locked memory: 9288 MiB: RAM 8 GiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 9510912
# Warning: for a kernel that releases displays: Linux 4.19.107 names no relaxable range: base and size have to be given, which plan does
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm,kernel-irqchip=split \
    -cpu host \
    -m 8192M \
    -vga none \
    -device intel-iommu,intremap=on,caching-mode=on,aw-bits=39 \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen-base=0x7b800000,x-igd-stolen-size=0x4800000,x-igd-opregion=on
