# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all tests in Python share lies in tests/lib, the package that they test in src/python."""
import ctypes
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "src" / "python"))

# GStreamer brings libunwind, whose unwinder then serves C++ exceptions of other packages in this process (onnx) halfway, and
# crashes; the compiler's own comes first
try:
    ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)
except OSError:
    pass

# Whoever runs the tests in the background of a script has them ignore SIGINT, and so would all that they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
