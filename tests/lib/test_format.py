# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/format.md against the library, both ways: files made in Python from that page are loaded by the
library, and files of the library are read by the very code that stands on that page. Expected statistics come from
numpy on the frames. The typelib is found by GI_TYPELIB_PATH and LD_LIBRARY_PATH."""

import pathlib
import re

import numpy
import pytest
import xxhash

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

import profile_bytes  # noqa: E402
from reports import want  # noqa: E402

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "format.md").read_text()

# exact integers, then a division and a root in double: a few units in the last place of each
RELATIVE = 1e-14
# statistics_fast() subtracts two terms of which the larger is at most twice the difference, plus the roundings
RELATIVE_FAST = 1e-13


@pytest.fixture(scope="module")
def page():
    """What the Python code on the page defines."""
    names = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    assert len(blocks) == 6
    for block in blocks:
        exec(block, names)
    return names


def random_frames(seed, n, shape, depth):
    """Mostly a pixel's own level with noise, as in video; the first pixel never varies, the last goes to the ends."""
    rng = numpy.random.default_rng(seed)
    top = 2 ** depth - 1
    level = rng.integers(0, top + 1, shape)
    frames = numpy.clip(level + rng.normal(0, top / 20, (n, *shape)).astype(int), 0, top)
    frames[:, 0, 0] = level[0, 0]
    frames[:, -1, -1] = numpy.where(numpy.arange(n) % 2, top, 0)[:, None]
    return frames


def load(tmp_path, content):
    path = tmp_path / "made.safetensors"
    path.write_bytes(content)
    return Pixelnorm.Profile.load(str(path))


def image(profile, which, shape):
    return numpy.frombuffer(profile.get_image(which).get_data(), "f8").reshape(shape)


def check_statistics(profile, samples, seen=None):
    """samples: [N, H, W, C] or, in scope channel, [N, 1, 1, C]."""
    shape = samples.shape[1:]
    masked = numpy.ma.array(samples.astype("f8"), mask=None if seen is None else
                            numpy.broadcast_to(~seen, samples.shape))
    centred = masked - masked.mean(axis=0)
    expected = {"MEAN": masked.mean(axis=0), "STD": numpy.ma.sqrt((centred ** 2).mean(axis=0)),
                "MIN": masked.min(axis=0), "MAX": masked.max(axis=0),
                "RANGE": masked.max(axis=0) - masked.min(axis=0)}
    for name, values in expected.items():
        found = image(profile, getattr(Pixelnorm.Image, name), shape)
        # numpy rounds at every addition: n of them
        numpy.testing.assert_allclose(found, values.filled(0), rtol=1e-15 * (len(samples) + 10), atol=0)
    for c in range(shape[2]):
        pooled, found = masked[..., c].compressed(), profile.get_statistics(c)
        assert found.count == pooled.size
        assert (found.min, found.max) == (pooled.min(), pooled.max())
        assert found.mean == pytest.approx(pooled.mean(), rel=1e-12)
        assert found.std == pytest.approx(pooled.std(), rel=1e-12)


PIXEL_CASES = [
    # channels, depth, width, height, frames, matrix, range
    ("RGB", 8, 5, 4, 7, None, "full"),
    ("YUV", 8, 3, 2, 300, "bt709", "limited"),
    ("Y", 8, 1, 1, 2, "bt601", "full"),
    ("Y", 9, 2, 5, 4, None, "limited"),
    ("RGB", 10, 4, 3, 9, None, "full"),
    ("YUV", 12, 3, 3, 5, "bt2020", "limited"),
    ("RGB", 16, 4, 4, 40, None, "full"),
]


