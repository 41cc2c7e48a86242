# SPDX-License-Identifier: LGPL-2.1-or-later
"""Masks, histograms, percentiles and joined profiles of the library, by introspection: against numpy on the frames.

Whatever way frames came into a profile, the identity must be that of a file which profile_bytes.py makes, as docs/format.md
says, from all frames at once."""

import itertools

import numpy
import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

import profile_bytes  # noqa: E402
from reports import want  # noqa: E402

Scope, Error = Pixelnorm.Scope, Pixelnorm.Error
SCOPES = {"pixel": Scope.PIXEL, "channel": Scope.CHANNEL}
WIDTH, HEIGHT, N = 301, 4, 13  # rows of more than one tile
FORMS = {"RGB": ("RGB", 8), "BGRx": ("RGB", 8), "G,B,R": ("RGB", 8), "Y": ("Y", 8), "RGB 10": ("RGB", 10),
         "Y 16": ("Y", 16)}


def frames_of(form, n=N, seed=0, size=(HEIGHT, WIDTH)):
    channels, depth = FORMS[form]
    random = numpy.random.default_rng([20261123, seed, depth, len(channels)])
    return random.integers(0, 2 ** depth, (n, *size, len(channels))) >> random.integers(0, depth, (n, *size, 1))


def layout_of(form, size=(HEIGHT, WIDTH)):
    layout = Pixelnorm.Layout.new(form.split()[0], size[1], size[0])
    depth = FORMS[form][1]
    if depth > 8:
        layout.set_depth(depth, 0, False)
    return layout


def data_of(form, frame):
    """The bytes of a frame [H, W, C] as they lie."""
    order, (channels, depth) = form.split()[0], FORMS[form]
    planes = []
    for plane in order.split(","):
        letters = [frame[..., channels.index(letter)] if letter != "x" else frame[..., 0] for letter in plane]
        planes.append(numpy.stack(letters, -1).astype("u1" if depth == 8 else "<u2").tobytes())
    return b"".join(planes)


def collector(form, scope, histogram=False, mask=None):
    layout = layout_of(form)
    accumulator = Pixelnorm.Accumulator.new(SCOPES[scope], layout)
    if histogram:
        accumulator.keep_histogram()
    if mask is not None:
        accumulator.set_mask(layout, mask.astype("u1").tobytes())
    return accumulator


def add(accumulator, form, frames):
    layout = layout_of(form, frames.shape[1:3])
    for frame in frames:
        accumulator.add_data(layout, data_of(form, frame))
    return accumulator


def expected_identity(form, scope, frames, seen=None, histogram=False):
    """Of frames [N, H, W, C], seen [N, H, W, 1]."""
    channels, depth = FORMS[form]
    if scope == "pixel":
        words, arrays = profile_bytes.pixel_profile(frames, channels, depth, seen)
    else:
        inside = numpy.ones((*frames.shape[:3], 1), bool) if seen is None else seen
        kept = [frame[i[..., 0]].reshape(-1, 1, len(channels)) for frame, i in zip(frames, inside)]
        words, arrays = profile_bytes.channel_profile(kept, channels, depth)
    if histogram:
        arrays["histogram"] = profile_bytes.histogram(frames, depth, seen)
    return profile_bytes.identity(words, arrays)


def masks():
    """A rectangle, holes, a checkerboard, single pixels, everything."""
    random = numpy.random.default_rng(7)
    rectangle = numpy.zeros((HEIGHT, WIDTH), bool)
    rectangle[1:3, 20:290] = True
    one = numpy.zeros((HEIGHT, WIDTH), bool)
    one[2, 300] = True
    checks = numpy.indices((HEIGHT, WIDTH)).sum(axis=0) % 2 == 0
    return {"rectangle": rectangle, "holes": random.random((HEIGHT, WIDTH)) < .9, "checks": checks, "one": one,
            "all": numpy.ones((HEIGHT, WIDTH), bool)}


MASKS = masks()


def seen_through(mask, n=N):
    return numpy.broadcast_to(mask[None, :, :, None], (n, HEIGHT, WIDTH, 1))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("form", FORMS)
