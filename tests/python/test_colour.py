# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm.to_rgb: the numbers are those of ITU-T H.273 in fractions; where samples lie, GStreamer's own unpackers say; chroma
between samples is what libjpeg makes of it, or its formulas in plain loops.
"""
import ctypes
import io
import itertools
import warnings
from fractions import Fraction

import numpy as np
import pytest

from package_help import SEED, refused
from pixelnorm import colour, to_rgb
from reports import tell, want

# H.273, table 4: Kr, Kb
MATRICES = {"bt601": ("0.299", "0.114"), "bt709": ("0.2126", "0.0722"), "bt2020": ("0.2627", "0.0593"),
            "smpte240m": ("0.212", "0.087"), "fcc": ("0.30", "0.11")}
RANGES = ["limited", "full"]
WHOLE = {8: "Y444", 10: "Y444_10LE", 12: "Y444_12LE", 16: "Y444_16LE"}
ALL = list(itertools.product(MATRICES, RANGES))
HALF = Fraction(1, 2)


def random_of(*words):
    return np.random.default_rng([SEED, *(sum(map(ord, str(word))) for word in words)])


def exact(matrix, range_, depth, y, cb, cr):
    """R, G, B in codes, before rounding: fractions, by the equations of H.273, 8.3."""
    kr, kb = map(Fraction, MATRICES[matrix])
    largest, scale = 2 ** depth - 1, 2 ** (depth - 8)
    if range_ == "limited":
        y, cb, cr = (Fraction(y, scale) - 16) / 219, (Fraction(cb, scale) - 128) / 224, (Fraction(cr, scale) - 128) / 224
    else:
        y, cb, cr = Fraction(y, largest), Fraction(cb - 128 * scale, largest), Fraction(cr - 128 * scale, largest)
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return [largest * value for value in (red, green, blue)]


def code(value, depth):
    return min(max((value + HALF).__floor__(), 0), 2 ** depth - 1)


def factors(matrix, range_, depth, channel):
    """Of y, cb, cr and the constant, in fractions: the equations are linear."""
    base = exact(matrix, range_, depth, 0, 0, 0)[channel]
    return [*(exact(matrix, range_, depth, *place)[channel] - base for place in np.eye(3, dtype=int).tolist()), base]


def whole(y, cb, cr, depth, matrix, range_):
    """What to_rgb makes of 4:4:4."""
    planes = [np.atleast_2d(plane).astype("u1" if depth == 8 else "u2") for plane in (y, cb, cr)]
    return to_rgb(*planes, format=WHOLE[depth], matrix=matrix, range=range_)


# --- the numbers

def test_tables_have_all_matrices_and_ranges():
    assert (list(colour.MATRICES), list(colour.RANGES)) == (list(MATRICES), RANGES)
    assert {row.depth for row in colour.FORMATS.values()} == set(WHOLE)


@pytest.mark.parametrize("depth", WHOLE)
@pytest.mark.parametrize("matrix, range_", ALL)
def test_numbers_are_those_of_h273(matrix, range_, depth):
    largest = 2 ** depth - 1
    ends = [0, 1, 16 << depth - 8, (16 << depth - 8) - 1, 128 << depth - 8, 235 << depth - 8, 240 << depth - 8, largest]
    triples = [*itertools.product(ends, ends[::2], ends[1::2]),
               *random_of(matrix, range_, depth).integers(0, largest + 1, (300, 3)).tolist()]
    found = whole(*np.transpose(triples), depth, matrix, range_)
    assert found.dtype == ("u1" if depth == 8 else "u2") and found.shape == (1, len(triples), 3)
    expected = [[code(value, depth) for value in exact(matrix, range_, depth, *triple)] for triple in triples]
    assert found[0].tolist() == expected


def check_against_doubles(y, cb, cr, matrix, range_):
    """8 bits: doubles say what is far from a tie, their error is below 1e-10; fractions the rest. How many that was."""
    found, near = whole(y, cb, cr, 8, matrix, range_), 0
    y, cb, cr = np.broadcast_arrays(*map(np.atleast_2d, (y, cb, cr)))
    for channel in range(3):
        a, b, c, d = map(float, factors(matrix, range_, 8, channel))
        sums = a * y + b * cb + c * cr + (d + .5)
        wrong = np.clip(np.floor(sums), 0, 255) != found[..., channel]
        close = abs(sums - np.rint(sums)) < 1e-6
        assert not (wrong & ~close).any(), channel
        close &= (sums > -1) & (sums < 257)
        for triple, got in zip(zip(y[close].tolist(), cb[close].tolist(), cr[close].tolist()), found[close][:, channel]):
            assert got == code(exact(matrix, range_, 8, *triple)[channel], 8), (channel, triple)
        near += int(close.sum())
    return near


PAIRS = [part.ravel() for part in np.mgrid[:256, :256]]


@pytest.mark.parametrize("matrix, range_", ALL)
def test_every_pair_of_chroma(matrix, range_):
    for y in (16, 101, 235):
        check_against_doubles(np.full(65536, y), *PAIRS, matrix, range_)


def test_all_triples_of_8_bits():
    near = 0
    for y in range(256):
        near += check_against_doubles(np.full(65536, y), *PAIRS, "bt709", "limited")
    tell("to_rgb", f"bt709, limited: all 2^24 triples, {near} values so near a tie that fractions decided")


def ties(matrix, range_, channel):
    """The triples, with luma 16 to 88, after which limited range repeats, whose value is an exact half: arrays, and the codes that
    half up gives. Y of full range makes no difference, so one is enough."""
    parts = factors(matrix, range_, 8, channel)
    divisor = np.lcm.reduce([part.denominator for part in parts])
    a, b, c, d = (int(part * int(divisor)) for part in parts)
    cb, cr = PAIRS
    found = []
    for y in range(16, 89) if range_ == "limited" else [100]:
        value = 2 * (a * y + b * cb + c * cr + d)
        tie = (value % divisor == 0) & (value // divisor % 2 == 1)
        if tie.any():
            up = np.clip((value[tie] // divisor + 1) // 2, 0, 255)
            found.append([np.full(len(up), y), cb[tie], cr[tie], up])
    return np.concatenate(found, axis=1) if found else None


@pytest.mark.parametrize("matrix, range_", ALL)
def test_ties_go_up(matrix, range_):
    counts = []
    for channel in range(3):
        found = ties(matrix, range_, channel)
        counts.append(0 if found is None else found.shape[1])
        if found is not None:
            y, cb, cr, up = found
            assert (whole(y, cb, cr, 8, matrix, range_)[0, :, channel] == up).all()
    if (matrix, range_) == ("bt601", "full"):
        assert counts == [0, 2, 512]  # every JPEG
    tell("to_rgb", f"{matrix}, {range_}: exact ties in R, G, B: {counts}")


def test_there_are_ties_elsewhere():
    for matrix in ("smpte240m", "fcc"):
        assert any(ties(matrix, "full", channel) is not None for channel in range(3)), matrix


@pytest.mark.parametrize("matrix, range_", ALL)
def test_integers_fit_64_bits(matrix, range_):
    """Whatever the depth: the largest sum that is made."""
    for depth in range(8, 17):
        found = colour._factors(matrix, range_, depth)
        for term in found.terms:
            assert ((abs(term.cb) + abs(term.cr)) << depth) + term.half < 2 ** 63
        assert found.luma << depth + 1 < 2 ** 63


# --- where samples lie

class FormatInfo(ctypes.Structure):
    """The head of GstVideoFormatInfo, whose unpack_func PyGObject cannot call."""
    _fields_ = [("format", ctypes.c_int), ("name", ctypes.c_char_p), ("description", ctypes.c_char_p), ("flags", ctypes.c_int),
                ("bits", ctypes.c_uint), ("n_components", ctypes.c_uint), ("shift", ctypes.c_uint * 4),
                ("depth", ctypes.c_uint * 4), ("pixel_stride", ctypes.c_int * 4), ("n_planes", ctypes.c_uint),
                ("plane", ctypes.c_uint * 4), ("poffset", ctypes.c_uint * 4), ("w_sub", ctypes.c_uint * 4),
                ("h_sub", ctypes.c_uint * 4), ("unpack_format", ctypes.c_int), ("unpack_func", ctypes.CFUNCTYPE(
                    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p * 4, ctypes.c_int * 4, ctypes.c_int,
                    ctypes.c_int, ctypes.c_int))]


TRUNCATE_RANGE = 1  # else 10 bits are widened to 16


@pytest.fixture(scope="module")
def video():
    gi = pytest.importorskip("gi")
    gi.require_version("Gst", "1.0")
    gi.require_version("GstVideo", "1.0")
    from gi.repository import Gst, GstVideo

    Gst.init(None)
    return GstVideo


def format_info(video, name):
    library = ctypes.CDLL("libgstvideo-1.0.so.0")
    library.gst_video_format_get_info.restype = ctypes.POINTER(FormatInfo)
    found = library.gst_video_format_get_info(ctypes.c_int(int(video.VideoFormat.from_string(name))))
    assert found.contents.name.decode() == name
    return found


def random_frame(video, name, width, height):
    """(FormatInfo, bytes, offsets, strides) of random samples, as GStreamer lays frames out. The bytes end with room for the
    widest group, for unpackers that read one whole."""
    info = video.VideoInfo()
    info.set_format(video.VideoFormat.from_string(name), width, height)
    found = format_info(video, name)
    data = random_of(name, width, height).integers(0, 256, info.size + 64, dtype="u1")
    row = found.contents
    if row.pixel_stride[0] and row.depth[0] in (10, 12) and row.shift[0] == 0 and colour.FORMATS[name].bits == 16:
        data.view(">u2" if name.endswith("BE") else "<u2")[...] &= 2 ** row.depth[0] - 1
    return found, data, list(info.offset), list(info.stride)


def gstreamer_unpacks(found, data, offsets, strides, width, height):
    """Y, U, V of every pixel, chroma repeated: [height, width, 3] codes."""
    row = found.contents
    deep = row.depth[0] > 8
    n = row.n_planes
    # for a last odd pixel and where lines are not aligned GStreamer's loop for VYUY takes U for V
    asked = width + width % 2 if row.name == b"VYUY" else width
    pointers = (ctypes.c_void_p * 4)(*(data.ctypes.data + offset for offset in offsets[:n]))
    lines = np.zeros((height, width + width % 2 + 64, 4), "u2" if deep else "u1")
    for y in range(height):
        row.unpack_func(found, TRUNCATE_RANGE, lines[y].ctypes.data, pointers, (ctypes.c_int * 4)(*strides[:n]), 0, y, asked)
    return lines[:, :width, 1:] >> (16 - row.depth[0] if deep else 0)


def planes_of(name, found, data, offsets, strides, height):
    """As to_rgb takes them: whole rows with their padding."""
    row = found.contents
    dtype = np.dtype(f"u{colour.FORMATS[name].bits // 8}").newbyteorder(">" if name.endswith("BE") else "<")
    down = {row.plane[k]: row.h_sub[k] for k in reversed(range(row.n_components))}
    shapes = [(-(-height >> down[k]), strides[k] // dtype.itemsize) for k in range(row.n_planes)]
    return [data[offsets[k]:offsets[k] + shape[0] * strides[k]].view(dtype).reshape(shape) for k, shape in enumerate(shapes)]


# formats that GStreamer has since 1.24
NEWER = {"A422", "A444", "NV16_10LE40", "Y216_LE", "Y216_BE", "Y416_LE", "Y416_BE", *(f"A{sizes}_{depth}{end}" for sizes in ("420", "422", "444") for depth in (12, 16) for end in ("LE", "BE"))}


# not 51: GStreamer's rows of NV12_10LE32 and UYVP have no room for the last sample of V then
@pytest.mark.parametrize("width, height", [(12, 4), (13, 5), (50, 3), (2, 2), (1, 1)])
@pytest.mark.parametrize("name", colour.FORMATS)
def test_formats_lie_as_gstreamer_says(name, width, height, video):
    if name in NEWER and video.VideoFormat.from_string(name) == video.VideoFormat.UNKNOWN:
        return
    frame = random_frame(video, name, width, height)
    yuv = gstreamer_unpacks(*frame, width, height)
    row, depth = colour.FORMATS[name], frame[0].contents.depth[0]
    assert (row.depth, row.across, row.down) == (depth, 1 << frame[0].contents.w_sub[1], 1 << frame[0].contents.h_sub[1])
    found = to_rgb(*planes_of(name, *frame, height), format=name, matrix="bt709", range="full", width=width)
    assert np.array_equal(found, whole(*np.moveaxis(yuv, 2, 0), depth, "bt709", "full"))


def test_formats_are_all_that_gstreamer_has_untiled(video):
    names = []
    for number in range(2, 200):
        try:
            info = video.VideoFormat.get_info(video.VideoFormat(number))
        except (ValueError, TypeError):  # newer than these bindings, or none
            continue
        if info and info.flags & video.VideoFormatFlags.YUV and not info.flags & video.VideoFormatFlags.TILED:
            names.append(info.name)
    missing = sorted(set(names) - set(colour.FORMATS))
    tell("to_rgb", f"{len(colour.FORMATS)} formats; of this GStreamer's {len(names)} untiled ones it has not: {missing or 'none'}")
    assert set(colour.FORMATS) - NEWER <= set(names) and len(colour.FORMATS) >= 81


FULL = {"I420": [(4, 6), (2, 3), (2, 3)], "Y42B": [(4, 5), (4, 3), (4, 3)], "Y444": [(4, 5)] * 3, "Y41B": [(4, 5), (4, 2), (4, 2)],
        "YUV9": [(5, 5), (2, 2), (2, 2)], "NV12": [(3, 5), (2, 6)], "P010_10LE": [(3, 5), (2, 3, 2)], "NV16": [(3, 5), (3, 6)],
        "NV24": [(3, 5), (3, 10)], "YUY2": [(3, 12)], "UYVY": [(3, 3, 4)], "Y210": [(3, 12)], "AYUV": [(3, 5, 4)],
        "v308": [(3, 15)], "IYU2": [(3, 5, 3)], "Y412_LE": [(3, 20)], "Y410": [(3, 5)], "v210": [(3, 8)], "UYVP": [(3, 15)]}


@pytest.mark.parametrize("name", FULL)
def test_shapes_are_the_documented_ones(name):
    row = colour.FORMATS[name]
    planes = [np.zeros(shape, row.dtype) for shape in FULL[name]]
    height, width, _ = to_rgb(*planes, format=name, matrix="bt601", range="full").shape
    assert height == FULL[name][0][0] and width == {"I420": 6, "YUY2": 6, "UYVY": 6, "Y210": 6, "v210": 12, "UYVP": 6}.get(name, 5)


def test_both_orders_of_bytes():
    words = random_of("order").integers(0, 1024, (3, 4, 4))
    found = [to_rgb(*words.astype(order), format=name, matrix="bt2020", range="limited")
             for order, name in [("<u2", "Y444_10LE"), (">u2", "Y444_10BE"), (">u2", "Y444_10LE")]]
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all() and found[1].dtype == np.dtype("=u2")


def test_rows_are_converted_in_parts(monkeypatch):
    """The same, whatever the size of the parts; and planes are left as they were."""
    planes = [random_of("parts").integers(0, 256, shape, dtype="u1") for shape in [(11, 9), (6, 5), (6, 5)]]
    copies, results = [plane.copy() for plane in planes], []
    for chunk in (1, 20, 10 ** 6):
        monkeypatch.setattr(colour, "CHUNK", chunk)
        results.append([to_rgb(*planes, format="I420", matrix="bt601", range="full", chroma=chroma)
                        for chroma in ("nearest", "linear")])
    assert np.array_equal(results[0], results[2]) and np.array_equal(results[1], results[2])
    assert np.array_equal(planes[0], copies[0]) and np.array_equal(planes[1], copies[1])


# --- chroma between samples

def at(plane, row, column):
    """The border repeated."""
    return int(plane[min(max(row, 0), plane.shape[0] - 1), min(max(column, 0), plane.shape[1] - 1)])


def centre_420(c, x, y):
    k, i = y >> 1, x >> 1
    far = k + 1 if y & 1 else k - 1

    def t(column):
        return 3 * at(c, k, column) + at(c, far, column)

    return (3 * t(i) + t(i + 1) + 7) >> 4 if x & 1 else (3 * t(i) + t(i - 1) + 8) >> 4


def left_420(c, x, y):
    k, i = y >> 1, x >> 1
    far = k + 1 if y & 1 else k - 1

    def t(column):
        return 3 * at(c, k, column) + at(c, far, column)

    return (t(i) + t(i + 1) + 4) >> 3 if x & 1 else (t(i) + 2) >> 2


def top_left_420(c, x, y):
    k, i = y >> 1, x >> 1
    q, right, below, both = at(c, k, i), at(c, k, i + 1), at(c, k + 1, i), at(c, k + 1, i + 1)
    return [[q, (q + right + 1) >> 1], [(q + below + 1) >> 1, (q + right + below + both + 2) >> 2]][y & 1][x & 1]


def top_420(c, x, y):
    """v-cosited: centre across as of 4:2:2, between two rows their sum."""
    k, i = y >> 1, x >> 1

    def t(column):
        return at(c, k, column) + at(c, k + 1, column)

    if y & 1:
        return (3 * t(i) + t(i + 1) + 4) >> 3 if x & 1 else (3 * t(i) + t(i - 1) + 3) >> 3
    return centre_422(c, x, k)


def centre_422(c, x, y):
    q = at(c, y, x >> 1)
    return (3 * q + at(c, y, (x >> 1) + 1) + 2) >> 2 if x & 1 else (3 * q + at(c, y, (x >> 1) - 1) + 1) >> 2


def left_422(c, x, y):
    q = at(c, y, x >> 1)
    return (q + at(c, y, (x >> 1) + 1) + 1) >> 1 if x & 1 else q


def left_411(c, x, y):
    f = x & 3
    return ((4 - f) * at(c, y, x >> 2) + f * at(c, y, (x >> 2) + 1) + 2) >> 2


def left_410(c, x, y):
    return left_411(c, x, y >> 2)


FORMULAS = {("I420", "jpeg"): centre_420, ("I420", "none"): centre_420, ("I420", "mpeg2"): left_420,
            ("I420", "cosited"): top_left_420, ("I420", "v-cosited"): top_420, ("I420_10LE", "mpeg2"): left_420,
            ("I420_12LE", "jpeg"): centre_420, ("Y42B", "jpeg"): centre_422, ("Y42B", "none"): centre_422,
            ("Y42B", "v-cosited"): centre_422, ("Y42B", "mpeg2"): left_422, ("Y42B", "cosited"): left_422,
            ("Y41B", "mpeg2"): left_411, ("Y41B", "cosited"): left_411, ("YUV9", "mpeg2"): left_410,
            ("YUV9", "cosited"): left_410}


def random_planes(name, width, height):
    row = colour.FORMATS[name]
    shapes = [(height, width)] + 2 * [(-(-height // row.down), -(-width // row.across))]
    random = random_of(name, width, height)
    return [random.integers(0, 2 ** row.depth, shape).astype(row.dtype) for shape in shapes]


def every_pixel(planes, formula):
    height, width = planes[0].shape
    return [planes[0], *([[formula(plane, x, y) for x in range(width)] for y in range(height)] for plane in planes[1:])]


@pytest.mark.parametrize("width, height", [(16, 8), (15, 7), (13, 1), (9, 2)])
@pytest.mark.parametrize("name, site", FORMULAS)
def test_linear_is_its_formula(name, site, width, height):
    planes, depth = random_planes(name, width, height), colour.FORMATS[name].depth
    found = to_rgb(*planes, format=name, matrix="bt709", range="full", chroma="linear", chroma_site=site)
    assert np.array_equal(found, whole(*every_pixel(planes, FORMULAS[name, site]), depth, "bt709", "full"))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_few_columns_between_rows_have_the_formula(width):
    planes = random_planes("I420", width, 5)
    found = to_rgb(*planes, format="I420", matrix="bt709", range="full", chroma="linear", chroma_site="v-cosited")
    assert np.array_equal(found, whole(*every_pixel(planes, top_420), 8, "bt709", "full"))


def test_every_site_has_a_formula():
    assert {site for _, site in FORMULAS} == {site for site in colour.SITES if colour.SITES[site]}
    assert {colour.FORMATS[name][1:3] for name, _ in FORMULAS} == {row[1:3] for row in colour.FORMATS.values()} - {(1, 1)}


def test_sites_are_words_of_gstreamer(video):
    for site, cosited in colour.SITES.items():
        flags = int(video.video_chroma_site_from_string(site))
        assert flags and (cosited or (True, True)) == (bool(flags & 2), bool(flags & 4)), site


@pytest.mark.parametrize("name", ["I420", "Y42B"])
def test_unknown_site(name):
    planes = random_planes(name, 9, 6)
    for range_, site in [("limited", "mpeg2"), ("full", "jpeg")]:
        words = {"format": name, "matrix": "bt709", "range": range_, "chroma": "linear"}
        assert np.array_equal(to_rgb(*planes, **words), to_rgb(*planes, **words, chroma_site=site))


def test_auto_is_linear_for_stills_only():
    planes = random_planes("I420", 10, 6)
    for matrix, range_, site in itertools.product(MATRICES, RANGES, [None, *colour.SITES]):
        words = {"format": "I420", "matrix": matrix, "range": range_, "chroma_site": site}
        still = (matrix, range_) == ("bt601", "full") and site in ("jpeg", "none")
        expected = to_rgb(*planes, **words, chroma="linear" if still else "nearest")
        assert np.array_equal(to_rgb(*planes, **words), expected), words
    planes = random_planes("Y41B", 10, 6)
    words = {"format": "Y41B", "matrix": "bt601", "range": "full", "chroma_site": "jpeg"}
    assert np.array_equal(to_rgb(*planes, **words), to_rgb(*planes, **words, chroma="nearest"))


# --- libjpeg

TABLES = [[1] * 64, [3] * 64]  # quantization: of luma, of chroma


def decoded(image, mode, **options):
    """What libjpeg makes of an image that Pillow compressed."""
    from PIL import Image

    data = io.BytesIO()
    image.save(data, "JPEG", **options)
    found = Image.open(data)
    found.draft(mode, found.size)
    assert found.mode == mode
    return found


def jpeg_of(planes, across, down):
    """libjpeg's Y, U, V of every pixel, and the planes that it had before it interpolated. A chroma plane that is compressed as
    a grey image, by the same table, has the same coefficients, since the mean of repeated samples is the sample; so it comes
    out as the decoder had it."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Pillow 11.3 finds modes by itself
        height, width = planes[0].shape
        repeated = [planes[0], *(plane.repeat(down, 0).repeat(across, 1)[:height, :width] for plane in planes[1:])]
        image = Image.fromarray(np.ascontiguousarray(np.stack(repeated, 2)), "YCbCr")
        chroma = [np.asarray(decoded(Image.fromarray(plane), "L", qtables=[TABLES[1]])) for plane in planes[1:]]
    options = {"qtables": TABLES, "subsampling": {(2, 1): 1, (2, 2): 2}[across, down]}
    every = np.asarray(decoded(image, "YCbCr", **options))
    return every, [np.ascontiguousarray(every[..., 0]), *chroma], np.asarray(decoded(image, "RGB", **options))


