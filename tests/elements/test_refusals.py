# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cannot be, or is set in vain, is said in one sentence that names a way out; as a hostile user would try it."""
import faulthandler
import os
import socket

import numpy as np
import pytest

from pixel_streams import Gst, collect, video_caps

WIDTH, HEIGHT = 32, 24


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    frames = np.random.default_rng(20261127).integers(0, 256, (3, HEIGHT, WIDTH, 3), np.uint8)
    return collect(tmp_path_factory.mktemp("profile") / "p.safetensors", "RGB", frames)


@pytest.fixture(scope="module")
def dark(tmp_path_factory):
    return collect(tmp_path_factory.mktemp("dark") / "p.safetensors", "RGB", np.zeros((3, HEIGHT, WIDTH, 3), np.uint8))


def messages_of(properties, wanted, before="", form="RGB"):
    """Warnings and errors of pixelnorm, [(type, domain, code, text)], and whether a frame came through."""
    pipeline = Gst.parse_launch(f"appsrc name=in format=time ! {before} pixelnorm name=norm {properties} ! "
                                "capsfilter name=want ! fakesink name=out")
    # not by parsing, which would refuse to link
    pipeline.get_by_name("want").set_property("caps", Gst.Caps.from_string(wanted))
    source = pipeline.get_by_name("in")
    source.set_caps(video_caps(form, WIDTH, HEIGHT))
    source.push_buffer(Gst.Buffer.new_wrapped(bytes(WIDTH * HEIGHT * 3)))
    source.end_of_stream()
    pipeline.set_state(Gst.State.PLAYING)
    found, kinds = [], Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING
    while True:
        message = pipeline.get_bus().timed_pop_filtered(10 * Gst.SECOND, kinds)
        assert message, "neither end nor error"
        if message.type == Gst.MessageType.EOS or message.src.name != "norm":
            break
        kind = "error" if message.type == Gst.MessageType.ERROR else "warning"
        error, _ = message.parse_error() if kind == "error" else message.parse_warning()
        found.append((kind, error.domain, error.code, error.message))
        if kind == "error" and error.domain != "gst-core-error-quark":
            break
    pipeline.set_state(Gst.State.NULL)
    return found, message.type == Gst.MessageType.EOS


NHWC, NCHW = f"dimensions=(string)3:{WIDTH}:{HEIGHT}:1", f"dimensions=(string){WIDTH}:{HEIGHT}:3:1"
# properties, what downstream asks for, words
CAPS = {
    "nhwc": ("layout=nhwc", f"other/tensors,{NCHW}", "Set layout=auto or layout=nchw."),
    "nchw": ("layout=nchw", f"other/tensors,{NHWC}", "Set layout=auto or layout=nhwc."),
    "nchw-legacy": ("layout=nchw", f"other/tensor,dimension=(string)3:{WIDTH}:{HEIGHT}", "Set layout=auto or layout=nhwc."),
    "four-channels": ("", f"other/tensors,dimensions=(string)4:{WIDTH}:{HEIGHT}:1", "with 3 or 1 channels"),
    "no-dimensions": ("", "other/tensors,dimensions=(string)many", "which no video becomes"),
    "sparse": ("", "other/tensors,format=sparse", "format=static or flexible"),
    "flexible-float64": ("", "other/tensors,format=flexible,types=float64", "float32, float16, uint8 or int8"),
    "two-tensors": ("", "other/tensors,num_tensors=2", "num_tensors=1"),
    "float64": ("", "other/tensors,types=float64", "float32, float16, uint8 or int8"),
    "legacy-float64": ("", "other/tensor,type=float64", "float32, float16, uint8 or int8"),
    "10-bit-video": ("", "video/x-raw,format=RGB10A2_LE", "8-bit video"),
    "audio": ("", "audio/x-raw", "which is not made here"),
}


