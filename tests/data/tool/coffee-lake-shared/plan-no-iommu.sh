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
# |             8f800000-afffffff |    520 MiB | no RAM; PCI                  |
# |             8d800000-8f7fffff |     32 MiB | stolen memory, DSM           |
# |             8d000000-8d7fffff |      8 MiB | stolen memory, GSM           |
# |             60000000-8cffffff |    720 MiB | no RAM; PCI                  |
# |             00000000-5fffffff |   1536 MiB | RAM                          |
# +-------------------------------+------------+------------------------------+
# Memory of the host:
# +-------------------------------+------------+------------------------------+
# |           100000000-4777fffff |  14200 MiB | System RAM                   |
# |             e0000000-efffffff |    256 MiB | Reserved                     |
# |             8f800000-dfffffff |   1288 MiB | PCI Bus 0000:00              |
# |             8d800000-8f7fffff |     32 MiB | stolen memory, DSM           |
# |             8d000000-8d7fffff |      8 MiB | stolen memory, GSM           |
# |             88800000-8c7fffff |     64 MiB | ACPI Non-volatile Storage    |
# |             00100000-887fffff |   2183 MiB | System RAM                   |
# +-------------------------------+------------+------------------------------+
# Locked memory: 2600 MiB: RAM 1536 MiB, stolen memory 40 MiB, 1 GiB for the rest
#     as root no limit; for a user: ulimit -l 2662400
qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=kvm \
    -cpu host \
    -m 1536M \
    -vga none \
    -device vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity
exit status 0
