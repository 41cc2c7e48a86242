# SPDX-License-Identifier: LGPL-2.1-or-later
"""to_rgb: raw Y'CbCr video to R'G'B', exactly.

ITU-T H.273 says what the codes mean. With d bits a sample, s = 2^(d-8), and E' the real numbers between 0 and 1,
Cb and Cr between -1/2 and 1/2:

    limited range   Y = (219 E'Y + 16) s      Cb = (224 E'Cb + 128) s      Cr likewise
    full range      Y = (2^d - 1) E'Y         Cb = (2^d - 1) E'Cb + 2^(d-1)
    E'Y = Kr E'R + Kg E'G + Kb E'B            E'Cb = (E'B - E'Y) / (2 (1 - Kb))      E'Cr = (E'R - E'Y) / (2 (1 - Kr))

So R, G and B are Y plus a term of Cb and Cr with rational factors, and the code is floor ((2^d - 1) E' + 1/2), clipped. Half
goes up: to even, a tie would hang on Y. With A / U = (2^d - 1) / (219 s) in lowest terms (full range: 1 / 1) and c the chroma
term in codes,

    C = floor (U (c + 1/2)), once a chroma sample        code = floor ((A (Y - black) + C) / U)

which is the same number, since A (Y - black) is an integer. All of it fits 64-bit integers: U c is a quotient of numbers below
2^60, at 16 bits.
"""
import functools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy

CHUNK = 1 << 17  # pixels converted at once: 1 MB a 64-bit array

# MATRIX TABLE: Kr and Kb of H.273, table 4, in ten-thousandths. bt2020 is the one of non-constant luminance.
MATRICES = {"bt601": (2990, 1140), "bt709": (2126, 722), "bt2020": (2627, 593), "smpte240m": (2120, 870), "fcc": (3000, 1100)}
RANGES = ("limited", "full")
CHROMAS = ("auto", "nearest", "linear")
# SITE TABLE: whether chroma samples lie on luma samples, across and down, or halfway between two of them
SITES = {"jpeg": (False, False), "none": (False, False), "mpeg2": (True, False), "cosited": (True, True),
         "v-cosited": (False, True), "dv": None}


