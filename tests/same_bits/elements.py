# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases of pixelnorm and pixeldenorm: every value of every setting with every value of every other."""
import functools
import pathlib

from . import frames as make
from .cases import Case, pairwise, title_of, words_of
from .streams import Gst, run

N = 5
# what else can be set, by a name: properties of frames of n channels
NUMBERS = {"1": lambda n: {}, "each": lambda n: {"gamma": [1.5, -.25, 3.0][:n], "beta": [.125, -2.0, 10.0][:n]},
           "all": lambda n: {"gamma": [.5], "beta": [-1.0]}}
CLIPS = {"no": {}, "both": {"clip-low": -.75, "clip-high": 1.3}, "high": {"clip-high": .3}}
FLOORS = {"1": {}, "3.5": {"min-deviation": 3.5}, "epsilon": {"min-deviation": 0, "epsilon": 2.5}}
RANGES = {"own": {}, "given": {"range-low": -1.5, "range-high": 2.25}, "turned": {"range-low": 3, "range-high": -2}}
STEPS = {"own": {}, "given": {"quant-scale": .03125, "quant-zero-point": 3}, "odd": {"quant-scale": .0171}}
PERCENTILES = {"own": {}, "given": {"percentile-low": 5, "percentile-high": 90.5}}
MOMENTA = {"own": {}, "given": {"momentum": .3}}
FIXED = {"own": lambda n, units: {},
         "each": lambda n, units: {"mean": [v * (1 if units == "unit" else 255) for v in (.485, .456, .406)][:n],
                                   "std": [v * (1 if units == "unit" else 255) for v in (.229, .224, .225)][:n]}}
FILES = {"no": "", "pixel": "pixel", "channel": "channel"}


def outputs_of(lists):
    """(name, caps) of everything that pixelnorm's pad template offers."""
    return {f"{kind} {item}".strip(): f"{kind},{'types' if kind.endswith('s') else 'type'}=(string){item}" if item else kind
            for kind, item in lists["outputs"]}


def settings_dimensions(lists):
    own = lists["enums"]["pixelnorm"]
    return {"format": lists["formats"]["pixelnorm"], "method": own["method"], "scope": own["scope"],
            "statistics": own["statistics"], "output": list(outputs_of(lists)), "size": list(make.SIZES),
            "layout": own["layout"], "channel-order": own["channel-order"], "units": own["units"], "fixed": list(FIXED),
            "numbers": list(NUMBERS), "clip": list(CLIPS), "floor": list(FLOORS), "range": list(RANGES),
            "step": list(STEPS), "percentile": list(PERCENTILES), "momentum": list(MOMENTA), "affine": list(FILES),
            "dark": ["no", "file"]}


@functools.lru_cache(maxsize=None)
def format_of(name, size):
    return make.Format(name, *make.SIZES[size])


def is_not(*values):
    return lambda value: value not in values


def among(*values):
    return lambda value: value in values


def is_video(output):
    return output.startswith("video/")


def is_tensor(output):
    return not is_video(output)


def of_format(question):
    """Of a name of a format: what its description answers."""
    return lambda name: question(format_of(name, "17x5"))


# what cannot be, or has no effect; what is refused hides what else stands in the same combination
RULES = [
    ("statistics", among("frame", "batch"), "scope", is_not("pixel")),
    ("statistics", among("running"), "method", is_not("mean-range", "min-max")),
    ("statistics", is_not("profile"), "method", is_not("fixed", "flat-field", "percentile")),
    ("statistics", is_not("profile"), "affine", among("no")),
    ("statistics", is_not("running"), "momentum", among("own")),
    ("method", among("percentile"), "scope", is_not("pixel")), ("method", is_not("percentile"), "percentile", among("own")),
    ("method", is_not("fixed"), "units", among("code")), ("method", is_not("fixed"), "fixed", among("own")),
    ("units", is_not("code"), "fixed", is_not("own")),
    ("method", is_not("flat-field"), "dark", among("no")), ("method", is_not("zscore"), "floor", is_not("epsilon")),
    ("output", is_tensor, "format", of_format(lambda shape: shape.is_whole)),
    ("affine", among("pixel"), "format", of_format(lambda shape: shape.is_whole)),
    ("channel-order", among("bgr"), "format", of_format(lambda shape: not shape.is_yuv)),
    ("layout", among("nchw"), "output", is_tensor), ("channel-order", among("bgr"), "output", is_tensor),
    ("step", is_not("own"), "output", lambda output: output.endswith("int8")),
    ("range", is_not("own"), "output", lambda output: is_video(output) or output.endswith("int8")),
    ("range", is_not("own"), "step", among("own")), ("batch-size", among(3), "output", is_tensor),
    ("last-batch", is_not("drop"), "batch-size", among(3)),
]


def once(path, write):
    """The path of a file, which is written where it is not there yet."""
    if not pathlib.Path(path).exists():
        write(path)
    return path


def collected(shape, seed=0):
    """A profile of frames of a format, by pixelstats of the same build: only it knows which range and matrix they have."""
    def write(path):
        run(f"appsrc name=in format=time ! pixelstats name=stats location={path} histogram=true ! fakesink sync=false",
            [(shape.caps, shape.frames(N, seed))])

    return once(f"{shape.name}-{shape.width}x{shape.height}-{seed}.safetensors", write)


