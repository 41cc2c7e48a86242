# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a case is, and combinations of settings that hold every pair of values."""
import dataclasses
import itertools
import json
import os
import pathlib
import typing

import numpy as np

from .frames import random_of


@dataclasses.dataclass
class Case:
    """run() gives the results, {name: bytes or text}; those of one case stand for themselves, whatever ran before."""
    kind: str
    name: str
    run: typing.Callable
    quick: bool = False

    @property
    def title(self):
        return f"{self.kind}: {self.name}"


def allowed_pairs(dimensions, rules):
    """A matrix that says of every two values whether they may stand together, and where each dimension begins in it.

    A rule (first, when, second, then): where when(value of first), then(value of second) must be true too."""
    starts = dict(zip(dimensions, np.cumsum([0, *map(len, dimensions.values())])))
    n = sum(map(len, dimensions.values()))
    allowed = np.ones((n, n), bool)
    for values, start in zip(dimensions.values(), starts.values()):
        allowed[start:start + len(values), start:start + len(values)] = np.eye(len(values), dtype=bool)
    for first, when, second, then in rules:
        if first in dimensions and second in dimensions:
            for (i, a), (k, b) in itertools.product(enumerate(dimensions[first]), enumerate(dimensions[second])):
                if when(a) and not then(b):
                    allowed[starts[first] + i, starts[second] + k] = allowed[starts[second] + k, starts[first] + i] = False
    return allowed, starts


def fill(chosen, spans, missing, allowed, random):
    """A value of each dimension, as an index of the matrices, or None; such that many missing pairs are held."""
    for name in random.permutation(list(spans)):
        start, end = spans[name]
        if any(start <= value < end for value in chosen):
            continue
        scores = missing[chosen, start:end].sum(axis=0) + random.random(end - start)
        scores[~allowed[chosen, start:end].all(axis=0)] = -1
        if scores.max() < 0:
            return None
        chosen = [*chosen, start + int(scores.argmax())]
    return chosen


def pairwise(name, dimensions, rules, seed):
    """A list of combinations {name: value} in which every pair of values of two dimensions occurs that the rules allow.

    It is kept in a file beside the folders of the processes that run cases: made once, it is the same in all of them."""
    path = pathlib.Path(f"../combinations-{name}-{seed}.json")
    if not path.exists():
        unfinished = pathlib.Path(f"{path}.{os.getpid()}")
        unfinished.write_text(json.dumps(list(combine(dimensions, rules, seed))))
        unfinished.replace(path)
    return json.loads(path.read_text())


def combine(dimensions, rules, seed, tries=3):
    """Greedy: each combination holds a pair that is still missing, and as many more of them as a few attempts could find."""
    random = random_of("pairwise", seed, sorted(dimensions))
    allowed, starts = allowed_pairs(dimensions, rules)
    spans = {name: (start, start + len(dimensions[name])) for name, start in starts.items()}
    missing = allowed & ~np.eye(len(allowed), dtype=bool)
    while missing.any():
        pair = [int(i) for i in np.unravel_index(missing.argmax(), missing.shape)]
        found = [fill(pair, spans, missing, allowed, random) for _ in range(tries)]
        found = [sorted(chosen) for chosen in found if chosen]
        if not found:
            missing[pair[0], pair[1]] = missing[pair[1], pair[0]] = False  # nothing that the rules allow holds it
            continue
        best = max(found, key=lambda chosen: missing[np.ix_(chosen, chosen)].sum())
        missing[np.ix_(best, best)] = False
        yield {name: dimensions[name][i - start] for i, (name, (start, _)) in zip(best, spans.items())}


def words_of(settings):
    """Properties as gst-launch spells them; arrays from lists."""
    def word(value):
        return '"<' + ",".join(map(repr, value)) + '>"' if isinstance(value, list) else str(value)

    return " ".join(f"{name}={word(value)}" for name, value in settings.items())


def title_of(combination):
    """A name for a combination: its values, side by side."""
    return " ".join(str(value) if name in ("format", "size", "method", "output") else f"{name}={value}"
                    for name, value in combination.items())
