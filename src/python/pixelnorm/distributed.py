# SPDX-License-Identifier: LGPL-2.1-or-later
"""One profile of a set of pictures, on one machine or a thousand: pixelnorm.distributed.collect().

Two functions do the work and know no engine: read_shard, files -> bytes, and merge, bytes -> bytes. Sums are exact integers, so
whatever an engine does with them (another order, another tree, a shard that is read again after its machine died) gives the same
profile. An engine is a few lines that send the two to where the work is done: a row of the ENGINE TABLE.

Files are read in a process of their own (reader.py): one that a file crashes or hangs costs that file, not the worker, which some
engines give up after a few times.
"""
import builtins
import concurrent.futures
import contextlib
import functools
import glob
import importlib.util
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from typing import NamedTuple

from .accumulator import MAX_SIDE, VERSION, Accumulator
from .profile import Profile
from .reader import SCALINGS, is_url

# names of the files in folders that are read: what Pillow knows and is a picture
EXTENSIONS = ("bmp", "gif", "j2k", "jp2", "jpe", "jpeg", "jpg", "pbm", "pgm", "png", "pnm", "ppm", "tga", "tif", "tiff", "webp")
AT_ONCE = 16       # profiles that are merged by one call
LARGEST_SHARD = 10_000  # half a minute of reading
PATIENCE = 5       # seconds for a scheduler to answer
START = 60         # seconds for a process to begin
HAND_OVER = 2      # seconds of reading that are lost at most where a file ends the process


class Result(NamedTuple):
    profile: Profile
    left_out: list  # (path, why), by path
    frames: int


# --- the two functions

def pack(profile=b"", files=0, left_out=(), error=None):
    return json.dumps({"files": files, "left_out": list(left_out), "error": error}).encode() + b"\n" + profile


def unpack(blob):
    head, _, profile = blob.partition(b"\n")
    return json.loads(head), profile


def read_shard(paths, options, cancelled=None):
    """The profile of files, how many they are and which of them were left out, as bytes. options: of collect(); cancelled: a
    threading.Event that ends it."""
    if options["version"] != VERSION:
        return pack(error=f"The worker {socket.gethostname()} has pixelnorm {VERSION}, and {options['version']} asks it to read. "
                          "Install the same version on both.")
    found, rest, left_out = Found(), list(paths), []
    while rest and not found.error and not (cancelled and cancelled.is_set()):
        held, why = read_some(rest, options, found, cancelled)
        if held:  # once more, alone
            held, why = read_some([held], options, found, cancelled)
        if held:
            left_out.append([held, why])
        before, rest = len(rest), [path for path in rest if path not in found.done and path != held]
        if len(rest) == before and not found.error:
            found.error = f"The process that reads files did not come to the first: {why}."
    return pack(found.bytes(), len(found.done) + len(left_out), found.left_out + left_out, found.error)


class Found:
    """What the processes handed over."""

    def __init__(self):
        self.accumulator, self.done, self.left_out, self.error = None, set(), [], None

    def add(self, message, data):
        self.error = message.get("error")
        self.done.update(message.get("done", ()))
        self.left_out += message.get("left_out", ())
        if data:
            profile = Profile.parse(data)
            if self.accumulator:
                self.accumulator.merge(profile)
            else:
                self.accumulator = Accumulator.of(profile)

    def bytes(self):
        return self.accumulator.profile().to_bytes() if self.accumulator else b""


