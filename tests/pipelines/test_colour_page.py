# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/colour.md: its lines run, its sentence is the one that is posted, and stills are as Pillow decodes them."""
import re

import numpy as np
import pytest
from PIL import Image

from pipeline_help import SEED, SOURCE, launch, make, read_profile, run

PAGE = (SOURCE / "docs" / "colour.md").read_text()
LINES = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)
         for line in block.replace("\\\n", " ").splitlines()]
CAMERA = "videotestsrc num-buffers=5 ! video/x-raw,format=YUY2,width=1280,height=720,colorimetry=bt709"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The directory in which every line was run, in order; a camera is a test pattern there, as YUY2."""
    directory = tmp_path_factory.mktemp("colour")
    make("-q videotestsrc num-buffers=5 ! video/x-raw,format=I420,width=1280,height=720 ! x264enc ! mp4mux ! "
         "filesink location=street.mp4", directory)
    for line in LINES:
        grey = "foreground-color=0xff727272"
        line = line.replace("v4l2src", CAMERA).replace(grey, f"{grey} num-buffers=5")
        done = run(["bash", "-c", line], directory)
        assert done.returncode == 0 and "WARNING" not in done.stderr, f"{line}\n{done.stdout}{done.stderr}"
    return directory


def test_lines(folder):
    assert len(LINES) == 4
    metadata, arrays = read_profile(folder / "letterbox.safetensors")
    assert (metadata["channels"], metadata["width"], metadata["height"]) == ("RGB", "640", "640")
    counted = arrays["count"][..., 0] > 0
    assert counted[140:500].all() and not counted[:140].any() and not counted[500:].any()


def test_what_info_says(folder):
    done = run(["pixelprofile", "info", "letterbox.safetensors"], folder)
    said = re.search(r"^ *converted from +(.*)$", done.stdout, re.M)[1]
    assert said == "Y'CbCr 4:2:0, bt709, limited range, chroma nearest"
    assert f"    converted from  {said.replace('bt709', 'bt601')}\n" in PAGE


def test_sentence(tmp_path):
    """Said once, in these words."""
    (tmp_path / "in.nv12").write_bytes(bytes(224 * 224 * 3 // 2))
    done = launch("filesrc location=in.nv12 blocksize=75264 ! video/x-raw,format=NV12,width=224,height=224,framerate=30/1 ! "
                  "pixelnorm method=fixed ! fakesink", tmp_path)
    sentence = re.search(r"WARNING: .*?: (The caps .*)", done.stderr + done.stdout)[1]
    assert sentence in " ".join(PAGE.split())


@pytest.mark.parametrize("width, height", [(320, 240), (317, 239)])
def test_stills_are_those_of_pillow(width, height, tmp_path):
    """4:2:0: 99.9 % equal, none off by more than 1."""
    small = np.random.default_rng(SEED).integers(0, 256, (15, 20, 3), np.uint8)
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(tmp_path / "a.jpg", quality=95, subsampling="4:2:0")
    make("-q filesrc location=a.jpg ! jpegparse ! jpegdec idct-method=islow ! pixelnorm method=fixed mean=<0> std=<1> ! "
         "other/tensors,types=float32 ! filesink location=a.f32", tmp_path)
    with Image.open(tmp_path / "a.jpg") as picture:
        pillow = np.asarray(picture).astype(int)
    found = np.fromfile(tmp_path / "a.f32", "<f4").reshape(height, width, 3)
    assert (found == pillow).mean() >= .999 and np.abs(found - pillow).max() <= 1
