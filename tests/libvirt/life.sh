# A domain's life in a clean Debian, from define to undefine
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/libvirt/machines.py has put domain and guest there.

. /srv/steps.sh

ME=igd-testdev

# The /dev that libvirt makes for a domain has no devices in a chroot.
echo 'namespaces = []' >> /etc/libvirt/qemu.conf
need libvirtd start_libvirt
step capabilities capabilities
step modules add_modules
step capabilities_then capabilities
need define virsh define /srv/testdev.xml
need start virsh start $ME
step rmrr virsh qemu-monitor-command $ME --hmp 'info rmrr'
step vnc virsh domdisplay $ME
step ready until_so 150 said says 'L1 ready'
step state virsh domstate $ME
step shutdown virsh shutdown $ME
step off until_so 60 is_off $ME
step emulator cat $LOGS/$ME.log
step console cat $LOGS/console.log
step says cat $LOGS/says.log
step again virsh start $ME
step destroy virsh destroy $ME
step undefine virsh undefine $ME
step list virsh list --all --name
step left left_of $ME
step site cat $SITE_RULES
cd /srv
for row in ours/*.xml debian/*.xml; do
    step ${row%.xml} try_row ${row%.xml}
done
step capabilities_debian capabilities /srv/debian-qemu/emulator
step no_modules dpkg --purge qemu-system-modules-spice-igd-rmrr \
    qemu-system-modules-opengl-igd-rmrr
step capabilities_again capabilities
step purge dpkg --purge qemu-system-x86-igd-rmrr
step purged cat $SITE_RULES
step rules_left find $APPARMOR -name '*igd-rmrr*'
# Its trigger, for a libvirt that comes later.
step reinstall dpkg -i /srv/qemu-system-x86-igd-rmrr.deb
step dropped cp /dev/null $SITE_RULES
step trigger dpkg-trigger --by-package=dpkg $APPARMOR/abstractions/libvirt-qemu
step triggered dpkg --triggers-only --pending
step site_again cat $SITE_RULES
