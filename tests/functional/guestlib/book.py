# The book: its blocks, who runs the commands in them, what they should print
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A block with commands is a "code-block:: console" whose caption, which the
# reader sees, says who runs it; every other block has a language of OTHERS.
# docs/devel/book.rst has the rules. Pure but for reading the sources.

import re
import textwrap
from dataclasses import dataclass

from igdrmrr import paths

DOCS = paths.ROOT / 'docs'

HOST = 'Run by the tests'
GUEST = 'Run by the tests, in a guest'
OTHER_GUEST = 'Run by the tests, in a guest with class=other'
LONG = 'Run by ./run check --full'
HARDWARE = 'Needs hardware'
NOBODY = 'Not run by the tests'
CAPTIONS = (HOST, GUEST, OTHER_GUEST, LONG, HARDWARE, NOBODY)
WITH_REASON = (HARDWARE, NOBODY)
# Who runs a block as anything but root has "$ ".
PROMPTS = {HOST: '$ ', LONG: '$ ', GUEST: '# ', OTHER_GUEST: '# '}
ANY = '...'
# What a laptop's screen shows of a block; what a command prints may be longer.
WIDTH = 92

OTHERS = ('text', 'json', 'xml', 'c', 'none')
# What begins a line that somebody may want to type.
COMMAND = re.compile(
    r'\s*(\$ |# |sudo |\./run\b|(\./|build/)?(igd-stolen|qemu-system-x86_64)'
    r'( |$)|make |modprobe |echo |cat |printf |apt-get |virsh |qm |dkms |cp |'
    r'git |meson |ninja |python3 |diff |devmem |setpci |insmod |grep )')

DIRECTIVE = re.compile(r'( *)\.\. ([a-z-]+):: *(.*)$')
CODE = ('code-block', 'code', 'sourcecode')
INCLUDE = 'literalinclude'


class Wrong(Exception):
    """A block against the rules; the text names it."""


@dataclass(frozen=True)
class Block:
    """A block of a page, as it is in the source."""
    page: str           # without .rst, from docs/ on
    line: int
    language: str
    caption: str
    text: str

    @property
    def name(self):
        return '%s:%d' % (self.page, self.line)

    @property
    def runner(self):
        """Which of CAPTIONS it has; None if it has no commands."""
        if self.language in OTHERS:
            return None
        caption, _, why = self.caption.partition(': ')
        if (self.language != 'console' or caption not in CAPTIONS
                or (caption in WITH_REASON) != bool(why)):
            raise Wrong('%s: language %r, caption %r' % (
                self.name, self.language, self.caption))
        return caption


@dataclass(frozen=True)
class Step:
    """A command and the lines it should print; None if none are shown."""
    command: str
    expected: tuple


def pages():
    """Every page, without .rst, from docs/ on."""
    return sorted(str(path.relative_to(DOCS).with_suffix(''))
                  for path in DOCS.rglob('*.rst'))


def options_of(lines):
    """The options that follow a directive, and how many lines they take."""
    found = {}
    for count, line in enumerate(lines):
        option = re.match(r' +:([a-z-]+): *(.*)$', line)
        if not option:
            return found, count
        found[option[1]] = option[2]
    return found, len(lines)


def content_of(lines, indent):
    """The lines that are further to the right than @indent, as text."""
    kept = []
    for line in lines:
        if line.strip() and not line.startswith(' ' * (indent + 1)):
            break
        kept.append(line)
    return textwrap.dedent('\n'.join(kept)).strip('\n')


def blocks_of(page):
    """The code blocks of one page, in order."""
    lines = (DOCS / (page + '.rst')).read_text().split('\n')
    found = []
    for number, line in enumerate(lines, 1):
        directive = DIRECTIVE.match(line)
        if not directive or directive[2] not in (*CODE, INCLUDE):
            continue
        options, count = options_of(lines[number:])
        language = directive[3]
        if directive[2] == INCLUDE:
            path = (DOCS / page).parent / directive[3]
            language = options.get('language', '')
            text = path.read_text().rstrip('\n')
        else:
            text = content_of(lines[number + count:], len(directive[1]))
        found.append(Block(page, number, language,
                           options.get('caption', ''), text))
    return found


