# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 -m pixelnorm: the command. `graft` puts a normalization in front of an ONNX model, `collect` makes a profile of a set
of pictures, on one machine or with Dask, Ray or Spark; see docs/python.md."""
import argparse
import dataclasses
import os
import sys
import tempfile
import warnings

from . import distributed
from .normalizer import Normalizer
from .profile import check_profile_target, check_target
from .reader import SCALINGS
from .safetensors import check_file
from .settings import CHOICES, VALUES, Settings
from .wanted import wanted
from .writer import write_file

NOT_OF_A_GRAFT = {"statistics", "layout", "output", "quant_scale", "quant_zero_point", "range_low", "range_high"}
HELP = {"channel_order": "what the model expects; raw frames are rgb", **dict.fromkeys(VALUES, "a number, or one for each channel: 1,2,3")}


def numbers(text):
    """1.5 or 1,2,3, also as the element has it: <1,2,3>."""
    return [float(word) for word in text.strip("<>").split(",")]


def add_settings(parser):
    parser.add_argument("--profile", help="profile to normalize with, as written by pixelstats; every method except fixed needs one")
    parser.add_argument("--dark", help="profile of dark frames, for the method flat-field")
    parser.add_argument("--affine", help="safetensors file with learned gamma and beta, one value for each sample or channel")
    for field in dataclasses.fields(Settings):
        kind = {"choices": CHOICES[field.name]} if field.name in CHOICES else {"type": numbers if field.name in VALUES else float}
        if field.name not in NOT_OF_A_GRAFT:  # the defaults are the normalizer's
            parser.add_argument("--" + field.name.replace("_", "-"), help=HELP.get(field.name), default=argparse.SUPPRESS, **kind)


def add_graft(commands):
    parser = commands.add_parser("graft", help="put a normalization in front of an ONNX model, which then takes raw frames")
    parser.set_defaults(run=run_graft)
    parser.add_argument("--model", required=True, help="the model: ONNX, with a float input such as [N, 3, height, width]")
    parser.add_argument("--output", required=True, help="where to write the new model")
    parser.add_argument("--force", action="store_true", help="overwrite the output if it is an ONNX model")
    parser.add_argument("--input", help="the input that takes frames, if there are several")
    parser.add_argument("--new-name", help="name of the new input; default: the old name")
    parser.add_argument("--input-layout", choices=["nhwc", "nchw"], default="nhwc", help="layout of the raw frames; default: nhwc")
    parser.add_argument("--input-type", choices=["uint8", "uint16", "float32"],
                        help="type of the raw frames; float32 if code values come as floats, as nvinfer feeds them; by default "
                             "it follows from the depth of the profile")
    parser.add_argument("--model-layout", choices=["auto", "nchw", "nhwc"], default="auto", help="layout of the model's input")
    add_settings(parser)


def run_graft(arguments):
    try:
        onnx = wanted("onnx", "graft")
    except ImportError as problem:
        raise ValueError(problem) from None
    from .graft import graft

    options = vars(arguments)
    settings = {key: value for key, value in options.items()
                if key not in ("run", "command", "profile", "model", "output", "force", "input", "new_name", "input_layout",
                               "input_type", "model_layout")}
    check_model_target(onnx, arguments.output, arguments.force)
    normalizer = Normalizer(arguments.profile, **settings)
    model = load(onnx, arguments.model)
    grafted = graft(model, normalizer, input_name=arguments.input, new_name=arguments.new_name,
                    input_layout=arguments.input_layout, input_type=arguments.input_type, model_layout=arguments.model_layout)
    write_file(arguments.output, [grafted.SerializeToString()], arguments.force)


def load(onnx, path):
    check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # protobuf's, of what is an error just below
            return onnx.load(path)
    except OSError:
        raise
    except Exception as problem:  # google.protobuf's, which need not be known here
        raise ValueError(f"{path}: expected an ONNX model, found something else ({problem}).") from None


def check_model_target(onnx, path, overwrite):
    """Whether a model may be written there."""
    check_target(path, overwrite)
    if os.path.exists(path) and os.path.getsize(path):
        try:
            load(onnx, path)
        except ValueError:
            raise ValueError(f"{path} is not an ONNX model, so it is not overwritten. Choose another name, or remove it first.") from None


def add_collect(commands):
    parser = commands.add_parser("collect", help="make a profile of a set of pictures, on this machine or with an engine",
                                 epilog="Exit status: 0 if OUT was written and every file was counted, 3 if OUT was written but "
                                 "files were left out, 1 if nothing was written, 2 if the command line is wrong.")
    parser.set_defaults(run=run_collect)
    parser.add_argument("output", metavar="OUT", help="the profile to write")
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="a file, folder, pattern or, with fsspec, URL")
    parser.add_argument("--engine", choices=tuple(distributed.ENGINES), default="local", help="default: local")
    parser.add_argument("--address", help="address of the engine's scheduler, such as tcp://host:8786; default: this machine")
    parser.add_argument("--reader", default="pillow", help="pillow (default), or module:function, which is given a path and "
                        "returns arrays")
    parser.add_argument("--scope", choices=["pixel", "channel"], default="pixel", help="channel: any size; default: pixel")
    parser.add_argument("--channels", choices=["RGB", "Y"], default="RGB", help="default: RGB")
    parser.add_argument("--depth", type=int, default=8, help="bits per sample, for a reader of your own; default: 8")
    parser.add_argument("--size", type=width_and_height, metavar="WxH", help="scale pictures to this size")
    parser.add_argument("--scaling", choices=tuple(SCALINGS), default="bilinear", help="how to scale, as in Pillow; default: bilinear")
    parser.add_argument("--orient", choices=["auto", "off"], default="auto", help="turn pictures upright as a tag says (auto, "
                        "the default) or leave them")
    parser.add_argument("--histogram", action="store_true", help="also count code values, for percentiles")
    parser.add_argument("--jobs", type=int, help="number of processes that read on this machine; default: the number of cores")
    parser.add_argument("--shard-size", type=int, help="number of files in a task; default: 4 tasks per worker, of at most 10,000 files each")
    parser.add_argument("--timeout", type=float, default=60, help="give up a file that makes no progress for so many seconds; default: 60")
    parser.add_argument("--force", action="store_true", help="overwrite OUT if it is a profile")


def width_and_height(text):
    width, _, height = text.partition("x")
    return int(width), int(height)


def save_elsewhere(profile):
    """Where to, in words."""
    handle, path = tempfile.mkstemp(".safetensors", "pixelnorm-")
    os.close(handle)
    try:
        profile.save(path, overwrite=True)
    except OSError:
        os.remove(path)
        return ""
    return f"It was written to {path} instead."


def run_collect(arguments):
    options = vars(arguments).copy()
    path, force = options.pop("output"), options.pop("force")
    check_profile_target(path, force)  # before hours of reading
    result = distributed.collect(**{key: value for key, value in options.items() if key not in ("run", "command")})
    try:
        result.profile.save(path, overwrite=force)
    except (OSError, ValueError) as problem:  # those hours are not lost
        raise type(problem)(f"{problem} {save_elsewhere(result.profile)}") from None
    for name, why in result.left_out:
        print(f"pixelnorm collect: {name} is left out: {why}", file=sys.stderr)
    print(f"{path}: {result.frames} frames, identity {result.profile.identity}")
    return 3 if result.left_out else 0


def main(words=None):
    parser = argparse.ArgumentParser(prog="python3 -m pixelnorm", description=__doc__.split(": ", 1)[1])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_graft(commands)
    add_collect(commands)
    arguments = parser.parse_args(words)
    # a sentence, without the line of code
    warnings.showwarning = lambda message, *_: print(f"pixelnorm {arguments.command}: {message}", file=sys.stderr)
    try:
        return arguments.run(arguments) or 0
    except (OSError, ValueError) as problem:
        print(f"pixelnorm {arguments.command}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"pixelnorm {arguments.command}: interrupted, and nothing was written.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
