# The kernel driver igd-vfio-pci in a test guest: load, bind, use
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The module lies at /driver, the program that uses the device at
# /bin/vfio-user; its verbs are in tests/functional/vfio-user.

# igdvfio_load [PARAMETER...]
igdvfio_load() {
    load_modules
    insmod /driver/igd-vfio-pci.ko "$@" || say problem "insmod failed"
    say igdvfio_load "$@"
}

# igdvfio_bind [ADDRESS]: gives the device to it, loaded if need be
igdvfio_bind() {
    [ -d /sys/module/igd_vfio_pci ] || igdvfio_load
    driver_bind igd-vfio-pci $1
}

# igdvfio_set PARAMETER VALUE: of the loaded module
igdvfio_set() {
    echo $2 > /sys/module/igd_vfio_pci/parameters/$1 ||
        say problem "$1 cannot be set"
}

# igdvfio_unload: what is there before and after
igdvfio_unload() {
    say_lines "igdvfio_iomem before" < /proc/iomem
    rmmod igd_vfio_pci
    say igdvfio_unload $?
    say_lines "igdvfio_iomem after" < /proc/iomem
    for left in /sys/module/igd_vfio_pci /sys/bus/pci/drivers/igd-vfio-pci; do
        [ -e $left ] && say igdvfio_left $left
    done
    grep igd_vfio /proc/modules | say_lines igdvfio_left
}

# user NAME VERB...: runs it, and says its lines after "user NAME"
user() {
    name=$1
    shift
    group=$(readlink /sys/bus/pci/devices/$IGD/iommu_group)
    vfio-user /dev/vfio/${group##*/} $IGD "$@" > /tmp/user.out 2>&1
    say user_exit $name $?
    say_lines "user $name" < /tmp/user.out
}

# user_killed NAME SECONDS VERB...: the same, ended by SIGKILL while it runs
user_killed() {
    name=$1
    seconds=$2
    shift 2
    group=$(readlink /sys/bus/pci/devices/$IGD/iommu_group)
    vfio-user /dev/vfio/${group##*/} $IGD "$@" > /tmp/user.out 2>&1 &
    victim=$!
    sleep $seconds
    kill -9 $victim
    wait $victim
    say user_exit $name $?
    say_lines "user $name" < /tmp/user.out
}

# config_put OFFSET BYTE...: in the device's config space, bytes in octal
config_put() {
    offset=$1
    shift
    bytes=
    for byte in "$@"; do
        bytes="$bytes\\$byte"
    done
    printf "$bytes" | dd of=/sys/bus/pci/devices/$IGD/config bs=1 \
        seek=$(($offset)) conv=notrunc 2> /dev/null
}

# watch_begin ADDRESS...: says what the CPU finds there, whenever it changes.
# The inner guest waits 6 seconds after each change; looking more often would
# make it twice as slow.
watch_begin() {
    before=
    while sleep 4; do
        now=
        for address in "$@"; do
            now="$now $(devmem $address 32)"
        done
        [ "$now" = "$before" ] || say watched $now
        before=$now
    done &
    watching=$!
}

watch_end() {
    sleep 3
    kill $watching
}

# words NAME ADDRESS...: what the CPU finds there
words() {
    name=$1
    shift
    found=
    for address in "$@"; do
        found="$found $(devmem $address 32)"
    done
    say words $name $found
}
