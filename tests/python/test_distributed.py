# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm.distributed and `python3 -m pixelnorm collect`: the same profile with any engine and any shards, as pixelprofile
collect makes it; files that crash or hang whoever reads them; workers that are killed; bad input.
"""
import functools
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pytest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

import pixelnorm
import pictures_reader
import profile_bytes
from package_help import PYTHON, frames_of
from pixelnorm import Profile, distributed
from pixelnorm.__main__ import main
from pixelnorm.distributed import collect, merge, read_shard, unpack
from reports import want

Image = want("PIL.Image")
pytestmark = pytest.mark.unsanitized("a package of numpy alone; test_distributed_program.py has what runs the program")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
READER = "pictures_reader:read"
FRAMES = frames_of(n=12)
PATH = os.pathsep.join([str(SOURCE / "src" / "python"), str(pathlib.Path(__file__).parent), os.environ.get("PYTHONPATH", "")])


def identity_of(frames, scope="pixel"):
    make = profile_bytes.pixel_profile if scope == "pixel" else profile_bytes.channel_profile
    return profile_bytes.identity(*make(frames, "RGB", 8))


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures, without loss."""
    path = tmp_path / "pictures"
    path.mkdir()
    for number, frame in enumerate(FRAMES):
        Image.fromarray(frame).save(path / f"{number:02}.png")
    return path


def picture(path, frame=FRAMES[0]):
    Image.fromarray(frame).save(path, "png")
    return path


def command(*words, **more):
    return subprocess.run([PYTHON, "-m", "pixelnorm", "collect", *map(str, words)], capture_output=True, text=True, timeout=200,
                          env={**os.environ, "PYTHONPATH": PATH, **more})


# --- one machine

@pytest.mark.parametrize("jobs, shard_size", [(1, 100), (2, 1), (3, 5), (2, None)])
@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_the_same_profile_for_any_shards(scope, jobs, shard_size, folder, tmp_path):
    result = collect(folder, scope=scope, jobs=jobs, shard_size=shard_size)
    assert result.profile.identity == identity_of(FRAMES, scope)
    assert (result.left_out, result.frames) == ([], 12)
    assert result.profile.metadata["sources"].split("\n") == [path.as_uri() for path in sorted(folder.iterdir())]


def test_scaled_pictures(folder):
    """By Pillow's resize(), whatever size they have; the width first, as not every version does for what is higher than wide."""
    picture(folder / "small.png", FRAMES[0][:2, :3])
    picture(folder / "high.png", np.random.default_rng(5).integers(0, 256, (64, 15, 3), np.uint8))
    found = [Image.open(path) for path in sorted(folder.iterdir())]
    expected = [np.asarray(image.resize((4, image.height), Image.BILINEAR).resize((4, 7), Image.BILINEAR)) for image in found]
    assert collect(folder, size=(4, 7), shard_size=4).profile.identity == identity_of(np.stack(expected))


def test_modes_of_pictures(folder):
    """Palettes, grey and alpha are converted, animations count whole; more than 8 bits are not rounded in silence."""
    pictures = [Image.fromarray(frame) for frame in FRAMES]
    other = folder.parent / "other"
    other.mkdir()
    pictures[0].convert("L").save(other / "grey.png")
    pictures[1].convert("RGBA").save(other / "alpha.png")
    pictures[2].quantize(200).save(other / "palette.png")
    pictures[3].quantize(9).save(other / "three.gif", save_all=True, append_images=[p.quantize(9) for p in pictures[4:6]])
    Image.fromarray(np.full((5, 9), 40000, "u2")).save(other / "deep.png")
    frames = [np.asarray(Image.open(other / name).convert("RGB")) for name in ("grey.png", "alpha.png", "palette.png")]
    gif = Image.open(other / "three.gif")
    for number in range(3):
        gif.seek(number)
        frames.append(np.asarray(gif.convert("RGB")))
    result = collect(other)
    assert result.profile.identity == identity_of(np.stack(frames)) and result.frames == 6
    assert [(os.path.basename(path), why[:24]) for path, why in result.left_out] == [("deep.png", "It holds more than 8 bit")]


