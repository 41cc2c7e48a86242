# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile report: every number on the page against numpy on the frames; and how the page looks to a browser.

The page is parsed with Python's own HTML parser; pictures are read by Pillow. Where Debian's chromium is installed (tests/run
does), it says whether the page fits a phone, and leaves a screenshot in PIXELNORM_BUILD/report.png for people to look at."""
import base64
import functools
import html.parser
import io
import os
import re
import shlex
import shutil
import subprocess

import gi
import numpy as np
import pytest
from PIL import Image

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

from cli_help import Scope, pixelprofile, save_profile
from gst_launch import make

Gst.init(None)
SIZE, N = (36, 50), 60
report = functools.partial(pixelprofile, "report")


def frames_of(n=N, fixed=60, moving=8, channels=3, depth=8, size=SIZE, seed=1):
    """A fixed scene, with noise; darker to the right; one row that never varies, one white and one black."""
    random = np.random.default_rng(seed)
    top = 2 ** depth - 1
    scene = top * (.55 + .3 * np.linspace(0, -1, size[1])[None, :, None]) + \
        random.normal(0, fixed * top / 255, (*size, channels))
    frames = np.clip(scene + random.normal(0, moving * top / 255, (n, *size, channels)), 1, top - 1)
    frames = np.rint(frames).astype(np.uint8 if depth == 8 else "<u2")
    frames[:, 3], frames[:, 5], frames[:, 7] = frames[0, 3], top, 0
    frames[n // 2, 9], frames[n // 3, 11] = top, 0
    return frames


def save(path, frames, source="file:///videos/lobby.mkv", **how):
    return save_profile(path, frames, sources=[source], skipped=2, **{"histogram": True, **how})


class Page(html.parser.HTMLParser):
    """Tables by heading, [[cells]]; pictures by caption; all text; open elements must close."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.pictures, self.words, self.stack, self.heading = {}, {}, [], [], ""
        self.feed(text)
        assert self.stack == [], self.stack

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "br", "path", "rect", "line"):
            self.stack.append(tag)
        attributes = dict(attributes)
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith(("data:", "#")), "the page needs something else"
        if tag == "img":
            kind, data = attributes["src"].split(",", 1)
            assert kind == "data:image/png;base64"
            self.pictures[attributes["alt"]] = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        if tag in ("h1", "h2"):
            self.heading = ""
        if tag == "tr":
            self.tables.setdefault(self.heading, []).append([])
        if tag in ("td", "th"):
            self.tables[self.heading][-1].append("")

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if "h1" in self.stack or "h2" in self.stack:
            self.heading += data
        elif "td" in self.stack or "th" in self.stack:
            self.tables[self.heading][-1][-1] += data

    @property
    def text(self):
        return "".join(self.words)

    def channels(self):
        """{channel: {what: number}}"""
        names, *rows = self.tables["Channels"]
        return {name: {row[0]: float(row[i].rstrip(" %")) for row in rows} for i, name in enumerate(names) if i}

    def numbers(self, heading):
        """{first cell: [numbers of the others]}"""
        return {row[0]: [float(x) for cell in row[1:] for x in re.findall(r"-?\d+(?:\.\d+)?", cell)]
                for row in self.tables[heading]}


def make_page(tmp_path, frames, **how):
    save(tmp_path / "lobby.safetensors", frames, **how)
    done = report("--force", "lobby.safetensors", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "lobby.html\n", "")
    return Page((tmp_path / "lobby.html").read_text())


