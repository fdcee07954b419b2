# Why:
# -machine q35
#     the chipset with VT-d; KVM has to leave the I/O APIC to the emulator for intremap=on
# -cpu host
#     the GPU's drivers look at the CPU
# -m 8192M
#     RAM; no more is needed to keep the base clear: what is in the way goes above 4 GiB
# -vga none
#     no other display beside the IGD
# -device intel-iommu
#     publishes the RMRR; before vfio-pci, which needs caching-mode; intremap for guests in the
#     guest; aw-bits: what the host's IOMMU has
# -device vfio-pci
#     the IGD, where drivers look for it; identity: at the host's base or not at all
# Memory of the guest:
# +-------------------------------+------------+------------------------------+
# |           100000000-27fffffff |      6 GiB | RAM                          |
# |             fec00000-ffffffff |     20 MiB | APIC, HPET, IOMMU, flash     |
# |             d0000000-febfffff |    748 MiB | PCI                          |
# |             ce000000-cfffffff |     32 MiB | stolen memory, DSM           |
# |             cde00000-cdffffff |      2 MiB | stolen memory, GSM           |
# |             c0000000-cddfffff |    222 MiB | PCI                          |
# |             b0000000-bfffffff |    256 MiB | MMCONFIG (SeaBIOS)           |
# |             80000000-afffffff |    768 MiB | no RAM; PCI                  |
# |             00000000-7fffffff |      2 GiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host:
# +-------------------------------+------------+------------------------------+
# |           100000000-4369fffff |  13162 MiB | System RAM                   |
# |             e0000000-efffffff |    256 MiB | Reserved                     |
# |             d0000000-dfffffff |    256 MiB | PCI Bus 0000:00              |
# |             ce000000-cfffffff |     32 MiB | stolen memory, DSM           |
# |             cde00000-cdffffff |      2 MiB | stolen memory, GSM           |
# |             c9600000-cd5fffff |     64 MiB | ACPI Non-volatile Storage    |
# |             00100000-c95fffff |   3221 MiB | System RAM                   |
# +-------------------------------+------------+------------------------------+
# Locked memory: 9250 MiB: RAM 8 GiB, stolen memory 34 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 9472000
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm,kernel-irqchip=split \
    -cpu host \
    -m 8192M \
    -vga none \
    -device intel-iommu,intremap=on,caching-mode=on,aw-bits=39 \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity
exit status 0
