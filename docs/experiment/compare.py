# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the network on a set of images with a method, and keeps what came out.

Learning rates are chosen for each set and method on the validation pool, with seeds of their own: from the method's guess
uphill in factors of the square root of 10, until both neighbours are worse. Of rates with the same accuracy it is the one below
the one that gets there soonest, since that may be at the edge beyond which some seeds fail. Where the network learned nothing
there is no hill: then all rates are tried, higher and lower.
"""
import time

import numpy as np
import torch

from edge import step_of
from image_sets import inputs_of, places_of
from methods import TENSORS, VIDEO, collect, decode, normalize
from networks import GUESSES, make_network
from training import accuracy, tensor_of, train
from variants import JUDGES, VARIANTS, Variant

TUNE_SEEDS = (100, 101, 102)  # the first so many
RATES = tuple(float(f"{10 ** (exponent / 2):.2g}") for exponent in range(-12, 1))
# percentage points above guessing up to which nothing was learned
NOTHING = 3
# images whose accuracy is followed while training; the accuracy at the end is of all
N_PROBE = 500


class Inputs:
    """A set as a seed and a method see it: normalized by the elements, with a profile of the images that are trained on. Network
    and variant are names in their tables; what is None is not there."""

    def __init__(self, images, method, seed, folder, network="plain", variant=None):
        self.images, self.method, self.seed, self.folder = images, method, seed, folder
        self.network, self.variant = network, variant
        self.how = VARIANTS[variant] if variant else Variant("")
        self.chosen = images.draw(seed, self.how.n_train)
        self.seen = {}

    def prepare(self):
        """Collects the profile and normalizes what is trained on."""
        how, pool = self.how, self.images.train
        labels = pool.labels[self.chosen]
        frames = pool.images if pool.places is not None else pool.images[self.chosen]
        if how.view:
            noise = np.random.default_rng((self.seed, 1))
            frames = np.concatenate([how.view(frames, noise) for _ in range(how.copies)])
            labels = np.tile(labels, how.copies)
        self.profile = collect(self.folder, pool.images if how.pool_profile else frames, f"profile-{self.seed}")
        y = self.normalize(frames)
        self.train = tensor_of(y if pool.places is None else inputs_of(pool, y, self.chosen))
        self.train_labels = torch.from_numpy(labels)

    def normalize(self, frames, profile=None, kind=TENSORS):
        return normalize(self.folder, profile or self.profile, frames, self.method.settings, kind)

    def of(self, pool):
        """Normalized once, however many rates are tried."""
        if id(pool) not in self.seen:
            self.seen[id(pool)] = tensor_of(inputs_of(pool, self.normalize(pool.images))), torch.from_numpy(pool.labels)
        return self.seen[id(pool)]

    def judged(self, judge):
        """The test pool as a row of the JUDGE TABLE has it."""
        train, validation, test = self.images.moved if judge.moved else (None, None, self.images.test)
        frames = judge.view(test.images, np.random.default_rng(2)) if judge.view else test.images
        profile = None
        if callable(judge.moved):
            profile = collect(self.folder, judge.moved(train, validation, self.chosen), "other")
        y = self.normalize(frames, profile, judge.kind or TENSORS)
        if judge.kind == VIDEO:
            y = decode(y, self.method.settings)
        return tensor_of(inputs_of(test, y)), torch.from_numpy(test.labels)


def identity_of(row, inputs, phase, rate):
    """What is as the base has it is not named."""
    what = {"kind": "run", "set": row.key, "method": inputs.method.key, "phase": phase, "rate": rate, "seed": inputs.seed}
    what |= {"network": inputs.network} if inputs.network != "plain" else {}
    return what | ({"variant": inputs.variant} if inputs.variant else {})


def run(results, row, inputs, phase, rate):
    """One training, or what the results have of it."""
    images, method, seed = inputs.images, inputs.method, inputs.seed
    what = identity_of(row, inputs, phase, rate)
    if found := results.find(**what):
        return found
    start = time.process_time()
    how = inputs.how
    if not inputs.seen:
        inputs.prepare()
    judge = inputs.of(images.validation if phase == "tune" else images.test)
    probe = tuple(part[:N_PROBE] for part in judge)
    network = make_network(inputs.train.shape[1:], images.n_classes, method.front, seed, inputs.network)
    curve = train(network, inputs.train, inputs.train_labels, probe, rate, seed, row.steps * how.steps, row.every, how.constant)
    what |= {"accuracy": round(accuracy(network, *judge), 3), "curve": [round(value, 1) for value in curve]}
    if phase == "test" and not how.constant:
        for name in row.judges:
            if JUDGES[name].kind and (inputs.variant or inputs.network == "inside"):
                continue  # formats are judged where nothing else is another
            what[name] = round(accuracy(network, *inputs.judged(JUDGES[name])), 3)
        for name, tiles in places_of(images).items():
            what[name] = round(accuracy(network, *(part[torch.from_numpy(tiles)] for part in judge)), 3)
        if method.front == "affine":
            what |= {"gamma": spread(network[0].gamma), "beta": spread(network[0].beta)}
            what |= edge_after(network[0], judge) if row.key == "circle" else {}
    what |= {"machine": results.machine} if results.machine else {}
    return results.add(**what, seconds=round(time.process_time() - start, 3))


def spread(parameter):
    """Mean and deviation of what was learned."""
    values = parameter.detach().numpy()
    return [round(float(values.mean()), 3), round(float(values.std()), 3)]


def edge_after(front, judge):
    """The edge and the phantom behind the learned gamma and beta."""
    images, labels = judge
    with torch.inference_mode():
        y = front(images).numpy().transpose(0, 2, 3, 1)
    return {"edge-circle": step_of(y[labels == 0]), "edge-empty": step_of(y[labels == 1])}


def tune(results, row, inputs_of_seed):
    """The learning rate that does best on the validation pool. inputs_of_seed: {seed: Inputs}"""
    scores = {}

    def score(index):
        if index not in scores:
            runs = [run(results, row, inputs, "tune", RATES[index]) for inputs in inputs_of_seed.values()]
            # where the end is the same, the sooner
            scores[index] = (round(np.mean([r["accuracy"] for r in runs]), 3), np.mean([r["curve"] for r in runs]))
        return scores[index]

    first = next(iter(inputs_of_seed.values()))
    method, n_classes = first.method, first.images.n_classes
    guess = GUESSES.get(first.network, method.guess)
    best = RATES.index(min(RATES, key=lambda rate: abs(np.log(rate / guess))))
    around = (-1, 0, 1)
    while True:
        highest = max((best + step for step in around if 0 <= best + step < len(RATES)), key=score)
        if highest == best:
            if score(best)[0] < 100 / n_classes + NOTHING and len(around) == 3:
                around = range(-len(RATES), len(RATES))
                continue
            same = best > 0 and score(best - 1)[0] == score(best)[0]
            return RATES[best - same]
        best, around = highest, (-1, 0, 1)
