# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units of pipelines/systemd: systemd takes them, and their commands do what they say, run as systemd would run them."""
import datetime
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest

from pipeline_help import SOURCE, TIMEOUT, check_profile, frames_of, make, run

UNITS = SOURCE / "pipelines" / "systemd"
NAMES = ["pixelnorm-watch@.service", "pixelnorm-drift@.service", "pixelnorm-drift@.timer", "pixelnorm-mail@.service"]
CAMERA = "videotestsrc num-buffers=20 ! video/x-raw,format=RGB,width=64,height=48"


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    """In a time zone where it is noon, so that no day ends meanwhile."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", f"NOON{datetime.datetime.now(datetime.timezone.utc).hour - 12:+d}")
        time.tzset()
        yield
    time.tzset()


def day(ago=0):
    return str(datetime.date.today() - datetime.timedelta(ago))


def read(name):
    """{section: {key: values}}"""
    sections = {}
    for line in (UNITS / name).read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            section.setdefault(key, []).append(value)
    return sections


def settings_of(text):
    """An environment file, and what an Environment= has."""
    return dict(words.split("=", 1) for line in text.splitlines() for words in shlex.split(line, comments=True))


def command_of(name, instance, folder, settings):
    """The words of ExecStart= and the environment, with paths below the folder. systemd.exec(5) and systemd.service(5)."""
    service = read(name)["Service"]
    environment = {**os.environ, **{key: value for line in service.get("Environment", ()) for key, value in settings_of(line).items()},
                   **settings}
    (line,) = service["ExecStart"]
    places = {"%": "%", "i": instance, "H": "here"}
    line = re.sub("%(.)", lambda match: places[match[1]], line)
    words = []
    for word in shlex.split(line):
        if match := re.fullmatch(r"\$(\w+)", word):
            words += shlex.split(environment.get(match[1], ""))
        else:
            word = re.sub(r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), word)
            words.append(word.replace("$$", "$"))
    found = {"/usr/bin/pixelprofile": shutil.which("pixelprofile"), "/run/pixelnorm/": f"{folder}/",
             "/usr/sbin/sendmail": f"{folder}/bin/sendmail"}
    for path, there in found.items():
        words = [word.replace(path, there) for word in words]
    return words, {**environment, "GST_REGISTRY": os.environ["GST_REGISTRY"], "PATH": f"{folder}/bin:{os.environ['PATH']}"}


def execute(name, instance, folder, settings):
    words, environment = command_of(name, instance, folder, settings)
    return run(words, folder, env=environment)


def test_every_unit_is_here():
    assert {path.name for path in UNITS.iterdir()} == {*NAMES, "gate.conf"}
    page = (SOURCE / "docs" / "cameras.md").read_text()
    assert all(f"`{name}`" in page for name in (*NAMES, "gate.conf"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not there: apt-get install systemd")
def test_systemd_takes_them(tmp_path):
    there = {"/usr/bin/pixelprofile": shutil.which("pixelprofile"), "/usr/sbin/sendmail": "/bin/true"}
    for name in NAMES:
        text = (UNITS / name).read_text()
        for path, other in there.items():
            text = text.replace(path, other)
        (tmp_path / name).write_text(text)

    def verify(name):
        return run(["systemd-analyze", "verify", "--man=no", tmp_path / name.replace("@", "@gate")],
                   env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"})

    for name in NAMES:
        done = verify(name)
        said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "pixelnorm" in line]
        assert (done.returncode, said) == (0, []), done.stderr
    # what is wrong is told
    (tmp_path / NAMES[0]).write_text((tmp_path / NAMES[0]).read_text().replace("Restart=", "Rstart="))
    assert "Rstart" in verify(NAMES[0]).stderr


def test_watch(tmp_path):
    """Today's profile, gone on from after a restart; metrics; drift ends it for good, and is mailed."""
    settings = settings_of((UNITS / "gate.conf").read_text())
    assert set(settings) == {"PIXELPROFILE_SOURCE", "WATCH_OPTIONS", "DRIFT_OPTIONS"}
    settings["PIXELPROFILE_SOURCE"] = CAMERA
    frames = frames_of(CAMERA, tmp_path, 64, 48)
    for turn in (1, 2):
        done = execute("pixelnorm-watch@.service", "gate", tmp_path, settings)
        assert (done.returncode, done.stderr) == (0, "")
        assert {path.name for path in tmp_path.glob("*.safetensors")} == {f"gate-{day()}.safetensors"}
        check_profile(tmp_path / f"gate-{day()}.safetensors", np.concatenate([frames] * turn))
    assert 'pixelprofile_watch_frames_total{camera="gate"} 20\n' in (tmp_path / "gate.prom").read_text()
    (tmp_path / f"gate-{day()}.safetensors").rename(tmp_path / "reference.safetensors")
    settings |= {"PIXELPROFILE_SOURCE": CAMERA.replace("src", "src pattern=white"),
                 "WATCH_OPTIONS": "--reference=reference.safetensors --exit-on-drift"}
    done = execute("pixelnorm-watch@.service", "gate", tmp_path, settings)
    service = read("pixelnorm-watch@.service")
    assert [str(done.returncode)] == service["Service"]["RestartPreventExitStatus"] == ["1"]
    assert service["Unit"]["OnFailure"] == ["pixelnorm-mail@%n.service"] and service["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert service["Service"]["Restart"] == ["always"]


def test_watch_is_stopped_as_systemd_does(tmp_path):
    words, environment = command_of("pixelnorm-watch@.service", "gate", tmp_path,
                                    {"PIXELPROFILE_SOURCE": CAMERA.replace("num-buffers=20", "is-live=true"), "WATCH_OPTIONS": "--every=0.1"})
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = next(line for line in process.stdout if re.search(r"  [1-9]\d* frames", line))
        # which every user may read, and the source may have a password
        assert b"videotestsrc" not in pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, errors) == (0, "") and "frames" in line
    assert list(tmp_path.glob("gate-*.safetensors"))