def test_mask(form, scope, mask, tmp_path):
    """Only pixels inside count, in the histogram too; the file says how often each did."""
    frames, seen = frames_of(form), seen_through(MASKS[mask])
    accumulator = add(collector(form, scope, True, MASKS[mask]), form, frames)
    profile = accumulator.snapshot()
    assert profile.get_identity() == expected_identity(form, scope, frames, seen, True)
    for c in range(len(FORMS[form][0])):
        inside = frames[..., c][seen[..., 0]]
        for found in [accumulator.get_statistics(c), profile.get_statistics(c)]:
            assert (found.count, found.min, found.max) == (inside.size, inside.min(), inside.max())
            assert found.mean == pytest.approx(inside.mean(), rel=1e-12)
            assert found.std == pytest.approx(inside.std(), rel=1e-11)
    counts = numpy.frombuffer(profile.get_image(Pixelnorm.Image.COUNT).get_data(), "f8")
    if scope == "pixel":
        assert (counts.reshape(HEIGHT, WIDTH, -1) == seen.sum(axis=0)).all()
    path = str(tmp_path / "p.safetensors")
    profile.save(path)
    assert Pixelnorm.Profile.load(path).get_identity() == profile.get_identity()


@pytest.mark.parametrize("histogram", [False, True])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("form", FORMS)
def test_changing_masks_and_going_on(form, scope, histogram, tmp_path):
    """A mask set late, changed, taken away, saved in between; after each, what a file of all frames would say."""
    frames, seen = frames_of(form, 4 * 5), []
    accumulator = collector(form, scope, histogram)
    for i, mask in enumerate([None, MASKS["rectangle"], MASKS["holes"], None]):
        layout = layout_of(form)
        accumulator.set_mask(layout, None if mask is None else mask.astype("u1").tobytes())
        add(accumulator, form, frames[5 * i:5 * i + 5])
        seen.append(seen_through(numpy.ones((HEIGHT, WIDTH), bool) if mask is None else mask, 5))
        profile = accumulator.snapshot()
        assert profile.get_identity() == expected_identity(form, scope, frames[:5 * i + 5], numpy.concatenate(seen),
                                                           histogram)
        path = str(tmp_path / "p.safetensors")
        profile.save(path)
        accumulator = Pixelnorm.Accumulator.new_from_profile(Pixelnorm.Profile.load(path))


@pytest.mark.parametrize("scope", SCOPES)
def test_subsampled_mask(scope):
    """A sample of U or V counts where all pixels that share it do; odd sizes share fewer."""
    (width, height), n = (7, 5), 6
    random = numpy.random.default_rng(3)
    layout = Pixelnorm.Layout.new("Y,U,V", width, height)
    layout.set_subsampling(1, 1)
    mask = random.random((height, width)) < .8
    frames = {"Y": random.integers(0, 256, (n, height, width)), "U": random.integers(0, 256, (n, 3, 4)),
              "V": random.integers(0, 256, (n, 3, 4))}
    padded = numpy.ones((6, 8), bool)
    padded[:height, :width] = mask
    blocks = padded.reshape(3, 2, 4, 2).all(axis=(1, 3))
    assert blocks.any() and not blocks.all()
    accumulator = Pixelnorm.Accumulator.new(SCOPES[scope], layout)
    accumulator.set_mask(layout, mask.astype("u1").tobytes())
    for i in range(n):
        accumulator.add_data(layout, b"".join(frames[c][i].astype("u1").tobytes() for c in "YUV"))
    seen = {"Y": mask, "U": blocks, "V": blocks}
    profile = accumulator.snapshot()
    for c, letter in enumerate("YUV"):
        inside = frames[letter][:, seen[letter]]
        found = profile.get_statistics(c)
        assert (found.count, found.min, found.max) == (inside.size, inside.min(), inside.max())
        assert found.mean == pytest.approx(inside.mean(), rel=1e-12)
    if scope == "pixel":
        everywhere = {c: numpy.broadcast_to(seen[c], frames[c].shape) for c in "YUV"}
        words, arrays = profile_bytes.subsampled_profile(frames, 8, "4:2:0", seen=everywhere)
        assert profile.get_identity() == profile_bytes.identity(words, arrays)
        loaded = Pixelnorm.Profile.parse(GLib.Bytes.new(profile_bytes.build(words, arrays)))
        again = Pixelnorm.Accumulator.new_from_profile(loaded).snapshot()
        assert again.get_identity() == profile.get_identity()


