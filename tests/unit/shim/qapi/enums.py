#!/usr/bin/python3
# The enums of a QAPI schema in C, for pure files that are built without QEMU
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: enums.py SCHEMA HEADER

import ast
import re
import sys
from pathlib import Path

schema, header = map(Path, sys.argv[1:])
text = re.sub('#.*', '', schema.read_text())
lines = ['/* Made of %s by %s */' % (schema.name, Path(__file__).name)]
for entry in ast.literal_eval(
        '[%s]' % re.sub(r'\}\s*\n\s*\{', '},{', text)):
    if 'enum' in entry:
        lines.append('typedef enum {')
        lines += ['    %s_%s,' % (entry['prefix'],
                                  value.upper().replace('-', '_'))
                  for value in entry['data'] + ['_MAX']]
        lines.append('} %s;' % entry['enum'])
header.parent.mkdir(parents=True, exist_ok=True)
header.write_text('\n'.join(lines) + '\n')
