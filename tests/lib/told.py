# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests tell behind the results, when all have run. tests/conftest.py shows it, whichever process ran the test."""
TOLD = {}  # title -> lines


def tell(title, line):
    TOLD.setdefault(title, []).append(line)


def merge(others):
    for title, lines in others.items():
        TOLD.setdefault(title, []).extend(lines)
