# An emulator inside a test guest whose CPU is this shell: qtest.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest's guest without a kernel.  It takes no time to boot, and does what it
# is told, one access at a time; no program is run for it.

BARE_BAR0=0x10000000

# bare_open ARGUMENT...: the emulator starts; the device gets BAR0, memory
# decoding and bus mastering
bare_open() {
    mkfifo /tmp/bare.in /tmp/bare.out
    # Both ways, because that does not wait: a wait ends with an error, and
    # with it the shell, when a child ends.
    exec 6<> /tmp/bare.in 8<> /tmp/bare.out
    exec 7< /tmp/bare.out
    /emulator -L /firmware -nodefaults -display none -accel qtest \
        -qtest stdio -qtest-log none "$@" \
        < /tmp/bare.in > /tmp/bare.out 2> /tmp/bare.err 6>&- 7>&- 8>&- &
    bare_process=$!
    bare_pci 0x10 $BARE_BAR0
    bare_pci 0x14 0
    bare_pci 0x04 0x6
    bare readl $BARE_BAR0+$DMA_ID
    say bare_open $reply
    # Now the emulator is the only one that writes, and its end is seen.
    exec 8>&-
}

# bare COMMAND ADDRESS [VALUE]: one access; what it gave in $reply
bare() {
    echo $1 $(($2)) $3 >&6
    read -r -t 60 ok reply <&7 || reply=gone
}

# bare_pci REGISTER VALUE: writes the device's config space
bare_pci() {
    bare outl 0xcf8 $((0x80001000 + $1))
    bare outl 0xcfc $2
}

# bare_dma COMMAND BASE SIZE: runs the device's engine, leaves $status
bare_dma() {
    bare writeq $BARE_BAR0+$DMA_SRC $(($2))
    bare writeq $BARE_BAR0+$DMA_DST $(($2))
    bare writeq $BARE_BAR0+$DMA_LEN $(($3))
    bare writel $BARE_BAR0+$DMA_CMD $1
    status=1
    tries=100
    while [ $((status)) -eq 1 ] && [ $tries -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
        bare readl $BARE_BAR0+$DMA_STATUS
        status=$reply
    done
}

# bare_cpu_to_device BASE SIZE LOOK, bare_device_to_cpu BASE SIZE LOOK: as
# without bare_ in handover.sh
bare_cpu_to_device() {
    bare writel $3 $CPU_FIRST
    bare writel $1+$2-4 $CPU_LAST
    bare_dma 3 $1 $2
    bare readq $BARE_BAR0+$DMA_CHECKSUM
    say region_sum status $status value $reply
}

bare_device_to_cpu() {
    bare writel $BARE_BAR0+$DMA_FILL $DEVICE_WORD
    bare_dma 2 $1 $2
    bare readl $3
    first=$reply
    bare readl $1+$2-4
    say device_to_cpu status $status words $first $reply
}

# bare_zero BASE SIZE: its CPU clears the region
bare_zero() {
    echo memset $(($1)) $(($2)) 0 >&6
    read -r -t 60 ok <&7
}

# bare_close: ends it as a guest does that powers off
bare_close() {
    exec 6>&-
    exec 7<&-
    kill $bare_process
    wait $bare_process
    say bare_close $?
    say_file bare_says /tmp/bare.err
    rm -f /tmp/bare.in /tmp/bare.out
}

# Its IOMMU: two domains by hand.  Registers are at 0xfed90000; tables of three
# levels, in legacy mode, at 0x100000 (VT-d specification 9.1, 9.3, 9.8, 10.4).

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
