# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile collect loses nothing: processes that are killed, crash or hang, and sets in shards, archives and lists."""
import os
import pathlib
import pty
import resource
import signal
import socket
import struct
import subprocess
import tarfile
import time

import numpy as np
import pytest
from PIL import Image

from cli_help import PRECIOUS, PROGRAM, children_of, load, pixelprofile, wait_for
from gst_launch import make

N = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """40 pictures, of which 20 lie deeper."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "below").mkdir()
    for i, frame in enumerate(np.random.default_rng(3).integers(0, 256, (N, 12, 16, 3), np.uint8)):
        Image.fromarray(frame).save(folder / ("below" if i % 2 else ".") / f"{i:02}.png")
    return folder


@pytest.fixture(scope="module")
def identity(folder, tmp_path_factory):
    return collect_identity(tmp_path_factory.mktemp("whole"), folder)


def collect_identity(tmp_path, *arguments):
    done = pixelprofile("collect", "--force", tmp_path / "out", *arguments)
    assert done.returncode == 0, done.stderr
    return load(tmp_path / "out").get_identity()


@pytest.fixture
def silent():
    """A URI that GStreamer waits for without an end: nobody sends anything there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return f"udp://127.0.0.1:{port}"


def start(*arguments, **options):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, under which all tests may run, has it ignored
    return subprocess.Popen([PROGRAM, "collect", *map(str, arguments)], stderr=subprocess.PIPE, text=True, **options)


