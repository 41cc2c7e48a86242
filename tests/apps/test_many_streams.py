# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm-streams: many streams, a profile each, one consumer; they come, go, end and fail while others play."""
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "pipelines"))

from pipeline_help import SOURCE, make_video, read_profile  # noqa: E402
from streams_process import PROGRAM, Streams, collect, description  # noqa: E402


@pytest.fixture(name="profiles", scope="module")
def _profiles(tmp_path_factory):
    """name -> profile file, all different."""
    folder = tmp_path_factory.mktemp("profiles")
    files = {}
    for name in ["ball", "smpte", "gradient", "circular"]:
        files[name] = folder / f"{name}.safetensors"
        collect(files[name], name)
    collect(folder / "large.safetensors", size=(128, 96))
    return files | {"large": folder / "large.safetensors"}


def test_sixteen_streams(profiles):
    names = [name for name in profiles if name != "large"]
    with Streams({f"camera{i}": description(names[i % 4], profiles[names[i % 4]], 50 + i, settings=f"scope={['pixel', 'channel'][i % 2]}")
                  for i in range(16)}) as streams:
        status, lines = streams.finish()
    assert status == 0, lines
    assert {f"camera{i}: gone after {50 + i} tensors" for i in range(16)} <= set(lines)
    assert lines[-1] == f"16 streams, {sum(50 + i for i in range(16))} tensors, 0 of no stream"


def test_each_has_its_own_profile(profiles):
    with Streams({name: description(name, profiles[name], 10) for name in ["ball", "smpte"]}) as streams:
        _, lines = streams.finish()
    identities = {line.split(":")[0]: re.search(r"identity=\(string\)(\w+)", line)[1] for line in lines if ": pixelnorm, " in line}
    assert identities == {name: read_profile(profiles[name])[0]["identity"] for name in ["ball", "smpte"]}


