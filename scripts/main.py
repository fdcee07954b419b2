#!/usr/bin/python3
# Starts the harness; ./run calls it once the packages are there
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys

from igdrmrr import cli

sys.exit(cli.main(sys.argv[1:]))
