# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile watch, with frames that numpy made: what it collects and compares, how it ends, and what it tells Prometheus."""
import fcntl
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cli_help import load, pixelprofile, save_profile, wait_for
from watch_help import (
    PATIENCE, RAW, STDIN, await_frames, check_profile, feed, finish, random_frames, running, watch, watch_json, write_frames)

REFERENCE = random_frames(40, 1, 100, 120)
NEAR = random_frames(30, 2, 100, 120)
FAR = random_frames(30, 3, 200, 220)


@pytest.fixture
def gate(tmp_path):
    """A folder with a reference."""
    save_profile(tmp_path / "gate.safetensors", REFERENCE)
    return tmp_path


# --- what is collected

def test_the_profile_is_numpys(tmp_path):
    frames = random_frames(23, 4)
    (line,) = watch_json("--location=a.safetensors", write_frames(tmp_path / "frames.raw", frames), cwd=tmp_path)
    check_profile(tmp_path / "a.safetensors", frames)
    assert line["frames"] == 23 and line["drift"] is None and line["seconds"] > 0
    assert line["frames_per_second"] == pytest.approx(23 / line["seconds"])
    assert line["profile"] == {"file": "a.safetensors", "frames": 23, "frames_skipped": 0}


def test_a_profile_that_is_there_is_gone_on_from(tmp_path):
    parts = random_frames(7, 5), random_frames(9, 6)
    for frames in parts:
        lines = watch_json("--location=a.safetensors", write_frames(tmp_path / "frames.raw", frames), cwd=tmp_path)
    assert (lines[-1]["frames"], lines[-1]["profile"]["frames"]) == (9, 16)
    check_profile(tmp_path / "a.safetensors", np.concatenate(parts))


@pytest.mark.parametrize("kind", ["path", "uri"])
def test_files_and_uris(tmp_path, kind):
    video = tmp_path / "a %F video.y4m"
    subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=9", "!", "y4menc", "!", "filesink", f"location={video}"],
                   check=True, timeout=PATIENCE)
    (line,) = watch_json("--location=a.safetensors", video if kind == "path" else video.as_uri(), cwd=tmp_path)
    assert line["frames"] == load(tmp_path / "a.safetensors").get_frames() == 9


def test_a_file_without_video(tmp_path):
    """So short that GStreamer neither ends nor fails. That nothing will come is told long before the time for frames is over."""
    start = time.monotonic()
    subprocess.run(["gst-launch-1.0", "-q", "audiotestsrc", "num-buffers=9", "!", "wavenc", "!", "filesink", "location=a.wav"],
                   check=True, timeout=PATIENCE, cwd=tmp_path)
    done = watch("--location=a.safetensors", "--timeout=100", "a.wav", cwd=tmp_path)
    assert done.returncode == 2 and "No video was found in SOURCE. " in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert time.monotonic() < start + 50


def test_settings_of_the_profile(tmp_path):
    frames = random_frames(5, 7)
    source = write_frames(tmp_path / "frames.raw", frames)
    watch_json("--location=c.safetensors", "--scope=channel", source, cwd=tmp_path)
    profile = load(tmp_path / "c.safetensors")
    assert (profile.get_scope(), profile.get_width()) == (1, 0) and profile.get_statistics(1).mean == pytest.approx(
        frames[..., 1].mean())
    watch_json("--location=g.safetensors", "--channels=gray", f"{source} ! videoconvert ! video/x-raw,format=I420", cwd=tmp_path)
    assert load(tmp_path / "g.safetensors").get_channels() == "Y"


def test_each_second_has_its_file(tmp_path):
    """By a date of seconds: every frame is in one file, in order, and a name that comes again is gone on from."""
    frames = random_frames(120, 8)
    save_profile(tmp_path / "before.safetensors", REFERENCE)
    for second in range(60):
        os.link(tmp_path / "before.safetensors", tmp_path / f"s-{second:02}.safetensors")
    source = write_frames(tmp_path / "frames.raw", frames) + " ! identity sync=true"
    lines = watch_json("--location=s-%S.safetensors", "--every=0.3", source, cwd=tmp_path)
    names = list(dict.fromkeys(line["profile"]["file"] for line in lines))
    assert len(names) >= 3 and sum(line["frames"] for line in lines) == 120
    written = [second for second in range(60) if load(tmp_path / f"s-{second:02}.safetensors").get_frames() > 40]
    # from the first to the last, around from 59
    start = next(second for second in written if (second - 1) % 60 not in written)
    at = 0
    for second in [(start + i) % 60 for i in range(len(written))]:
        path = tmp_path / f"s-{second:02}.safetensors"
        n = load(path).get_frames() - 40
        check_profile(path, np.concatenate([REFERENCE, frames[at:at + n]]))
        at += n
    assert at == 120


def test_a_folder_with_a_percent_sign(tmp_path):
    (tmp_path / "100%").mkdir()
    watch_json("--location=100%%/a.safetensors", write_frames(tmp_path / "frames.raw", NEAR), cwd=tmp_path)
    check_profile(tmp_path / "100%" / "a.safetensors", NEAR)


