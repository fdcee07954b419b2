# How a test guest says what it sees: "@@LEVEL KEY words..." on ttyS1.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later

# Every program that is run takes a second in a guest inside a guest, so the
# shell's own commands are used where they will do.

say_open() {
    exec 3> /dev/ttyS1
}

say() {
    echo "@@$LEVEL $*" >&3
}

# say_time KEY...: with the seconds since the kernel started
say_time() {
    read -r up idle < /proc/uptime
    say "$@" $up
}

# say_lines KEY: one line for each line of standard input
say_lines() {
    while read -r words; do
        say "$1 $words"
    done
}

# say_file KEY FILE: one line for each line of the file
say_file() {
    [ -r "$2" ] && say_lines "$1" < "$2"
}

# say_bytes KEY FILE [COUNT]: the file's bytes in hexadecimal, on one line
say_bytes() {
    [ -r "$2" ] || return 0
    say $1 $(od -An -v -tx1 ${3:+-N $3} "$2")
}
