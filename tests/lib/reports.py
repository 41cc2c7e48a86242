# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests say beside passed and failed: why they are skipped, and what they counted."""
import pytest

LARGE = {"torch": "python3-torch", "scipy": "python3-scipy", "matplotlib": "python3-matplotlib", "cv2": "python3-opencv",
         "sklearn": "python3-sklearn"}


def want(module):
    """The Python package, or a test that is skipped and says how to get it; at the head of a file all tests of the file are skipped."""
    name = module.partition(".")[0]
    how = f"tests/run --large installs {LARGE[name]}" if name in LARGE else "tests/run installs it where it is to be had"
    return pytest.importorskip(module, reason=f"the Python package {name} is not here: {how}")


TOLD = {}  # title -> lines


def tell(title, line):
    """Shows a line when all tests have run, whichever process ran this one: tests/conftest.py does it."""
    TOLD.setdefault(title, []).append(line)


def merge_told(others):
    for title, lines in others.items():
        TOLD.setdefault(title, []).extend(lines)