@pytest.mark.parametrize("before", ["", "videoconvert !", "videoconvert ! videoscale !"])
@pytest.mark.parametrize("name", CAPS)
def test_caps_that_cannot_be(name, before, profile):
    """Where a converter asks before it sends, it is a warning, and the error comes from the source."""
    properties, wanted, words = CAPS[name]
    found, ended = messages_of(f"location={profile} {properties}", wanted, before)
    assert not ended and len(found) == 1, found
    kind, domain, code, text = found[0]
    assert (kind, domain, code) == ("warning" if before else "error", "gst-core-error-quark", Gst.CoreError.NEGOTIATION)
    assert words in text and text.endswith("."), text


@pytest.mark.parametrize("wanted, words", [
    (f"other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT + 1}:1", f"this video becomes tensors of dimensions 3:{WIDTH}:{HEIGHT}:1"),
    ("video/x-raw,format=BGR", "videoconvert")])
def test_caps_that_this_video_cannot_become(wanted, words, profile):
    found, ended = messages_of(f"location={profile}", wanted)
    assert not ended and len(found) == 1 and found[0][0] == "error" and words in found[0][3], found


SOURCE = f"videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},framerate=30/1"
NORM = "pixelnorm method=fixed mean=<127.5> std=<58>"
# a line as users write it, and what is said; all link
LINES = {
    "size": (f"{SOURCE} ! {NORM} ! other/tensors,dimensions=(string)3:99:99:1", f"dimensions 3:{WIDTH}:{HEIGHT}:1, framerate 30/1. Scale"),
    "rate": (f"{SOURCE} ! {NORM} ! other/tensors,framerate=25/1", "pace the video before"),
    "rank": (f"{SOURCE} ! {NORM} ! other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT}:1:2", "which no video becomes"),
    "no-dimensions": (f"{SOURCE} ! {NORM} ! other/tensors,dimensions=(string)bla", "dimensions bla, which no video becomes"),
    "one-channel": (f"{SOURCE} ! {NORM} ! other/tensors,dimensions=(string)1:{WIDTH}:{HEIGHT}:1", "convert"),
    "layout": (f"{SOURCE} ! {NORM} layout=nchw ! other/tensors,{NHWC}", "Set layout=auto or layout=nhwc."),
    "batch": (f"{SOURCE} ! {NORM} ! other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT}:4", "batch-size is 1. Set batch-size=4."),
    "other-batch": (f"{SOURCE} ! {NORM} batch-size=4 ! other/tensors,dimensions=(string)3:{WIDTH}:{HEIGHT}:2", "Set batch-size=2."),
    "one-frame": (f"{SOURCE} ! {NORM} batch-size=4 ! other/tensors,{NHWC}", "needs 1 frame per tensor, but batch-size is 4"),
    "video-of-batch": (f"{SOURCE} ! {NORM} batch-size=4 ! video/x-raw", "Set batch-size=1, or ask for tensors"),
    "video-size": (f"{SOURCE} ! {NORM} ! video/x-raw,width=99", "Scale, convert or pace"),
    "video-order": (f"{SOURCE} ! {NORM} ! video/x-raw,format=BGR", "Scale, convert or pace"),
    "video-grey": (f"{SOURCE} ! {NORM} ! video/x-raw,format=GRAY8",
                   f"8-bit video as video/x-raw, format=(string)GRAY8, and this video becomes RGB of {WIDTH}x{HEIGHT}, framerate 30/1. Scale"),
    "video-grey-of-ycbcr": (f"{SOURCE.replace('RGB', 'NV12')} ! {NORM} ! video/x-raw,format=GRAY8", "becomes RGB of 32x24, framerate 30/1. Set channels=gray"),
    "video-format": (f"{SOURCE} ! {NORM} ! video/x-raw,format=NV12", "Y'CbCr becomes RGB"),
    "two-means": (f"{SOURCE} ! pixelnorm method=fixed mean=<1,2> std=<58>", "give 1 for all channels, or 3"),
    "word-as-mean": (f"{SOURCE} ! pixelnorm method=fixed mean=<a> std=<58>", "not a number"),
    "no-deviation": (f"{SOURCE} ! pixelnorm method=fixed mean=<1> std=<0>", "std is 0; it must lie within"),
    "momentum": (f"{SOURCE} ! pixelnorm statistics=running momentum=7", "momentum is 7; it must be"),
    "no-profile": (f"{SOURCE} ! pixelnorm", "set location"),
    "no-file": (f"{SOURCE} ! pixelnorm location=/nonexistent", "Check the path"),
    "scope": (f"{SOURCE} ! pixelnorm statistics=frame", "Set scope=channel or scope=global"),
    "back-size": (f"{SOURCE} ! {NORM} ! pixeldenorm method=fixed ! video/x-raw,width=99", "scale or pace it behind this element"),
    "back-order": (f"{SOURCE} ! {NORM} ! pixeldenorm method=fixed ! video/x-raw,format=NV12", "behind this element"),
    "back-without-statistics": (f"{SOURCE} ! pixeldenorm", "set location to the profile"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_wrong_line_links_and_ends_in_one_sentence(name):
    """By gst-launch's own parser. One message of ours; what the source says on top of it is GStreamer's."""
    line, words = LINES[name]
    pipeline = Gst.parse_launch(f"{line} ! fakesink")
    pipeline.set_state(Gst.State.PLAYING)
    found, kinds = [], Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING
    while message := pipeline.get_bus().timed_pop_filtered((0.5 if found else 10) * Gst.SECOND, kinds):
        assert message.type != Gst.MessageType.EOS
        error, _ = message.parse_error() if message.type == Gst.MessageType.ERROR else message.parse_warning()
        if message.src.get_factory() and message.src.get_factory().get_name().startswith("pixel"):
            found.append(error.message)
    pipeline.set_state(Gst.State.NULL)
    assert len(found) == 1 and words in found[0] and found[0].endswith((".", ")")), found


def test_subsampled_video_becomes_no_tensor():
    found, ended = messages_of("method=fixed channels=native", "other/tensors", form="I420")
    assert not ended and len(found) == 1 and "becomes 8-bit video of its own format only" in found[0][3], found


FIXED = "method=fixed"
IDLE = {
    "mean": ("mean=<1,2,3>", ["mean has no effect with the method zscore. Set method=fixed"]),
    "std-of-some": ("std=<58>", ["std has no effect"]),
    "units": ("units=unit", ["units has no effect"]),
    "dark": ("dark-location={profile}", ["dark-location has no effect with the method zscore. Set method=flat-field"]),
    "momentum": ("momentum=0.5", ["momentum has no effect with statistics=profile. Set statistics=running to use it"]),
    "epsilon": ("method=min-max epsilon=1", ["epsilon has no effect with the method min-max. Set method=zscore to use"]),
    "no-floor": ("method=center min-deviation=0", [
        "min-deviation has no effect with the method center. Set method=zscore, mean-range, min-max, "]),
    "percentile": ("percentile-low=2 percentile-high=98", ["percentile-low has no effect", "percentile-high has no effect"]),
    "two": ("mean=<1> dark-location={profile}", ["mean has no effect", "dark-location has no effect"]),
    "dark-with-fixed": (FIXED + " dark-location={profile}", ["dark-location has no effect with the method fixed"]),
    "unit-as-code": (FIXED + " mean=<0.485> std=<0.229>", ["set units=unit"]),
    "scale-as-std": (FIXED + " mean=<0> std=<0.00392>", ["set units=unit"]),
    "code-as-unit": (FIXED + " units=unit mean=<123.7> std=<58.4>", ["set units=code"]),
}
NOT_IDLE = [FIXED + " mean=<1,2,3> std=<4>", FIXED + " units=unit mean=<0.485> std=<0.229>", FIXED + " mean=<0> std=<1>",
            FIXED + " mean=<0> std=<255>", "method=flat-field dark-location={dark}", "clip-low=-1 gamma=<2> beta=<3>",
            FIXED + " units=unit mean=<0> std=<1>", "mean=<>", "units=code momentum=0.1", "units=unit units=code", "min-deviation=2 epsilon=1", "statistics=running momentum=0.5"]


@pytest.mark.parametrize("name", IDLE)
def test_set_in_vain_is_a_warning(name, profile):
    properties, words = IDLE[name]
    found, ended = messages_of(f"location={profile} {properties.format(profile=profile)}", "other/tensors")
    assert ended and len(found) == 1, found
    assert found[0][:3] == ("warning", "gst-resource-error-quark", Gst.ResourceError.SETTINGS)
    assert all(word in found[0][3] for word in words), found


@pytest.mark.parametrize("properties", NOT_IDLE)
def test_no_warning_without_a_reason(properties, profile, dark):
    found, ended = messages_of(f"location={profile} {properties.format(dark=dark)}", "other/tensors")
    assert ended and found == []


@pytest.mark.parametrize("scope, floor, words", [
    ("channel", 1, "Whole channels are divided by min-deviation=1 instead of their deviation, which is less (G 0.5 code values)"),
    ("pixel", 1, "33.33 % of the samples are divided by min-deviation=1 instead of their deviation, which is less (R 0 %, G 100 %, B 0 %)"),
    ("pixel", 3, "66.67 % of the samples are divided by min-deviation=3 instead of their deviation, which is less (R 0 %, G 100 %, B 100 %)"),
    ("global", 1, None), ("channel", 0.5, None)])
def test_where_min_deviation_rules(tmp_path, scope, floor, words):
    """Deviations of exactly 10, .5 and 2 in every pixel. One warning, which changes nothing."""
    frames = np.full((2, HEIGHT, WIDTH, 3), (110, 100, 102), np.uint8)
    frames[0] = 90, 101, 98
    path = collect(tmp_path / "p.safetensors", "RGB", frames)
    found, ended = messages_of(f"location={path} scope={scope} min-deviation={floor}", "other/tensors")
    assert ended and len(found) == (words is not None)
    for warning in found:
        assert warning[:3] == ("warning", "gst-resource-error-quark", Gst.ResourceError.SETTINGS) and words in warning[3]


REFUSED = {
    "zero-point-alone": ("quant-zero-point=128", "uint8", "Set quant-scale"),
    "scale-negative": ("quant-scale=-1", "uint8", "quant-scale is -1; it must lie within 1e-06 and 1e+06, or be 0, the default."),
    "zero-point-int8": ("quant-scale=0.1 quant-zero-point=200", "int8", "-128 to 127"),
    "zero-point-uint8": ("quant-scale=0.1 quant-zero-point=-1", "uint8", "0 to 255"),
    "gamma-nan": ("gamma=<nan>", "float32", "gamma is nan"),
    "beta-inf": ("beta=<0.0,inf,0.0>", "float32", "beta is inf"),
    "gamma-of-two": ("gamma=<1,2>", "float32", "gamma has 2 values"),
    "clip-low-nan": ("clip-low=nan", "float32", "clip-low is nan; it must be a number."),
    "clip-high-nan": ("clip-high=nan", "float32", "clip-high is nan; it must be a number."),
    "clip": ("clip-low=2 clip-high=1", "float32", "clip-low is 2 and clip-high 1"),
    "range": ("range-low=1e7", "float32", "range-low is 1e+07"),
    "percentiles": ("method=percentile scope=channel percentile-low=90 percentile-high=10", "float32", "percentile-low is 90"),
    "percentile-pixel": ("method=percentile", "float32", "Set scope to channel or global"),
    "percentile-without": ("method=percentile scope=channel", "float32", "histogram=true"),
    "percentile-nothing": ("method=percentile scope=channel percentile-high=101", "float32", "percentile-high is 101"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_cannot_be(name, profile):
    properties, kind, words = REFUSED[name]
    found, ended = messages_of(f"location={profile} {properties}", f"other/tensors,types={kind}")
    assert not ended and len(found) == 1 and found[0][0] == "error" and words in found[0][3], found


# --- files that properties name

def make_fifo(path):
    os.mkfifo(path)


def make_link_to_a_fifo(path):
    os.mkfifo(f"{path}-fifo")
    os.symlink(f"{path}-fifo", path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def make_broken_link(path):
    path.symlink_to("nowhere")


def make_link_to_zeros(path):
    path.symlink_to("/dev/zero")


def make_link_to_the_log(path):
    """A regular file, of size 0 as it says, at whose end a reader waits."""
    path.symlink_to("/proc/kmsg")


def make_link_to_a_table(path):
    """Likewise, which goes on for terabytes."""
    path.symlink_to("/proc/self/pagemap")


def make_link_to_memory(path):
    """Likewise, of which the first byte cannot be read."""
    path.symlink_to("/proc/self/mem")


def make_text(path):
    path.write_text("neither a profile nor a picture")


KINDS = {"FIFO": make_fifo, "link to a FIFO": make_link_to_a_fifo, "link to a device": make_link_to_zeros,
         "log of the system": make_link_to_the_log, "table of the system": make_link_to_a_table,
         "memory of the process": make_link_to_memory, "socket": make_socket,
         "directory": os.mkdir, "broken link": make_broken_link, "nothing": lambda path: None, "empty": lambda path: path.touch(),
         "text": make_text}
# what the element wants beside, so that the file is looked at
BESIDE = {"pixelstats": "", "pixelnorm": "method=flat-field location={profile}", "pixeldenorm": "method=flat-field location={profile}"}
# what pixelstats writes: a profile is made there, or of nothing gone on from
WRITTEN = ("broken link", "nothing")


def file_properties():
    for element in BESIDE:
        for spec in Gst.ElementFactory.make(element).list_properties():
            if spec.name.endswith("location") or spec.name == "mask":
                yield element, spec.name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("element, name", file_properties())
def test_files_that_are_none(element, name, kind, profile, tmp_path):
    """One error that names the file, and soon: nothing is waited for, and no device is read to its end."""
    path = tmp_path / "file"
    KINDS[kind](path)
    mode = path.lstat().st_mode if os.path.lexists(path) else None
    words = "append=true" if (element, name) == ("pixelstats", "location") else ""
    pipeline = Gst.parse_launch(f"{SOURCE.format(8, 6)} ! {element} {BESIDE[element].format(profile=profile)} {words} name=it ! fakesink")
    pipeline.get_by_name("it").set_property(name, str(path))
    faulthandler.dump_traceback_later(30, exit=True)  # what waits for a FIFO ends by nothing else
    pipeline.set_state(Gst.State.PLAYING)
    faulthandler.cancel_dump_traceback_later()
    message = pipeline.get_bus().timed_pop_filtered(10 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message, "neither end nor error"
    if words and kind in WRITTEN:
        assert message.type == Gst.MessageType.EOS and path.stat().st_size > 0
        return
    assert message.src.name == "it"
    text = message.parse_error()[0].message
    assert text.startswith(f"{path}: ") and text.endswith("."), text
    assert (path.lstat().st_mode if os.path.lexists(path) else None) == mode


def test_quantization_from_the_range_is_said(profile):
    """quant-scale 0: the numbers of the range stand in the meta. zscore: [-4, 127/32] onto all codes."""
    pipeline = Gst.parse_launch(f"videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT} ! "
                                f"pixelnorm location={profile} ! other/tensors,types=int8 ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    sample = pipeline.get_by_name("out").try_pull_sample(10 * Gst.SECOND)
    pipeline.set_state(Gst.State.NULL)
    words = sample.get_buffer().get_custom_meta("PixelnormMeta").get_structure().to_string()
    assert f"quant-scale=(double){(127 / 32 + 4) / 255}" in words and "quant-zero-point=(int)0" in words


# --- corners of caps

def negotiate(line):
    pipeline = Gst.parse_launch(f"{line} name=out")
    pipeline.set_state(Gst.State.PAUSED)
    state = pipeline.get_state(10 * Gst.SECOND)[0]
    caps = pipeline.get_by_name("out").get_static_pad("sink").get_current_caps()
    message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert state != Gst.StateChangeReturn.FAILURE and caps, message and message.parse_error()
    return caps.to_string()


SOURCE = "videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width={},height={}"
CORNERS = {
    # width, height, properties, caps downstream, what comes
    "short": (8, 6, "", "other/tensors,dimensions=(string)3:8:6", "dimensions=(string)3:8:6,"),
    "short-nchw": (8, 6, "", "other/tensors,dimensions=(string)8:6:3", "dimensions=(string)8:6:3,"),
    "forced-nchw": (8, 6, "", "other/tensors,dimensions=(string)8:6:3:1", "dimensions=(string)8:6:3:1,"),
    "no-num-tensors": (8, 6, "", "other/tensors,types=float16,dimensions=(string)3:8:6:1", "num_tensors=(int)1"),
    "legacy": (8, 6, "", "other/tensor,type=uint8", "other/tensor, type=(string)uint8"),
    "legacy-nchw": (8, 6, "", "other/tensor,dimension=(string)8:6:3:1", "dimension=(string)8:6:3:1"),
    "legacy-layout": (8, 6, "layout=nchw", "other/tensor", "dimension=(string)8:6:3:1"),
    "any-framerate": (8, 6, "", "other/tensors,framerate=(fraction)30/1", "framerate=(fraction)30/1"),
}


@pytest.mark.parametrize("name", CORNERS)
def test_corners_of_caps(name):
    width, height, properties, wanted, words = CORNERS[name]
    found = negotiate(f"{SOURCE.format(width, height)} ! pixelnorm method=fixed {properties} ! {wanted} ! fakesink")
    assert words in found + ",", found


@pytest.mark.parametrize("sink", ["fakesink", "appsink", "filesink location=/dev/null"])
def test_sinks_get_tensors(sink):
    assert "other/tensors" in negotiate(f"{SOURCE.format(8, 6)} ! pixelnorm method=fixed ! {sink}")


def test_converters_get_video():
    assert "video/x-raw" in negotiate(f"{SOURCE.format(8, 6)} ! pixelnorm method=fixed ! videoconvert ! fakesink")


@pytest.mark.parametrize("layout, first", [("auto", "nhwc"), ("nhwc", "nhwc"), ("nchw", "nchw")])
def test_dimensions_that_fit_both(layout, first):
    """3 x 3 pixels: 3:3:3:1 either way. NHWC unless it was asked for; the meta says which."""
    frame = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    rows = np.zeros((3, 12), np.uint8)
    rows[:, :9] = frame.reshape(3, 9)
    pipeline = Gst.parse_launch(f"appsrc name=in format=time ! pixelnorm method=fixed mean=<0> std=<1> layout={layout} ! "
                                "other/tensors,types=float32,dimensions=(string)3:3:3:1 ! appsink name=out sync=false")
    source = pipeline.get_by_name("in")
    source.set_caps(video_caps("RGB", 3, 3))
    source.push_buffer(Gst.Buffer.new_wrapped(rows.tobytes()))
    pipeline.set_state(Gst.State.PLAYING)
    buffer = pipeline.get_by_name("out").try_pull_sample(10 * Gst.SECOND).get_buffer()
    pipeline.set_state(Gst.State.NULL)
    found = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), "<f4").reshape(3, 3, 3)
    assert (found == (frame if first == "nhwc" else frame.transpose(2, 0, 1))).all()
    assert f"layout=(string){first}" in buffer.get_custom_meta("PixelnormMeta").get_structure().to_string()


@pytest.mark.parametrize("wanted, width, height", [("3:3:5:1", 3, 5), ("5:3:3:1", 5, 3), ("1:1:1:1", 1, 1)])
def test_narrow_video_of_dimensions(wanted, width, height):
    """Widths and heights that look like channels: the scaler before gives a size that has these dimensions."""
    found = negotiate(f"{SOURCE.format(16, 16)} ! videoconvert ! videoscale ! pixelnorm method=fixed ! "
                      f"other/tensors,dimensions=(string){wanted} ! fakesink")
    assert f"dimensions=(string){wanted}" in found


def test_without_a_framerate():
    """Pictures have none; their tensors neither."""
    pipeline = Gst.parse_launch("appsrc name=in ! pixelnorm method=fixed ! appsink name=out sync=false")
    source = pipeline.get_by_name("in")
    source.set_caps(Gst.Caps.from_string("video/x-raw,format=RGB,width=4,height=2"))
    source.push_buffer(Gst.Buffer.new_wrapped(bytes(24)))
    pipeline.set_state(Gst.State.PLAYING)
    caps = pipeline.get_by_name("out").try_pull_sample(10 * Gst.SECOND).get_caps().to_string()
    pipeline.set_state(Gst.State.NULL)
    assert "dimensions=(string)3:4:2:1" in caps
