# SPDX-License-Identifier: LGPL-2.1-or-later
"""XXH3 with 128 bits and seed 0, the digest of docs/format.md, for where the module xxhash is not installed.

Up to 240 bytes are a few multiplications of Python's integers. More are blocks of 16 stripes of 8 words: what a block adds to the
8 accumulators does not depend on them, so numpy makes it of many blocks at once, and only the scrambling after each block goes
one by one. It is checked against the module, and takes 10 ms for 2.7 MB where the module takes .3.
"""
import numpy

MASK = 2 ** 64 - 1
P32 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
STRIPE, BLOCK = 64, 1024
PIECE = 256  # blocks that are worked on at once, which stay in cache
KEYS = numpy.array([numpy.frombuffer(SECRET, "<u8", 8, 8 * n) for n in range(16)])  # of the stripes of a block
LAST_KEYS = numpy.frombuffer(SECRET, "<u8", 8, 121)
SCRAMBLE = numpy.frombuffer(SECRET, "<u8", 8, 128)
SWAPPED = [1, 0, 3, 2, 5, 4, 7, 6]


def best():
    """An empty digest: the module's, else the one here; both have update() and hexdigest()."""
    try:
        import xxhash
        return xxhash.xxh3_128()
    except (ImportError, AttributeError):  # a module older than XXH3
        return Xxh3()


class Xxh3:
    """xxhash.xxh3_128(), as far as it is needed here."""

    def __init__(self, data=b""):
        self._sums = numpy.array([P32[2], *P64[:4], P32[1], P64[4], P32[0]], "<u8")
        self._kept, self._length, self._before = b"", 0, b""  # kept: not worked on; before: the stripe before it
        self.update(data)

    def update(self, data):
        """Adds bytes, or the items of an array."""
        data = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self._length += len(data)
        if len(self._kept) + len(data) <= BLOCK:  # a last block waits for the end, even where it is whole
            self._kept += data
            return
        if self._kept:
            more = BLOCK - len(self._kept)
            self._add_blocks(self._kept + bytes(data[:more]))
            data = data[more:]
        whole = max(0, len(data) - 1) // BLOCK * BLOCK
        for begin in range(0, whole, PIECE * BLOCK):
            self._add_blocks(data[begin:min(begin + PIECE * BLOCK, whole)])
        self._kept = bytes(data[whole:])

    def _add_blocks(self, data):
        with numpy.errstate(over="ignore"):
            sums, prime, shift = self._sums, numpy.uint64(P32[0]), numpy.uint64(47)
            shifted = numpy.empty_like(sums)
            for more in stripes(numpy.frombuffer(data, "<u8").reshape(-1, 16, 8), KEYS):
                sums += more
                numpy.right_shift(sums, shift, out=shifted)
                sums ^= shifted
                sums ^= SCRAMBLE
                sums *= prime
        self._before = bytes(data[-STRIPE:])

    def hexdigest(self):
        data, length = self._kept, self._length
        if length <= 240:
            low, high = short(data)
        else:
            sums = self._sums + last_stripes(data, self._before)
            low = merge(sums, 11, length * P64[0])
            high = merge(sums, 117, ~(length * P64[1]))
        return f"{high:016x}{low:016x}"


def stripes(words, keys):
    """What blocks [N, stripes, 8] add to the accumulators: [N, 8]."""
    mixed = words ^ keys
    halves = mixed & numpy.uint64(0xffffffff)
    mixed >>= numpy.uint64(32)
    mixed *= halves
    return mixed.sum(axis=1) + words.sum(axis=1)[:, SWAPPED]


def last_stripes(data, before):
    """Of 1 to 1024 bytes that are left: whole stripes but for the last bytes, then the last 64 bytes there are."""
    n = (len(data) - 1) // STRIPE
    words = numpy.frombuffer(data, "<u8", 8 * n).reshape(1, n, 8)
    last = numpy.frombuffer((before + data)[-STRIPE:], "<u8").reshape(1, 1, 8)
    return (stripes(words, KEYS[:n]) + stripes(last, LAST_KEYS))[0]


