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
# |           100000000-174ffffff |   1872 MiB | RAM                          |
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
# Locked memory: 4168 MiB: RAM 3 GiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 4268032
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
