# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile info and render, against numpy.

Profiles are made through the library's introspected interface; what the command says of them and the
pixels of its pictures are compared with what numpy makes of the same frames. PNG files are read by Pillow.

The colour map is checked three ways that know nothing of its table: five published colours of viridis, the
polynomial that Matt Zucker fitted to it (CC0, https://www.shadertoy.com/view/WlfXRN; it strays from the
table by at most 4.1 of 255), and the scale bar, along which every colour of a figure must stand where its
value is.
"""
import json
import os
import re
import resource
import signal
import subprocess
import zlib

import numpy as np
import pytest
from PIL import Image

from cli_help import PROGRAM, Pixelnorm, pixelprofile, save_profile
from gst_launch import PATIENCE

SEED = 20240607

VIRIDIS_PUBLISHED = {0: "440154", 64: "3b528b", 128: "21918c", 192: "5ec962", 255: "fde725"}
VIRIDIS_POLYNOMIAL = np.array([
    (0.2777273272234177, 0.005407344544966578, 0.3340998053353061),
    (0.1050930431085774, 1.404613529898575, 1.384590162594685),
    (-0.3308618287255563, 0.214847559468213, 0.09509516302823659),
    (-4.634230498983486, -5.799100973351585, -19.33244095627987),
    (6.228269936347081, 14.17993336680509, 56.69055260068105),
    (4.776384997670288, -13.74514537774601, -65.35303263337234),
    (-5.435455855934631, 4.645852612178535, 26.3124352495832)])

# Of the legend, in dots: how far the bar is from the sides and from the pixels, its height, and all in all.
BAR_MARGIN, BAR_GAP, BAR_HEIGHT, LEGEND_HEIGHT = 14, 6, 10, 53


def render(cwd, *arguments):
    done = pixelprofile("render", *arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def pixels(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def viridis(values):
    powers = np.power.outer(np.asarray(values), np.arange(7))
    return powers @ VIRIDIS_POLYNOMIAL * 255


def deviations(frames):
    """Of every sample, from exact integers."""
    wide = frames.astype(np.int64)
    n = len(frames)
    return np.sqrt(n * (wide ** 2).sum(0) - wide.sum(0) ** 2) / n


def dot_of(figure):
    """Pixels that a dot of the legend's letters has; larger figures have larger legends."""
    return max((figure.shape[1] + 200) // 400, 1)


def bar_of(figure, height):
    """The colours of the scale bar below a picture of that height, left to right."""
    dot = dot_of(figure)
    row = height + (BAR_GAP + BAR_HEIGHT // 2) * dot
    return figure[row, BAR_MARGIN * dot:figure.shape[1] - BAR_MARGIN * dot].astype(int)


@pytest.fixture(scope="module")
def scene():
    """A noisy gradient with something that moves across it."""
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[0:200, 0:300]
    still = np.stack([60 + x / 3, 80 + y / 4, 150 - x / 5], -1)
    frames = []
    for i in range(12):
        frame = still + rng.normal(0, 3, still.shape)
        frame[(x - 25 * i) ** 2 + (y - 120) ** 2 < 400] = (250, 3, 40)
        frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
    return np.stack(frames)


@pytest.fixture
def lobby(tmp_path, scene):
    save_profile(tmp_path / "lobby.safetensors", scene, skipped=3,
                 sources=["file:///data/a.mp4", "file:///data/b.mp4"])
    return tmp_path


def test_info_text(lobby, scene):
    done = pixelprofile("info", "lobby.safetensors", cwd=lobby)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "lobby.safetensors"
    for key, value in {"size of frames": "300 x 200", "channels": "RGB", "depth": "8 bits",
                       "range": "full", "matrix": "none", "scope": "pixel", "frames": "12",
                       "frames skipped": "3", "sources": "file:///data/a.mp4",
                       "": "file:///data/b.mp4"}.items():
        assert f"  {key:15} {value}" in lines
    assert re.search(r"^  created         \d{4}-\d\d-\d\dT", done.stdout, re.M)
    assert re.search(r"^  software        \S", done.stdout, re.M)
    assert re.search(r"^  identity        [0-9a-f]{32}$", done.stdout, re.M)
    for name, values in [(c, scene[..., i]) for i, c in enumerate("RGB")] + [("all", scene)]:
        row = [line.split() for line in lines if line.split()[:1] == [name]][0]
        assert row[1:] == [f"{values.mean():.4f}", f"{values.std():.4f}", str(values.min()),
                           str(values.max())]


def test_info_json(lobby, scene):
    save_profile(lobby / "any.safetensors", scene[..., 0], "Y", Pixelnorm.Scope.CHANNEL)
    done = pixelprofile("info", "--json", "lobby.safetensors", "any.safetensors", cwd=lobby)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = map(json.loads, done.stdout.splitlines())
    profile = Pixelnorm.Profile.load(str(lobby / "lobby.safetensors"))
    statistics = first.pop("statistics")
    still = scene.std(0) < 1
    assert still.any() and first.pop("floored") == dict(zip("RGB", still.mean((0, 1))))
    assert second["floored"] == {"Y": 0}
    assert first == {
        "file": "lobby.safetensors", "scope": "pixel", "width": 300, "height": 200, "channels": "RGB",
        "depth": 8, "range": "full", "matrix": None, "frames": 12, "frames_skipped": 3,
        "created": profile.get_created(), "software": profile.get_software(),
        "sources": ["file:///data/a.mp4", "file:///data/b.mp4"], "conversions": [], "shards": [], "identity": profile.get_identity()}
    assert list(statistics) == ["R", "G", "B", "all"]
    for values, name in zip([*np.moveaxis(scene, -1, 0), scene], statistics):
        assert statistics[name] == {
            "count": values.size, "mean": pytest.approx(values.mean(), rel=1e-12),
            "std": pytest.approx(values.std(), rel=1e-12), "min": values.min(), "max": values.max()}
    assert (second["scope"], second["width"], second["height"]) == ("channel", None, None)
    assert second["sources"] == []
    assert second["statistics"]["Y"]["mean"] == pytest.approx(scene[..., 0].mean(), rel=1e-12)


@pytest.mark.unsanitized("sanitizers map terabytes, which no limit on memory leaves room for")
def test_advice_fits_the_error(tmp_path):
    """What to do depends on what the system says."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    with open(tmp_path / "large", "wb") as large:
        large.truncate(300 << 20)  # large enough to be mapped
    for name, words in {"": '"": The profile cannot be opened: No such', "missing": "No such file or directory. Check the path", "file/x": "Not a directory. Check the path",
                        "loop": "symbolic links. Mend the symbolic link", "a" * 300: "too long. Give a shorter path",
                        "large": "Cannot allocate memory. Free memory, or raise its limit"}.items():
        done = subprocess.run(["bash", "-c", 'ulimit -v 280000; exec "$@"', "bash", PROGRAM, "info", name], cwd=tmp_path, text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == 1 and words in done.stderr, done.stderr
        assert "disk" not in done.stderr
    (tmp_path / "file").chmod(0)
    other = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run([*other, PROGRAM, "info", "file"], cwd=tmp_path, text=True, capture_output=True, timeout=60)
    assert "Permission denied. Give this user the right to read it" in done.stderr


@pytest.fixture(scope="module")
def two_large(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    for name in "ab":
        save_profile(folder / name, np.random.default_rng(ord(name)).integers(0, 256, (2, 480, 640, 3), np.uint8))
    return folder


@pytest.mark.unsanitized("sanitizers map terabytes, which no limit on memory leaves room for")
@pytest.mark.skipif(PATIENCE > 1, reason="an emulator needs more memory than this test leaves")
@pytest.mark.parametrize("words, failed", [
    (["diff", "a", "b"], 2), (["diff", "--output=c.png", "a", "b"], 2), (["export", "--to=json", "--output=c.json", "a"], 1)],
    ids=["diff", "picture", "export"])
def test_little_memory_is_said_in_a_sentence(two_large, words, failed):
    """GLib would end the program, and jansson leaves numbers out. Of limits so far apart some are in the middle of the work."""
    said = []
    for kilobytes in range(60000, 130000, 10000):
        done = subprocess.run(["bash", "-c", 'ulimit -c 0; ulimit -v $1; shift; exec "$@"', "bash", str(kilobytes), PROGRAM, *words],
                              cwd=two_large, text=True, capture_output=True, timeout=20)
        if "error while loading shared libraries" in done.stderr:
            continue
        if done.returncode == failed:
            assert done.stderr.count("\n") == 1 and "emory" in done.stderr, done.stderr
            said.append(done.stderr)
            assert sorted(os.listdir(two_large)) == ["a", "b"]
        else:
            assert done.returncode in (0, 1) and done.stderr == "", (kilobytes, done)
            for path in two_large.glob("c.*"):
                path.unlink()
    assert said


@pytest.mark.parametrize("scope", [Pixelnorm.Scope.PIXEL, Pixelnorm.Scope.CHANNEL])
def test_info_where_min_deviation_rules(tmp_path, scope):
    """Every pixel deviates by half a code, or by one and a half."""
    frames = np.full((2, 4, 4), 100, np.uint8)
    frames[1] = 101
    save_profile(tmp_path / "half", frames, "Y", scope)
    frames[1] = 103
    save_profile(tmp_path / "more", frames, "Y", scope)
    done = pixelprofile("info", "half", "more", cwd=tmp_path)
    said = [line for line in done.stdout.splitlines() if "min-deviation" in line]
    assert len(said) == 1 and done.stdout.index(said[0]) < done.stdout.index("more\n")
    assert said[0].startswith("  With the defaults of pixelnorm: ") and " are divided by min-deviation=1 instead of their deviation, which" in said[0]
    assert ("(Y 100 %)" if scope == Pixelnorm.Scope.PIXEL else "(Y 0.5 code values)") in said[0]
    lines = pixelprofile("info", "--json", "half", "more", cwd=tmp_path).stdout.splitlines()
    assert [json.loads(line)["floored"] for line in lines] == [{"Y": 1}, {"Y": 0}]


def test_info_of_one_frame(tmp_path):
    """No pixel varies; all pixels of a channel do, so scope channel is not spoken of."""
    frames = np.random.default_rng(SEED).integers(0, 256, (2, 4, 4, 3), np.uint8)
    words = "With 1 frame the deviation of every pixel is 0."
    for n, scope in [(1, Pixelnorm.Scope.PIXEL), (2, Pixelnorm.Scope.PIXEL), (1, Pixelnorm.Scope.CHANNEL)]:
        save_profile(tmp_path / "one", frames[:n], scope=scope)
        said = pixelprofile("info", "one", cwd=tmp_path).stdout
        assert said.count(words) == (n == 1 and scope == Pixelnorm.Scope.PIXEL) and "% of the samples" not in said


@pytest.mark.parametrize("command", ["info", "verify", "render", "report", "export --to=json", "merge out", "diff video.avi",
                                     "watch --reference=video.avi"])
def test_a_video_where_a_profile_is_asked_for(tmp_path, command):
    (tmp_path / "video.avi").write_bytes(b"RIFF\x12\xca\x10\0AVI LIST" + bytes(100))
    done = pixelprofile(*command.split(), "video.avi", cwd=tmp_path)
    assert done.stdout == "" and done.returncode == (2 if command[0] in "dw" else 1)
    assert done.stderr == (f"pixelprofile {command.split()[0]}: video.avi: This is not a profile. Make one of a video or of images with "
                           '"pixelprofile collect PROFILE FILE...", or with the element pixelstats.\n')


def test_info_goes_on_after_a_bad_file(lobby):
    done = pixelprofile("info", "--json", "none.safetensors", "lobby.safetensors", cwd=lobby)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["lobby.safetensors"]


def test_info_keeps_terminals_safe(tmp_path, scene):
    save_profile(tmp_path / "p.safetensors", scene[:1], sources=["a\x1b[31m\u009b31mb\x07\u202ec"])
    done = pixelprofile("info", "p.safetensors", cwd=tmp_path, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout)
    assert "a\ufffd[31m\ufffd31mb\ufffd\ufffdc" in done.stdout
    json_done = pixelprofile("info", "--json", "p.safetensors", cwd=tmp_path)
    assert json.loads(json_done.stdout)["sources"] == ["a\x1b[31m\u009b31mb\x07\u202ec"]


PRINTING = {"info p": 1, "info --json p": 1, "verify p": 1, "diff p p": 2, "diff --json p p": 2, "export --to=torchvision --scope=channel p": 1,
            "export --to=help": 1, "render --output=m.png --image=mean p": 1, "report --output=r.html p": 1, "merge m p": 1,
            "collect m in.png": 1, "--help": 1, "--version": 1}


@pytest.mark.parametrize("place", [">/dev/full", ">&-"])
@pytest.mark.parametrize("command", PRINTING)
def test_output_that_is_lost(command, place, tmp_path, scene):
    """A sentence, and never success. A file that was asked for is there all the same."""
    save_profile(tmp_path / "p", scene)
    Image.fromarray(scene[0]).save(tmp_path / "in.png")
    done = subprocess.run(["bash", "-c", f'exec "$0" {command} {place}', PROGRAM], cwd=tmp_path, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == PRINTING[command]
    name = "pixelprofile" if command.startswith("-") else f"pixelprofile {command.split()[0]}"
    said = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert said[-1].startswith(f"{name}: Standard output was not written") and said[-1].endswith((".", "?")), done.stderr
    for written in re.findall(r"\bm(?:\.png)?\b(?= )|r\.html", command):
        assert (tmp_path / written).stat().st_size > 0


def test_render_writes_three_pictures_by_default(lobby):
    names = ["lobby-mean.png", "lobby-std.png", "lobby-range.png"]
    assert render(lobby, "lobby.safetensors") == names
    assert sorted(os.listdir(lobby)) == sorted(names + ["lobby.safetensors"])
    (lobby / "out").mkdir()
    assert render(lobby, "--output=out", "--image=all", "lobby.safetensors") == [
        f"out/lobby-{name}.png" for name in ("mean", "std", "range", "min", "max", "marks", "count")]


def test_scaled_and_deep_pictures(tmp_path):
    """16 bits keep the fraction of the mean; --scale lays darkest and brightest on the ends; --fit averages blocks."""
    frames = np.random.default_rng(SEED).integers(40, 90, (5, 10, 13, 3), np.uint8)
    save_profile(tmp_path / "p.safetensors", frames)
    mean = frames.mean(0)

    def picture(*options):
        (name,) = render(tmp_path, "--image=mean", "--force", *options, "p.safetensors")
        return tmp_path / name

    def deep(path):
        """Pillow reads 16-bit colour as 8 bits; the samples themselves are in the chunks."""
        data, found = path.read_bytes(), b""
        assert data[24:26] == bytes([16, 2])
        at = 8
        while at < len(data):
            length = int.from_bytes(data[at:at + 4], "big")
            if data[at + 4:at + 8] == b"IDAT":
                found += data[at + 8:at + 8 + length]
            at += 12 + length
        return unfilter(zlib.decompress(found), 13, 10, 6).view(">u2").reshape(10, 13, 3)

    assert np.abs(deep(picture("--depth=16")) - np.rint(mean * 257)).max() <= 1e-9
    span = (mean - mean.min()) / (mean.max() - mean.min())
    assert np.abs(pixels(picture("--scale")) - span * 255).max() <= .5 + 1e-9
    assert np.abs(deep(picture("--scale", "--depth=16")) - span * 65535).max() <= .5 + 1e-6
    blocks = np.array([[mean[y:y + 4, x:x + 4].mean((0, 1)) for x in range(0, 13, 4)] for y in range(0, 10, 4)])
    assert np.abs(pixels(picture("--fit=4")) - blocks).max() <= .5 + 1e-9


def unfilter(data, width, height, pixel_bytes):
    """The samples of a PNG, by its specification (filters 0 to 4)."""
    stride = width * pixel_bytes
    above, rows = [0] * stride, []
    for y in range(height):
        kind, row = data[y * (stride + 1)], list(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a = row[i - pixel_bytes] if i >= pixel_bytes else 0
            b, c = above[i], above[i - pixel_bytes] if i >= pixel_bytes else 0
            near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            row[i] = (row[i] + [0, a, b, (a + b) // 2, near][kind]) % 256
        above = row
        rows.append(bytes(row))
    return np.frombuffer(b"".join(rows), np.uint8)


MARKS = [("never counted", (255, 255, 255)), ("always white", (213, 94, 0)), ("always black", (0, 0, 0)),
         ("white at times", (230, 159, 0)), ("black at times", (0, 114, 178)), ("never varied", (86, 180, 233)),
         ("none of these", (110, 110, 110))]


@pytest.mark.parametrize("limited", [False, True])
def test_marks(tmp_path, limited):
    """A pixel of each kind, and what an ordinary street has; the colours are those of the kinds."""
    white, black = (235, 16) if limited else (255, 0)
    columns = [(90, 91, 92), (white, 99, 99), (black, black, black), (white, 20, 30), (black, 40, 40), (77, 77, 77),
               (30, 40, 50), (30, 40, 50)]
    frames = np.array([columns] * 3, np.uint8)[:, None].repeat(4, 1)
    frames[1, :, 3, 0] = 100  # not always white
    frames[1, :, 4] = (41, 41, 41)
    frames[:, :, 4, :] = np.where(frames[:, :, 4, :] == 40, black, frames[:, :, 4, :])
    frames[1, :, 6] += 1
    frames[2, :, 7, 2] += 9
    layout = Pixelnorm.Layout.new("RGB", 8, 4)
    layout.set_colorimetry(Pixelnorm.Range.LIMITED if limited else Pixelnorm.Range.FULL, None)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.PIXEL, layout)
    mask = np.ones((4, 8), np.uint8)
    mask[:, 0] = 0
    accumulator.set_mask(layout, mask.tobytes())
    for frame in frames:
        accumulator.add_data(layout, frame.tobytes())
    accumulator.snapshot().save(str(tmp_path / "p.safetensors"))
    (name,) = render(tmp_path, "--image=marks", "--zoom=32", "p.safetensors")
    found = pixels(tmp_path / name)
    expected = [0, 1, 2, 3, 4, 5, 6, 6]
    for x, mark in enumerate(expected):
        assert (found[:4 * 32, 32 * x:32 * x + 32] == MARKS[mark][1]).all(), MARKS[mark]


@pytest.mark.parametrize("name, statistic", [
    ("mean", lambda frames: np.rint(frames.sum(0, dtype=np.int64) / len(frames))),
    ("min", lambda frames: frames.min(0)), ("max", lambda frames: frames.max(0))])
def test_code_values_are_those_of_numpy(lobby, scene, name, statistic):
    # 12 frames: means that end in .5 are among them
    render(lobby, f"--image={name}", "--output=p.png", "lobby.safetensors")
    np.testing.assert_array_equal(pixels(lobby / "p.png"), statistic(scene))


def test_grey_and_yuv_are_grey(tmp_path, scene):
    save_profile(tmp_path / "y.safetensors", scene[..., 1], "Y")
    save_profile(tmp_path / "yuv.safetensors", scene, "YUV")
    render(tmp_path, "--image=max", "y.safetensors")
    render(tmp_path, "--image=max", "yuv.safetensors")
    np.testing.assert_array_equal(pixels(tmp_path / "y-max.png"), scene[..., 1].max(0))
    np.testing.assert_array_equal(pixels(tmp_path / "yuv-max.png"), scene[..., 0].max(0))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The colour map as the command draws it: of a pixel with the range 0, of one with 1, ... 255."""
    directory = tmp_path_factory.mktemp("ramp")
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256, 1)
    save_profile(directory / "ramp.safetensors", np.stack([ramp * 0, ramp]), "Y")
    render(directory, "--image=range", "--output=p.png", "ramp.safetensors")
    return pixels(directory / "p.png")[0].astype(int)


def test_colour_map_is_viridis(table):
    for index, color in VIRIDIS_PUBLISHED.items():
        assert bytes(table[index].tolist()).hex() == color
    assert np.abs(table - viridis(np.arange(256) / 255)).max() < 5
    lightness = table @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -0.3).all()