def affine_file(shape, kind):
    width, height = (shape.width, shape.height) if kind == "pixel" else (0, 0)
    return once(f"affine-{width}x{height}x{shape.n_channels}.safetensors",
                lambda path: pathlib.Path(path).write_bytes(make.affine(width, height, shape.n_channels)))


def settings_of(c, shape):
    """Properties of pixelnorm, by their names."""
    n = shape.n_channels
    settings = {name: c[name] for name in ("method", "scope", "statistics", "layout", "channel-order", "units")}
    settings.update(NUMBERS[c["numbers"]](n), **CLIPS[c["clip"]], **FLOORS[c["floor"]], **RANGES[c["range"]],
                    **STEPS[c["step"]], **PERCENTILES[c["percentile"]], **MOMENTA[c["momentum"]])
    settings.update(FIXED[c["fixed"]](n, c["units"]))
    if c["method"] != "fixed" and c["statistics"] in ("profile", "running"):
        settings["location"] = collected(shape)
    if c["affine"] != "no":
        settings["affine-location"] = affine_file(shape, c["affine"])
    if c["dark"] != "no":
        settings["dark-location"] = collected(shape, 1)
    return settings


def normalize(c, lists):
    shape = format_of(c["format"], c["size"])
    settings = {**settings_of(c, shape), "batch-size": c["batch-size"], "last-batch": c["last-batch"]}
    return run(f"appsrc name=in format=time ! pixelnorm name=norm {words_of(settings)} ! {outputs_of(lists)[c['output']]} ! "
               "appsink name=out sync=false wait-on-eos=false", [(shape.caps, shape.frames(N, 2))],
               {"gaps": (1, 2), "first": (0,)}.get(c["gaps"], ()))


def there_and_back(c, lists):
    shape = format_of(c["format"], c["size"])
    settings = settings_of(c, shape)
    forth = words_of({**settings, "batch-size": c["batch-size"], "last-batch": c["last-batch"]})
    back = words_of({name: value for name, value in settings.items() if name in lists["properties"]["pixeldenorm"]})
    return run(f"appsrc name=in format=time ! pixelnorm name=norm {forth} ! {outputs_of(lists)[c['output']]} ! "
               f"pixeldenorm name=denorm {back} ! video/x-raw,format={shape.name} ! "
               "appsink name=out sync=false wait-on-eos=false", [(shape.caps, shape.frames(N, 2))])


def tensor_caps(c, shape, lists):
    """Caps of tensors of one frame, in the spelling of the combination."""
    kind = outputs_of(lists)[c["output"]]
    if kind == "video/x-raw":
        return shape.caps
    sides = [shape.n_channels, shape.width, shape.height]
    words = ":".join(map(str, ([sides[1], sides[2], sides[0]] if c["layout"] == "nchw" else sides) + [1]))
    many = "format=(string)static,num_tensors=1,dimensions" if kind.startswith("other/tensors") else "dimension"
    return Gst.Caps.from_string(f"{kind},framerate=30/1,{many}=(string){words}")


def denormalize(c, lists):
    """What a network might give, with all that can stand in a tensor and no meta on it."""
    shape = format_of(c["format"], c["size"])
    kind = c["output"].split()[-1]
    n_bytes = shape.info.size
    if not kind.startswith("video/"):
        n_bytes = shape.width * shape.height * shape.n_channels * {"float32": 4, "float16": 2}.get(kind, 1)
    tensors = [make.tensor(n_bytes, kind, shape.name, i) for i in range(2)]
    return run(f"appsrc name=in format=time ! pixeldenorm name=denorm {words_of(settings_of(c, shape))} ! "
               f"video/x-raw,format={shape.name} ! appsink name=out sync=false wait-on-eos=false",
               [(tensor_caps(c, shape, lists), tensors)])


def large(settings, output, lists):
    """Results that do not fit the caches are written past them."""
    shape = make.Format("RGB", 2000, 1500)
    if "method=fixed" not in settings:
        settings += f" location={collected(shape)}"
    return run(f"appsrc name=in format=time ! pixelnorm name=norm {settings} ! {outputs_of(lists)[output]} ! "
               "appsink name=out sync=false wait-on-eos=false", [(shape.caps, shape.frames(1, 2))])


def cases(lists):
    dimensions, enums = settings_dimensions(lists), lists["enums"]["pixelnorm"]
    batches = {"batch-size": [1, 3], "last-batch": enums["last-batch"]}
    alone = {"statistics": ["profile"], "layout": [name for name in enums["layout"] if name != "auto"]}
    of_8_bits = ("output", is_video, "format", of_format(lambda shape: shape.depth == 8))
    for kind, act, more, rules in [
            ("pixelnorm", normalize, {**batches, "gaps": ["no", "gaps", "first"]}, RULES),
            ("there and back", there_and_back, batches, RULES), ("pixeldenorm", denormalize, alone, [*RULES, of_8_bits])]:
        for i, c in enumerate(pairwise(kind, {**dimensions, **more}, rules, lists["seed"])):
            yield Case(kind, title_of(c), functools.partial(act, c, lists), i % 8 == 0)
    for output in outputs_of(lists):
        for settings in ("method=fixed clip-low=-0.5 clip-high=0.25", "method=fixed layout=nchw", "scope=pixel",
                         "scope=pixel layout=nchw", "scope=channel"):
            if output.startswith("other/tensors") or (is_video(output) and "nchw" not in settings):
                yield Case("large frames", f"{output} {settings}", functools.partial(large, settings, output, lists))