def listens(pid, uri):
    """Whether a process has the socket of this URI."""
    port = f":{int(uri.rpartition(':')[2]):04X}"
    rows = [line.split() for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port)}
    try:
        return any(os.readlink(entry) in sockets for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # of a process or a descriptor that ended meanwhile
        return False


def end_worker(process, number, silent, known=()):
    """Sends a signal to a worker that was not seen before, once it waits for what is silent."""
    (worker,) = wait_for(lambda: [child for child in children_of(process.pid) if child not in known and listens(child, silent)])
    os.kill(worker, number)
    return [*known, worker]


def test_a_file_with_which_a_process_crashes_twice(folder, identity, silent, tmp_path):
    process = start("--jobs=1", tmp_path / "out", folder, silent)
    known = end_worker(process, signal.SIGABRT, silent)
    end_worker(process, signal.SIGABRT, silent, known)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 3 and load(tmp_path / "out").get_identity() == identity
    assert f'"{silent}" is left out: the process that read it was ended by signal 6 (Aborted), twice.' in stderr
    assert stderr.count("\n") == 2


def test_one_that_is_killed_once(folder, identity, silent, tmp_path):
    """What it had read and not handed over is read again; the file that it was at, too, and that hangs."""
    process = start("--jobs=1", "--timeout=3", tmp_path / "out", folder, silent)
    end_worker(process, signal.SIGKILL, silent)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 3 and load(tmp_path / "out").get_identity() == identity
    assert "was ended by signal 9 (Killed); then it made no progress for 3 s. --timeout=SECONDS waits longer." in stderr


def test_a_file_with_which_nothing_happens(folder, identity, silent, tmp_path):
    began = time.monotonic()
    done = pixelprofile("collect", "--jobs=2", "--timeout=3", tmp_path / "out", folder, silent)
    assert done.returncode == 3 and load(tmp_path / "out").get_identity() == identity
    assert "it made no progress for 3 s, twice. --timeout=SECONDS waits longer." in done.stderr
    assert 6 < time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_behind(number, folder, silent, tmp_path):
    (tmp_path / "out").write_bytes(PRECIOUS)
    process = start("--force", tmp_path / "out", folder, silent)
    wait_for(lambda: any(listens(child, silent) for child in children_of(process.pid)))
    workers = children_of(process.pid)
    process.send_signal(number)
    process.communicate(timeout=60)
    wait_for(lambda: not any(os.path.exists(f"/proc/{worker}/exe") for worker in workers))
    assert (tmp_path / "out").read_bytes() == PRECIOUS and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("n", [3, 7])
def test_shards(n, folder, identity, tmp_path):
    """Each picture is in one of them; merged in two steps they are the whole set, and no shard is mentioned any more."""
    parts = [tmp_path / str(i + 1) for i in range(n)]
    for i, part in enumerate(parts):
        assert pixelprofile("collect", f"--shard={i + 1}/{n}", part, folder).returncode == 0
        assert load(part).get_shards() == f"{i + 1}/{n}"
    done = pixelprofile("merge", tmp_path / "some", *parts[1:])
    assert done.stderr == f"pixelprofile merge: Warning: missing of {n} shards: 1.\n"
    done = pixelprofile("merge", tmp_path / "all", parts[0], tmp_path / "some")
    assert (done.returncode, done.stderr) == (0, "")
    whole = load(tmp_path / "all")
    assert whole.get_identity() == identity and whole.get_shards() is None and whole.get_frames() == N
    assert "\n  shards " in pixelprofile("info", tmp_path / "some").stdout and "\n  shards " not in pixelprofile("info", tmp_path / "all").stdout
    done = pixelprofile("merge", tmp_path / "twice", *parts[1:], parts[1])
    assert f"Warning: shard 2/{n} is there twice; its frames count twice." in done.stderr
    assert pixelprofile("collect", f"--shard=1/{n - 1}", tmp_path / "foreign", folder).returncode == 0
    done = pixelprofile("merge", tmp_path / "mixed", tmp_path / "foreign", *parts)
    assert f"1/{n - 1} and 1/{n} are shards of sets that were divided differently." in done.stderr


def test_shards_go_by_the_name_in_the_folder(folder, tmp_path):
    """They are the same where the folder lies elsewhere, and when other files come."""
    other = tmp_path / "elsewhere"
    (other / "below").mkdir(parents=True)
    for path in folder.rglob("*.png"):
        os.link(path, other / path.relative_to(folder))
    (other / "new.png").write_bytes(b"")
    for i in range(1, 4):
        pixelprofile("collect", f"--shard={i}/3", tmp_path / "a", folder, "--force")
        pixelprofile("collect", f"--shard={i}/3", tmp_path / "b", other, "--force")
        assert load(tmp_path / "a").get_identity() == load(tmp_path / "b").get_identity()
        pixelprofile("collect", f"--shard={i}/3", tmp_path / "b", f"{folder}//", "--force")
        assert load(tmp_path / "a").get_identity() == load(tmp_path / "b").get_identity()


@pytest.mark.parametrize("n", [2, 5])
def test_a_file_of_many_names_is_in_one_shard(n, folder, identity, tmp_path):
    """Links to files, folders and archives, and files that are given again."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "folder").symlink_to(folder)
    with tarfile.open(tmp_path / "in" / "b.tar", "w") as tar:
        tar.add(folder, "c")
    for i in range(9):
        (tmp_path / "in" / f"{i}.png").symlink_to(folder / f"{2 * i:02}.png")
        (tmp_path / "in" / f"{i}.tar").symlink_to("b.tar")
        (tmp_path / "in" / f"link {i}").symlink_to(folder / "below")
    inputs = [tmp_path / "in", folder / "00.png", folder]
    whole = collect_identity(tmp_path, *inputs)
    assert load(tmp_path / "out").get_frames() == 2 * N
    parts = [tmp_path / str(i + 1) for i in range(n)]
    for i, part in enumerate(parts):
        assert pixelprofile("collect", f"--shard={i + 1}/{n}", part, *inputs).returncode == 0
    assert pixelprofile("merge", tmp_path / "all", *parts).returncode == 0
    assert load(tmp_path / "all").get_frames() == 2 * N and load(tmp_path / "all").get_identity() == whole


def test_lists_patterns_and_archives(folder, identity, tmp_path):
    names = sorted(map(str, folder.rglob("*.png")))
    (tmp_path / "list").write_text("\n".join(names[:9]) + "\n\n" + str(folder))
    assert collect_identity(tmp_path, f"@{tmp_path}/list") == identity
    assert collect_identity(tmp_path, f"{folder}/*.png", f"{folder}/*/*.pn[gx]") == identity
    process = start("--force", tmp_path / "out", "-", stdin=subprocess.PIPE)
    assert process.communicate("\n".join(names), timeout=60)[1] == ""
    assert load(tmp_path / "out").get_identity() == identity
    done = pixelprofile("collect", "--force", tmp_path / "out", "-", input="\0".join(names))
    assert done.returncode == 1 and "not -print0" in done.stderr and done.stderr.count("\n") == 1
    for kind, form in ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT), ("ustar", tarfile.USTAR_FORMAT):
        with tarfile.open(tmp_path / f"{kind}.tar", "w", format=form) as tar:
            for i, name in enumerate(names):
                tar.add(name, "long/" * 25 * (i % 2 and kind != "ustar") + f"é{i}.png")
        assert collect_identity(tmp_path, tmp_path / f"{kind}.tar") == identity
        assert load(tmp_path / "out").get_sources() == (tmp_path / f"{kind}.tar").as_uri()


def test_archives_that_are_none(folder, tmp_path):
    with tarfile.open(tmp_path / "whole.tar", "w") as tar:
        tar.add(next(folder.glob("*.png")), "a.png")
    content = (tmp_path / "whole.tar").read_bytes()
    for name, damaged in ("cut", content[:700]), ("noise", content[:100] + b"?" + content[101:]):
        (tmp_path / f"{name}.tar").write_bytes(damaged)
        done = pixelprofile("collect", tmp_path / "out", tmp_path / f"{name}.tar")
        assert done.returncode == 1 and "is not a complete tar archive" in done.stderr and done.stderr.count("\n") == 1
        assert not (tmp_path / "out").exists()


@pytest.mark.long  # writes 2 GB into memory
def test_a_large_video_in_an_archive(tmp_path):
    """Of more than one call of write() takes: 4 frames, and then a box that is passed over."""
    make(f"-q videotestsrc num-buffers=4 ! video/x-raw,width=40,height=24 ! pngenc ! qtmux ! filesink location={tmp_path}/a.mov")
    content = (tmp_path / "a.mov").read_bytes()
    member = tarfile.TarInfo("a.mov")
    member.size = len(content) + 2 ** 31
    with open(tmp_path / "a.tar", "wb") as tar:
        tar.write(member.tobuf(tarfile.GNU_FORMAT) + content + struct.pack(">I4sQ", 1, b"free", 2 ** 31))
        tar.truncate(512 + (member.size + 511) // 512 * 512 + 1024)
    done = pixelprofile("collect", "--quiet", tmp_path / "out", tmp_path / "a.tar")
    assert (done.returncode, done.stderr) == (0, "") and load(tmp_path / "out").get_frames() == 4


@pytest.mark.parametrize("kind, word", [("gz", "gzip"), ("bz2", "bzip2"), ("xz", "xz")])
def test_archives_that_are_packed(kind, word, folder, tmp_path):
    with tarfile.open(tmp_path / f"a.tar.{kind}", f"w:{kind}") as tar:
        tar.add(folder, "a")
    done = pixelprofile("collect", tmp_path / "out", tmp_path / f"a.tar.{kind}")
    assert done.returncode == 1 and f"It is packed ({word}). Unpack it" in done.stderr and done.stderr.count("\n") == 2


def start_reading(*arguments, **options):
    """Reads from standard input first, and waits for what is written there."""
    process = start(*arguments, "fd://0", stdin=subprocess.PIPE, **options)
    wait_for(lambda: children_of(process.pid))
    time.sleep(.3)
    return process


def kill_all_at_once(process):
    """Before another one can take over what the first was at."""
    process.send_signal(signal.SIGSTOP)
    children = children_of(process.pid)
    for child in children:
        os.kill(child, signal.SIGKILL)
    while any(os.path.exists(f"/proc/{child}/exe") for child in children):
        time.sleep(.01)
    process.send_signal(signal.SIGCONT)


def test_where_no_process_can_be_started_others_go_on(folder, identity, silent, tmp_path):
    """One of two is killed, and there is one descriptor too few to talk to another one; then the other one hangs."""
    process = start("--jobs=2", "--timeout=3", tmp_path / "out", folder, silent)
    known = end_worker(process, 0, silent)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{process.pid}/fd")), 1024))
    os.kill(children_of(process.pid)[0], signal.SIGKILL)
    stderr = process.communicate(timeout=60)[1]
    assert known and process.returncode == 3 and load(tmp_path / "out").get_identity() == identity
    assert stderr.count(f'"{silent}" is left out') == 1


def test_as_many_processes_as_can_be_started(folder, identity, tmp_path):
    done = pixelprofile("collect", "--jobs=30", tmp_path / "out", folder,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)))
    assert (done.returncode, done.stderr) == (0, "") and load(tmp_path / "out").get_identity() == identity


def test_time_in_which_all_are_stopped_does_not_count(folder, tmp_path):
    """As by Ctrl-Z, twice."""
    process = start_reading("--timeout=2", tmp_path / "out", folder, start_new_session=True)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(2.5)
        os.killpg(process.pid, signal.SIGCONT)
        time.sleep(.1)
    process.stdin.buffer.write((folder / "00.png").read_bytes())
    assert process.communicate(timeout=60)[1] == "" and process.returncode == 0
    assert load(tmp_path / "out").get_frames() == N + 1


def test_the_first_file_stays_the_first(folder, tmp_path):
    """That says how large all frames must be: also when a process was killed while it read it."""
    Image.new("RGB", (7, 5)).save(tmp_path / "small.png")
    process = start_reading("--jobs=2", tmp_path / "out", folder)
    kill_all_at_once(process)
    process.stdin.buffer.write((tmp_path / "small.png").read_bytes())
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 3 and stderr.count("16x12 pixels, those before 7x5") == N
    assert load(tmp_path / "out").get_frames() == 1


def test_all_processes_are_killed_at_once(folder, tmp_path):
    """Most of them had nothing to do: that is no sign that none can live."""
    process = start_reading("--jobs=9", tmp_path / "out", folder)
    kill_all_at_once(process)
    process.stdin.buffer.write((folder / "00.png").read_bytes())
    assert process.communicate(timeout=60)[1] == "" and process.returncode == 0
    assert load(tmp_path / "out").get_frames() == N + 1


def test_without_a_descriptor_for_what_was_read(folder, tmp_path):
    """It ends, and nothing passes for read that could not be taken over."""
    process = start_reading("--jobs=1", tmp_path / "out", folder)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 1024))
    process.stdin.buffer.write((folder / "00.png").read_bytes())
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "too many files are open" in stderr and stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_into_memory(tmp_path):
    """Told before anything is read that could fill it."""
    done = pixelprofile("collect", "--size=1000000x1000000", tmp_path / "out", tmp_path)
    assert "No image" in done.stderr
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    done = pixelprofile("collect", "--size=1000000x1000000", tmp_path / "out", tmp_path)
    assert done.returncode == 1 and "MiB of memory are available" in done.stderr and "--scope=channel" in done.stderr
    assert done.stderr.count("\n") == 1


def test_lines_where_there_is_no_terminal(folder, silent, tmp_path):
    """One every ten seconds, and none with --quiet."""
    began = time.monotonic()
    loud, quiet = (start(*words, "--timeout=6", "--jobs=1", tmp_path / f"out{len(words)}", folder, silent)
                   for words in ([], ["--quiet"]))
    lines = [line for line in loud.communicate(timeout=60)[1].splitlines() if "files/s" in line]
    assert 1 <= len(lines) <= (time.monotonic() - began) / 10
    assert all(line.startswith(f"pixelprofile collect: {N} of {N + 1} files, {N} frames, ") for line in lines)
    assert "files/s" not in quiet.communicate(timeout=60)[1]


def test_quiet_on_a_terminal(folder, tmp_path):
    outside, inside = pty.openpty()
    done = subprocess.run([PROGRAM, "collect", "-q", tmp_path / "out", folder], stderr=inside, stdout=subprocess.DEVNULL)
    os.close(inside)
    try:
        seen = os.read(outside, 4096)
    except OSError:
        seen = b""  # how a terminal ends
    os.close(outside)
    assert (done.returncode, seen) == (0, b"")