@pytest.mark.parametrize("name", ["std", "range"])
# of 12 frames and 3 channels no deviation is a 256th of 19.7, where rounding would decide about the colour
@pytest.mark.parametrize("top", [None, 19.7])
def test_figures_show_numpys_values(lobby, scene, table, name, top):
    render(lobby, f"--image={name}", "--output=p.png", *([f"--max={top}"] if top else []),
           "lobby.safetensors")
    if name == "std":
        values = np.sqrt((deviations(scene) ** 2).mean(-1))
    else:
        values = np.ptp(scene, 0).max(-1).astype(float)
    height, width = values.shape
    figure = pixels(lobby / "p.png")
    share = np.minimum(values / (top or values.max()), 1)
    expected = table[np.minimum((share * 256).astype(int), 255)]
    np.testing.assert_array_equal(figure[:height, :width], expected)

    # a colour stands on the bar where its value is: within a pixel of the bar and an entry of the map
    bar = bar_of(figure, height)
    for y, x in [(0, 0), (120, 25), (120, 140), (199, 299), *np.argwhere(share == 1)[:1]]:
        where = np.flatnonzero((bar == figure[y, x]).all(-1))
        assert abs((where.mean() + 0.5) / len(bar) - share[y, x]) < 1 / 256 + 1 / len(bar)


