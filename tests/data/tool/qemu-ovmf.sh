# Why:
#   -machine q35: the chipset with VT-d; KVM leaves the I/O APIC to the emulator for intremap=on
#   -cpu host: the GPU's drivers check the CPU model; firmware puts BARs below its address width, which the host's IOMMU limits
#   -m 3072M: RAM; the part that would overlap stolen memory goes above 4 GiB
#   -vga none: the IGD is the only display
#   -drive if=pflash: the firmware
#   -drive if=pflash: its variables: a copy of /usr/share/OVMF/OVMF_VARS_4M.fd that belongs to this guest
#   -device intel-iommu: publishes the RMRR; vfio-pci needs caching-mode, guests in the guest need intremap; aw-bits fits the host's IOMMU
#   -device vfio-pci: the IGD, where drivers look for it; identity: at the host's base or not at all
#   -device vfio-pci: its sound, over HDMI and DisplayPort
# Left out:
#   x-igd-lpc: q35 has an LPC bridge of its own and does not start with it
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#   100000000-1447fffff     1096 MiB  RAM
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     f0000000-febfffff      236 MiB  PCI
#     e0000000-efffffff      256 MiB  MMCONFIG (OVMF 2024+)
#     80000000-dfffffff     1536 MiB  no RAM; PCI
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
# Locked memory: 4168 MiB: RAM 3 GiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 4268032
# Warning: for the IGD's audio function: 0000:00:1f.3, snd_hda_intel
#     hint:
#         # sound of the host stops
#         modprobe vfio-pci
#         echo vfio-pci > /sys/bus/pci/devices/0000:00:1f.3/driver_override
#         echo 0000:00:1f.3 > /sys/bus/pci/devices/0000:00:1f.3/driver/unbind
#         echo 0000:00:1f.3 > /sys/bus/pci/drivers_probe
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm,kernel-irqchip=split \
    -cpu host,host-phys-bits-limit=39 \
    -m 3072M \
    -vga none \
    -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
    -drive if=pflash,format=raw,file=guest_VARS.fd \
    -device intel-iommu,intremap=on,caching-mode=on,aw-bits=39 \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity,x-igd-opregion=on,romfile=/usr/share/kvm/igd.rom \
    -device vfio-pci,host=0000:00:1f.3,addr=03.0
