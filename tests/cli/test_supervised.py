# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile watch under a supervisor that starts it again as systemd does with Restart=always, and at random moments kills it.
Of every run the frames that were saved are its first ones, so what the profiles hold is known: numpy says the same."""
import json
import os
import random
import time

import numpy as np
import pytest

from cli_help import load
from watch_help import check_profile, finish, random_frames, running, write_frames

FRAMES = random_frames(3000, 20)  # a minute
LONG_SECONDS = float(os.environ.get("PIXELNORM_KILL_SECONDS", 50))


def count(folder):
    """Frames in each profile, all of which load, in the order of their dates."""
    return {path.name: load(path).get_frames() for path in sorted(folder.glob("*.safetensors"))}


def kill_once(command, folder, wait, sort, early):
    """Runs it for so long: early from the start, else from its first line. Returns: what was saved before the kill and after it, and
    the last line that was told"""
    with running(*command, cwd=folder) as process:
        lines = [] if early else [process.stdout.readline()]
        time.sleep(wait)
        before = count(folder)
        process.terminate() if sort == "term" else process.kill()
        status, more, errors = finish(process)
    lines += more
    # -15: so early that it did not know signals
    assert errors == "" and status in ((0, -15) if sort == "term" and early else (0,) if sort == "term" else (-9,)), errors
    return before, count(folder), json.loads(lines[-1]) if lines else None


@pytest.mark.parametrize("name", ["scene.safetensors", "scene-%F-%H%M%S.safetensors"])
@pytest.mark.parametrize("kills, seconds", [(8, 8), pytest.param(50, LONG_SECONDS, marks=pytest.mark.long)])
def test_nothing_is_lost(tmp_path, name, kills, seconds):
    seed = int(os.environ.get("PIXELNORM_SEED", time.time_ns() % 2 ** 32))
    print("seed", seed)
    dice = random.Random(seed)
    folder = tmp_path / "state"
    folder.mkdir()
    source = write_frames(tmp_path / "frames.raw", FRAMES) + " ! identity sync=true"
    command = ["--json", f"--location={name}", "--checkpoint=0.1", "--every=0.1", source]
    held, kept, saved = {}, {"kill": 0, "term": 0}, {}
    for number in range(kills):
        sort = "term" if number == kills - 1 else dice.choice(["kill", "kill", "term"])
        early = 0 < number < kills - 1 and dice.random() < 0.25
        before, after, line = kill_once(command, folder, dice.uniform(0, 2 * seconds / kills), sort, early)
        assert all(after[file] >= n for file, n in before.items())
        at = 0
        for file, n in after.items():
            grown = n - saved.get(file, 0)
            assert grown >= 0
            held.setdefault(file, []).append(FRAMES[at:at + grown])
            at += grown
        kept[sort] += at
        if sort == "term" and line:  # what was counted is saved; of a file that the date has just begun that may be nothing
            assert after.get(line["profile"]["file"], 0) >= line["profile"]["frames"]
        saved = after
    print(f"{kills} kills, {sum(saved.values())} frames in {len(saved)} profiles, of runs that were killed {kept['kill']}")
    assert kept["term"] and kept["kill"]
    for file in saved:
        check_profile(folder / file, np.concatenate(held[file]))
    # what a kill left half written is gone with the next save to that name
    left = set(os.listdir(folder)) - set(saved)
    assert not left if len(saved) == 1 else all(file.endswith(".pixelnorm-tmp") for file in left)