def test_legend(lobby):
    render(lobby, "lobby.safetensors")
    figure = pixels(lobby / "lobby-std.png")
    legend = figure[200:].astype(int)
    bar = bar_of(figure, 200)
    assert np.abs(bar - viridis((np.arange(len(bar)) + 0.5) / len(bar))).max() < 6
    # white all around, and ink below the bar: ticks, labels and the title
    for edge in (legend[:BAR_GAP], legend[:, 0], legend[:, -1], legend[-1]):
        assert (edge == 255).all()
    below = legend[BAR_GAP + BAR_HEIGHT:]
    assert (below == below[..., :1]).all()  # grey: edges of letters are smooth
    ink = below[..., 0] < 128
    assert ink[0, BAR_MARGIN] and ink[0, -BAR_MARGIN - 1] and (below[0, 2 * BAR_MARGIN:-2 * BAR_MARGIN:7] == 255).any()
    assert np.flatnonzero(ink.any(1))[-1] > 20
    assert ((below > 30) & (below < 220)).any()
    # the title tells the statistics apart
    other = pixels(lobby / "lobby-range.png")[200 + BAR_GAP + BAR_HEIGHT:]
    assert not np.array_equal(below[-16:], other[-16:])


@pytest.mark.parametrize("width, height, zoom", [
    (1, 1, 256), (3, 2, 86), (100, 10, 3), (255, 4, 2), (256, 4, 1), (2, 600, 1), (700, 2, 1)])
