# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench-steady judges what it measured: its targets follow from the table above them."""
import os
import pathlib
import re
import subprocess

import pytest

PROGRAM = pathlib.Path(os.environ["PIXELNORM_BUILD"]) / "tests" / "bench" / "bench-steady"
STORED = "pixelstats, a checkpoint every 300 ms"


def rows_of(table):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


@pytest.mark.long
def test_targets():
    done = subprocess.run([PROGRAM, "0", "1920x1080"], capture_output=True, text=True, timeout=300, check=True)
    measured, targets = map(rows_of, done.stdout.strip().split("\n\n"))
    means = {row[0]: float(row[2]) for row in measured}
    worst = {row[0]: float(row[4]) for row in measured}
    ratios = [worst[STORED] / means[STORED], worst[STORED] / means["pixelstats"]]
    start = float(re.match(r"\d+", measured[2][5])[0])
    assert len(targets) == 3
    for row, ratio in zip(targets, ratios):
        found = float(row[3].removesuffix(" x"))
        assert found == pytest.approx(ratio, rel=.1, abs=.1)  # means are printed with two digits after the point
        assert row[4] == ("met" if found < 3 else "**not**") or found == 3
    assert targets[2][3] == f"{start:.0f} ms"
    assert targets[2][4] == ("met" if start < 150 else "**not**") or start == 150