def parts_of(form, scope, histogram=False, mask_all=False):
    """Frames in six uneven parts, some with masks, as (profile, frames, seen)."""
    cuts, parts, start = [1, 2, 3, 1, 9, 4], [], 0
    frames = frames_of(form, sum(cuts), seed=5)
    names = [None, "rectangle", None, "holes", "checks", None] if mask_all else [None] * 6
    for n, name in zip(cuts, names):
        mask = None if name is None else MASKS[name]
        part = frames[start:start + n]
        accumulator = add(collector(form, scope, histogram, mask), form, part)
        accumulator.skip(n)
        accumulator.add_source(f"file:///{start}")
        seen = seen_through(numpy.ones((HEIGHT, WIDTH), bool) if mask is None else mask, n)
        parts.append((accumulator.snapshot(), part, seen))
        start += n
    return parts


def join(profiles):
    accumulator = Pixelnorm.Accumulator.new_from_profile(profiles[0])
    for profile in profiles[1:]:
        accumulator.add_profile(profile)
    return accumulator.snapshot()


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("form", FORMS)
def test_join(form, scope, masked):
    """Any order and any grouping: the profile of all frames."""
    parts = parts_of(form, scope, True, masked)
    frames = numpy.concatenate([part[1] for part in parts])
    seen = numpy.concatenate([part[2] for part in parts])
    expected = expected_identity(form, scope, frames, seen if masked else None, True)
    profiles = [part[0] for part in parts]
    random = numpy.random.default_rng(1)
    for _ in range(6):
        order = [profiles[i] for i in random.permutation(len(profiles))]
        cut = random.integers(1, len(order))
        assert join(order).get_identity() == expected
        assert join([join(order[:cut]), join(order[cut:])]).get_identity() == expected
    whole = join(profiles)
    assert (whole.get_frames(), whole.get_frames_skipped()) == (20, 20)
    assert whole.get_sources().split("\n") == sorted(f"file:///{at}" for at in (0, 1, 3, 6, 7, 16))


@pytest.mark.parametrize("form, n", [("Y", 66051), ("Y", 66052), ("RGB 10", 4104), ("RGB 10", 4105), ("Y 16", 1), ("Y 16", 2)])
def test_white_frames(form, n, tmp_path):
    """As many as sums of squares of 32 bits hold, and one more."""
    size = (2, 3)
    white = numpy.full((1, *size, len(FORMS[form][0])), 2 ** FORMS[form][1] - 1)
    assert (n * int(white.max()) ** 2 < 2 ** 32) == (n in (66051, 4104, 1))
    whole, part = (Pixelnorm.Accumulator.new(Scope.PIXEL, layout_of(form, size)) for _ in range(2))
    add(part, form, white)
    for bit in range(n.bit_length()):
        power = part.snapshot()
        if n >> bit & 1:
            whole.add_profile(power)
        part.add_profile(power)
    profile, path = whole.snapshot(), str(tmp_path / "white.safetensors")
    profile.save(path)
    expected = expected_identity(form, "pixel", numpy.broadcast_to(white, (n, *white.shape[1:])))
    assert Pixelnorm.Profile.load(path).get_identity() == profile.get_identity() == expected


def test_join_keeps_a_histogram_that_all_have():
    with_one, without = (parts_of("RGB", "pixel", histogram)[0][0] for histogram in (True, False))
    for pair in itertools.product([with_one, without], repeat=2):
        assert join(pair).has_histogram() == (pair == (with_one, with_one))
    assert join([with_one, without]).get_identity() == join([without, with_one]).get_identity()


def refuse(call, code, *words):
    with pytest.raises(GLib.Error) as raised:
        call()
    assert (raised.value.domain, raised.value.code) == ("pixelnorm-error-quark", code)
    for word in words:
        assert word in raised.value.message, raised.value.message


