# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles under faults: killed writers, full and read-only disks, several writers at once, and 8K without a copy.

Every test compares the bytes of the file with those of a save that nothing disturbed. Most are short here;
tests/faults/run has them in full. What each counted goes to the file that PIXELNORM_FAULTS names."""
import contextlib
import filecmp
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy
import pytest

gi = pytest.importorskip("gi")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from gst_launch import launch  # noqa: E402

COUNTS = os.environ.get("PIXELNORM_FAULTS")
LONG = bool(COUNTS)
MIB = 2 ** 20
KILLS = 200 if LONG else 20
PIPELINE_KILLS = 200 if LONG else 5
SAVES = 1000 if LONG else 100  # of each of two writers
PAGE = os.sysconf("SC_PAGE_SIZE")


def make_profile(seed, width, height):
    """Of one frame of noise."""
    layout = Pixelnorm.Layout.new("RGB", width, height)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.PIXEL, layout)
    accumulator.add_data(layout, numpy.random.default_rng(seed).bytes(width * height * 3))
    return accumulator.snapshot()


class Writer:
    """A profile, and the bytes of its file."""

    def __init__(self, folder, seed, width, height):
        folder.mkdir(exist_ok=True)
        path = folder / f"{seed}.safetensors"
        self.profile = make_profile(seed, width, height)
        self.profile.save(str(path))
        self.content = path.read_bytes()

    def save(self, path):
        self.profile.save(str(path))


@pytest.fixture
def count(request):
    """A function that tells what was counted, as a name and a number."""
    def tell(name, number):
        line = f"{request.node.name}: {name}: {number}"
        print(line)
        if COUNTS:
            with open(COUNTS, "a", encoding="utf-8") as file:
                print(line, file=file)
    return tell


@pytest.fixture
def two(tmp_path):
    """Files of 0.9 and 0.3 MB: long enough that a kill often comes in the middle."""
    return Writer(tmp_path / "expected", 1, 240, 120), Writer(tmp_path / "expected", 2, 120, 80)


@pytest.fixture
def place(tmp_path):
    """The path of a profile that is alone in its folder."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder / "p.safetensors"


def names(place):
    return sorted(path.name for path in place.parent.iterdir())


