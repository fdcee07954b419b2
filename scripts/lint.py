#!/usr/bin/python3
# Checks of our own files: compilers' warnings, style, layers, hooks (TAP)
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys

from igdrmrr import lint

sys.exit(lint.main(sys.argv[1:]))
