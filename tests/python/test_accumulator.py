# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accumulator, Profile.merge and Profile.save. Expected numbers are Python's integers (tests/lib/profile_bytes.py), expected
files those of the library and of pixelprofile.
"""
import itertools
import os
import pathlib
import pickle
import random
import socket
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

import pixelnorm
import profile_bytes
from package_help import PYTHON, frames_of, profile_of
from pixelnorm import Accumulator, Profile
from reports import want

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SEEDS = sorted((SOURCE / "tests" / "fuzz" / "seeds" / "profile").glob("*.safetensors"))
SEED = 20261127


def library():
    """The helpers of the tests of pixelprofile, which ask the library."""
    pytest.importorskip("gi")
    import cli_help
    return cli_help


def collected(frames, at_once=1, **options):
    accumulator = Accumulator(**options)
    for begin in range(0, len(frames), at_once):
        accumulator.add(frames[begin:begin + at_once])
    return accumulator.profile()


def same(found, words, arrays):
    """A profile has these arrays, and the identity that docs/format.md gives them."""
    assert set(found.arrays) == set(arrays)
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype and np.array_equal(found.arrays[name], array), name
    assert found.identity == profile_bytes.identity(words, arrays)


# --- numbers

@pytest.mark.parametrize("at_once", [1, 5, 700])
@pytest.mark.parametrize("depth", range(8, 17))
@pytest.mark.parametrize("channels", ["RGB", "Y"])
def test_pixels(channels, depth, at_once):
    """More frames than wait for one another, and the extremes, whose sums come nearest to an overflow."""
    frames = np.concatenate([frames_of(depth, 300, len(channels)), np.full((300, 5, 9, len(channels)), 2 ** depth - 1, "u2"),
                             np.zeros((100, 5, 9, len(channels)), "u2")]).astype("u1" if depth == 8 else "u2")
    words, arrays = profile_bytes.pixel_profile(frames, channels, depth)
    found = collected(frames, at_once, channels=channels, depth=depth)
    same(found, words, arrays)
    arrays["histogram"] = profile_bytes.histogram(frames, depth)
    same(collected(frames, at_once, channels=channels, depth=depth, histogram=True), words, arrays)


@pytest.mark.parametrize("depth", [8, 10, 16])
@pytest.mark.parametrize("channels", ["RGB", "Y"])
def test_channels(channels, depth):
    """Frames of any size, so of any place in the rows that are added at once."""
    chance = np.random.default_rng([SEED, depth])
    frames = [chance.integers(0, 2 ** depth, (*chance.integers(1, 70, 2), len(channels))).astype("u1" if depth == 8 else "u2")
              for _ in range(60)] + [np.full((300, 300, len(channels)), 2 ** depth - 1, "u1" if depth == 8 else "u2")]
    words, arrays = profile_bytes.channel_profile(frames, channels, depth)
    accumulator = Accumulator("channel", channels, depth)
    for frame in frames:
        accumulator.add(frame)
        accumulator.profile()
    same(accumulator.profile(), words, arrays)
    accumulator = Accumulator("channel", channels, depth)
    accumulator.add(frames)
    same(accumulator.profile(), words, arrays)


def test_sums_past_64_bits(monkeypatch):
    """Of squares, in scope channel; and lanes that are emptied on the way."""
    monkeypatch.setattr(pixelnorm.accumulator, "MAX_ROWS", 100)
    frames = frames_of(16, 60, 3)
    accumulator = Accumulator("channel", depth=16)
    for _ in range(40):
        accumulator.add(np.tile(frames, (1, 4, 4, 1)))
    pooled = accumulator.profile().pooled(1)
    one = [int(x) for x in frames[..., 1].ravel()]
    assert pooled[:3] == (640 * len(one), 640 * sum(one), 640 * sum(x * x for x in one))
    profile = accumulator.profile()
    for doubled in range(1, 19):
        profile = Profile.merge([profile, profile])
        assert profile.pooled(1)[:3] == tuple(n << doubled for n in pooled[:3])
    assert profile.arrays["sum_squares_high"].any() and Profile.parse(profile.to_bytes()).identity == profile.identity


def test_more_than_fits_the_file():
    words, arrays = profile_bytes.pixel_profile(frames_of(n=1), "RGB", 8)
    arrays.update({name: arrays[name].astype("u8") * 2 ** 31 for name in ("frames", "sum", "sum_squares")})
    half = Profile.parse(profile_bytes.build(words, arrays))
    full = Profile.merge([half, half])
    assert full.frames == 2 ** 32
    accumulator = Accumulator.of(full)
    for more in [lambda: accumulator.add(frames_of(n=1)), lambda: accumulator.merge(profile_of(frames_of()))]:
        with pytest.raises(ValueError, match="full after 4294967296 frames.*begin anew"):
            more()
    assert accumulator.profile().identity == full.identity


# --- what frames come as

def test_arrays_tensors_and_pictures():
    from PIL import Image
    colour, grey, deep = frames_of(), frames_of(channels=1), frames_of(16, channels=1)
    expected = collected(colour).identity
    forms = {"a frame": list(colour), "lists": [list(colour[:2]), tuple(colour[2:])],
             "pictures": [Image.fromarray(frame) for frame in colour], "another order of memory": [np.asfortranarray(colour)],
             "channels turned": [colour[..., ::-1].copy()[..., ::-1]],
             "read-only": [np.frombuffer(colour.tobytes(), "u1").reshape(colour.shape)], "both": [[colour[0], colour[1:]]]}
    for form, items in forms.items():
        accumulator = Accumulator()
        for item in items:
            accumulator.add(item)
        assert accumulator.profile().identity == expected, form
    for images in [[Image.fromarray(f[..., 0]) for f in grey], list(grey[..., 0]), grey]:
        accumulator = Accumulator(channels="Y")
        accumulator.add(images)
        assert accumulator.profile().identity == collected(grey, channels="Y").identity
    for images in [[Image.fromarray(f[..., 0]) for f in deep], deep.astype(">u2")]:
        accumulator = Accumulator(channels="Y", depth=16)
        accumulator.add(images)
        assert accumulator.profile().identity == collected(deep, channels="Y", depth=16).identity


def test_tensors():
    torch = want("torch")
    colour, grey = frames_of(), frames_of(channels=1)
    first = torch.from_numpy(np.moveaxis(colour, -1, 1).copy())
    for items in [first, list(first), torch.from_numpy(colour), list(torch.from_numpy(colour))]:
        accumulator = Accumulator()
        accumulator.add(items)
        assert accumulator.profile().identity == collected(colour).identity
    for items in [torch.from_numpy(grey[..., 0].copy())[:, None], list(torch.from_numpy(grey[..., 0].copy()))]:
        accumulator = Accumulator(channels="Y")
        accumulator.add(items)
        assert accumulator.profile().identity == collected(grey, channels="Y").identity
    with pytest.raises(TypeError, match="float32"):
        accumulator.add(torch.zeros(1, 5, 9))


def test_frames_may_change_afterwards():
    frames = frames_of()
    accumulator, frame = Accumulator(), np.empty(frames.shape[1:], "u1")
    for frame[...] in frames:
        accumulator.add(frame)
    frame[...] = 0
    assert accumulator.profile().identity == collected(frames).identity
    accumulator.profile().arrays["sum"][...] = 0
    assert accumulator.profile().identity == collected(frames).identity
    assert pickle.loads(pickle.dumps(accumulator)).profile().identity == collected(frames).identity


# --- what is refused

def picture(mode):
    from PIL import Image
    return Image.new(mode, (9, 5))


RGB = frames_of()
BAD = {
    "floats": (RGB / 255, TypeError, "uint8, found float64.*before they are divided"),
    "half floats": (RGB.astype("f2"), TypeError, "float16"),
    "16 bits": (RGB.astype("u2"), TypeError, "found uint16"),
    "signed": (RGB.astype("i4"), TypeError, "found int32"),
    "truth": (RGB > 3, TypeError, "found bool"),
    "a path": ("image.png", TypeError, "(str)"),
    "nothing": (None, TypeError, "NoneType"),
    "a number": (np.uint8(3), ValueError, r"\[H, W, 3\].*found \[\]"),
    "a row": (RGB[0, 0], ValueError, r"found \[9, 3, 1\]|found \[9, 3\]"),
    "grey": (RGB[..., 0], ValueError, "channels RGB"),
    "channels first": (np.moveaxis(RGB, -1, 1), ValueError, "channels last"),
    "alpha": (np.zeros((5, 9, 4), "u1"), ValueError, r"\[5, 9, 4\]"),
    "empty": (RGB[:, :0], ValueError, "1 to 1048576 rows"),
    "another size": (RGB[:, :4], ValueError, "9x5, the frame is 9x4.*scope channel"),
    "grey picture": (lambda: picture("L"), TypeError, "mode RGB.*found L.*convert"),
    "palette": (lambda: picture("P"), TypeError, "found P.*convert"),
    "picture with alpha": (lambda: picture("RGBA"), TypeError, "found RGBA"),
    "good and bad": ([RGB, RGB[0], RGB / 2], TypeError, "float64"),
    "good and of another size": ([RGB, RGB[0][:4]], ValueError, "9x4"),
}


@pytest.mark.parametrize("scope", ["pixel", "channel"])
@pytest.mark.parametrize("what", BAD)
def test_bad_frames(what, scope):
    """One sentence or two, and nothing of the call counts."""
    frames, error, words = BAD[what]
    if scope == "channel" and "size" in what:
        return
    accumulator = Accumulator(scope, histogram=True)
    accumulator.add(RGB, source="here")
    before = accumulator.profile(created="x").to_bytes()
    with pytest.raises(error, match=words) as raised:
        accumulator.add(frames() if callable(frames) else frames, source="there")
    assert str(raised.value).endswith(".") and "\n" not in str(raised.value)
    assert accumulator.profile(created="x").to_bytes() == before


def test_samples_past_the_depth():
    accumulator = Accumulator(depth=10)
    with pytest.raises(ValueError, match="1024, and 10 bits hold 0 to 1023"):
        accumulator.add([frames_of(10), np.full((5, 9, 3), 1024, "u2")])
    assert accumulator.frames == 0


@pytest.mark.parametrize("given, words", [({"scope": "global"}, "pixel, channel"), ({"channels": "YUV"}, "RGB, Y"),
                                          ({"depth": 7}, "depth is 7"), ({"range": "tv"}, "full, limited"),
                                          ({"matrix": "bt709"}, "channels RGB"), ({"channels": "Y", "matrix": "BT"}, "bt601")])
def test_bad_options(given, words):
    with pytest.raises(ValueError, match=words):
        Accumulator(**given)


def test_no_frames(tmp_path):
    accumulator = Accumulator()
    accumulator.add(RGB[:0])
    accumulator.add([])
    accumulator.merge(Accumulator())
    for call in [accumulator.profile, lambda: accumulator.save(tmp_path / "p")]:
        with pytest.raises(ValueError, match="needs frames"):
            call()
    with pytest.raises(ValueError, match="needs profiles"):
        Profile.merge(iter(()))


# --- files

@pytest.mark.parametrize("scope", ["pixel", "channel"])
@pytest.mark.parametrize("channels, depth, histogram", [("RGB", 8, False), ("RGB", 8, True), ("Y", 8, True), ("RGB", 12, False),
                                                        ("Y", 16, False)])
def test_files_of_the_library(channels, depth, histogram, scope, tmp_path):
    """Byte for byte, where what is not of the frames is the same."""
    helpers = library()
    frames = frames_of(depth, 20, len(channels))
    sources = [f'file:///a/{n} "é".png' for n in range(70)]
    path = helpers.save_profile(tmp_path / "library.safetensors", frames, channels, getattr(helpers.Scope, scope.upper()), depth,
                                histogram=histogram, sources=sources, skipped=3)
    theirs = Profile.load(path)
    accumulator = Accumulator(scope, channels, depth, histogram=histogram)
    accumulator.add(frames, source=sources[::-1])
    accumulator.skip(3)
    given = {key: theirs.metadata[key] for key in ("created", "software")}
    accumulator.save(tmp_path / "ours.safetensors", **given)
    assert (tmp_path / "ours.safetensors").read_bytes() == path.read_bytes()
    assert theirs.to_bytes() == path.read_bytes()


@pytest.mark.parametrize("options, own", [([], {}), (["--scope=channel", "--histogram"], {"scope": "channel", "histogram": True}),
                                          (["--format=GRAY8"], {"channels": "Y", "matrix": "bt601"})])
def test_files_of_collect_and_merge(options, own, tmp_path):
    """Of pictures without loss, read by GStreamer there and by Pillow here."""
    from PIL import Image
    helpers = library()
    grey = own.get("channels") == "Y"
    for number, frame in enumerate(frames_of(n=6, channels=1 if grey else 3)):
        Image.fromarray(frame[..., 0] if grey else frame).save(tmp_path / f"{number}.png")
    pictures = sorted(tmp_path.glob("*.png"))
    parts = [pictures[:2], pictures[2:]]
    for number, part in enumerate(parts):
        done = helpers.pixelprofile("collect", *options, tmp_path / f"part{number}", *part)
        assert done.returncode == 0, done.stderr
        theirs = Profile.load(tmp_path / f"part{number}")
        accumulator = Accumulator(**own)
        for path in part:
            accumulator.add(Image.open(path), source=path.as_uri())
        given = {key: theirs.metadata[key] for key in ("created", "software")}
        assert accumulator.profile(**given).to_bytes() == theirs.to_bytes() == (tmp_path / f"part{number}").read_bytes()
    done = helpers.pixelprofile("merge", tmp_path / "all", tmp_path / "part0", tmp_path / "part1")
    assert done.returncode == 0, done.stderr
    theirs = Profile.load(tmp_path / "all")
    for paths in itertools.permutations([tmp_path / "part0", tmp_path / "part1"]):
        merged = Accumulator.of(paths[0])
        merged.merge(paths[1])
        given = {key: theirs.metadata[key] for key in ("created", "software")}
        assert merged.profile(**given).to_bytes() == (tmp_path / "all").read_bytes()


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_profiles_of_every_form(path, tmp_path):
    """Loaded and saved by us or by the library, and merged with itself: the same bytes, or the same but for the time."""
    helpers = library()
    profile, theirs = Profile.load(path), helpers.load(path)
    theirs.save(str(tmp_path / "theirs"))
    profile.save(tmp_path / "ours")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    try:
        accumulator = helpers.Pixelnorm.Accumulator.new_from_profile(theirs)
    except helpers.GLib.Error as problem:  # sums that a merge might push out of 64 bits
        with pytest.raises(ValueError, match=f"^{problem.message}$"):
            Profile.merge([path])
        return
    accumulator.add_profile(theirs)
    accumulator.snapshot().save(str(tmp_path / "twice"))
    merged = Profile.merge([path, profile])
    expected = Profile.load(tmp_path / "twice")
    assert merged.identity == expected.identity
    stamps = {key: expected.metadata[key] for key in ("created", "software")}
    assert Profile({**merged.metadata, **stamps}, merged.arrays).to_bytes() == (tmp_path / "twice").read_bytes()


def test_save_overwrites_nothing_unasked(tmp_path):
    path, profile, other = tmp_path / "p.safetensors", profile_of(RGB), profile_of(RGB[:3])
    profile.save(path)
    with pytest.raises(FileExistsError, match="is there already.*overwritten"):
        other.save(path)
    assert Profile.load(path).identity == profile.identity
    other.save(str(path), overwrite=True)
    assert Profile.load(path).identity == other.identity
    text = tmp_path / "notes.txt"
    text.write_text("not a profile")
    with pytest.raises(ValueError, match="not a profile.*Choose another name"):
        other.save(text, overwrite=True)
    assert text.read_text() == "not a profile"
    text.write_bytes(b"")
    other.save(text, overwrite=True)
    assert Profile.load(text).identity == other.identity
    link = tmp_path / "link"
    link.symlink_to(path)
    profile.save(link, overwrite=True)
    assert link.is_symlink() and Profile.load(path).identity == profile.identity
    with pytest.raises(OSError, match="cannot be written"):
        profile.save(tmp_path / "nowhere" / "p")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "notes.txt", "p.safetensors"]


@pytest.mark.parametrize("kind", ["FIFO", "link to a FIFO", "socket", "directory"])
def test_save_replaces_only_files(kind, tmp_path):
    """A rename would put a file in its place, and to look into a FIFO would wait for ever."""
    path = tmp_path / "p"
    if kind == "directory":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    else:
        os.mkfifo(tmp_path / "pipe")
        os.link(tmp_path / "pipe", path) if kind == "FIFO" else path.symlink_to(tmp_path / "pipe")
    before = {found: found.lstat().st_mode for found in tmp_path.iterdir()}
    for overwrite in (False, True):
        with pytest.raises(OSError, match="it is (a directory|not a regular file). Choose another name"):
            profile_of(RGB).save(path, overwrite=overwrite)
    assert {found: found.lstat().st_mode for found in tmp_path.iterdir()} == before


@pytest.mark.parametrize("links", [True, False])
def test_what_appears_while_a_profile_is_saved(tmp_path, monkeypatch, links):
    """Also where the file system has no links."""
    path, writes = tmp_path / "p.safetensors", os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (path.write_bytes(b"another's"), writes(fd)))

    def no_link(*_):
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(FileExistsError, match="p.safetensors is there already"):
        profile_of(RGB).save(path)
    assert path.read_bytes() == b"another's" and list(tmp_path.iterdir()) == [path]
    monkeypatch.setattr(os, "fsync", writes)
    path.unlink()
    profile_of(RGB).save(path)
    assert Profile.load(path).identity == profile_of(RGB).identity and list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_full(tmp_path):
    """The old file stays, and nothing beside it."""
    path = tmp_path / "p.safetensors"
    profile_of(RGB).save(path)
    before = path.read_bytes()
    program = ("import resource, sys, pixelnorm;"
               "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); p = pixelnorm.Profile.load(sys.argv[1]);"
               "p.save(sys.argv[1], overwrite=True)")
    done = subprocess.run([PYTHON, "-c", program, path], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(SOURCE / "src" / "python")})
    assert done.returncode == 1 and "cannot be written: File too large." in done.stderr
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left(tmp_path):
    path = tmp_path / "p.safetensors"
    left, other = tmp_path / f".{path.name}.{'a' * 16}.pixelnorm-tmp", tmp_path / f".q.{'a' * 16}.pixelnorm-tmp"
    for leftover in (left, other):
        leftover.write_bytes(b"half")
    profile_of(RGB).save(path)
    assert not left.exists() and other.exists()


def test_without_xxhash(monkeypatch, tmp_path):
    """Written and verified all the same."""
    expected = collected(RGB)
    monkeypatch.setitem(sys.modules, "xxhash", None)
    found = collected(RGB)
    assert found.identity == expected.identity
    found.save(tmp_path / "p")
    assert Profile.load(tmp_path / "p").verified
    monkeypatch.undo()
    profile = Profile.load(tmp_path / "p")
    assert profile.verified and profile.identity == profile_bytes.identity(profile.metadata, profile.arrays)


def test_the_identity_is_verified():
    words, arrays = profile_bytes.pixel_profile(RGB, "RGB", 8)
    expected = profile_bytes.identity(words, arrays)
    with pytest.raises(ValueError, match=f'"identity" is "{"0" * 32}", the content gives "{expected}"'):
        Profile.parse(profile_bytes.build({**words, "identity": "0" * 32}, arrays))
    with pytest.raises(ValueError, match='"min": items of 2 bytes, expected 1'):
        Profile.parse(profile_bytes.build(words, {**arrays, "min": arrays["min"].astype("u2")}))


# --- merging

@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_every_order_and_tree(scope):
    """Sources included; random splits, merged in random trees."""
    chance = random.Random(SEED)
    frames = frames_of(n=40)
    whole = Accumulator(scope, histogram=True)
    for number, frame in enumerate(frames):
        whole.add(frame, source=[f"{number:03}.png", f"{number + 500:03}.png"])
    whole = whole.profile(created="x")
    assert whole.metadata["sources"].split("\n")[63:] == ["523.png", "and more"]
    for _ in range(20):
        order = chance.sample(range(40), 40)
        nodes = []
        while order:
            n, accumulator = chance.randint(1, 9), Accumulator(scope, histogram=True)
            for number in order[:n]:
                accumulator.add(frames[number], source=[f"{number:03}.png", f"{number + 500:03}.png"])
            nodes.append(accumulator)
            order = order[n:]
        while len(nodes) > 1:
            some = [nodes.pop(chance.randrange(len(nodes))) for _ in range(min(len(nodes), chance.randint(2, 4)))]
            if chance.random() < .5:
                for other in some[1:]:
                    some[0].merge(other)
                nodes.append(some[0])
            else:
                nodes.append(Accumulator.of(Profile.merge(node.profile() for node in some)))
        assert nodes[0].profile(created="x").to_bytes() == whole.to_bytes(), SEED


def test_masks_differ():
    """Each pixel keeps its own count, one that was never counted has no minimum; frames may come after."""
    chance = np.random.default_rng(SEED)
    frames, seen = frames_of(n=30), chance.random((30, 5, 9, 1)) < .3
    seen[:, 0, :4] = False
    parts = []
    for at in [slice(0, 10), slice(10, 20), slice(20, 30)]:
        found = [profile_bytes.pixel_profile(frames[n:n + 1], "RGB", 8, seen[n:n + 1]) for n in range(at.start, at.stop)]
        parts.append(Profile.merge(Profile.parse(profile_bytes.build(*one)) for one in found))
    for order in itertools.permutations(parts):
        merged = Profile.merge(order)
        same(merged, *profile_bytes.pixel_profile(frames, "RGB", 8, seen))
    accumulator = Accumulator()
    accumulator.add(frames)
    accumulator.merge(merged)
    both = np.concatenate([seen, np.ones((30, 5, 9, 1), bool)])
    same(accumulator.profile(), *profile_bytes.pixel_profile(np.concatenate([frames, frames]), "RGB", 8, both))


GREY = frames_of(channels=1)
APART = {
    "scope": (lambda: collected(RGB, scope="channel"), "Another scope: .* has pixel, the profile channel"),
    "channels": (lambda: collected(GREY, channels="Y"), "Another set of channels: .*RGB, the profile Y"),
    "depth": (lambda: collected(frames_of(10), depth=10), "Another depth: .* has 8, the profile 10"),
    "size": (lambda: collected(RGB[:, :4]), "Another size: .* 9x5, the profile 9x4"),
    "range": (lambda: collected(RGB, range="limited"), "Another range: .* full, the profile limited"),
    "another accumulator": (lambda: Accumulator(depth=9), "Another depth"),
    "no file": (lambda: "/nowhere/at/all", "No such file"),
}


@pytest.mark.parametrize("what", APART)
def test_what_does_not_go_together(what):
    make, words = APART[what]
    accumulator = Accumulator()
    accumulator.add(RGB)
    before = accumulator.profile(created="x").to_bytes()
    with pytest.raises((ValueError, OSError), match=words):
        accumulator.merge(make())
    assert accumulator.profile(created="x").to_bytes() == before


def test_another_matrix():
    with pytest.raises(ValueError, match="Another matrix: .* has bt601, the profile none"):
        Profile.merge([collected(GREY, channels="Y", matrix="bt601"), collected(GREY, channels="Y")])


def test_a_histogram_of_all_or_none():
    with pytest.warns(UserWarning, match="so the result has none"):
        merged = Profile.merge([collected(RGB, histogram=True), collected(RGB)])
    assert "histogram" not in merged.arrays
    assert "histogram" in Profile.merge([collected(RGB, histogram=True)] * 2).arrays


def of_shards(*shards):
    profile = collected(RGB)
    return Profile({**profile.metadata, "shards": "\n".join(shards)}, profile.arrays)


@pytest.mark.parametrize("parts, lines, words", [
    ([["2/3"], ["10/12"], ["1/3"]], "1/3\n2/3\n10/12", "1/3 and 10/12 are shards of sets that were divided differently"),
    ([["2/3"], ["2/3"]], "2/3\n2/3", "2/3 is there twice; its frames count twice"),
    ([["10/12"], ["9/12", "11/12"]], "9/12\n10/12\n11/12", None),
    ([["1/2"], ["2/2"]], None, None)])
def test_shards(parts, lines, words):
    for order in itertools.permutations(parts):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            merged = Profile.merge(of_shards(*part) for part in order)
        assert merged.metadata.get("shards") == lines
        assert [str(w.message).rstrip(".") for w in caught] == ([f"Shard {words}" if words[0] == "2" else words] if words else [])
        assert merged.identity == Profile.merge([collected(RGB)] * len(parts)).identity


def test_a_thousand_in_the_memory_of_two(tmp_path):
    frames = np.random.default_rng(SEED).integers(0, 256, (1, 200, 300, 3), dtype="u1")
    collected(frames).save(tmp_path / "p")
    tracemalloc.start()
    try:
        peaks = []
        for n in (2, 40):
            tracemalloc.reset_peak()
            assert Profile.merge(itertools.repeat(tmp_path / "p", n)).frames == n
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
