# Why:
#   --machine pc: the chipset of older PCs; it has no VT-d, so no RMRR
#   --cpu host: the GPU's drivers check the CPU model; firmware puts BARs below its address width, which the host's IOMMU limits
#   --memory 4096: RAM; the part that would overlap stolen memory goes above 4 GiB
#   --balloon 0: all RAM is locked for the device
#   --vga none: the IGD is the only display
#   --bios seabios: the firmware; on q35 it shows no picture
#   --hostpci0 0000:00:02.0: the IGD, where drivers look for it
# Left out:
#   the directory of the ROM: Proxmox VE wants it in /usr/share/kvm
#   x-igd-lpc: a driver that wants the host's LPC bridge may need x-igd-lpc=on
#   x-igd-gms: the device's own size is right
# Memory of the guest:
#   100000000-13fffffff     1024 MiB  RAM
#     fec00000-ffffffff       20 MiB  APIC, HPET, IOMMU, flash
#     c0000000-febfffff     1004 MiB  PCI
#     00000000-bfffffff     3072 MiB  RAM
# Memory of the host:
#   100000000-488ffffff    14480 MiB  System RAM
#     e0000000-efffffff      256 MiB  Reserved
#     80000000-dfffffff     1536 MiB  PCI Bus 0000:00
#     7c000000-7fffffff       64 MiB  stolen memory, DSM
#     7b800000-7bffffff        8 MiB  stolen memory, GSM
#     77000000-7affffff       64 MiB  ACPI Non-volatile Storage
#     00100000-76ffffff     1903 MiB  System RAM
# Locked memory: 5 GiB: RAM 4 GiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 5242880
# Warning: for the IGD's audio function: 0000:00:1f.3, snd_hda_intel
#     hint:
#         # sound of the host stops
#         modprobe vfio-pci
#         echo vfio-pci > /sys/bus/pci/devices/0000:00:1f.3/driver_override
#         echo 0000:00:1f.3 > /sys/bus/pci/devices/0000:00:1f.3/driver/unbind
#         echo 0000:00:1f.3 > /sys/bus/pci/drivers_probe
# Warning: for a place in the guest: the guest's firmware chooses one: Proxmox VE starts only its own emulator, which does not know x-igd-stolen
#     hint:
#         # when pve-qemu-kvm is the one of this project:
#         igd-stolen plan --memory 4096M --machine pc --format proxmox --rom /usr/share/kvm/igd.rom --audio --emulator /usr/bin/kvm
qm set "$VMID" \
    --machine pc \
    --cpu host \
    --memory 4096 \
    --balloon 0 \
    --vga none \
    --bios seabios \
    --hostpci0 0000:00:02.0,legacy-igd=1,romfile=igd.rom --hostpci1 0000:00:1f.3
