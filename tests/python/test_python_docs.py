# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command and every block of Python in docs/python.md and docs/data-sets.md runs, in order, in one directory."""
import importlib.util
import os
import pathlib
import re
import subprocess

import pytest

from gst_launch import run
from reports import want

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TEXT = (SOURCE / "docs" / "python.md").read_text() + (SOURCE / "docs" / "data-sets.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", TEXT, re.M | re.S)
NOT_RUN = ["pip install ./src/python\n"]  # test_package.py does
# a word of a block -> the module that it needs
NEEDS = {"torch": "torch", "transforms": "torch", "onnx": "onnx", "graft": "onnx", "onnxruntime": "onnxruntime",
         "engine dask": "distributed"}
# python3 is Debian's, whatever else there is
PLAIN = {**os.environ, "PATH": f"/usr/bin:{os.environ['PATH']}",
         "PYTHONPATH": f"{SOURCE / 'src' / 'python'}:{os.environ.get('PYTHONPATH', '')}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("docs")
    (path / "pipelines").symlink_to(SOURCE / "pipelines")
    return path


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(number, folder):
    language, block = BLOCKS[number]
    if block in NOT_RUN:
        return
    for word, module in NEEDS.items():
        if word in block and importlib.util.find_spec(module) is None:
            want(module)
    if language == "python":
        done = run(["/usr/bin/python3", "-c", block], folder, env=PLAIN)
    else:
        done = run(["bash", "-e", "-c", block], folder, env=PLAIN)
    assert done.returncode == 0, block + done.stdout + done.stderr


def test_blocks_are_there():
    assert [block for _, block in BLOCKS if block in NOT_RUN] == NOT_RUN
    assert sum(language == "python" for language, _ in BLOCKS) >= 7 and sum(language == "sh" for language, _ in BLOCKS) >= 4


@pytest.mark.parametrize("command, n", [("graft", 20), ("collect", 14)])
def test_every_option_is_documented(command, n):
    done = subprocess.run(["/usr/bin/python3", "-m", "pixelnorm", command, "--help"], capture_output=True, text=True, env=PLAIN)
    options = set(re.findall(r"^  (--[a-z-]+)", done.stdout, re.M))
    assert len(options) >= n
    assert [option for option in options if option not in TEXT] == []


def test_every_setting_is_documented():
    from pixelnorm.settings import Settings

    assert [name for name in Settings.__dataclass_fields__ if name not in TEXT] == []
