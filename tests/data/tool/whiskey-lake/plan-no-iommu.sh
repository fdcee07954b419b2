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
# |             c0000000-febfffff |   1004 MiB | PCI                          |
# |             b0000000-bfffffff |    256 MiB | MMCONFIG (SeaBIOS)           |
# |             90000000-afffffff |    512 MiB | no RAM; PCI                  |
# |             8c000000-8fffffff |     64 MiB | stolen memory, DSM           |
# |             8b800000-8bffffff |      8 MiB | stolen memory, GSM           |
# |             60000000-8b7fffff |    696 MiB | no RAM; PCI                  |
# |             00000000-5fffffff |   1536 MiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host:
# +-------------------------------+------------+------------------------------+
# |           100000000-478ffffff |  14224 MiB | System RAM                   |
# |             e0000000-efffffff |    256 MiB | Reserved                     |
# |             90000000-dfffffff |   1280 MiB | PCI Bus 0000:00              |
# |             8c000000-8fffffff |     64 MiB | stolen memory, DSM           |
# |             8b800000-8bffffff |      8 MiB | stolen memory, GSM           |
# |             87000000-8affffff |     64 MiB | ACPI Non-volatile Storage    |
# |             00100000-86ffffff |   2159 MiB | System RAM                   |
# +-------------------------------+------------+------------------------------+
# Locked memory: 2632 MiB: RAM 1536 MiB, stolen memory 72 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 2695168
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm \
    -cpu host \
    -m 1536M \
    -vga none \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity
exit status 0