def read_some(paths, options, found, cancelled):
    """Reads in a process until all is read or it ends or makes no progress: (the file that it held then, why), or nothing."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    child = subprocess.Popen([sys.executable, "-m", "pixelnorm.reader"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env={**os.environ, "PYTHONPATH": path}, start_new_session=True)  # Ctrl-C is not for it
    messages, held = queue.Queue(), None
    threading.Thread(target=receive, args=(child.stdout, messages), daemon=True).start()
    try:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(json.dumps({**options, "paths": paths}).encode() + b"\n")
            child.stdin.flush()
        patience = max(START, options["timeout"])  # until the modules of the reader are there
        while (received := messages.get(timeout=patience)) is not None:
            patience = options["timeout"]
            found.add(*received)
            held = received[0].get("at", held)
            if cancelled and cancelled.is_set():
                return None, None
        status = child.wait(options["timeout"])
        ended = f"by signal {-status}, {signal.strsignal(-status)}" if status < 0 else f"with status {status}"
        why = f"the process that read it ended {ended}"
    except (queue.Empty, subprocess.TimeoutExpired):
        why = f"it made no progress for {options['timeout']:g} seconds"
    finally:
        child.kill()
        child.wait()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    return None if held in found.done else held, why


def receive(stream, messages):
    """Of a process that may end anywhere."""
    with stream, contextlib.suppress(ValueError, OSError):
        for line in stream:
            message = json.loads(line)
            data = stream.read(message.get("bytes", 0))
            if len(data) == message.get("bytes", 0):
                messages.put((message, data))
    messages.put(None)


def merge(blobs):
    """What read_shard made of several shards, as if it had been one."""
    heads, profiles = zip(*map(unpack, blobs))
    error = next((head["error"] for head in heads if head["error"]), None)
    found = [Profile.parse(profile) for profile in profiles if profile]
    return pack(Profile.merge(found).to_bytes() if found else b"", sum(head["files"] for head in heads),
                [pair for head in heads for pair in head["left_out"]], error)


def merge_several(*blobs):
    return merge(blobs)


# --- engines: (how many workers, function of shards and of what reads one that gives the merged bytes)

def levels(parts, join):
    """Merges futures, some at a time, until one is left; those below are let go."""
    while len(parts) > 1:
        parts = [join(parts[n:n + AT_ONCE]) for n in range(0, len(parts), AT_ONCE)]
    return parts[0]


@contextlib.contextmanager
def local(address, jobs):
    """Processes of this machine."""
    cancelled = threading.Event()

    def run(shards, read):
        futures, blobs = {pool.submit(read, shard, cancelled=cancelled) for shard in shards}, []
        while futures:
            done, futures = concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_COMPLETED)
            blobs += [future.result() for future in done]
            blobs = [merge(blobs)] if len(blobs) >= AT_ONCE else blobs
        return merge(blobs)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            yield jobs, run
        except BaseException:
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextlib.contextmanager
def dask(address, jobs):
    from distributed import Client
    here = {"processes": False, "n_workers": 1, "threads_per_worker": jobs, "dashboard_address": None}
    with Client(address, timeout=PATIENCE) if address else Client(**here) as client:
        def run(shards, read):
            parts = client.map(read, shards, pure=False)
            return levels(parts, lambda some: client.submit(merge, some, pure=False)).result()
        yield sum(client.nthreads().values()), run


@contextlib.contextmanager
def ray(address, jobs):
    import ray as engine
    engine.init(address, **({} if address else {"num_cpus": jobs}), log_to_driver=False, logging_level="error")
    try:
        def run(shards, read):
            reader, merger = engine.remote(read_shard), engine.remote(merge_several)
            parts = [reader.remote(shard, *read.args, **read.keywords) for shard in shards]
            return engine.get(levels(parts, lambda some: merger.remote(*some)))
        yield int(engine.cluster_resources().get("CPU", 1)), run
    finally:
        engine.shutdown()


@contextlib.contextmanager
def spark(address, jobs):
    from pyspark.sql import SparkSession
    if not address or address.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = SparkSession.builder.appName("pixelnorm").master(address or f"local[{jobs}]").getOrCreate()
    try:
        def run(shards, read):
            depth = next(n for n in range(1, 99) if AT_ONCE ** n >= len(shards))
            return session.sparkContext.parallelize(shards, len(shards)).map(read).treeReduce(merge_several, depth)
        yield session.sparkContext.defaultParallelism, run
    finally:
        session.stop()


# ENGINE TABLE: name -> the adapter, the module that it needs, and what to install
ENGINES = {
    "local": (local, None, None),
    "dask": (dask, "distributed", "dask[distributed]"),
    "ray": (ray, "ray", "ray"),
    "spark": (spark, "pyspark", "pyspark"),
}


# --- from inputs to a profile

def collect(inputs, reader="pillow", engine="local", address=None, jobs=None, shard_size=None, timeout=60, scope="pixel",
            channels="RGB", size=None, scaling="bilinear", orient="auto", depth=8, range="full", histogram=False):
    """The Result of a set of pictures: its profile, the files that were left out and why, and how many frames count.

    inputs: files, folders (of which all pictures are read, those in folders inside of it, too), patterns, and URLs where the
    package fsspec is installed; or one of them. A file that is given twice counts once.
    reader: "pillow", or "module:function" (or that function), which is given a path and returns what Accumulator.add() takes, or
    an iterator of it. engine: "local", "dask", "ray" or "spark"; address: of its scheduler, default: on this machine. jobs: how
    many processes read there. shard_size: files of a task; default: 4 tasks a worker, at most 10,000 files each. timeout: seconds
    without progress after which a file is given up.
    size: (width, height) that "pillow" scales pictures to, with scaling "bilinear", "area" or "nearest", as Pillow does it.
    Without it all must have the size of the first that can be read, in the order of names, in scope pixel. orient: "auto" turns
    pictures upright as their tag says, "off" leaves them. The others are options of Accumulator.

    The same set gives the same identity with any engine, address, jobs and shard_size. Raises ValueError, in a sentence, where
    nothing can be read, and OSError where nobody answers."""
    adapter, module, package = ENGINES.get(engine) or fail(f"engine is {engine!r}; it must be one of: {', '.join(ENGINES)}.")
    if module and importlib.util.find_spec(module) is None:
        fail(f"The engine {engine} needs a Python package that is not installed: pip install {package!r}.")
    options = {"version": VERSION, "reader": reader_name(reader), "timeout": check_positive("timeout", timeout),
               "hand_over": HAND_OVER, "size": None, "scale": check_scale(size, scaling, orient, reader),
               "accumulator": {"scope": scope, "channels": channels, "depth": depth, "range": range, "histogram": histogram,
                               "matrix": "bt601" if channels == "Y" else None}}
    Accumulator(**options["accumulator"])
    jobs = int(check_positive("jobs", n_cores() if jobs is None else jobs))
    if shard_size is not None:
        shard_size = int(check_positive("shard_size", shard_size))
    paths = find_files([inputs] if isinstance(inputs, (str, os.PathLike)) else inputs)
    if address:
        reach(address)
    if scope == "pixel":
        options["size"] = first_size(paths, options)
    try:
        with adapter(address, jobs) as (workers, run):
            n = shard_size or min(LARGEST_SHARD, -(-len(paths) // (4 * max(1, workers))))
            shards = [paths[at:at + n] for at in builtins.range(0, len(paths), n)]
            blob = run(shards, functools.partial(read_shard, options=options))
    except Exception as problem:  # of whatever engine: its own words, in one line
        words = " ".join(str(problem).split())
        missing = re.search(r"No module named '[\w.]+'|Can't get attribute '\w+'", words)
        if missing:
            fail(f"A worker of {engine} cannot import what it needs ({missing[0]}). Install pixelnorm {VERSION} and numpy there.")
        fail(f"The engine {engine} gave up: {type(problem).__name__}: {words[:300]}.")
    head, profile = unpack(blob)
    if head["error"]:
        fail(head["error"])
    left_out = sorted(map(tuple, head["left_out"]))
    if not profile:
        fail(f"No frame could be read of {head['files']} files; the first is {left_out[0][0]}: {left_out[0][1].rstrip('.')}.")
    profile = Profile.parse(profile)
    return Result(profile, left_out, profile.frames)


def fail(sentence):
    raise ValueError(sentence)


def n_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def check_positive(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0 or (name != "timeout" and value < 1):
        fail(f"{name} is {value!r}; give a number above 0.")
    return value


def check_scale(size, scaling, orient, reader):
    for name, word, words in [("scaling", scaling, tuple(SCALINGS)), ("orient", orient, ("auto", "off"))]:
        if word not in words:
            fail(f"{name} is {word!r}; it must be one of: {', '.join(words)}.")
    if size is None:
        return [None, scaling, orient]
    if reader != "pillow":
        fail("size is what the reader pillow scales pictures to. Leave it out, and scale in your reader.")
    if len(size) != 2 or not all(isinstance(side, int) and 1 <= side <= MAX_SIDE for side in size):
        fail(f"size is {size!r}; give (width, height) in pixels.")
    return [list(size), scaling, orient]


def reader_name(reader):
    """What a process can import."""
    name = reader if isinstance(reader, str) else f"{reader.__module__}:{reader.__qualname__}"
    if name != "pillow" and not re.fullmatch(r"[\w.]+:\w+", name) or name.startswith("__main__:"):
        fail(f'reader is {name!r}; give "pillow" or "module:function", of a module that the workers can import.')
    return name


def reach(address):
    """Raises ConnectionError where nobody listens at the host and port of an address; some engines would wait for minutes."""
    found = re.search(r"([^/:@,\[\]]+|\[[0-9a-fA-F:]+\]):(\d+)", address.partition("://")[2] or address)
    if not found:
        return  # local[2], yarn
    try:
        socket.create_connection((found[1].strip("[]"), int(found[2])), PATIENCE).close()
    except (OSError, OverflowError) as problem:
        raise ConnectionError(f"Nobody answers at {found[0]} ({getattr(problem, 'strerror', None) or problem}). Start the "
                              "scheduler there, or give the address that it has.") from None


def is_picture(path):
    return os.path.splitext(path)[1][1:].lower() in EXTENSIONS


def files_in(folder):
    """All pictures, each folder once, so that a link back to one above ends; hidden ones are passed over."""
    def refuse(problem):
        raise problem

    seen = set()
    for at, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        seen.add(os.path.realpath(at))
        folders[:] = [name for name in folders if name[0] != "." and os.path.realpath(os.path.join(at, name)) not in seen]
        yield from (os.path.join(at, name) for name in names if name[0] != "." and is_picture(name))


def files_at(url):
    if importlib.util.find_spec("fsspec") is None:
        fail(f"{url} needs a Python package that is not installed: pip install fsspec.")
    import fsspec
    try:
        system, path = fsspec.core.url_to_fs(url)
        if glob.has_magic(url):
            return [system.unstrip_protocol(found) for found in system.glob(path)]
        if is_picture(url) or not system.isdir(path):
            return [url]
        return [system.unstrip_protocol(found) for found in system.find(path) if is_picture(found)]
    except (ImportError, ValueError, OSError) as problem:  # ImportError: of the package of this kind of URL
        fail(f"{url} cannot be listed: {problem}.")


def files_of(name):
    """Of one input."""
    if name.startswith("file://"):
        name = urllib.request.url2pathname(urllib.parse.urlsplit(name).path)
    if is_url(name):
        found = files_at(name)
    elif os.path.exists(name) or os.path.islink(name):
        found = list(files_in(name)) if os.path.isdir(name) else [name]
    else:
        parts = glob.glob(name, recursive=True) if glob.has_magic(name) else fail(f"There is no file or folder {name}.")
        found = [path for part in parts for path in (files_in(part) if os.path.isdir(part) else [part])]
    return found or fail(f"There is no picture in {name}: expected names that end in {', '.join(EXTENSIONS)}.")


def find_files(inputs):
    """In order, each once."""
    found = {}
    for path in (path for name in inputs for path in files_of(os.fspath(name))):
        found.setdefault(path if is_url(path) else os.path.realpath(path), path)
    return [path if is_url(path) else os.path.abspath(path) for path in sorted(found.values())] or fail("Give files to read.")


def first_size(paths, options):
    """[width, height] of the first that can be read, which all must have; None where there is none."""
    if options["scale"][0]:
        return options["scale"][0]
    for path in paths:
        head, profile = unpack(read_shard([path], options))
        if profile or head["error"]:
            break
    if head["error"]:
        fail(head["error"])
    return [Profile.parse(profile).width, Profile.parse(profile).height] if profile else None
