# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases of the library, by introspection: every method, scope, source, output, layout and order with each other."""
import functools
import itertools
import re

from gi.repository import GLib, GObject, Pixelnorm

from . import frames as make
from . import known
from .cases import Case, pairwise, title_of
from .elements import among, is_not

# order of the samples, depth, lowest bits of a word beside them, big-endian, columns and rows (2^) that share U and V
LAYOUTS = {
    "RGB": ("RGB", 8, 0, False, None), "BGRx": ("BGRx", 8, 0, False, None), "xRGB": ("xRGB", 8, 0, False, None),
    "G,B,R,A": ("G,B,R,A", 8, 0, False, None), "Y": ("Y", 8, 0, False, None), "Y,U,V": ("Y,U,V", 8, 0, False, None),
    "I420": ("Y,U,V", 8, 0, False, (1, 1)), "NV12": ("Y,UV", 8, 0, False, (1, 1)), "RGBA-16": ("RGBA", 16, 0, False, None),
    "BGRA-16BE": ("BGRA", 16, 0, True, None), "G,B,R-10": ("G,B,R", 10, 0, False, None),
    "G,B,R-12BE": ("G,B,R", 12, 0, True, None),
    "Y-16": ("Y", 16, 0, False, None), "Y-16BE": ("Y", 16, 0, True, None), "P010": ("Y,UV", 10, 6, False, (1, 1)),
    "P012BE": ("Y,UV", 12, 4, True, (1, 1))}
SIZE, TILED, BATCH = (17, 5), (269, 3), 3  # the second: rows of more than a tile
SPECIAL = {
    "numbers": ({}, {"gamma": [1.5, -.25, 3.0], "beta": [.125, -2.0, 10.0]}, {"gamma": [-.5], "beta": [1.0]}),
    "clip": ({}, {"clip_low": -.75, "clip_high": 1.3}),
    "floor": ({}, {"min_deviation": 3.5}, {"min_deviation": .01, "epsilon": 2.5}),
    "range": ({}, {"range_low": -1.5, "range_high": 2.25}, {"range_low": 3.0, "range_high": -2.0}),
    "step": ({}, {"quant_scale": .03125, "quant_zero_point": 3}, {"quant_scale": .0171}),
    "percentile": ({}, {"percentile_low": 5.0, "percentile_high": 90.5}), "momentum": ({}, {"momentum": .3}),
    "fixed": ({}, {"mean": [.485, .456, .406], "std": [.229, .224, .225]}, {"mean": [116.3], "std": [57.1]}),
}


def by_nick(enum, name):
    return next(value for value in known.enum_values(getattr(Pixelnorm, enum)) if known.nick(value) == name)


def settings_of(**given):
    """Settings, whether they are a struct with setters of arrays or an object with properties."""
    settings = Pixelnorm.Settings.new()
    for name, value in given.items():
        if isinstance(value, list):
            setter = getattr(settings, f"set_{name}", None) or functools.partial(settings.set_values, name)
            setter(value)
        elif isinstance(settings, GObject.Object):
            settings.set_property("layout" if name == "tensor_layout" else name.replace("_", "-"), value)
        else:
            setattr(settings, name, value)
    return settings


def inputs_of(profile, dark=None, affine=None):
    """What constructors take it as: one struct, or (of builds before it) each of its own."""
    return [Pixelnorm.Inputs.new(profile, dark, affine)] if hasattr(Pixelnorm, "Inputs") else [profile, dark, affine]


@functools.lru_cache(maxsize=None)
def layout_of(name, size=SIZE):
    order, depth, shift, big, shared = LAYOUTS[name]
    layout = Pixelnorm.Layout.new(order, *size)
    if depth > 8:
        layout.set_depth(depth, shift, big)
    if shared:
        layout.set_subsampling(*shared)
    return layout


