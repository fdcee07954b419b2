# Why:
# -machine q35
#     the chipset with VT-d; KVM has to leave the I/O APIC to the emulator for intremap=on
# -cpu host
#     the GPU's drivers look at the CPU
# -m 3072M
#     RAM; no more is needed to keep the base clear: what is in the way goes above 4 GiB
# -vga none
#     no other display beside the IGD
# -drive if=pflash
#     the firmware, from Debian's package ovmf
# -drive if=pflash
#     its variables: a copy of /usr/share/OVMF/OVMF_VARS_4M.fd that belongs to this guest
# -device intel-iommu
#     publishes the RMRR; before vfio-pci, which needs caching-mode; intremap for guests in the
#     guest; aw-bits: what the host's IOMMU has
# -device vfio-pci
#     the IGD, where drivers look for it; identity: at the host's base or not at all
# Memory of the guest:
# +-------------------------------+------------+------------------------------+
# |           100000000-13fffffff |      1 GiB | RAM                          |
# |             fec00000-ffffffff |     20 MiB | APIC, HPET, IOMMU, flash     |
# |             f0000000-febfffff |    236 MiB | PCI                          |
# |             e0000000-efffffff |    256 MiB | MMCONFIG (OVMF 2024+)        |
# |             cf200000-dfffffff |    270 MiB | PCI                          |
# |             bf200000-cf1fffff |    256 MiB | stolen memory, DSM           |
# |             bf000000-bf1fffff |      2 MiB | stolen memory, GSM           |
# |             80000000-beffffff |   1008 MiB | no RAM; PCI                  |
# |             00000000-7fffffff |      2 GiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host:
# +-------------------------------+------------+------------------------------+
# |           100000000-4457fffff |  13400 MiB | System RAM                   |
# |             e0000000-efffffff |    256 MiB | Reserved                     |
# |             cf200000-dfffffff |    270 MiB | PCI Bus 0000:00              |
# |             bf200000-cf1fffff |    256 MiB | stolen memory, DSM           |
# |             bf000000-bf1fffff |      2 MiB | stolen memory, GSM           |
# |             ba800000-be7fffff |     64 MiB | ACPI Non-volatile Storage    |
# |             00100000-ba7fffff |   2983 MiB | System RAM                   |
# +-------------------------------+------------+------------------------------+
# Locked memory: 4354 MiB: RAM 3 GiB, stolen memory 258 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 4458496
# Warning: bf000000-cf1fffff; OVMF of 2023 and before has MMCONFIG there; hint: take OVMF of 2024 or
# later, as Debian 13 has: dpkg -s ovmf
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm,kernel-irqchip=split \
    -cpu host \
    -m 3072M \
    -vga none \
    -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
    -drive if=pflash,format=raw,file=guest_VARS_4M.fd \
    -device intel-iommu,intremap=on,caching-mode=on,aw-bits=39 \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity
exit status 0