@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
@pytest.mark.parametrize("counted", [False, True], ids=["even", "counted"])
@pytest.mark.parametrize("case", PIXEL_CASES, ids=lambda case: f"{case[0]}{case[1]}")
def test_pixel_file_made_here(tmp_path, page, case, counted, wide):
    channels, depth, width, height, n, matrix, range_ = case
    frames = random_frames(depth, n, (height, width, len(channels)), depth)
    seen = None
    if counted:
        seen = numpy.random.default_rng(n).random((n, height, width, 1)) < .7
        seen[:, 0, 0] = width * height == 1  # never seen, where another pixel is
    words, arrays = profile_bytes.pixel_profile(frames, channels, depth, seen, wide, matrix=matrix,
                                                range_=range_, frames_skipped="5", sources="a\nb \"ü\"")
    profile = load(tmp_path, profile_bytes.build(words, arrays))

    assert profile.get_identity() == profile_bytes.identity(words, arrays)
    assert profile.get_identity() == page["identity"](words, arrays)
    assert profile.get_scope() == Pixelnorm.Scope.PIXEL
    assert (profile.get_width(), profile.get_height()) == (width, height)
    assert (profile.get_channels(), profile.get_depth()) == (channels, depth)
    assert (profile.get_frames(), profile.get_frames_skipped()) == (n, 5)
    assert profile.get_sources() == "a\nb \"ü\""
    assert profile.get_created() is None and profile.get_software() is None
    check_statistics(profile, frames, seen)


SUBSAMPLINGS = {"4:2:2": (2, 1), "4:2:0": (2, 2), "4:4:0": (1, 2), "4:1:1": (4, 1), "4:1:0": (4, 4)}


