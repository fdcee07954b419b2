# A guest inside a test guest: vfio-pci takes the device, QEMU runs on it.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The emulator and its libraries lie at /emulator and at the libraries' own
# paths; firmware at /firmware; the inner guest's kernel and initramfs at
# /inner.

# vfio_bind [ADDRESS]: gives the device to vfio-pci
vfio_bind() {
    driver_bind vfio-pci $1
}

# inner NAME SECONDS ARGUMENT...: one run of the emulator in here
inner() {
    name=$1
    seconds=$2
    shift 2
    say_time inner_started $name
    timeout -s KILL $seconds /emulator -L /firmware -nodefaults \
        -display none -no-reboot "$@" \
        < ${input:-/dev/null} > /tmp/inner.out 2> /tmp/inner.err
    say inner_exit $name $?
    say_file "inner_says $name" /tmp/inner.err
    say_file "inner_says $name" /tmp/inner.out
    say_time inner_finished $name
}

# ask COMMAND...: what the next inner_paused asks the monitor
ask() {
    for command in "$@"; do
        asked="$asked{\"execute\":\"human-monitor-command\",\"arguments\":"
        asked="$asked{\"command-line\":\"$command\"}}"
    done
}

# inner_paused NAME SECONDS ARGUMENT...: one that has nothing to do but start
inner_paused() {
    input=/tmp/inner.in
    echo '{"execute":"qmp_capabilities"}'"$asked"'{"execute":"quit"}' > $input
    inner "$@" -S -qmp stdio
    input=
    asked=
}

# inner_ejected NAME SECONDS ARGUMENT...: one on pc whose device at 02.0 is
# ejected, as a guest does it by ACPI. What memory there is, before and after;
# a device_add that fails waits for what is freed late.
inner_ejected() {
    input=/tmp/inner.in
    {
        echo '{"execute":"qmp_capabilities"}'
        for line in "info ramblock" "o /w 0xae10 0" "o /w 0xae08 4" \
            "device_add none" "device_add none" "device_add none" \
            "info ramblock"; do
            echo '{"execute":"human-monitor-command",' \
                '"arguments":{"command-line":"'"$line"'"}}'
        done
        echo '{"execute":"quit"}'
    } > $input
    inner "$@" -S -qmp stdio
    input=
}

# inner_planned NAME SECONDS SIZE: one started as igd-stolen plans it
inner_planned() {
    igd-stolen plan --memory $3 > /tmp/plan
    planned=$(grep -v '^#' /tmp/plan | tr -d '\\\n')
    eval "inner_paused $1 $2 ${planned#qemu-system-x86_64-igd-rmrr}"
}

# hand_on NUMBER: a port of the inner guest; what it writes there goes to
# standard output as it comes
hand_on() {
    file=/tmp/port$1
    : > $file
    tail -f $file &
    handing_on="$handing_on $!"
    ports="$ports -chardev file,id=port$1,append=on,path=$file"
    ports="$ports -device virtserialport,chardev=port$1,nr=$1"
}

# inner_linux SECONDS COMMAND_LINE ARGUMENT...: the inner guest itself
#
# Its ports are files: a real port in their place would make the inner kernel
# wait for each character.  The files are handed on as they grow.  What it says
# and its log are virtio's ports; its console has only what is serious.
inner_linux() {
    seconds=$1
    command_line=$2
    shift 2
    handing_on=
    ports="-device virtio-serial-pci,addr=1e.0"
    hand_on 1 >&3
    hand_on 2 > $INNER_LOG
    hand_on 3 > $INNERMOST_LOG
    inner linux $seconds $ports \
        -chardev file,id=console,append=on,path=/tmp/port2 \
        -serial chardev:console -kernel /inner/vmlinuz \
        -initrd /inner/initrd -append "$command_line" "$@"
    sleep 2
    kill $handing_on
}