def test_an_end_after_the_name_has_changed(tmp_path):
    """All frames are saved by then, so there is nothing to warn of."""
    with running("--json", "--location=s-%S.safetensors", "--every=0.1", STDIN, cwd=tmp_path) as process:
        feed(process, NEAR)
        name = await_frames(process, 30)["profile"]["file"]
        wait_for((tmp_path / name).exists)
        process.stdin.close()
        process.stdin = None
        status, _, errors = finish(process)
    assert (status, errors) == (0, "")
    check_profile(tmp_path / name, NEAR)


def test_a_new_file_at_any_moment(tmp_path):
    """Some 40,000 frames a second, and a new file ten times a second: each frame is in one of them."""
    n = 150000
    source = f"videotestsrc pattern=white num-buffers={n} ! video/x-raw,format=RGB,width=16,height=8"
    lines = watch_json("--location=a-%f.safetensors", "--every=1000", source, cwd=tmp_path)
    assert [line["frames"] for line in lines] == [n]
    profiles = [load(path) for path in tmp_path.glob("*.safetensors")]
    assert len(profiles) > 3 and sum(profile.get_frames() for profile in profiles) == n
    assert {profile.get_statistics(channel).min for profile in profiles for channel in range(3)} == {255}


def cut(path, data, size=288):
    """Returns: a source of frames of so many bytes, where 288 are needed; the last may be shorter."""
    path.write_bytes(data)
    return f"filesrc location={path} blocksize={size} ! capsfilter caps=video/x-raw,format=RGB,width=16,height=6,framerate=50/1"


@pytest.mark.parametrize("option", ["--location=a.safetensors", "--reference=gate.safetensors"])
def test_damaged_frames_are_none_that_came(gate, option):
    """Also where the profile that is gone on from knows of others."""
    save_profile(gate / "a.safetensors", REFERENCE, skipped=5)
    done = watch("--json", option, "--metrics=a.prom", cut(gate / "short.raw", bytes(1600), 200), cwd=gate)
    (line,) = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0 and done.stderr.count("frames-skipped") == 1, done.stderr
    assert (line["frames"], line["frames_skipped"], line["frames_per_second"], line["drift"]) == (0, 8, 0, None)
    assert line["profile"] is None or (line["profile"]["frames"], line["profile"]["frames_skipped"]) == (40, 13)
    values, _ = parse_metrics((gate / "a.prom").read_text())
    assert [values[name, None] for name in ("frames_total", "skipped_frames_total", "last_frame_time_seconds")] == [0, 8, 0]
    done = watch(option, cut(gate / "mixed.raw", NEAR.tobytes() + bytes(200)), cwd=gate)
    assert done.returncode == 0 and re.search(r"  30 frames, \S+ a second, 1 damaged and left out", done.stdout), done.stdout


def test_damaged_frames_do_not_put_off_the_timeout(gate):
    source = "videotestsrc is-live=true num-buffers=300 ! video/x-raw,format=RGB,width=16,height=6,framerate=50/1"
    short = f"{source} ! capssetter caps=video/x-raw,format=RGB,width=16,height=7,framerate=50/1 replace=true"
    done = watch("--reference=gate.safetensors", "--timeout=1", short, cwd=gate)
    assert done.returncode == 2 and "No frame came for 1 seconds" in done.stderr, done.stderr


# --- what is compared

def test_figures_are_those_of_diff(gate):
    for name, frames in [("near", NEAR), ("far", FAR)]:
        save_profile(gate / f"{name}.safetensors", frames)
        for options in ([], ["--limit=0.2", "--share=0.5", "--min-deviation=2"]):
            done = pixelprofile("diff", "--json", *options, "gate.safetensors", f"{name}.safetensors", cwd=gate)
            expected = {key: value for key, value in json.loads(done.stdout).items() if key not in "ab"}
            (line,) = watch_json("--reference=gate.safetensors", *options, write_frames(gate / "frames.raw", frames), cwd=gate)
            assert line["profile"] is None and line["drift"].pop("frames") == 30
            assert line["drift"] == expected and (done.returncode == 1) == line["drift"]["beyond_limit"]
        deviation = np.maximum(REFERENCE.std(0), 2)
        shift = np.abs(frames.mean(0) - REFERENCE.mean(0)) / deviation
        assert line["drift"]["share_beyond"] == pytest.approx((shift.max(-1) > 0.2).mean())


def test_another_matrix_than_the_reference(tmp_path):
    """Is told once, in the words of diff."""
    def source(matrix):
        return ("videotestsrc is-live=true num-buffers=30 ! video/x-raw,format=Y444,width=16,height=6,framerate=60/1,"
                f"colorimetry=2:{matrix}:5:1")

    for name, matrix in (("a", 4), ("b", 3)):
        watch_json(f"--location={name}.safetensors", "--channels=native", source(matrix), cwd=tmp_path)
    told = pixelprofile("diff", "a.safetensors", "b.safetensors", cwd=tmp_path).stderr
    done = watch("--json", "--reference=a.safetensors", "--channels=native", "--every=0.1", source(3), cwd=tmp_path)
    assert sum(json.loads(line)["drift"] is not None for line in done.stdout.splitlines()) > 1
    assert "bt601" in told and "bt709" in told and done.stderr == (
        told.replace("profile diff:", "profile watch:").replace(" A was", " The reference was").replace(" B with", " the stream with"))
    done = watch("--json", "--reference=a.safetensors", "--channels=native", source(4), cwd=tmp_path)
    assert done.stderr == ""


