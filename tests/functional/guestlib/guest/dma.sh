# Device DMA by igd-testdev's engine, with the CPU as the other party.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Register numbers are those of docs/specs/igd-testdev.rst.  The CPU gets at
# stolen memory with devmem: the kernel allows it for memory that is reserved
# in its memory map.

DMA_ID=0x180000
DMA_CMD=0x180008
DMA_STATUS=0x18000c
DMA_SRC=0x180010
DMA_DST=0x180018
DMA_LEN=0x180020
DMA_FILL=0x180028
DMA_CHECKSUM=0x180030
DMA_FAULT=0x180038

hex() {
    printf '0x%x' $(($1))
}

# dma_open [ADDRESS]: memory decoding and bus mastering on, BAR0 found
dma_open() {
    dir=/sys/bus/pci/devices/${1:-$IGD}
    printf '\006\000' | dd of=$dir/config bs=1 seek=4 conv=notrunc 2>/dev/null
    read -r bar0 rest < $dir/resource
    say dma_id "$(dma_get $DMA_ID)"
}

# dma_get REGISTER [WIDTH], dma_put REGISTER VALUE [WIDTH]
dma_get() {
    devmem $((bar0 + $1)) ${2:-32}
}

dma_put() {
    devmem $((bar0 + $1)) ${3:-32} $2
}

# dma_run COMMAND: starts it, waits at most 10 seconds, leaves $status
dma_run() {
    dma_put $DMA_CMD $1
    tries=100
    status=$(dma_get $DMA_STATUS)
    while [ $((status)) -eq 1 ] && [ $tries -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
        status=$(dma_get $DMA_STATUS)
    done
}

# dma_fill BASE SIZE LOOK: the device writes a range and reads it back, the
# CPU looks at three words from LOOK on.  (The CPU of a real machine must not
# touch the GSM, and a kernel may not let it; so LOOK is where the DSM begins.)
dma_fill() {
    last=$(hex $1+$2-4)
    middle=$(hex $3/2+$last/2+2)
    for address in $3 $middle $last; do
        devmem $address 32 0x01010101
    done
    dma_put $DMA_DST $1 64
    dma_put $DMA_SRC $1 64
    dma_put $DMA_LEN $2 64
    dma_put $DMA_FILL 0x5a17ed00
    dma_run 2
    say dma_fill $1 $2 status $status words $(devmem $3 32) \
        $(devmem $middle 32) $(devmem $last 32) fault $(dma_get $DMA_FAULT 64)
    dma_run 3
    say dma_read $1 $2 status $status sum $(dma_get $DMA_CHECKSUM 64) \
        fault $(dma_get $DMA_FAULT 64)
}

# dma_checksum BASE: the CPU writes two words of a page, the device reads it
dma_checksum() {
    dma_put $DMA_DST $1 64
    dma_put $DMA_LEN 0x1000 64
    dma_put $DMA_FILL 0
    dma_run 2
    cleared=$status
    devmem $1 32 0x11112222
    devmem $(hex $1+0xffc) 32 0x40000001
    dma_put $DMA_SRC $1 64
    dma_run 3
    say dma_checksum $1 status $cleared $status \
        sum $(dma_get $DMA_CHECKSUM 64) fault $(dma_get $DMA_FAULT 64)
}

# dma_copy SOURCE TARGET: the CPU writes, the device copies, the CPU reads
dma_copy() {
    devmem $1 32 0x0c0ffee0
    devmem $2 32 0
    dma_put $DMA_SRC $1 64
    dma_put $DMA_DST $2 64
    dma_put $DMA_LEN 0x1000 64
    dma_run 1
    say dma_copy $1 $2 status $status word $(devmem $2 32) \
        fault $(dma_get $DMA_FAULT 64)
}

# dma_stray TARGET: a write where the IOMMU maps nothing
dma_stray() {
    dma_put $DMA_DST $1 64
    dma_put $DMA_LEN 0x1000 64
    dma_put $DMA_FILL 0xdeadbeef
    dma_run 2
    say dma_stray $1 status $status fault $(dma_get $DMA_FAULT 64)
}

# picture: the program tests/functional/test-card writes the test card into
# stolen memory and has it shown; it waits until the host has made a screendump,
# which it learns from the device.  Memory decoding and bus mastering are on.
picture() {
    test-card /sys/bus/pci/devices/$IGD < /card 2>&1 | say_lines picture
}
