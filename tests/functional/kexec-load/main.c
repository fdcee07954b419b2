/*
 * Has the running kernel load another one, and start it at once or on a panic
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test: kexec-load next|panic KERNEL INITRAMFS COMMAND-LINE. Two system calls
 * of Linux, kexec_file_load(2) and reboot(2), and nothing of kexec-tools.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    unsigned long flags = 0;
    int kernel, initramfs;

    if (argc != 5 || (strcmp(argv[1], "next") && strcmp(argv[1], "panic"))) {
        printf("next|panic KERNEL INITRAMFS COMMAND-LINE\n");
        return 1;
    }
    if (!strcmp(argv[1], "panic")) {
        flags = KEXEC_FILE_ON_CRASH;
    }
    kernel = open(argv[2], O_RDONLY);
    if (kernel < 0) {
        return failed(argv[2]);
    }
    initramfs = open(argv[3], O_RDONLY);
    if (initramfs < 0) {
        return failed(argv[3]);
    }
    if (syscall(SYS_kexec_file_load, kernel, initramfs, strlen(argv[4]) + 1,
                argv[4], flags)) {
        return failed("kexec_file_load");
    }
    if (!flags) {
        reboot(LINUX_REBOOT_CMD_KEXEC);
        return failed("reboot");
    }
    return 0;
}
