# SPDX-License-Identifier: LGPL-2.1-or-later
"""PNG and JPEG files made by hand, for kinds that Pillow does not write: and the same bytes with every library."""
import struct
import zlib

import numpy as np

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6  # PNG's types of colour
# x and y of the first pixel, and the steps, of each of Adam7's passes
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed_rows(samples, depth):
    """Rows of a picture of [height, width, channels] as they stand before compression: without a filter."""
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        else:
            bits = row.astype(np.uint8)[:, None] >> np.arange(depth - 1, -1, -1, dtype=np.uint8) & 1
            data = np.packbits(bits).tobytes()
        rows.append(b"\0" + data)
    return b"".join(rows)


def stored(data):
    """zlib without compression, in one block."""
    return b"\x78\x01\x01" + struct.pack("<HH", len(data), len(data) ^ 0xffff) + data + struct.pack(">I", zlib.adler32(data))


def png(samples, depth, kind, interlaced=False, palette=None, before=(), after=(), compress=zlib.compress):
    """@samples of [height, width, channels]; @before and @after: chunks around the pixels."""
    height, width = samples.shape[:2]
    parts = [samples[y::down, x::right] for x, y, right, down in PASSES] if interlaced else [samples]
    rows = b"".join(packed_rows(part, depth) for part in parts if part.size)
    chunks = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))]
    if palette is not None:
        chunks.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    return b"".join([b"\x89PNG\r\n\x1a\n", *chunks, *before, chunk(b"IDAT", compress(rows)), *after, chunk(b"IEND")])


def exif(orientation, order="<", header=True):
    """A block with one entry, which says how the camera was held."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    return (b"Exif\0\0" if header else b"") + mark + entry


def segment(marker, data):
    return bytes([0xff, marker]) + struct.pack(">H", len(data) + 2) + data


class Bits:
    """Entropy-coded data: difference of a coefficient with codes of 4 bits for its length; 0, a bit, ends a block."""

    def __init__(self):
        self.text = []
        self.before = {}

    def difference(self, component, value):
        change = value - self.before.get(component, 0)
        self.before[component] = value
        length = abs(change).bit_length()
        self.text.append(f"{length:04b}")
        if length:
            self.text.append(f"{change if change > 0 else change + 2 ** length - 1:0{length}b}")

    def data(self):
        text = "".join(self.text)
        text += "1" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def blocks(size, factor, most):
    """Of a component: how many blocks there are in a row or a column, if it stands in a scan alone."""
    return -(-(-(-size * factor // most)) // 8)


def scan(bits, components, first, last):
    """@components: (number, its tables)"""
    head = bytes([len(components)]) + b"".join(bytes([number, 0]) for number in components) + bytes([first, last, 0])
    return segment(0xda, head) + bits.data()


def jpeg(width, height, factors, progressive=False, adobe=None, segments=b"", scans=1, seed=1):
    """Each block of 8x8 has one value: nothing but first coefficients. @factors: of sampling, (across, down) of every
    component; @adobe: the transform in Adobe's segment, which with 4 components is 0 for CMYK, 2 for YCCK; @scans: how often
    the second kind of scan of a progressive file stands in it."""
    across, down = (max(pair[i] for pair in factors) for i in range(2))
    rng = np.random.Generator(np.random.MT19937(seed))
    values = rng.integers(-128, 128, 64)
    bits, n = Bits(), 0
    for _ in range(blocks(width, 1, across) * blocks(height, 1, down)):
        for component, pair in enumerate(factors):
            for _ in range(pair[0] * pair[1]):
                bits.difference(component, int(values[n * 7 % 64 ^ n // 64 % 64]))
                n += 1
                bits.text.append("" if progressive else "0")
    numbers = range(1, len(factors) + 1)
    frame = struct.pack(">BHHB", 8, height, width, len(factors))
    frame += b"".join(bytes([number, pair[0] << 4 | pair[1], 0]) for number, pair in zip(numbers, factors))
    parts = [b"\xff\xd8", segments, segment(0xdb, b"\0\x08" + b"\1" * 63)]
    if adobe is not None:
        parts.append(segment(0xee, b"Adobe\0\x64\0\0\0\0" + bytes([adobe])))
    parts += [segment(0xc2 if progressive else 0xc0, frame),
              segment(0xc4, b"\0" + bytes([0, 0, 0, 9] + [0] * 12) + bytes(range(9))),
              segment(0xc4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),
              scan(bits, numbers, 0, 0 if progressive else 63)]
    for number, pair in zip(numbers, factors) if progressive else ():
        ends = Bits()
        ends.text = ["0"] * (blocks(width, pair[0], across) * blocks(height, pair[1], down))
        parts += [scan(ends, [number], 1, 63)] * scans
    return b"".join([*parts, b"\xff\xd9"])
