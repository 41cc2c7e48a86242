# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of pixelprofile share: the program, and profiles made through the library's introspected interface.

Needs PIXELNORM_BUILD (the build directory), and the library and its typelib on their paths.
"""
import os
import pathlib
import subprocess
import time

import gi
import numpy as np

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402, F401 - for the tests

PROGRAM = pathlib.Path(os.environ["PIXELNORM_BUILD"], "src", "cli", "pixelprofile")
Scope = Pixelnorm.Scope
# what collect says where it made a profile of one picture
ONE_FRAME = ("pixelprofile collect: Warning: With 1 frame the deviation of every pixel is 0. Collect more frames, or normalize with "
             "scope=channel.\n")

# how a profile begins, which --force may overwrite
PRECIOUS = b"\x40" + bytes(7) + b'{"__metadata__":{"pixelnorm.version":"1.0","created":"long ago"}}'

def pixelprofile(*arguments, **keywords):
    """Runs it, with the keywords of subprocess.run()."""
    return subprocess.run([PROGRAM, *map(str, arguments)], **{"capture_output": True, "text": True, "timeout": 120, **keywords})


def save_profile(path, frames, order="RGB", scope=Scope.PIXEL, depth=8, subsampling=None, size=None, histogram=False, mask=None,
                 sources=(), skipped=0):
    """Of frames [N, height, width(, channels)], or of the bytes of frames whose size is told. Returns: the path"""
    width, height = size or (frames.shape[2], frames.shape[1])
    layout = Pixelnorm.Layout.new(order, width, height)
    if depth > 8:
        layout.set_depth(depth, 0, False)
    if subsampling:
        layout.set_subsampling(*subsampling)
    accumulator = Pixelnorm.Accumulator.new(scope, layout)
    if histogram:
        accumulator.keep_histogram()
    if mask is not None:
        accumulator.set_mask(layout, mask.astype(np.uint8).tobytes())
    for frame in frames:
        accumulator.add_data(layout, frame.tobytes())
    for source in sources:
        accumulator.add_source(source)
    accumulator.skip(skipped)
    accumulator.snapshot().save(str(path))
    return path


def load(path):
    return Pixelnorm.Profile.load(str(path))


def wait_for(found):
    """What it finds, as soon as it finds something."""
    until = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < until
        time.sleep(.001)
    return value


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
