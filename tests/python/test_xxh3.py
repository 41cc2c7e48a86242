# SPDX-License-Identifier: LGPL-2.1-or-later
"""XXH3 with 128 bits in numpy against the module xxhash: every length where the algorithm takes another way, in one piece and in
pieces of any size."""
import random

import numpy as np
import pytest

from pixelnorm import xxh3
from reports import want

xxhash = want("xxhash")
SEED = 20261127
LENGTHS = [*range(0, 300), *range(1000, 1100), *range(2040, 2060), 4096, 65_537, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, (1 << 18) + 1024,
           1_234_567]


def bytes_of(length, kind):
    return {"random": random.Random(SEED + length).randbytes(length), "zero": bytes(length), "one": b"\xff" * length}[kind]


@pytest.mark.parametrize("kind", ["random", "zero", "one"])
def test_every_length(kind):
    data = {length: bytes_of(length, kind) for length in LENGTHS}
    assert [n for n, d in data.items() if xxh3.Xxh3(d).hexdigest() != xxhash.xxh3_128(d).hexdigest()] == []


def test_in_pieces():
    """As update() gets them, arrays among them; hexdigest() in between changes nothing."""
    chance = random.Random(SEED)
    for longest in [1, 7, 64, 1023, 1024, 1025, 5000, 600_000]:
        found, expected = xxh3.Xxh3(), xxhash.xxh3_128()
        for _ in range(30):
            piece = np.frombuffer(chance.randbytes(8 * chance.randint(0, longest)), "<u8")
            found.update(piece)
            expected.update(piece)
            assert found.hexdigest() == expected.hexdigest(), (SEED, longest)


def test_the_module_is_used_where_it_is(monkeypatch):
    assert isinstance(xxh3.best(), type(xxhash.xxh3_128()))
    monkeypatch.setitem(__import__("sys").modules, "xxhash", None)
    assert isinstance(xxh3.best(), xxh3.Xxh3)
