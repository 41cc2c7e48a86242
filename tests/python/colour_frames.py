# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames of Y'CbCr of random codes, and layouts of them for the library."""
import gi
import numpy as np

gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

from package_help import SEED  # noqa: E402
from pixelnorm import to_rgb  # noqa: E402

Chroma, Site = Pixelnorm.Chroma, Pixelnorm.ChromaSite
# format: spelling, log2 of the columns and rows that share chroma, depth, shift
FORMATS = {"Y444": ("Y,U,V", 0, 0, 8, 0), "NV24": ("Y,UV", 0, 0, 8, 0), "Y42B": ("Y,U,V", 1, 0, 8, 0), "NV16": ("Y,UV", 1, 0, 8, 0),
           "I420": ("Y,U,V", 1, 1, 8, 0), "YV12": ("Y,V,U", 1, 1, 8, 0), "NV12": ("Y,UV", 1, 1, 8, 0),
           "NV21": ("Y,VU", 1, 1, 8, 0), "Y41B": ("Y,U,V", 2, 0, 8, 0), "v308": ("YUV", 0, 0, 8, 0), "AYUV": ("xYUV", 0, 0, 8, 0),
           "YUY2": ("YUYV", 1, 0, 8, 0), "UYVY": ("UYVY", 1, 0, 8, 0), "YVYU": ("YVYU", 1, 0, 8, 0), "VYUY": ("VYUY", 1, 0, 8, 0),
           "Y210": ("YUYV", 1, 0, 10, 6), "Y212_LE": ("YUYV", 1, 0, 12, 4),
           "I420_10LE": ("Y,U,V", 1, 1, 10, 0), "P010_10LE": ("Y,UV", 1, 1, 10, 6), "I422_12LE": ("Y,U,V", 1, 0, 12, 0),
           "P012_LE": ("Y,UV", 1, 1, 12, 4), "P016_LE": ("Y,UV", 1, 1, 16, 0), "Y444_16LE": ("Y,U,V", 0, 0, 16, 0)}
SITES = {"jpeg": Site.CENTRE, "mpeg2": Site.LEFT, "cosited": Site.TOP_LEFT, "v-cosited": Site.TOP, None: Site.UNKNOWN}
MATRICES = ["bt601", "bt709", "bt2020", "smpte240m", "fcc"]
RANGES = {"limited": Pixelnorm.Range.LIMITED, "full": Pixelnorm.Range.FULL}
SIZES = [(1, 1), (2, 3), (5, 4), (17, 5), (381, 3), (1601, 2)]  # of pixels; tiles have 380


def is_paired(order):
    return order.count("Y") == 2


def layout_of(name, width, height, matrix="bt601", range_="limited"):
    order, across, down, depth, shift = FORMATS[name]
    layout = Pixelnorm.Layout.new(order, width, height)
    if depth > 8:
        layout.set_depth(depth, shift, False)
    if across and not is_paired(order):
        layout.set_subsampling(across, down)
    layout.set_colorimetry(RANGES[range_], matrix)
    return layout


def planes_of(name, width, height):
    order, across, down, depth, shift = FORMATS[name]
    random = np.random.default_rng([SEED, width, height, *map(ord, name)])
    planes = []
    for plane, letters in enumerate(order.split(",")):
        columns, rows = (-(-width >> across), -(-height >> down)) \
            if plane or is_paired(order) else (width, height)
        codes = random.integers(0, 2 ** depth, (rows, columns * len(letters))) << shift
        planes.append(codes.astype("u1" if depth == 8 else "<u2"))
    return planes


def expected_rgb(name, planes, width, matrix="bt601", range_="limited", chroma="nearest", site=None):
    return to_rgb(*planes, format=name, matrix=matrix, range=range_, chroma=chroma, chroma_site=site,
                  width=width if is_paired(FORMATS[name][0]) else None)
