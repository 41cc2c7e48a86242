# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/guide.md: its lines and blocks run, its numbers are so, and what it says of other software holds there."""
import os
import re
import shlex
import subprocess

import numpy as np
import pytest

from reports import want
from pipeline_help import SOURCE, frames_of, launch, make, run

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

PAGE = (SOURCE / "docs" / "guide.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
SEED = 20261128


def run_block(kind, text, directory):
    if kind == "python":
        return run(["/usr/bin/python3", "-c", text], directory, env={**os.environ, "PYTHONPATH": str(SOURCE / "src" / "python")})
    if kind == "sh":
        assert all(line.split()[0] == "gst-launch-1.0" for line in text.replace("\\\n", " ").splitlines())
        return run(["bash", "-e", "-c", text], directory)
    assert kind == "c"
    (directory / "block.c").write_text(text)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gstreamer-1.0", "gstreamer-app-1.0"], check=True,
                           capture_output=True, text=True).stdout
    done = run(["gcc", "-Wall", "-Werror", "block.c", "-o", "block", *shlex.split(flags)], directory)
    return done if done.returncode else run(["./block"], directory)


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    """The directory in which every block was run, in order, and what each printed."""
    directory, printed = tmp_path_factory.mktemp("guide"), []
    for kind, text in BLOCKS:
        done = run_block(kind, text, directory)
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        printed.append((kind, text, done.stdout))
    return directory, printed


def printed_by(guide, word):
    (found,) = [out for _, text, out in guide[1] if word in text]
    return found


def tensor_of(directory, name):
    return np.fromfile(directory / name, "<f4").reshape(2, 48, 64, 3)


def close(found, y):
    return (np.abs(found - y) <= 1e-6 * np.maximum(1, np.abs(y))).all()


def test_units(guide):
    frames = frames_of("videotestsrc num-buffers=2", guide[0], 64, 48)
    y = (frames / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert close(tensor_of(guide[0], "unit.f32"), y) and close(tensor_of(guide[0], "code.f32"), y)


def test_learned(guide):
    frames = frames_of("videotestsrc num-buffers=2", guide[0], 64, 48)
    gamma = np.linspace(0.5, 2, 48 * 64 * 3, dtype="f4").reshape(48, 64, 3).astype(float)
    assert close(tensor_of(guide[0], "learned.f32"), (frames - 127.5) / 127.5 * gamma + 0.25)


def test_meta(guide):
    """fixed, 127.5: [-1, 1] onto 256 codes of int8; -128 - (-1) * 127.5 = -0.5, a tie, which goes to 0."""
    python, c = printed_by(guide, "applied.to_string"), printed_by(guide, "gst/app/app.h")
    assert "method=(string)fixed" in python and "quant-zero-point=(int)0" in python
    scale = float(re.search(r"quant-scale=\(double\)([\d.e-]+)", python)[1])
    method, c_scale, zero = re.fullmatch(r"(\w+): (\S+) (-?\d+)\n", c).groups()
    assert (method, float(c_scale), zero) == ("fixed", 2 / 255, "0") and scale == pytest.approx(2 / 255, rel=1e-15)


def test_what_may_change_while_it_plays():
    lines = re.findall(r"^  ([a-z-]+) +: .*\n +flags: (.*)$", run(["gst-inspect-1.0", "pixelnorm"]).stdout, re.M)
    fixed = {name for name, flags in lines if "only in NULL or READY" in flags}
    text = PAGE.split("## Changing it while it plays")[1].split("may be set at any time")[0]
    assert fixed == set(re.findall(r"`([a-z-]+)`", text)) and len(lines) > 20


def test_lists(guide):
    """mean and std, set both ways in both languages."""
    mean, std = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
    assert printed_by(guide, "Gst.ValueArray") == f"{mean} {std}\n"
    numbers = [float(text) for text in re.findall(r"[\d.]+", printed_by(guide, "gst_value_array_init"))]
    assert numbers == mean + std


def test_a_list_needs_brackets(tmp_path):
    line = "videotestsrc num-buffers=1 ! pixelnorm method=fixed mean={} ! fakesink"
    refused = launch(line.format("127.5"), tmp_path)
    (said,) = re.findall(r'could not set property "mean" in element "pixelnorm\d*" to "127.5"', refused.stderr)
    assert refused.returncode != 0
    assert said.replace("pixelnorm0", "pixelnorm") in " ".join((SOURCE / "docs" / "elements.md").read_text().split())
    make(line.format("<127.5>"), tmp_path)


def test_identity_of_grey(guide):
    assert printed_by(guide, "set_colorimetry") == "None False\nbt601 True\n"
    assert "prints `None False` and `bt601 True`" in " ".join(PAGE.split())


def test_video_is_read_as_rgb(guide):
    assert printed_by(guide, "camera.nv12\", \"u1\"") == "the same: True\n"


# --- the table of methods, and numbers in the text

ROWS = {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]]
        for cells in [line.strip("|").split("|") for line in PAGE.split("## The methods")[1].splitlines()
                      if re.match(r"\| `[\w-]+` \|.*\|.*\|.*\|$", line)] if len(cells) == 4}


