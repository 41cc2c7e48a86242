# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gst_launch.py does with a gst-launch-1.0 that tells an error and does not end; here that is a script."""
import os
import stat
import subprocess
import time

import pytest

import gst_launch

pytestmark = pytest.mark.unsanitized("a helper of the tests, nothing compiled")


@pytest.fixture(name="pretend")
def _pretend(tmp_path, monkeypatch):
    """pretend(BODY): a gst-launch-1.0 that counts in the file runs and then does what BODY says. Returns: the folder."""
    def pretend(body):
        program = tmp_path / "gst-launch-1.0"
        program.write_text(f"#!/bin/sh\ncd {tmp_path}\necho >>runs\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return tmp_path

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("LD_PRELOAD", "")
    return pretend


@pytest.fixture(name="impatient")
def _impatient(monkeypatch):
    monkeypatch.setattr(gst_launch, "GRACE", 0.2)


def runs(folder):
    return len((folder / "runs").read_text())


TELL = 'echo "ERROR: from element /GstPipeline:pipeline0/GstFoo:foo0: No." >&2'


@pytest.mark.usefixtures("impatient")
def test_a_hang_after_an_error_is_ended_and_tried_again(pretend):
    folder = pretend(f"echo before; {TELL}; [ $(wc -l <runs) -ge 3 ] || sleep 300; exit 1")
    begin = time.monotonic()
    done = gst_launch.launch("a ! b")
    # on a busy machine a run that would end may take longer, too
    assert (done.returncode, done.stdout) == (1, "before\n") and runs(folder) >= 3
    assert done.stderr.startswith("ERROR: from element") and 0.4 <= time.monotonic() - begin < 100


@pytest.mark.usefixtures("impatient")
def test_a_hang_for_good_is_told(pretend):
    folder = pretend(f"{TELL}; sleep 30")
    with pytest.raises(subprocess.TimeoutExpired) as hung:
        gst_launch.launch(["a"])
    assert runs(folder) == gst_launch.ATTEMPTS and "GstFoo:foo0: No." in hung.value.stderr


@pytest.mark.usefixtures("impatient")
def test_its_children_end_with_it(pretend):
    folder = pretend(f"sleep 300 & echo $! >child; {TELL}; wait")
    with pytest.raises(subprocess.TimeoutExpired):
        gst_launch.run(["gst-launch-1.0"], ends_after_error=True)
    child, end = int((folder / "child").read_text()), time.monotonic() + 60
    while os.path.exists(f"/proc/{child}/exe") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{child}/exe")


def test_a_slow_end_after_an_error_is_none(pretend):
    folder = pretend(f"{TELL}; sleep 0.5; echo late; exit 1")
    done = gst_launch.launch("a")
    assert (done.returncode, done.stdout, runs(folder)) == (1, "late\n", 1)


def test_a_hang_without_an_error_is_not_tried_again(pretend):
    folder = pretend("echo 'WARNING: from element' >&2; sleep 30")
    with pytest.raises(subprocess.TimeoutExpired):
        gst_launch.launch("a", timeout=2)
    assert runs(folder) == 1


def test_make_wants_success(pretend):
    pretend("echo wrong >&2; exit 1")
    with pytest.raises(AssertionError, match="wrong"):
        gst_launch.make("a")
