# SPDX-License-Identifier: LGPL-2.1-or-later
"""Patterns of names of cases and results."""
import re


def matches(title, patterns):
    """Whether a title has one of the patterns in it; * stands for anything."""
    return any(re.search(".*".join(map(re.escape, pattern.split("*"))), title) for pattern in patterns)
