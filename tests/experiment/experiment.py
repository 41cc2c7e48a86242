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
from compare import TUNE_SEEDS, Inputs, run, tune
from image_sets import SETS, Unavailable
from methods import METHODS, REFERENCE, Refused, temporary_folder
from results import Results, describe_machine

TOP = pathlib.Path(__file__).parents[2]
SHORT_SETS, SHORT_SEEDS = ("circle", "digits"), 2
SHARED_SETS, SHARED_RATE = ("digits", "digits-pattern"), .01
ALONE_SETS = ("circle", "circle-small", "street")


class Experiment:
    def __init__(self, options):
        self.options = options
        self.results = Results(options.output / "results.jsonl")
        self.folder = temporary_folder(options.output)
        self.downloads = TOP / "build/experiment/downloads"
        self.sets, self.rates = {}, {}
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
                                 target=row.target)

    def methods_of(self, images):
        """Gamma and beta of every pixel have no meaning for tiles that lie anywhere in the frame."""
        return [method for method in METHODS
                if not (method.front == "affine" and images.train.places is not None)
                and method.key in (self.options.methods or [method.key])]

    def tune(self, key, method):
        row, images = self.sets[key]
        if self.options.short and method.key != REFERENCE:
            return method.guess
        if (key, method.key) not in self.rates:
            self.rates[key, method.key] = tune(
                self.results, row, {seed: Inputs(images, method, seed, self.folder) for seed in TUNE_SEEDS})
        return self.rates[key, method.key]

    def test(self, key, seeds):
        """All methods on one set, with these seeds."""
        row, images = self.sets[key]
        for method in self.methods_of(images):
            rate = self.tune(key, method)
            for seed in seeds:
                if not self.results.find(kind="run", set=key, method=method.key, phase="test", rate=rate, seed=seed):
                    run(self.results, row, Inputs(images, method, seed, self.folder), "test", rate)
        self.say(f"{key}: seeds {seeds[0]} to {seeds[-1]} done")

    def share_rate(self, key):
        """The rate that one might have taken without a search."""
        row, images = self.sets[key]
        for method in self.methods_of(images):
            for seed in range(self.options.seeds):
                run(self.results, row, Inputs(images, method, seed, self.folder), "shared", SHARED_RATE)
        self.say(f"{key}: one rate for all, done")

    def do(self):
        if not self.results.select(kind="machine"):
            self.results.add(**describe_machine())
        edge.measure_edge(self.results, self.folder)
        for key, (_row, images) in self.sets.items():
            edge.measure_profile(self.results, images)
            if key in ALONE_SETS:
                edge.measure_alone(self.results, images, self.folder)
        seeds = list(range(self.options.seeds))
        # a run that is cut has half of the seeds of every set before all of any
        half = (len(seeds) + 1) // 2
        for part in filter(None, (seeds[:half], seeds[half:])):
            for key in self.sets:
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
    parser = argparse.ArgumentParser(prog="tests/experiment/run", allow_abbrev=False, description=__doc__.split(":")[0])
    parser.add_argument("--short", action="store_true", help="circle and digits, 2 seeds, rates guessed; two minutes at most")
    parser.add_argument("--images", type=pathlib.Path, metavar="FOLDER", help="your pictures, a folder a class in it")
    parser.add_argument("--size", type=size_of, default=(32, 32), help="WIDTHxHEIGHT they are brought to (32x32)")
    parser.add_argument("--steps", type=count_of, default=300, help="of training on them (300)")
    parser.add_argument("--sets", type=names_of([row.key for row in SETS]), help="only these, with commas between")
    parser.add_argument("--methods", type=names_of([method.key for method in METHODS]), help="likewise")
    parser.add_argument("--seeds", type=count_of, help="how many (10; 2 with --short)")
    parser.add_argument("--output", type=pathlib.Path, help="where results and plots go (build/experiment/long, short or images)")
    parser.add_argument("--docs", action="store_true", help="only: bring results.jsonl, tables and plots of --output into docs")
    options = parser.parse_args(words)
    kind = "short" if options.short else "images" if options.images else "long"
    options.output = (options.output or TOP / "build/experiment" / kind).resolve()
    options.seeds = options.seeds or (SHORT_SEEDS if options.short else 10)
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