def test_what_cannot_be_joined():
    rgb = add(collector("RGB", "pixel"), "RGB", frames_of("RGB", 2))
    before = rgb.snapshot().get_identity()

    def other(form="RGB", scope="pixel", size=(HEIGHT, WIDTH), colorimetry=None):
        layout = layout_of(form, size)
        if colorimetry:
            layout.set_colorimetry(*colorimetry)
        accumulator = Pixelnorm.Accumulator.new(SCOPES[scope], layout)
        accumulator.add_data(layout, data_of(form, frames_of(form, 1, 0, size)[0]))
        return accumulator.snapshot()

    for profile, words in [(other("Y"), "Another set of channels"), (other("RGB 10"), "Another depth"),
                           (other(size=(HEIGHT, 8)), "Another size"), (other(scope="channel"), "Another scope"),
                           (other(colorimetry=(Pixelnorm.Range.LIMITED, None)), "Another range")]:
        refuse(lambda: rgb.add_profile(profile), Error.MISMATCH, words)
    grey = Pixelnorm.Accumulator.new_from_profile(other("Y", colorimetry=(Pixelnorm.Range.FULL, "bt601")))
    refuse(lambda: grey.add_profile(other("Y", colorimetry=(Pixelnorm.Range.FULL, "bt709"))), Error.MISMATCH,
           "Another matrix", "bt601", "bt709")
    assert rgb.snapshot().get_identity() == before


def test_too_many_frames_to_join():
    """Two profiles of 2^31 + 1 frames: their sums would not fit the file."""
    words, arrays = profile_bytes.pixel_profile(numpy.zeros((1, 1, 1, 1), int), "Y", 8)
    arrays["frames"] = numpy.array([2 ** 31 + 1], "u8")
    profile = Pixelnorm.Profile.parse(GLib.Bytes.new(profile_bytes.build(words, arrays)))
    accumulator = Pixelnorm.Accumulator.new_from_profile(profile)
    refuse(lambda: accumulator.add_profile(profile), Error.LIMIT, "full")
    assert accumulator.get_frames() == 2 ** 31 + 1


def test_masks_that_cannot_be():
    layout = layout_of("RGB")
    accumulator = add(collector("RGB", "pixel"), "RGB", frames_of("RGB", 2))
    before = accumulator.snapshot().get_identity()
    refuse(lambda: accumulator.set_mask(layout, bytes(WIDTH * HEIGHT)), Error.SETTINGS, "no sample")
    refuse(lambda: accumulator.set_mask(layout, b"\1" * 7), Error.MISMATCH, "7 bytes", "301 x 4")
    refuse(lambda: accumulator.set_mask(layout_of("RGB", (4, 8)), b"\1" * 32), Error.MISMATCH, "Another size")
    refuse(lambda: accumulator.keep_histogram(), Error.SETTINGS, "2 frames without a histogram")
    assert accumulator.snapshot().get_identity() == before
    # scope channel: frames of another size than the mask's
    channel = collector("RGB", "channel", mask=MASKS["holes"])
    refuse(lambda: add(channel, "RGB", frames_of("RGB", 1, 0, (8, 8))), Error.MISMATCH, "the mask")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("form", FORMS)
def test_histogram_and_percentiles(form, scope):
    """numpy.percentile's default, of channels and of all."""
    frames = frames_of(form, 5)
    profile = add(collector(form, scope, True), form, frames).snapshot()
    channels, depth = FORMS[form]
    for c in [*range(len(channels)), -1]:
        values = frames[..., c] if c >= 0 else frames
        counts = numpy.frombuffer(profile.get_histogram(c).get_data(), "u8")
        assert (counts == numpy.bincount(values.ravel(), minlength=2 ** depth)).all()
        for percent in [0, .1, 1, 5, 25, 50, 73.21, 99, 99.99, 100]:
            found = profile.get_percentile(c, percent)
            assert found[1] == pytest.approx(numpy.percentile(values, percent), rel=1e-13, abs=1e-10)
    for percent in [-1, 100.1, float("nan")]:
        refuse(lambda: profile.get_percentile(0, percent), Error.SETTINGS, "0 to 100")


