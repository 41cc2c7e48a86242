# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile collect --size: the pixels of Pillow's resize, and at 16 bits those of exact arithmetic."""
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from cli_help import ONE_FRAME, Pixelnorm, load, pixelprofile

SCALINGS = {"bilinear": Image.BILINEAR, "area": Image.BOX, "nearest": Image.NEAREST}


def scaled(folder, picture, width, height, scaling, *options):
    picture.save(folder / "in.png")
    done = pixelprofile("collect", "--force", f"--size={width}x{height}", f"--scaling={scaling}", *options, folder / "out",
                        folder / "in.png")
    assert (done.returncode, done.stderr) == (0, ONE_FRAME)
    profile = load(folder / "out")
    mean = np.frombuffer(profile.get_image(Pixelnorm.Image.MEAN).get_data())
    return mean.reshape(profile.get_height(), profile.get_width(), -1)


def resized(picture, size, scaling):
    """The width, then the height: asked for both at once, Pillow from 12.2 on may begin with the height, which rounds otherwise."""
    return np.asarray(picture.resize((size[0], picture.height), SCALINGS[scaling]).resize(size, SCALINGS[scaling]))


def sizes(seed):
    """(width, height, to width, to height): up, down, one side only, a single pixel."""
    random = np.random.default_rng(seed)
    for i in range(12):
        width, height, to_width, to_height = map(int, random.integers(1, 80, 4))
        yield [1, width, 700][i % 3], height, width if i % 5 == 0 else to_width, height if i % 4 == 0 else to_height
    yield from [(3000, 2, 1, 2), (2, 3000, 3, 1), (1, 1, 9, 7), (9, 7, 1, 1)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_pixels_of_pillow(scaling, channels, tmp_path):
    """Noise, whose extremes would show what is clipped or rounded otherwise."""
    random = np.random.default_rng(channels)
    for width, height, to_width, to_height in sizes(channels):
        values = random.choice([0, 255, 1, 254, 128], (height, width, channels)).astype(np.uint8)
        picture = Image.fromarray(values.squeeze(2) if channels == 1 else values)
        expected = resized(picture, (to_width, to_height), scaling).reshape(to_height, to_width, channels)
        found = scaled(tmp_path, picture, to_width, to_height, scaling, f"--format={'GRAY8' if channels == 1 else 'RGB'}")
        np.testing.assert_array_equal(found, expected, err_msg=f"{width}x{height} to {to_width}x{to_height}")


def weights(size, to, scaling):
    """A row of exact weights for each output pixel: area and triangle as Pillow documents them, over what becomes one pixel."""
    scale, rows = Fraction(size, to), []
    wide = max(scale, Fraction(1))
    for x in range(to):
        places = [(i + Fraction(1, 2) - (x + Fraction(1, 2)) * scale) / wide for i in range(size)]
        if scaling == "bilinear":
            row = [max(Fraction(0), 1 - abs(place)) for place in places]
        else:
            row = [Fraction(-1, 2) < place <= Fraction(1, 2) for place in places]
        rows.append([Fraction(weight) / sum(row) for weight in row])
    return np.array(rows, dtype=object)


@pytest.mark.parametrize("scaling", ["bilinear", "area"])
def test_16_bits(scaling, tmp_path):
    """Each pass is rounded to a code value, so the second is compared on what the first gave."""
    random = np.random.default_rng(16)
    for width, height, to_width, to_height in [(23, 17, 9, 17), (17, 23, 17, 31), (40, 5, 64, 5), (6, 50, 6, 7)]:
        values = random.integers(0, 65536, (height, width)).astype(np.uint16)
        found = scaled(tmp_path, Image.fromarray(values), to_width, to_height, scaling, "--format=GRAY16")[..., 0]
        across, down = weights(width, to_width, scaling), weights(height, to_height, scaling)
        exact = down @ (values.astype(object) @ across.T)
        distance = np.abs(exact - found.astype(int).astype(object)).max()
        assert distance <= Fraction(1, 2) + Fraction(1, 10**6)


def test_nearest_at_16_bits(tmp_path):
    """Pillow's, too, at sizes where some centres come to a whole number and adding up rounds below it."""
    for width, height, to_width, to_height in [(28, 46, 5, 9), (64, 4, 6, 6), (7, 9, 30, 4)]:
        values = np.random.default_rng(width).integers(0, 65536, (height, width)).astype(np.uint16)
        picture = Image.fromarray(values)
        found = scaled(tmp_path, picture, to_width, to_height, "nearest", "--format=GRAY16")[..., 0]
        np.testing.assert_array_equal(found, np.asarray(picture.resize((to_width, to_height), Image.NEAREST)))


def test_a_wide_picture_in_parts_of_other_sizes(tmp_path):
    """Pictures of several sizes after each other: weights are made anew where they must be."""
    random = np.random.default_rng(9)
    total = 0
    for i, (height, width) in enumerate([(30, 50), (60, 20), (30, 50), (12, 16)]):
        values = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
        picture = Image.fromarray(values)
        (tmp_path / "in").mkdir(exist_ok=True)
        picture.save(tmp_path / "in" / f"{i}.png")
        total = total + resized(picture, (16, 12), "bilinear").astype(int)
    done = pixelprofile("collect", "--size=16x12", "--jobs=1", tmp_path / "out", tmp_path / "in")
    assert done.returncode == 0
    mean = np.frombuffer(load(tmp_path / "out").get_image(Pixelnorm.Image.MEAN).get_data())
    np.testing.assert_array_equal(mean, total.ravel() / 4)