@pytest.mark.parametrize("depth", [8, 10, 16])
@pytest.mark.parametrize("order", ["RGB", "Y"])
def test_numbers(tmp_path, order, depth):
    frames = frames_of(channels=len(order), depth=depth)
    page = make_page(tmp_path, frames, order=order, depth=depth)
    values, top = frames.astype(float), 2 ** depth - 1
    means, variances = values.mean(0), values.var(0)

    found = page.channels()
    for c, letter in enumerate(order):
        channel = values[..., c]
        fixed = means[..., c].var() / channel.var()
        percents = [1, 25, 50, 75, 99]
        expected = {"mean": channel.mean(), "deviation": channel.std(), "min": channel.min(), "max": channel.max(), "the same in every frame": 100 * fixed,
                    **{f"{p} % below": value for p, value in zip(percents, np.percentile(channel, percents))}}
        assert found[letter] == pytest.approx(expected, abs=.051)
    total = means.var((0, 1)).sum() / (means.var((0, 1)) + variances.mean((0, 1))).sum()
    assert f"{100 * total:.1f} % of the variance" in page.text

    low, high = frames.min(0), frames.max(0)
    kinds = {"always white": (low == top).any(-1), "always black": (high == 0).all(-1),
             "white at times": (high == top).any(-1), "black at times": (low == 0).all(-1),
             "never varied": (low == high).all(-1)}
    left = np.ones(SIZE, bool)
    found = page.numbers("Still and saturated pixels")
    for kind, where in kinds.items():
        count = (where & left).sum()
        assert count > 0 and found[kind] == pytest.approx([count, 100 * count / left.size], abs=.0051)
        left &= ~where
    assert found["none of these"][0] == left.sum() and found["not counted"] == [0, 0]

    edges = [[int(i * n / 8) for i in range(9)] for n in SIZE]
    light = np.array([[means[y0:y1, x0:x1].mean() for x0, x1 in zip(edges[1], edges[1][1:])]
                      for y0, y1 in zip(edges[0], edges[0][1:])])
    found = page.numbers("Light")
    expected = {"brightest block": light.max(), "darkest block": light.min(),
                "centre": light[3:5, 3:5].mean(), "corners": light[[0, 0, -1, -1], [0, -1, 0, -1]].mean()}
    for name, value in expected.items():
        assert found[name] == pytest.approx([value], abs=.051)


def clipped(y, low, high):
    slack = (high - low) / 510
    return (y < low - slack) | (y > high + slack)


def test_clipping(tmp_path):
    """What of the data lies outside: by samples where the scope is channel, by positions where it is pixel."""
    frames = frames_of(moving=20)
    frames[0, :10], frames[1, :3] = 255, 0  # far from these pixels' means
    page, values = make_page(tmp_path, frames), frames.astype(float)
    assert " of positions" in page.text and " of places" not in page.text
    rows = page.numbers("What 8-bit video would clip")
    for scope, axis in [("pixel", 0), ("channel", (0, 1, 2))]:
        mean, std = values.mean(axis, keepdims=True), values.std(axis, keepdims=True)
        low, high = values.min(axis, keepdims=True), values.max(axis, keepdims=True)
        half = np.maximum((high - low) / 2, 1)
        for method, y, bottom, top in [("zscore", (values - mean) / np.maximum(std, 1), -4, 127 / 32),
                                       ("mean-range", (values - mean) / half, -2, 127 / 64),
                                       ("min-max", (values - (low + high) / 2) / half, -128 / 127, 1)]:
            outside = clipped(y, bottom, top)
            share = outside.any(0).mean() if scope == "pixel" else outside.mean()
            expected = [y.min(), y.max(), bottom, top, 100 * share]
            assert rows[f"{method}, {scope}"] == pytest.approx(expected, abs=.0051), (method, scope)
    assert rows["zscore, pixel"][4] > 0


def test_pictures(tmp_path):
    frames = frames_of()
    page = make_page(tmp_path, frames)
    captions = list(page.pictures)
    assert [c.split(":")[0].split(" ")[0] for c in captions] == ["Mean", "Deviation", "Dynamic", "Still"]
    mean = page.pictures[captions[0]]
    assert np.abs(mean - frames.mean(0)).max() <= .5 + 1e-9
    # scales and legends are text of the page; small pictures have a whole number of pixels for each
    for picture in page.pictures.values():
        assert picture.shape[0] % SIZE[0] == 0 and picture.shape[0] // SIZE[0] == picture.shape[1] // SIZE[1]
    deviation = np.sqrt(frames.var(0).mean(-1)).max()
    assert f"{deviation:.3g}" in page.words and f"{np.ptp(frames, 0).max()}" in page.words