@pytest.mark.parametrize("values", [[3], [3, 4], [0, 255], [5] * 10 + [6], list(range(11))])
def test_percentiles_of_few(values):
    layout = Pixelnorm.Layout.new("Y", len(values), 1)
    accumulator = Pixelnorm.Accumulator.new(Scope.CHANNEL, layout)
    accumulator.keep_histogram()
    accumulator.add_data(layout, bytes(values))
    profile = accumulator.snapshot()
    for percent in numpy.linspace(0, 100, 41):
        assert profile.get_percentile(0, percent)[1] == pytest.approx(numpy.percentile(values, percent), abs=1e-12)


def test_a_profile_without_histogram_says_how_to_get_one():
    profile = add(collector("RGB", "pixel"), "RGB", frames_of("RGB", 1)).snapshot()
    assert not profile.has_histogram() and profile.get_histogram(0) is None
    refuse(lambda: profile.get_percentile(0, 50), Error.MISMATCH, "histogram=true")


@pytest.mark.parametrize("where", ["count", "sum", "squares", "more"])
def test_histograms_that_lie_are_refused(where):
    frames = frames_of("RGB", 3)
    words, arrays = profile_bytes.pixel_profile(frames, "RGB", 8)
    good = profile_bytes.histogram(frames, 8)
    profile = Pixelnorm.Profile.parse(GLib.Bytes.new(profile_bytes.build(words, {**arrays, "histogram": good})))
    assert profile.has_histogram()
    bad = good.copy()
    if where == "count":
        bad[1, 7] += numpy.uint64(1)
    elif where == "sum":
        bad[1, 8] -= numpy.uint64(1)
        bad[1, 9] += numpy.uint64(1)
    elif where == "squares":  # 7 + 9 = 8 + 8
        bad[1, [7, 9]] -= numpy.uint64(1)
        bad[1, 8] += numpy.uint64(2)
    else:
        bad[1, 3] = numpy.uint64(2 ** 64 - 1)
    refuse(lambda: Pixelnorm.Profile.parse(GLib.Bytes.new(profile_bytes.build(words, {**arrays, "histogram": bad}))),
           Error.CORRUPT, '"histogram"', "channel G")


# --- as the package safetensors reads them, which knows nothing of this project

@pytest.mark.parametrize("mask", [None, "holes"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("form", FORMS)
def test_load_file(form, scope, mask, tmp_path):
    """One line, as docs/format.md says."""
    safetensors = want("safetensors.numpy")
    frames = frames_of(form)
    seen = None if mask is None else seen_through(MASKS[mask])
    path = str(tmp_path / "p.safetensors")
    add(collector(form, scope, True, mask and MASKS[mask]), form, frames).snapshot().save(path)
    arrays = safetensors.load_file(path)
    with want("safetensors").safe_open(path, "numpy") as file:
        words = file.metadata()
    channels, depth = FORMS[form]
    if scope == "pixel":
        _, expected = profile_bytes.pixel_profile(frames, channels, depth, seen)
    else:
        inside = frames if mask is None else frames[:, MASKS[mask]][:, :, None]
        _, expected = profile_bytes.channel_profile(list(inside), channels, depth)
    expected["histogram"] = profile_bytes.histogram(frames, depth, seen)
    assert arrays.keys() == expected.keys()
    for name, values in expected.items():
        assert arrays[name].dtype == values.dtype and arrays[name].shape == values.shape
        assert (arrays[name] == values).all(), name
    assert words["channels"] == channels and words["depth"] == str(depth)
    assert words["identity"] == Pixelnorm.Profile.load(path).get_identity()


def test_what_it_saves_anew_is_refused_in_words(tmp_path):
    """save_file drops the metadata: the library says so."""
    safetensors = want("safetensors.numpy")
    path = str(tmp_path / "p.safetensors")
    add(collector("RGB", "pixel"), "RGB", frames_of("RGB", 2)).snapshot().save(path)
    safetensors.save_file(safetensors.load_file(path), path)
    with pytest.raises(Exception, match="other software"):
        Pixelnorm.Profile.load(path)
    assert numpy.array_equal(safetensors.load_file(path)["frames"], [2])