BAD = {
    "crash-1": "ended by signal 6", "exit-1": "ended with status 7", "hang-1": "it made no progress for 3 seconds",
    "floats-1": "found float64", "narrow-1": "Another size", "half-1": "ends early",
    "nothing-1": "ZeroDivisionError: division by zero",
}


@pytest.mark.parametrize("shard_size", [1, 100])
def test_files_that_break_whoever_reads_them(shard_size, folder):
    """They are named; what was read before and after counts, and counts once. The first time only: they count, too."""
    for name in BAD:
        picture(folder / f"{name}.png")
    for number, name in enumerate(["once-1", "video-1"]):
        picture(folder / f"{name}.png", FRAMES[number])
    result = collect(folder, reader=READER, timeout=3, shard_size=shard_size, jobs=4)
    assert result.profile.identity == identity_of(np.concatenate([FRAMES, FRAMES[:1], FRAMES[1:2], FRAMES[1:2], FRAMES[1:2]]))
    found = {pathlib.Path(path).stem: why for path, why in result.left_out}
    assert set(found) == set(BAD)
    for name, words in BAD.items():
        assert words in found[name] and "\n" not in found[name]


def test_what_is_no_file_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    begun = time.monotonic()
    result = collect(folder, timeout=30)
    assert time.monotonic() - begun < 30 and result.profile.identity == identity_of(FRAMES)
    [[path, why]] = result.left_out
    assert path.endswith("pipe.png") and "not a regular file" in why


def test_only_what_was_not_handed_over_is_read_again(folder, monkeypatch, tmp_path):
    """What a process handed over counts when it dies; else it is read again, too."""
    picture(folder / "crash-1.png")
    monkeypatch.setenv("PIXELNORM_TEST_LOG", str(tmp_path / "log"))
    paths = [str(path) for path in sorted(folder.iterdir())]
    paths.insert(7, paths.pop())
    for hand_over, again in [(0, paths[7:]), (100, paths[7:8] + paths[:7] + paths[8:])]:
        head, profile = unpack(read_shard(paths, {**OPTIONS, "reader": READER, "hand_over": hand_over}))
        read = [line.split()[1] for line in (tmp_path / "log").read_text().splitlines()]
        assert read == paths[:8] + again
        assert head["files"] == 13 and len(head["left_out"]) == 1 and Profile.parse(profile).identity == identity_of(FRAMES)
        (tmp_path / "log").unlink()


def test_a_reader_that_cannot_be(folder):
    for reader, words in [("nowhere:read", "cannot be imported"), ("pictures_reader:nothing", "cannot be imported"),
                          ("just a word", '"module:function"'), (lambda path: path, '"module:function"')]:
        with pytest.raises(ValueError, match=words):
            collect(folder, reader=reader)
    with pytest.raises(ValueError, match="size is what the reader pillow"):
        collect(folder, reader=READER, size=(3, 3))
    assert collect(folder, reader=pictures_reader.read).frames == 12


