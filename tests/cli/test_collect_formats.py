# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile collect: a still picture of any kind counts as Pillow reads it, and of 16 bits as it was written. The mean of a
profile of one picture is the picture, exactly.
"""
import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

import picture_bytes
import pixelnorm.distributed
from cli_help import ONE_FRAME, Pixelnorm, load, pixelprofile, save_profile
from picture_bytes import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, chunk, exif, jpeg, png, segment

pytestmark = pytest.mark.skipif("--orient" not in pixelprofile("collect", "--help").stdout,
                                reason="this pixelprofile collect has no option --orient")
WIDTH, HEIGHT = 37, 22
FORMATS = {"RGB": (3, np.uint8), "GRAY8": (1, np.uint8), "RGB48": (3, np.uint16), "GRAY16": (1, np.uint16)}


def random(seed, *shape, top=256, kind=np.uint8):
    return np.random.default_rng(seed).integers(0, top, shape).astype(kind)


def smooth(seed, channels, width=WIDTH, height=HEIGHT):
    """Waves of several lengths, so that a JPEG file of it has coefficients of all kinds."""
    y, x, c = np.mgrid[:height, :width, :channels] + seed
    waves = np.sin(x / 3 + c) * np.cos(y / 5 - c) * 80 + np.sin(x * y / 40 + seed) * 40
    return np.clip(128 + waves + random(seed, height, width, channels) / 16, 0, 255).astype(np.uint8)


def image(samples, mode=None):
    return Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples, mode)


def saved(picture, kind, **words):
    stream = io.BytesIO()
    picture.save(stream, kind, **words)
    return stream.getvalue()


def pillow(content, upright=False):
    """What Pillow reads: grey stays grey."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        grey = picture.mode in ("1", "L", "LA")
        pixels = np.asarray((ImageOps.exif_transpose(picture) if upright else picture).convert("RGB"))
    return pixels[..., :1] if grey else pixels


def jpegs():
    """JPEG CASES: what Pillow writes, and what it does not."""
    grey, color, ink = (smooth(3, channels) for channels in (1, 3, 4))
    cmyk = saved(image(ink, "CMYK"), "JPEG", quality=90)
    ycck = bytearray(cmyk)
    ycck[ycck.index(b"Adobe\0") + 11] = 2
    cases = {"grey": saved(image(grey), "JPEG"), "cmyk": cmyk, "ycck": bytes(ycck),
             "rgb": jpeg(WIDTH, HEIGHT, [(1, 1)] * 3, adobe=0), "cmyk-plain": jpeg(WIDTH, HEIGHT, [(1, 1)] * 4),
             "tail": saved(image(color), "JPEG") + b"and more\xff\xd8\xff\xd9"}
    for subsampling, quality, progressive in itertools.product(("4:4:4", "4:2:2", "4:2:0"), (10, 75, 100), (False, True)):
        cases[f"{subsampling}-{quality}-{progressive}"] = saved(image(color), "JPEG", subsampling=subsampling, quality=quality,
                                                                progressive=progressive)
    for across, down, progressive in itertools.product((1, 2, 4), (1, 2), (False, True)):
        cases[f"sampled-{across}x{down}-{progressive}"] = jpeg(WIDTH, HEIGHT, [(across, down), (1, 1), (1, 1)], progressive)
    return cases


