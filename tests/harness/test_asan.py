# The suite on an emulator with sanitizers: what makes a report a failure
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import subprocess

import pytest

from igdrmrr import top

PROGRAMS = {
    'address': 'char *p = malloc(1); free(p); return *(volatile char *)p;',
    'undefined': 'volatile int n = 40; return (1 << n) != 0 && 0;',
    'leak': 'volatile char *p = malloc(1); p = 0; return p != 0;',
    'clean': 'return 0;',
}


@pytest.mark.parametrize('name', PROGRAMS)
def test_a_report_is_a_status_that_no_test_expects(name, tmp_path):
    source = tmp_path / 'main.c'
    source.write_text('#include <stdlib.h>\nint main(void) { %s }\n'
                      % PROGRAMS[name])
    program = tmp_path / 'main'
    subprocess.run(['gcc', '-fsanitize=address', '-fsanitize=undefined',
                    '-w', '-o', program, source], check=True)
    leaks = tmp_path / 'leaks.txt'
    leaks.write_text('leak:nothing\n')
    env = dict(os.environ, **top.asan_environment(leaks))
    done = subprocess.run([program], env=env, stderr=subprocess.PIPE)
    assert done.returncode == (0 if name == 'clean' else 99), done.stderr
