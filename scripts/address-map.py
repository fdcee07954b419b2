#!/usr/bin/python3
# Draws the map of the book anew: picture, text, the manual page's copy
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys

from igdrmrr import address_map_files

sys.exit(address_map_files.main())