def blocks():
    return [block for page in pages() for block in blocks_of(page)]


def run_by(*runners):
    """The blocks with one of these captions; a wrong one is nobody's."""
    def has(block):
        try:
            return block.runner in runners
        except Wrong:
            return False

    return [block for block in blocks() if has(block)]


def steps(block):
    """The commands of a block and what each should print."""
    prompt = PROMPTS.get(block.runner)
    found = []
    going_on = False
    for line in block.text.split('\n'):
        if going_on:
            found[-1][0].append(line)
        elif prompt and line.startswith(prompt):
            found.append(([line[len(prompt):]], []))
        elif not prompt and line[:2] in ('$ ', '# '):
            found.append(([line[2:]], []))
        elif not found:
            raise Wrong('%s: %r is not a command' % (block.name, line))
        else:
            found[-1][1].append(line)
            continue
        going_on = line.endswith('\\')
    return [Step('\n'.join(command), tuple(shown) if shown else None)
            for command, shown in found]


def commands(block):
    return [step.command for step in steps(block)]


def check(block):
    """Raises Wrong if a block is in no class, or not what its class says."""
    if block.runner is None:
        for line in block.text.split('\n'):
            if COMMAND.match(line):
                raise Wrong('%s: %r is a command, in a block of %s' % (
                    block.name, line, block.language))
    elif not steps(block):
        raise Wrong('%s: no command' % block.name)
    else:
        for line in '\n'.join(commands(block)).split('\n'):
            if len(line) > WIDTH:
                raise Wrong('%s: %r is wider than the page' % (
                    block.name, line))


def matches(expected, actual):
    """Whether lines are as shown; "..." is any lines, or any part of one."""
    expected = [line.rstrip() for line in expected]
    actual = [line.replace('\r', '').rstrip() for line in actual]
    while actual and not actual[-1]:
        actual.pop()
    while expected and not expected[-1]:
        expected = expected[:-1]
    pattern = ''.join(
        '(?:.*\n)*' if line.strip() == ANY else
        '.*'.join(map(re.escape, line.split(ANY))) + '\n'
        for line in expected)
    return re.fullmatch(pattern, ''.join(line + '\n'
                                         for line in actual)) is not None


# The commands for a guest, as that guest's job, and what it said taken apart.
# Each step says "book NAME STATUS", NAME being the block's and the step's
# number, and "book_out NAME BYTES".

# What the reader's machine has and the test's guest has elsewhere.
SET_UP = """\
load_modules
printf '#!/bin/sh\\nexec /emulator -L /firmware "$@"\\n' \\
    > /bin/qemu-system-x86_64
chmod 755 /bin/qemu-system-x86_64
"""

# Each page finds the device bound to nobody.
NEW_PAGE = """\
echo > /sys/bus/pci/devices/$IGD/driver_override
[ -e /sys/bus/pci/devices/$IGD/driver ] &&
    echo $IGD > /sys/bus/pci/devices/$IGD/driver/unbind
"""

CAPTURE = """\
vfio_bind
igd-stolen capture -o /tmp/bundle
say_bytes book_bundle /tmp/bundle
"""


def step_name(block, number):
    return f"{block.name}:{number}"


def step_job(block, number, step):
    """One command, in a shell of its own."""
    name = step_name(block, number)
    return "\n".join([
        "cat > /tmp/step <<'BOOK_STEP'", step.command, "BOOK_STEP",
        "sh /tmp/step > /tmp/out 2>&1 < /dev/null", f"say book {name} $?",
        f"say_bytes 'book_out {name}' /tmp/out", ""])


def job(runner):
    """Every command for a guest with this caption, page by page."""
    parts = [SET_UP, CAPTURE]
    page = None
    for block in run_by(runner):
        if block.page != page:
            page = block.page
            parts.append(NEW_PAGE)
        parts += [step_job(block, number, step)
                  for number, step in enumerate(steps(block))]
    return "".join(parts)


def status(evidence, block, number):
    """A command's exit status; None if it never came to its end."""
    said = evidence.value("book", step_name(block, number))
    return None if said is None else int(said)


def output(evidence, block, number):
    """The lines a command printed."""
    data = evidence.data("book_out", step_name(block, number)) or b""
    return data.decode("utf-8", "replace").split("\n")