@functools.lru_cache(maxsize=None)
def frames_of(name, n, seed=0, size=SIZE):
    """The bytes of n frames."""
    _, depth, shift, big, _ = LAYOUTS[name]
    random, n_bytes = make.random_of("library", name, seed, size), layout_of(name, size).get_frame_bytes()
    if depth == 8:
        return [row.tobytes() for row in make.vary(random, n, (n_bytes,), 255).astype("u1")]
    words = make.vary(random, n, (n_bytes // 2,), 2 ** depth - 1) << shift
    return [row.tobytes() for row in words.astype(">u2" if big else "<u2")]


def n_channels(name):
    return sum(LAYOUTS[name][0].count(letter) for letter in "RGBYUV")


@functools.lru_cache(maxsize=None)
def profile_of(name, seed=0, scope="pixel", size=SIZE):
    accumulator = Pixelnorm.Accumulator.new(by_nick("Scope", scope), layout_of(name, size))
    accumulator.keep_histogram()
    for frame in frames_of(name, 9, 10 + seed, size):
        accumulator.add_data(layout_of(name, size), frame)
    return accumulator.snapshot()


def affine_of(name, per_pixel, size):
    content = make.affine(*(size if per_pixel else (0, 0)), n_channels(name))
    return Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(content))


def attempt(act):
    """The result of act(), or what it says instead."""
    try:
        return act()
    except GLib.Error as error:
        return f"refused: {error.domain} {error.code} {error.message}"


def forth(normalizer, name, size):
    """Two batches, since estimates run on, and what it says of itself: (bytes, words, coefficients)."""
    frames = frames_of(name, 2 * BATCH, 1, size)
    data = [normalizer.run_batch_data(b"".join(frames[at:at + BATCH]), BATCH).get_data() for at in (0, BATCH)]
    n, mean, std = normalizer.get_coefficients()
    return data, f"{normalizer.get_range()} {normalizer.get_quantization()} {normalizer.get_output_size()} " \
                 f"{mean[:n]} {std[:n]}", (mean[:n], std[:n])


def back(settings, profile, layout, output, data, values):
    """Denormalizes a batch."""
    if profile or not values[0]:
        denormalizer = Pixelnorm.Denormalizer.new(settings, *inputs_of(profile), layout, output)
    else:
        denormalizer = Pixelnorm.Denormalizer.new_for_values(settings, layout, output)
        denormalizer.set_values(*values)
    step = denormalizer.get_input_size()
    frames = [denormalizer.run_data(data[at:at + step]).get_data() for at in range(0, len(data) - step + 1, step or 1)]
    words = f"{denormalizer.get_range()} {denormalizer.get_quantization()} {denormalizer.get_lost()}"
    return {" back": b"".join(frames), " back words": words}


def there_and_back(settings, profile, name, output, size, affine=None, dark=None):
    layout = layout_of(name, size)
    new = getattr(Pixelnorm.Normalizer, "new_with_affine", Pixelnorm.Normalizer.new)
    normalizer = new(settings, *inputs_of(profile, dark, affine), layout, output)
    data, words, values = forth(normalizer, name, size)
    found = {"": b"".join(data), " words": words}
    if not affine and not dark:
        returned = attempt(lambda: back(settings, profile, layout, output, data[-1], values))
        found.update({" back": returned} if isinstance(returned, str) else returned)
    return found


def walk(lists, name, method, statistics, scope):
    """Every output, layout and order of channels."""
    enums, found = lists["enums"]["library"], {}
    profile = profile_of(name) if method != "fixed" and statistics in ("profile", "running") else None
    for output, tensor_layout, order in itertools.product(enums["Output"], enums["TensorLayout"], enums["ChannelOrder"]):
        if output == "video" and (tensor_layout, order) != ("nhwc", "rgb"):
            continue
        settings = settings_of(
            method=by_nick("Method", method), scope=by_nick("Scope", scope),
            statistics=by_nick("StatisticsSource", statistics),
            tensor_layout=by_nick("TensorLayout", tensor_layout), channel_order=by_nick("ChannelOrder", order))
        add_to(found, f"{output} {tensor_layout} {order}", attempt(lambda: there_and_back(
            settings, profile, name, by_nick("Output", output), SIZE)))
    return count_refused(found)


def add_to(found, name, results):
    """Results by their names, or what was said instead."""
    found.update({name: results} if isinstance(results, str) else {name + part: value for part, value in results.items()})


def count_refused(found):
    """A case of which all is refused counts as such."""
    if all(isinstance(value, str) and value.startswith("refused") for value in found.values()):
        return {"refused": "\n".join(f"{name}: {value}" for name, value in found.items())}
    return found


def special(c):
    """Every setting beside these, in rows of more than a tile."""
    name, n = c["layout"], n_channels(c["layout"])
    given = {key: by_nick(enum, c[key]) for key, enum in [
        ("method", "Method"), ("scope", "Scope"), ("statistics", "StatisticsSource"), ("units", "Units"),
        ("tensor_layout", "TensorLayout"), ("channel_order", "ChannelOrder")]}
    for key, choices in SPECIAL.items():
        for setting, value in choices[c[key]].items():
            given[setting] = value[:n] if isinstance(value, list) else value
    profile = profile_of(name, 0, c["profile"], TILED) if c["statistics"] in ("profile", "running") else None
    affine = affine_of(name, c["affine"] == "pixel", TILED) if c["affine"] != "no" else None
    dark = profile_of(name, 1, c["profile"], TILED) if c["method"] == "flat-field" and c["dark"] == "yes" else None
    found = {}
    add_to(found, "bytes", attempt(lambda: there_and_back(
        settings_of(**given), profile, name, by_nick("Output", c["output"]), TILED, affine, dark)))
    return count_refused(found)


def is_whole(name):
    return LAYOUTS[name][4] is None


RULES = [
    ("statistics", among("frame", "batch"), "scope", is_not("pixel")),
    ("statistics", among("running"), "method", is_not("mean-range", "min-max")),
    ("statistics", is_not("profile"), "method", is_not("fixed", "flat-field", "percentile")),
    ("statistics", is_not("profile"), "affine", among("no")), ("statistics", is_not("running"), "momentum", among(0)),
    ("method", among("percentile"), "scope", is_not("pixel")), ("method", is_not("percentile"), "percentile", among(0)),
    ("method", is_not("fixed"), "units", among("code")), ("method", is_not("fixed"), "fixed", among(0)),
    ("profile", is_not("pixel"), "scope", is_not("pixel")), ("output", is_not("video"), "layout", is_whole),
    ("channel_order", among("bgr"), "layout", lambda name: "Y" not in name),
    ("channel_order", among("bgr"), "output", is_not("video")), ("tensor_layout", is_not("nhwc"), "output", is_not("video")),
    ("affine", among("pixel"), "layout", is_whole), ("step", is_not(0), "output", among("int8", "uint8")),
    ("range", is_not(0), "output", among("int8", "uint8", "video")), ("range", is_not(0), "step", among(0)),
    ("dark", among("yes"), "method", among("flat-field")), ("dark", among("yes"), "affine", among("no")),
]


def gathered(name, scope, lists):
    """An accumulator: masks, histogram, frames left out, a profile added; the profile, and every question it answers."""
    random, layout, found = make.random_of("gathered", name, scope), layout_of(name, TILED), {}
    mask = (random.random(TILED[0] * TILED[1]) < .8).astype("u1").tobytes()
    accumulator = Pixelnorm.Accumulator.new(by_nick("Scope", scope), layout)
    accumulator.keep_histogram()
    for i, frame in enumerate(frames_of(name, 20, 3, TILED)):
        if i in (5, 12):
            accumulator.set_mask(layout, mask if i == 5 else None)
        accumulator.add_data(layout, frame)
    accumulator.skip(3)
    accumulator.add_source("file:///a b")
    accumulator.add_profile(profile_of(name, 2, scope, TILED))
    profile = accumulator.snapshot()
    channels = [*range(n_channels(name)), -1]
    for image in lists["enums"]["library"]["Image"]:
        found[f"image {image}"] = attempt(lambda: profile.get_image(by_nick("Image", image)).get_data())
    for c in channels:
        found[f"histogram {c}"] = attempt(lambda: profile.get_histogram(c).get_data())
        s = profile.get_statistics(c)
        found[f"statistics {c}"] = f"{s.count!r} {s.mean!r} {s.std!r} {s.min} {s.max}"
        found[f"percentiles {c}"] = str([attempt(lambda: profile.get_percentile(c, p)) for p in (0, .1, 5, 50, 73.21, 100)])
    found["words"] = " ".join(map(str, (
        profile.get_identity(), profile.get_frames(), profile.get_frames_skipped(), profile.get_sources(), profile.get_width(),
        profile.get_height(), profile.get_channels(), profile.get_depth(), known.nick(profile.get_scope()))))
    return found


# what the library refuses to read, by what is done to a sound file
DAMAGE = {"nothing": lambda data: data, "a bit": lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:],
          "cut": lambda data: data[:-1], "longer": lambda data: data + b"\0", "empty": lambda data: b"",
          "no header": lambda data: data[:8], "header": lambda data: data[:8] + b"[" + data[9:],
          "length": lambda data: b"\xff" * 8 + data[8:], "version": lambda data: data.replace(b'"1.0"', b'"2.0"', 1),
          "name": lambda data: data.replace(b'"sum"', b'"sun"', 1),
          "shape": lambda data: data.replace(b"[9,24,", b"[9,25,", 1)}


