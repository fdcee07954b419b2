# The book, for Sphinx
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# "./run docs" builds it, and takes a warning for an error.

import re

from docutils import nodes
from pygments.lexer import RegexLexer, bygroups
from pygments.token import Generic, Text
from sphinx.util.nodes import make_refnode

project = 'qemu-igd-rmrr'
copyright = '2026 The qemu-igd-rmrr developers'

language = 'en'
root_doc = 'index'
exclude_patterns = ['man']
highlight_language = 'none'
smartquotes = False

extensions = ['sphinx_copybutton']
# A command of root's begins with a letter or a path; a comment that a command
# prints ("# Memory of the guest:", "#   7b000000-...") does not.
copybutton_prompt_text = r'\$ |# (?=[a-z./])'
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = '\\'
copybutton_copy_empty_lines = False

html_theme = 'furo'
html_title = 'qemu-igd-rmrr'
html_static_path = ['static']
html_css_files = ['book.css']
html_show_sphinx = False
html_copy_source = False


def commands_after(prompt):
    return [(prompt.join(('(', r')((?:.*\\\n)*.*\n)')),
             bygroups(Generic.Prompt, Text)),
            (r'.*\n', Generic.Output)]


class Console(RegexLexer):
    """Commands after the first line's prompt; all else is output."""
    tokens = {
        'root': [(r'(?=\$ )', Text, 'user'), (r'(?=# )', Text, 'guest')],
        'user': commands_after(r'\$ '),
        'guest': commands_after('# '),
    }


# What is not running text, or is a link already.
NOT_LINKED = (nodes.title, nodes.Referential, nodes.literal,
              nodes.FixedTextElement, nodes.caption, nodes.term, nodes.comment)


def is_running_text(node):
    while node and not isinstance(node, NOT_LINKED):
        node = node.parent
    return not node


def link_glossary(app, tree, page):
    """The first use of each word of the glossary on a page is a link."""
    places = {name: place for (kind, name), place in
              app.env.get_domain('std').objects.items()
              if kind == 'term' and place[0] != page}
    if not places:
        return
    words = re.compile(r'\b(%s)(?=s?\b)' % '|'.join(
        map(re.escape, sorted(places, key=len, reverse=True))))
    for text in list(filter(is_running_text, tree.findall(nodes.Text))):
        parts = []
        at = 0
        for match in words.finditer(text):
            if match[1] in places:
                target = places.pop(match[1])
                parts += [nodes.Text(text[at:match.start()]), make_refnode(
                    app.builder, page, *target, nodes.Text(match[1]))]
                at = match.end()
        text.parent.replace(text, parts + [nodes.Text(text[at:])])


def setup(app):
    app.add_lexer('console', Console)
    app.connect('doctree-resolved', link_glossary)