def subsampled_frames(subsampling, width, height, depth, n=6):
    columns, rows = SUBSAMPLINGS[subsampling]
    small = (-(-height // rows), -(-width // columns))
    sizes = {"Y": (height, width), "U": small, "V": small}
    return {letter: random_frames(i, n, (*sizes[letter], 1), depth)[..., 0] for i, letter in enumerate("YUV")}


@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
@pytest.mark.parametrize("depth", [8, 10, 16])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_subsampled_file_made_here(tmp_path, page, subsampling, depth, wide):
    """Pictures have the size of the frame, with shared samples repeated."""
    (width, height), (columns, rows) = (7, 5), SUBSAMPLINGS[subsampling]
    frames = subsampled_frames(subsampling, width, height, depth)
    words, arrays = profile_bytes.subsampled_profile(frames, depth, subsampling, wide)
    profile = load(tmp_path, profile_bytes.build(words, arrays))

    assert profile.get_identity() == page["identity"](words, arrays)
    maxima = image(profile, Pixelnorm.Image.MAX, (height, width, 3))
    for c, letter in enumerate("YUV"):
        found, samples = profile.get_statistics(c), frames[letter].astype("f8")
        assert (found.count, found.min, found.max) == (samples.size, samples.min(), samples.max())
        assert found.mean == pytest.approx(samples.mean(), rel=1e-12)
        assert found.std == pytest.approx(samples.std(), rel=1e-12)
        whole = samples.max(axis=0)
        if letter != "Y":
            whole = whole.repeat(rows, axis=0)[:height].repeat(columns, axis=1)[:, :width]
        assert (maxima[..., c] == whole).all()
    saved = tmp_path / "again.safetensors"
    profile.save(str(saved))
    assert Pixelnorm.Profile.load(str(saved)).get_identity() == profile.get_identity()


def test_subsampled_refused():
    words, arrays = profile_bytes.subsampled_profile(subsampled_frames("4:2:0", 6, 4, 8), 8, "4:2:0")
    Pixelnorm.Profile.parse(GLib.Bytes.new(profile_bytes.build(words, arrays)))

    def without(*names):
        return {name: items for name, items in arrays.items() if name not in names}

    refuse(profile_bytes.build(words, without("max.U")), '"max.U" is missing')
    refuse(profile_bytes.build(words, {**arrays, "min.V": arrays["min.V"][:1]}), '"min.V": its shape is [1, 3]')
    refuse(profile_bytes.build(words, {**arrays, "sum": arrays["sum.Y"]}), '"sum" does not belong')
    refuse(profile_bytes.build({**words, "subsampling": "4:2:1"}, arrays), '"subsampling" is "4:2:1"')
    refuse(profile_bytes.build({**words, "subsampling": "4:2:2"}, arrays), '"sum.U": its shape')
    refuse(profile_bytes.build({**words, "channels": "RGB"}, arrays), "only profiles of scope pixel and channels YUV")
    whole = {key: word for key, word in words.items() if key != "subsampling"}
    refuse(profile_bytes.build(whole, arrays), "does not belong in a profile whose channels are of one size")
    counts = numpy.full((4, 6, 1), 5, "u4")
    refuse(profile_bytes.build(words, {**arrays, "count": counts}), '"count" does not belong')
    refuse(profile_bytes.build(words, {**arrays, "count.Y": counts[..., 0]}), '"count.Y": expected one of every')
    refuse(profile_bytes.build(words, {**arrays, "sum.A": arrays["sum.U"]}), '"sum.A" is not known')
    refuse(changed(words, arrays, "max.V", (1, 2), 0), "V at x 2, y 1")
    channel = profile_bytes.channel_profile([random_frames(1, 1, (4, 4, 3), 8)[0]], "YUV", 8)
    refuse(profile_bytes.build({**channel[0], "subsampling": "4:2:0"}, channel[1]), "only profiles of scope pixel")
    for samples, good in [([16, 4, 4], True), ([16, 4, 8], False), ([16, 0, 0], False), ([16, 17, 17], False)]:
        pooled = [random_frames(c, 1, (count, 1, 1), 8).reshape(-1, 1) for c, count in enumerate([16, 4, 4])]
        found = [profile_bytes.moments(p, 8) for p in pooled]
        stacked = {name: numpy.array([f[name][0] for f in found], object).reshape(1, 1, 3) for name in found[0]}
        content = profile_bytes.build(profile_bytes.metadata("YUV", 8, 0, 0), {
            "frames": numpy.array([1], "u8"), "samples": numpy.array(samples, "u8"),
            **profile_bytes.store(stacked, 8, False)})
        if good:
            Pixelnorm.Profile.parse(GLib.Bytes.new(content))
        else:
            refuse(content, '"samples"')


@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
@pytest.mark.parametrize("channels,depth", [("RGB", 8), ("YUV", 10), ("Y", 16)])
def test_channel_file_made_here(tmp_path, page, channels, depth, wide):
    frames = [random_frames(seed, 1, (2 + seed, 3, len(channels)), depth)[0] for seed in range(5)]
    words, arrays = profile_bytes.channel_profile(frames, channels, depth, wide)
    profile = load(tmp_path, profile_bytes.build(words, arrays))
    pixels = numpy.concatenate([f.reshape(-1, 1, 1, len(channels)) for f in frames])

    assert profile.get_identity() == page["identity"](words, arrays)
    assert profile.get_scope() == Pixelnorm.Scope.CHANNEL
    assert (profile.get_width(), profile.get_height(), profile.get_frames()) == (0, 0, 5)
    check_statistics(profile, pixels)


def test_joined_by_the_code_of_the_page(tmp_path, page):
    frames = random_frames(3, 9, (6, 5, 3), 8)
    paths = [str(tmp_path / f"{i}.safetensors") for i in range(3)]
    for path, part in zip(paths, numpy.split(frames, 3)):
        accumulate(part, "RGB", Pixelnorm.Scope.PIXEL).save(path)
    mean, std, extent = page["with_library"](*paths)
    numpy.testing.assert_allclose(mean, frames.mean(axis=0), rtol=1e-13)
    numpy.testing.assert_allclose(std, frames.std(axis=0), rtol=1e-11, atol=1e-11)
    assert (extent == numpy.ptp(frames, axis=0)).all()


def huge_channel_profile():
    """2^49 16-bit samples, half of them 0 and half 65535: squares beyond 64 bits."""
    half, top = 2 ** 48, 65535
    squares = half * top * top
    arrays = {"frames": numpy.array([2 ** 20], "u8"), "samples": numpy.array([2 * half], "u8"),
              "sum": numpy.array([[[half * top]]], "u8"),
              "sum_squares": numpy.array([[[squares % 2 ** 64]]], "u8"),
              "sum_squares_high": numpy.array([[[squares >> 64]]], "u8"),
              "min": numpy.array([[[0]]], "u2"), "max": numpy.array([[[top]]], "u2")}
    assert squares >> 64
    return profile_bytes.metadata("Y", 16, 0, 0), arrays


def test_squares_beyond_64_bits(tmp_path, page):
    words, arrays = huge_channel_profile()
    profile = load(tmp_path, profile_bytes.build(words, arrays))
    found = profile.get_statistics(0)
    assert (found.mean, found.std) == (32767.5, 32767.5)
    assert [a.item() for a in page["statistics"](arrays)] == [32767.5, 32767.5, 65535]
    profile.save(str(tmp_path / "again.safetensors"))
    _, again = page["read_profile"](tmp_path / "again.safetensors")
    assert again["sum_squares_high"] == arrays["sum_squares_high"]


def accumulate(frames, channels, scope, matrix=None):
    n, height, width, _ = frames.shape
    layout = Pixelnorm.Layout.new(channels, width, height)
    layout.set_colorimetry(Pixelnorm.Range.LIMITED if matrix else Pixelnorm.Range.FULL, matrix)
    accumulator = Pixelnorm.Accumulator.new(scope, layout)
    for frame in frames:
        accumulator.add_data(layout, frame.astype("u1").tobytes())
    accumulator.skip(3)
    accumulator.add_source("file:///a \"b\"\\ü\x01.mkv")
    return accumulator.snapshot()


@pytest.mark.parametrize("n", [1, 3, 700])
@pytest.mark.parametrize("scope", [Pixelnorm.Scope.PIXEL, Pixelnorm.Scope.CHANNEL],
                         ids=["pixel", "channel"])
@pytest.mark.parametrize("channels,matrix", [("RGB", None), ("YUV", "bt709"), ("Y", "bt601")])
def test_file_of_the_library(tmp_path, page, channels, matrix, scope, n):
    frames = random_frames(n, n, (6, 5, len(channels)), 8)
    path = tmp_path / "saved.safetensors"
    profile = accumulate(frames, channels, scope, matrix)
    profile.save(str(path))
    words, arrays = page["read_profile"](path)

    if scope == Pixelnorm.Scope.PIXEL:
        expected_words, expected = profile_bytes.pixel_profile(frames, channels, 8)
    else:
        expected_words, expected = profile_bytes.channel_profile(list(frames), channels, 8)
    assert arrays.keys() == expected.keys()
    for name in expected:
        assert arrays[name].dtype == expected[name].dtype and arrays[name].shape == expected[name].shape
        assert (arrays[name] == expected[name]).all()
    for key in ["width", "height", "channels", "depth", "pixelnorm.version"]:
        assert words[key] == expected_words[key]
    assert words["frames_skipped"] == "3" and words["sources"] == "file:///a \"b\"\\ü\x01.mkv"
    assert words.get("matrix") == matrix and words["range"] == ("limited" if matrix else "full")
    assert words["software"].startswith("gst-pixelnorm ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", words["created"])

    content = path.read_bytes()
    assert profile_bytes.sign(content) == content
    start = 8 + int.from_bytes(content[:8], "little")
    assert start % 64 == 0
    assert words["identity"] == profile.get_identity() == page["identity"](words, arrays)
    assert Pixelnorm.Profile.load(str(path)).get_identity() == profile.get_identity()

    samples = frames if scope == Pixelnorm.Scope.PIXEL else frames.reshape(-1, 1, 1, len(channels))
    wide = samples.astype("f8")
    mean, std, span = page["statistics"](arrays)
    numpy.testing.assert_allclose(mean, wide.mean(axis=0), rtol=1e-12)
    numpy.testing.assert_allclose(std, wide.std(axis=0), rtol=1e-12, atol=1e-12)
    assert (span == samples.max(axis=0) - samples.min(axis=0)).all()
    numpy.testing.assert_allclose(image(profile, Pixelnorm.Image.MEAN, mean.shape), mean, rtol=RELATIVE)
    numpy.testing.assert_allclose(image(profile, Pixelnorm.Image.STD, mean.shape), std, rtol=RELATIVE)


@pytest.mark.parametrize("depth", [8, 16])
def test_fast_statistics_of_the_page(page, depth):
    for seed in range(20):
        frames = random_frames(seed, 50, (4, 4, 1), depth)
        if seed % 2:
            frames[:] = frames[:1] + (numpy.arange(50) == 7).reshape(50, 1, 1, 1)  # nearly constant
            frames = numpy.minimum(frames, 2 ** depth - 1)
        seen = numpy.random.default_rng(seed).random((50, 4, 4, 1)) < .5
        seen[:, 1, 1] = False
        _, arrays = profile_bytes.pixel_profile(frames, "Y", depth, seen)
        exact, fast = page["statistics"](arrays), page["statistics_fast"](arrays)
        for one, other in zip(exact, fast):
            numpy.testing.assert_allclose(other, one, rtol=RELATIVE_FAST)
    # the sums of squares that come closest to 2^64
    n, top = 2 ** 32, 65535
    arrays = {"frames": numpy.array([n], "u8"), "sum": numpy.array([[[n * top - n // 2]]], "u8"),
              "sum_squares": numpy.array([[[n // 2 * top ** 2 + n // 2 * (top - 1) ** 2]]], "u8"),
              "min": numpy.array([[[top - 1]]], "u2"), "max": numpy.array([[[top]]], "u2")}
    for function in "statistics", "statistics_fast":
        assert [a.item() for a in page[function](arrays)] == [top - .5, .5, 1]


def test_saved_anew_is_narrow_and_the_same(tmp_path, page):
    frames = random_frames(1, 30, (4, 3, 3), 16)
    words, arrays = profile_bytes.pixel_profile(frames, "RGB", 16, wide=True)
    profile = load(tmp_path, profile_bytes.build(words, arrays))
    profile.save(str(tmp_path / "again.safetensors"))
    _, again = page["read_profile"](tmp_path / "again.safetensors")
    _, expected = profile_bytes.pixel_profile(frames, "RGB", 16)
    assert arrays["sum"].dtype == "u8" and expected["sum"].dtype == "u4"
    for name in expected:
        assert again[name].dtype == expected[name].dtype and (again[name] == expected[name]).all()
    again = Pixelnorm.Profile.load(str(tmp_path / "again.safetensors"))
    assert again.get_identity() == profile.get_identity()


def test_count_that_says_nothing_is_dropped(tmp_path):
    frames = random_frames(1, 3, (2, 2, 3), 8)
    seen = numpy.ones((3, 2, 2, 1), bool)
    words, arrays = profile_bytes.pixel_profile(frames, "RGB", 8, seen)
    plain = load(tmp_path, profile_bytes.build(*profile_bytes.pixel_profile(frames, "RGB", 8)))
    profile = load(tmp_path, profile_bytes.build(words, arrays))
    assert profile.get_identity() == plain.get_identity()


def test_example_of_the_page(tmp_path, page):
    dump = re.search(r"^```\n(00000000: .*?)^```", PAGE, re.M | re.S).group(1)
    content = b"".join(bytes.fromhex(line[10:49].replace(" ", "")) for line in dump.splitlines())
    path = tmp_path / "example.safetensors"
    path.write_bytes(content)
    profile = Pixelnorm.Profile.load(str(path))
    words, arrays = page["read_profile"](path)
    frames = numpy.array([[16, 235], [18, 200], [23, 90]]).reshape(3, 1, 2, 1)
    _, expected = profile_bytes.pixel_profile(frames, "Y", 8, range_="limited")
    assert all((arrays[name] == expected[name]).all() for name in expected)
    assert profile.get_frames_skipped() == 1
    check_statistics(profile, frames)
    # what the library writes today is what the page shows
    profile.save(str(path))
    assert path.read_bytes() == content


def test_with_the_safetensors_package(tmp_path):
    numpy_api = want("safetensors.numpy")
    frames = random_frames(2, 5, (4, 3, 3), 8)
    path = tmp_path / "saved.safetensors"
    accumulate(frames, "RGB", Pixelnorm.Scope.PIXEL).save(str(path))
    arrays = numpy_api.load_file(str(path))
    assert (arrays["sum"] == frames.sum(axis=0)).all()
    # and what it saves anew is refused in words
    numpy_api.save_file(arrays, str(path))
    refuse(path.read_bytes(), "other software")


def refuse(content, text):
    with pytest.raises(GLib.Error) as caught:
        Pixelnorm.Profile.parse(GLib.Bytes.new(content))
    assert caught.value.matches(Pixelnorm.error_quark(), Pixelnorm.Error.CORRUPT)
    assert text in caught.value.message


def changed(words, arrays, name, index, value):
    values = arrays[name].copy()
    values[index] = value
    return profile_bytes.build(words, {**arrays, name: values})


def test_refused():
    frames = random_frames(3, 9, (3, 4, 3), 8)
    words, arrays = profile_bytes.pixel_profile(frames, "RGB", 8)
    good = profile_bytes.build(words, arrays)
    Pixelnorm.Profile.parse(GLib.Bytes.new(good))

    refuse(profile_bytes.join(None, arrays, align=8), "other software")
    refuse(profile_bytes.build({**words, "pixelnorm.version": "2.0"}, arrays), "version 2.0")
    for digits in ["1" * 31, "1" * 33, "A" * 32, ""]:
        unsigned = profile_bytes.join({**words, "identity": "0" * 32, "xxh3": digits}, arrays)
        refuse(unsigned, "lower-case hexadecimal")
    refuse(profile_bytes.build({**words, "identity": "0" * 32}, arrays), "\"identity\"")
    refuse(profile_bytes.build({**words, "\"xxh3": "0" * 32}, arrays), "exactly one")
    refuse(profile_bytes.build(words, {**arrays, "mean": arrays["sum"]}), "\"mean\" is not known")
    refuse(profile_bytes.build(words, {**arrays, "sum.Y": arrays["sum"]}), "sum.Y")
    refuse(profile_bytes.build(words, {**arrays, "histogram": arrays["sum"]}), '"histogram": items of type U32')
    refuse(good + b"\0", "of which the tensors cover")
    refuse(good[:-1] + bytes([good[-1] ^ 1]), "digest")
    # every position is named by channel, x and y
    refuse(changed(words, arrays, "sum", (2, 1, 0), arrays["sum"][2, 1, 0] + 1),
           "R at x 1, y 2 has a sum and a sum of squares of different parity")
    refuse(changed(words, arrays, "sum_squares", (0, 3, 2), 0), "B at x 3, y 0")
    refuse(changed(words, arrays, "max", (1, 2, 1), 0), "G at x 2, y 1")


def test_digest_is_of_the_whole_file(tmp_path):
    frames = random_frames(4, 4, (3, 4, 3), 8)
    path = tmp_path / "saved.safetensors"
    accumulate(frames, "RGB", Pixelnorm.Scope.PIXEL).save(str(path))
    content = path.read_bytes()
    digits = re.search(rb'"xxh3":"([0-9a-f]{32})"', content).group(1)
    assert xxhash.xxh3_128_hexdigest(content.replace(digits, b"0" * 32)) == digits.decode()
