# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bounds of errors that the guide states, for the library and the Python package, against fractions.

Settings are drawn from a seed, many so that beta cancels the rest: there a centre at the mean, and not at the zero of the whole affine,
errs by hundreds of times what the bound allows. The worst that was found is printed, in parts of the bound.
"""
import collections
import decimal
from fractions import Fraction

import gi
import numpy as np
import pytest

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

import pixelnorm  # noqa: E402
from profile_bytes import affine_file  # noqa: E402
from reports import tell  # noqa: E402

SEED = 20261127
DEPTHS = range(8, 17)
N_SETTINGS = 150  # of three channels each, at every depth
N_SAMPLES = 24
Output, Method, Scope = Pixelnorm.Output, Pixelnorm.Method, Pixelnorm.Scope
CODES = {"int8": (Output.INT8, -128, 127), "uint8": (Output.UINT8, 0, 255)}
worst = collections.defaultdict(float)
walked = collections.Counter()


@pytest.fixture(scope="module", autouse=True)
def report():
    yield
    for name in worst:
        tell("test_error_bounds", f"{name}: {walked[name]} results, the worst at {worst[name]:.3g} of the bound")


def bound(y, added, size):
    """Of float32: 4e-7 |y|; of double before it: 2e-15 of what is added, and of what the largest code is multiplied to."""
    return Fraction(4, 10 ** 7) * abs(y) + Fraction(2, 10 ** 15) * (added + size) + Fraction(1, 10 ** 33)


def check(name, found, y, limit, what):
    """The largest error in parts of limit, of lists of fractions."""
    for i, (number, exact, most) in enumerate(zip(found, y, limit)):
        share = float(abs(Fraction(float(number)) - exact) / most)
        assert share <= 1, (name, what, i, float(number), float(exact), share)
        worst[name] = max(worst[name], share)
    walked[name] += len(found)


def fractions(values):
    return [Fraction(float(value)) for value in np.ravel(values)]


# --- settings

def drawn(random, largest):
    """Mean, std, gamma and beta of three channels; zeros anywhere: among the samples, beside them, far away."""
    def signed(low, high):
        return 10 ** random.uniform(low, high, 3) * random.choice([-1, 1], 3)

    mean = random.choice([0.0, 127.5, largest / 2, *random.uniform(-largest, 2 * largest, 2)], 3)
    std = 10 ** random.uniform(-3, 4, 3)
    gamma = random.choice([1.0, *signed(-3, 3)], 3)
    zero = random.choice([*random.uniform(0, largest, 4), *random.integers(0, largest + 1, 4) + .5, *random.uniform(-2, 2, 1) * largest], 3)
    beta = np.where(random.random(3) < .1, signed(-3, 3), (mean - zero) / std * gamma)
    return {"mean": mean.tolist(), "std": std.tolist(), "gamma": gamma.tolist(), "beta": np.clip(beta, -1e6, 1e6).tolist()}


def zeros_of(given):
    mean, std, gamma, beta = (np.array(given[name]) for name in ("mean", "std", "gamma", "beta"))
    return mean - beta * std / gamma


def samples_of(random, zeros, largest):
    """[1, N_SAMPLES, 3]: around each zero, the ends, and any."""
    near = np.clip(np.rint(zeros) + np.arange(-3, 4)[:, None], 0, largest)
    ends = np.array([0, 1, largest])[:, None] * np.ones(3)
    rest = random.integers(0, largest + 1, (N_SAMPLES - len(near) - len(ends), 3))
    return np.concatenate([near, ends, rest])[None].astype(np.uint8 if largest == 255 else np.uint16)


def settings_of(given, **words):
    settings = Pixelnorm.Settings.new()
    settings.props.method, settings.props.scope = Method.FIXED, Scope.CHANNEL
    for name in ("mean", "std", "gamma", "beta"):
        if name in given:
            settings.set_values(name, given[name])
    for name, value in words.items():
        settings.set_property(name, value)
    return settings


def layout_of(frame, depth):
    layout = Pixelnorm.Layout.new("RGB", frame.shape[1], frame.shape[0])
    if depth > 8:
        layout.set_depth(depth, 0, False)
    return layout


def run(maker, settings, inputs, frame, depth, output, data, kind):
    """Of the normalizer or denormalizer."""
    made = maker.new(settings, inputs, layout_of(frame, depth), output)
    return made, np.frombuffer(made.run_data(np.ascontiguousarray(data).tobytes()).get_data(), kind).reshape(frame.shape)


def exact_results(given, frame):
    """y, the size of what is added, and of what the largest code is multiplied to, in fractions, a list for every channel."""
    for c in range(3):
        mean, std, gamma, beta = (Fraction(given[name][c]) for name in ("mean", "std", "gamma", "beta"))
        yield c, [(x - mean) / std * gamma + beta for x in frame[..., c].ravel().tolist()], abs(beta), abs(gamma / std)


# --- what is tested

@pytest.mark.parametrize("depth", DEPTHS)
def test_float32_of_settings(depth):
    """The library keeps the bound, the package has its bits; and samples come back whose zero is not too far away."""
    random, largest = np.random.default_rng([SEED, depth]), 2 ** depth - 1
    for _ in range(N_SETTINGS):
        given = drawn(random, largest)
        zeros = zeros_of(given)
        frame = samples_of(random, zeros, largest)
        settings = settings_of(given)
        found = run(Pixelnorm.Normalizer, settings, None, frame, depth, Output.FLOAT32, frame, "<f4")[1]
        for c, y, added, scale in exact_results(given, frame):
            check("float32", found[..., c].ravel(), y, [bound(exact, added, scale * largest) for exact in y], given)
        package = pixelnorm.Normalizer(method="fixed", depth=depth, **given)
        assert np.array_equal(package(frame).view("u4"), found.view("u4")), given
        if np.abs(zeros - largest / 2).max() <= largest / 2 + 1e6:
            back = run(Pixelnorm.Denormalizer, settings, None, frame, depth, Output.FLOAT32, found, frame.dtype)[1]
            assert np.array_equal(back, frame), given
            assert np.array_equal(package.denormalize(found), frame), given
            walked["back"] += frame.size
    assert walked["back"] > 0


def exact_profile(frames, method):
    """Subtract and divisor of every sample of frames [N, H, W, C], in fractions, flat."""
    n = len(frames)
    for values in frames.reshape(n, -1).T.tolist():
        mean, low, high = Fraction(sum(values), n), min(values), max(values)
        if method == "zscore":
            variance = Fraction(sum(x * x for x in values), n) - mean * mean
            with decimal.localcontext() as context:
                context.prec = 50
                root = (decimal.Decimal(variance.numerator) / variance.denominator).sqrt()
            yield mean, max(Fraction(root), Fraction(1))
        else:
            yield Fraction(low + high, 2) if method == "min-max" else mean, max(Fraction(high - low, 2), Fraction(1))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("method", ["zscore", "mean-range", "min-max"])
def test_float32_of_pixels(method, depth, tmp_path):
    """Every sample has statistics, and a gamma and beta that were learned, whose zero lies anywhere; those of settings come after."""
    random, largest = np.random.default_rng([SEED, depth, len(method)]), 2 ** depth - 1
    shape = (12, 20, 3)
    base, reach = random.uniform(0, largest, shape), random.choice([0, 2, largest / 20, largest / 3], shape)
    seen = np.clip(np.rint(base + reach * random.standard_normal((5, *shape))), 0, largest).astype("u1" if depth == 8 else "<u2")
    gamma = 10 ** random.uniform(-4, 0, shape) * random.choice([-1, 1], shape)
    zero = np.where(random.random(shape) < .8, random.uniform(0, largest, shape), random.uniform(-3, 3, shape) * largest)
    statistics = list(exact_profile(seen, method))
    divisor = np.array([float(d) for _, d in statistics]).reshape(shape)
    beta = (np.array([float(m) for m, _ in statistics]).reshape(shape) - zero) / divisor * gamma
    arrays = {"gamma": gamma.astype("<f8"), "beta": beta.astype("<f8")}
    learned = Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(affine_file(**arrays)))
    accumulator = Pixelnorm.Accumulator.new(Scope.PIXEL, layout_of(seen[0], depth))
    for frame in seen:
        accumulator.add_data(layout_of(frame, depth), frame.tobytes())
    profile = accumulator.snapshot()
    profile.save(str(tmp_path / "p.safetensors"))
    for after in [{"gamma": [1.0], "beta": [0.0]}, {"gamma": [-2.7], "beta": [0.3]}]:
        settings = settings_of(after, scope=Scope.PIXEL, method=getattr(Method, method.upper().replace("-", "_")))
        inputs = Pixelnorm.Inputs.new(profile, None, learned)
        last_zero = zero - after["beta"][0] * divisor / (gamma * after["gamma"][0])
        comes_back = np.abs(last_zero - largest / 2) <= largest / 2 + 1e6
        assert comes_back.mean() > .5
        package = pixelnorm.Normalizer(tmp_path / "p.safetensors", affine=arrays, method=method, **after)
        for offset in [-1, 0, 1, largest // 3]:
            frame = np.clip(np.rint(zero) + offset, 0, largest).astype(seen.dtype)
            found = run(Pixelnorm.Normalizer, settings, inputs, frame, depth, Output.FLOAT32, frame, "<f4")[1]
            y, limit = [], []
            g, b = Fraction(after["gamma"][0]), Fraction(after["beta"][0])
            for (mean, by), x, own_g, own_b in zip(statistics, frame.ravel().tolist(), fractions(arrays["gamma"]), fractions(arrays["beta"])):
                y.append(((x - mean) / by * own_g + own_b) * g + b)
                limit.append(bound(y[-1], abs(b) + abs(own_b * g), abs(own_g * g / by) * largest))
            check("float32 of pixels", found.ravel(), y, limit, (method, depth, after))
            assert np.array_equal(package(frame).view("u4"), found.view("u4"))
            back = run(Pixelnorm.Denormalizer, settings, inputs, frame, depth, Output.FLOAT32, found, frame.dtype)[1]
            for returned in back, package.denormalize(found):
                assert np.array_equal(returned[comes_back], frame[comes_back])


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_codes_of_settings(depth, kind):
    """What is not saturated is within half a step, and 1e-4 of it above 8 bits; saturated is only what has no code. With a scale of
    their own all results are in range."""
    random, largest = np.random.default_rng([SEED, depth, 1]), 2 ** depth - 1
    output, smallest, last = CODES[kind]
    near = Fraction(1, 10 ** 9) if depth == 8 else Fraction(1, 10 ** 4)
    for i in range(N_SETTINGS // 2):
        given = drawn(random, largest)
        words = {} if i % 2 else {"quant_scale": float(10 ** random.uniform(-3, 1)), "quant_zero_point": int(random.integers(0, 128))}
        frame = samples_of(random, zeros_of(given), largest)
        normalizer, found = run(Pixelnorm.Normalizer, settings_of(given, **words), None, frame, depth, output, frame, "i1" if kind == "int8" else "u1")
        scale, zero = normalizer.get_quantization()
        package = pixelnorm.Normalizer(method="fixed", depth=depth, output=kind, **given, **words)
        assert package.quantization() == (scale, zero) and np.array_equal(package(frame), found), (given, words)
        step = Fraction(scale)
        for c, y, added, size in exact_results(given, frame):
            codes = [exact / step + zero for exact in y]
            if not words:  # the zero-point is whole, so the ends of the range lie up to half a step beside a code
                assert min(codes) >= smallest - .5 - 1e-6 and max(codes) <= last + .5 + 1e-6, given
            codes = [min(max(code, Fraction(smallest)), Fraction(last)) for code in codes]
            limit = Fraction(1, 2) + near + Fraction(2, 10 ** 15) * (added + size * largest) / step
            check(f"{kind} at {'8 bits' if depth == 8 else '9 to 16 bits'}", found[..., c].ravel(), codes, [limit] * len(codes), (given, words))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("method", ["zscore", "center"])
def test_running_of_pixels(method, depth):
    """The first frame by a profile's estimates: no centre can be next to y = 0, so beta counts. A mean has a last place of 2^-47 of
    the largest code."""
    random, largest = np.random.default_rng([SEED, depth, len(method), 2]), 2 ** depth - 1
    shape = (12, 20, 3)
    base, reach = random.uniform(0, largest, shape), random.choice([0, 2, largest / 20, largest / 3], shape)
    seen = np.clip(np.rint(base + reach * random.standard_normal((7, *shape))), 0, largest).astype("u1" if depth == 8 else "<u2")
    accumulator = Pixelnorm.Accumulator.new(Scope.PIXEL, layout_of(seen[0], depth))
    for frame in seen:
        accumulator.add_data(layout_of(frame, depth), frame.tobytes())
    inputs = Pixelnorm.Inputs.new(accumulator.snapshot())
    statistics = list(exact_profile(seen, "zscore"))
    for _ in range(6):
        after = {"gamma": (10 ** random.uniform(-2, 2, 3)).tolist(), "beta": random.uniform(-50, 50, 3).tolist()}
        settings = settings_of(after, scope=Scope.PIXEL, method=getattr(Method, method.upper()),
                               statistics=Pixelnorm.StatisticsSource.RUNNING)
        frame = random.integers(0, largest + 1, shape).astype(seen.dtype)
        found = run(Pixelnorm.Normalizer, settings, inputs, frame, depth, Output.FLOAT32, frame, "<f4")[1]
        y, limit = [], []
        for i, ((mean, by), x) in enumerate(zip(statistics, frame.ravel().tolist())):
            gamma, beta = Fraction(after["gamma"][i % 3]), Fraction(after["beta"][i % 3])
            scale = gamma / (by if method == "zscore" else 1)
            y.append((x - mean) * scale + beta)
            limit.append(Fraction(6, 10 ** 7) * (abs(y[-1] - beta) + abs(beta)) + largest * scale / 2 ** 47)
        check("float32 of running estimates", found.ravel(), y, limit, (method, depth, after))
