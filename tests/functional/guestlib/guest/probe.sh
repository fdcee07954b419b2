# What a test guest looks at: memory map, ACPI, IOMMU groups, the device.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing here judges; that is done on the host by checks.py.

IGD=0000:00:02.0

probe_memory() {
    say_file iomem /proc/iomem
}

# The table as the firmware handed it on.
probe_tables() {
    say_bytes "table DMAR" /sys/firmware/acpi/tables/DMAR
}

# The emulator's own files for the firmware; needs the qemu_fw_cfg module.
probe_fw_cfg() {
    load_modules
    dir=/sys/firmware/qemu_fw_cfg/by_name/etc
    for file in $dir/*; do
        say fw_cfg "etc/${file##*/}"
    done
    for name in e820 igd-stolen-base; do
        say_bytes "fw_cfg_bytes etc/$name" $dir/$name/raw
    done
}

# probe_device [ADDRESS]: identity, config space, BARs, group and its regions
probe_device() {
    at=${1:-$IGD}
    dir=/sys/bus/pci/devices/$at
    if [ ! -d $dir ]; then
        say device $at absent
        return 0
    fi
    read -r vendor < $dir/vendor
    read -r device < $dir/device
    read -r class < $dir/class
    say device $at $vendor $device $class
    say_bytes "config $at" $dir/config 256
    while read -r base limit flags; do
        [ $limit != 0x0000000000000000 ] && say bar $at $base $limit $flags
    done < $dir/resource
    if [ -e $dir/iommu_group ]; then
        group=$(readlink $dir/iommu_group)
        group=/sys/kernel/iommu_groups/${group##*/}
        say_file "group_type $at" $group/type
        say_file "group_region $at" $group/reserved_regions
    else
        say group_type $at none
    fi
}

# probe_verify: the agreements, one verdict a line
probe_verify() {
    igd-stolen verify > /tmp/verify
    say verify_status $?
    say_file verify /tmp/verify
}

# probe_tool: what igd-stolen makes of this guest as a host for another one
probe_tool() {
    probe_verify
    igd-stolen probe --json > /tmp/probe
    say tool_status $?
    say_file tool_probe /tmp/probe
    igd-stolen plan --memory 256M > /tmp/plan
    say_file tool_plan /tmp/plan
    igd-stolen capture -o /tmp/bundle
    say_file tool_bundle /tmp/bundle
}

# Modules lie in /modules in the order in which they are loaded.
load_modules() {
    [ -n "$modules_loaded" ] && return 0
    modules_loaded=yes
    for module in /modules/*; do
        insmod $module || say problem "insmod ${module##*/} failed"
    done
}
