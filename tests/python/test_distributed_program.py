# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm.distributed beside the program pixelprofile."""
import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from pixelnorm import Profile
from pixelnorm.distributed import collect
from reports import want

Image = want("PIL.Image")


def mixed(folder):
    """Pictures of many forms, with loss, palettes, grey, alpha, CMYK and tags that turn them."""
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype="u1"))
    tag = Image.Exif()
    tag[0x112] = 6
    clear = picture.convert("RGBA")
    clear.putalpha(picture.convert("L"))
    for name, image, given in [
            ("a.png", picture, {}), ("b.jpg", picture, {}), ("c.png", picture.convert("L"), {}), ("d.png", clear, {}),
            ("e.jpg", picture.convert("L"), {}), ("f.jpg", picture.convert("CMYK"), {}), ("g.webp", picture, {}),
            ("h.png", picture.quantize(50), {}), ("i.jpg", picture, {"subsampling": 0, "progressive": True}),
            ("j.jpg", picture, {"exif": tag}), ("k.png", picture, {"exif": tag}), ("l.webp", picture, {"exif": tag}),
            ("m.png", picture.convert("1"), {}), ("n.ppm", picture, {}), ("o.png", picture.convert("LA"), {})]:
        image.save(folder / name, **given)


@pytest.mark.parametrize("ours, theirs", [
    ({}, []), ({"scope": "channel", "histogram": True}, ["--scope=channel", "--histogram"]), ({"orient": "off"}, ["--orient=off"]),
    ({"size": (33, 21)}, ["--size=33x21"]), ({"size": (20, 70), "scaling": "area"}, ["--size=20x70", "--scaling=area"]),
    ({"size": (60, 10), "scaling": "nearest"}, ["--size=60x10", "--scaling=nearest"]),
    ({"scope": "channel", "channels": "Y"}, ["--scope=channel", "--format=GRAY8"])])
def test_the_profile_of_pixelprofile_collect(ours, theirs, tmp_path):
    """Byte for byte, but for the time and names of files, of which fewer count where they are turned and of one size."""
    pytest.importorskip("gi")
    import cli_help
    folder = tmp_path / "mixed"
    folder.mkdir()
    mixed(folder)
    done = cli_help.pixelprofile("collect", *theirs, tmp_path / "p", folder)
    assert done.returncode in (0, 3), done.stderr
    expected = Profile.load(tmp_path / "p")
    result = collect(folder, shard_size=5, **ours)
    assert result.frames == expected.frames == (12 if ours == {} else 15)
    words = {key: expected.metadata[key] for key in ("created", "software", "sources")}
    words.update({key: expected.metadata[key] for key in ("conversions",) if key in expected.metadata})
    found = Profile({**result.profile.metadata, **words}, result.profile.arrays)
    assert found.to_bytes() == (tmp_path / "p").read_bytes()
