# Handing the device on and taking it back: whose memory its DMA reaches.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is said after "phase NAME" is said as "@@LEVEL-NAME", so that the same
# facts can be told several times.  These functions run few programs, because
# each takes a second in a guest inside a guest; addresses are decimal for the
# same reason.

MARK_EVERY=$((4 << 20))
CPU_FIRST=0x11112222
CPU_LAST=0x40000001
DEVICE_WORD=0x0ddba110

# phase [NAME]
phase() {
    LEVEL=${LEVEL%%-*}${1:+-$1}
}

# region_mark BASE SIZE: the CPU writes each word's own address into it
region_mark() {
    at=$(($1))
    while [ $at -lt $(($1 + $2)) ]; do
        devmem $at 32 $at
        at=$((at + MARK_EVERY))
    done
    devmem $(($1 + $2 - 4)) 32 $(($1 + $2 - 4))
}

# region_look BASE SIZE: what the CPU finds in those words
region_look() {
    at=$(($1))
    while [ $at -lt $(($1 + $2)) ]; do
        say region_word $at $(devmem $at 32)
        at=$((at + MARK_EVERY))
    done
    at=$(($1 + $2 - 4))
    say region_word $at $(devmem $at 32)
}

# region_sum BASE SIZE: the device adds up the whole region
region_sum() {
    devmem $((bar0 + DMA_SRC)) 64 $(($1))
    devmem $((bar0 + DMA_LEN)) 64 $(($2))
    dma_run 3
    say region_sum status $status value $(devmem $((bar0 + DMA_CHECKSUM)) 64)
    region_fault
}

# region_fault: where the device was stopped, if it was
region_fault() {
    [ $((status)) -eq 2 ] ||
        say region_fault $(devmem $((bar0 + DMA_FAULT)) 64)
}

# cpu_to_device BASE SIZE LOOK: the CPU writes the first word of the DSM, at
# LOOK, and the last of the region; the device adds up all of it
cpu_to_device() {
    devmem $(($3)) 32 $CPU_FIRST
    devmem $(($1 + $2 - 4)) 32 $CPU_LAST
    region_sum $1 $2
}

# device_to_cpu BASE SIZE LOOK: the device fills the region, of the size of the
# last region_sum, and the CPU reads the same two words
device_to_cpu() {
    devmem $((bar0 + DMA_DST)) 64 $(($1))
    devmem $((bar0 + DMA_FILL)) 32 $DEVICE_WORD
    dma_run 2
    say device_to_cpu status $status words $(devmem $(($3)) 32) \
        $(devmem $(($1 + $2 - 4)) 32)
    region_fault
}

# vfio_limit NUMBER: most DMA mappings of a container that is opened later
vfio_limit() {
    load_modules
    echo $1 > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit
    read -r now < /sys/module/vfio_iommu_type1/parameters/dma_entry_limit
    say vfio_limit $now
}