class Format(NamedTuple):
    """How a video format lies in memory."""
    planes: tuple      # of each the samples of a group, in their order: letters of YUV, or A for what is not read
    across: int        # luma samples a chroma sample
    down: int
    depth: int = 8     # bits of a sample
    bits: int = 8      # of an item of the arrays: one sample; a word of 32 bits holds three, the first in the low bits
    shift: int = 0     # where a sample begins in its item
    stream: str = ""   # "little", "big": samples follow each other bit by bit, the first in the low or the high bits of a byte

    def items(self, pattern):
        """Of a group."""
        return len(pattern) * self.depth // 8 if self.stream else -(-len(pattern) // self.samples)

    @property
    def samples(self):
        """Of an item."""
        return max(1, self.bits // self.depth)

    @property
    def dtype(self):
        return numpy.dtype(f"uint{self.bits}")

    def plane_of(self, letter):
        return next(k for k, pattern in enumerate(self.planes) if letter in pattern)

    def size(self, letter, height, width):
        """Rows and columns of the samples of a letter."""
        return (height, width) if letter in "YA" else (-(-height // self.down), -(-width // self.across))


def _planar(across, down, order="Y|U|V", **more):
    return Format(tuple(order.split("|")), across, down, **more)


PLANAR = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}

# 16-bit words, of either order of bytes: with LE and BE behind the name
WORDS = {
    **{f"{'I' if sizes != '444' else 'Y'}{sizes}_{depth}": _planar(*PLANAR[sizes], depth=depth, bits=16)
       for sizes, depth in [("420", 10), ("420", 12), ("422", 10), ("422", 12), ("444", 10), ("444", 12), ("444", 16)]},
    **{f"A{sizes}_{depth}": _planar(*PLANAR[sizes], "Y|U|V|A", depth=depth, bits=16) for sizes in PLANAR for depth in (10, 12, 16)},
    "P010_10": _planar(2, 2, "Y|UV", depth=10, bits=16, shift=6),
    "P012_": _planar(2, 2, "Y|UV", depth=12, bits=16, shift=4),
    "P016_": _planar(2, 2, "Y|UV", depth=16, bits=16),
    "Y212_": _planar(2, 1, "YUYV", depth=12, bits=16, shift=4),
    "Y412_": _planar(1, 1, "UYVA", depth=12, bits=16, shift=4),
    "Y216_": _planar(2, 1, "YUYV", depth=16, bits=16),
    "Y416_": _planar(1, 1, "UYVA", depth=16, bits=16),
}

# FORMAT TABLE: the names and the layouts of GStreamer's video-format.h. What is tiled is not here.
FORMATS = {
    "I420": _planar(2, 2),
    "YV12": _planar(2, 2, "Y|V|U"),
    **{f"A{sizes}": _planar(*PLANAR[sizes], "Y|U|V|A") for sizes in PLANAR},
    "NV12": _planar(2, 2, "Y|UV"),
    "NV21": _planar(2, 2, "Y|VU"),
    "AV12": _planar(2, 2, "Y|UV|A"),
    "Y42B": _planar(2, 1),
    "NV16": _planar(2, 1, "Y|UV"),
    "NV61": _planar(2, 1, "Y|VU"),
    "YUY2": _planar(2, 1, "YUYV"),
    "UYVY": _planar(2, 1, "UYVY"),
    "YVYU": _planar(2, 1, "YVYU"),
    "VYUY": _planar(2, 1, "VYUY"),
    "Y444": _planar(1, 1),
    "NV24": _planar(1, 1, "Y|UV"),
    "v308": _planar(1, 1, "YUV"),
    "IYU2": _planar(1, 1, "UYV"),
    "AYUV": _planar(1, 1, "AYUV"),
    "VUYA": _planar(1, 1, "VUYA"),
    "Y41B": _planar(4, 1),
    "IYU1": _planar(4, 1, "UYYVYY"),
    "YUV9": _planar(4, 4),
    "YVU9": _planar(4, 4, "Y|V|U"),
    "Y210": _planar(2, 1, "YUYV", depth=10, bits=16, shift=6),
    "v216": _planar(2, 1, "UYVY", depth=16, bits=16),
    "AYUV64": _planar(1, 1, "AYUV", depth=16, bits=16),
    "v210": _planar(2, 1, "UYVYUYVYUYVY", depth=10, bits=32),
    "Y410": _planar(1, 1, "UYV", depth=10, bits=32),
    "NV12_10LE32": _planar(2, 2, "YYY|UVUVUV", depth=10, bits=32),
    "NV16_10LE32": _planar(2, 1, "YYY|UVUVUV", depth=10, bits=32),
    "NV12_10LE40": _planar(2, 2, "YYYY|UVUV", depth=10, stream="little"),
    "NV16_10LE40": _planar(2, 1, "YYYY|UVUV", depth=10, stream="little"),
    "UYVP": _planar(2, 1, "UYVY", depth=10, stream="big"),
    **{name + end: row for name, row in WORDS.items() for end in ("LE", "BE")},
}


def to_rgb(*planes, format, matrix, range, chroma="auto", chroma_site=None, width=None):
    """Raw Y'CbCr video as R'G'B' codes: the exact numbers of ITU-T H.273, half rounded up, clipped.

    planes: the planes of one progressive frame in the order of memory, unsigned arrays [rows, items of a row]. An item is a
    byte (uint8), a word of 16 bits where samples are deeper (uint16, of whichever order of bytes: give "<u2" or ">u2"), or of
    32 bits where they hold three samples (uint32: v210, Y410, NV12_10LE32). What lies side by side may have an axis of its
    own: [rows, columns, items]. For height h and width w, with c = ceil (w / 2) and r = ceil (h / 2):

        I420, YV12, I420_10LE    Y [h, w], U [r, c], V [r, c]; of YV12 V comes before U
        Y42B, Y444, Y41B, YUV9   likewise, with chroma [h, c], [h, w], [h, ceil (w / 4)], [ceil (h / 4), ceil (w / 4)]
        NV12, NV21, P010_10LE    Y [h, w], UV [r, 2 c] or [r, c, 2]; of NV16 and NV61 [h, 2 c], of NV24 [h, 2 w]
        YUY2, UYVY, Y210         one plane [h, 4 c]
        AYUV, VUYA, Y412_LE      one plane [h, 4 w] or [h, w, 4]; v308, IYU2: [h, 3 w] or [h, w, 3]
        Y410                     one plane [h, w]; of v210 [h, 4 ceil (w / 6)]

    format: GStreamer's name, a row of pixelnorm.colour.FORMATS. Alpha is not read.
    matrix: "bt601", "bt709", "bt2020", "smpte240m" or "fcc". range: "limited" (black is 16 of 8 bits) or "full".
    chroma: how a pixel gets U and V where they are fewer than Y. "nearest": the sample at (x // across, y // down). "linear":
    interpolated in integers by where chroma_site puts the samples, the border repeated; in the middle ("jpeg") as
    libjpeg-turbo does it, to the bit. "auto": linear for what decoders of JPEG give (chroma_site "jpeg", matrix "bt601", range
    "full"), else nearest.
    chroma_site: GStreamer's words "jpeg" (or "none"), "mpeg2", "cosited", "v-cosited", "dv"; None: not known, then "mpeg2" for
    limited range and "jpeg" for full range. Counts for linear only, which there is not for "dv", and of 4:1:1 and 4:1:0
    only for "mpeg2" and "cosited"; 4:1:0 repeats rows.
    width: in pixels, where rows hold more than the pixels: an odd width of packed 4:2:2, v210, padding. None: rows are full.

    Returns codes 0 to 2^depth - 1 of the format's own depth, uint8 of shape [height, width, 3], uint16 above 8 bits.
    Raises ValueError in words for what cannot be.
    """
    for name, word, words in [("format", format, FORMATS), ("matrix", matrix, MATRICES), ("range", range, RANGES),
                              ("chroma", chroma, CHROMAS), ("chroma_site", chroma_site, (None, *SITES))]:
        _check_word(name, word, words)
    row = FORMATS[format]
    planes = _checked_planes(format, row, [numpy.asarray(plane) for plane in planes])
    height, width = _checked_size(format, row, planes, width)
    samples = [_samples(planes, format, row, letter, height, width) for letter in "YUV"]
    site = _interpolation(row, chroma, chroma_site, matrix, range, samples[1].shape[1])
    return _convert(samples, row, _factors(matrix, range, row.depth), site)


def _check_word(name, word, words):
    if not isinstance(word, (str, type(None))) or word not in words:
        raise ValueError(f"{name} is {word!r}; it must be one of: {', '.join(map(str, words))}.")


# --- planes

def _checked_planes(name, row, planes):
    """As they lie in memory: [rows, items]."""
    if len(planes) != len(row.planes):
        raise ValueError(f"Expected {_count(len(row.planes))} of {name} ({', '.join(row.planes)}), found {len(planes)}. Give "
                         "them one by one, in the order of memory.")
    for number, plane in enumerate(planes):
        if plane.dtype.kind != "u" or plane.dtype.itemsize != row.dtype.itemsize:
            raise ValueError(f"Expected planes of {row.dtype} for {name}, found {plane.dtype} in plane {number}. Read the bytes "
                             f"of the frame as {row.dtype}.")
        if plane.ndim not in (2, 3) or plane.size == 0:
            raise ValueError(f"Expected planes of shape [rows, items of a row] for {name}, found {list(plane.shape)} in plane "
                             f"{number}. Reshape it to the rows of the plane.")
    return [plane.reshape(plane.shape[0], -1) for plane in planes]


def _count(n):
    return "1 plane" if n == 1 else f"{n} planes"


def _checked_size(name, row, planes, width):
    """(height, width), which all planes have room for. Without a width rows are full."""
    given = width is not None
    if given and (isinstance(width, bool) or not hasattr(width, "__index__") or width < 1):
        raise ValueError(f"width is {width!r}; give the number of pixels of a row, 1 or more.")
    height, full = planes[0].shape[0], planes[0].shape[1] // row.items(row.planes[0]) * row.planes[0].count("Y")
    width = int(width) if given else full
    for number, (plane, pattern) in enumerate(zip(planes, row.planes)):
        rows = row.size(pattern[0], height, width)[0]
        items = max(_needed(row, pattern, letter, row.size(letter, height, width)[1]) for letter in pattern)
        fits = plane.shape[1] >= items if given else plane.shape[1] == items
        if plane.shape[0] != rows or not fits or not items:
            raise ValueError(f"Expected plane {number} of {name}, {width}x{height} pixels, of shape [{rows}, {items}"
                             f"{' or more' if given else ''}], found {list(plane.shape)}. Give whole planes of one frame"
                             f"{'' if given else ', and width where rows are padded'}.")
    return height, width


def _place(row, pattern, number):
    """(item of the group, bit in the item) where the sample of that number begins."""
    if row.stream:
        return divmod(number * row.depth, 8)
    return number // row.samples, row.shift + number % row.samples * row.depth


def _places(pattern, letter):
    return [number for number, found in enumerate(pattern) if found == letter]


def _needed(row, pattern, letter, columns):
    """How many items of a row hold so many samples of a letter."""
    places = _places(pattern, letter)
    whole, more = divmod(columns - 1, len(places))
    return whole * row.items(pattern) + _place(row, pattern, places[more])[0] + (2 if row.stream else 1) if columns else 0


def _samples(planes, name, row, letter, height, width):
    """The samples of Y, U or V: an unsigned array [rows, columns] of codes; a view of the plane where that can be."""
    number = row.plane_of(letter)
    pattern, plane = row.planes[number], planes[number]
    rows, columns = row.size(letter, height, width)
    places = _places(pattern, letter)
    if row.depth == row.bits and len(places) == 1:
        return plane[:, places[0]::len(pattern)][:, :columns]
    found = numpy.empty((rows, columns), numpy.uint8 if row.depth == 8 else numpy.uint16)
    for k, place in enumerate(places):
        part = found[:, k::len(places)]
        part[...] = _sample(plane, row, pattern, place, part.shape[1])
    if row.bits == 16 and found.max() >= 1 << row.depth:
        raise ValueError(f"A sample of {letter} is {found.max()}, and the {row.depth} bits of {name} hold 0 to "
                         f"{2 ** row.depth - 1}. Use the format that the samples have, as P010_10LE where they lie in the high "
                         "bits.")
    return found


def _sample(plane, row, pattern, number, n):
    """Of n groups the sample of that number."""
    item, bit = _place(row, pattern, number)
    step = row.items(pattern)
    first = plane[:, item::step][:, :n]
    if row.bits == 16:  # what lies above the sample is an error of the frame, not another sample: it is kept, to be seen
        return first >> numpy.uint16(bit)
    if row.stream:  # 10 bits, beginning at an even bit: always of two bytes
        second = plane[:, item + 1::step][:, :n].astype(numpy.uint16)
        first = first.astype(numpy.uint16)
        first = first | second << 8 if row.stream == "little" else first << 8 | second
        bit = bit if row.stream == "little" else 16 - row.depth - bit
    return first >> first.dtype.type(bit) & first.dtype.type((1 << row.depth) - 1)


# --- chroma of every pixel

def _interpolation(row, chroma, site, matrix, range, columns):
    """(cosited across, cosited down), or None for the nearest sample."""
    still = site in ("jpeg", "none") and (matrix, range) == ("bt601", "full")
    if chroma == "nearest" or (row.across, row.down) == (1, 1) or (chroma == "auto" and not still):
        return None
    site = site or ("mpeg2" if range == "limited" else "jpeg")
    if not SITES[site]:
        raise ValueError(f"chroma is linear, and chroma_site {site} puts U and V on different rows; use nearest.")
    cosited = SITES[site]
    if row.across == 4 and not cosited[0]:
        if chroma == "auto":
            return None
        raise ValueError(f"chroma is linear, which four luma samples a chroma sample have for chroma_site mpeg2 and cosited, "
                         f"and it is {site}; use nearest.")
    # libjpeg repeats so few columns; it has no rows of chroma that lie on rows of luma
    return None if columns <= 2 and not cosited[0] and (row.down == 1 or not cosited[1]) else cosited


class Taps(NamedTuple):
    """The two chroma samples of every luma sample along an axis, and their weights."""
    near: numpy.ndarray
    far: numpy.ndarray
    near_weight: numpy.ndarray
    far_weight: numpy.ndarray
    total: int


def _taps(places, step, cosited, size):
    """Of luma samples at these places, with a chroma sample every step of them, size in all."""
    near, phase = numpy.divmod(places, step)
    if step == 1:
        return Taps(near, near, phase + 1, phase, 1)
    if cosited:
        return Taps(near, numpy.minimum(near + 1, size - 1), step - phase, phase, step)
    far = numpy.clip(near + 2 * phase - 1, 0, size - 1)
    return Taps(near, far, numpy.full_like(phase, 3), numpy.full_like(phase, 1), 4)


def _interpolate(plane, row, cosited, top, bottom, width):
    """Rows top to bottom of U or V for every pixel: int64 [rows, width]. Rounded once, at the end: the half that is added is
    one less in every other column where samples lie halfway, so that sums do not drift; which, libjpeg chose."""
    y, x = numpy.arange(top, bottom), numpy.arange(width)
    # of 4:1:0 rows are repeated
    down = _taps(y, row.down, cosited[1], len(plane)) if row.down < 4 else _taps(y // 4, 1, True, len(plane))
    across = _taps(x, row.across, cosited[0], plane.shape[1])
    rows = plane[down.near] * down.near_weight[:, None] + plane[down.far] * down.far_weight[:, None]
    total = down.total * across.total
    half = numpy.full(width, total >> 1)
    if not cosited[0]:
        half -= x % 2 == (1 if down.total == 4 else 0)
    sums = rows[:, across.near] * across.near_weight + rows[:, across.far] * across.far_weight
    return (sums + half) >> total.bit_length() - 1


# --- from Y, U and V to R, G and B

class Term(NamedTuple):
    """C = floor ((cb (Cb - middle) + cr (Cr - middle) + half) / divisor)"""
    cb: int
    cr: int
    half: int
    divisor: int


class Factors(NamedTuple):
    """code = floor ((luma (Y - black) + C) / divisor)"""
    luma: int
    divisor: int
    black: int
    terms: tuple  # of R, G, B


def _chroma_factors(matrix):
    """What E'Cb and E'Cr add to E'R, E'G and E'B."""
    red, blue = (Fraction(k, 10000) for k in MATRICES[matrix])
    green = 1 - red - blue
    return [(0, 2 * (1 - red)), (-2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green), (2 * (1 - blue), 0)]


@functools.lru_cache(maxsize=None)
def _factors(matrix, range, depth):
    limited, step, largest = range == "limited", 1 << depth - 8, (1 << depth) - 1
    luma, chroma = (Fraction(largest, codes * step if limited else largest) for codes in (219, 224))
    terms = []
    for pair in _chroma_factors(matrix):
        parts = [luma.denominator * chroma * factor for factor in pair] + [Fraction(luma.denominator, 2)]
        divisor = math.lcm(*(part.denominator for part in parts))
        terms.append(Term(*(int(part * divisor) for part in parts), divisor))
    return Factors(luma.numerator, luma.denominator, 16 * step if limited else 0, tuple(terms))


def _convert(samples, row, factors, cosited):
    """uint8 or uint16 [height, width, 3], some rows after the others."""
    height, width = samples[0].shape
    rgb = numpy.empty((height, width, 3), numpy.uint8 if row.depth == 8 else numpy.uint16)
    n = max(1, CHUNK // width // row.down) * row.down
    for top in range(0, height, n):
        part = rgb[top:top + n]
        luma = (samples[0][top:top + n].astype(numpy.int64) - factors.black) * factors.luma
        if cosited:
            chroma = [_interpolate(plane, row, cosited, top, top + len(part), width) for plane in samples[1:]]
        else:
            chroma = [plane[top // row.down:(top + n) // row.down].astype(numpy.int64) for plane in samples[1:]]
        _convert_rows(part, luma, [plane - (1 << row.depth - 1) for plane in chroma], row, factors)
    return rgb


def _convert_rows(rgb, luma, chroma, row, factors):
    """chroma: of every pixel, or of every chroma sample, whose terms are then repeated."""
    height, width = luma.shape
    for channel, term in enumerate(factors.terms):
        codes = (chroma[0] * term.cb + chroma[1] * term.cr + term.half) // term.divisor
        if codes.shape != luma.shape:
            codes = codes.repeat(row.down, 0)[:height].repeat(row.across, 1)[:, :width]
        codes = (luma + codes) // factors.divisor
        rgb[..., channel] = numpy.clip(codes, 0, (1 << row.depth) - 1)
