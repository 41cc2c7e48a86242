# SPDX-License-Identifier: LGPL-2.1-or-later
"""Readers for the tests of pixelnorm.distributed: what a file's name begins with says what goes wrong. Also a program that runs a
whole job and kills a worker in the middle:

    pictures_reader.py ENGINE ADDRESS LOG FOLDER...      ADDRESS - : a cluster of Dask with two processes
"""
import json
import os
import pathlib
import signal
import sys
import threading
import time

import numpy as np
from PIL import Image


def decode(path):
    return np.asarray(Image.open(path).convert("RGB"))


def once(path, what):
    """The first time only."""
    mark = pathlib.Path(f"{path}.seen")
    if not mark.exists():
        mark.touch()
        what()


def halfway(path):
    yield decode(path)
    raise OSError(f"{path} ends early")


def log(path):
    """Says who asked, the parent of this process, which is the worker."""
    if "PIXELNORM_TEST_LOG" in os.environ:
        with open(os.environ["PIXELNORM_TEST_LOG"], "a") as lines:
            lines.write(f"{os.getppid()} {path}\n")


def read(path):
    log(path)
    print("what a reader prints does no harm")
    act = {"crash": lambda: os.kill(os.getpid(), signal.SIGABRT), "exit": lambda: os._exit(7), "hang": lambda: time.sleep(1000),
           "once": lambda: once(path, lambda: os._exit(1)), "late": lambda: once(path, lambda: time.sleep(1000)),
           "floats": lambda: decode(path) / 255, "narrow": lambda: decode(path)[:, :4], "half": lambda: halfway(path),
           "nothing": lambda: 1 / 0, "video": lambda: iter([decode(path)] * 3)}
    found = act.get(pathlib.Path(path).name.partition("-")[0], lambda: None)()
    return decode(path) if found is None else found


def read_slowly(path):
    log(path)
    time.sleep(.03)
    return decode(path)


def parent_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def kill_in_the_middle(log, engine):
    """kill -9 of the worker that reads, once 20 files were begun; of Spark the executor, in which it runs."""
    while not log.exists() or len(lines := log.read_text().splitlines()) < 20:
        time.sleep(.01)
    pid = int(lines[-1].split()[0])
    if engine == "spark":
        pid = parent_of(parent_of(pid))
    if pid in (os.getpid(), os.getppid(), 1):
        raise SystemExit("that is no worker")
    os.kill(pid, signal.SIGKILL)


def main():
    from pixelnorm import distributed
    engine, address, log, *inputs = sys.argv[1:]
    cluster = None
    if engine == "dask":
        from distributed import LocalCluster
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
        address = cluster.scheduler_address
    killer = threading.Thread(target=kill_in_the_middle, args=(pathlib.Path(log), engine), daemon=True)
    killer.start()
    result = distributed.collect(inputs, engine=engine, address=None if address == "-" else address, jobs=2, shard_size=6,
                                 reader="pictures_reader:read_slowly")
    print(json.dumps({"identity": result.profile.identity, "frames": result.frames, "left_out": result.left_out,
                      "killed": not killer.is_alive()}))
    if cluster:
        cluster.close()


if __name__ == "__main__":
    main()
