# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reader of files of gamma and beta: what it takes, what it says of them, and what it refuses in words."""
import json
import pathlib
import re
import struct

import numpy as np
import pytest
import xxhash

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from profile_bytes import affine_file, affine_identity  # noqa: E402
from reports import want  # noqa: E402

RANDOM = np.random.default_rng(20261126)


def parse(data):
    return Pixelnorm.LearnedAffine.parse(GLib.Bytes.new(data))


def refused(data):
    with pytest.raises(GLib.Error) as found:
        parse(data)
    assert found.value.matches(Pixelnorm.error_quark(), Pixelnorm.Error.CORRUPT), found.value.message
    assert found.value.message.endswith(".") and "\n" not in found.value.message
    assert "profile" not in found.value.message
    return found.value.message


def array(*shape, kind="<f4"):
    return RANDOM.uniform(-2, 2, shape).astype(kind)


# shapes of gamma and beta (None: missing), then width, height and channels that are said
TAKEN = [((5, 4, 3), (5, 4, 3), (4, 5, 3)), ((5, 4, 3), None, (4, 5, 3)), (None, (2, 7, 1), (7, 2, 1)),
         ((3,), (3,), (0, 0, 3)), ((1,), (1,), (0, 0, 0)), ((1,), None, (0, 0, 0)), ((5, 4, 3), (3,), (4, 5, 3)),
         ((1,), (5, 4, 3), (4, 5, 3)), ((1,), (3,), (0, 0, 3)), ((2, 7, 1), (1,), (7, 2, 1))]


@pytest.mark.parametrize("kinds", [("<f4", "<f4"), ("<f8", "<f8"), ("<f4", "<f8")], ids=str)
@pytest.mark.parametrize("gamma, beta, said", TAKEN, ids=str)
def test_taken(gamma, beta, said, kinds):
    arrays = {name: array(*shape, kind=kind) for name, shape, kind in zip(("gamma", "beta"), (gamma, beta), kinds)
              if shape}
    for metadata in [None, {"format": "pt"}]:
        found = parse(affine_file(metadata, **arrays))
        assert (found.get_width(), found.get_height(), found.get_n_channels()) == said
        assert found.get_identity() == affine_identity(**arrays)


def test_identity_is_of_the_values():
    """Not of their type; of their names and shapes, too."""
    values = array(2, 2, 3)
    one = parse(affine_file(gamma=values)).get_identity()
    assert parse(affine_file({"by": "x"}, gamma=values.astype("<f8"))).get_identity() == one
    others = [affine_file(beta=values), affine_file(gamma=values[::-1].copy()), affine_file(gamma=values.reshape(1, 4, 3)),
              affine_file(gamma=values, beta=np.zeros(1, "<f4"))]
    assert one not in {parse(other).get_identity() for other in others}


def with_item(value, kind):
    values = array(3, 2, 3, kind=kind)
    values[2, 0, 1] = value
    return affine_file(beta=values)


