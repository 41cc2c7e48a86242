# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all tests in Python share lies in tests/lib."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
