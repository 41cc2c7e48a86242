# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames as cameras and decoders give them, straight into pixelstats and pixelnorm: statistics and results are those of the
R'G'B' that they stand for, sample by sample, in numpy."""
import ctypes
import io
import re
import time

import numpy as np
import pytest
from PIL import Image

import colour_formats as colours
import pixel_reference as reference
from colour_formats import COLORIMETRIES, FORMATS, TILED, UNPACKED, WORDS, caps_of, info_of, random_frames, rgb_of
from pixel_streams import TEMPLATE, Gst, GstVideo, Refused, buffers_of, bytes_of, run
from reports import tell

N = 3
SIZES = [(1, 1), (7, 5), (262, 3), (771, 2)]  # tiles have 256 pixels of three channels, 768 of one
YCBCR = [name for name in TEMPLATE if name in FORMATS]
walked = {"formats": set(), "samples": 0}


def collect(path, caps, data, more=""):
    run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} channels=auto {more} ! fakesink sync=false",
        [(caps, buffers_of(data))])
    return reference.read_profile(path)


def tensors(caps, data, more="", kind="types=float32"):
    out = run(f"appsrc name=in format=time ! pixelnorm method=fixed mean=<0> std=<1> channels=auto {more} ! other/tensors,{kind} ! "
              "appsink name=out sync=false wait-on-eos=false", [(caps, buffers_of(data))])
    return out[0].get_caps().to_string(), b"".join(bytes_of(out))


def check(name, caps, data, samples, depth, tmp_path, more=""):
    """Statistics of every sample, and y = x in both layouts."""
    n, height, width, channels = samples.shape
    metadata, arrays = collect(tmp_path / "p.safetensors", caps, data, more)
    assert (metadata["channels"], metadata["depth"], metadata["range"]) == ("RGB" if channels == 3 else "Y", str(depth), "full")
    values = samples.astype(object)
    for key, expected in [("sum", values.sum(0)), ("sum_squares", (values * values).sum(0)), ("min", values.min(0)),
                          ("max", values.max(0))]:
        assert (arrays[key].reshape(expected.shape).astype(object) == expected).all(), (name, key, caps.to_string())
    for layout in ["nhwc", "nchw"]:
        said, out = tensors(caps, data, f"layout={layout} {more}")
        found = np.frombuffer(out, "<f4").reshape((n, height, width, channels) if layout == "nhwc" else (n, channels, height, width))
        found = found if layout == "nhwc" else found.transpose(0, 2, 3, 1)
        assert (found == samples).all(), (name, layout)
    walked["formats"].add(name)
    walked["samples"] += samples.size


@pytest.mark.parametrize("name", YCBCR)
def test_ycbcr(name, tmp_path):
    """Of every depth, sharing of chroma and place in memory; each with matrices and ranges in turn."""
    for i, (width, height) in enumerate(SIZES):
        if colours.has_short_rows(name, width):
            continue
        for colorimetry in list(COLORIMETRIES)[(i + YCBCR.index(name)) % 3::3]:
            data = random_frames(name, width, height, N)
            check(name, caps_of(name, width, height, colorimetry), data, *rgb_of(name, data, width, height, colorimetry), tmp_path)


@pytest.mark.parametrize("site", ["jpeg", "mpeg2", "cosited", "v-cosited"])
@pytest.mark.parametrize("name", ["I420", "NV12", "Y42B", "YUY2", "UYVY", "P010_10LE", "Y210", "v210", "NV12_10LE40", "UYVP"])
def test_linear(name, site, tmp_path):
    for width, height in [(7, 5), (262, 4)]:
        data = random_frames(name, width, height, N)
        check(name, caps_of(name, width, height, "bt709", site), data,
              *rgb_of(name, data, width, height, "bt709", "linear", site), tmp_path, "chroma=linear")


@pytest.mark.parametrize("name", [name for name in TEMPLATE if name in TILED])
def test_tiles(name, tmp_path):
    for width, height in [(64, 34), (70, 130)]:
        if name.startswith("MT") and width % 16:  # GStreamer 1.26 takes the last columns from elsewhere
            continue
        tiles, rows = colours.tiled_frames(name, width, height, N)
        check(name, caps_of(name, width, height, "bt709"), tiles, *rgb_of(TILED[name], rows, width, height, "bt709"), tmp_path)