def test_streams_come_and_go(profiles):
    with Streams({"first": description("ball", profiles["ball"])}) as streams:
        streams.wait_for("first: pixelnorm, ")
        streams.say(f"add second={description('smpte', profiles['smpte'], settings='method=min-max')}")
        assert "method=(string)min-max" in streams.wait_for("second: pixelnorm, ")
        for name in ("second", "consumer"):
            streams.say(f"add {name}=videotestsrc")
            assert streams.wait_for(name) == f"{name}: there is one of this name already."
        streams.say("remove first")
        assert int(streams.wait_for("first: gone after ").split()[3]) > 0
        streams.say("remove first")
        assert streams.wait_for("first") == "There is no stream first."
        streams.say(f"add first={description('ball', profiles['ball'], 7)}")  # the name is free again
        streams.wait_for("first: gone after 7 tensors")
        streams.say("list")
        assert streams.wait_for("second: ").endswith(" tensors")
        for words in ("dance", "add", "remove", "add third", "add third=nosuchelement"):
            streams.say(words)
        assert [streams.wait_for(text) for text in ("dance", '"add"', '"remove"', '"third"', "nosuchelement")]
        streams.say("quit\nadd late=videotestsrc num-buffers=1 ! pixelnorm method=fixed")
        status, lines = streams.finish()
    assert status == 0 and lines[-1].startswith("3 streams, ") and lines[-1].endswith(", 0 of no stream")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number, tmp_path):
    """As `quit` does: what was collected is saved."""
    with Streams({"a": f"videotestsrc is-live=true ! pixelstats location={tmp_path}/a.safetensors ! pixelnorm method=fixed"}) as streams:
        streams.say("list")
        while streams.wait_for(" tensors") == "a: 0 tensors":
            streams.say("list")
        streams.process.send_signal(number)
        status, lines = streams.finish()
    count = int(next(line for line in lines if "gone after" in line).split()[3])
    assert status == 0 and [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
    assert read_profile(tmp_path / "a.safetensors")[1]["frames"][0] >= count > 0


def test_one_that_fails_leaves_the_others(profiles):
    bad = {"file": ("uridecodebin3 uri=file:///missing.mp4 ! pixelnorm method=fixed", "/missing.mp4"),
           "profile": (description("ball", "missing.safetensors", 9), "missing.safetensors"),
           "size": (description("ball", profiles["large"], 9), "128x96"),
           "video": ("videotestsrc num-buffers=9", "GstBin:video/")}
    with Streams({**{name: text for name, (text, _) in bad.items()}, "good": description("ball", profiles["ball"], 200)}) as streams:
        status, lines = streams.finish()
    assert status == 0 and "good: gone after 200 tensors" in lines
    for name, (_, words) in bad.items():
        assert f"{name}: gone after 0 tensors" in lines and any(words in line for line in lines), lines


@pytest.mark.parametrize("words, status, expected", [
    (["a"], 1, 'Expected NAME=DESCRIPTION, found "a".'), (["a=nosuchelement"], 1, 'a: no element "nosuchelement"'),
    (["a=videotestsrc ! pixelnorm metod=fixed"], 1, 'a: no property "metod" in element "pixelnorm"'),
    (["--consumer=nosuchelement"], 1, 'consumer: no element "nosuchelement"'), (["--speed"], 2, "Unknown option --speed"),
    (["--consumer=videotestsrc"], 1, "consumer: no pad is left to link it by"),
], ids=str)
def test_what_it_does_not_know(words, status, expected):
    with Streams(None, *words) as streams:
        assert streams.finish() == (status, [expected])


def test_a_file_with_sound(tmp_path):
    """A decoder has its pads only once it plays, and one more than is wanted."""
    video = make_video(tmp_path / "v.avi", tmp_path)
    with Streams({"a": f"uridecodebin3 uri={video.as_uri()} ! pixelnorm method=fixed"}) as streams:
        status, lines = streams.finish()
    assert status == 0 and "a: gone after 40 tensors" in lines, lines


def test_a_consumer_that_fails(tmp_path, profiles):
    with Streams({"a": description("ball", profiles["ball"])}, "--consumer=filesink location=/no/such/folder/file") as streams:
        streams.wait_for("consumer: Could not open file")
        assert streams.process.wait(timeout=60) == 1


def test_any_consumer(tmp_path, profiles):
    """Two sizes in one file: as many numbers as all tensors have."""
    with Streams({"small": description("ball", profiles["ball"], 5), "large": description("ball", profiles["large"], 4, (128, 96))},
                 f"--consumer=capsfilter caps=other/tensors,types=uint8 ! filesink location={tmp_path}/tensors async=false sync=false") as streams:
        status, _ = streams.finish()
    assert status == 0 and (tmp_path / "tensors").stat().st_size == (5 * 64 * 48 + 4 * 128 * 96) * 3


@pytest.mark.unsanitized("AddressSanitizer keeps what was freed")
def test_memory_stays():
    """The short form of tests/apps/soak."""
    soak = subprocess.run([pathlib.Path(__file__).parent / "soak", "5"], capture_output=True, text=True, timeout=120)
    assert soak.returncode == 0, soak.stdout + soak.stderr


def test_the_line_of_the_docs(tmp_path):
    """docs/streams.md: the door is not there, and the yard goes on."""
    page = (pathlib.Path(__file__).parents[2] / "docs" / "streams.md").read_text()
    line = re.search(r"```sh\n(.*?)```", page, re.S)[1]
    collect(tmp_path / "yard.safetensors", size=(320, 240))
    collect(tmp_path / "door.safetensors")
    environment = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
                          env=environment)
    assert done.returncode == 0 and "yard: gone after 300 tensors\n" in done.stdout, done
    assert "door: " in done.stderr and "/videos/door.mp4" in done.stderr


def test_which_stream_behind_what_drops_the_meta():
    """The program of the page: red is of the one, blue of the other, whatever order they came in."""
    (program,) = re.findall(r"^```python\n(.*?)^```", (SOURCE / "docs" / "streams.md").read_text(), re.M | re.S)
    done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[(('door', '0000ff'), 5), (('yard', 'ff0000'), 7)]\n"
    assert f"`{done.stdout.strip()}`" in (SOURCE / "docs" / "streams.md").read_text()