@pytest.mark.parametrize("fixed, moving, n, beside", [(60, 8, 60, True), (60, 8, 100, True), (3, 60, 60, False), (60, 8, 9, False)])
def test_advice(tmp_path, fixed, moving, n, beside):
    """A fixed scene, changing images, too few frames: always zscore per channel; pixel-wise is a trial beside it, of a fixed scene."""
    page = make_page(tmp_path, frames_of(n, fixed, moving))
    assert page.text.count("method=zscore scope=channel") == 3, "in the summary, as the advice, in the line"
    assert page.text.count("Worth a try beside it: method=zscore scope=pixel") == (2 if beside else 0)
    assert ("anomaly maps" in page.text) == ("where training had none" in page.text) == beside
    assert ("Collect 100 frames or more" in page.text) == (beside and n < 100)
    line = next(words for words in page.words if words.startswith("gst-launch-1.0 uridecodebin3"))
    assert "scope=channel" in line and "scope=pixel" not in line


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("moving, raised", [(4, True), (20, False)])
def test_noise_of_still_places(tmp_path, depth, moving, raised):
    """Where a tenth of the samples deviates by less than 8 code values of their own, the floor of the pixel-wise trial is raised to it,
    and so is that of what the page says of scope pixel; scope channel keeps the usual one."""
    moving *= 255 / (2 ** depth - 1)  # code values
    channels, order = (3, "RGB") if depth == 8 else (1, "Y")
    frames = frames_of(fixed=30, moving=moving, depth=depth, channels=channels)
    page = make_page(tmp_path, frames, order=order, depth=depth)
    quiet = (frames.std(0) < 8).mean()
    assert (quiet >= .1) == raised
    assert ("scope=pixel min-deviation=8" in page.text) == raised
    assert not raised or f"{100 * quiet:.1f} % of the samples deviate by less than 8" in page.text
    floor, values = 8 if raised else 1, frames.astype(float)
    assert f"with min-deviation=1 (scope pixel: {floor})" in page.text
    rows = {row[0]: row for row in page.tables["What 8-bit video would clip"]}
    for scope, least, axis in [("pixel", floor, 0), ("channel", 1, (0, 1, 2))]:
        y = (values - values.mean(axis)) / np.maximum(values.std(axis), least)
        assert rows[f"zscore, {scope}"][1] == f"{y.min():.2f} to {y.max():.2f}"


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.PIXEL], ids=str)
def test_where_the_floor_rules(tmp_path, scope):
    """A channel that deviates by half a code."""
    frames = np.where(np.arange(N * SIZE[0] * SIZE[1]).reshape(N, *SIZE, 1) % 2, 100, 101).astype(np.uint8)
    assert "Whole channels are divided by min-deviation=1 instead of their deviation, which is less (Y 0.5 code values)" in make_page(
        tmp_path, frames, order="Y", scope=scope).text
    wide = np.where(frames == 100, 100, 103).astype(np.uint8)
    (tmp_path / "lobby.html").unlink()
    assert "which is less" not in make_page(tmp_path, wide, order="Y", scope=scope).text


def bars_of(path):
    """Of each histogram on the page: the heights of its bars, as shares of the highest."""
    paths = re.findall(r'<path class="[A-Z]" d="M0 120([^"]*)V120Z"', path.read_text())
    heights = [120 - np.array(re.findall(r"V(-?[\d.]+)h2", path), float) for path in paths]
    return [(bars / bars.max()) ** 2 for bars in heights]