@pytest.mark.parametrize("name", [name for name in TEMPLATE if name in WORDS])
def test_words(name, tmp_path):
    for width, height in SIZES:
        data = random_frames(name, width, height, N)
        check(name, caps_of(name, width, height), data, *colours.rgb_of_words(name, data, width, height), tmp_path)


def test_palette(tmp_path):
    width, height = 9, 4
    info, data = info_of("RGB8P", width, height), random_frames("RGB8P", width, height, N)
    rgb = np.stack([one[info.offset[1]:][:1024].view("<u4")[one[:info.stride[0] * height].reshape(height, -1)[:, :width]]
                    for one in data])
    check("RGB8P", caps_of("RGB8P", width, height), data, np.stack([rgb >> place & 255 for place in (16, 8, 0)], -1), 8, tmp_path)


def test_packed_grey(tmp_path):
    width, height = 25, 4
    info, data = info_of("GRAY10_LE32", width, height), random_frames("GRAY10_LE32", width, height, N)
    words = np.stack([one.view("<u4").reshape(height, info.stride[0] // 4) for one in data])
    samples = np.stack([words >> place & 1023 for place in (0, 10, 20)], -1).reshape(N, height, -1)[:, :, :width, None]
    check("GRAY10_LE32", caps_of("GRAY10_LE32", width, height), data, samples, 10, tmp_path)


def test_every_format_is_walked():
    """And is one that GStreamer has: newer ones add some."""
    if len(walked["formats"]) > 1:  # all of this file in one process
        known = {GstVideo.VideoFormat.to_string(number) for number in GstVideo.video_formats_raw()}
        assert walked["formats"] == (set(YCBCR) | UNPACKED) & known
    tell("walked", f"test_colours: {len(walked['formats'])} formats, {walked['samples']} samples")


@pytest.mark.parametrize("kind", ["types=float16", "types=int8", "types=uint8", "types=float32"])
@pytest.mark.parametrize("settings", ["method=zscore scope=pixel", "method=min-max scope=channel layout=nchw", "channel-order=bgr",
                                      "statistics=running scope=pixel layout=nchw", "statistics=frame scope=channel",
                                      "batch-size=3 statistics=batch scope=global"])
@pytest.mark.parametrize("name", ["NV12", "YUY2", "I420_10LE"])
def test_results_are_those_of_rgb(name, settings, kind, tmp_path):
    """The same bytes, by whatever the RGB itself is normalized with; which test_numbers*.py compare with numpy."""
    width, height, path = 301, 4, tmp_path / "p.safetensors"
    data = random_frames(name, width, height, N)
    samples, depth = rgb_of(name, data, width, height, "bt601")
    rgb_name = "RGB" if depth == 8 else "GBR_10LE"
    planes = samples if depth == 8 else samples[..., [1, 2, 0]].transpose(0, 3, 1, 2).astype("<u2")
    if depth == 8:
        padded = np.zeros((N, height, info_of("RGB", width, height).stride[0]), np.uint8)
        padded[..., :3 * width] = planes.reshape(N, height, -1)
    else:
        padded = np.zeros((N, 3, height, info_of("GBR_10LE", width, height).stride[0] // 2), "<u2")
        padded[..., :width] = planes
    rgb = [np.frombuffer(one.tobytes(), np.uint8) for one in padded]
    collect(path, caps_of(name, width, height, "bt601"), data)
    given = f"location={path} " + ("method=fixed " if "method" not in settings and "statistics" not in settings else "")
    outs = []
    for caps, frames in [(caps_of(name, width, height, "bt601"), data), (caps_of(rgb_name, width, height), rgb)]:
        out = run(f"appsrc name=in format=time ! pixelnorm channels=auto {given}{settings} ! other/tensors,{kind} ! "
                  "appsink name=out sync=false wait-on-eos=false", [(caps, buffers_of(frames))])
        outs.append((out[0].get_caps().to_string(), b"".join(bytes_of(out))))
    assert outs[0] == outs[1]


@pytest.mark.parametrize("name", ["NV12", "UYVY", "P010_10LE", "v210"])
def test_video_is_rgb(name, tmp_path):
    width, height = 45, 4
    data = random_frames(name, width, height, N)
    samples, depth = rgb_of(name, data, width, height, "bt709")
    out = run("appsrc name=in format=time ! pixelnorm channels=auto method=fixed mean=<0> std=<1> range-low=0 "
              f"range-high={(1 << depth) - 1} ! video/x-raw ! appsink name=out sync=false wait-on-eos=false", [(caps_of(name, width, height, "bt709", "mpeg2"), buffers_of(data))])
    said = out[0].get_caps().to_string()
    assert "format=(string)RGB," in said and "bt709" not in said and "chroma-site" not in said
    stride = info_of("RGB", width, height).stride[0]
    found = np.stack([np.frombuffer(one, np.uint8).reshape(height, stride)[:, :3 * width] for one in bytes_of(out)])
    exact = samples / (((1 << depth) - 1) / 255)
    assert (np.abs(found.reshape(samples.shape) - exact) <= .5 + 1e-3).all()


@pytest.mark.parametrize("name", [name for name in TEMPLATE if name in WORDS])
def test_words_become_video(name):
    width, height = 45, 4
    data = random_frames(name, width, height, N)
    samples, depth = colours.rgb_of_words(name, data, width, height)
    out = run("appsrc name=in format=time ! pixelnorm channels=auto method=fixed mean=<0> std=<1> range-low=0 "
              f"range-high={(1 << depth) - 1} ! video/x-raw ! appsink name=out sync=false wait-on-eos=false",
              [(caps_of(name, width, height), buffers_of(data))])
    to = "RGB" if depth == 10 else "xRGB"
    assert f"format=(string){to}," in out[0].get_caps().to_string()
    rows = np.stack([np.frombuffer(one, np.uint8).reshape(height, -1)[:, :width * len(to)] for one in bytes_of(out)])
    found = rows.reshape(N, height, width, len(to))[..., -3:]
    assert (np.abs(found - samples / (((1 << depth) - 1) / 255)) <= .5 + 1e-3).all()


def test_packed_grey_becomes_video():
    data = random_frames("GRAY10_LE32", 24, 4, N)
    out = run("appsrc name=in format=time ! pixelnorm channels=auto method=fixed mean=<0> std=<1> range-low=0 range-high=1023 ! "
              "video/x-raw ! appsink name=out sync=false wait-on-eos=false", [(caps_of("GRAY10_LE32", 24, 4), buffers_of(data))])
    words = np.stack([one.view("<u4").reshape(4, -1)[:, :8] for one in data])
    samples = np.stack([words >> place & 1023 for place in (0, 10, 20)], -1).reshape(N, 4, 24)
    assert "format=(string)GRAY8," in out[0].get_caps().to_string()
    found = np.stack([np.frombuffer(one, np.uint8).reshape(4, 24) for one in bytes_of(out)])
    assert (np.abs(found - samples / (1023 / 255)) <= .5 + 1e-3).all()


def said_of(caps, data, element):
    """What the message of an element says."""
    pipeline = Gst.parse_launch(f"appsrc name=in format=time ! {element} ! fakesink sync=false")
    source = pipeline.get_by_name("in")
    source.set_caps(caps)
    for buffer in buffers_of(data):
        source.push_buffer(buffer)
    source.end_of_stream()
    pipeline.set_state(Gst.State.PLAYING)
    texts, warnings = [], []
    while message := pipeline.get_bus().timed_pop_filtered(
            10 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT | Gst.MessageType.WARNING):
        assert message.type != Gst.MessageType.ERROR, message.parse_error()
        if message.type == Gst.MessageType.ELEMENT:
            texts.append(message.get_structure().to_string())
        elif message.type == Gst.MessageType.WARNING:
            warnings.append(message.parse_warning()[0].message)
        else:
            break
    pipeline.set_state(Gst.State.NULL)
    return texts[-1], warnings


@pytest.mark.parametrize("element", ["pixelstats", "pixelnorm method=fixed"])
def test_messages(element):
    data = random_frames("NV12", 8, 6, 1)
    for more, site, channels, chroma in [("", None, "RGB", "nearest"), ("chroma=linear", "mpeg2", "RGB", "linear"),
                                         ("channels=gray", None, "Y", None), ("channels=native", None, "YUV", None)]:
        said, warnings = said_of(caps_of("NV12", 8, 6, "bt601", site), data, f"{element} {more}")
        assert f"channels=(string){channels}" in said and not warnings
        assert ("chroma=" in said) == bool(chroma) and (not chroma or f"chroma=(string){chroma}" in said)
    assert "chroma" not in said_of(caps_of("Y444", 8, 6, "bt601"), random_frames("Y444", 8, 6, 1), element)[0]


@pytest.mark.parametrize("element", ["pixelstats scope=channel", "pixelnorm method=fixed"])
def test_what_is_assumed_is_said_once(element):
    """Whatever caps come between, and of whatever size and format; again only where something else is assumed."""
    stretches = [("NV12", 6, None), ("NV12", 6, "bt601"), ("NV12", 8, None), ("I420", 6, None), ("NV12", 578, None), ("NV12", 6, "bt709")]
    made = Gst.parse_launch(f"appsrc name=in format=time ! {element} ! fakesink sync=false")
    source = made.get_by_name("in")
    for name, height, colorimetry in stretches:
        source.set_caps(caps_of(name, 8, height, colorimetry))
        source.push_buffer(buffers_of(random_frames(name, 8, height, 1))[0])
    source.end_of_stream()
    made.set_state(Gst.State.PLAYING)
    kinds, found = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING, []
    while (message := made.get_bus().timed_pop_filtered(30 * Gst.SECOND, kinds)).type == Gst.MessageType.WARNING:
        found.append(re.search("bt601.*8x6|bt709.*8x578", message.parse_warning()[0].message).group())
    made.set_state(Gst.State.NULL)
    assert message.type == Gst.MessageType.EOS and [text[:5] for text in found] == ["bt601", "bt709"]


@pytest.mark.parametrize("element", ["pixelstats", "pixelnorm method=fixed"])
def test_what_is_assumed_is_said(element):
    """Which matrix, for which size; once."""
    data = random_frames("NV12", 8, 6, 2)
    _, warnings = said_of(caps_of("NV12", 8, 6), data, element)
    assert len(warnings) == 1 and re.search("do not say the colorimetry.*NV12.*bt601, limited range.*8x6", warnings[0])
    _, warnings = said_of(caps_of("NV12", 8, 578), random_frames("NV12", 8, 578, 1), element)
    assert len(warnings) == 1 and "bt709" in warnings[0]
    _, warnings = said_of(caps_of("NV12", 8, 6, "1:0:0:0"), data, element)
    assert len(warnings) == 1 and re.search("do not say the matrix.*bt601, full range", warnings[0])
    _, warnings = said_of(caps_of("NV12", 8, 6, "bt601"), data, f"{element} chroma=linear")
    assert len(warnings) == 1 and re.search("do not say the chroma-site.*mpeg2", warnings[0])
    assert not said_of(caps_of("NV12", 8, 6), data, f"{element} channels=native")[1]


BAD = [("NV12", "sRGB", None, "", "with the matrix bt601, .*found \"sRGB\""),
       ("NV12", "2:9:0:0", None, "", "with the matrix bt601, .*found \"2:9:0:0\""),
       ("NV12", "0:3:5:1", None, "", "that says the range.*found \"0:3:5:1\""),
       ("NV12", "purple", None, "", "that is one.*found \"purple\""),
       ("NV12", "bt601", "dv", "chroma=linear", "site of chroma that linear is defined for, found dv"),
       ("GRAY8", None, None, "channels=rgb", "Y'CbCr or RGB for channels=rgb, found GRAY8"),
       ("RGB", None, None, "channels=gray", "Y'CbCr or grey for channels=gray, found RGB"),
       ("NV12", "bt601,interlace-mode=interleaved", None, "", "progressive")]


@pytest.mark.parametrize("element", ["pixelstats", "pixelnorm method=fixed"])
@pytest.mark.parametrize("name, colorimetry, site, more, sentence", BAD)
def test_refused(element, name, colorimetry, site, more, sentence):
    with pytest.raises(Refused, match=sentence):
        run(f"appsrc name=in format=time ! {element} channels=auto {more} ! fakesink sync=false",
            [(caps_of(name, 8, 6, colorimetry, site), buffers_of(random_frames(name, 8, 6, 1)))])


def test_profiles_of_other_channels(tmp_path):
    """auto follows the profile; what still does not fit is said."""
    data, caps = random_frames("NV12", 8, 6, 2), caps_of("NV12", 8, 6, "bt601")
    rgb = random_frames("RGB", 8, 6, 2)
    paths = {word: tmp_path / f"{word}.safetensors" for word in ["rgb", "native", "gray"]}
    for word, path in paths.items():
        run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} channels={word} ! fakesink", [(caps, buffers_of(data))])
        assert {"rgb": "RGB", "native": "YUV", "gray": "Y"}[word] == reference.read_profile(path)[0]["channels"]

    def normalize(path, caps, data, more=""):
        return run(f"appsrc name=in format=time ! pixelnorm channels=auto location={path} {more} ! appsink name=out sync=false wait-on-eos=false",
                   [(caps, buffers_of(data))])[0].get_caps().to_string()

    assert "dimensions=(string)3:8:6:1" in normalize(paths["rgb"], caps, data)
    assert "dimensions=(string)1:8:6:1" in normalize(paths["gray"], caps, data)
    assert "format=(string)NV12" in normalize(paths["native"], caps, data)
    with pytest.raises(Refused, match="the profile is .*channels YUV.*the stream is .*channels RGB"):
        normalize(paths["native"], caps_of("RGB", 8, 6), rgb)
    with pytest.raises(Refused, match="channels RGB"):
        normalize(paths["rgb"], caps, data, "channels=native")
    with pytest.raises(Refused, match="channels YUV.*channels RGB"):
        run(f"appsrc name=in format=time ! pixelstats append=true location={paths['native']} channels=rgb ! fakesink", [(caps, buffers_of(data))])
    for word, frames in [("native", 4), ("gray", 4), ("rgb", 4)]:
        run(f"appsrc name=in format=time ! pixelstats append=true location={paths[word]} ! fakesink channels=auto"
            .replace(" ! fakesink channels=auto", " channels=auto ! fakesink"), [(caps, buffers_of(data))])
        assert reference.read_profile(paths[word])[1]["frames"].tolist() == [frames]


@pytest.mark.parametrize("before", ["videoconvert", "videoconvert ! videoscale", "videoscale ! videoconvert ! queue"])
@pytest.mark.parametrize("name", ["NV12", "I420", "YUY2", "UYVY"])
def test_converters_have_nothing_to_do(name, before, tmp_path):
    """Old pipelines have one: it passes Y'CbCr on, and what comes out is exact."""
    width, height = 64, 48
    data, caps = random_frames(name, width, height, N), caps_of(name, width, height, "bt709")
    samples, _ = rgb_of(name, data, width, height, "bt709")
    path = tmp_path / "p.safetensors"
    run(f"appsrc name=in format=time ! {before} ! pixelstats channels=auto location={path} ! fakesink", [(caps, buffers_of(data))])
    assert (reference.read_profile(path)[1]["sum"] == samples.astype(int).sum(0)).all()
    for settings in ["method=fixed mean=<0> std=<1>", f"location={path} method=center scope=channel"]:
        out = run(f"appsrc name=in format=time ! {before} ! pixelnorm channels=auto {settings} ! other/tensors,types=float32 ! "
                  "appsink name=out sync=false wait-on-eos=false", [(caps, buffers_of(data))])
        found = np.frombuffer(b"".join(bytes_of(out)), "<f4").reshape(samples.shape)
        mean = 0 if "fixed" in settings else samples.reshape(-1, 3).mean(0)
        assert np.allclose(found, samples - mean, atol=1e-4)


@pytest.mark.parametrize("name, becomes", [("NV12", "8-bit video of its own format only"), ("YUY2", "neither tensors nor video"),
                                           ("v210", "neither tensors nor video")])
def test_no_tensor_of_native_subsampled_frames(name, becomes):
    caps, data = caps_of(name, 8, 6, "bt601"), random_frames(name, 8, 6, 1)
    for more in ["", "! other/tensors"] if name != "NV12" else ["! other/tensors"]:
        with pytest.raises(Refused, match=f"{name} video, whose U and V are smaller than Y, becomes {becomes}.*channels=rgb"):
            run(f"appsrc name=in format=time ! pixelnorm method=fixed channels=native {more} ! fakesink", [(caps, buffers_of(data))])


def test_reset_keeps_what_frames_are_read_as():
    """Frames after a reset are read as before it, and so are those of the next caps."""
    made = Gst.parse_launch("appsrc name=in format=time ! pixelstats name=stats scope=channel ! fakesink")
    stats, source = made.get_by_name("stats"), made.get_by_name("in")
    made.set_state(Gst.State.PLAYING)
    for i, (name, frames) in enumerate([("GRAY8", 1), ("GRAY8", 1), ("NV12", 2)]):
        source.set_caps(caps_of(name, 8, 6, "1:4:0:0"))
        source.push_buffer(buffers_of(random_frames(name, 8, 6, 1))[0])
        deadline = time.monotonic() + 30
        while stats.get_property("frames") < frames and time.monotonic() < deadline:
            time.sleep(.01)
        assert stats.get_property("frames") == frames
        if i == 0:
            stats.emit("reset")
    source.end_of_stream()
    message = made.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    made.set_state(Gst.State.NULL)
    assert message.type == Gst.MessageType.EOS


def test_gray_is_luma_of_full_range(tmp_path):
    """floor (255 (Y - 16) / 219 + 1/2), clipped: in integers."""
    for name, colorimetry in [("NV12", "bt709"), ("YUY2", "bt709"), ("I420", "1:4:0:0"), ("GRAY8", "2:4:0:0")]:
        data = random_frames(name, 37, 5, N)
        info = info_of(name, 37, 5)
        luma = data[:, :info.stride[0] * 5].reshape(N, 5, -1)[..., ::2 if name == "YUY2" else 1][..., :37].astype(int)
        if colorimetry[0] != "1":
            luma = np.clip((510 * (luma - 16) + 219) // 438, 0, 255)
        check(name, caps_of(name, 37, 5, colorimetry), data, luma[..., None], 8, tmp_path, "channels=gray")


@pytest.mark.parametrize("size", [(640, 480), (321, 199), (1280, 720)])
def test_jpeg_is_what_pillow_reads(size):
    """Of 4:2:0, by the decoder's accurate transform: 99.9 % of the samples are equal, none is off by more than 1. libjpeg
    rounds its factors of Cb and Cr to 16 bits."""
    width, height = size
    random = np.random.default_rng(width)
    coarse = Image.fromarray(random.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), np.uint8))
    picture = np.asarray(coarse.resize(size, Image.BICUBIC)).astype(int) + random.integers(-9, 10, (height, width, 3))
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=92, subsampling="4:2:0")
    out = run("appsrc name=in format=time ! jpegdec idct-method=islow ! pixelnorm channels=auto method=fixed mean=<0> std=<1> ! "
              "other/tensors,types=float32 ! appsink name=out sync=false wait-on-eos=false",
              [(Gst.Caps.from_string(f"image/jpeg,width={width},height={height},framerate=30/1"), [Gst.Buffer.new_wrapped(file.getvalue())])])
    found = np.frombuffer(bytes_of(out)[0], "<f4").reshape(height, width, 3)
    difference = np.abs(found - np.asarray(Image.open(file)))
    tell("walked", f"JPEG {width}x{height}: {(difference == 0).mean():.4%} as Pillow reads it, the others off by {difference.max():g}")
    assert difference.max() <= 1 and (difference == 0).mean() >= .999


def add_crop(buffer, *rectangle):
    """Metas in Python are copies that nobody else sees."""
    library = ctypes.CDLL("libgstvideo-1.0.so.0")
    library.gst_video_crop_meta_get_info.restype = library.gst_buffer_add_meta.restype = ctypes.c_void_p
    library.gst_buffer_add_meta.argtypes = [ctypes.c_void_p] * 3
    meta = library.gst_buffer_add_meta(hash(buffer), library.gst_video_crop_meta_get_info(), None)
    numbers = (ctypes.c_uint * 4).from_address(meta + 2 * ctypes.sizeof(ctypes.c_void_p))  # behind flags and info
    numbers[:] = rectangle


def test_crop_and_roi_count_after_conversion(tmp_path):
    """A crop of even corners; a rectangle of any."""
    width, height = 32, 24
    data = random_frames("NV12", width, height, N)
    samples, _ = rgb_of("NV12", data, width, height, "bt601")
    _, arrays = collect(tmp_path / "p.safetensors", caps_of("NV12", width, height, "bt601"), data, 'roi="<5,3,21,17>"')
    inside = np.zeros((height, width), bool)
    inside[3:20, 5:26] = True
    assert (arrays["count"][..., 0] == N * inside).all()
    assert (arrays["sum"] == samples.astype(int).sum(0) * inside[..., None]).all()
    for x, y, sentence in [(4, 6, None), (3, 6, "whole sample of U and V.*found one at 3,6")]:
        buffers = buffers_of(data)
        for buffer in buffers:
            GstVideo.buffer_add_video_meta(buffer, GstVideo.VideoFrameFlags.NONE, GstVideo.VideoFormat.NV12, width, height)
            add_crop(buffer, x, y, 10, 8)
        description = "appsrc name=in format=time ! pixelnorm channels=auto method=fixed mean=<0> std=<1> ! other/tensors,types=float32 ! " \
            "appsink name=out sync=false wait-on-eos=false"
        if sentence:
            with pytest.raises(Refused, match=sentence):
                run(description, [(caps_of("NV12", 10, 8, "bt601"), buffers)])
            continue
        out = run(description, [(caps_of("NV12", 10, 8, "bt601"), buffers)])
        found = np.frombuffer(b"".join(bytes_of(out)), "<f4").reshape(N, 8, 10, 3)
        assert (found == samples[:, y:y + 8, x:x + 10]).all()


@pytest.mark.parametrize("name", ["RGB16", "UYVP", "NV12_4L4"])
@pytest.mark.parametrize("size", [(0xf0000000, 4), (0x60000001, 4), (8, 0x7fffffff)])
def test_frame_of_no_size(name, size):
    """A crop of it would be of the caps' size. The stride is what GStreamer's own comes to where it runs over."""
    info = info_of(name, 8, 4)
    (buffer,) = buffers_of(random_frames(name, 8, 4, 1))
    n = info.finfo.n_planes
    places = list(info.offset)[:n] + [0] * (4 - n), list(info.stride)[:n] + [0] * (4 - n)
    GstVideo.buffer_add_video_meta_full(buffer, GstVideo.VideoFrameFlags.NONE, GstVideo.VideoFormat.from_string(name), *size, n, *places)
    add_crop(buffer, 0, 0, 8, 4)
    with pytest.raises(Refused, match="that does not hold them"):
        run("appsrc name=in format=time ! pixelnorm channels=auto method=fixed ! fakesink", [(caps_of(name, 8, 4, "bt601"), [buffer])])


def test_meta_of_other_planes():
    (buffer,) = buffers_of(random_frames("NV12", 8, 4, 1))
    GstVideo.buffer_add_video_meta_full(
        buffer, GstVideo.VideoFrameFlags.NONE, GstVideo.VideoFormat.NV12, 8, 4, 1, [0] * 4, [8, 8, 0, 0])
    with pytest.raises(Refused, match="Expected 2 planes of NV12, found a buffer whose meta says 1"):
        run("appsrc name=in format=time ! pixelnorm channels=auto method=fixed ! fakesink", [(caps_of("NV12", 8, 4, "bt601"), [buffer])])


@pytest.mark.parametrize("name", ["RGB16", "UYVP"])
def test_rows_from_bottom_to_top_of_what_is_unpacked(name):
    info = info_of(name, 8, 4)
    (buffer,) = buffers_of(random_frames(name, 8, 4, 1))
    GstVideo.buffer_add_video_meta_full(buffer, GstVideo.VideoFrameFlags.NONE, GstVideo.VideoFormat.from_string(name), 8, 4, 1,
                                        [info.stride[0] * 3, 0, 0, 0], [-info.stride[0], 0, 0, 0])
    with pytest.raises(Refused, match=f"Expected rows from top to bottom, as {name} video must have them, found a stride of -"):
        run("appsrc name=in format=time ! pixelnorm channels=auto method=fixed ! fakesink", [(caps_of(name, 8, 4, "bt601"), [buffer])])
