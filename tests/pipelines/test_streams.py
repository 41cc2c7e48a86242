# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input of every kind through gst-launch-1.0, and a collector that is killed."""
import random
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import gi
import pytest

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from pipeline_help import KILLS, launch, make, read_profile, run, SEED, TIMEOUT  # noqa: E402


RGB = "video/x-raw,format=RGB,width=64,height=48"


@pytest.fixture
def profile(tmp_path):
    make(f"-q videotestsrc num-buffers=5 ! {RGB} ! pixelstats location=p.safetensors ! fakesink", tmp_path)
    return tmp_path / "p.safetensors"


def errors_of(done):
    """What our elements say; GStreamer's own errors in their wake are not of interest."""
    return re.findall(r"^ERROR: from element \S*/GstPixel\w+:\S+: (.*)$", done.stderr, re.M)


def flip(data):
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


BAD_PROFILES = {"corrupt": flip, "truncated": lambda data: data[:-1], "cut-in-the-header": lambda data: data[:100],
                "empty": lambda data: b"", "foreign": lambda data: b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
                "text": lambda data: b"frames = 5\n" * 50, "longer": lambda data: data + b"\0"}


@pytest.mark.parametrize("use", ["normalize", "append"])
@pytest.mark.parametrize("name", BAD_PROFILES)
def test_bad_profile(name, use, profile):
    bad = BAD_PROFILES[name](profile.read_bytes())
    profile.write_bytes(bad)
    element = {"normalize": "pixelnorm location=p.safetensors",
               "append": "pixelstats append=true location=p.safetensors"}[use]
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! {element} ! fakesink", profile.parent)
    assert done.returncode != 0
    errors = errors_of(done)
    assert len(errors) == 1 and "p.safetensors" in errors[0], done.stderr
    assert profile.read_bytes() == bad


OTHER_STREAMS = {"size": ("video/x-raw,format=RGB,width=64,height=50", "64 x 50|64x50"),
                 "channels": ("video/x-raw,format=GRAY8,width=64,height=48", "Y"),
                 "interlaced": (RGB + ",interlace-mode=interleaved", "interleaved")}


@pytest.mark.parametrize("use", ["normalize", "append", "collect"])
@pytest.mark.parametrize("name", OTHER_STREAMS)
def test_stream_that_does_not_fit(name, use, profile):
    before = profile.read_bytes()
    caps, words = OTHER_STREAMS[name]
    element = {"normalize": "pixelnorm location=p.safetensors",
               "append": "pixelstats append=true location=p.safetensors",
               "collect": "pixelstats overwrite=true location=p.safetensors"}[use]
    done = launch(f"videotestsrc num-buffers=5 ! {caps} ! {element} ! fakesink", profile.parent)
    if use == "collect" and name != "interlaced":
        assert done.returncode == 0 and profile.read_bytes() != before
        return
    assert done.returncode != 0
    errors = errors_of(done)
    assert len(errors) == 1 and re.search(words, errors[0]), done.stderr
    assert profile.read_bytes() == before


def test_missing_profile(tmp_path):
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! pixelnorm location=none.safetensors ! fakesink", tmp_path)
    assert done.returncode != 0
    assert len(errors_of(done)) == 1 and "none.safetensors" in errors_of(done)[0]


def test_no_location(tmp_path):
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! pixelnorm ! fakesink", tmp_path)
    assert done.returncode != 0
    assert len(errors_of(done)) == 1 and "location" in errors_of(done)[0]


@pytest.mark.parametrize("location", ["no/such/directory/p.safetensors", ".", "/proc/p.safetensors"])
def test_location_that_cannot_be_written(location, tmp_path):
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! pixelstats location={location} ! fakesink", tmp_path)
    assert done.returncode != 0
    assert len(errors_of(done)) == 1 and location in errors_of(done)[0], done.stderr
    assert list(tmp_path.iterdir()) == []


def test_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], tmp_path).returncode != 0:
        pytest.skip("no right to mount a small disk")
    try:
        make(f"-q videotestsrc num-buffers=5 ! {RGB} ! pixelstats scope=channel location=disk/p.safetensors ! fakesink",
             tmp_path)
        before = (disk / "p.safetensors").read_bytes()
        done = launch("videotestsrc num-buffers=5 ! video/x-raw,format=RGB,width=320,height=240 ! "
                      "pixelstats location=disk/p.safetensors ! fakesink", tmp_path)
        assert done.returncode != 0 and len(errors_of(done)) == 1, done.stderr
        assert [path.name for path in disk.iterdir()] == ["p.safetensors"]
        assert (disk / "p.safetensors").read_bytes() == before
    finally:
        run(["umount", disk], tmp_path)


