# SPDX-License-Identifier: LGPL-2.1-or-later
"""The STUDY TABLE: which methods are trained on which sets, with which network and variant, in the order in which it is done."""
from typing import NamedTuple

from methods import METHODS

ALL = tuple(method.key for method in METHODS if method.base)


class Study(NamedTuple):
    sets: tuple
    methods: tuple = ALL
    network: str = "plain"
    variant: str = None
    seeds: int = 5
    # seeds that a rate is searched with; 0: the rate of the same set, method and network without a variant
    tune_seeds: int = 0
    # instead of one rate: the chosen one times each of these, and SHARED_RATE
    factors: tuple = ()


SHARED_RATE = .01

MAIN = ("fixed", "channel", "center", "mean-range", "zscore-8", "none")
FEW = ("channel", "zscore-8", "fixed")
TWO = ("channel", "zscore-8")
SCALES = ("none", "fixed", "channel")
# a mean image with one scale for all: what centring every pixel does, where a mean image alone also lacks a scale
CENTRED = ("center-128",)

# STUDY TABLE
STUDIES = (
    Study(("digits",), MAIN, "inside", seeds=10, tune_seeds=2),
    Study(("street",), MAIN, "inside", tune_seeds=1),
    Study(("street-back",), ("channel", "center", "mean-range", "zscore-8"), seeds=10, tune_seeds=2),
    Study(("circle-dim",), ("fixed", "channel"), "inside", tune_seeds=1),
    Study(("circle-dim",), SCALES, variant="long", tune_seeds=2),
    Study(("circle-small",), SCALES, variant="long", seeds=3, tune_seeds=1),
    *(Study(("digits",), TWO, variant=variant) for variant in ("n100", "n300", "n3000")),
    *(Study(("digits",), ("zscore-8",), variant=variant) for variant in ("n100-pool", "n300-pool")),
    Study(("digits",), FEW, variant="shifted"),
    Study(("digits-sensor",), (*TWO, "zscore-32", *CENTRED), tune_seeds=1),
    Study(("digits",), ("scale", "scale-2"), seeds=10, tune_seeds=3),
    Study(("digits", "fashion", "street", "circle-dim", "circle-small", "digits-pattern", "faces", "circle-light", "circle",
           "circle-10"), CENTRED, seeds=10, tune_seeds=3),
    Study(("street-back",), CENTRED, seeds=10, tune_seeds=2),
    Study(("digits",), CENTRED, "inside", seeds=10, tune_seeds=2),
    Study(("street",), CENTRED, "inside", tune_seeds=1),
    Study(("digits",), ("scale", "scale-2", "fixed", "channel", "zscore-8", "none", "center", *CENTRED), variant="constant",
          seeds=3, factors=(1, 3.2)),
    Study(("photos",), MAIN, "residual", tune_seeds=1),
    Study(("photos",), TWO, "residual", "augmented", seeds=4),
)
# sets of which all methods are trained with the plain network: 10 seeds, rates searched with 3
BASE_SEEDS, BASE_TUNE_SEEDS = 10, 3
SHARED_SETS = ("digits", "digits-pattern")