@pytest.mark.parametrize("pattern, status", [("smpte", 0), ("white", 1), (None, 2)])
def test_drift(tmp_path, pattern, status):
    """Yesterday's profile within the limit, beyond it, and not there."""
    for name, source in [("reference", CAMERA), (f"gate-{day(1)}", pattern and CAMERA.replace("src", f"src pattern={pattern}"))]:
        if source:
            make(f"-q {source} ! pixelstats location={name}.safetensors ! fakesink", tmp_path)
    settings = {"DRIFT_OPTIONS": settings_of((UNITS / "gate.conf").read_text())["DRIFT_OPTIONS"]}
    done = execute("pixelnorm-drift@.service", "gate", tmp_path, settings)
    assert done.returncode == status, done.stderr
    assert ["Within the limit", "Beyond the limit", f"gate-{day(1)}"][status] in done.stdout + done.stderr
    if status < 2:
        assert done.stdout.rstrip().endswith("0.05 may.")
    assert read("pixelnorm-drift@.service")["Unit"]["OnFailure"] == ["pixelnorm-mail@%n.service"]


@pytest.mark.parametrize("settings, receiver", [({}, "root"), ({"MAIL_TO": "you@gate.example"}, "you@gate.example")])
def test_mail(tmp_path, settings, receiver):
    (tmp_path / "bin").mkdir()
    for name, text in {"sendmail": 'echo "$@" >arguments; cat >mail', "journalctl": 'echo "$@" >asked; echo "Beyond the limit"'}.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    done = execute("pixelnorm-mail@.service", "pixelnorm-drift@gate.service", tmp_path, settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "mail").read_text() == (
        f"To: {receiver}\nSubject: pixelnorm-drift@gate.service has failed on here\n\nBeyond the limit\n")
    assert (tmp_path / "arguments").read_text() == "-t\n"
    assert "--unit=pixelnorm-drift@gate.service" in (tmp_path / "asked").read_text()


def test_commands_may_write_where_they_run():
    for name in NAMES:
        service = read(name).get("Service", {})
        if service.get("ProtectSystem") == ["strict"]:
            writable = [f"/var/lib/{folder}" for folder in service.get("StateDirectory", [])] + service.get("ReadWritePaths", [])
            assert service["WorkingDirectory"][0] in writable, name


def test_the_timer_runs_what_is_named_like_it():
    timer = read("pixelnorm-drift@.timer")
    assert timer["Timer"] == {"OnCalendar": ["*-*-* 00:20:00"], "Persistent": ["yes"]}
    assert timer["Install"] == {"WantedBy": ["timers.target"]} and "pixelnorm-drift@.service" in NAMES
