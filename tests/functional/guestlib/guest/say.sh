# How a test guest says what it sees: "@@LEVEL KEY words..." on ttyS1.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later

# Every program that is run takes a second in a guest inside a guest, so the
# shell's own commands are used where they will do.

# The ports of this level: what it says, the log of the guest inside it, and
# of the guest inside that.  Level 1 has serial ports, and its own log goes to
# the first by itself; the others have virtio's (nest.sh makes them).
say_open() {
    SAYS=/dev/ttyS1 INNER_LOG=/dev/ttyS2 INNERMOST_LOG=/dev/ttyS3 LOG=
    if [ -d /ports ]; then
        for module in /ports/*.ko; do
            [ -e $module ] && insmod $module
        done
        SAYS=/dev/vport0p1 LOG=/dev/vport0p2 INNER_LOG=/dev/vport0p3
        INNERMOST_LOG=/dev/null
        # They come some time after their driver, the last one last.
        tries=600
        until [ -c $INNER_LOG ] && (: > $INNER_LOG) 2> /dev/null ||
              [ $tries -eq 0 ]; do
            sleep 0.1
            tries=$((tries - 1))
        done
    fi
    exec 3> $SAYS
    say_log
}

# say_log: what the kernel has logged since the last time
say_log() {
    [ -n "$LOG" ] || return 0
    dmesg > /tmp/log
    tail -n +$((logged + 1)) /tmp/log > $LOG
    logged=$(wc -l < /tmp/log)
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
