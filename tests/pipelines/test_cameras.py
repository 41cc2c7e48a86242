# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lines of docs/cameras.md run in order and make what it says; its tables name what is there."""
import json
import re
import time

import numpy as np
import pytest

from pipeline_help import SOURCE, check_profile, frames_of, read_profile, run

PAGE = (SOURCE / "docs" / "cameras.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module", name="cameras")
def _cameras(tmp_path_factory):
    """The folder, and what the lines printed."""
    folder = tmp_path_factory.mktemp("cameras")
    done = run(["bash", "-e", "-c", "".join(BLOCKS)], folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return folder, done.stdout.splitlines()


def test_profiles(cameras):
    folder, _ = cameras
    frames = frames_of("videotestsrc num-buffers=120", folder)
    days = list(folder.glob("gate-*-*-*.safetensors"))
    assert sum(int(read_profile(day)[1]["frames"][0]) for day in days) == 120  # of two days, at midnight
    for name in ("week", "reference"):
        check_profile(folder / f"{name}.safetensors", frames)


def test_lines(cameras):
    folder, lines = cameras
    (example,) = re.findall(r"^\d{4}-.* a second; .*$", PAGE, re.M)
    form = re.sub(r"\d+", r"\\d+", re.escape(example)).replace(r"\+", "[+-]")
    assert re.fullmatch(form, lines[0]), (form, lines[0])
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    # the test pattern has noise, but for that nothing changes
    assert sum(found["frames"] for found in objects) == 120
    assert all(found["drift"] is None or not found["drift"]["beyond_limit"] for found in objects)
    # a line may end before the first frame
    covered = [line for line in lines if "beyond the limit" in line]
    assert len(covered) == 1 and lines[-1] == "status 1"
    assert (folder / "alarm.txt").read_text() == covered[0] + "\n"


def test_metrics_are_those_of_the_page(cameras):
    folder, _ = cameras
    source = "videotestsrc num-buffers=5 ! video/x-raw,format=RGB"
    done = run(["pixelprofile", "watch", "--reference=reference.safetensors", "--location=a.safetensors", "--metrics=gate.prom",
                source], folder)
    assert done.returncode == 0, done.stderr
    made = set(re.findall(r"^# TYPE pixelprofile_watch_(\w+)", (folder / "gate.prom").read_text(), re.M))
    table = PAGE.split("| metric | meaning |")[1].split("\n\n")[0]
    listed = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:])))
    assert made == listed
    assert "pixelprofile_watch_last_frame_time_seconds" in PAGE


def test_the_size_of_a_file(tmp_path):
    """About 30 bytes a pixel."""
    run(["pixelprofile", "watch", "--location=a.safetensors", "videotestsrc num-buffers=2 ! video/x-raw,format=RGB"], tmp_path)
    size = (tmp_path / "a.safetensors").stat().st_size
    assert np.isclose(size / (320 * 240), float(re.search(r"about (\d+) bytes per pixel", PAGE)[1]), rtol=.05)


def test_the_alert_is_for_silent_cameras_alone(tmp_path):
    """Before the first line its expression is true, so it has to hold for longer than that takes."""
    (limit, minutes), = re.findall(r"expr: time\(\) - pixelprofile_watch_last_frame_time_seconds > (\d+)\n  for: (\d+)m\n", PAGE)
    done = run(["pixelprofile", "watch", "--location=a.safetensors", "--metrics=a.prom", "videotestsrc num-buffers=0"], tmp_path)
    assert done.returncode in (0, 2), done.stderr
    value = float(re.search(r"last_frame_time_seconds\{camera=\"a\"\} (\S+)", (tmp_path / "a.prom").read_text())[1])
    assert time.time() - value > float(limit)
    every = float(re.search(r"--every=.*default: (\d+)", run(["pixelprofile", "watch", "--help"], tmp_path).stdout)[1])
    assert 60 * int(minutes) > 2 * every