def test_each_line_is_of_the_latest_frames(gate):
    """Bursts that came whole into one line."""
    seen = 0
    with running("--json", "--reference=gate.safetensors", "--every=0.3", STDIN, cwd=gate) as process:
        for turn in range(30):
            frames = [NEAR, FAR][turn % 2][:5 + turn]
            feed(process, frames)
            n = 0
            while n < len(frames):
                line = json.loads(process.stdout.readline())
                n += line["frames"]
            if line["frames"] == len(frames) and line["drift"] and line["drift"]["frames"] == n:
                seen += 1
                for i, name in enumerate("RGB"):
                    row = line["drift"]["channels"][name]
                    assert row["mean_b"] == pytest.approx(frames[..., i].mean())
                    assert row["deviation_b"] == pytest.approx(np.sqrt(frames[..., i].var(0).mean()))
                assert line["drift"]["beyond_limit"] == bool(turn % 2)
            if seen == 4:
                break
        process.stdin.close()
        process.stdin = None
        status, _, errors = finish(process)
    assert (seen, status, errors) == (4, 0, "")


def test_text(gate):
    done = watch("--reference=gate.safetensors", "--location=a.safetensors", write_frames(gate / "frames.raw", FAR), cwd=gate)
    shift = (np.abs(FAR.mean(0) - REFERENCE.mean(0)) / np.maximum(REFERENCE.std(0), 1)).max(-1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d  30 frames, [\d.]+ a second; a.safetensors: 30 frames; "
                        rf"shift {shift.mean():.3f}, largest {shift.max():.3f}, beyond 1.00000: beyond the limit\n", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")


def test_exit_on_drift(gate):
    """And the frames are saved."""
    with running("--json", "--reference=gate.safetensors", "--location=a.safetensors", "--every=0.1", "--exit-on-drift", STDIN,
                 cwd=gate) as process:
        feed(process, NEAR)
        await_frames(process, 30)
        feed(process, FAR)
        status, lines, errors = finish(process)
    assert (status, errors) == (1, "") and json.loads(lines[-1])["drift"]["beyond_limit"]
    frames = load(gate / "a.safetensors").get_frames()
    check_profile(gate / "a.safetensors", np.concatenate([NEAR, FAR])[:frames])
    assert frames > 30


def test_a_stream_that_ends_beyond_the_limit(gate):
    for options, status in [([], 0), (["--exit-on-drift"], 1), (["--exit-on-drift", "--limit=100"], 0)]:
        watch_json("--reference=gate.safetensors", *options, write_frames(gate / "frames.raw", FAR), cwd=gate, status=status)


def test_on_drift(gate):
    """Once, with its line, and again after a line within the limit."""
    heard = gate / "heard"
    with running("--json", "--reference=gate.safetensors", "--location=a.safetensors", "--every=0.2", f"--on-drift=cat >>{heard}",
                 STDIN, cwd=gate) as process:
        total, beyond, turns = 0, [], 0
        for frames in (NEAR, FAR, FAR, NEAR, FAR):
            feed(process, frames)
            while total < 30 * (turns + 1):
                line = json.loads(process.stdout.readline())
                total += line["frames"]
                if line["drift"]:
                    beyond.append((line["drift"]["beyond_limit"], line))
            turns += 1
        process.send_signal(signal.SIGTERM)
        status, _, errors = finish(process)
    assert (status, errors) == (0, "")
    expected = [line for i, (is_beyond, line) in enumerate(beyond) if is_beyond and not (i and beyond[i - 1][0])]
    assert [json.loads(line) for line in heard.read_text().splitlines()] == expected and len(expected) >= 2


@pytest.mark.parametrize("command, words", [("exit 3", "status 3"), ("kill -9 $$", "signal 9"), ("no-such-program", "status 127")])
def test_a_command_that_fails(gate, command, words):
    done = watch("--reference=gate.safetensors", f"--on-drift={command} 2>/dev/null", write_frames(gate / "frames.raw", FAR),
                 cwd=gate)
    assert done.returncode == 0 and done.stderr.count("\n") == 1 and words in done.stderr


def test_what_a_command_prints_is_no_line(gate):
    done = watch("--json", "--reference=gate.safetensors", "--on-drift=echo Covered; echo Told >&2",
                 write_frames(gate / "frames.raw", FAR), cwd=gate)
    assert (done.returncode, done.stderr) == (0, "Covered\nTold\n")
    assert [json.loads(line)["frames"] for line in done.stdout.splitlines()] == [30]


# --- how it ends

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_saves(tmp_path, number):
    frames = random_frames(11, 9)
    with running("--json", "--location=a.safetensors", "--every=0.1", "--checkpoint=1000", STDIN, cwd=tmp_path) as process:
        feed(process, frames)
        await_frames(process, 11)
        assert not (tmp_path / "a.safetensors").exists()
        process.send_signal(number)
        status, _, errors = finish(process)
    assert (status, errors) == (0, "")
    check_profile(tmp_path / "a.safetensors", frames)


def test_a_signal_that_is_ignored_stays_so(tmp_path):
    """As under nohup."""
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with running("--json", "--location=a.safetensors", "--every=0.1", STDIN, cwd=tmp_path, preexec_fn=ignore) as process:
        feed(process, REFERENCE)
        await_frames(process, 40)
        process.send_signal(signal.SIGHUP)
        feed(process, REFERENCE)
        await_frames(process, 80)
        process.send_signal(signal.SIGTERM)
        assert finish(process)[0] == 0


def catches(process, number):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^SigCgt:\s*(\w+)", status, re.M)[1], 16) >> (number - 1) & 1


def test_the_same_signal_again_ends_at_once(tmp_path):
    """Where the source hangs as it is opened: nobody writes into the pipe."""
    os.mkfifo(tmp_path / "pipe")
    with running("--location=a.safetensors", f"filesrc location=pipe ! {RAW}", cwd=tmp_path) as process:
        wait_for(lambda: catches(process, signal.SIGTERM))
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: not catches(process, signal.SIGTERM))
        process.send_signal(signal.SIGTERM)
        assert finish(process)[0] == -signal.SIGTERM


