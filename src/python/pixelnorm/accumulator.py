# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accumulator: frames -> statistics, exact, with the numbers of the library (src/statistics/accumulator.c) and numpy alone.

Lanes add rows of samples, a lane a column, many rows at once: with d = x - h, h the middle of the code values, d^2 is at most
h^2, so three of them fit the unsigned integer that is twice as wide as a sample, and only their sum is widened again. Then
sum x^2 = sum d^2 + 2 h sum x - h^2 n, in 64 bits, where what wraps around wraps back.

In scope pixel a row is a frame. In scope channel it is a piece of the list of all samples, whatever frames they are of, and the
lanes are pooled by channel when somebody asks. Frames wait in a buffer until there are rows enough to be worth a call of numpy.

What was merged is kept apart, as the arrays of a profile in 64 bits (Python's integers in scope channel), and joined when
somebody asks.
"""
import builtins
import datetime
import itertools
import os
import pathlib
import re
import warnings

import numpy

from . import writer
from .profile import SAMPLES, Profile

VERSION = (pathlib.Path(__file__).parent / "VERSION").read_text(encoding="ascii").strip()
SOFTWARE = f"gst-pixelnorm {VERSION} (Python)"
MODES = {"RGB": "RGB", "L": "Y", "I;16": "Y", "I;16L": "Y", "I;16B": "Y"}  # of PIL: those whose samples are the code values
DEPTHS = tuple(range(8, 17))
MAX_FRAMES = 2 ** 32
MAX_SIDE = 2 ** 20
MAX_ROWS = 2 ** 31     # in a lane, whose sums of squares then fit 64 bits for sure
MAX_LINES = 64
MORE = "and more"
JOINS = (numpy.add, numpy.add, numpy.minimum, numpy.maximum)  # of SAMPLES
ROW = 768              # samples of a row in scope channel: whole pixels
MOST_ROWS = 252        # that are added at once: sums of as many numbers from -128 to 127 fit 16 bits
AT_ONCE = 1 << 19      # samples of a call, which stay in cache
MOST_WAITING = 1 << 26  # bytes of frames that wait, where they are large


class Lanes:
    """Sums, sums of squares, minima and maxima of columns, in 64 bits."""

    def __init__(self, n, depth):
        self.type, self.half = numpy.dtype("u1" if depth == 8 else "u2"), 1 << depth - 1
        self.n_rows = self.waiting = 0
        self.sum, self.sum_squares = numpy.zeros((2, n), numpy.uint64)
        self.min, self.max = numpy.full(n, 2 ** depth - 1, self.type), numpy.zeros(n, self.type)
        rows = min(MOST_ROWS, max(48, (1 << 20) // n // 3 * 3), max(1, MOST_WAITING // (n * self.type.itemsize)))
        self.buffer = numpy.empty((rows, n), self.type)
        # of column_moments(), so that they are not asked of the system each time
        self.work = [numpy.empty(max(64 * rows, AT_ONCE), kind) for kind in (self.type, f"i{2 * self.type.itemsize}")]

    def add(self, rows):
        """rows: [N, n]. Those that are not enough to be worth it wait."""
        while len(rows):
            some = rows[:len(self.buffer) - self.waiting if self.waiting else MOST_ROWS]
            if len(some) >= len(self.buffer):
                self._add_now(some)
                rows = rows[len(some):]
                continue
            rows = rows[len(some):]
            self.buffer[self.waiting:self.waiting + len(some)] = some
            self.waiting += len(some)
            if self.waiting == len(self.buffer):
                self.settle()

    def settle(self):
        """Adds what waits."""
        if self.waiting:
            self._add_now(self.buffer[:self.waiting])
        self.waiting = 0

    def _add_now(self, rows):
        width = max(64, AT_ONCE // len(rows) // 64 * 64)
        for begin in range(0, rows.shape[1], width):
            at = slice(begin, begin + width)
            sums, squares, low, high = column_moments(rows[:, at], self.half, self.work)
            self.sum[at] += sums
            self.sum_squares[at] += squares
            numpy.minimum(self.min[at], low, out=self.min[at])
            numpy.maximum(self.max[at], high, out=self.max[at])
        self.n_rows += len(rows)


def column_moments(rows, half, work):
    """(sums, sums of squares, minima, maxima) of columns; rows: [N, n] of u1 or u2, N at most MOST_ROWS: then the sum of
    N numbers of -half to half - 1 fits the signed integer that is twice as wide."""
    moved, squares = [space[:rows.size].reshape(rows.shape) for space in work]
    numpy.subtract(rows, rows.dtype.type(half), out=moved)
    numpy.copyto(squares, moved.view(f"i{moved.itemsize}"))
    sums = numpy.add.reduce(squares, axis=0, dtype=squares.dtype).astype("i8")
    numpy.multiply(squares, squares, out=squares)
    squares, third = squares.view(f"u{squares.itemsize}"), len(rows) // 3
    three = squares[:third]
    three += squares[third:2 * third]
    three += squares[2 * third:3 * third]
    total = numpy.add.reduce(three, axis=0, dtype=f"u{2 * squares.itemsize}").astype("u8")
    for row in squares[3 * third:]:
        total += row
    sums = (sums + len(rows) * half).astype("u8")
    total += sums * numpy.uint64(2 * half) - numpy.uint64(half * half * len(rows))
    return sums, total, numpy.minimum.reduce(rows, axis=0), numpy.maximum.reduce(rows, axis=0)


class PixelLanes:
    """Of frames of one size."""

    def __init__(self, shape, depth):
        self.shape, self.lanes = shape, Lanes(int(numpy.prod(shape)), depth)

    def add(self, frames):
        self.lanes.add(frames.reshape(len(frames), -1))

    def arrays(self):
        self.lanes.settle()
        return {name: getattr(self.lanes, name).reshape(self.shape).copy() for name in SAMPLES}


class ChannelLanes:
    """Of frames of any size; sums are Python's integers."""

    def __init__(self, n_channels, depth):
        self.n_channels, self.depth, self.samples, self.n_rest = n_channels, depth, 0, 0
        self.lanes, self.pooled = Lanes(ROW, depth), None
        self.rest = numpy.empty(ROW, self.lanes.type)  # samples that fill no row

    def add(self, frames):
        items = frames.reshape(-1)
        self.samples += items.size // self.n_channels
        if self.n_rest:
            some = items[:ROW - self.n_rest]
            self.rest[self.n_rest:self.n_rest + some.size] = some
            self.n_rest, items = self.n_rest + some.size, items[some.size:]
            if self.n_rest < ROW:
                return
            self.lanes.add(self.rest[None])
        whole = items.size // ROW * ROW
        self.lanes.add(items[:whole].reshape(-1, ROW))
        self.n_rest = items.size - whole
        self.rest[:self.n_rest] = items[whole:]
        if self.lanes.n_rows > MAX_ROWS:
            self.lanes.settle()
            self.pooled = self._with(self.pooled, [getattr(self.lanes, name) for name in SAMPLES])
            self.lanes = Lanes(ROW, self.depth)

    def _with(self, pooled, found):
        """Moments of columns, pooled by channel, together with those that were before."""
        total, squares, low, high = [items.reshape(-1, self.n_channels) for items in found]
        more = [total.astype(object).sum(0), squares.astype(object).sum(0), low.min(0), high.max(0)]
        return [add(a, b) if pooled else b for add, a, b in zip(JOINS, pooled or more, more)]

    def arrays(self):
        self.lanes.settle()
        pooled = self.pooled
        if self.lanes.n_rows:
            pooled = self._with(pooled, [getattr(self.lanes, name) for name in SAMPLES])
        if self.n_rest:
            pooled = self._with(pooled, column_moments(self.rest[None, :self.n_rest], self.lanes.half, self.lanes.work))
        arrays = {name: items.reshape(1, 1, -1) for name, items in zip(SAMPLES, pooled)}
        return {"samples": numpy.array([self.samples] * self.n_channels, object), **arrays}


class Accumulator:
    """Exact statistics of frames, from which profiles are made: those that the element pixelstats makes of the same frames.

        accumulator = pixelnorm.Accumulator()
        for image in images:
            accumulator.add(image)
        accumulator.save("images.safetensors")

    scope: "pixel", a sum a sample of frames of one size, or "channel", a sum a channel of frames of any size. channels: "RGB" or
    "Y". depth: bits of a sample, 8 to 16. range: "full" or "limited". matrix: of Y, as "bt601", where it is known; `pixelprofile
    collect --format=GRAY8` has bt601. histogram: whether code values are counted, too, for percentiles.

    Scope pixel takes 66 bytes of memory a sample of 8 bits, 20 to 30 where frames are large. Can be pickled.
    """

    def __init__(self, scope="pixel", channels="RGB", depth=8, range="full", histogram=False, matrix=None):
        for name, word, words in [("scope", scope, ("pixel", "channel")), ("channels", channels, ("RGB", "Y")),
                                  ("depth", depth, DEPTHS), ("range", range, ("full", "limited"))]:
            if word not in words:
                raise ValueError(f"{name} is {word!r}; it must be one of: {', '.join(map(str, words))}.")
        if matrix is not None and (channels != "Y" or matrix == "none" or not re.fullmatch("[a-z0-9-]{1,32}", matrix)):
            raise ValueError(f"matrix is {matrix!r} of channels {channels}; channels Y may have one, as bt601. Leave it out.")
        self.scope, self.channels, self.depth, self.range, self.matrix = scope, channels, int(depth), range, matrix
        self.width = self.height = self.frames = self.frames_skipped = 0
        self.subsampling = None
        self._lines = {"sources": [], "conversions": [], "shards": []}
        self._histogram = numpy.zeros((len(channels), 2 ** depth), numpy.uint64) if histogram else None
        self._lanes, self._merged = None, None  # frames that were added, and arrays of profiles that were

    def __repr__(self):
        size = "any size" if self.scope == "channel" else size_of(self) or "no size yet"
        return f"<pixelnorm.Accumulator of {self.frames} frames, {size}, {self.channels}, {self.depth} bits>"

    @classmethod
    def of(cls, profile):
        """One to go on from a profile, or the path of one, as if its frames had been added."""
        profile = loaded(profile)
        self = cls(profile.scope, depth=profile.depth, range=profile.range)
        self.channels, self.matrix, self.subsampling = profile.channels, profile.metadata.get("matrix"), profile.subsampling
        self.merge(profile)
        return self

    def add(self, frames, source=None):
        """Adds a frame or several: arrays [H, W, C] or [N, H, W, C], or grey [H, W], of uint8 (uint16 above 8 bits), channels in
        the order R, G, B; images of PIL (RGB, L, I;16); tensors of torch, [C, H, W] or [N, C, H, W], or with channels last where
        only that can be; or a list of these. source: where they come from, a line or a list of lines, which the profile tells.

        Raises TypeError or ValueError, in one sentence, where one does not fit; then nothing of the call counts."""
        names = join_names(self._lines["sources"], lines_of(source))
        batches = [self._checked(item) for item in (frames if isinstance(frames, (list, tuple)) else [frames])]
        batches = [batch for batch in batches if len(batch)]
        self._check_sizes(batches)
        self._check_room(sum(map(len, batches)), sum(batch.size // len(self.channels) for batch in batches))
        for batch in batches:
            self._add_batch(batch)
        self._lines["sources"] = names

    def skip(self, n=1):
        """Notes frames that were seen but left out, as broken ones."""
        self.frames_skipped += n

    def merge(self, other):
        """Adds the statistics of a Profile, of the file of one, or of another Accumulator, as if its frames had been added. The
        result has a histogram only where all have one. Raises ValueError where they do not go together; then nothing is
        added."""
        self._merge(other)
        warn_of_shards(self._lines["shards"])

    def profile(self, source=None, created=None, software=None):
        """The Profile of what was added so far. created: as "2026-01-31T12:00:00Z"; default: now."""
        words, arrays = self._snapshot(source, created, software)
        words["identity"] = writer.identity(words, arrays)
        return Profile(words, arrays)

    def save(self, path, overwrite=False, **words):
        """Writes the profile to a file: see Profile.save(); words are those of profile()."""
        self.profile(**words).save(path, overwrite)

    # --- frames

    def _checked(self, item):
        """[N, H, W, C] of whatever it is."""
        frames, expected = array_of(item, self.channels), numpy.dtype("u1" if self.depth == 8 else "u2")
        n = len(self.channels)
        if frames.dtype.kind in "fc":
            raise TypeError(f"Expected code values of {expected}, found {frames.dtype}: sums of floats are not exact, and x * "
                            "255 is not what was decoded. Add frames before they are divided or normalized.")
        if frames.dtype != expected:
            raise TypeError(f"Expected frames of {expected} for {self.depth} bits, found {frames.dtype} ({type(item).__name__}). "
                            "Give them as they were decoded, or begin an Accumulator of their depth.")
        if self.subsampling:
            raise ValueError(f"The profile that was merged is of {self.subsampling}, with U and V smaller than Y, and arrays "
                             "have channels of one size. Merge profiles only.")
        frames = frames[..., None] if frames.ndim == 2 else frames
        if frames.ndim not in (3, 4) or frames.shape[-1] != n:
            raise ValueError(f"Expected frames of shape [H, W, {n}] or [N, H, W, {n}] for channels {self.channels}, found "
                             f"{list(frames.shape)}. Put the channels last, or begin an Accumulator of their channels.")
        frames = frames[None] if frames.ndim == 3 else frames
        if len(frames) and not 1 <= min(frames.shape[1:3]) <= max(frames.shape[1:3]) <= MAX_SIDE:
            raise ValueError(f"Expected frames of 1 to {MAX_SIDE} rows and columns, found {frames.shape[2]}x{frames.shape[1]}.")
        if 8 < self.depth < 16 and len(frames) and frames.max() >= 1 << self.depth:
            raise ValueError(f"A sample is {frames.max()}, and {self.depth} bits hold 0 to {2 ** self.depth - 1}. Shift samples "
                             "that lie in the high bits, or give the depth that they have.")
        return frames

    def _check_sizes(self, batches):
        sizes = [(self.height, self.width)] if self.width else []
        sizes += [batch.shape[1:3] for batch in batches] if self.scope == "pixel" else []
        for height, width in sizes:
            if (height, width) != sizes[0]:
                raise ValueError(f"Another size: what was collected so far is {sizes[0][1]}x{sizes[0][0]}, the frame is {width}x"
                                 f"{height}. Scale frames to one size, or collect with scope channel.")

    def _check_room(self, frames, samples):
        """samples: of the first channel."""
        most = (2 ** 64 - 1) // (2 ** self.depth - 1)  # whose sum fits 64 bits for sure
        if self.scope == "channel":
            samples += int(self._merged["samples"][0]) if self._merged else 0
            samples += self._lanes.samples if self._lanes else 0
        if self.frames + frames > MAX_FRAMES or (self.scope == "channel" and samples > most):
            raise ValueError(f"The statistics are full after {self.frames} frames: the file cannot hold larger sums exactly. "
                             "Save them and begin anew.")

    def _add_batch(self, batch):
        if self._lanes is None:
            self._lanes = (PixelLanes(batch.shape[1:], self.depth) if self.scope == "pixel" else
                           ChannelLanes(len(self.channels), self.depth))
        if self.scope == "pixel":
            self.height, self.width = batch.shape[1:3]
        for channel, counts in enumerate(self._histogram if self._histogram is not None else ()):
            counts += numpy.bincount(batch[..., channel].ravel(), minlength=counts.size).astype("u8")
        self._lanes.add(batch)
        self.frames += len(batch)

    # --- profiles

    def _snapshot(self, source=None, created=None, software=None):
        """(metadata, arrays) but for the identity."""
        if self.frames == 0:
            raise ValueError("A profile needs frames: add at least one.")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = {**self._lines, "sources": join_names(self._lines["sources"], lines_of(source))}
        words = {"pixelnorm.version": "1.0", "software": software or SOFTWARE, "created": created or now,
                 **{key: "\n".join(found) for key, found in lines.items()}, "width": str(self.width), "height": str(self.height),
                 "channels": self.channels, "depth": str(self.depth), "range": self.range, "matrix": self.matrix,
                 "subsampling": self.subsampling, "frames_skipped": str(self.frames_skipped)}
        arrays = self._own_arrays()
        if self._merged:
            arrays = join_arrays({name: array.copy() for name, array in self._merged.items()}, arrays) if arrays else self._merged
        if self.scope == "channel":  # Python's integers as the file has them
            squares = arrays["sum_squares"]
            arrays = {**arrays, "sum_squares": squares & 2 ** 64 - 1, "sum_squares_high": squares >> 64}
        wide = {name: array.astype("u8") if array.dtype == object else array.copy() for name, array in arrays.items()}
        if self._histogram is not None:
            wide["histogram"] = self._histogram.copy()
        return {key: word for key, word in words.items() if word}, dict(writer.tensors(wide))

    def _own_arrays(self):
        """Of the frames that were added."""
        if self._lanes is None:
            return None
        merged = int(self._merged["frames"][0]) if self._merged else 0
        return {"frames": numpy.array([self.frames - merged], "u8"), **self._lanes.arrays()}

    def _merge(self, other):
        if isinstance(other, Accumulator):
            self._check_join(other, "the other")
            if other.frames == 0:
                self.frames_skipped += other.frames_skipped
                return
            other = Profile(*other._snapshot())
        profile = loaded(other)
        self._check_join(profile, "the profile")
        arrays = {name: array for name, array in profile.arrays.items() if name != "histogram"}
        if self.scope == "channel":
            arrays = {name: array if name in ("frames", "min", "max") else array.astype(object) for name, array in arrays.items()}
            high = arrays.pop("sum_squares_high", 0)
            arrays["sum_squares"] = arrays["sum_squares"] + high * 2 ** 64
        self._check_room(profile.frames, int(arrays["samples"][0]) if self.scope == "channel" else 0)
        self._merge_histogram(profile.arrays.get("histogram"))
        if self._merged:
            join_arrays(self._merged, arrays)
        else:
            self._merged = {name: array.astype("u8" if array.dtype == "u4" else array.dtype) for name, array in arrays.items()}
        self.width, self.height = profile.width, profile.height
        self.frames += profile.frames
        self.frames_skipped += int(profile.metadata["frames_skipped"])
        for key, join in [("sources", join_names), ("conversions", join_names), ("shards", join_shards)]:
            self._lines[key] = join(self._lines[key], profile.metadata.get(key, "").split("\n"))

    def _check_join(self, other, name):
        """What the library checks, too."""
        for what, found, theirs in [("scope", self.scope, other.scope), ("set of channels", self.channels, other.channels),
                                    ("depth", self.depth, other.depth), ("size", *map(size_of, (self, other))),
                                    ("subsampling", self.subsampling, other.subsampling), ("range", self.range, other.range),
                                    ("matrix", self.matrix, other.matrix)]:
            if found != theirs and (what != "size" or None not in (found, theirs)):
                raise ValueError(f"Another {what}: what was collected so far has {found or 'none'}, {name} {theirs or 'none'}. "
                                 "Collect both alike to join them.")

    def _merge_histogram(self, counts):
        if self.frames == 0 and counts is not None and self._histogram is None:
            self._histogram = numpy.zeros(counts.shape, "u8")
        if self._histogram is not None and counts is not None:
            self._histogram += counts
        elif self._histogram is not None or counts is not None:
            self._histogram = None
            warnings.warn("Not all that was merged has a histogram, so the result has none.", stacklevel=4)


def merge(profiles):
    """See Profile.merge()."""
    accumulator = None
    for profile in profiles:
        if accumulator is None:
            accumulator = Accumulator.of(profile)
        else:
            accumulator._merge(profile)
    if accumulator is None:
        raise ValueError("A merge needs profiles: give at least one.")
    warn_of_shards(accumulator._lines["shards"])
    return accumulator.profile()


def size_of(frames):
    """In words; None: any."""
    return f"{frames.width}x{frames.height}" if frames.width else None


def loaded(profile):
    return profile if isinstance(profile, Profile) else Profile.load(profile)


def join_arrays(into, more):
    """Adds arrays to arrays of 64 bits, in place. A sample that was never counted has a minimum and a maximum of 0."""
    frames = [one["frames"][0] for one in (into, more)]
    for name in [name for name in into if name.split(".")[0] == "sum"]:
        part = name[len("sum"):]
        low, more_low = into["min" + part], more["min" + part]
        if "count" + part in into or "count" + part in more:
            shape = low.shape[:2] + (1,) * (low.ndim - 2)
            counts = [one.get("count" + part, numpy.full(shape, n, "u8")) for one, n in zip((into, more), frames)]
            never, more_never = [count == 0 for count in counts]
            numpy.copyto(low, more_low, where=never)
            more_low = numpy.where(more_never, low, more_low)
            into["count" + part] = counts[0] + counts[1]
        numpy.minimum(low, more_low, out=low)
        numpy.maximum(into["max" + part], more["max" + part], out=into["max" + part])
        for sums in ("sum" + part, "sum_squares" + part):
            into[sums] += more[sums]
    for name in ("frames", "samples"):
        if name in into:
            into[name] += more[name]
    return into


# --- lines of text of the metadata

def lines_of(source):
    """Of a text or a list of texts."""
    texts = [] if source is None else [source] if isinstance(source, (str, os.PathLike)) else source
    return [line for text in texts for line in os.fspath(text).split("\n")]


def join_names(names, more):
    """The first 64 in the order of their bytes, and whether there are more: so any tree of merges gives the same list."""
    found = {line for line in itertools.chain(names, more) if line}
    known = sorted(found - {MORE})  # the order of UTF-8 is that of code points
    return known[:MAX_LINES] + [MORE] * (len(known) > MAX_LINES or MORE in found)


def join_shards(shards, more):
    """In the order of their numbers; none where they are a whole set. What is no shard is passed over, as the library does."""
    pairs = [tuple(map(int, line.split("/"))) for line in (*shards, *more) if re.fullmatch("[0-9]{1,7}/[0-9]{1,7}", line)]
    pairs = sorted((n, index) for index, n in pairs if 1 <= index <= n <= 1_000_000)
    if pairs == [(len(pairs), index + 1) for index in builtins.range(len(pairs))]:
        return []
    return [f"{index}/{n}" for n, index in pairs]


def warn_of_shards(shards):
    others = [shard for shard in shards if shard.split("/")[1] != shards[0].split("/")[1]]
    twice = [shard for shard, next in zip(shards, shards[1:]) if shard == next]
    if others:
        warnings.warn(f"{shards[0]} and {others[0]} are shards of sets that were divided differently.", stacklevel=3)
    elif twice:
        warnings.warn(f"Shard {twice[0]} is there twice; its frames count twice.", stacklevel=3)


# --- what frames come as

def array_of(item, channels):
    """The array of an image of PIL, a tensor of torch or what numpy takes; neither package is imported."""
    if hasattr(item, "getbands"):
        if MODES.get(item.mode) != channels:
            modes = [mode for mode, of in MODES.items() if of == channels]
            raise TypeError(f"Expected an image of mode {' or '.join(modes)} for channels {channels}, found {item.mode}. "
                            f"Convert it first: image.convert({modes[0]!r}).")
        item = numpy.asarray(item)
    if hasattr(item, "detach"):
        return channels_last(item.detach().cpu().numpy(), len(channels))
    frames = numpy.asarray(item)
    return frames.astype(frames.dtype.newbyteorder("=")) if frames.dtype.kind == "u" and not frames.dtype.isnative else frames


def channels_last(frames, n):
    """A tensor's [C, H, W], unless only [H, W, C] can be."""
    first = frames.ndim in (3, 4) and frames.shape[-3] == n
    return numpy.moveaxis(frames, -3, -1) if first else frames
