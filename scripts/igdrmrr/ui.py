# What the user sees: messages, progress of long commands, log files
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time

from . import paths

# How often a long silent step says that it is still there, in seconds.
HEARTBEAT = 10
COUNT = re.compile(r'\[(\d+)/(\d+)\]')

# The commands that run now, in any thread; no more once they are told to stop.
_running = set()
_running_lock = threading.Lock()
_stopping = threading.Event()


class Failure(Exception):
    """A step that failed; the text is all that the user needs to read."""


def say(text):
    print('run: ' + text, flush=True)


def warn(text):
    say('warning: ' + text)


def tail(path, lines=30):
    """The end of a log file, ready to print."""
    text = path.read_text(errors='replace') if path.exists() else ''
    return ''.join('    %s\n' % line for line in text.splitlines()[-lines:])


def stop_group(process):
    """Ends a command and all that it started."""
    for sig, grace in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, sig)
        except ProcessLookupError:
            return
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue


def stop_running():
    """Ends what all threads run; whatever they begin now fails at once."""
    _stopping.set()
    with _running_lock:
        processes = list(_running)
    for process in processes:
        stop_group(process)


def start(command, keep, **kwargs):
    """A process of its own group, which stop_running() knows."""
    with _running_lock:
        if _stopping.is_set():
            raise Failure('interrupted')
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, pass_fds=tuple(keep),
            start_new_session=True, **kwargs)
        _running.add(process)
        return process


def pump(what, process, log, on_line):
    """
    Copies the output into the log until the command closes it.

    Says every HEARTBEAT seconds that it does, with the newest [n/m] of ninja.
    """
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    start = last = time.monotonic()
    rest, count = b'', ''
    while True:
        if selector.select(timeout=1):
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                break
            log.write(data)
            log.flush()
            *lines, rest = (rest + data).split(b'\n')
            for raw in lines:
                line = raw.decode(errors='replace')
                found = COUNT.search(line)
                count = ' %s of %s,' % found.groups() if found else count
                if on_line:
                    on_line(line)
        elif process.poll() is not None:
            break
        now = time.monotonic()
        if now - last >= HEARTBEAT:
            last = now
            say('  ... %s:%s %d s' % (what, count, now - start))


def run_logged(what, command, log_name, keep=(), on_line=None, check=True,
               append=False, **kwargs):
    """
    Runs a command with its output in build/log/LOG_NAME.

    @what names the step in progress lines and in the failure. The file
    descriptors in @keep stay open in the command: a lock handed over so is
    held until the last process of an interrupted run is gone. Returns
    the exit status; unless @check is false, another than 0 raises Failure with
    the end of the log.
    """
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    path = paths.LOGS / log_name
    command = [str(word) for word in command]
    with open(path, 'ab' if append else 'wb') as log:
        log.write(('$ ' + ' '.join(command) + '\n').encode())
        log.flush()
        process = start(command, keep, **kwargs)
        try:
            pump(what, process, log, on_line)
            status = process.wait()
        finally:
            if process.poll() is None:
                stop_group(process)
            _running.discard(process)
    if status and check:
        raise Failure('%s failed (exit status %d)\n%s  the whole log: %s'
                      % (what, status, tail(path), path))
    return status


def output(command, **kwargs):
    """What a short command prints; another exit status than 0 is a Failure."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, **kwargs)
    if done.returncode:
        raise Failure('%s failed: %s' % (
            ' '.join(map(str, command[:3])), done.stderr.strip()))
    return done.stdout


def install_signal_handlers():
    """SIGTERM and SIGHUP unwind as an interrupt from the keyboard does."""
    def handler(signum, _frame):
        raise KeyboardInterrupt(signal.Signals(signum).name)

    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, handler)


def flush_all():
    sys.stdout.flush()
    sys.stderr.flush()
