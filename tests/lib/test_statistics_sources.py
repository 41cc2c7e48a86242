# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics of a frame, of a batch, and running ones, in the library: every method, scope, kind of samples, output
and layout that can be, against numpy in float64; and against torch.nn.BatchNorm2d where there is torch.

The reference is that of stream_reference.py.
"""
import itertools

import gi
import numpy as np
import pytest

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from gi_enums import enum_values  # noqa: E402
from reports import tell, want  # noqa: E402
from stream_reference import Reference, check_codes, check_float32, moments  # noqa: E402

SEED = 20261126
WIDTH, HEIGHT, BATCH, N_BATCHES = 11, 5, 3, 4
Output, Source, Scope, Method = (Pixelnorm.Output, Pixelnorm.StatisticsSource, Pixelnorm.Scope, Pixelnorm.Method)
METHODS = {"center": Method.CENTER, "zscore": Method.ZSCORE, "mean-range": Method.MEAN_RANGE,
           "min-max": Method.MIN_MAX}
SCOPES = {"pixel": Scope.PIXEL, "channel": Scope.CHANNEL, "global": Scope.GLOBAL}
SOURCES = {"frame": Source.FRAME, "batch": Source.BATCH, "running": Source.RUNNING}
RANGES = {"center": (-128, 127), "zscore": (-4, 127 / 32), "mean-range": (-2, 127 / 64), "min-max": (-128 / 127, 1)}
# order of the samples, depth, shift, big-endian: one of each way to lie in memory
FORMATS = [("RGB", 8, 0, False), ("BGRx", 8, 0, False), ("G,B,R,A", 8, 0, False), ("Y", 8, 0, False),
           ("RGBA", 16, 0, False), ("G,B,R", 10, 0, False), ("Y", 16, 0, True), ("Y", 10, 6, False)]
OUTPUTS = {"float32": Output.FLOAT32, "float16": Output.FLOAT16, "int8": Output.INT8, "uint8": Output.UINT8,
           "video": Output.VIDEO}
COMBINATIONS = [(m, s, c) for m, s, c in itertools.product(METHODS, SOURCES, SCOPES)
                if (s == "running") >= (c == "pixel") and (s != "running" or m in ("center", "zscore"))]
walked = {"normalizations": 0, "samples": 0}


def channels_of(order):
    return "Y" if "Y" in order else "RGB"


def frames_of(order, depth, n=BATCH * N_BATCHES, seed=0):
    """[n, H, W, C]; samples that vary much, little or never, and a change of the light."""
    random = np.random.default_rng([SEED, depth, len(order), seed])
    largest, shape = 2 ** depth - 1, (HEIGHT, WIDTH, len(channels_of(order)))
    base, reach = random.uniform(0, largest, shape), random.choice([0, 0.002, 0.02, 0.3], shape) * largest
    light = 1 + 0.1 * np.sin(np.arange(n))[:, None, None, None]
    return np.clip(np.rint(base * light + reach * random.standard_normal((n, *shape))), 0, largest).astype(np.int64)


def pack(frames, order, depth, shift, big, passengers):
    """Bytes of packed frames, planes one after the other; A and x from passengers [n, H, W]."""
    kind = np.uint8 if depth == 8 else np.dtype(">u2" if big else "<u2")
    channels, planes = channels_of(order), []
    for plane in order.split(","):
        samples = [passengers if c in "Ax" else frames[..., channels.index(c)] for c in plane]
        planes.append((np.stack(samples, axis=-1) << shift).reshape(len(frames), -1))
    return np.concatenate(planes, axis=1).astype(kind).tobytes()


def unpack_video(data, order, n):
    """8-bit frames [n, H, W, C], and what A or x became, or None."""
    channels, at, passengers = channels_of(order), 0, None
    bytes_ = np.frombuffer(data, np.uint8).reshape(n, -1)
    frames = np.zeros((n, HEIGHT, WIDTH, len(channels)), np.uint8)
    for plane in order.split(","):
        size = WIDTH * HEIGHT * len(plane)
        samples = bytes_[:, at:at + size].reshape(n, HEIGHT, WIDTH, len(plane))
        at += size
        for i, c in enumerate(plane):
            if c in "Ax":
                passengers = samples[..., i]
            else:
                frames[..., channels.index(c)] = samples[..., i]
    return frames, passengers


def layout_of(order, depth, shift, big):
    layout = Pixelnorm.Layout.new(order, WIDTH, HEIGHT)
    if depth > 8:
        layout.set_depth(depth, shift, big)
    return layout


def settings_of(method, source, scope, **given):
    settings = Pixelnorm.Settings.new()
    settings.props.method, settings.props.statistics, settings.props.scope = METHODS[method], SOURCES[source], SCOPES[scope]
    for name, value in given.items():
        settings.set_property(name, value)
    return settings


def run(normalizer, frames, format_, passengers):
    return normalizer.run_batch_data(pack(frames, *format_, passengers), len(frames)).get_data()


def from_tensor(data, kind, frames, nchw):
    n, height, width, channels = frames.shape
    found = np.frombuffer(data, {"float32": "<f4", "float16": "<f2", "int8": "i1", "uint8": "u1"}[kind])
    if nchw:
        return found.reshape(n, channels, height, width).transpose(0, 2, 3, 1)
    return found.reshape(frames.shape)


def check_float16(found, y):
    """Within a unit in the last place of the correctly rounded value."""
    expected = np.clip(y, -65504, 65504).astype(np.float16)
    assert np.isfinite(found).all()
    assert (np.abs(found.astype(float) - expected) <= np.spacing(np.abs(expected)).astype(float)).all()


def check(kind, data, y, frames, format_, nchw, method, gives_exact, normalizer, passengers):
    if kind == "video":
        found, carried = unpack_video(data, format_[0], len(frames))
        low, high = RANGES[method] if method != "center" else np.array(RANGES[method]) * (2 ** format_[1] - 1) / 255
        check_codes(found, (y - low) * 255 / (high - low), 0, 255, 1e-9 if gives_exact else 1e-3)
        if carried is not None:
            assert (carried == np.rint(passengers * 255 / (2 ** format_[1] - 1))).all()
        return
    found = from_tensor(data, kind, frames, nchw)
    if kind == "float32":
        check_float32(found, y)
    elif kind == "float16":
        check_float16(found, y)
    else:
        scale, zero = normalizer.get_quantization()
        check_codes(found, y / scale + zero, *((-128, 127) if kind == "int8" else (0, 255)),
                    1e-9 if gives_exact else 1e-3)


def can_be(source, method):
    settings = Pixelnorm.Settings.new()
    settings.props.statistics, settings.props.method, settings.props.scope = source, method, Scope.CHANNEL
    try:
        return settings.check()
    except GLib.Error:
        return False


def test_tables_are_complete():
    """What is walked below is all that there is."""
    streams = [source for source in enum_values(Source) if source != Source.PROFILE]
    assert set(SOURCES.values()) == set(streams)
    assert set(METHODS.values()) == {m for m in enum_values(Method) if any(can_be(source, m) for source in streams)}
    assert set(OUTPUTS.values()) == set(enum_values(Output))


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f"{f[0]}-{f[1]}")
@pytest.mark.parametrize("method, source, scope", COMBINATIONS)
def test_walk(method, source, scope, format_):
    """Every output and layout, with a start of its own and from batch to batch."""
    order, depth = format_[:2]
    frames = frames_of(order, depth)
    passengers = np.random.default_rng(SEED).integers(0, 2 ** depth, frames.shape[:3])
    exact = depth == 8 and scope != "pixel"
    for kind, nchw in itertools.product(OUTPUTS, [False, True]):
        if kind == "video" and nchw:
            continue
        reference = Reference(method, source, scope, depth)
        settings = settings_of(method, source, scope)
        settings.props.layout = Pixelnorm.TensorLayout.NCHW if nchw else Pixelnorm.TensorLayout.NHWC
        normalizer = Pixelnorm.Normalizer.new(settings, None, layout_of(*format_), OUTPUTS[kind])
        for at in range(0, len(frames), BATCH):
            x, rest = frames[at:at + BATCH], passengers[at:at + BATCH]
            check(kind, run(normalizer, x, format_, rest), reference.batch(x), x, format_, nchw, method, exact,
                  normalizer, rest)
            walked["normalizations"] += 1
            walked["samples"] += x.size


@pytest.mark.parametrize("source, scope", [("frame", "channel"), ("batch", "global"), ("running", "channel"),
                                           ("running", "pixel")])
@pytest.mark.parametrize("given", [{"epsilon": 4.0, "min_deviation": 0.0}, {"min_deviation": 7.5, "momentum": 0.03},
                                   {"momentum": 1.0}, {"epsilon": 1e-3, "min_deviation": 0.01, "momentum": 0.5}], ids=str)
def test_settings(source, scope, given):
    for format_ in FORMATS:
        frames = frames_of(*format_[:2], seed=1)
        reference = Reference("zscore", source, scope, format_[1], given.get("momentum", 0.1), given.get("epsilon", 0),
                              given.get("min_deviation", 1))
        settings = settings_of("zscore", source, scope, **given)
        settings.set_values("gamma", [0.5] if "Y" in format_[0] else [0.5, -2, 3])
        settings.set_values("beta", [0.25])
        gamma = np.array([0.5] if "Y" in format_[0] else [0.5, -2, 3])
        settings.props.clip_low, settings.props.clip_high = -4.0, 3.5
        normalizer = Pixelnorm.Normalizer.new(settings, None, layout_of(*format_), Output.FLOAT32)
        # of single pixels a momentum of 1 is 1 - 2^-31, of a mean that may be a whole code range away, over a floor of 1
        limit = 1e-6 + ((2 ** format_[1] - 1) * 2.0 ** -31 * abs(gamma).max()
                        if (scope, given.get("momentum")) == ("pixel", 1.0) else 0)
        for at in range(0, len(frames), BATCH):
            x = frames[at:at + BATCH]
            y = np.clip(reference.batch(x) * gamma + 0.25, -4, 3.5)
            found = from_tensor(run(normalizer, x, format_, np.zeros(x.shape[:3], int)), "float32", x, False)
            error = np.abs(found - y) / np.maximum(1, np.abs(y))
            assert np.isfinite(found).all() and error.max() <= limit, (format_, error.max())


@pytest.mark.parametrize("scope", SCOPES)
def test_running_starts_from_a_profile(scope):
    for format_ in FORMATS:
        order, depth = format_[:2]
        seen, frames = frames_of(order, depth, 9, seed=2), frames_of(order, depth, seed=3)
        layout = layout_of(*format_)
        accumulator = Pixelnorm.Accumulator.new(Scope.PIXEL, layout)
        for frame in seen:
            accumulator.add_data(layout, pack(frame[None], *format_, np.zeros((1, HEIGHT, WIDTH), int)))
        x = seen.astype(float)
        start = (x.mean(axis=0), x.var(axis=0)) if scope == "pixel" else moments(x, scope)[:2]
        reference = Reference("zscore", "running", scope, depth, start=start)
        inputs = Pixelnorm.Inputs.new(accumulator.snapshot())
        normalizer = Pixelnorm.Normalizer.new(settings_of("zscore", "running", scope), inputs, layout, Output.FLOAT32)
        for at in range(0, len(frames), BATCH):
            x = frames[at:at + BATCH]
            found = run(normalizer, x, format_, np.zeros(x.shape[:3], int))
            check_float32(from_tensor(found, "float32", x, False), reference.batch(x))


@pytest.mark.parametrize("momentum", [0.1, 0.01])
@pytest.mark.parametrize("depth", [8, 16])
def test_thousands_of_frames(depth, momentum):
    """Errors of rounding must not add up: noise of many strengths, still samples, and steps of the light."""
    random = np.random.default_rng([SEED, depth])
    n, shape, largest = 4000, (HEIGHT, WIDTH, 3), 2 ** depth - 1
    unit = largest / 255
    mean = random.uniform(40, 200, shape) * unit
    sigma = random.choice([0, 0.3, 1, 3, 10, 60], shape) * unit
    format_ = ("RGB", depth, 0, False)
    reference = Reference("zscore", "running", "pixel", depth, momentum)
    settings = settings_of("zscore", "running", "pixel", momentum=momentum)
    normalizer = Pixelnorm.Normalizer.new(settings, None, layout_of(*format_), Output.FLOAT32)
    for i in range(n):
        level = mean + (20 * unit if i // 1500 % 2 else 0)
        x = np.clip(np.rint(level + sigma * random.standard_normal(shape)), 0, largest).astype(np.int64)[None]
        found = from_tensor(run(normalizer, x, format_, np.zeros(x.shape[:3], int)), "float32", x, False)
        check_float32(found, reference.batch(x))


def test_an_event_shows():
    """10 sigma above a noisy background come out as more than 9, in the frame in which they happen."""
    random = np.random.default_rng(SEED)
    format_, sigma = ("Y", 8, 0, False), 6.0
    settings = settings_of("zscore", "running", "pixel", momentum=0.02)
    normalizer = Pixelnorm.Normalizer.new(settings, None, layout_of(*format_), Output.FLOAT32)
    for i in range(600):
        x = np.rint(100 + sigma * random.standard_normal((1, HEIGHT, WIDTH, 1)))
        run(normalizer, x.astype(np.int64), format_, np.zeros((1, HEIGHT, WIDTH), int))
    event = np.full((1, HEIGHT, WIDTH, 1), 100 + 10 * int(sigma))
    z = from_tensor(run(normalizer, event, format_, np.zeros((1, HEIGHT, WIDTH), int)), "float32", event, False)
    # each pixel has its own estimate of the noise, of some 100 frames: its spread is 7 percent
    assert np.median(z) > 9 and (z > 6).all()


def test_no_limits():
    """From black to white and back, at every setting that is allowed: a number comes out."""
    for (method, source, scope), depth in itertools.product(COMBINATIONS, [8, 16]):
        format_ = ("RGB", depth, 0, False)
        extreme = np.zeros((6, HEIGHT, WIDTH, 3), np.int64)
        extreme[1::2] = 2 ** depth - 1
        for given in [{"min_deviation": 1e-6}, {"min_deviation": 1e6}, {"momentum": 1e-300, "min_deviation": 1e-6},
                      {"momentum": 1.0, "min_deviation": 1e-6}]:
            settings = settings_of(method, source, scope, **given)
            settings.set_values("gamma", [1e6])
            for kind in ["float32", "float16"]:
                normalizer = Pixelnorm.Normalizer.new(settings, None, layout_of(*format_), OUTPUTS[kind])
                for frame in extreme:
                    data = run(normalizer, frame[None], format_, np.zeros((1, HEIGHT, WIDTH), int))
                    assert np.isfinite(from_tensor(data, kind, frame[None], False)).all()


@pytest.mark.parametrize("given, words", [
    (("percentile", "frame", "channel"), "percentile does not work with statistics=frame"),
    (("flat-field", "running", "channel"), "flat-field does not work"), (("fixed", "batch", "channel"), "fixed does not work"),
    (("min-max", "running", "channel"), "knows no minimum and maximum"),
    (("zscore", "frame", "pixel"), "Set scope=channel"), (("zscore", "batch", "pixel"), "Set scope=channel")])
def test_refused(given, words):
    method, source, scope = given
    settings = settings_of("zscore", source, scope)
    settings.props.method = {**METHODS, "percentile": Method.PERCENTILE, "flat-field": Method.FLAT_FIELD,
                             "fixed": Method.FIXED}[method]
    with pytest.raises(GLib.Error, match=words):
        settings.check()


@pytest.mark.parametrize("momentum", [0.0, -0.1, 1.0001, float("nan"), float("inf")])
def test_momentum_is_refused(momentum):
    with pytest.raises(GLib.Error, match="momentum is"):
        settings_of("zscore", "running", "pixel", momentum=momentum).check()


# --- torch

@pytest.mark.parametrize("momentum", [0.1, 0.5])
def test_torch(momentum):
    """BatchNorm2d in training is statistics=batch; its buffers are the running estimates, and evaluation with those of
    before is statistics=running. Values as code values; eps is epsilon, and there is no min-deviation."""
    torch = want("torch")
    format_ = ("RGB", 8, 0, False)
    frames = frames_of("RGB", 8, seed=5)
    layer = torch.nn.BatchNorm2d(3, eps=1e-3, momentum=momentum).double()
    gamma, beta = [1.5, -0.5, 2.0], [0.1, 0.2, -0.3]
    layer.weight.data, layer.bias.data = torch.tensor(gamma).double(), torch.tensor(beta).double()
    first = frames[0].reshape(-1, 3).astype(float)
    layer.running_mean[:], layer.running_var[:] = torch.tensor(first.mean(axis=0)), torch.tensor(first.var(axis=0))
    normalizers = {}
    for source in ["batch", "running"]:
        settings = settings_of("zscore", source, "channel", epsilon=1e-3, min_deviation=0.0, momentum=momentum)
        settings.set_values("gamma", gamma)
        settings.set_values("beta", beta)
        settings.props.layout = Pixelnorm.TensorLayout.NCHW
        normalizers[source] = Pixelnorm.Normalizer.new(settings, None, layout_of(*format_), Output.FLOAT32)
    for at in range(0, len(frames), BATCH):
        x = frames[at:at + BATCH]
        expected = {}
        for source in ["running", "batch"]:  # evaluation first: training moves the buffers
            layer.train(source == "batch")
            expected[source] = layer(torch.tensor(x.transpose(0, 3, 1, 2).astype(float))).detach().numpy()
        for source, normalizer in normalizers.items():
            found = np.frombuffer(run(normalizer, x, format_, np.zeros(x.shape[:3], int)), "<f4")
            error = np.abs(found.reshape(expected[source].shape) - expected[source])
            assert (error <= 1e-5 * np.maximum(1, np.abs(expected[source]))).all(), (source, error.max())


@pytest.fixture(scope="module", autouse=True)
def _tell_what_was_walked():
    yield
    tell("walked", f"test_statistics_sources: {walked['normalizations']} batches, {walked['samples']} samples")
