# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every format, method, scope and output of the elements against numpy.

Formats are those of the sink template, methods and scopes those of the element's enums: one more of either without
a reference in pixel_reference.py fails here. Statistics are compared exactly; float32 within 1e-6 of y; 8-bit codes
with exact rounding, where float32 coefficients (scope pixel) may take what lies within 1e-4 of a half either way,
and tables (all else) within 1e-9, which is what decimal settings are off in binary.
"""
import functools
import itertools
import zlib

import gi
import numpy as np
import pytest

import pixel_reference as reference
from pixel_streams import TENSORS, VIDEO, Gst, GstVideo, Refused, add_video_meta, buffers_of, collect, normalize, \
    normalize_frames, run, video_caps
from pixel_reference import Places, channels_of

gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

SEED = 20240822
# One pixel; odd width and padding; rows of more than 768 samples at 3 and 4 bytes a pixel, and at 1.
SIZES = [(1, 1), (7, 5), (257, 3), (771, 1)]
KINDS = [TENSORS, VIDEO]
walked = {"statistics": 0, "normalizations": 0, "settings": 0}


def template_formats(element):
    template = Gst.ElementFactory.make(element).get_static_pad_template if False else None
    assert template is None
    pad = Gst.ElementFactory.make(element).get_static_pad("sink")
    found = pad.get_pad_template_caps().get_structure(0).get_value("format")
    return list(getattr(found, "array", found))


def nicks(name):
    enum = Gst.ElementFactory.make("pixelnorm").find_property(name).enum_class
    return [value.value_nick for value in enum.__enum_values__.values()]