def pngs():
    """PNG CASES: file, samples. None has what libpng or Pillow may do to them: gamma, alpha, a colour that is transparent."""
    palette = random(9, 256, 3)
    kinds = {"grey": (GREY, 1, (1, 2, 4, 8, 16)), "rgb": (RGB, 3, (8, 16)), "palette": (PALETTE, 1, (1, 2, 4, 8)),
             "grey-alpha": (GREY_ALPHA, 2, (8, 16)), "rgba": (RGBA, 4, (8, 16))}
    hidden = {GREY: b"\0\0", RGB: b"\0" * 6, PALETTE: b"\0\xff"}
    for (name, (kind, channels, depths)), interlaced in itertools.product(kinds.items(), (False, True)):
        for depth in depths:
            samples = random(depth, HEIGHT, WIDTH, channels, top=2 ** depth, kind=np.uint16)
            before = [chunk(b"tRNS", hidden[kind])] if kind in hidden else []
            file = png(samples, depth, kind, interlaced, palette[:2 ** depth] if kind == PALETTE else None, before)
            expected = samples[..., :3 if kind in (RGB, RGBA) else 1]
            if kind == PALETTE:
                expected = palette[samples[..., 0]]
            elif depth <= 8:
                expected = (expected * (255 // (2 ** depth - 1))).astype(np.uint8)
            yield f"{name}{depth}-{interlaced}", (file, expected)


PNGS = dict(pngs())
JPEGS = jpegs()


def in_format(samples, name):
    """Pillow's grey, made with the deeper samples; 16 bits are 8 times 257, and back the nearest."""
    channels, kind = FORMATS[name]
    values = samples.astype(np.int64)
    deep, deeper = samples.dtype == np.uint16, kind == np.uint16
    if deeper and not deep:
        values = values * 257
    if samples.shape[2] > channels:
        values = (values @ np.array([19595, 38470, 7471]) + 32768 >> 16)[..., None]
    if deep and not deeper:
        values = (values * 255 + 32767) // 65535
    return np.broadcast_to(values, (*values.shape[:2], channels)).astype(kind)


REDUCED = ("pixelprofile collect: Warning: frames of 16 bits that were reduced to 8: 1. --format=auto, RGB48 or GRAY16 keeps "
           "them.\n")


def collected(folder, content, *options):
    """The picture, from the profile of a file."""
    file, out = folder / "picture", folder / "out"
    file.write_bytes(content)
    done = pixelprofile("collect", "--force", *options, out, file)
    profile = load(out)
    # the ninth byte of IHDR
    is_reduced = content.startswith(b"\x89PNG") and content[24] == 16 and profile.get_depth() == 8
    assert (done.returncode, done.stderr) == (0, (REDUCED if is_reduced else "") + ONE_FRAME), done.stderr
    assert profile.get_frames() == 1
    means = np.frombuffer(profile.get_image(Pixelnorm.Image.MEAN).get_data())
    return means.reshape(profile.get_height(), profile.get_width(), -1), profile.get_depth()


def expect(folder, content, samples, *options):
    found, depth = collected(folder, content, *options)
    assert depth == samples.itemsize * 8
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize("name", JPEGS)
def test_jpeg(name, tmp_path):
    expect(tmp_path, JPEGS[name], pillow(JPEGS[name]), "--format=auto")


@pytest.mark.parametrize("name", PNGS)
def test_png(name, tmp_path):
    content, samples = PNGS[name]
    if samples.dtype == np.uint8:
        np.testing.assert_array_equal(samples, pillow(content) if samples.shape[2] == 3 else pillow(content)[..., :1])
    expect(tmp_path, content, samples, "--format=auto")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", FORMATS)
def test_formats(kind, name, tmp_path):
    channels, dtype = FORMATS[kind]
    depth = np.dtype(dtype).itemsize * 8
    samples = random(5, HEIGHT, WIDTH, channels, top=2 ** depth, kind=dtype)
    expect(tmp_path, png(samples, depth, RGB if channels == 3 else GREY), in_format(samples, name), f"--format={name}")


def test_grey_is_pillows(tmp_path):
    color = random(6, HEIGHT, WIDTH, 3)
    grey = np.asarray(image(color).convert("L"))[..., None]
    np.testing.assert_array_equal(in_format(color, "GRAY8"), grey)
    expect(tmp_path, saved(image(color), "PNG"), grey, "--format=GRAY8")


def test_every_sample_of_16_bits(tmp_path):
    samples = np.arange(65536).reshape(256, 256, 1).astype(np.uint16)
    content = png(samples, 16, GREY)
    expect(tmp_path, content, samples, "--format=auto")
    expect(tmp_path, content, np.floor(samples / 257 + .5).astype(np.uint8), "--format=GRAY8")


def with_orientation(kind, orientation, header=True):
    """A file of this kind, of grey or RGB, of 8 or 16 bits."""
    block = exif(orientation, "<>"[orientation % 2], header)
    if kind == "jpeg":
        return saved(image(smooth(1, 3)), "JPEG", exif=block)
    samples, depth, color = {"png8": (smooth(1, 3), 8, RGB), "png-grey": (smooth(1, 1), 8, GREY),
                             "png16": (random(2, HEIGHT, WIDTH, 3, top=65536, kind=np.uint16), 16, RGB)}[kind]
    return png(samples, depth, color, before=[chunk(b"eXIf", block)])


def turned(samples, orientation):
    """As PIL.ImageOps.exif_transpose(), which knows no 16 bits."""
    ways = {1: samples, 2: samples[:, ::-1], 3: samples[::-1, ::-1], 4: samples[::-1], 5: samples.swapaxes(0, 1),
            6: samples[::-1].swapaxes(0, 1), 7: samples[::-1, ::-1].swapaxes(0, 1), 8: samples[:, ::-1].swapaxes(0, 1)}
    return ways[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png8", "png-grey", "png16"])
def test_orientation(kind, orientation, tmp_path):
    content = with_orientation(kind, orientation, kind in ("jpeg", "png16"))
    if kind == "png16":
        stored = random(2, HEIGHT, WIDTH, 3, top=65536, kind=np.uint16)
    else:
        stored = pillow(content)
        np.testing.assert_array_equal(turned(stored, orientation), pillow(content, upright=True))
    expect(tmp_path, content, turned(stored, orientation), "--format=auto", "--orient=auto")
    expect(tmp_path, content, stored, "--format=auto", "--orient=off")


@pytest.mark.parametrize("block", [b"", b"\0", b"Exif\0\0", exif(0), exif(9), exif(6)[:-8], exif(6)[:20], b"Exif\0\0MM\0*" + b"\xff" * 9])
def test_damaged_exif_turns_nothing(block, tmp_path):
    content = png(smooth(1, 3), 8, RGB, before=[chunk(b"eXIf", block)])
    expect(tmp_path, content, smooth(1, 3), "--orient=auto")


def test_many_kinds_are_one_profile(tmp_path):
    """Files of all kinds that have 8 bits, in one profile: that of Pillow's pixels."""
    files = {**JPEGS, **{name: content for name, (content, samples) in PNGS.items() if samples.itemsize == 1}}
    folder = tmp_path / "files"
    folder.mkdir()
    for i, content in enumerate(files.values()):
        (folder / f"{i}.picture").write_bytes(content)
    frames = np.stack([np.broadcast_to(pillow(content), (HEIGHT, WIDTH, 3)) for content in files.values()])
    out = tmp_path / "out"
    done = pixelprofile("collect", out, *folder.iterdir())
    assert (done.returncode, done.stderr) == (0, "")
    expected = load(save_profile(tmp_path / "expected", frames))
    assert load(out).get_frames() == len(frames)
    for what in (Pixelnorm.Image.MEAN, Pixelnorm.Image.STD):
        assert load(out).get_image(what).get_data() == expected.get_image(what).get_data()


def bad_jpegs():
    whole = jpeg(WIDTH, HEIGHT, [(2, 2), (1, 1), (1, 1)])
    frame = whole.index(b"\xff\xc0")
    cases = {"cut": (whole[:-9], "Premature end of JPEG file"), "no-end": (whole[:-2], "Premature end of JPEG file"),
             "lossless": (whole.replace(b"\xff\xc0", b"\xff\xc3"), "libjpeg"),
             "12-bits": (whole[:frame + 4] + b"\x0c" + whole[frame + 5:], "precision 12"),
             "codes": (whole[:-20] + b"\xff\0" * 4 + whole[-12:], "Corrupt JPEG data"),
             "scans": (jpeg(9, 9, [(1, 1)], progressive=True, scans=500), "more than 500 scans"),
             "two-channels": (jpeg(9, 9, [(1, 1)] * 2), "It has 2 channels")}
    return cases


def bad_pngs():
    samples = random(1, HEIGHT, WIDTH, 3)
    whole = png(samples, 8, RGB)
    wrong = bytearray(whole)
    wrong[60] ^= 1
    animation = chunk(b"acTL", struct.pack(">II", 2, 0))
    return {"cut": (whole[:len(whole) // 2], "It was cut short"), "no-end": (whole[:-12], "It was cut short"),
            "data": (bytes(wrong), "libpng cannot decode it: IDAT"),
            "text": (png(samples, 8, RGB, before=[chunk(b"tEXt", b"a\0b")[:-1] + b"?"]), "tEXt: CRC error"),
            "sum": (png(samples, 8, RGB, compress=lambda rows: zlib.compress(rows)[:-1] + b"?"), "incorrect data check"),
            "few": (png(samples, 8, RGB, compress=lambda rows: zlib.compress(rows[:-1])), "Not enough image data"),
            "palette": (png(samples[..., :1], 8, PALETTE, palette=samples[0, :5]), "palette"),
            "animation": (png(samples, 8, RGB, before=[animation]), "an animation of 2 frames")}


@pytest.mark.parametrize("name, content, words", [(f"{kind}-{name}", *case) for kind, cases in
                                                  (("jpeg", bad_jpegs()), ("png", bad_pngs())) for name, case in cases.items()])
def test_refused_in_words(name, content, words, tmp_path):
    """Beside a good one, which counts."""
    (tmp_path / "bad").write_bytes(content)
    (tmp_path / "good").write_bytes(PNGS["rgb8-False"][0])
    done = pixelprofile("collect", tmp_path / "out", tmp_path / "bad", tmp_path / "good")
    assert done.returncode == 3 and words in done.stderr and '/bad" is left out: ' in done.stderr
    assert load(tmp_path / "out").get_frames() == 1


def test_harmless_oddities_are_passed(tmp_path):
    """Bytes before a marker; more pixels than there should be; text and profiles that unpack to 50 MB, which nobody unpacks."""
    whole = jpeg(WIDTH, HEIGHT, [(1, 1)] * 3, segments=segment(0xe1, b"Exif\0\0"))
    expect(tmp_path, whole[:-2] + b"\0\0\xff\xd9", pillow(whole))
    samples = random(1, HEIGHT, WIDTH, 3)
    expect(tmp_path, png(samples, 8, RGB, compress=lambda rows: zlib.compress(rows + b"more")), samples)
    large = zlib.compress(bytes(50_000_000))
    chunks = [chunk(b"iCCP", b"a\0\0" + large), chunk(b"zTXt", b"a\0\0" + large), chunk(b"gAMA", struct.pack(">I", 1))]
    expect(tmp_path, png(samples, 8, RGB, before=chunks, compress=picture_bytes.stored), samples)


@pytest.mark.parametrize("kind", ["bmp", "tiff"])
def test_what_gstreamer_may_not_read(kind, tmp_path):
    """Its decoders of these fail in 1.22: then it is said who reads them, and the package does. Else the numbers are right."""
    samples = random(1, HEIGHT, WIDTH, 3)
    (tmp_path / f"a.{kind}").write_bytes(saved(image(samples), kind))
    done = pixelprofile("collect", tmp_path / "out", tmp_path / f"a.{kind}")
    if done.returncode != 0:
        assert done.returncode == 1 and '"python3 -m pixelnorm collect" reads it.' in done.stderr
        package = pixelnorm.distributed.collect(tmp_path / f"a.{kind}")
        assert package.left_out == []
        package.profile.save(tmp_path / "out")
    means = np.frombuffer(load(tmp_path / "out").get_image(Pixelnorm.Image.MEAN).get_data())
    np.testing.assert_array_equal(means.reshape(samples.shape), samples)
