# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 -m pixelnorm: the command. `graft` puts a normalization in front of an ONNX model; see docs/python.md."""
import argparse
import dataclasses
import os
import sys
import warnings

from .normalizer import Normalizer
from .settings import CHOICES, VALUES, Settings

NOT_OF_A_GRAFT = {"statistics", "layout", "output", "quant_scale", "quant_zero_point", "range_low", "range_high"}
HELP = {"channel_order": "what the model expects; raw frames are rgb", **dict.fromkeys(VALUES, "a number, or one a channel: 1,2,3")}


def numbers(text):
    """1.5 or 1,2,3, also as the element has it: <1,2,3>."""
    return [float(word) for word in text.strip("<>").split(",")]


def add_settings(parser):
    parser.add_argument("--profile", help="profile to normalize with, as pixelstats wrote it; every method but fixed needs one")
    parser.add_argument("--dark", help="profile of dark frames, for the method flat-field")
    parser.add_argument("--affine", help="safetensors file of gamma and beta that were learned, a value a sample or a channel")
    for field in dataclasses.fields(Settings):
        kind = {"choices": CHOICES[field.name]} if field.name in CHOICES else {"type": numbers if field.name in VALUES else float}
        if field.name not in NOT_OF_A_GRAFT:  # the defaults are the normalizer's
            parser.add_argument("--" + field.name.replace("_", "-"), help=HELP.get(field.name), default=argparse.SUPPRESS, **kind)


def add_graft(commands):
    parser = commands.add_parser("graft", help="put a normalization in front of an ONNX model, which then takes raw frames")
    parser.set_defaults(run=run_graft)
    parser.add_argument("--model", required=True, help="the model: ONNX, with an input of float [N, 3, height, width] or alike")
    parser.add_argument("--output", required=True, help="where to write the new model")
    parser.add_argument("--input", help="the input that takes frames, where there are several")
    parser.add_argument("--new-name", help="what to call the new input; default: as before")
    parser.add_argument("--input-layout", choices=["nhwc", "nchw"], default="nhwc", help="of the raw frames; default: nhwc")
    parser.add_argument("--input-type", choices=["uint8", "uint16", "float32"],
                        help="of the raw frames; float32 where code values come as floats, as nvinfer feeds them; default: by "
                             "the depth of the profile")
    parser.add_argument("--model-layout", choices=["auto", "nchw", "nhwc"], default="auto", help="of the model's input")
    add_settings(parser)


def run_graft(arguments):
    try:
        import onnx
    except ImportError:
        raise ValueError("This needs the Python package onnx, which is not installed: apt-get install python3-onnx, or pip "
                         "install onnx.") from None
    from .graft import graft

    options = vars(arguments)
    settings = {key: value for key, value in options.items()
                if key not in ("run", "command", "profile", "model", "output", "input", "new_name", "input_layout",
                               "input_type", "model_layout")}
    normalizer = Normalizer(arguments.profile, **settings)
    model = load(onnx, arguments.model)
    grafted = graft(model, normalizer, input_name=arguments.input, new_name=arguments.new_name,
                    input_layout=arguments.input_layout, input_type=arguments.input_type, model_layout=arguments.model_layout)
    save(grafted, arguments.output)


def load(onnx, path):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # protobuf's, of what is an error just below
            return onnx.load(path)
    except OSError:
        raise
    except Exception as problem:  # google.protobuf's, which need not be known here
        raise ValueError(f"{path}: expected an ONNX model, found something else ({problem}).") from None


def save(model, path):
    """The old file or the new one, never half of one."""
    part = f"{path}.part"
    try:
        with open(part, "wb") as file:
            file.write(model.SerializeToString())
        os.replace(part, path)
    except OSError:
        if os.path.exists(part):
            os.remove(part)
        raise


def main(words=None):
    parser = argparse.ArgumentParser(prog="python3 -m pixelnorm", description=__doc__.split(": ", 1)[1])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_graft(commands)
    arguments = parser.parse_args(words)
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as problem:
        print(f"pixelnorm {arguments.command}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
