#!/usr/bin/python3
# Runs one qtest program, or the guest or harness tests: for meson
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys

from igdrmrr import suites

sys.exit(suites.RUN[sys.argv[1]](*sys.argv[2:]))
