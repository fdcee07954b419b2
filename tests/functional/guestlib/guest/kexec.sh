# From one kernel to the next without firmware: kexec, and a crash kernel.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /kexec has a program that loads (kexec-load/main.c), a kernel, and this boot's
# initramfs without /kexec.  Which boot it is comes on the command line, and the
# kernel hands it on to init as $boot.

# command_line WORD...: this kernel's, without its boot and crashkernel=
command_line() {
    read -r words < /proc/cmdline
    line=
    for word in $words; do
        case $word in
        boot=* | crashkernel=*) ;;
        *) line="$line $word" ;;
        esac
    done
    line="$line $*"
}

# kexec_next NAME WORD: the same kernel as that boot, with /kexec again
kexec_next() {
    command_line boot=$1 $2
    cd /
    find kexec | cpio -o -H newc 2> /tmp/cpio |
        cat kexec/initramfs - > /tmp/initramfs
    say kexec $(/kexec/load next /kexec/vmlinuz /tmp/initramfs "$line")
}

# kexec_panic NAME: the same kernel as crash kernel, as that boot; a panic
kexec_panic() {
    command_line boot=$1
    say kexec $(/kexec/load panic /kexec/vmlinuz /kexec/initramfs "$line")
    echo c > /proc/sysrq-trigger
}