@pytest.mark.parametrize("codes, depth", [(220, 16), (256, 16), (700, 16), (877, 16), (220, 10)])
def test_histograms_have_no_combs(tmp_path, codes, depth):
    """An even spread of fewer codes than the depth has looks even, but for the height of a bar that the browser rounds."""
    levels = np.rint(np.linspace(0, 2 ** depth - 1, codes)).astype("<u2")
    save(tmp_path / "lobby.safetensors", np.tile(levels, 4).reshape(2, 2, -1, 1), order="Y", depth=depth)
    assert report("lobby.safetensors", cwd=tmp_path).returncode == 0
    (bars,) = bars_of(tmp_path / "lobby.html")
    # at the ends a code stands for those on one side of it
    assert len(bars) == 256 and (bars[2:-2] > (.75 if codes > 256 else .5)).all()
    if codes > 256:
        assert np.abs(bars[2:-2] / np.median(bars) - 1).max() < .12


def test_histograms_are_numpys(tmp_path):
    """Where every code may occur, bars are numpy's; and what is empty stays empty."""
    random = np.random.default_rng(5)
    frames = np.clip(random.normal(90, 20, (4, 40, 40, 1)), 0, 255).astype(np.uint8)
    save(tmp_path / "lobby.safetensors", frames, order="Y")
    assert report("lobby.safetensors", cwd=tmp_path).returncode == 0
    (bars,) = bars_of(tmp_path / "lobby.html")
    expected = np.bincount(frames.ravel(), minlength=256)
    np.testing.assert_allclose(np.sqrt(bars), np.sqrt(expected / expected.max()), atol=.0001)
    deep = np.where(frames < 90, 1000, 50000).astype("<u2")
    save(tmp_path / "lobby.safetensors", deep, order="Y", depth=16)
    assert report("--force", "lobby.safetensors", cwd=tmp_path).returncode == 0
    (bars,) = bars_of(tmp_path / "lobby.html")
    assert set(np.flatnonzero(bars)) <= {2, 3, 4, 194, 195, 196} and bars[3] > 0 and bars[195] > 0


@pytest.mark.parametrize("fixed, moving", [(60, 20), (3, 60)])
def test_warnings_are_about_the_setting(tmp_path, fixed, moving):
    """Borders that never vary: what that means for scope channel, which is advised, also of a fixed scene."""
    frames = frames_of(fixed=fixed, moving=moving)
    frames[:, :, :8] = frames[0, :, :8]
    text = make_page(tmp_path, frames).text
    assert "count in mean and deviation of their channels" in text and "divided by" not in text


@pytest.mark.parametrize("n_outliers", [0, 40, 400])
@pytest.mark.parametrize("depth", [8, 16])
def test_the_range_that_is_suggested(tmp_path, depth, n_outliers):
    """8-bit video: what share is clipped, and a range that holds 99.9 % of the samples, however far the last of them are."""
    random = np.random.default_rng(4)
    top = 2 ** depth - 1
    frames = np.rint(np.clip(random.normal(.4 * top, .01 * top, (40, 50, 50, 1)), 0, top))
    flat = frames.reshape(-1)
    flat[random.choice(flat.size, n_outliers, replace=False)] = top
    flat[:10] = 0
    frames = frames.astype(np.uint8 if depth == 8 else "<u2")
    text = make_page(tmp_path, frames, order="Y", depth=depth).text
    y = (frames - frames.mean()) / frames.std()
    share = clipped(y, -4, 127 / 32).mean()
    found = re.search(r"In 8-bit video (\S+) % of the samples would be clipped: results reach from (\S+) to (\S+), and the range is -4.00 to "
                      r"3.97. range-low=(\S+) range-high=(\S+) holds 99.9 % of the samples, with steps (\S+) times as coarse", text)
    assert bool(found) == (share > .001) == (n_outliers == 400)
    if found:
        shown, least, most, low, high, coarse = map(float, found.groups())
        assert [shown, least, most] == pytest.approx([100 * share, y.min(), y.max()], abs=.051)
        assert ((y >= low) & (y <= high)).mean() >= .999
        assert low == -4, "ten of 100000 below do not count"
        assert coarse == pytest.approx((high - low) / (127 / 32 + 4), abs=.051)
    else:
        assert "range-low" not in text