REFUSED = {
    "f16": (affine_file(gamma=array(3, kind="<f2")), '"dtype" is "F16", expected F32 or F64'),
    "u8": (affine_file(gamma=np.ones(3, "|u1")), '"dtype" is "U8", expected F32 or F64'),
    "none": (affine_file(), "found neither"),
    "unknown": (affine_file(gamma=array(3), weight=array(3)), 'Array "weight": expected only gamma and beta'),
    "capital": (affine_file(Gamma=array(3)), 'Array "Gamma"'),
    "scalar": (affine_file(gamma=array()), "its shape is [], expected [height, width, channels], [channels] or [1]"),
    "two-channels": (affine_file(gamma=array(2)), "its shape is [2]"),
    "empty": (affine_file(gamma=array(0)), "its shape is [0]"),
    "no-rows": (affine_file(gamma=array(0, 5, 3)), "its shape is [0, 5, 3]"),
    "no-columns": (affine_file(gamma=array(5, 0, 3)), "its shape is [5, 0, 3]"),
    "two-dimensions": (affine_file(gamma=array(5, 3)), "its shape is [5, 3]"),
    "planes": (affine_file(gamma=array(3, 5, 7)), "permute(1, 2, 0)"),
    "batch": (affine_file(gamma=array(1, 3, 5, 7)), "its shape is [1, 3, 5, 7]"),
    "five-dimensions": (affine_file(gamma=array(1, 1, 3, 5, 7)), "5 dimensions"),
    "four-channels": (affine_file(gamma=array(5, 7, 4)), "its shape is [5, 7, 4]"),
    "sizes": (affine_file(gamma=array(5, 7, 3), beta=array(7, 5, 3)), "has the shape [5, 7, 3] and \"beta\" [7, 5, 3]"),
    "channels": (affine_file(gamma=array(5, 7, 1), beta=array(5, 7, 3)), "not frames of the same size and channels"),
    "channels-of-all": (affine_file(gamma=array(5, 7, 1), beta=array(3)), "not frames of the same size and channels"),
    "cut": (affine_file(gamma=array(5, 7, 3))[:-1], "data_offsets"),
    "longer": (affine_file(gamma=array(5, 7, 3)) + b"\0", "of which the tensors cover 420"),
    "nothing": (b"", "This is not a file of gamma and beta."),
    "text": (b"gamma = 1, beta = 0, and so on", "This is not a file of gamma and beta."),
    "not-json": (struct.pack("<Q", 4) + b"{\"a\"", "not JSON"),
    "twice": (struct.pack("<Q", 30) + b'{"gamma":1,"gamma":1}         ', "duplicate"),
    "metadata": (affine_file([1], gamma=array(3)), "not a JSON object"),
}
REFUSED.update({f"{value}-{kind}": (with_item(value, kind), f'Array "beta": item 13 is {value:g}, expected a number')
                for value in (np.nan, np.inf, -np.inf, 1.5e6, -2e6) for kind in ("<f4", "<f8")})


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    data, words = REFUSED[name]
    assert words in refused(data)


def test_largest_values():
    assert parse(affine_file(gamma=np.array([1e6, -1e6, 0], "<f8")))


def test_files(tmp_path):
    def load(path, code, words):
        with pytest.raises(GLib.Error) as found:
            Pixelnorm.LearnedAffine.load(str(path))
        assert found.value.matches(Pixelnorm.error_quark(), code), found.value.message
        assert str(path) in found.value.message and words in found.value.message

    path = tmp_path / "affine.safetensors"
    load(path, Pixelnorm.Error.OPEN, "cannot be opened")
    load(tmp_path, Pixelnorm.Error.OPEN, "found a directory")
    path.write_bytes(affine_file(gamma=array(3, 5, 7)))
    load(path, Pixelnorm.Error.CORRUPT, "[3, 5, 7]")
    gamma = array(5, 7, 3)
    path.write_bytes(affine_file(gamma=gamma))
    assert Pixelnorm.LearnedAffine.load(str(path)).get_identity() == affine_identity(gamma=gamma)


def test_profile_is_no_affine(tmp_path):
    """Its arrays are integers; and an affine is no profile."""
    layout = Pixelnorm.Layout.new("RGB", 2, 2)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.PIXEL, layout)
    accumulator.add_data(layout, bytes(12))
    path = tmp_path / "p.safetensors"
    accumulator.snapshot().save(str(path))
    assert "expected F32 or F64" in refused(path.read_bytes())
    with pytest.raises(GLib.Error, match="__metadata__"):
        Pixelnorm.Profile.parse(GLib.Bytes.new(affine_file(gamma=array(3))))


def test_of_the_package(tmp_path):
    """What save_file of the package writes."""
    safetensors = want("safetensors.numpy")
    for kind in ("f4", "f8"):
        arrays = {"gamma": array(6, 5, 3, kind=kind), "beta": array(3, kind=kind)}
        path = tmp_path / f"{kind}.safetensors"
        safetensors.save_file(arrays, str(path), {"made": "by training"})
        assert Pixelnorm.LearnedAffine.load(str(path)).get_identity() == affine_identity(**arrays)
        header = path.read_bytes()[8:]
        assert json.loads(header[:int.from_bytes(path.read_bytes()[:8], "little")])["gamma"]["shape"] == [6, 5, 3]


def test_page_has_the_same_identity():
    """The code of docs/format.md."""
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "format.md").read_text()
    (block,) = [block for block in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S) if "affine_identity" in block]
    names = {"xxhash": xxhash}
    exec(block, names)
    arrays = {"gamma": array(4, 2, 3), "beta": array(1, kind="<f8")}
    assert names["affine_identity"](arrays) == parse(affine_file(**arrays)).get_identity()
