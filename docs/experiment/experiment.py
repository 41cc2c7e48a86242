# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which normalization, when: the plan of the experiment. Started by the script `run`, which says what there is to choose."""
import argparse
import pathlib
import shutil
import sys
import time

import edge
import image_sets
import page
import plots
from anomalies import measure_anomalies
from compare import TUNE_SEEDS, Inputs, run, tune
from image_sets import SETS, Unavailable
from methods import METHODS, REFERENCE, Refused, temporary_folder
from results import Results, begin_on_this_machine
from studies import ALL, BASE_SEEDS, BASE_TUNE_SEEDS, SHARED_RATE, SHARED_SETS, STUDIES

TOP = pathlib.Path(__file__).parents[2]
SHORT_SETS, SHORT_SEEDS = ("circle", "digits"), 2


class Experiment:
    def __init__(self, options):
        self.options = options
        self.results = Results(options.output / "results.jsonl")
        self.folder = temporary_folder(options.output)
        self.downloads = TOP / "build/experiment/downloads"
        self.sets = {}
        self.start = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.start:6.0f} s  {text}", file=sys.stderr, flush=True)

    def load(self, rows):
        for row in rows:
            try:
                images = image_sets.load(row, self.downloads)
            except Unavailable as reason:
                if row.key == "yours":
                    raise
                self.say(f"{row.key} is left out: {reason}")
                continue
            self.sets[row.key] = row, images
            if not self.results.find(kind="set", set=row.key):
                counts = [len(pool.labels) for pool in (images.train, images.validation, images.test)]
                self.results.add(kind="set", set=row.key, words=row.words, classes=images.n_classes, trained=images.n_train,
                                 train=counts[0], validation=counts[1], test=counts[2], steps=row.steps, every=row.every,
                                 target=row.target, **image_sets.count_places(images))

    def methods_of(self, key, wanted=ALL):
        """Gamma and beta of every pixel have no meaning for tiles that lie anywhere in the frame."""
        _, images = self.sets[key]
        return [method for method in METHODS
                if not (method.front == "affine" and images.train.places is not None)
                and method.key in (self.options.methods or wanted) and method.key in wanted]

    def inputs(self, key, method, seed, network="plain", variant=None):
        return Inputs(self.sets[key][1], method, seed, self.folder, network, variant)

    def rate(self, key, method, n_seeds, network="plain", variant=None):
        """The learning rate that is searched for, once."""
        if self.options.short and method.key != REFERENCE:
            return method.guess
        what = {"kind": "rate", "set": key, "method": method.key, "network": network, "variant": variant}
        if found := self.results.find(**what):
            return found["chosen"]
        chosen = tune(self.results, self.sets[key][0], {
            seed: self.inputs(key, method, seed, network, variant) for seed in TUNE_SEEDS[:n_seeds]})
        return self.results.add(**what, chosen=chosen)["chosen"]

    def train(self, key, method, rate, seed, phase="test", network="plain", variant=None):
        what = {"kind": "run", "set": key, "method": method.key, "phase": phase, "rate": rate, "seed": seed, "variant": variant,
                "network": network if network != "plain" else None}
        if not self.results.find(**what):
            run(self.results, self.sets[key][0], self.inputs(key, method, seed, network, variant), phase, rate)

    def test(self, key, seeds):
        """All methods on one set, with these seeds."""
        for method in self.methods_of(key):
            rate = self.rate(key, method, BASE_TUNE_SEEDS)
            for seed in seeds:
                self.train(key, method, rate, seed)
        self.say(f"{key}: seeds {seeds[0]} to {seeds[-1]} done")

    def study(self, study):
        for key in (key for key in study.sets if key in self.sets):
            for method in self.methods_of(key, study.methods):
                for rate in self.rates_of(study, key, method):
                    for seed in range(study.seeds):
                        self.train(key, method, rate, seed, network=study.network, variant=study.variant)
            self.say(f"{key}: {study.network}, {study.variant or 'no variant'}, done")

    def rates_of(self, study, key, method):
        if study.tune_seeds:
            return [self.rate(key, method, study.tune_seeds, study.network, study.variant)]
        base = next((other.tune_seeds for other in STUDIES if other.tune_seeds and not other.variant and key in other.sets
                     and other.network == study.network), BASE_TUNE_SEEDS)
        rate = self.rate(key, method, base, study.network)
        if not study.factors:
            return [rate]
        return sorted({float(f"{rate * factor:.2g}") for factor in study.factors} | {SHARED_RATE})

    def share_rate(self, key):
        """The rate that one might have taken without a search."""
        for method in self.methods_of(key):
            for seed in range(self.options.seeds):
                self.train(key, method, SHARED_RATE, seed, "shared")
        self.say(f"{key}: one rate for all, done")

    def do(self):
        begin_on_this_machine(self.results)
        edge.measure_edge(self.results, self.folder)
        edge.measure_moves(self.results, self.folder)
        measure_anomalies(self.results, self.folder)
        for _row, images in self.sets.values():
            edge.measure_profile(self.results, images)
        if not (self.options.short or self.options.images):
            for study in STUDIES:
                self.study(study)
        seeds = list(range(self.options.seeds))
        # a run that is cut has half of the seeds of every set before all of any
        half = (len(seeds) + 1) // 2
        for part in filter(None, (seeds[:half], seeds[half:])):
            for key, (row, _images) in self.sets.items():
                if row.base:
                    self.test(key, part)
        for key in self.sets:
            if key in SHARED_SETS and not self.options.short:
                self.share_rate(key)

    def show(self):
        """Tables and plots beside the results."""
        page.write_tables(self.results, self.options.output / "tables.md")
        plots.draw(self.results, self.sets, self.folder, self.options.output)
        self.say(f"results.jsonl, tables.md and plots are in {self.options.output}")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def size_of(text):
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 8 <= int(width) <= 256 and 8 <= int(height) <= 256):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT, 8 to 256 each, found {text!r}")
    return int(width), int(height)