def test_outliers_are_told(tmp_path):
    frames = np.random.default_rng(2).normal(100, 5, (40, 30, 30, 3)).clip(90, 110).astype(np.uint8)
    frames[0, 0, 0], frames[1, 0, 0] = 0, 255
    assert "percentile" in make_page(tmp_path, frames).text
    assert "Outliers" not in make_page(tmp_path, frames[2:]).text


def test_the_line_runs(tmp_path):
    """The line for gst-launch-1.0, word by word, on a video that is there."""
    frames = frames_of(8, size=(48, 64))
    video = tmp_path / "a b.ogg"
    make("-q videotestsrc num-buffers=5 ! video/x-raw,width=64,height=48 ! theoraenc ! oggmux ! "
         f"filesink location='{video}'")
    page = make_page(tmp_path, frames, source=video.as_uri())
    line = next(words for words in page.words if words.startswith("gst-launch-1.0"))
    assert "a%20b.ogg" in line
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Got EOS" in done.stdout


NAMES = [r"a\b.safetensors", r"a \\ b", "a\"b", "a'b", "a !b $HOME `c`", r"end\ ".rstrip(), "(int)5", "-x", "~", "\u00e4 \u4e2d", "a\nb", r"\" ! x"]


@pytest.mark.parametrize("name", NAMES)
def test_the_line_names_the_file(tmp_path, name):
    """Whatever it is called: a shell and GStreamer's parser get the very name out of the line, and gst-launch-1.0 finds the file."""
    frames = frames_of(8, size=(48, 64))
    save(tmp_path / name, frames, "file:///x%20y\\z \"q\".ogg")
    done = report("--output", "page.html", *(["--"] if name[0] == "-" else []), name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    line = next(words for words in Page((tmp_path / "page.html").read_text()).words if words.startswith("gst-launch-1.0"))
    words = shlex.split(line)
    assert words[0] == "gst-launch-1.0"
    element = Gst.parse_launchv(words[words.index("pixelnorm"):words.index("!", words.index("pixelnorm"))])
    assert element.get_property("location") == name
    source = Gst.parse_launchv(words[1:words.index("!")])
    assert source.get_property("uri") == "file:///x%20y\\z \"q\".ogg"
    # the same, but for where frames come from
    known = line.replace(line[line.index("uridecodebin3"):line.index(" ! ")], "videotestsrc num-buffers=2", 1)
    done = subprocess.run(["bash", "-c", known], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Got EOS" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("how", [{"scope": Scope.CHANNEL}, {"scope": Scope.CHANNEL, "histogram": False},
                                 {"histogram": False}, {"order": "YUV"}], ids=str)
def test_profiles_that_say_less(tmp_path, how):
    page = make_page(tmp_path, frames_of(5), **how)
    places = how.get("scope") != Scope.CHANNEL
    assert (len(page.pictures) == 4) == places and ("Light" in page.tables) == places
    for word in ("pixelstats histogram=true", "pixelprofile collect --histogram"):
        assert (word in page.text) == (how.get("histogram") is False)


def test_masked_pixels(tmp_path):
    mask = np.ones(SIZE, bool)
    mask[:, :10] = False
    frames = frames_of()
    page = make_page(tmp_path, frames, mask=mask)
    assert page.numbers("Still and saturated pixels")["not counted"][0] == (~mask).sum()
    inside = frames[:, mask].astype(float)
    fixed = [100 * inside[..., c].mean(0).var() / inside[..., c].var() for c in range(3)]
    assert [column["the same in every frame"] for column in page.channels().values()] == pytest.approx(fixed, abs=.051)


