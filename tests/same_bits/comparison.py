# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the worker in builds, and says in which cases and at which byte their results differ."""
import base64
import dataclasses
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]


class Failed(Exception):
    """Why the cases of a build could not be run."""


@dataclasses.dataclass
class Result:
    """Of a case: the digests and lengths of its parts, or how the process ended in it."""
    kind: str
    parts: dict

    @property
    def is_refused(self):
        return "refused" in self.parts


class Worker:
    """A build in which cases are run, one process at a time, in a folder of their own."""

    def __init__(self, name, build, plugins, folder, kernels=None):
        self.name, self.folder = name, folder
        folder.mkdir(exist_ok=True)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GST_", "PIXELNORM_"))},
            **build.variables(), "GST_PLUGIN_SYSTEM_PATH": str(plugins), "GST_REGISTRY": f"{folder}.registry",
            "PYTHONPATH": f"{TESTS}:{TESTS / 'lib'}", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC",
            **({"PIXELNORM_KERNELS": kernels} if kernels else {})}

    def start(self, *words):
        return subprocess.Popen([sys.executable, "-m", "same_bits.worker", *map(str, words)], cwd=self.folder, text=True,
                                env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, *words):
        """The lines that a process says, which must end well."""
        process = self.start(*words)
        printed, complained = process.communicate()
        if process.returncode:
            raise Failed(f"The cases do not run in the {self.name} build: {complained.strip()[-2000:]}")
        return [json.loads(line) for line in printed.splitlines()]

    def lists(self):
        return self.ask("--lists")[0]

    def results(self, plan):
        """{title: Result} of all cases. One that ends the process has a result, too, and the next ones are run."""
        found = {}
        while True:
            process, title = self.start(plan, "--from", len(found)), None
            for line in process.stdout:
                said = json.loads(line)
                if "begins" in said:
                    title = said["begins"]
                    found[title] = Result(said["kind"], {"the process ended": ["without a result", 0]})
                elif "results" in said:
                    found[title].parts = said["results"]
                else:
                    process.communicate()
                    return found
            complained = process.communicate()[1]
            if title is None:
                raise Failed(f"The cases do not run in the {self.name} build: {complained.strip()[-2000:]}")
            ended = signal.Signals(-process.returncode).name if process.returncode < 0 else f"status {process.returncode}"
            found[title].parts = {"the process ended": [ended, 0]}

    def show(self, plan, title):
        """The parts of a case themselves, run once more: {name: bytes}."""
        process = self.start(plan, "--show", title)
        lines = [json.loads(line) for line in process.communicate()[0].splitlines()]
        shown = next((line["shows"] for line in lines if "shows" in line), {})
        return {name: base64.b64decode(value) for name, value in shown.items()}


def differing_parts(old, new):
    """The names of parts of two results that are not the same."""
    return [name for name in dict.fromkeys([*old.parts, *new.parts]) if old.parts.get(name) != new.parts.get(name)]


def first_difference(old, new):
    """Where two strings of bytes begin to differ, or None."""
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    return None if len(old) == len(new) == at else at


def is_text(data):
    try:
        return data.decode().isprintable() or all(c.isprintable() or c in "\n\t" for c in data.decode())
    except UnicodeDecodeError:
        return False


def around(data, at):
    """What stands there: of texts the line, from a bit before; of others the bytes, as numbers."""
    if at >= len(data):
        return f"ends after {len(data)} bytes"
    if is_text(data):
        start = max(data.rfind(b"\n", 0, at) + 1, at - 60)
        return repr(data[start:at + 60].decode(errors="replace").split("\n\n")[0])
    return data[at:at + 8].hex(" ")


def tell_difference(old, new):
    """The first differing byte of a part, in a line; old and new are bytes, or None where there is no such part."""
    if old is None or new is None:
        there = new if old is None else old
        return f"only {'new' if old is None else 'old'} has it: {around(there, 0)}"
    at = first_difference(old, new)
    if at is None:
        return "the same when run once more: the result is not the same from run to run"
    share = "" if len(old) != len(new) else f", {sum(a != b for a, b in itertools.zip_longest(old, new))} of {len(old)} differ"
    return f"byte {at}{share}: old {around(old, at)}, new {around(new, at)}"


def compare(old, new):
    """[(title, names of the differing parts)] of two {title: Result}; cases that only one has count as well."""
    found = []
    for title in dict.fromkeys([*old, *new]):
        if title not in old or title not in new:
            found.append((title, [f"only the {'new' if title in new else 'old'} build has the case"]))
        elif names := differing_parts(old[title], new[title]):
            found.append((title, names))
    return found