def test_small_frames_are_enlarged(tmp_path, width, height, zoom):
    frames = np.random.default_rng(SEED).integers(0, 256, (4, height, width, 1), np.uint8)
    save_profile(tmp_path / "p.safetensors", frames, "Y")
    render(tmp_path, "p.safetensors")
    assert pixels(tmp_path / "p-mean.png").shape == (height, width)
    figure = pixels(tmp_path / "p-range.png")
    canvas = max(256, width * zoom)
    assert figure.shape == (height * zoom + LEGEND_HEIGHT * dot_of(figure), canvas, 3)
    left = (canvas - width * zoom) // 2
    picture = figure[:height * zoom, left:left + width * zoom]
    np.testing.assert_array_equal(picture, picture[::zoom, ::zoom].repeat(zoom, 0).repeat(zoom, 1))
    assert len(bar_of(figure, height * zoom)) >= 228


def test_zoom_is_obeyed(tmp_path, scene):
    save_profile(tmp_path / "p.safetensors", scene[:, :10, :20])
    render(tmp_path, "--zoom=3", "--image=mean", "--image=std", "p.safetensors")
    mean = np.rint(scene[:, :10, :20].sum(0, dtype=np.int64) / len(scene))
    np.testing.assert_array_equal(pixels(tmp_path / "p-mean.png"), mean.repeat(3, 0).repeat(3, 1))
    assert pixels(tmp_path / "p-std.png").shape[1] == 256