def test_light_of_masked_pixels(tmp_path):
    """What a mask left out is not dark: blocks and corners are of pixels that were counted, and may be none."""
    frames, mask = np.full((4, 64, 64, 3), 90, np.uint8), np.zeros((64, 64), bool)
    frames[:, :8, :8] = 30
    mask[4:60, :60] = True
    frames[:, ~mask] = 255
    light = make_page(tmp_path, frames, mask=mask).numbers("Light")
    assert [light[name][0] for name in ("brightest block", "darkest block", "centre", "corners")] == [90, 30, 90, 75]
    mask[:, :8] = False
    mask[:, 56:] = False
    (tmp_path / "lobby.html").unlink()
    page = make_page(tmp_path, frames, mask=mask)
    assert ["corners", "not counted"] in [list(row) for row in page.tables["Light"]] and "nan" not in page.text.lower()


@pytest.mark.parametrize("format_", ["I420", "Y42B", "Y444", "I420_10LE", "GRAY8", "GRAY16_LE", "RGBA64_LE", "GBR_10LE"])
@pytest.mark.parametrize("channels", ["auto", "native"])
def test_the_line_runs_for_every_geometry(tmp_path, format_, channels):
    """pixelnorm takes the video that the line for gst-launch-1.0 asks for; a test pattern stands for the file. What was converted
    by pixelstats has no converter in it."""
    caps = f"video/x-raw,format={format_},width=64,height=48"
    make(f"-q videotestsrc num-buffers=3 ! {caps} ! pixelstats channels={channels} location=lobby.safetensors ! fakesink", tmp_path)
    assert report("lobby.safetensors", cwd=tmp_path).returncode == 0
    line = next(words for words in Page((tmp_path / "lobby.html").read_text()).words if words.startswith("gst-launch-1.0"))
    is_converted = channels == "auto" and format_ in ("I420", "Y42B", "Y444", "I420_10LE")
    assert ("videoconvert" in line) != is_converted
    source = f"videotestsrc num-buffers=3 ! {caps}" if is_converted else "videotestsrc num-buffers=3"
    line = re.sub(r"uridecodebin3 uri=\S+", source, line)
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Got EOS" in done.stdout, line + done.stdout + done.stderr


def test_a_long_list_of_sources_is_cut(tmp_path):
    make_page(tmp_path, frames_of(3), source="\n".join(f"file:///{i:02}.png" for i in range(100)))
    page = (tmp_path / "lobby.html").read_text()
    assert "file:///09.png" in page and "file:///10.png" not in page and "and more" in page


def test_hostile_text(tmp_path):
    """What a profile says of itself is text, not markup."""
    evil = "file:///<script>alert(1)</script>&\"'"
    page = make_page(tmp_path, frames_of(3), source=evil)
    assert evil in "".join(page.tables["What was collected"][4][1:]) or evil in page.text
    assert "<script" not in (tmp_path / "lobby.html").read_text()


def test_one_pixel(tmp_path):
    page = make_page(tmp_path, np.full((3, 1, 1, 3), 7, np.uint8))
    assert page.numbers("Still and saturated pixels")["never varied"] == [1, 100]
    assert "nan" not in page.text and "inf" not in page.text.replace("info", "")


BAD = [(["nowhere.safetensors"], 1, "nowhere"), ([], 2, "none"), (["a", "b"], 2, "one FILE"), (["--output="], 2, ""),
       (["--output=none/x.html", "lobby.safetensors"], 1, 'no directory "none"')]


@pytest.mark.parametrize("arguments, status, words", BAD)
def test_bad_commands(tmp_path, arguments, status, words):
    save(tmp_path / "lobby.safetensors", frames_of(2))
    done = report(*arguments, cwd=tmp_path)
    assert done.returncode == status and words in done.stderr and done.stdout == ""
    assert os.listdir(tmp_path) == ["lobby.safetensors"]


def test_an_existing_page_is_kept(tmp_path):
    save(tmp_path / "lobby.safetensors", frames_of(2))
    (tmp_path / "lobby.html").write_text("mine")
    done = report("lobby.safetensors", cwd=tmp_path)
    assert done.returncode == 1 and "--force" in done.stderr
    assert (tmp_path / "lobby.html").read_text() == "mine"


