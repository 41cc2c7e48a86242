# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the network on a set of images with a method, and keeps what came out.

Learning rates are chosen for each set and method on the validation pool, with seeds of their own: from the method's guess
uphill in factors of the square root of 10, until both neighbours are worse. Of rates with the same accuracy it is the one below
the one that gets there soonest, since that may be at the edge beyond which some seeds fail. Where the network learned nothing
because the rate is too small, there is no hill: then all higher rates are tried.
"""
import time

import numpy as np
import torch

from edge import step_of
from image_sets import inputs_of
from methods import TENSORS, VIDEO, collect, decode, normalize
from training import accuracy, make_network, tensor_of, train

TUNE_SEEDS = (100, 101, 102)
RATES = tuple(float(f"{10 ** (exponent / 2):.2g}") for exponent in range(-12, 1))
# percentage points above guessing up to which nothing was learned
NOTHING = 3
# images whose accuracy is followed while training; the accuracy at the end is of all
N_PROBE = 500


class Inputs:
    """A set as a seed and a method see it: normalized by the elements, with a profile of the images that are trained on."""

    def __init__(self, images, method, seed, folder):
        self.images, self.method, self.seed, self.folder = images, method, seed, folder
        self.chosen = images.draw(seed)
        self.profile = self.collect(images.train)
        self.train = tensor_of(inputs_of(images.train, self.normalize(images.train.images), self.chosen))
        self.train_labels = torch.from_numpy(images.train.labels[self.chosen])

    def collect(self, pool):
        return collect(self.folder, pool.images[self.chosen] if pool.places is None else pool.images)

    def normalize(self, frames, profile=None):
        return normalize(self.folder, profile or self.profile, frames, self.method.settings, TENSORS)

    def of(self, pool):
        return tensor_of(inputs_of(pool, self.normalize(pool.images))), torch.from_numpy(pool.labels)

    def coded(self, pool):
        """By way of 8-bit video."""
        codes = normalize(self.folder, self.profile, pool.images, self.method.settings, VIDEO)
        return tensor_of(inputs_of(pool, decode(codes, self.method.settings))), torch.from_numpy(pool.labels)

    def moved(self):
        """The other camera's test pool, normalized with the old profile and with a new one."""
        train_pool, test_pool = self.images.moved
        labels = torch.from_numpy(test_pool.labels)
        old = tensor_of(self.normalize(test_pool.images))
        new = tensor_of(self.normalize(test_pool.images, self.collect(train_pool)))
        return (old, labels), (new, labels)


def run(results, row, inputs, phase, rate):
    """One training, or what the results have of it."""
    images, method, seed = inputs.images, inputs.method, inputs.seed
    what = {"kind": "run", "set": row.key, "method": method.key, "phase": phase, "rate": rate, "seed": seed}
    if found := results.find(**what):
        return found
    start = time.process_time()
    judge = inputs.of(images.validation if phase == "tune" else images.test)
    probe = tuple(part[:N_PROBE] for part in judge)
    network = make_network(inputs.train.shape[1:], images.n_classes, method.front, seed)
    curve = train(network, inputs.train, inputs.train_labels, probe, rate, seed, row.steps, row.every)
    what |= {"accuracy": round(accuracy(network, *judge), 3), "curve": [round(value, 1) for value in curve]}
    if phase == "test":
        what["coded"] = round(accuracy(network, *inputs.coded(images.test)), 3)
        if images.moved:
            old, new = inputs.moved()
            what["moved-old"], what["moved-new"] = round(accuracy(network, *old), 3), round(accuracy(network, *new), 3)
        if method.front == "affine":
            what |= {"gamma": spread(network[0].gamma), "beta": spread(network[0].beta)}
            what |= edge_after(network[0], judge) if row.key == "circle" else {}
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
    best = RATES.index(min(RATES, key=lambda rate: abs(np.log(rate / method.guess))))
    around = (-1, 0, 1)
    while True:
        highest = max((best + step for step in around if 0 <= best + step < len(RATES)), key=score)
        if highest == best:
            if score(best)[0] < 100 / n_classes + NOTHING and len(around) == 3:
                around = range(-1, len(RATES))
                continue
            same = best > 0 and score(best - 1)[0] == score(best)[0]
            return RATES[best - same]
        best, around = highest, (-1, 0, 1)