class Forked:
    """Another process that runs a function; where it still runs at the end of a `with`, it is killed."""

    def __init__(self, function, *arguments):
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                function(*arguments)
                os._exit(0)
            os._exit(1)

    def ended(self, options=os.WNOHANG):
        if self.status is None:
            pid, status = os.waitpid(self.pid, options)
            self.status = status if pid else None
        return self.status is not None

    def kill(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            self.ended(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def seeded_delays():
    seed = random.SystemRandom().randrange(2 ** 32)
    print(f"seed {seed}")
    return random.Random(seed)


def save_for_ever(writers, place):
    while True:
        for writer in writers:
            writer.save(place)


def test_killed_in_the_middle_of_saves(two, place, count):
    """After each kill the old profile or the new one is there, whole; the next save clears up what was left."""
    delays = seeded_delays()
    two[0].save(place)
    began = time.monotonic()
    for writer in (two[1], two[0]):
        writer.save(place)
    both = time.monotonic() - began  # so the kills are spread over two saves
    counted = {"kills": 0, "left a temporary file": 0, "found the other profile": 0}
    for i in range(KILLS):
        with Forked(save_for_ever, (two[1 - i % 2], two[i % 2]), place) as saving:
            time.sleep(delays.uniform(0, both))
            saving.kill()
        assert os.WTERMSIG(saving.status) == signal.SIGKILL
        content = place.read_bytes()
        assert content in (two[0].content, two[1].content)
        Pixelnorm.Profile.load(str(place))
        counted["kills"] += 1
        counted["left a temporary file"] += len(names(place)) > 1
        counted["found the other profile"] += content == two[1 - i % 2].content
        two[1 - i % 2].save(place)
        assert names(place) == [place.name]
    for name, number in counted.items():
        count(name, number)
    assert counted["left a temporary file"] > 0  # else the kills came beside the saves


def test_killed_while_a_pipeline_saves(place, count):
    """pixelstats that saves all the time and appends: whatever kills it, the profile loads and never loses frames."""
    command = ["gst-launch-1.0", "-q", "videotestsrc", "pattern=ball", "!",
               "video/x-raw,format=RGB,width=320,height=240",
               "!", "pixelstats", "append=true", "checkpoint-interval=1", f"location={place}", "!", "fakesink"]
    delays = seeded_delays()
    frames, kills, left = 0, 0, 0
    for _ in range(PIPELINE_KILLS):
        before = place.stat().st_mtime_ns if place.exists() else 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            wait_until(lambda: place.exists() and place.stat().st_mtime_ns != before, process)
            time.sleep(delays.uniform(0, 0.1))
            process.kill()
            process.wait()
        kills += 1
        left += any(name.endswith(".pixelnorm-tmp") for name in names(place))
        found = Pixelnorm.Profile.load(str(place)).get_frames()
        assert found > frames
        frames = found
    count("kills", kills)
    count("left a temporary file", left)
    count("frames that none of them lost", frames)
    profile = Pixelnorm.Profile.load(str(place))
    profile.save(str(place))
    assert names(place) == [place.name]


def wait_until(holds, process):
    for _ in range(6000):
        if holds():
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    raise AssertionError("nothing was saved")


def save_many_times(writer, place):
    for _ in range(SAVES):
        writer.save(place)


def test_two_writers_and_a_reader(two, place, count):
    """Two processes save to one file, and a third always finds a whole one."""
    two[0].save(place)
    found = {two[0].content: 0, two[1].content: 0}
    with Forked(save_many_times, two[0], place) as one, Forked(save_many_times, two[1], place) as other:
        while not (one.ended() and other.ended()):
            found[place.read_bytes()] += 1  # neither of them: a KeyError
            Pixelnorm.Profile.load(str(place))
    assert one.status == other.status == 0
    assert names(place) == [place.name]
    assert found[two[0].content] > 0 and found[two[1].content] > 0
    count("saves of each", SAVES)
    count("reads meanwhile", sum(found.values()))


@contextlib.contextmanager
def small_disk(folder, options):
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        pytest.skip(f"needs the right to mount a small disk (root): {done.stderr.splitlines()[0]}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def refused(writer, place, code, text):
    """Whether a save is refused, then with this error, the old file and nothing else there."""
    before = place.read_bytes(), names(place)
    try:
        writer.save(place)
    except GLib.Error as error:
        assert error.matches(Pixelnorm.error_quark(), code)
        assert error.message.startswith(str(place)) and text in error.message
        assert (place.read_bytes(), names(place)) == before
        return True
    assert place.read_bytes() == writer.content and names(place) == before[1]
    return False


def test_full_disk(tmp_path, count):
    """However much room is left, page by page, from none to more than enough: all of the new profile or the old."""
    small, large = Writer(tmp_path / "expected", 1, 2, 2), Writer(tmp_path / "expected", 2, 64, 64)
    needed = -(-len(large.content) // PAGE)
    levels, full = needed + 8, 0
    for free in range(levels):
        with small_disk(tmp_path / f"disk{free}", f"size={2 * levels * PAGE}") as disk:
            place = disk / "p.safetensors"
            small.save(place)
            room = os.statvfs(disk).f_bavail
            (disk / "filler").write_bytes(bytes((room - free) * PAGE))
            assert os.statvfs(disk).f_bavail == free
            was_refused = refused(large, place, Pixelnorm.Error.NO_SPACE, "Make room on the disk")
            assert was_refused == (free < needed)
            full += was_refused
            if was_refused:
                (disk / "filler").unlink()
                assert not refused(large, place, Pixelnorm.Error.NO_SPACE, "")
    count("levels of free space, a page each", levels)
    count("too little room", full)


def test_disk_without_room_for_another_file(tmp_path):
    writers = [Writer(tmp_path / "expected", seed, 4, 4) for seed in (1, 2)]
    with small_disk(tmp_path / "disk", "size=1m,nr_inodes=2") as disk:  # one is the disk's own
        writers[0].save(tmp_path / "p.safetensors")
        (disk / "p.safetensors").write_bytes(writers[0].content)
        assert refused(writers[1], disk / "p.safetensors", Pixelnorm.Error.NO_SPACE, "Make room on the disk")


def test_read_only_disk(tmp_path):
    writers = [Writer(tmp_path / "expected", seed, 4, 4) for seed in (1, 2)]
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        place = disk / "p.safetensors"
        writers[0].save(place)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert refused(writers[1], place, Pixelnorm.Error.WRITE, "Save to a directory in which this user may write")
        Pixelnorm.Profile.load(str(place))
        done = launch(f"-q videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width=4,height=4 ! pixelstats location={place} ! "
                      "fakesink")
        assert done.returncode != 0 and "Save to a directory in which this user may write" in done.stderr
        assert place.read_bytes() == writers[0].content
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert not refused(writers[1], place, Pixelnorm.Error.WRITE, "")


# a process each: the peak of the memory of one belongs to that one alone
MEMORY = r"""
import json, sys
import gi, numpy
gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm

def memory():
    lines = dict(line.split(":") for line in open("/proc/self/status"))
    return {name: int(lines[name].split()[0]) * 1024 for name in ("VmHWM", "VmRSS", "RssAnon", "RssFile")}

def measured(name, function):
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
    before = memory()
    result = function()
    after = memory()
    grown[name] = {"peak": after["VmHWM"] - before["VmRSS"], "anonymous": after["RssAnon"] - before["RssAnon"],
                   "mapped": after["RssFile"] - before["RssFile"]}
    return result

def collect(width, height):
    layout = Pixelnorm.Layout.new("RGB", width, height)
    accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.PIXEL, layout)
    frame = numpy.random.default_rng(1).integers(0, 256, width * height * 3, "u1")
    for _ in range(2):
        accumulator.add_data(layout, frame.tobytes())
        frame += 1
    return accumulator.snapshot()

grown = {}
measured("control", lambda: len(bytes(range(256)) * (1 << 20)))  # 256 MiB, for a moment
what, path = sys.argv[1:3]
if what == "collect":
    profile = collect(int(sys.argv[3]), int(sys.argv[4]))
    measured("save", lambda: profile.save(path))
else:
    profile = measured("load", lambda: Pixelnorm.Profile.load(path))
    measured("save", lambda: profile.save(sys.argv[3]))
print(json.dumps(grown))
"""


def measure(*words):
    done = subprocess.run([sys.executable, "-c", MEMORY, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not LONG, reason="5 GB of memory and 2 GB of disk: only in tests/faults/run")
def test_8k_without_a_second_copy(place, count):
    """A file of 1 GB: loading maps it, saving takes no memory that grows with it."""
    again = place.with_name("again.safetensors")
    try:
        made = measure("collect", place, 7680, 4320)
        loaded = measure("load", place, again)
        size = place.stat().st_size
        assert filecmp.cmp(place, again, shallow=False)
    finally:
        for path in (place, again):
            path.unlink(missing_ok=True)
    assert size > 10 * 7680 * 4320 * 3
    count("file, MiB", size // MIB)
    for name, grown in (("save", made["save"]), ("load", loaded["load"]), ("save what was loaded", loaded["save"])):
        for kind, grown_by in grown.items():
            count(f"{name}, {kind}, MiB", round(grown_by / MIB, 1))
    few = 32 * MIB
    assert made["control"]["peak"] > 250 * MIB and loaded["control"]["peak"] > 250 * MIB  # that a copy would show
    assert made["save"]["peak"] < few
    assert loaded["load"]["anonymous"] < few and loaded["load"]["peak"] < size + few
    assert loaded["load"]["mapped"] > size / 2  # it is the mapping that was read
    assert loaded["save"]["anonymous"] < few and loaded["save"]["peak"] < size + few