def parsed(kind, damage):
    content = DAMAGE[damage](make.profile(kind))
    read = attempt(lambda: Pixelnorm.Profile.parse(GLib.Bytes.new(content)))
    return {"refused": read} if isinstance(read, str) else {"identity": read.get_identity()}


def exported(lists, target, kind, method, scope):
    """An export of the library, and what it says is lost."""
    profile = Pixelnorm.Profile.parse(GLib.Bytes.new(make.profile(kind)))
    settings = settings_of(method=by_nick("Method", method), scope=by_nick("Scope", scope))
    inputs = inputs_of(profile)[:2]  # no export has an affine
    made = attempt(lambda: Pixelnorm.Export.new(target, settings, *inputs, Pixelnorm.ExportOptions.new()))
    if isinstance(made, str):
        return {"refused": made}
    found = {"words": f"{made.get_losses()}\n{made.get_largest_error()!r}\n{made.get_notes()}"}
    for i in range(made.get_n_files()):
        name, content = made.get_file_name(i), made.get_file(i).get_data()
        found[f"file {i} {name}"] = without_version(content)
    return found


def without_version(content):
    """Exports name the version of this software, and nothing else that changes."""

    return re.sub(rb"gst-pixelnorm \d+\.\d+\.\d+", b"gst-pixelnorm VERSION", content)