def test_nothing_varied(tmp_path):
    save_profile(tmp_path / "p.safetensors", np.full((2, 4, 300, 3), 9, np.uint8))
    render(tmp_path, "p.safetensors")
    for name in ("std", "range"):
        figure = pixels(tmp_path / f"p-{name}.png")
        assert (figure[:4] == (0x44, 0x01, 0x54)).all()
        render(tmp_path, "--max=1", f"--image={name}", "--output=one.png", "--force", "p.safetensors")
        np.testing.assert_array_equal(figure, pixels(tmp_path / "one.png"))


def test_existing_pictures_are_kept(lobby):
    (lobby / "lobby-range.png").write_text("precious")
    done = pixelprofile("render", "lobby.safetensors", cwd=lobby)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "--force" in done.stderr
    assert sorted(os.listdir(lobby)) == ["lobby-range.png", "lobby.safetensors"]
    assert (lobby / "lobby-range.png").read_text() == "precious"
    render(lobby, "--force", "lobby.safetensors")
    assert pixels(lobby / "lobby-range.png").shape[1] == 300


def test_failed_write_leaves_everything_as_it_was(lobby):
    def small_files():
        # a write beyond the limit then fails as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    (lobby / "lobby-std.png").write_text("precious")
    done = pixelprofile("render", "--force", "--image=std", "lobby.safetensors", cwd=lobby,
               preexec_fn=small_files)
    assert done.returncode == 1
    assert done.stderr == ('pixelprofile render: "lobby-std.png" was not written: File too large. '
                           'Make room there, or choose another place.\n')
    assert sorted(os.listdir(lobby)) == ["lobby-std.png", "lobby.safetensors"]
    assert (lobby / "lobby-std.png").read_text() == "precious"