def names_of(known):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"expected some of {','.join(known)}; found {name!r}")
        return names

    return parse


def count_of(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number, 1 or more; found {text!r}")
    return int(text)


def parse_options(words):
    parser = argparse.ArgumentParser(prog="docs/experiment/run", allow_abbrev=False, description=__doc__.split(":")[0])
    parser.add_argument("--short", action="store_true", help="circle and digits, 2 seeds, rates guessed; two minutes at most")
    parser.add_argument("--images", type=pathlib.Path, metavar="FOLDER", help="your pictures, a folder a class in it")
    parser.add_argument("--size", type=size_of, default=(32, 32), help="WIDTHxHEIGHT they are brought to (32x32)")
    parser.add_argument("--steps", type=count_of, default=300, help="of training on them (300)")
    parser.add_argument("--sets", type=names_of([row.key for row in SETS]), help="only these, with commas between")
    parser.add_argument("--methods", type=names_of(ALL), help="likewise")
    parser.add_argument("--seeds", type=count_of, help="how many (10; 2 with --short)")
    parser.add_argument("--output", type=pathlib.Path, help="where results and plots go (build/experiment/long, short or images)")
    parser.add_argument("--docs", action="store_true", help="only: bring results.jsonl, tables and plots of --output into docs")
    options = parser.parse_args(words)
    kind = "short" if options.short else "images" if options.images else "long"
    options.output = (options.output or TOP / "build/experiment" / kind).resolve()
    options.seeds = options.seeds or (SHORT_SEEDS if options.short else BASE_SEEDS)
    return options


def rows_of(options):
    if options.images:
        return [image_sets.folder_row(options.images, options.size, options.steps)]
    wanted = options.sets or (SHORT_SETS if options.short else [row.key for row in SETS])
    return [row for row in SETS if row.key in wanted]


def main(words):
    options = parse_options(words)
    experiment = None
    try:
        if options.docs:
            page.refresh_docs(options.output, TOP / "docs")
            return 0
        rows = rows_of(options)
        experiment = Experiment(options)
        experiment.load(rows)
        experiment.do()
        experiment.show()
    except (Unavailable, Refused, OSError) as reason:
        print(f"experiment: {reason}", file=sys.stderr)
        return 1
    finally:
        if experiment:
            experiment.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