def cases(lists):
    enums = lists["enums"]["library"]
    for name, method, statistics, scope in itertools.product(
            LAYOUTS, enums["Method"], enums["StatisticsSource"], enums["Scope"]):
        yield Case("library", f"{name} {method} {statistics} {scope}",
                   functools.partial(walk, lists, name, method, statistics, scope), name in ("RGB", "Y-16", "G,B,R-12BE"))
    dimensions = {"layout": list(LAYOUTS), "method": enums["Method"], "scope": enums["Scope"],
                  "statistics": enums["StatisticsSource"], "output": enums["Output"], "tensor_layout": enums["TensorLayout"],
                  "channel_order": enums["ChannelOrder"], "units": enums["Units"], "affine": ["no", "pixel", "channel"],
                  "profile": ["pixel", "channel"], "dark": ["no", "yes"],
                  **{name: list(range(len(choices))) for name, choices in SPECIAL.items()}}
    for i, c in enumerate(pairwise("library", dimensions, RULES, lists["seed"])):
        yield Case("library settings", title_of(c), functools.partial(special, c), i % 4 == 0)
    for name, scope in itertools.product(LAYOUTS, enums["Scope"]):
        yield Case("accumulator", f"{name} {scope}", functools.partial(gathered_or_refused, name, scope, lists), name == "RGB")
    for kind, damage in itertools.product(make.PROFILES, DAMAGE):
        yield Case("reading", f"{kind} {damage}", functools.partial(parsed, kind, damage), kind == "RGB")
    for target, kind, method, scope in itertools.product(
            lists["command"]["exports"], make.PROFILES, enums["Method"], enums["Scope"]):
        yield Case("export", f"{target} {kind} {method} {scope}",
                   functools.partial(exported, lists, target, kind, method, scope), kind == "RGB" and scope == "channel")


def gathered_or_refused(name, scope, lists):
    found = attempt(lambda: gathered(name, scope, lists))
    return {"refused": found} if isinstance(found, str) else found