def test_every_method_has_a_row():
    # by introspection, whichever version of PyGObject: the nicks
    names = {name.lower().replace("_", "-") for name in dir(Pixelnorm.Method) if name.isupper() and name[0] != "_"}
    assert set(ROWS) == names


@pytest.mark.parametrize("method", [name for name in ROWS if name != "fixed"])
@pytest.mark.parametrize("depth", [8, 16])
def test_default_ranges(method, depth):
    """As the table has them; in code values they grow with the depth."""
    settings = Pixelnorm.Settings.new()
    settings.props.method = getattr(Pixelnorm.Method, method.upper().replace("-", "_"))
    settings.props.scope = Pixelnorm.Scope.CHANNEL
    layout = Pixelnorm.Layout.new("Y", 2, 1)
    layout.set_depth(depth, 0, False)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.CHANNEL, layout)
    accumulator.keep_histogram()
    accumulator.add_data(layout, bytes([10, 0, 200, 100])[:2 * depth // 8])
    normalizer = Pixelnorm.Normalizer.new(settings, Pixelnorm.Inputs.new(accumulator.snapshot()), layout, Pixelnorm.Output.VIDEO)
    grown = 65535 / 255 if depth == 16 and method in ("center", "flat-field") else 1
    assert normalizer.get_range() == pytest.approx([float(text) * grown for text in ROWS[method][1:]], rel=1e-15)
    low, high = normalizer.get_range()
    if depth == 8:
        assert -low / (high - low) * 255 == pytest.approx(0 if method == "flat-field" else 128, abs=1e-12)


@pytest.mark.parametrize("words, value", [
    ("0.03125 for `zscore`", (127 / 32 + 4) / 255), ("5 % for ten frames", round(100 * ((10 / 9) ** .5 - 1))),
    ("3 for m = 0.1", ((1 - .1) / .1) ** .5), ("0.65025 and 65.025", 1e-5 * 255 ** 2)])
def test_numbers_in_the_text(words, value):
    assert words in " ".join(PAGE.split())
    assert float(re.match(r"[\d.]+", words)[0]) == pytest.approx(value, rel=1e-12)


def test_rest_of_the_numbers():
    assert 0.001 * 255 ** 2 == pytest.approx(65.025)
    codes = (np.arange(256) - 127.5) / 127.5 / (2 / 255)
    assert (np.abs(codes - np.floor(codes) - .5) < 1e-9).all()  # a tie at every x


# --- other software

WIDTH, HEIGHT = 5, 4


def frames(channels=1):
    """Channels of colour reach to other values."""
    random = np.random.default_rng(SEED)
    found = random.integers(0, 256, (21, HEIGHT, WIDTH, channels), np.uint8)
    found[:, 0, 0] = 77  # a sample that never varied
    found[..., 1:2] //= 2
    return found


def normalized(method, data, scope=Pixelnorm.Scope.PIXEL, order="Y", per_channel=False, **values):
    layout = Pixelnorm.Layout.new(order, WIDTH, HEIGHT)
    kind = Pixelnorm.Scope.CHANNEL if per_channel else Pixelnorm.Scope.PIXEL
    accumulator = Pixelnorm.Accumulator.new(kind, layout)
    accumulator.keep_histogram()
    for frame in data:
        accumulator.add_data(layout, frame.tobytes())
    settings = Pixelnorm.Settings.new()
    settings.props.method, settings.props.scope = method, scope
    for name, value in values.items():
        if name in ("mean", "std", "gamma", "beta"):
            settings.set_values(name, value)
        else:
            settings.set_property(name, value)
    inputs = Pixelnorm.Inputs.new(accumulator.snapshot())
    normalizer = Pixelnorm.Normalizer.new(settings, inputs, layout, Pixelnorm.Output.FLOAT32)
    out = b"".join(normalizer.run_data(frame.tobytes()).get_data() for frame in data)
    return np.frombuffer(out, "<f4").reshape(data.shape)


def fitted(scaler, data):
    flat = data.reshape(len(data), -1).astype(float)
    return scaler.fit(flat).transform(flat).reshape(data.shape)


def test_scikit_learn():
    preprocessing = want("sklearn.preprocessing")
    data, method = frames(), Pixelnorm.Method
    assert close(normalized(method.ZSCORE, data), fitted(preprocessing.StandardScaler(), data))
    assert close(normalized(method.CENTER, data), fitted(preprocessing.StandardScaler(with_std=False), data))
    varied = data[:, 1:]  # of what never varied, MinMaxScaler makes an end, and min-max the middle
    assert close(normalized(method.MIN_MAX, data)[:, 1:],
                 fitted(preprocessing.MinMaxScaler(feature_range=(-1, 1)), varied))
    assert close(normalized(method.MIN_MAX, data, gamma=[.5], beta=[.5])[:, 1:],
                 fitted(preprocessing.MinMaxScaler(), varied))


def test_robust_scaler():
    """Another centre, and twice the distance; then the two agree."""
    preprocessing = want("sklearn.preprocessing")
    data = frames()
    pixels = data.reshape(-1, 1).astype(float)
    robust = preprocessing.RobustScaler(quantile_range=(25, 75)).fit_transform(pixels)
    low, middle, high = np.percentile(pixels, [25, 50, 75])
    y = normalized(Pixelnorm.Method.PERCENTILE, data, Pixelnorm.Scope.CHANNEL, percentile_low=25, percentile_high=75)
    moved = (middle - (low + high) / 2) / (high - low)
    assert moved != 0 and close(y.reshape(-1, 1) / 2, robust + moved)


def test_opencv():
    cv2 = want("cv2")
    data = frames(3)
    blob = cv2.dnn.blobFromImage(data[0], 1 / 64, mean=(10, 20, 30))
    y = normalized(Pixelnorm.Method.FIXED, data[:1], order="RGB", mean=[10, 20, 30], std=[64])
    assert close(y[0], blob[0].transpose(1, 2, 0).astype(float))
    # the frame's own range: a profile of this frame alone
    grey = frames()[:1]
    image = cv2.normalize(grey[0].astype(np.float64), None, -1, 1, cv2.NORM_MINMAX)
    y = normalized(Pixelnorm.Method.MIN_MAX, grey, Pixelnorm.Scope.GLOBAL)
    assert close(y[0, ..., 0], image.reshape(HEIGHT, WIDTH))
    # of a colour picture it takes one range for all channels
    image = cv2.normalize(data[0].astype(np.float64), None, -1, 1, cv2.NORM_MINMAX)
    y = normalized(Pixelnorm.Method.MIN_MAX, data[:1], Pixelnorm.Scope.GLOBAL, order="RGB")
    assert close(y[0], image)


def test_per_channel_of_pixels_is_per_channel():
    """Pooling a profile of pixels gives what collecting per channel gives."""
    data = frames(3)
    for method in (Pixelnorm.Method.ZSCORE, Pixelnorm.Method.MIN_MAX):
        one = normalized(method, data, Pixelnorm.Scope.CHANNEL, "RGB")
        assert (one == normalized(method, data, Pixelnorm.Scope.CHANNEL, "RGB", per_channel=True)).all()
