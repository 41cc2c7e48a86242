# SPDX-License-Identifier: LGPL-2.1-or-later
"""Normalize: the normalization of the element pixelnorm as a transform for torch, in the manner of torchvision's.

It takes raw images, so it stands in the place of ToTensor and torchvision's Normalize together. torch is imported when
the first image comes.
"""
import numpy

from .normalizer import Normalizer
from .wanted import wanted

MODES = {"RGB", "L", "I;16"}  # of PIL: those whose samples are the code values themselves


class Normalize:
    """A callable: an image -> a torch tensor [C, H, W], on the processor.

    Takes what Normalizer takes, but layout and output, which are NCHW and float32 (or float16). An image is one of PIL
    (RGB or grey), a numpy array [H, W, C] or [H, W], or a torch tensor of uint8 [C, H, W]; of arrays and tensors also
    several at once, with N before. Can be pickled, so it works in the processes of a DataLoader.

        dataset = torchvision.datasets.ImageFolder("frames", transform=pixelnorm.transforms.Normalize(profile))
    """

    def __init__(self, profile=None, **settings):
        if settings.get("output", "float32") not in ("float32", "float16"):
            raise ValueError(f"output is {settings['output']!r}; a transform gives float32 or float16.")
        if settings.pop("layout", "nchw") != "nchw":
            raise ValueError("The layout of torch is nchw; use pixelnorm.Normalizer for nhwc.")
        self.normalizer = Normalizer(profile, layout="nchw", **settings)

    def __repr__(self):
        settings = self.normalizer.settings
        return f"pixelnorm.transforms.Normalize(method={settings.method!r}, scope={settings.scope!r})"

    def __call__(self, image):
        torch = wanted("torch", "pixelnorm.transforms.Normalize")
        return torch.from_numpy(self.normalizer(frames_of(image, torch)))


def frames_of(image, torch):
    """The array [H, W, C] or [N, H, W, C] of whatever it is."""
    if isinstance(image, torch.Tensor):
        if image.device.type != "cpu":
            raise ValueError(f"The tensor is on {image.device}; this transform computes on the processor, as in a Dataset. "
                             "Normalize before you move it, or graft the normalization onto the model.")
        if image.ndim not in (3, 4):
            raise ValueError(f"Expected a tensor [C, H, W] or [N, C, H, W], found shape {list(image.shape)}.")
        return numpy.moveaxis(image.numpy(), -3, -1)
    if hasattr(image, "getbands"):  # of PIL, which need not be there
        if image.mode not in MODES:
            raise ValueError(f"Expected an image of mode RGB, L or I;16, found {image.mode}. Convert it first: "
                             "image.convert('RGB').")
        image = numpy.asarray(image)
    frames = numpy.asarray(image)
    return frames[..., None] if frames.ndim == 2 else frames