def test_pictures_get_the_usual_permissions(lobby):
    render(lobby, "--image=min", "lobby.safetensors")
    umask = os.umask(0)
    os.umask(umask)
    assert os.stat(lobby / "lobby-min.png").st_mode & 0o777 == 0o666 & ~umask


def test_other_names(tmp_path, scene):
    save_profile(tmp_path / "-odd näme", scene[:2])
    assert render(tmp_path, "--image=mean", "--", "-odd näme") == ["-odd näme-mean.png"]


@pytest.fixture
def bad(lobby, scene):
    """A directory with everything that can go wrong."""
    whole = (lobby / "lobby.safetensors").read_bytes()
    (lobby / "short.safetensors").write_bytes(whole[:-100])
    (lobby / "stub.safetensors").write_bytes(whole[:5])
    (lobby / "empty.safetensors").write_bytes(b"")
    changed = bytearray(whole)
    changed[-1] ^= 1
    (lobby / "changed.safetensors").write_bytes(changed)
    (lobby / "foreign.safetensors").write_text("This is a letter, no profile." * 50)
    (lobby / "folder").mkdir()
    (lobby / "lobby-max.png").mkdir()
    save_profile(lobby / "any.safetensors", scene[:2], scope=Pixelnorm.Scope.CHANNEL)
    return lobby


