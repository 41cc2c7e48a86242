# SPDX-License-Identifier: LGPL-2.1-or-later
"""The normalization of the GStreamer element pixelnorm, for training scripts: the same profiles, the same bits.

    import pixelnorm
    normalize = pixelnorm.Normalizer("gate.safetensors", method="zscore")
    y = normalize(frames)            # uint8 [N, H, W, C] -> float32 [N, H, W, C]

pixelnorm.Accumulator makes the profile that the element pixelstats makes, of arrays and images.

Needs numpy only. pixelnorm.to_rgb makes R'G'B' of raw Y'CbCr video, exactly; pixelnorm.transforms.Normalize normalizes for
torch, which is imported when it is first called; pixelnorm.graft, which needs the package onnx, puts a normalization in
front of an ONNX model.
"""
import pathlib

from . import transforms
from .accumulator import Accumulator
from .coefficients import Coefficients
from .colour import to_rgb
from .normalizer import Normalizer
from .profile import Profile

__version__ = (pathlib.Path(__file__).parent / "VERSION").read_text(encoding="ascii").strip()
__all__ = ["Accumulator", "Coefficients", "Normalizer", "Profile", "to_rgb", "transforms"]
