# SPDX-License-Identifier: LGPL-2.1-or-later
"""What elements say of themselves, and of settings and streams that cannot be: texts, domains and codes."""
import functools
import pathlib

import numpy as np

from . import frames as make
from . import known
from .cases import Case
from .streams import Gst, run

WIDTH, HEIGHT = 32, 24
# numbers that hardly any property takes; some do, and then it counts what comes out
NUMBERS = ("-1", "0", "1", "3", "101", "1e9", "nan", "inf", "-inf", "0.5", "many")
ARRAYS = ("<>", "<0>", "<1,2>", "<1,2,3>", "<1,2,3,4>", "<nan>", "<0.0,inf,0.0>", "<1e9>", "<-1.0,-2.0,-3.0>")
TEXTS = ("missing.safetensors", "broken.safetensors", "grey.safetensors", "small.safetensors", "rgb.safetensors")
NOT_HERE = {"batch-size": ("1e9",), "name": NUMBERS, "parent": NUMBERS, "profile": NUMBERS}

# properties of pixelnorm, what downstream asks for; rgb.safetensors is a profile that fits
SETTINGS = [
    ("method=percentile scope=channel percentile-low=90 percentile-high=10", "other/tensors"),
    ("method=percentile", "other/tensors"), ("method=percentile scope=channel location=plain.safetensors", "other/tensors"),
    ("clip-low=2 clip-high=1", "other/tensors"), ("min-deviation=0 epsilon=0", "other/tensors"),
    ("method=min-max min-deviation=0 epsilon=1", "other/tensors"), ("statistics=frame", "other/tensors"),
    ("statistics=batch scope=channel method=flat-field", "other/tensors"),
    ("statistics=running method=min-max", "other/tensors"),
    ("statistics=frame scope=channel method=percentile", "other/tensors"),
    ("quant-scale=0.1 quant-zero-point=200", "other/tensors,types=int8"), ("quant-zero-point=7", "other/tensors,types=int8"),
    ("quant-scale=0.1 quant-zero-point=-1", "other/tensors,types=uint8"), ("mean=<1,2,3>", "other/tensors"),
    ("std=<58>", "other/tensors"), ("units=unit", "other/tensors"), ("dark-location=rgb.safetensors", "other/tensors"),
    ("mean=<1> dark-location=rgb.safetensors", "other/tensors"), ("method=fixed mean=<0.485> std=<0.229>", "other/tensors"),
    ("method=fixed mean=<0> std=<0.00392>", "other/tensors"),
    ("method=fixed units=unit mean=<123.7> std=<58.4>", "other/tensors"),
    ("batch-size=2", "video/x-raw"), ("batch-size=4", "other/tensors"), ("batch-size=4 last-batch=pad", "other/tensors"),
    ("layout=nhwc", f"other/tensors,dimensions=(string){WIDTH}:{HEIGHT}:3:1"),
    ("layout=nchw", f"other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT}:1"),
    ("layout=nchw", f"other/tensor,dimension=(string)3:{WIDTH}:{HEIGHT}"),
    ("", f"other/tensors,dimensions=(string)4:{WIDTH}:{HEIGHT}:1"), ("", "other/tensors,dimensions=(string)many"),
    ("", f"other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT + 1}:1"), ("", "other/tensors,format=sparse"),
    ("", "other/tensors,num_tensors=2"), ("", "other/tensors,types=float64"), ("", "other/tensor,type=float64"),
    ("", "video/x-raw,format=RGB10A2_LE"), ("", "video/x-raw,format=BGR"), ("", "audio/x-raw"),
    ("", f"other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT}"), ("", f"other/tensors,dimensions=(string){WIDTH}:{HEIGHT}:3"),
    ("", "other/tensors,types=float16"), ("scope=channel location=channel.safetensors", "other/tensors"),
    ("location=channel.safetensors", "other/tensors"), ("affine-location=affine.safetensors", "other/tensors"),
    ("affine-location=affine.safetensors statistics=frame scope=channel", "other/tensors"),
    ("affine-location=small-affine.safetensors", "other/tensors"), ("affine-location=rgb.safetensors", "other/tensors"),
]
# properties of pixelstats
COLLECTING = ["roi=<0,0,0,0>", "roi=<-1,0,4,4>", "roi=<0,0,99,99>", "roi=<1,2>", "mask=missing.png", "mask=small.png",
              "mask=rgb.safetensors", "mask=black.png", "roi=<0,0,4,4> mask=small.png", "location=no-folder/p.safetensors",
              "location=/dev/null", "location=grey.safetensors append=true", "location=channel.safetensors append=true",
              "location=plain.safetensors append=true histogram=true", "location=broken.safetensors append=true",
              "max-frames=1", "frame-step=0", "append=true"]
