# What the scripts of this suite share: steps, each with output and status
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

EMULATOR=/usr/bin/qemu-system-x86_64-igd-rmrr
LOGS=/var/log/libvirt/qemu
EXAMPLES=/usr/share/doc/qemu-system-x86-igd-rmrr/examples
APPARMOR=/etc/apparmor.d
SITE_RULES=$APPARMOR/local/abstractions/libvirt-qemu

# step NAME COMMAND...: "@@NAME line" for each line, then "@@exit NAME STATUS"
step() {
    step=$1
    shift
    status=0
    "$@" > /run/step 2>&1 || status=$?
    sed "s|^|@@$step |" /run/step
    echo "@@exit $step $status"
}

# need NAME COMMAND...: a step without which there is no point in going on
need() {
    step "$@"
    [ $status = 0 ] || exit 0
}

# until_so SECONDS COMMAND...: again and again until it succeeds
until_so() {
    left=$1
    shift
    while ! "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 1
    done
}

said() {
    grep -qs "$2" $LOGS/$1.log
}

is_off() {
    [ "$(virsh domstate $1)" = 'shut off' ]
}

start_libvirt() {
    mkdir -p /run/libvirt /run/lock
    virtlogd --daemon && libvirtd --daemon
}

# What libvirt knows of the emulator; it asks it when it has to.
capabilities() {
    virsh domcapabilities --virttype qemu --emulatorbin ${1:-$EMULATOR}
}

# Starts the domain of ours/ROW or debian/ROW and asks it; Debian's emulator
# answers the second question with an error.
try_row() {
    virsh create --validate /srv/$1.xml || return
    virsh qemu-monitor-command ${1#*/} '{"execute": "query-status"}' &&
        virsh qemu-monitor-command ${1#*/} '{"execute": "query-rmrr"}'
    result=$?
    virsh destroy ${1#*/}
    return $result
}

add_modules() {
    dpkg -i /srv/qemu-system-modules-opengl-igd-rmrr.deb \
        /srv/qemu-system-modules-spice-igd-rmrr.deb
}

# left_of DOMAIN: files and processes that are still there; not those of this
# suite, nor the profile, which libvirt leaves of every domain
left_of() {
    find /etc/libvirt /run/libvirt /var/lib/libvirt \
        -path /var/lib/libvirt/images -prune -o -name "*$1*" -print
    grep -ls qemu-system /proc/[0-9]*/comm || :
}
