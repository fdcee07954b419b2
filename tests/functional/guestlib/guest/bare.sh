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
