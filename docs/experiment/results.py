# SPDX-License-Identifier: LGPL-2.1-or-later
"""The results file: a line of JSON for every thing that was measured, written as it comes, so that a run that was cut goes on
where it was.

kinds of lines
    machine  what it was measured on, and its number
    set      a set of images: its size, the steps of training, the accuracy whose steps are counted
    run      one training: set, method, phase (tune: on the validation pool; test; shared: one learning rate for all), rate, seed,
             accuracy in % at the end, curve (accuracy in % after every `every` steps); network, unless it is plain, and variant,
             where there is one, as their tables name them; machine, the number of the one it ran on, unless that is 0. In phase
             test also what the rows of the JUDGE TABLE are named, and of tiles accuracies near and far from those of training
    rate     the learning rate that was chosen
    profile  of the variance of the training pool, how much is the same in every frame, and samples that deviate by less than 8, %
    edge     the step across a circle's border after a method
    move     the same, where the circle moves up to `share` pixels
    anomaly  what stands out without a network: the area under the ROC curve, %, and its interval
"""
import json
import os
import pathlib
import platform
import time

IDENTITY = ("kind", "set", "method", "phase", "rate", "seed", "share", "network", "variant", "anomaly", "number")


def identity_of(record):
    return tuple(record.get(key) for key in IDENTITY)


class Results:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.records, self.of_set, self.machine = {}, {}, 0
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                try:
                    self.keep(json.loads(line))
                except json.JSONDecodeError:
                    continue  # the last line of a run that was killed

    def keep(self, record):
        self.records[identity_of(record)] = record
        self.of_set.setdefault(record.get("set"), {})[identity_of(record)] = record

    def find(self, **what):
        """The record with exactly this identity, or None."""
        return self.records.get(identity_of(what))

    def select(self, **what):
        """All that have these values; there are thousands, so those of one set are looked through where one is named."""
        records = self.of_set.get(what["set"], {}) if "set" in what else self.records
        return [record for record in records.values() if all(record.get(key) == value for key, value in what.items())]

    def add(self, **record):
        self.keep(record)
        with self.path.open("a") as file:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
        return record


def cpu_name():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def describe_machine():
    import numpy
    import torch
    from methods import Gst
    return {"kind": "machine", "number": 0, "cpu": cpu_name(), "cores": os.cpu_count(), "python": platform.python_version(),
            "numpy": numpy.__version__, "torch": torch.__version__, "gstreamer": Gst.version_string().split()[-1],
            "date": time.strftime("%Y-%m-%d")}


def begin_on_this_machine(results):
    """Describes it, unless the results know one like it; runs name its number from now on."""
    here, known = describe_machine(), results.select(kind="machine")
    same = next((machine for machine in known if machine["cpu"] == here["cpu"]), None)
    results.machine = (same or results.add(**here | {"number": len(known)}))["number"]
