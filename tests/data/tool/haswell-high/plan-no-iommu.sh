# Why:
# -machine q35
#     the chipset of newer PCs
# -cpu host
#     the GPU's drivers look at the CPU
# -m 1536M
#     RAM; no more is needed to keep the base clear: what is in the way goes above 4 GiB
# -vga none
#     no other display beside the IGD
# -device vfio-pci
#     the IGD, where drivers look for it; identity: at the host's base or not at all
# Memory of the guest:
# +-------------------------------+------------+------------------------------+
# |             fec00000-ffffffff |     20 MiB | APIC, HPET, IOMMU, flash     |
# |             d0000000-febfffff |    748 MiB | PCI                          |
# |             ce000000-cfffffff |     32 MiB | stolen memory, DSM           |
# |             cde00000-cdffffff |      2 MiB | stolen memory, GSM           |
# |             c0000000-cddfffff |    222 MiB | PCI                          |
# |             b0000000-bfffffff |    256 MiB | MMCONFIG (SeaBIOS)           |
# |             60000000-afffffff |   1280 MiB | no RAM; PCI                  |
# |             00000000-5fffffff |   1536 MiB | RAM                          |
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
# Locked memory: 2594 MiB: RAM 1536 MiB, stolen memory 34 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 2656256
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm \
    -cpu host \
    -m 1536M \
    -vga none \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity
exit status 0