@pytest.mark.parametrize("width, height", [(48, 32), (47, 31), (33, 18), (5, 3), (6, 1), (4, 8), (3, 3), (2, 2), (1, 1)])
@pytest.mark.parametrize("name", ["I420", "Y42B"])
def test_linear_is_what_libjpeg_does(name, width, height):
    want("PIL")
    row = colour.FORMATS[name]
    every, planes, rgb = jpeg_of(random_planes(name, width, height), row.across, row.down)
    words = {"matrix": "bt601", "range": "full", "chroma_site": "jpeg"}
    found = to_rgb(*planes, format=name, **words)
    assert np.array_equal(found, whole(*np.moveaxis(every, 2, 0), 8, "bt601", "full"))
    # libjpeg's own R, G and B have factors that are rounded
    assert abs(found.astype(int) - rgb).max() <= 1


# --- what is refused

GRAY = np.full((4, 6), 128, "u1")
CHROMA = np.full((2, 3), 128, "u1")
WORDS = {"format": "I420", "matrix": "bt601", "range": "limited"}


@pytest.mark.parametrize("planes, words, sentence", [
    ([GRAY], {"format": "RGB"}, "format is 'RGB'; it must be one of: I420, "),
    ([GRAY], {"format": None}, "format is None; it must be one of"),
    ([GRAY], {"format": ["I420"]}, r"format is \['I420'\]; it must be one of"),
    ([GRAY, CHROMA, CHROMA], {"matrix": "rgb"}, "matrix is 'rgb'; it must be one of: bt601, bt709, bt2020, smpte240m, fcc"),
    ([GRAY, CHROMA, CHROMA], {"range": "tv"}, "range is 'tv'; it must be one of: limited, full"),
    ([GRAY, CHROMA, CHROMA], {"chroma": "cubic"}, "chroma is 'cubic'; it must be one of: auto, nearest, linear"),
    ([GRAY, CHROMA, CHROMA], {"chroma_site": "left"}, "chroma_site is 'left'; it must be one of: None, jpeg, none, mpeg2"),
    ([GRAY, CHROMA, CHROMA], {"chroma": "linear", "chroma_site": "dv"}, "chroma_site dv puts U and V on different rows"),
    ([GRAY, GRAY[:, :2], GRAY[:, :2]], {"format": "Y41B", "chroma": "linear", "chroma_site": "jpeg"}, "mpeg2 and cosited, and"),
    ([GRAY, CHROMA], {}, r"Expected 3 planes of I420 \(Y, U, V\), found 2"),
    ([GRAY, CHROMA], {"format": "YUY2"}, r"Expected 1 plane of YUY2 \(YUYV\), found 2"),
    ([GRAY, CHROMA, CHROMA.astype(int)], {}, "Expected planes of uint8 for I420, found int64 in plane 2"),
    ([GRAY, CHROMA.view("i1"), CHROMA], {}, "Expected planes of uint8 for I420, found int8 in plane 1"),
    ([GRAY, GRAY[:2]], {"format": "P010_10LE"}, "Expected planes of uint16 for P010_10LE, found uint8 in plane 0"),
    ([GRAY.ravel(), CHROMA, CHROMA], {}, r"of shape \[rows, items of a row\] for I420, found \[24\] in plane 0"),
    ([GRAY[:0], CHROMA, CHROMA], {}, r"found \[0, 6\] in plane 0"),
    ([GRAY, CHROMA, CHROMA[:1]], {}, r"Expected plane 2 of I420, 6x4 pixels, of shape \[2, 3\], found \[1, 3\]"),
    ([GRAY, CHROMA, CHROMA[:, :2]], {"width": 5}, r"6?5x4 pixels, of shape \[2, 3 or more\], found \[2, 2\]"),
    ([GRAY, CHROMA, CHROMA], {"width": 7}, r"plane 0 of I420, 7x4 pixels, of shape \[4, 7 or more\], found \[4, 6\]"),
    ([GRAY], {"format": "YUY2"}, r"plane 0 of YUY2, 2x4 pixels, of shape \[4, 4\], found \[4, 6\].*and width where rows"),
    ([GRAY[:, :3]], {"format": "YUY2"}, r"plane 0 of YUY2, .*found \[4, 3\]"),
    ([GRAY, CHROMA, CHROMA], {"width": 0}, "width is 0; give the number of pixels"),
    ([GRAY, CHROMA, CHROMA], {"width": 5.5}, "width is 5.5; give"),
    ([GRAY, CHROMA, CHROMA], {"width": True}, "width is True; give"),
    ([GRAY.astype("u2"), CHROMA.astype("u2") << 8, CHROMA.astype("u2")], {"format": "I420_10LE"},
     "A sample of U is 32768, and the 10 bits of I420_10LE hold 0 to 1023"),
])
def test_refused(planes, words, sentence):
    refused(lambda: to_rgb(*planes, **{**WORDS, **words}), sentence)


def test_what_has_no_default_is_asked_for():
    for name in WORDS:
        with pytest.raises(TypeError, match=name):
            to_rgb(GRAY, CHROMA, CHROMA, **{key: word for key, word in WORDS.items() if key != name})