def test_a_source_that_hangs(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = watch("--location=a.safetensors", "--timeout=0.5", f"filesrc location=pipe ! {RAW}", cwd=tmp_path)
    assert done.returncode == 2 and "No frame came for 0.5 seconds" in done.stderr and "hangs" in done.stderr


def test_a_stream_that_falls_silent(tmp_path):
    frames = random_frames(6, 10)
    with running("--json", "--location=a.safetensors", "--timeout=6", "--every=0.1", STDIN, cwd=tmp_path) as process:
        feed(process, frames)
        process.wait(PATIENCE)
        errors = process.stderr.read().decode()
    assert process.returncode == 2 and "No frame came for 6 seconds" in errors and errors.count("\n") == 1
    check_profile(tmp_path / "a.safetensors", frames)


def test_nobody_reads_the_lines(tmp_path):
    """One error and the end, saved, where they are not taken."""
    frames = random_frames(8, 11)
    source = write_frames(tmp_path / "frames.raw", frames)
    with open("/dev/full", "w") as full:
        done = watch("--location=a.safetensors", source, cwd=tmp_path, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2 and "Standard output was not written" in done.stderr
    assert done.stderr.count("\n") == 1
    check_profile(tmp_path / "a.safetensors", frames)
    with running("--location=b.safetensors", "--every=0.1", STDIN, cwd=tmp_path) as process:
        process.stdout.close()
        feed(process, frames)
        process.wait(PATIENCE)
        errors = process.stderr.read().decode()
    assert process.returncode == 2 and "Standard output was not written" in errors and errors.count("\n") == 1


def test_lines_that_nobody_reads(tmp_path):
    """Are left out, and everything else goes on; lines that are read again are whole."""
    with running("--json", "--location=a.safetensors", "--metrics=a.prom", "--every=0.05", "--timeout=60", STDIN, cwd=tmp_path) as process:
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        feed(process, NEAR)
        wait_for(lambda: select.select([process.stdout], [], [], 0)[0])
        time.sleep(4)
        feed(process, FAR)
        wait_for(lambda: parse_metrics((tmp_path / "a.prom").read_text())[0]["frames_total", None] == 60)
        assert await_frames(process, 60)["profile"]["frames"] == 60
        told = re.fullmatch(rb".*Warning: (\d+) lines were left out, since nobody read standard output.\n", process.stderr.readline())
        assert int(told[1]) > 10
        process.send_signal(signal.SIGTERM)
        status, lines, errors = finish(process)
    assert (status, errors) == (0, "") and all(map(json.loads, lines))
    check_profile(tmp_path / "a.safetensors", np.concatenate([NEAR, FAR]))


def test_a_silent_stream_whose_lines_nobody_reads(tmp_path):
    with running("--location=a.safetensors", "--every=0.05", "--timeout=8", STDIN, cwd=tmp_path) as process:
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        feed(process, NEAR)
        process.wait(PATIENCE)
        errors = process.stderr.read().decode()
    assert process.returncode == 2 and "No frame came for 8 seconds" in errors and "lines were left out" in errors, errors
    check_profile(tmp_path / "a.safetensors", NEAR)


def fill_disk():
    """A limit on the size of files is the full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))


def noisy(width, height, *names):
    """A live source in which each of these elements warns after every frame that it cannot save."""
    return f"videotestsrc is-live=true num-buffers=3000 ! video/x-raw,format=RGB,width={width},height={height},framerate=100/1" + "".join(
        f" ! pixelstats name={name} location={name}.safetensors scope=channel checkpoint-interval=1" for name in names)


def test_a_full_disk_loses_nothing(tmp_path):
    """As long as it is full, the frames of the next dates go into the file before."""
    parts = random_frames(2, 12), random_frames(3, 13)
    with running("--json", "--location=s-%S.safetensors", "--every=0.1", "--checkpoint=0.1", STDIN, cwd=tmp_path,
                 preexec_fn=fill_disk) as process:
        feed(process, parts[0])
        first = await_frames(process, 2)
        assert b"Writing failed: File too large" in process.stderr.readline()
        time.sleep(1.5)  # a second has begun, whatever else
        feed(process, parts[1])
        assert await_frames(process, 5)["profile"]["file"] == first["profile"]["file"]
        assert not list(tmp_path.iterdir())
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        process.send_signal(signal.SIGTERM)
        status, _, _ = finish(process)
    assert status == 0
    check_profile(tmp_path / first["profile"]["file"], np.concatenate(parts))


def count_writes(process):
    return int(re.search(r"^syscw: (\d+)", Path(f"/proc/{process.pid}/io").read_text(), re.M)[1])


def test_a_full_disk_is_tried_again_every_ten_seconds(tmp_path):
    """Ten seconds after the first failure is the second, which says the same, and the next is ten seconds later."""
    with running("--json", "--location=s-%S.safetensors", "--every=1000", "--checkpoint=1000", STDIN, cwd=tmp_path,
                 preexec_fn=fill_disk) as process:
        feed(process, NEAR)
        assert b"Writing failed: File too large" in process.stderr.readline()
        time.sleep(9)
        before = count_writes(process)
        time.sleep(3)
        writes = count_writes(process) - before
        process.send_signal(signal.SIGTERM)
        status, _, errors = finish(process)
    assert status == 2 and errors.count("\n") == 1 and "File too large" in errors, (status, errors)
    assert 0 < writes < 100, writes  # some for each try


def test_a_warning_that_comes_back_is_told_again(tmp_path):
    """A disk is full for many saves, has room, and is full again."""
    (tmp_path / "gone").mkdir()
    with open(tmp_path / "errors", "wb") as errors, running("--json", "--location=s.safetensors", "--every=1.5", noisy(16, 6, "gone/a"),
                                                            cwd=tmp_path, stderr=errors) as process:
        await_frames(process, 1)
        for _ in range(2):
            (tmp_path / "gone").rename(tmp_path / "elsewhere")
            time.sleep(2)
            (tmp_path / "elsewhere").rename(tmp_path / "gone")
            time.sleep(4)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    lines = (tmp_path / "errors").read_text().splitlines()
    # a save may also find the folder gone half way, and say that in other words
    assert all("Warning: gone/a: " in line for line in lines) and 2 <= max(Counter(lines).values()) <= 4, lines


def test_warnings_do_not_put_off_the_next_file(tmp_path):
    """Of two elements by turns, a hundred a second; each is told once. Two files begin within 4 seconds, whatever the first moment."""
    (tmp_path / "gone").mkdir()
    with open(tmp_path / "errors", "wb") as errors, running("--json", "--location=s-%S.safetensors", "--every=0.1",
                                                            noisy(16, 6, "gone/a", "gone/b"), cwd=tmp_path, stderr=errors) as process:
        names = {await_frames(process, 1)["profile"]["file"]}
        (tmp_path / "gone").rename(tmp_path / "elsewhere")
        start = time.monotonic()
        while len(names) < 3 and time.monotonic() < start + 4:
            names.add(json.loads(process.stdout.readline())["profile"]["file"])
    assert len(names) == 3
    lines = (tmp_path / "errors").read_text().splitlines()
    assert len(lines) == len(set(lines)) and all(any(f"Warning: gone/{name}: " in line for line in lines) for name in "ab"), lines[:9]


def test_a_last_save_that_fails_is_told(tmp_path):
    """Also behind warnings that were told before: here several come while the last line is made.
    Elements stop from the last to the first, so this error is the first."""
    save_profile(tmp_path / "gate.safetensors", np.zeros((2, 480, 640, 3), np.uint8))
    with running("--json", "--location=a.safetensors", "--reference=gate.safetensors", "--checkpoint=1000",
                 noisy(640, 480, "noise"), cwd=tmp_path, preexec_fn=fill_disk) as process:
        assert b"Warning: noise: " in process.stderr.readline()
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        status, _, errors = finish(process)
    assert status == 2 and errors.count("\n") == 1, errors
    assert "pixelprofile-collector: a.safetensors: Writing failed: File too large" in errors and "saving when stopped" in errors
    assert not (tmp_path / "a.safetensors").exists()


def test_a_last_save_that_fails_after_other_trouble(tmp_path):
    """Is told, too, and nothing else that follows from the trouble."""
    source = write_frames(tmp_path / "frames.raw", NEAR)
    sleeper = f"{source} ! c. {source} ! identity sleep-time=30000000 ! c. concat name=c"
    full = open("/dev/full", "wb")
    cases = [("No frame came for 1 seconds", STDIN, {}), ("Failed after iterations", f"{source} ! identity error-after=15", {}),
             ("Standard output was not written", STDIN, {"stdout": full}), ("hangs", sleeper, {})]
    for words, description, keywords in cases:
        with running("--location=a.safetensors", "--timeout=1", "--every=0.5", "--checkpoint=1000", description, cwd=tmp_path,
                     preexec_fn=fill_disk, **keywords) as process:
            if description == STDIN:
                feed(process, NEAR)
            process.wait(PATIENCE)
            errors = process.stderr.read().decode()
        assert process.returncode == 2 and words in errors, errors
        assert errors.count("Writing failed: File too large") == 1 and errors.count("\n") == (3 if words == "hangs" else 2), errors


@pytest.mark.parametrize("content", [b"", b"notes that are no profile", bytes(1000)])
def test_what_is_no_profile_stays(tmp_path, content):
    (tmp_path / "a.safetensors").write_bytes(content)
    done = watch("--location=a.safetensors", write_frames(tmp_path / "frames.raw", NEAR), cwd=tmp_path)
    assert done.returncode == 2 and "a.safetensors" in done.stderr and done.stderr.count("\n") == 1
    assert (tmp_path / "a.safetensors").read_bytes() == content


@pytest.mark.parametrize("location", ["gate.safetensors", "./gate.safetensors", "link.safetensors", "g%%te.safetensors"])
def test_the_reference_is_no_location(gate, location):
    (gate / "link.safetensors").symlink_to("gate.safetensors")
    (gate / "g%te.safetensors").symlink_to("link.safetensors")
    before = (gate / "gate.safetensors").read_bytes()
    done = watch("--reference=gate.safetensors", f"--location={location}", write_frames(gate / "frames.raw", NEAR), cwd=gate)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and "is the reference" in done.stderr
    assert (gate / "gate.safetensors").read_bytes() == before


def test_a_date_gives_the_name_of_the_reference(gate):
    """The name before is kept meanwhile, and that is told once."""
    second = (time.localtime().tm_sec + 4) % 60
    reference = gate / f"s-{second:02}.safetensors"
    before = (gate / "gate.safetensors").read_bytes()
    (gate / "gate.safetensors").rename(reference)
    with running("--json", "--location=s-%S.safetensors", f"--reference=./{reference.name}", "--every=0.1", STDIN, cwd=gate) as process:
        feed(process, NEAR)
        first = await_frames(process, 30)["profile"]["file"]
        warning = process.stderr.readline().decode()
        feed(process, FAR)
        wait_for(lambda: (line := json.loads(process.stdout.readline()))["profile"]["file"] != first and line["profile"]["frames"] == 30)
        process.send_signal(signal.SIGTERM)
        status, _, errors = finish(process)
    name = f"s-{(second - 1) % 60:02}.safetensors"
    assert f"{reference.name} is the reference" in warning and f"saved to {name} until" in warning, warning
    assert (status, errors) == (0, "") and reference.read_bytes() == before
    check_profile(gate / first, NEAR)
    check_profile(gate / name, FAR)


def test_another_size_than_the_reference(gate):
    source = "videotestsrc num-buffers=5 ! video/x-raw,width=64,height=48"
    done = watch("--reference=gate.safetensors", source, cwd=gate)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert all(word in done.stderr for word in ("64x48", "16x6", "gate.safetensors", "the stream"))


WRONG = [
    ([], "found 0 words"), ([""], "SOURCE is empty"), (["videotestsrc", "!", "identity"], "found 3 words"),
    (["none.y4m"], "SOURCE is neither an existing file nor a URI"),
    (["no-such-element"], "no-such-element"), (["videotestsrc ! fakesink"], "fakesink"), (["videotestsrc !"], "refused"),
    (["videotestsrc bogus=1"], "bogus"), (["videotestsrc ! video/nonsense"], "refused"), (["! !"], "refused"),
    (["filesrc location=none.raw ! rawvideoparse"], "none.raw"), (["file:///none.y4m"], "none.y4m"), (["."], "."),
    (["none://there"], "none"), (["audiotestsrc num-buffers=5"], "refused"), (["videotestsrc name=a a. ! fakesink a."], "refused"),
    (["--scope=frame", "videotestsrc"], "pixel or channel"), (["--channels=cmyk", "videotestsrc"], "native"),
    (["--mask=none.png", "videotestsrc"], "none.png"), (["--checkpoint=0", "videotestsrc"], "--checkpoint"),
    (["--every=0", "videotestsrc"], "--every"), (["--every=-1", "videotestsrc"], "-1"), (["--every=nan", "videotestsrc"], "nan"),
    (["--every=often", "videotestsrc"], "often"), (["--timeout=0", "videotestsrc"], "--timeout"),
    (["--timeout=1e9", "videotestsrc"], "1e+09"), (["--limit=-1", "videotestsrc"], "--limit"),
    (["--share=2", "videotestsrc"], "--share"), (["--min-deviation=0", "videotestsrc"], "0.001"),
    (["--metrics=gate.txt", "videotestsrc"], "CAMERA.prom"), (["--metrics=.prom", "videotestsrc"], "CAMERA.prom"),
    (["--metrics=gate.prom/", "videotestsrc"], "CAMERA.prom"), (["--metrics=notes.prom", "videotestsrc"], "notes.prom"),
    (["--metrics=folder.prom", "videotestsrc"], "folder.prom"), (["--exit-on-drift", "videotestsrc"], "--reference"),
    (["--on-drift=true", "videotestsrc"], "--reference"), (["--reference=none.safetensors", "videotestsrc"], "none.safetensors"),
    (["--reference=notes.prom", "videotestsrc"], "notes.prom"), (["--bogus", "videotestsrc"], "--bogus"),
    (["--location=%F/a.safetensors", "videotestsrc"], "folder"), (["--location=a-%Q.safetensors", "videotestsrc"], "%Q"),
    (["--location=", "videotestsrc"], "--location"), (["--location=none/a.safetensors", "videotestsrc"], "none"),
    (["--location=folder.prom", "videotestsrc"], "folder.prom"), (["--location"], "--location"),
]


@pytest.mark.parametrize("arguments, words", WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_command_lines(tmp_path, arguments, words):
    (tmp_path / "notes.prom").write_text("notes")
    (tmp_path / "folder.prom").mkdir()
    before = sorted(os.listdir(tmp_path))
    given = any(word.startswith("--location") for word in arguments)
    done = watch(*([] if given else ["--location=a.safetensors"]), *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.startswith("pixelprofile watch: ") and words in done.stderr, done.stderr
    assert sorted(os.listdir(tmp_path)) == before and (tmp_path / "notes.prom").read_text() == "notes"


def test_a_source_in_the_environment(tmp_path):
    """Where none is among the words."""
    environment = {**os.environ, "PIXELPROFILE_SOURCE": write_frames(tmp_path / "frames.raw", NEAR)}
    (line,) = watch_json("--location=a.safetensors", cwd=tmp_path, env=environment)
    assert line["frames"] == 30
    (line,) = watch_json("--location=b.safetensors", write_frames(tmp_path / "far.raw", FAR[:7]), cwd=tmp_path, env=environment)
    assert line["frames"] == 7
    done = watch("--location=c.safetensors", cwd=tmp_path, env={**environment, "PIXELPROFILE_SOURCE": ""})
    assert done.returncode == 2 and "SOURCE is empty" in done.stderr


@pytest.mark.parametrize("uri, shown", [
    ("none://admin:s3cret@gate.example/stream", "none://***@gate.example/stream"), ("none://s3cret@gate.example", "none://***@gate.example"),
    ("none://admin:s3/cr@s3cret@gate.example:80/a?b=s3cret&c=s3cret", "none://***@gate.example:80/a?***"),
    ("none://gate.example/a?token=s3cret", "none://gate.example/a?***"), ("none://gate.example/a", "none://gate.example/a"),
    ("file:///none/gate@home.avi", "file:///none/gate@home.avi"),
])
def test_passwords_are_not_printed(tmp_path, uri, shown):
    """Neither by watch nor by collect: here GStreamer's and our own words name the URI."""
    done = watch("--location=a.safetensors", f'filesrc location="{uri}" ! {RAW}', cwd=tmp_path)
    assert done.returncode == 2 and f'(No such file "{shown}")' in done.stderr and "s3cret" not in done.stderr, done.stderr
    done = pixelprofile("collect", "a.safetensors", uri, cwd=tmp_path)
    assert done.returncode == 1 and f'"{shown}" is left out' in done.stderr and "s3cret" not in done.stderr, done.stderr


@pytest.mark.parametrize("name, shown", [
    ("user-pw=s3cret latency=0", "user-pw=*** latency=0"), ("a Password = 's3 cr s3cret' b", "a Password = *** b"),
    (r"passphrase=s3cret\ s3cret", "passphrase=***"), ("access-token=s3cret, b", "access-token=***, b"),
    ("secret=s3cret", "secret=***"), ("proxy-pw=s3cret!?", "proxy-pw=***"),
    ("passwords are none=a", "passwords are none=a"), ("key=a", "key=a"),
])
def test_passwords_of_properties_are_not_printed(tmp_path, name, shown):
    """As pipeline descriptions set them; a file that is not there has such a name, which both commands print."""
    done = watch("--location=a.safetensors", "filesrc location=\"" + name.replace("\\", "\\\\") + f'" ! {RAW}', cwd=tmp_path)
    assert done.returncode == 2 and f'(No such file "{shown}")' in done.stderr and "s3cret" not in done.stderr, done.stderr
    done = pixelprofile("collect", "a.safetensors", name, cwd=tmp_path)
    assert done.returncode == 1 and f'"{shown}"' in done.stderr and "s3cret" not in done.stderr, done.stderr


def test_a_password_that_cannot_be_set_is_not_printed(tmp_path):
    """The parser repeats it: a property takes UTF-8 only."""
    done = watch("--location=a.safetensors", "rtspsrc user-pw=s3cret\udcff", cwd=tmp_path)
    assert done.returncode == 2 and 'property "user-pw"' in done.stderr and "***" in done.stderr and "s3cret" not in done.stderr, done.stderr


LATE = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  const int result = (int) syscall (SYS_clock_gettime, clock, now);

  if (clock == CLOCK_REALTIME)
    now->tv_sec += 300000000000; /* seconds, 9500 years */
  return result;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  struct timespec found;
  const int result = clock_gettime (CLOCK_REALTIME, &found);

  *now = (struct timeval){ found.tv_sec, found.tv_nsec / 1000 };
  return result;
}
"""


@pytest.mark.skipif(sys.maxsize < 2**32, reason="32-bit programs ask for the time by other names")
def test_a_clock_beyond_all_dates(gate):
    """GLib has dates up to 9999. A profile can do without one, as docs/format.md says."""
    (gate / "late.c").write_text(LATE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", gate / "late.so", gate / "late.c"], check=True, env={**os.environ, "LD_PRELOAD": ""})
    late = {**os.environ, "LD_PRELOAD": f"{os.environ.get('LD_PRELOAD', '')}:{gate / 'late.so'}"}
    for option in "--location=a-%F.safetensors", "--reference=gate.safetensors":
        done = watch(option, "videotestsrc num-buffers=3", cwd=gate, env=late)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and "year 9999" in done.stderr, done.stderr
    done = pixelprofile("merge", "b.safetensors", "gate.safetensors", cwd=gate, env=late)
    assert (done.returncode, done.stderr) == (0, "") and load(gate / "b.safetensors").get_frames() == 40
    assert load(gate / "b.safetensors").get_created() is None


def test_nothing_to_do(tmp_path):
    done = watch("videotestsrc", cwd=tmp_path)
    assert done.returncode == 2 and "--location to collect, --reference to compare" in done.stderr
    done = watch("--reference=gate.safetensors", "--scope=channel", "videotestsrc", cwd=tmp_path)
    assert done.returncode == 2 and "--scope" in done.stderr


# --- metrics

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})\{{({LABEL}(?:,{LABEL})*)\}} (\S+)")


def parse_metrics(text):
    """The text format of Prometheus, version 0.0.4, and that each metric has HELP, then TYPE, then its samples, once.
    Returns: {(name, channel): value}, the labels camera"""
    assert text.endswith("\n")
    values, cameras, kinds, helped = {}, set(), {}, None
    for line in text.splitlines():
        if match := re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line):
            helped = match[1]
            assert helped not in kinds
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line):
            assert match[1] == helped
            kinds[helped] = match[2]
            assert (match[2] == "counter") == helped.endswith("_total")
        else:
            match = SAMPLE.fullmatch(line)
            assert match and match[1] == helped and helped in kinds, line
            labels = dict(re.findall(LABEL, match[2]))
            assert set(labels) <= {"camera", "channel"} and "camera" in labels
            key = (match[1].removeprefix("pixelprofile_watch_"), labels.get("channel"))
            assert key not in values
            values[key] = float(match[match.lastindex])
            cameras.add(labels["camera"])
    assert kinds and all(name.startswith("pixelprofile_watch_") for name in kinds)
    return values, cameras


def test_metrics(gate):
    before = time.time()
    (line,) = watch_json("--reference=gate.safetensors", "--location=a.safetensors", "--metrics=north gate.prom",
                         write_frames(gate / "frames.raw", FAR), cwd=gate)
    values, cameras = parse_metrics((gate / "north gate.prom").read_text())
    assert cameras == {"north gate"} and (gate / "north gate.prom").stat().st_mode & 0o777 == 0o644
    for name in ("start_time_seconds", "last_frame_time_seconds"):
        assert before <= values.pop((name, None)) <= time.time()
    expected = {("frames_total", None): 30, ("skipped_frames_total", None): 0, ("drifts_total", None): 1, ("profile_frames", None): 30,
                ("profile_skipped_frames", None): 0, ("beyond_limit", None): 1, ("share_beyond_ratio", None): 1}
    for channel, row in line["drift"]["channels"].items():
        expected |= {("shift_deviations", channel): row["shift"], ("deviation_ratio", channel): row["ratio"],
                     ("mean_code_values", channel): row["mean_b"]}
    assert values == expected


def test_metrics_behind_a_link(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "b.prom").touch()
    (tmp_path / "a.prom").symlink_to("run/b.prom")
    watch_json("--location=a.safetensors", "--metrics=a.prom", write_frames(tmp_path / "frames.raw", NEAR), cwd=tmp_path)
    assert (tmp_path / "a.prom").is_symlink()
    assert parse_metrics((tmp_path / "run" / "b.prom").read_text())[0]["frames_total", None] == 30


def test_a_name_that_needs_escapes(tmp_path):
    name = 'a "b" \\ c\nd'
    watch_json("--location=a.safetensors", f"--metrics={name}.prom", write_frames(tmp_path / "frames.raw", NEAR), cwd=tmp_path)
    _, (camera,) = parse_metrics((tmp_path / f"{name}.prom").read_text())
    assert re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), camera) == name


def test_metrics_are_never_torn(gate):
    """Read all the time, while a line a tenth of a second is written."""
    texts, missed, over = set(), [], threading.Event()

    def read():
        while not over.is_set():
            try:
                texts.add((gate / "a.prom").read_text())
            except FileNotFoundError as error:
                if texts:  # it was there before
                    missed.append(error)

    reader = threading.Thread(target=read)
    with running("--json", "--reference=gate.safetensors", "--location=a.safetensors", "--metrics=a.prom", "--every=0.05", STDIN,
                 cwd=gate) as process:
        reader.start()
        try:
            for n in range(1, 21):
                feed(process, NEAR)
                await_frames(process, 30 * n)
            process.send_signal(signal.SIGTERM)
            assert finish(process)[0] == 0
        finally:
            over.set()
            reader.join()
    assert not missed
    texts.add((gate / "a.prom").read_text())
    totals = sorted(parse_metrics(text)[0][("frames_total", None)] for text in texts)
    assert len(totals) > 5 and totals[-1] == 600
    assert [name for name in os.listdir(gate) if "prom" in name] == ["a.prom"]


def test_metrics_that_cannot_be_written(tmp_path):
    """At the start that is an error; later the watch goes on."""
    folder = tmp_path / "metrics"
    options = ["--json", "--location=a.safetensors", f"--metrics={folder}/a.prom"]
    done = watch(*options, write_frames(tmp_path / "frames.raw", NEAR), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and 'a.prom" was not written: ' in done.stderr
    folder.mkdir()
    with running(*options, "--every=0.1", STDIN, cwd=tmp_path) as process:
        feed(process, NEAR)
        await_frames(process, 30)
        folder.rename(tmp_path / "elsewhere")
        feed(process, FAR)
        await_frames(process, 60)
        process.send_signal(signal.SIGTERM)
        status, _, errors = finish(process)
    assert status == 0 and 'a.prom" was not written: ' in errors
    check_profile(tmp_path / "a.safetensors", np.concatenate([NEAR, FAR]))