def merge(sums, place, start):
    for i in range(0, 8, 2):
        start += fold((int(sums[i]) ^ secret(place + 8 * i)) * (int(sums[i + 1]) ^ secret(place + 8 * i + 8)))
    return avalanche(start & MASK)


# --- up to 240 bytes

def word(data, at=0, size=8):
    at += len(data) if at < 0 else 0
    return int.from_bytes(data[at:at + size], "little")


def secret(at, size=8):
    return word(SECRET, at, size)


def fold(product):
    return product & MASK ^ product >> 64


def avalanche(h):
    h ^= h >> 37
    h = h * 0x165667919E3779F9 & MASK
    return h ^ h >> 32


def avalanche_64(h):
    """That of XXH64."""
    h = (h ^ h >> 33) * P64[1] & MASK
    h = (h ^ h >> 29) * P64[2] & MASK
    return h ^ h >> 32


def swap(x, size):
    return int.from_bytes(x.to_bytes(size, "little"), "big")


def short(data):
    """(low, high) of at most 240 bytes."""
    n = len(data)
    for most, digest in [(0, of_nothing), (3, of_1_to_3), (8, of_4_to_8), (16, of_9_to_16), (128, of_17_to_128)]:
        if n <= most:
            return digest(data, n)
    return of_129_to_240(data, n)


def of_nothing(data, n):
    return avalanche_64(secret(64) ^ secret(72)), avalanche_64(secret(80) ^ secret(88))


def of_1_to_3(data, n):
    low = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
    swapped = swap(low, 4)
    high = (swapped << 13 | swapped >> 19) & 0xffffffff
    return avalanche_64(low ^ secret(0, 4) ^ secret(4, 4)), avalanche_64(high ^ secret(8, 4) ^ secret(12, 4))


def of_4_to_8(data, n):
    keyed = word(data, 0, 4) + (word(data, -4, 4) << 32) ^ secret(16) ^ secret(24)
    product = keyed * (P64[0] + (n << 2))
    low, high = product & MASK, product >> 64 & MASK
    high = high + (low << 1) & MASK
    low ^= high >> 3
    low = (low ^ low >> 35) * 0x9FB21C651E98DF25 & MASK
    return low ^ low >> 28, avalanche(high)


def of_9_to_16(data, n):
    first, last = word(data), word(data, -8)
    product = (first ^ last ^ secret(32) ^ secret(40)) * P64[0]
    low, high = product + ((n - 1) << 54) & MASK, product >> 64
    last ^= secret(48) ^ secret(56)
    high = high + last + (last & 0xffffffff) * (P32[1] - 1) & MASK
    low ^= swap(high, 8)
    product = low * P64[1]
    return avalanche(product & MASK), avalanche((product >> 64) + high * P64[1] & MASK)


def mix_16(data, at, place):
    return fold((word(data, at) ^ secret(place)) * (word(data, at + 8) ^ secret(place + 8)))


def mix_32(sums, data, first, second, place):
    low, high = sums
    low = low + mix_16(data, first, place) ^ word(data, second) + word(data, second + 8) & MASK
    high = high + mix_16(data, second, place + 16) ^ word(data, first) + word(data, first + 8) & MASK
    return low & MASK, high & MASK


def finish(sums, n):
    low, high = sums
    last = low * P64[0] + high * P64[3] + n * P64[1]
    return avalanche(low + high & MASK), -avalanche(last & MASK) & MASK


def of_17_to_128(data, n):
    sums = n * P64[0] & MASK, 0
    for i in reversed(range((n - 1) // 32 + 1)):
        sums = mix_32(sums, data, 16 * i, n - 16 * (i + 1), 32 * i)
    return finish(sums, n)


def of_129_to_240(data, n):
    sums = n * P64[0] & MASK, 0
    for i in range(4):
        sums = mix_32(sums, data, 32 * i, 32 * i + 16, 32 * i)
    sums = avalanche(sums[0]), avalanche(sums[1])
    for i in range(4, n // 32):
        sums = mix_32(sums, data, 32 * i, 32 * i + 16, 32 * (i - 4) + 3)
    # the last 32 bytes, as with a seed of 0
    return finish(mix_32(sums, data, n - 16, n - 32, 136 - 17 - 16), n)
