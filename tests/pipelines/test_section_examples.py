# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gst-launch lines in the elements' documentation run as they stand."""
import re

import pytest

from pipeline_help import SOURCE, make


def examples():
    for path in sorted((SOURCE / "gst").rglob("gst*.c")):
        blocks = re.findall(r"^ \* \|\[\n(.*?)^ \* \]\|$", path.read_text(), re.S | re.M)
        for number, block in enumerate(blocks):
            text = "\n".join(line.removeprefix(" * ") for line in block.splitlines())
            lines = text.replace("\\\n", "").splitlines()
            yield pytest.param(lines, id=f"{path.stem}-{number}")


@pytest.mark.parametrize("lines", examples())
def test_example_runs(lines, tmp_path):
    for line in lines:
        assert line.startswith("gst-launch-1.0 ")
        make(line.removeprefix("gst-launch-1.0 "), tmp_path)
        made = tmp_path / re.search(r"location=(\S+) *(?:! fakesink)?$", line).group(1)
        assert made.stat().st_size > 0


def test_every_element_has_an_example():
    assert {"gstpixelstats", "gstpixelnorm", "gstpixeldenorm"} <= {param.id.rsplit("-", 1)[0] for param in examples()}