# caps that one of the elements does not take
INPUT = ["video/x-raw,format=RGB,width=8,height=8,framerate=30/1,interlace-mode=interleaved",
         "video/x-raw,format=YUY2,width=8,height=8",
         "video/x-raw,format=GRAY8,width=8,height=8", "video/x-raw,format=I420,width=32,height=24",
         "video/x-raw,format=RGB,width=31,height=24", "video/x-raw,format=GRAY16_LE,width=32,height=24",
         "video/x-raw,format=Y444,width=32,height=24,colorimetry=bt709",
         "video/x-raw,format=RGB,width=32,height=24,colorimetry=2:1:7:1",
         "other/tensors,format=static,num_tensors=1,types=(string)float32,dimensions=(string)3:32:24:1,framerate=30/1",
         "other/tensors,format=static,num_tensors=1,types=(string)float32,dimensions=(string)3:32:24:2,framerate=30/1",
         "other/tensors,format=static,num_tensors=1,types=(string)float32,dimensions=(string)5:32:24:1,framerate=30/1"]


@functools.lru_cache(maxsize=None)
def contents():
    """The files that these cases name."""
    size = (HEIGHT, WIDTH)
    good = make.profile("RGB", 0, size)
    return {
        "rgb.safetensors": good, "broken.safetensors": good[:1000] + b"\0" + good[1001:],
        "grey.safetensors": make.profile("Y16", 0, size), "small.safetensors": make.profile("RGB"),
        "plain.safetensors": make.profile("plain", 0, size), "channel.safetensors": make.profile("channel"),
        "affine.safetensors": make.affine(WIDTH, HEIGHT, 3), "small-affine.safetensors": make.affine(4, 4, 3),
        "small.png": make.png(np.full((4, 4), 255)), "black.png": make.png(np.zeros((HEIGHT, WIDTH)))}


def push(line, wanted="", caps=None):
    """One frame; what downstream wants is set afterwards, since parsing would refuse to link."""
    for name, content in contents().items():  # anew, since some cases write to them
        pathlib.Path(name).write_bytes(content)
    shape = make.Format("RGB", WIDTH, HEIGHT)

    def prepare(pipeline):
        if wanted:
            pipeline.get_by_name("want").set_property("caps", Gst.Caps.from_string(wanted))

    # what does not fit its caps has 9216 bytes, a tensor of float32 of this size
    stretch = (Gst.Caps.from_string(caps), [bytes(9216)]) if caps else (shape.caps, shape.frames(1))
    return run(f"appsrc name=in format=time ! {line} ! {'capsfilter name=want !' if wanted else ''} "
               "appsink name=out sync=false wait-on-eos=false", [stretch], prepare=prepare)


def property_cases(lists):
    """Every property of every element with values of all kinds."""
    for element, name in (("pixelnorm", "norm"), ("pixelstats", "stats")):
        for key, words in lists["properties"][element].items():
            given = ARRAYS if words.startswith("GstValueArray") else TEXTS if key.endswith("location") else NUMBERS
            for value in (value for value in given if value not in NOT_HERE.get(key, ())):
                line = f"{element} name={name} {key}={value!r}".replace("'", '"')
                if element == "pixelnorm" and key != "location":
                    line += " method=fixed" if key in ("mean", "std", "units") else " location=rgb.safetensors"
                yield Case("values", f"{element} {key}={value}", functools.partial(push, line), value in ("nan", "<nan>"))


def texts_of(element):
    found = known.property_words(element)
    pads = {pad.name_template: pad.get_caps().to_string() for pad in Gst.ElementFactory.make(element).get_pad_template_list()}
    return {**found, **{f"pad {name}": caps for name, caps in pads.items()}}


def face(element, name):
    return {"words": texts_of(element).get(name, "none")}


def cases(lists):
    for element, words in lists["properties"].items():
        for name in [*words, "pad sink", "pad src"]:
            yield Case("faces", f"{element} {name}", functools.partial(face, element, name), True)
    yield from property_cases(lists)
    for i, (properties, wanted) in enumerate(SETTINGS):
        own = properties.replace("-location", "")
        where = "" if "location=" in own or "method=fixed" in own else "location=rgb.safetensors"
        yield Case("settings", f"{properties} ! {wanted}",
                   functools.partial(push, f"pixelnorm name=norm {where} {properties}", wanted), i % 3 == 0)
    for properties in COLLECTING:
        yield Case("settings", f"pixelstats {properties}",
                   functools.partial(push, f"pixelstats name=stats {properties}"), True)
    for caps in INPUT:
        for line in ("pixelnorm name=norm location=rgb.safetensors", "pixelnorm name=norm method=fixed",
                     "pixeldenorm name=denorm location=rgb.safetensors", "pixeldenorm name=denorm method=fixed",
                     "pixelstats name=stats location=rgb.safetensors append=true"):
            yield Case("input", f"{line.split(' name')[0]}{'' if 'fixed' not in line else ' method=fixed'}: {caps}",
                       functools.partial(push, line, "", caps))
