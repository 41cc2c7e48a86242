# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every script in pipelines/ does alike: --help, what it refuses, and what it leaves when it fails or is stopped."""
import contextlib
import os
import re
import signal
import subprocess
import time

import pytest

from pipeline_help import PIPELINES, processes_of, run, TIMEOUT

# what dpkg-buildpackage and autopkgtest run is called by nobody else
NOT_OURS = ("debian/rules", "debian/tests/installed")
SCRIPTS = sorted({str(path.relative_to(PIPELINES)) for path in PIPELINES.rglob("*") if path.is_file() and os.access(path, os.X_OK)}
                 - set(NOT_OURS))
# quickstart and packages have tests of their own of what they leave, and applications make no files
MAKING = [name for name in SCRIPTS if name not in ("quickstart", "debian/build") and not name.startswith("apps/")]
# what an application cannot do without
WANTED = {"apps/appsink_onnxruntime.py": ["--model", "m.onnx"], "apps/onnx_model.py": ["m.onnx"], "apps/show_answers.py": ["fakesrc"]}
LAUNCH = """#!/bin/bash
for word; do
  case "$word" in
    *://*) ;;
    location=*)
      echo half >"${word#location=}"
      echo half >".${word#location=}.0123456789abcdef.pixelnorm-tmp"
      ;;
  esac
done
echo >"$BUSY"
exec $THEN
"""


@pytest.fixture(name="environment")
def _environment(tmp_path):
    """Every element is here, and gst-launch-1.0 makes half of its files, then does $THEN; $BUSY is there once it has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"gst-launch-1.0": LAUNCH, "gst-inspect-1.0": "#!/bin/bash\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    # python3 is Debian's, whatever else there is
    return {**os.environ, "PATH": f"{folder}:/usr/bin:{os.environ['PATH']}", "BUSY": str(tmp_path / "busy")}


@pytest.fixture(name="here")
def _here(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name, here):
    """Before anything is built or done: what it does, how it is called, and where what it makes goes."""
    done = run([PIPELINES / name, "--help"], here, env={"PATH": os.environ["PATH"], "HOME": str(here)})
    assert (done.returncode, done.stderr, list(here.iterdir())) == (0, "", [])
    assert len(done.stdout.splitlines()) >= 5 and f"pipelines/{name}" in done.stdout
    if name in MAKING:
        assert re.search(r"\b[Mm]akes\b", done.stdout) and re.search(r"in\s+the\s+current\s+directory", done.stdout)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("words", [["--nonsense"], ["a", "b", "c", "d", "e"]], ids=["option", "too-many"])
def test_what_it_does_not_know(name, words, here):
    if name == "many-streams" and len(words) > 1:
        pytest.skip("it takes any number of files")
    done = run([PIPELINES / name, *WANTED.get(name, []), *words], here)
    assert done.returncode == 2 and done.stdout == "" and list(here.iterdir()) == []
    said = [line for line in done.stderr.splitlines() if not line.startswith(("usage: ", "    "))]  # these are argparse's
    assert len(said) == 1 and re.search("--nonsense" if len(words) == 1 else 'b c d e|found 5|found "b"', said[0]), done.stderr


@pytest.mark.parametrize("name", [name for name in MAKING if not re.search("camera|rtsp|look|nn|deepstream|dlstreamer", name)])
def test_a_file_that_is_not_there(name, here):
    words = ["none.avi"] * (3 if name == "flat-field" else 1)
    done = run([PIPELINES / name, *words], here)
    assert (done.returncode, done.stderr, list(here.iterdir())) == (1, "There is no file none.avi.\n", [])


@pytest.mark.parametrize("name", MAKING)
def test_failed(name, here, environment):
    done = run([PIPELINES / name], here, env={**environment, "THEN": "false"})
    assert done.returncode == 1 and list(here.iterdir()) == [], done.stderr


def hears(process, number):
    """Whether a signal reaches a process: it is not ignored."""
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return int(re.search("SigIgn:\\s*([0-9a-f]+)", status.read())[1], 16) >> (number - 1) & 1 == 0


def started_python(script):
    """Its children in Python; a script in Python itself does with signals what it says."""
    found = []
    for one in processes_of(script):
        with contextlib.suppress(OSError):  # it has ended since
            if one != script and "python" in os.path.basename(os.readlink(f"/proc/{one}/exe")):
                found.append(one)
    return found


@pytest.mark.parametrize("name", MAKING)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(name, number, here, environment, tmp_path):
    """By Ctrl-C, which goes to all its processes, or by a signal to the script alone."""
    with subprocess.Popen([PIPELINES / name], cwd=here, env={**environment, "THEN": "sleep 600"}, start_new_session=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            end = time.monotonic() + TIMEOUT
            while not (tmp_path / "busy").exists() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            assert (tmp_path / "busy").exists()
            assert list(here.iterdir()) != []
            # a server in Python would now and then get to print a traceback of Ctrl-C
            assert not [one for one in started_python(process.pid) if hears(one, signal.SIGINT)]
            (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
            said, _ = process.communicate(timeout=TIMEOUT)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # or it is waited for
            raise
    assert process.returncode != 0 and "Traceback" not in said
    end = time.monotonic() + TIMEOUT
    while processes_of(process.pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert processes_of(process.pid) == [] and list(here.iterdir()) == []