CHROMIUM = [shutil.which("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


def a_browser(test):
    """Marks a test that needs one."""
    test = pytest.mark.unsanitized("a browser is not ours, and the other tests of reports make such a page")(test)
    return pytest.mark.skipif(not CHROMIUM[0], reason="chromium is not installed: tests/run --large does that")(test)


@a_browser
@pytest.mark.parametrize("width", [340, 800, 1600])
def test_it_fits_the_screen(tmp_path, width):
    """Nothing reaches out of the window, by the browser's own measure; and pictures are not stretched."""
    make_page(tmp_path, frames_of())
    page = (tmp_path / "lobby.html").read_text().replace("&", "&amp;").replace('"', "&quot;")
    (tmp_path / "frame.html").write_text(f"""<iframe width="{width}" height="900" srcdoc="{page}"></iframe>
        <script>onload = () => {{ const d = document.querySelector("iframe").contentDocument;
        const i = d.querySelector("img");
        document.body.innerHTML = `<p>${{d.documentElement.scrollWidth}} ${{d.documentElement.clientWidth}}
        ${{i.clientWidth / i.clientHeight}} ${{i.naturalWidth / i.naturalHeight}} ${{d.images.length}}</p>` }}</script>""")
    done = subprocess.run([*CHROMIUM, "--window-size=1800,1000", "--dump-dom", (tmp_path / "frame.html").as_uri()],
                          capture_output=True, text=True, timeout=120)
    found = re.search(r"<p>(\S+) (\S+)\s+(\S+) (\S+) (\S+)</p>", done.stdout)
    scroll, client, shown, natural, images = map(float, found.groups())
    assert scroll <= client <= width and images == 4
    assert shown == pytest.approx(natural, rel=.03)


@a_browser
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed: tests/run --large does that")
def test_paper(tmp_path):
    """The table of 16 bits with percentiles is on the paper to its last row and column."""
    page = make_page(tmp_path, frames_of(depth=16), depth=16)
    subprocess.run([*CHROMIUM, f"--print-to-pdf={tmp_path}/lobby.pdf", (tmp_path / "lobby.html").as_uri()], check=True,
                   capture_output=True, timeout=120)
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "lobby.pdf", "-"], check=True, capture_output=True,
                          text=True).stdout
    for name in ("mean", "deviation", "max", "the same in every frame"):
        row = re.search(rf"^ *{name} +([\d.% ]+)$", text, re.MULTILINE)[1]
        assert [float(word) for word in row.split() if word != "%"] == [page.channels()[c][name] for c in "RGB"]


@a_browser
@pytest.mark.parametrize("scheme", [0, 1])
def test_dark_and_light(tmp_path, scheme):
    """Page and letters change places; 0 is the dark."""
    make_page(tmp_path, frames_of(4))
    subprocess.run([*CHROMIUM, f"--blink-settings=preferredColorScheme={scheme}", "--window-size=400,300",
                    f"--screenshot={tmp_path}/page.png", (tmp_path / "lobby.html").as_uri()], check=True, capture_output=True,
                   timeout=120)
    grey = np.asarray(Image.open(tmp_path / "page.png").convert("L"))
    assert np.median(grey) < 40 and grey.max() > 200 if scheme == 0 else np.median(grey) > 250 and grey.min() < 50


@pytest.mark.long
@a_browser
def test_screenshot(tmp_path):
    """For people to look at; here only that the page is not blank and that the mean image is on it."""
    frames = frames_of(size=(270, 480))
    make_page(tmp_path, frames)
    picture = os.path.join(os.environ["PIXELNORM_BUILD"], "report.png")
    subprocess.run([*CHROMIUM, "--window-size=1100,3000", f"--screenshot={picture}",
                    (tmp_path / "lobby.html").as_uri()], check=True, capture_output=True, timeout=120)
    found = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    assert found.shape == (3000, 1100, 3)
    assert len(np.unique(found.reshape(-1, 3), axis=0)) > 1000
    # the darker right half of the scene, where the mean image is
    colourful = found.std(-1) > 12
    assert colourful.mean() > .05
