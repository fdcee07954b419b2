# The IOMMU of a guest's guest without a kernel: two domains by hand.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Registers are at 0xfed90000; tables of three levels, in legacy mode, at
# 0x100000 (VT-d specification 9.1, 9.3, 9.8, 10.4).

VTD_CCMD=0xfed90028
VTD_IOTLB=0xfed900f8
VTD_GCMD=0xfed90018
VTD_RTADDR=0xfed90020

VTD_ROOT=0x100000
VTD_CONTEXT=0x101000
VTD_OTHER=0x110000
VTD_SAME=0x120000

# bare_vtd_domain TABLE ID: the device's context entry
bare_vtd_domain() {
    bare writeq $VTD_CONTEXT+0x108 $(($2 << 8 | 1))
    bare writeq $VTD_CONTEXT+0x100 $(($1 | 1))
}

# bare_vtd_flush: the device's context, and all translations
bare_vtd_flush() {
    bare writeq $VTD_CCMD 0xe000000000100000
    bare writeq $VTD_IOTLB 0x9000000000000000
}

# bare_vtd_other NUMBER: a domain of so many pages of 4 KiB, none in the region
bare_vtd_other() {
    bare writeq $VTD_OTHER $((VTD_OTHER + 0x1000 | 3))
    bare writeq $VTD_OTHER+0x1000 $((VTD_OTHER + 0x2000 | 3))
    number=0
    while [ $number -lt $1 ]; do
        bare writeq $VTD_OTHER+0x2000+8*$number \
            $((0x200000 + 0x2000 * number | 3))
        number=$((number + 1))
    done
}

# bare_vtd_same BASE SIZE: a domain with the region alone, mapped to itself
# with pages of 2 MiB
bare_vtd_same() {
    at=$(($1))
    bare writeq $VTD_SAME+8*\($at\>\>30\) $((VTD_SAME + 0x1000 | 3))
    while [ $at -lt $(($1 + $2)) ]; do
        bare writeq $VTD_SAME+0x1000+8*\($at\>\>21\&511\) $((at | 0x83))
        at=$((at + 0x200000))
    done
}

# bare_vtd_on: translation on
bare_vtd_on() {
    bare writeq $VTD_ROOT $((VTD_CONTEXT | 1))
    bare writeq $VTD_RTADDR $VTD_ROOT
    bare writel $VTD_GCMD 0x40000000
    bare_vtd_flush
    bare writel $VTD_GCMD 0x80000000
}

# bare_full BASE SIZE LOOK NUMBER: the IOMMU's first domain has as many pages
# as VFIO takes; then the device goes to one with its region, and again
bare_full() {
    bare_vtd_other $4
    bare_vtd_same $1 $2
    bare_vtd_domain $VTD_OTHER 1
    bare_vtd_on
    bare_vtd_domain $VTD_SAME 2
    bare_vtd_flush
    phase full
    bare_cpu_to_device $1 $2 $3
    bare_device_to_cpu $1 $2 $3
    phase
    bare_vtd_flush
    phase room
    bare_zero $1 $2
    bare_cpu_to_device $1 $2 $3
    bare_device_to_cpu $1 $2 $3
    phase
}
