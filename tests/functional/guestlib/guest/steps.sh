# A test guest that goes step by step: the host looks at the emulator between
# two of them.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host's side of it is steps.py: ttyS1 carries the answers.  A guest inside
# this one has them by a port of its own, from kvm.sh.

steps_open() {
    if [ -d /ports ]; then
        exec 4< /dev/vport0p4
    else
        stty -F /dev/ttyS1 raw -echo
        exec 4< /dev/ttyS1
    fi
}

# step NAME: that one is over; goes on when the host has answered, with what
# it said in $answer
step() {
    answer=
    say step $1
    read -r -t 200 answer <&4 || say problem "no answer after step $1"
}

# driver_bind DRIVER [ADDRESS], driver_unbind [ADDRESS]
driver_bind() {
    at=${2:-$IGD}
    load_modules
    echo $1 > /sys/bus/pci/devices/$at/driver_override
    echo $at > /sys/bus/pci/drivers_probe
    driver=$(readlink /sys/bus/pci/devices/$at/driver)
    say driver_bind $at "${driver##*/}"
}

driver_unbind() {
    at=${1:-$IGD}
    echo $at > /sys/bus/pci/devices/$at/driver/unbind
    echo > /sys/bus/pci/devices/$at/driver_override
    driver=$(readlink /sys/bus/pci/devices/$at/driver)
    say driver_unbind $at "${driver##*/}"
}

# group_type TYPE [ADDRESS]: another default domain, while no driver has it
group_type() {
    at=${2:-$IGD}
    type=/sys/bus/pci/devices/$at/iommu_group/type
    echo $1 > $type
    read -r now < $type
    say group_type $at $now
}

# vfio_attach ARGUMENT...: the emulator in here opens the device through VFIO
# and stays, paused; vfio_detach ends it
vfio_attach() {
    mkfifo /tmp/attach.in
    /emulator -L /firmware -nodefaults -display none -S -qmp stdio "$@" \
        < /tmp/attach.in > /tmp/attach.out 2> /tmp/attach.err &
    attached=$!
    exec 5<> /tmp/attach.in
    echo '{"execute":"qmp_capabilities"}' >&5
    tries=600
    while ! grep -q '"return"' /tmp/attach.out && [ -d /proc/$attached ] &&
          [ $tries -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
    grep -q '"return"' /tmp/attach.out
    say vfio_attach $?
    say_file vfio_attach_says /tmp/attach.err
}

vfio_detach() {
    echo '{"execute":"quit"}' >&5
    exec 5>&-
    wait $attached
    say vfio_detach $?
    rm -f /tmp/attach.in
}

# steps_walk ARGUMENT...: the whole way and a reboot, if the host says "on";
# the arguments are the emulator's in here
steps_walk() {
    steps_open
    step boot
    [ "$answer" = on ] || return 0
    driver_bind pci-stub
    step driver-bind
    driver_unbind
    step driver-unbind
    vfio_bind
    step vfio-bind
    vfio_attach "$@"
    step vfio-attach
    vfio_detach
    step vfio-detach
    driver_unbind
    step vfio-unbind
    group_type identity
    step pass-through
    group_type DMA
    step translated
    driver_bind pci-stub
    step driver-rebind
    reboot -f
}
