# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python packages that some tests want; a test that wants one that is not there is skipped, and says how to get it."""
import pytest

LARGE = {"torch": "python3-torch", "scipy": "python3-scipy", "matplotlib": "python3-matplotlib", "cv2": "python3-opencv",
         "sklearn": "python3-sklearn"}


def want(module):
    """The module; at the head of a file all tests of the file are skipped."""
    name = module.partition(".")[0]
    how = f"tests/run --large installs {LARGE[name]}" if name in LARGE else "tests/run installs it where it is to be had"
    return pytest.importorskip(module, reason=f"the Python package {name} is not here: {how}")
