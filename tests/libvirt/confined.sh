# First process of a Debian in which AppArmor confines libvirt and its guests
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a guest with igd-testdev, which a domain is handed as the host's IGD, once
# igd-stolen has changed it. The domain is gone as soon as its kernel has named
# the RMRR.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
# As much as the domain has.
mkdir -p /dev/hugepages
mount -t hugetlbfs hugetlbfs /dev/hugepages
echo 128 > /proc/sys/vm/nr_hugepages
exec > /dev/ttyS1 2>&1
# No denial is to be left out.
echo 0 > /proc/sys/kernel/printk_ratelimit

. /srv/steps.sh

ME=igd

labels() {
    for process in /proc/[0-9]*; do
        read -r label < $process/attr/current &&
            read -r command < $process/comm && echo "$command $label"
    done
}

# The files that the emulator has open or mapped, its modules among them.
held() {
    read -r pid < /run/libvirt/qemu/$ME.pid
    readlink /proc/$pid/fd/* /proc/$pid/map_files/* | sort -u
}

rmrr_of() {
    grep -o 'DMAR: RMRR base.*' $LOGS/console.log
}

# libvirt has no vhost for a domain without KVM.
try_vhost() {
    printf 'info network\nquit\n' | $EMULATOR \
        -machine q35,accel=tcg -nodefaults -display none -S -monitor stdio \
        -netdev tap,id=net,ifname=tap9,script=no,downscript=no,vhost=on \
        -device virtio-net-pci,netdev=net
}

change() {
    igd-stolen plan --from-xml /srv/igd.xml > /run/igd.xml
}

say_time() {
    read -r up _ < /proc/uptime
    echo "@@time $1 $up"
}

say_time begin
step enabled cat /sys/module/apparmor/parameters/enabled
step rules apparmor_parser -r $APPARMOR/usr.sbin.libvirtd \
    $APPARMOR/usr.lib.libvirt.virt-aa-helper
need libvirtd start_libvirt
say_time libvirtd
step modules add_modules
step plan igd-stolen plan --memory 256M --format libvirt
need change change
need define virsh define /run/igd.xml
need start virsh start $ME
say_time started
step labels labels
step held held
step info virsh qemu-monitor-command $ME --hmp 'info rmrr'
step ready until_so 240 said console 'RMRR base'
say_time ready
step rmrr rmrr_of
step emulator cat $LOGS/$ME.log
step destroy virsh destroy $ME
step undefine virsh undefine $ME
step list virsh list --all --name
step left left_of $ME
step vhost try_vhost
dmesg > /run/dmesg
step denied sed -n '/apparmor="DENIED"/p' /run/dmesg
say_time end
echo '@@L1 finished'
echo o > /proc/sysrq-trigger
sleep 60
