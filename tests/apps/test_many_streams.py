# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm-streams: many streams, a profile each, one consumer; they come, go, end and fail while others play."""
import pathlib
import re
import signal
import subprocess

import pytest

from streams_process import Streams, collect, write_config


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


def test_sixteen_streams(tmp_path, profiles):
    names = [name for name in profiles if name != "large"]
    sources = {f"camera{i}": {"pattern": names[i % 4], "frames": 50 + i, "location": profiles[names[i % 4]],
                              "scope": ["pixel", "channel"][i % 2]} for i in range(16)}
    write_config(tmp_path / "streams.conf", sources)
    with Streams(tmp_path / "streams.conf") as streams:
        status, lines = streams.finish()
    assert status == 0, lines
    for i, name in enumerate(sources):
        assert f"{name}: removed after {50 + i} frames, {50 + i} consumed" in lines
    total = sum(50 + i for i in range(16))
    assert f"16 streams in all, {total} frames, {total} consumed, 0 of no stream" in lines[-1]


def test_each_has_its_own_profile(tmp_path, profiles):
    sources = {name: {"pattern": name, "frames": 10, "location": profiles[name]} for name in ["ball", "smpte"]}
    write_config(tmp_path / "streams.conf", sources)
    with Streams(tmp_path / "streams.conf") as streams:
        _, lines = streams.finish()
    identities = {line.split("-")[0]: re.search(r"identity=\(string\)(\w+)", line)[1]
                  for line in lines if "pixelnorm, " in line}
    assert set(identities) == {"ball", "smpte"} and len(set(identities.values())) == 2


def test_streams_come_and_go(tmp_path, profiles):
    write_config(tmp_path / "streams.conf",
                 {"first": {"pattern": "ball", "live": "true", "location": profiles["ball"]}}, ["interval=0"])
    with Streams(tmp_path / "streams.conf") as streams:
        streams.wait_for("first-pixelnorm: pixelnorm, ")
        streams.say(f"add second pattern=smpte live=true location={profiles['smpte']} method=min-max")
        assert "method=(string)min-max" in streams.wait_for("second-pixelnorm: pixelnorm, ")
        streams.say("add second pattern=smpte")
        assert "There is a source second already" in streams.wait_for("second")
        streams.say("remove first")
        streams.wait_for("first: removed after")
        streams.say("remove first")
        assert streams.wait_for("first") == "There is no source first."
        streams.say("list")
        while "consumed; PixelnormMeta" not in streams.wait_for("second: "):  # its first frame may be on the way
            streams.say("list")
        streams.wait_for("1 streams, ")
        streams.say("dance")
        assert "Expected add" in streams.wait_for("dance")
        streams.say("quit")
        status, lines = streams.finish()
    assert status == 0 and "2 streams in all" in lines[-1] and ", 0 of no stream" in lines[-1]


def test_the_file_is_read_again(tmp_path, profiles):
    config = tmp_path / "streams.conf"
    keep = {"pattern": "ball", "live": "true", "location": profiles["ball"]}
    write_config(config, {"keep": keep, "change": keep, "go": keep})
    with Streams(config) as streams:
        for _ in range(3):
            streams.wait_for("-pixelnorm: pixelnorm, ")
        write_config(config, {"keep": keep, "change": keep | {"method": "center"}, "come": keep})
        streams.process.send_signal(signal.SIGHUP)
        gone = {streams.wait_for("removed after").split(":")[0] for _ in range(2)}
        begun = {streams.wait_for("-pixelnorm: pixelnorm, ").split("-")[0] for _ in range(2)}
        config.write_text("[source keep]\nnothing\n")
        streams.process.send_signal(signal.SIGHUP)
        streams.wait_for("What was before goes on.")
        streams.process.send_signal(signal.SIGINT)
        status, _ = streams.finish()
    assert status == 0 and gone == {"change", "go"} and begun == {"change", "come"}


