# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs cases in the build that the environment names, and tells the digests of what came out, a line of JSON a case.

    python3 -m same_bits.worker --lists                  the values that this build knows
    python3 -m same_bits.worker PLAN [--from N]          all cases of a plan; with --show TITLE... the results themselves

Runs in an empty folder of its own, where files are named without their folders: so no path gets into a result."""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import sys
import traceback

import gi

gi.require_version("Gst", "1.0")
gi.require_version("Pixelnorm", "1.0")
from gi.repository import Gst, Pixelnorm  # noqa: E402

from . import command, elements, known, library, refusals, statistics_cases  # noqa: E402
from .patterns import matches  # noqa: E402

SECONDS = 60
MODULES = (library, elements, statistics_cases, refusals, command)


def all_cases(plan):
    """The cases of a plan in an order that both builds have."""
    for module in MODULES:
        for case in module.cases(plan["lists"]):
            if (case.quick or not plan["quick"]) and (not plan["only"] or matches(case.title, plan["only"])):
                yield case


def check_loaded(build):
    """Whether it is this build that runs: another one that is installed would compare with itself."""
    maps = pathlib.Path("/proc/self/maps").read_text()
    for name in ("libpixelnorm-1.0.so", "libgstpixelnorm.so"):
        used = set(re.findall(rf"\s(/\S*/{re.escape(name)}\S*)", maps))
        if not used or not all(path.startswith(f"{build}/") for path in used):
            sys.exit(f"{name} should come from {build}, but {', '.join(used) or 'nothing'} was loaded")


class Complaints:
    """What is printed on standard error while a case runs."""

    def __init__(self):
        self.file = open("stderr", "w+b", buffering=0)
        os.dup2(self.file.fileno(), 2)

    def take(self):
        os.lseek(2, 0, os.SEEK_SET)
        text = os.read(2, 1 << 20).decode(errors="replace")
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)
        return re.sub(r"\n?\(.*?:\d+\): (.*?) \*\*: [\d:.]+: ", r"\1: ", text).strip()


def run_case(case, complaints):
    signal.alarm(SECONDS)
    try:
        found = case.run()
    except Exception:  # of an interface that another build has
        found = {"refused": traceback.format_exc(limit=-1).splitlines()[-1]}
    signal.alarm(0)
    if complained := complaints.take():
        found["stderr"] = complained
    return {name: value if isinstance(value, bytes) else str(value).encode() for name, value in found.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("plan", nargs="?")
    parser.add_argument("--lists", action="store_true")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--show", nargs="+")
    options = parser.parse_args()
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    Gst.init(None)
    Gst.ElementFactory.make("pixelnorm")
    Pixelnorm.Settings.new()
    check_loaded(os.environ["PIXELNORM_BUILD"])
    if options.lists:
        print(json.dumps(known.of_build()), file=told)
        return
    plan, complaints = json.loads(pathlib.Path(options.plan).read_text()), Complaints()
    for i, case in enumerate(all_cases(plan)):
        if i < options.first or (options.show and case.title not in options.show):
            continue
        print(json.dumps({"begins": case.title, "kind": case.kind}), file=told)
        if plan["listing"]:
            continue
        found = run_case(case, complaints)
        if options.show:
            print(json.dumps({"shows": {name: base64.b64encode(value).decode() for name, value in found.items()}}), file=told)
        else:
            print(json.dumps({"results": {name: [hashlib.sha256(value).hexdigest(), len(value)]
                                          for name, value in found.items()}}), file=told)
    print(json.dumps({"all": True}), file=told)


if __name__ == "__main__":
    main()
