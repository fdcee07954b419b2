#!/usr/bin/python3
# Names of the qtest programs, one a line, for meson
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from igdrmrr import suites

print('\n'.join(suites.qtest_names()))
