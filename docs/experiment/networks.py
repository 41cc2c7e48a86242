# SPDX-License-Identifier: LGPL-2.1-or-later
"""The NETWORK TABLE. Each takes [C, H, W] and a number of classes; what a method puts in front of it is the same for all.

`plain` has two convolutions (8 and 16 kernels of 3 x 3, each with ReLU and 2 x 2 max-pooling) and a linear layer; `inside` is
the same with batch normalization behind each convolution; `residual` has the shape of ResNet-18 (He 2016), which is a stem,
four stages of two blocks of two convolutions, the mean over the picture and a linear layer, with an eighth of its kernels and
a stem for pictures of 32 x 32.
"""
import torch
from torch import nn


class Affine(nn.Module):
    """A gamma and a beta for every sample."""

    def __init__(self, shape):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x * self.gamma + self.beta


def two_convolutions(shape, n_classes, normalized):
    """A layer of batch normalization draws no random numbers: the first weights are the same with and without. ReLU follows
    max-pooling, which gives the same as the other way round, with a quarter of the work."""
    channels, height, width = shape

    def block(before, after):
        norm = [nn.BatchNorm2d(after)] if normalized else []
        return [nn.Conv2d(before, after, 3, padding=1), *norm, nn.MaxPool2d(2), nn.ReLU()]

    return [*block(channels, 8), *block(8, 16), nn.Flatten(), nn.Linear(16 * (height // 4) * (width // 4), n_classes)]


class Block(nn.Module):
    """Two convolutions and what goes around them."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after))
        same = before == after and stride == 1
        self.around = nn.Identity() if same else nn.Sequential(
            nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        return torch.relu(self.inner(x) + self.around(x))


def residual(shape, n_classes, widths=(8, 16, 32, 64)):
    layers = [nn.Conv2d(shape[0], widths[0], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()]
    before = widths[0]
    for i, width in enumerate(widths):
        layers += [Block(before, width, 2 if i else 1), Block(width, width, 1)]
        before = width
    return [*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, n_classes)]


# NETWORK TABLE: words, what makes its layers
NETWORKS = {
    "plain": ("two convolutions", lambda shape, n_classes: two_convolutions(shape, n_classes, False)),
    "inside": ("batch norm behind each of the two convolutions", lambda shape, n_classes: two_convolutions(shape, n_classes, True)),
    "residual": ("residual network, the shape of ResNet-18", residual),
}


# where the search for a learning rate begins instead of at the method's guess: batch normalization takes out the input's scale
GUESSES = {"residual": .032}


def make_network(shape, n_classes, front, seed, network="plain"):
    torch.manual_seed(seed)
    layers = NETWORKS[network][1](shape, n_classes)
    fronts = {None: [], "batchnorm": [nn.BatchNorm2d(shape[0])], "affine": [Affine(shape)]}
    return nn.Sequential(*fronts[front], *layers).to(memory_format=torch.channels_last)
