# A guest under KVM inside a test guest, led through its life by this shell.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The inner emulator's monitor reads a FIFO; what the inner guest says is in
# /tmp/port1 (nest.sh), and its answers come by a fourth port.

# until_true WHAT COMMAND...: runs it until it succeeds, for some minutes
until_true() {
    what=$1
    shift
    tries=1500
    until "$@"; do
        tries=$((tries - 1))
        if [ $tries -eq 0 ] || [ ! -d /proc/$life ]; then
            say problem "not seen: $what"
            return 1
        fi
        sleep 0.2
    done
}

# has COUNT TEXT FILE: that many lines with the text
has() {
    [ "$(grep -c "$2" $3)" -ge $1 ]
}

# heard TEXT [COUNT]: waits until the inner guest has said it so often
heard() {
    until_true "$1" has ${2:-1} "$1" /tmp/port1
}

# inner_answer WORD: the inner guest goes on
inner_answer() {
    echo $1 > /tmp/answers.in
}

# monitor COMMAND: waits until it is done; the monitor does one at a time
monitored=4000
monitor() {
    monitored=$((monitored + 1))
    echo "$1" >&5
    echo "print /d $monitored + 10000" >&5
    until_true "$1" has 1 "^1$monitored" /tmp/inner.out
}

# forgotten: the emulator takes the device away some time after the guest's
# kernel has given it up
forgotten() {
    monitor "info rmrr" && grep -q "^No device has" /tmp/inner.out
}

# kvm_life INNER_LINUX_ARGUMENT...: saved, changed, restored, reset, unplugged
kvm_life() {
    mkfifo /tmp/answers.in /tmp/answers.out /tmp/monitor.in
    mkdir -p /var/tmp
    exec 5<> /tmp/monitor.in
    : > /tmp/port1
    input=/tmp/monitor.in
    inner_linux "$@" -monitor stdio -action reboot=reset \
        -chardev pipe,id=answers,path=/tmp/answers \
        -device virtserialport,chardev=answers,nr=4 &
    life=$!
    heard "step boot" && inner_answer first &&
        heard "step saved" && monitor "savevm tag" && inner_answer changed &&
        heard "step changed" && monitor "loadvm tag" &&
        inner_answer restored && heard "step reset" && monitor system_reset &&
        heard "step boot" 2 && inner_answer second &&
        heard "step unplug" && monitor "info rmrr" &&
        monitor "device_del igd0" && inner_answer on &&
        heard "step gone" && until_true "no region" forgotten &&
        inner_answer on ||
        echo quit >&5
    wait $life
    exec 5>&-
    input=
}

# gone ADDRESS: waits until the kernel has given the device up
gone() {
    tries=300
    while [ -e /sys/bus/pci/devices/$1 ] && [ $tries -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
    [ -e /sys/bus/pci/devices/$1 ] || say gone $1
}

# msi NAME: VFIO's user of the device has it send an interrupt
msi() {
    user $1 master irq
}