@pytest.mark.parametrize("before", [False, True], ids=["no-profile-before", "profile-before"])
def test_no_frames(before, tmp_path, request):
    data = request.getfixturevalue("profile").read_bytes() if before else None
    done = launch(f"videotestsrc num-buffers=0 ! {RGB} ! pixelstats overwrite=true location=p.safetensors ! fakesink", tmp_path)
    assert done.returncode == 0
    assert len(re.findall(r"^WARNING: from element \S*GstPixelStats\S* The stream ended without a new frame",
                          done.stdout + done.stderr, re.M)) == 1, done.stdout + done.stderr
    path = tmp_path / "p.safetensors"
    assert (path.read_bytes() if path.exists() else None) == data


NONSENSE = {
    "pixelnorm method=banana": "", "pixelnorm scope=galaxy location=p.safetensors": "", "pixelnorm nonsense=1": "",
    "pixelstats frame-step=often": "", "pixelstats scope=global": "",
    "pixelstats frame-step=0": "frame-step", "pixelnorm method=fixed mean=<red>": "mean",
    "pixelnorm method=fixed mean=<1,2>": "mean", "pixelnorm method=fixed std=<1,2,3,4>": "std",
    "pixelnorm method=fixed std=<0>": "std", "pixelnorm method=fixed std=<-1>": "std",
    "pixelnorm location=p.safetensors min-deviation=-1": "min-deviation",
    "pixelnorm location=p.safetensors min-deviation=0": "min-deviation",
    "pixelnorm location=p.safetensors epsilon=-1": "epsilon",
    "pixelnorm location=p.safetensors range-low=1 range-high=1.0000000001": "range-low",
    "pixelstats append=true": "location",
}


@pytest.mark.parametrize("element", NONSENSE)
def test_nonsense_settings(element, profile):
    before = profile.read_bytes()
    done = launch(f"videotestsrc num-buffers=5 ! {RGB} ! {element} ! fakesink", profile.parent)
    assert done.returncode != 0, done.stdout + done.stderr
    if NONSENSE[element]:
        assert len(errors_of(done)) == 1 and NONSENSE[element] in errors_of(done)[0], done.stderr
    assert profile.read_bytes() == before


# --- kill -9

def leftovers(directory):
    return [path.name for path in Path(directory).iterdir() if path.name.endswith(".pixelnorm-tmp")]


def test_killed_while_collecting(tmp_path):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    path = tmp_path / "p.safetensors"
    outcomes = {"nothing": 0, "profile": 0, "temporary": 0}
    pipeline = shlex.split("gst-launch-1.0 -q videotestsrc pattern=snow ! video/x-raw,format=RGB,width=320,height=240 ! "
                           "pixelstats overwrite=true location=p.safetensors checkpoint-interval=1 ! fakesink")
    begin = time.monotonic()
    with subprocess.Popen(pipeline, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as command:
        while not path.exists():
            assert command.poll() is None and time.monotonic() < begin + TIMEOUT
            time.sleep(0.005)
        command.kill()
    first = time.monotonic() - begin  # so the kills are spread around the first save, however busy the machine is
    for attempt in range(KILLS):
        # every fourth time nothing is there before
        if attempt % 4 == 0:
            path.unlink(missing_ok=True)
        command = subprocess.Popen(pipeline, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, 2 * first))
        command.kill()
        assert command.wait(timeout=TIMEOUT) == -signal.SIGKILL
        outcomes["temporary"] += bool(leftovers(tmp_path))
        if not path.exists():
            outcomes["nothing"] += 1
            continue
        outcomes["profile"] += 1
        _, arrays = read_profile(path)
        loaded = Pixelnorm.Profile.load(str(path))
        assert loaded.get_frames() == arrays["frames"][0] >= 1
    print(outcomes)
    assert outcomes["profile"] > 0
    make("-q videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width=320,height=240 ! "
         "pixelstats overwrite=true location=p.safetensors ! fakesink", tmp_path)
    assert leftovers(tmp_path) == []
    assert read_profile(path)[1]["frames"][0] == 3


@pytest.mark.parametrize("use", ["", "append=true", "overwrite=true"])
def test_two_processes_with_one_location(use, tmp_path):
    """Both begin where nothing is; the second to save finds the file of the first, which stays."""
    pipeline = shlex.split("gst-launch-1.0 fdsrc ! rawvideoparse format=rgb width=64 height=48 ! "
                           f"pixelstats {use} location=p.safetensors ! fakesink")
    processes = [subprocess.Popen(pipeline, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT) for _ in range(2)]
    for process in processes:
        while line := process.stdout.readline():
            if b"PREROLL" in line:  # all elements have started
                break
    said = [process.communicate(bytes(30 * 64 * 48 * 3), timeout=TIMEOUT)[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    moved = "".join(said).count("WARNING: from element /GstPipeline:pipeline0/GstPixelStats:pixelstats0: p.1.safetensors: This run is saved here")
    assert moved == 1, said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.1.safetensors", "p.safetensors"]
    assert [read_profile(path)[1]["frames"][0] for path in tmp_path.iterdir()] == [30, 30]


def test_corrupt_profile_is_refused_by_the_library(profile):
    profile.write_bytes(flip(profile.read_bytes()))
    with pytest.raises(GLib.Error, match="p.safetensors"):
        Pixelnorm.Profile.load(str(profile))
