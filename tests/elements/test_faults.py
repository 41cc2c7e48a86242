# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults around the edges: each gives one clear error, nothing hangs, nothing is lost."""
import base64
import subprocess
import sys
import time

import gi
import numpy
import pytest

gi.require_version("Gst", "1.0")
gi.require_version("GstBase", "1.0")
from gi.repository import Gst, GstBase  # noqa: E402

from gst_launch import launch, make  # noqa: E402
import pixel_reference  # noqa: E402
import profile_bytes  # noqa: E402

Gst.init(None)

CAPS = "video/x-raw,format=RGB,width=8,height=4"


def pipeline(properties, caps=CAPS + ",framerate=30/1"):
    made = Gst.parse_launch(f"appsrc name=in caps={caps} ! pixelstats name=stats {properties} ! "
                            "fakesink async=false sync=false")
    made.set_state(Gst.State.PLAYING)
    return made, made.get_by_name("stats")


def push(made, n):
    for _ in range(n):
        made.get_by_name("in").emit("push-buffer", Gst.Buffer.new_wrapped(bytes(8 * 4 * 3)))


def wait_for_frames(stats, n):
    for _ in range(1000):
        if stats.props.frames >= n:
            return
        time.sleep(0.01)
    raise AssertionError("frames did not arrive")


def messages(made, kind):
    found = []
    while True:
        message = made.get_bus().pop_filtered(kind)
        if message is None:
            return found
        found.append(message)


def texts(found):
    return [message.parse_error()[0].message for message in found]


def test_location_taken_away_before_a_stop(tmp_path):
    made, stats = pipeline(f"location={tmp_path}/p.safetensors")
    push(made, 3)
    wait_for_frames(stats, 3)
    stats.props.location = None
    made.set_state(Gst.State.READY)
    found = texts(messages(made, Gst.MessageType.ERROR))
    made.set_state(Gst.State.NULL)
    assert len(found) == 1 and "location was unset" in found[0]


def test_one_error_where_the_last_save_fails(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    made, stats = pipeline(f"location={folder}/p.safetensors max-frames=2")
    folder.rmdir()
    push(made, 4)
    made.get_by_name("in").emit("end-of-stream")
    found = [made.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.ERROR)]
    later = made.get_bus().timed_pop_filtered(Gst.SECOND, Gst.MessageType.ERROR)
    made.set_state(Gst.State.READY)
    found += ([later] if later else []) + messages(made, Gst.MessageType.ERROR)
    made.set_state(Gst.State.NULL)
    assert len(found) == 1 and "p.safetensors" in texts(found)[0]


RESET_IN_HANDLER = f"""
import os, sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
made = Gst.parse_launch("appsrc name=in caps={CAPS},framerate=30/1 ! pixelstats name=stats "
                        "checkpoint-interval=1 location=" + sys.argv[1] + "/p.safetensors ! fakesink")
stats = made.get_by_name("stats")
resets = 0
def handler(bus, message, *data):
    global resets
    if message.type == Gst.MessageType.WARNING:
        resets += 1
        stats.emit("reset")
    return Gst.BusSyncReply.PASS
made.get_bus().set_sync_handler(handler)
made.set_state(Gst.State.PLAYING)
os.rmdir(sys.argv[1])
for _ in range(50):
    made.get_by_name("in").emit("push-buffer", Gst.Buffer.new_wrapped(bytes({8 * 4 * 3})))
made.get_by_name("in").emit("end-of-stream")
made.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
made.set_state(Gst.State.NULL)
assert resets > 0
"""


def test_reset_from_the_handler_of_a_failed_checkpoint(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", RESET_IN_HANDLER, folder], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("element", ["pixelstats", "pixelnorm method=fixed"])
def test_video_wider_than_a_profile_can_hold(element):
    done = launch(f"-q videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8,width=1048577,height=1 ! {element} ! fakesink")
    assert done.returncode != 0
    assert "at most 1048576 pixels a side" in done.stderr


def test_tensor_larger_than_a_pool_can_hold():
    done = launch("-q videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8,width=33000,height=33000 ! "
                  "pixelnorm method=fixed ! fakesink")
    assert done.returncode != 0
    assert done.stderr.count("One output frame has 4154 MiB") == 1


def test_nothing_is_added_to_caps_without_a_framerate():
    made, stats = pipeline("", CAPS)
    push(made, 1)
    wait_for_frames(stats, 1)
    caps = stats.get_static_pad("src").get_current_caps().to_string()
    passthrough = GstBase.BaseTransform.is_passthrough(stats)
    made.set_state(Gst.State.NULL)
    assert "framerate" not in caps and passthrough


def test_a_picture_in_a_uri_is_not_kept_as_a_source(tmp_path):
    make(f"-q videotestsrc num-buffers=1 ! video/x-raw,width=16,height=16 ! pngenc ! filesink location={tmp_path}/x.png")
    picture = "data:image/png;base64," + base64.b64encode((tmp_path / "x.png").read_bytes()).decode()
    profile = tmp_path / "p.safetensors"
    make(f"-q dataurisrc uri={picture} ! pngdec ! videoconvert ! video/x-raw,format=RGB ! "
         f"pixelstats location={profile} ! fakesink")
    assert b"base64" not in profile.read_bytes()


def test_two_errors_never_for_caps_that_come_again(tmp_path):
    done = launch("-q videotestsrc num-buffers=3 ! video/x-raw,format=RGB,interlace-mode=interleaved ! "
                  f"pixelstats location={tmp_path}/p.safetensors ! fakesink")
    assert done.returncode != 0
    assert done.stderr.count("interlace-mode interleaved") == 1


@pytest.mark.parametrize("way", ["a full batch", "end of the stream", "save"])
def test_statistics_that_become_full_within_a_batch(tmp_path, way):
    """Frames that fit are counted, the others are skipped, and an error says so."""
    path = tmp_path / "p.safetensors"
    words, arrays = profile_bytes.pixel_profile(numpy.zeros((1, 4, 8, 3), "u1"), "RGB", 8)
    arrays["frames"][0] = 2 ** 32 - 3  # of black frames: every sum is 0
    path.write_bytes(profile_bytes.build(words, arrays))
    made, stats = pipeline(f"append=true location={path}")
    push(made, 8 if way == "a full batch" else 5)
    if way == "save":
        wait_for_frames(stats, 2 ** 32 + 2)
        assert stats.emit("save")
    elif way == "end of the stream":
        made.get_by_name("in").emit("end-of-stream")
    error = made.get_bus().timed_pop_filtered(10 * Gst.SECOND, Gst.MessageType.ERROR)
    assert "full after 4294967296 frames" in error.parse_error()[0].message
    made.set_state(Gst.State.NULL)
    assert not messages(made, Gst.MessageType.ERROR)
    assert stats.props.frames == 2 ** 32
    assert stats.props.frames_skipped == (5 if way == "a full batch" else 2)
    assert pixel_reference.read_profile(path)[1]["frames"][0] == 2 ** 32