BAD_FILES = [("missing.safetensors", "No such file"), ("folder", "a directory"),
             ("foreign.safetensors", ""), ("short.safetensors", ""), ("stub.safetensors", ""),
             ("empty.safetensors", ""), ("changed.safetensors", "")]


@pytest.mark.parametrize("command", ["info", "render"])
@pytest.mark.parametrize("name, words", BAD_FILES)
def test_bad_files(bad, command, name, words):
    before = sorted(os.listdir(bad))
    done = pixelprofile(command, name, cwd=bad)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"pixelprofile {command}: ") and done.stderr.count("\n") == 1
    assert name in done.stderr and words in done.stderr
    assert sorted(os.listdir(bad)) == before


FILE = "lobby.safetensors"
BAD_COMMANDS = [
    (1, ["render", "any.safetensors"], "scope channel"),
    (1, ["render", "--image=std", "--output=none/p.png", FILE], 'no directory "none"'),
    (1, ["render", "--output=none", FILE], "directory that exists"),
    (1, ["render", "--output=none/", FILE], "directory that exists"),
    (1, ["render", "--image=max", "--force", FILE], "is a directory"),
    (1, ["render", "--image=max", "--force", "--output=lobby.safetensors/p.png", FILE], "no directory"),
    (2, [], "info, "),
    (2, ["rendr", FILE], '"rendr"'),
    (2, ["--bogus"], '"--bogus"'),
    (2, ["info"], "none"),
    (2, ["info", "--bogus", FILE], "--bogus"),
    (2, ["render"], "none"),
    (2, ["render", FILE, FILE], "one FILE"),
    (2, ["render", "--image=median", FILE], '"median"'),
    (2, ["render", "--image=", FILE], '""'),
    (2, ["render", "--image", "mean"], "none"),
    (2, ["render", "--output=p.png", FILE], "3 pictures"),
    (2, ["render", "--output=", FILE], "nothing"),
    (2, ["render", "--max=loud", FILE], "loud"),
    (2, ["render", "--max=0", FILE], "0"),
    (2, ["render", "--max=-1", FILE], "-1"),
    (2, ["render", "--max=nan", FILE], "nan"),
    (2, ["render", "--max=inf", FILE], "inf"),
    (2, ["render", "--max=1e300", FILE], "65535"),
    (2, ["render", "--max=20", "--image=mean", FILE], "std, range and count"),
    (2, ["render", "--depth=12", FILE], "8 or 16"),
    (2, ["render", "--fit=-3", FILE], "found -3"),
    (2, ["render", "--zoom=0", FILE], "1 to 64"),
    (2, ["render", "--zoom=-2", FILE], "1 to 64"),
    (2, ["render", "--zoom=99999999999", FILE], "99999999999"),
    (2, ["render", "--zoom=2.5", FILE], "2.5"),
]


