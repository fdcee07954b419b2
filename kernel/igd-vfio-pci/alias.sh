#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Module aliases for the ids that have stolen memory registers:
# alias.sh igd_stolen_ids.h
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# A range becomes one alias for all ids that begin with the same two digits,
# or three, and one for each id otherwise. Of PCI base class 03 only.

number='\(0x[0-9a-f]*\)'

alias_for() {
    echo "MODULE_ALIAS(\"vfio_pci:v00008086d0000$1sv*sd*bc03sc*i*\");"
}

echo "/* Made by alias.sh of igd_stolen_ids.h */"
sed -n "s/.*{ $number, $number, IGD_STOLEN_GEN[0-9].*/\1 \2/p" "$1" |
while read -r first last; do
    id=$((first))
    while [ $id -le $((last)) ]; do
        left=$((last - id + 1))
        if [ $((id % 256)) -eq 0 ] && [ $left -ge 256 ]; then
            alias_for "$(printf '%02X??' $((id / 256)))"
            id=$((id + 256))
        elif [ $((id % 16)) -eq 0 ] && [ $left -ge 16 ]; then
            alias_for "$(printf '%03X?' $((id / 16)))"
            id=$((id + 16))
        else
            alias_for "$(printf '%04X' $id)"
            id=$((id + 1))
        fi
    done
done
