# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a network is trained: the same for every method.

SGD with momentum .9, batches of 32, the learning rate falling to 0 along a cosine, or constant. A seed stands for the training
images that are drawn, the first weights and the order of the batches, so that two methods with the same seed differ in nothing
but the method.
"""
import math

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)
BATCH, MOMENTUM = 32, .9


def tensor_of(images):
    """[N, H, W, C] -> [N, C, H, W], the channels still next to each other in memory: training is faster so."""
    return torch.from_numpy(np.ascontiguousarray(images).transpose(0, 3, 1, 2))


def accuracy(network, images, labels):
    """In per cent."""
    network.eval()
    with torch.inference_mode():
        right = (network(images).argmax(1) == labels).float().mean()
    network.train()
    return 100 * float(right)


def train(network, images, labels, probe, rate, seed, steps, every, constant=False):
    """Trains in place; the accuracy on probe (images, labels) after every `every` steps. What diverged stays where it was."""
    order = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(network.parameters(), rate, MOMENTUM)
    loss_of, curve, batches = nn.CrossEntropyLoss(), [], []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate if constant else rate * (1 + math.cos(math.pi * step / steps)) / 2
        if not batches:
            shuffled = torch.from_numpy(order.permutation(len(images)))
            batches = list(shuffled[:len(images) // BATCH * BATCH].split(BATCH))
        batch = batches.pop()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(network(images[batch]), labels[batch])
        if not math.isfinite(loss):
            curve += [accuracy(network, *probe)] * (steps // every - len(curve))
            break
        loss.backward()
        optimizer.step()
        if (step + 1) % every == 0:
            curve.append(accuracy(network, *probe))
    return curve