@pytest.mark.parametrize("keys, text", [
    ({"uri": "missing-file.mp4", "location": "{ball}"}, "missing-file.mp4"),
    ({"location": "missing.safetensors"}, "missing.safetensors"),
    ({"location": "{large}", "caps": "video/x-raw,width=64,height=48"}, "128x96"),
], ids=["file", "profile", "size"])
def test_one_that_fails_leaves_the_others(tmp_path, profiles, keys, text):
    bad = {"pattern": "ball"} if "uri" not in keys else {}
    bad |= {key: value.format(**profiles) for key, value in keys.items()}
    write_config(tmp_path / "streams.conf",
                 {"bad": bad, "good": {"pattern": "ball", "frames": 200, "location": profiles["ball"]}})
    with Streams(tmp_path / "streams.conf") as streams:
        status, lines = streams.finish()
    assert status == 0
    assert any(line.startswith("bad: ") and text in line for line in lines), lines
    assert "good: removed after 200 frames, 200 consumed" in lines


@pytest.mark.parametrize("text, expected", [
    ("[source a]\nlocation=x\nmethood=zscore\n", 'Neither a source nor pixelnorm has a key "methood"'),
    ("[source a]\nmethod=zscored\n", '"zscored" is no value for method'),
    ("[source a]\nuri=a\npattern=ball\n", "both uri and pattern"),
    ("[source a]\nframes=many\n", "expected a whole number"),
    ("[source a]\nlive=perhaps\n", "expected true or false"),
    ("[source a]\ncaps=!!\n", "no description of caps"),
    ("[application]\nspeed=3\n", 'has no key "speed"'),
    ("[consumer]\npipeline=nosuchelement\n", "nosuchelement"),
    ("[consumer]\npipeline=videotestsrc\n", "no pad that tensors can go into"),
    ("[sauce a]\n", "There is no group [sauce a]"),
    ("", "0 streams in all"),
], ids=str)
def test_bad_files(tmp_path, text, expected):
    config = tmp_path / "streams.conf"
    config.write_text(text)
    with Streams(config) as streams:
        status, lines = streams.finish()
    assert status == 1 and any(expected in line for line in lines), lines


def test_collects_on_the_way(tmp_path, profiles):
    sources = {"a": {"pattern": "snow", "frames": 30, "location": profiles["ball"], "collect": tmp_path / "a.safetensors"}}
    write_config(tmp_path / "streams.conf", sources)
    with Streams(tmp_path / "streams.conf") as streams:
        status, lines = streams.finish()
    assert status == 0 and (tmp_path / "a.safetensors").exists()
    assert any(line.startswith("a-pixelstats: pixelstats, frames=(guint64)30") for line in lines), lines


def test_any_consumer(tmp_path, profiles):
    out = tmp_path / "tensors.f32"
    sources = {f"s{i}": {"pattern": "ball", "frames": 5, "location": profiles["ball"]} for i in range(3)}
    write_config(tmp_path / "streams.conf", sources, consumer=[f"pipeline=filesink location={out} async=false sync=false"])
    with Streams(tmp_path / "streams.conf") as streams:
        status, _ = streams.finish()
    assert status == 0 and out.stat().st_size == 3 * 5 * 48 * 64 * 3 * 4


@pytest.mark.unsanitized("AddressSanitizer keeps what was freed")
def test_memory_stays():
    """The short form of tests/apps/soak."""
    soak = subprocess.run([pathlib.Path(__file__).parent / "soak", "5"], capture_output=True, text=True, timeout=120)
    assert soak.returncode == 0, soak.stdout + soak.stderr


def test_the_file_of_the_docs(tmp_path):
    page = (pathlib.Path(__file__).parents[2] / "docs" / "streams.md").read_text()
    text = re.search(r"```ini\n(.*?)```", page, re.S)[1]
    (tmp_path / "streams.conf").write_text(text.replace("live=true\n", ""))
    collect(tmp_path / "yard.safetensors", size=(640, 480))
    collect(tmp_path / "door.safetensors")
    with Streams(tmp_path / "streams.conf", tmp_path) as streams:
        status, lines = streams.finish()
    assert status == 0 and "yard: removed after 300 frames, 300 consumed" in lines
    assert any(line.startswith("door: ") and "/videos/door.mp4" in line for line in lines), lines
    assert (tmp_path / "yard-today.safetensors").exists()