def test_whoever_asked_is_gone(folder, tmp_path):
    """kill -9 of it ends the process that reads, which would hang for ever."""
    picture(folder / "hang-.png")
    for path in folder.glob("[01]*.png"):
        path.unlink()
    program = "import sys; from pixelnorm.distributed import collect; collect(sys.argv[1], reader='pictures_reader:read')"
    log = tmp_path / "log"
    asking = subprocess.Popen([PYTHON, "-c", program, folder],
                              env={**os.environ, "PYTHONPATH": PATH, "PIXELNORM_TEST_LOG": str(log)})
    children = pathlib.Path(f"/proc/{asking.pid}/task")

    def reading():
        return {pid for task in children.glob("*/children") for pid in task.read_text().split()}

    deadline = time.monotonic() + 60
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(.05)
    pids = reading()
    asking.kill()
    asking.wait()
    assert pids
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
        time.sleep(.05)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_interrupted(folder, tmp_path):
    """Ctrl-C while files are read: soon over, and no file is there."""
    for number in range(100, 400):
        picture(folder / f"{number}.png")
    environment = {**os.environ, "PYTHONPATH": PATH, "PIXELNORM_TEST_LOG": str(tmp_path / "log")}
    words = ["--reader=pictures_reader:read_slowly", "--jobs=2", tmp_path / "out", folder]
    running = subprocess.Popen([PYTHON, "-m", "pixelnorm", "collect", *words], stderr=subprocess.PIPE, text=True, env=environment)
    while running.poll() is None and (not (tmp_path / "log").exists() or len((tmp_path / "log").read_text()) < 2000):
        time.sleep(.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and said == "pixelnorm collect: interrupted, and nothing was written.\n"
    assert not list(tmp_path.glob("*out*"))


# --- inputs

def test_inputs(folder, monkeypatch):
    """Folders with what is in them, patterns, files; each file once, whatever it is called."""
    (folder / "deeper").mkdir()
    (folder / "03.png").rename(folder / "deeper" / "x.png")
    (folder / "deeper" / "back").symlink_to(folder)
    (folder / "link.png").symlink_to(folder / "00.png")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    monkeypatch.chdir(folder.parent)
    for inputs in [folder, str(folder), [folder, folder / "00.png", "pictures/01.png", "pictures/../pictures/01.png"],
                   ["pictures/*.png", "pictures/deeper/*.png"], ["pictures/**/*.png"], [folder.as_uri()], ["pic*"]]:
        assert collect(inputs, shard_size=4).profile.identity == identity_of(FRAMES), inputs


def test_bad_inputs(folder, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "text.png"
    text.write_text("no picture")
    for inputs, words in [(tmp_path / "nowhere", "no file or folder .*nowhere"), (empty, "no picture in"), ([], "Give files"),
                          ([folder, "nowhere/*.png"], "no picture in nowhere"), (text, "No frame could be read of 1 files")]:
        with pytest.raises(ValueError, match=words) as raised:
            collect(inputs)
        assert "\n" not in str(raised.value)
    for given, words in [({"engine": "slurm"}, "local, dask, ray, spark"), ({"jobs": 0}, "jobs is 0"), ({"timeout": -1}, "-1"),
                         ({"size": (0, 1)}, "size is"), ({"scaling": "lanczos"}, "bilinear, area, nearest"),
                         ({"orient": "up"}, "auto, off"), ({"shard_size": .5}, "shard_size is 0.5"), ({"scope": "x"}, "'x'")]:
        with pytest.raises(ValueError, match=words):
            collect(folder, **given)


def test_a_folder_that_vanishes(folder):
    """Between the list and the reading: its files are named."""
    paths = [str(path) for path in sorted(folder.iterdir())]
    blob = read_shard(paths[:6] + [str(folder.parent / "gone" / "x.png")], OPTIONS)
    shutil.rmtree(folder)
    head, profile = unpack(merge([blob, read_shard(paths[6:], OPTIONS)]))
    assert Profile.parse(profile).identity == identity_of(FRAMES[:6])
    assert head["files"] == 13 and {why for _, why in head["left_out"]} == {"No such file or directory"}


OPTIONS = {"version": pixelnorm.__version__, "reader": "pillow", "timeout": 20, "hand_over": 2, "size": None,
           "scale": [None, "bilinear", "auto"], "accumulator": {"channels": "RGB"}}


def test_a_worker_of_another_version(folder):
    blob = merge([read_shard([str(folder / "00.png")], OPTIONS), read_shard(["x.png"], {**OPTIONS, "version": "9.9"})])
    error = unpack(blob)[0]["error"]
    assert f"has pixelnorm {pixelnorm.__version__}, and 9.9 asks" in error and error.endswith("Install the same version on both.")


def test_urls(folder):
    """What stands for an object store: a server of files."""
    want("fsspec")
    want("aiohttp")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *words: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        result = collect([f"{base}/{number:02}.png" for number in range(13)], shard_size=7)
        server.shutdown()
    assert result.profile.identity == identity_of(FRAMES)
    assert [path for path, _ in result.left_out] == [f"{base}/12.png"] and "12.png" in result.left_out[0][1]


def test_urls_without_fsspec(monkeypatch):
    monkeypatch.setattr(distributed.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install fsspec"):
        collect("s3://bucket/x.png")
    for engine, package in [("dask", "distributed"), ("ray", "ray"), ("spark", "pyspark")]:
        with pytest.raises(ValueError, match=f"The engine {engine} needs .*pip install .*{package}"):
            collect("x.png", engine=engine)


def test_nobody_answers(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for address in [f"{scheme}127.0.0.1:{port}" for scheme in ("tcp://", "ray://", "spark://", "k8s://https://", "")]:
        with pytest.raises(ConnectionError, match=f"Nobody answers at 127.0.0.1:{port}.*[.]$"):
            distributed.reach(address)
    for address in ["local[2]", "local-cluster[2,1,1024]", "yarn", "auto"]:
        distributed.reach(address)


# --- the command

def test_command(folder, tmp_path):
    out = tmp_path / "out.safetensors"
    done = command("--shard-size=5", "--jobs=2", out, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}: 12 frames, identity {identity_of(FRAMES)}\n"
    assert Profile.load(out).identity == identity_of(FRAMES)
    done = command(out, folder)
    assert done.returncode == 1 and "is there already" in done.stderr and done.stderr.count("\n") == 1
    (folder / "x.png").write_bytes((folder / "00.png").read_bytes()[:60])
    done = command("--force", "--scope=channel", "--size=4x7", out, folder)
    assert done.returncode == 3 and "x.png is left out: " in done.stderr and "12 frames" in done.stdout
    for words, status in [([out.parent / "nowhere" / "p", folder], 1), (["--size=4", "p", folder], 2), (["p"], 2),
                          (["--engine=slurm", "p", folder], 2), (["--address=127.0.0.1:1", "p", folder], 1)]:
        done = command(*words)
        assert done.returncode == status and "Traceback" not in done.stderr, words


def test_what_appears_while_the_command_reads(folder, tmp_path, monkeypatch, capsys):
    """It stays, and what was read is not lost."""
    out, elsewhere, collected = tmp_path / "out", tmp_path / "tmp", distributed.collect
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    monkeypatch.setattr(distributed, "collect", lambda **words: (out.write_text("another's"), collected(**words))[1])
    assert main(["collect", str(out), str(folder)]) == 1
    [kept] = elsewhere.iterdir()
    assert capsys.readouterr().err == (f"pixelnorm collect: {out} is there already. Choose another name, or say that it is to be "
                                       f"overwritten. It was written to {kept} instead.\n")
    assert out.read_text() == "another's" and Profile.load(kept).identity == identity_of(FRAMES)


# --- engines, one worker of which is killed in the middle

def run_engine(engine, address, module, folder, tmp_path, **more):
    if engine != "dask" and "PIXELNORM_ENGINES" not in os.environ:
        pytest.skip(f"{engine} is large: tests/run --engines installs and runs it")
    path = os.pathsep.join([PATH, os.environ.get("PIXELNORM_ENGINES", "")]) if engine != "dask" else PATH
    environment = {**os.environ, "PYTHONPATH": path, "PIXELNORM_TEST_LOG": str(tmp_path / "log"), **more}
    environment.pop("LD_PRELOAD", None)
    if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, env=environment).returncode:
        pytest.skip(f"the Python package {module} is not here: tests/run installs it where it is to be had")
    for number in range(12, 120):
        picture(folder / f"{number}.png", FRAMES[number % 12])
    done = subprocess.run([PYTHON, pictures_reader.__file__, engine, address, tmp_path / "log", folder], capture_output=True,
                          text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"identity": identity_of(np.concatenate([FRAMES] * 10)), "frames": 120, "left_out": [], "killed": True}
    read = [line.split()[1] for line in (tmp_path / "log").read_text().splitlines()]
    assert len(set(read)) == 120 and len(read) > 121, "nothing was read again"


@pytest.mark.unsanitized("packages that are not ours")
def test_dask(folder, tmp_path):
    run_engine("dask", "-", "distributed", folder, tmp_path)


@pytest.mark.unsanitized("packages that are not ours")
def test_ray(folder, tmp_path):
    run_engine("ray", "-", "ray", folder, tmp_path, RAY_USAGE_STATS_ENABLED="0")


@pytest.mark.unsanitized("packages that are not ours")
def test_spark(folder, tmp_path):
    java = shutil.which("java")
    if not java:
        pytest.skip("there is no java: tests/run --engines installs default-jre-headless")
    run_engine("spark", "local-cluster[2,1,1024]", "pyspark", folder, tmp_path, PYSPARK_PYTHON=PYTHON,
               JAVA_HOME=str(pathlib.Path(java).resolve().parents[1]))
