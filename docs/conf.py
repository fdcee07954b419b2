# The book, for Sphinx
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plain: no extension, and a theme that Sphinx brings along. "./run docs"
# builds it, and takes a warning for an error.

project = 'qemu-igd-rmrr'
copyright = '2026 The qemu-igd-rmrr developers'

language = 'en'
root_doc = 'index'
exclude_patterns = ['man']
highlight_language = 'none'
smartquotes = False

html_theme = 'alabaster'
html_title = 'qemu-igd-rmrr'
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    'description': 'Stolen memory and RMRR of an assigned Intel IGD',
    'page_width': '66em',
}