@pytest.mark.parametrize("status, arguments, words", BAD_COMMANDS,
                         ids=[" ".join(row[1]) or "nothing" for row in BAD_COMMANDS])
def test_bad_commands(bad, status, arguments, words):
    before = sorted(os.listdir(bad))
    done = pixelprofile(*arguments, cwd=bad)
    assert (done.returncode, done.stdout) == (status, "")
    program = " ".join(["pixelprofile", *[a for a in arguments[:1] if a in ("info", "render")]])
    assert done.stderr.startswith(f"{program}: ") and done.stderr.count("\n") == 1
    assert words in done.stderr[len(program):]
    if status == 2:
        assert f'See "{program} --help".' in done.stderr
    assert sorted(os.listdir(bad)) == before


@pytest.mark.parametrize("arguments, words", [
    (["--help"], ["info ", "render ", "--version", "Exit status"]),
    (["-h"], ["info ", "render "]),
    (["info", "--help"], ["--json", "Examples:", "identity"]),
    (["render", "--help"], ["--image", "--output", "--force", "--max", "--zoom", "Examples:"]),
    (["--version"], ["pixelprofile "])])
def test_help(tmp_path, arguments, words):
    done = pixelprofile(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(word in done.stdout for word in words)
    assert max(map(len, done.stdout.splitlines())) <= 100
