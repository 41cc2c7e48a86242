# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two builds measured in turns, row by row, so that what a shared machine does meanwhile falls on both alike."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TESTS))

from same_bits import builds  # noqa: E402

LIMIT = .10  # less is noise


def check_build(build):
    """A sentence on what makes the figures of a build worth nothing, or None."""
    if builds.is_sanitized(build.options):
        return f"{build.directory} is built with sanitizers (b_sanitize={build.options['b_sanitize']})"
    if build.options.get("optimization") not in ("2", "3", "s"):
        return f"{build.directory} is built without optimization (buildtype={build.options.get('buildtype')})"
    return None


class Bench:
    """The bench program of a build, which waits before each row; its rows are those of its own table."""

    def __init__(self, build, words, folder):
        environment = {**os.environ, **build.variables(), "GST_PLUGIN_SYSTEM_PATH": str(folder),
                       "GST_REGISTRY": str(folder / f"{abs(hash(build.directory))}.bin")}
        self.process = subprocess.Popen([build.find("bench"), *words], env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.machine = json.loads(self.process.stdout.readline())
        self.is_open = True

    def measure(self):
        """The next row, or None after the last."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline() if self.is_open else ""
        if line:
            return json.loads(line)
        self.is_open = False
        return None

    def close(self):
        self.process.stdin = None  # its end is gone
        if self.process.wait():
            sys.exit(f"bench ended with status {self.process.returncode}")


def name_of(row):
    return row["path"], row["format"], f"{row['width']}x{row['height']}"


def measure_round(pair, words, folder, found):
    """One round: each row by the one, then by the other. Adds (ns, ns of the copy) to found[name][which]."""
    benches = [(which, Bench(build, words, folder)) for which, build in pair]
    while any(bench.is_open for _, bench in benches):
        for which, bench in benches:
            row = bench.measure()
            if row and "seconds" in row:
                scale = 1e9 / row["samples"]
                found.setdefault(name_of(row), {"old": [], "new": []})[which].append(
                    [row["seconds"][name] * scale for name in ("element", "copy")])
    for _, bench in benches:
        bench.close()


def summarize(name, values):
    """A row: medians, and of the rounds' ratios the median, the lowest and the highest."""
    path, format_name, size = name
    row = {"path": path, "format": format_name, "size": size}
    if not values["old"] or not values["new"]:
        return {**row, "only": "new" if values["new"] else "old"}
    ratios, copies = ([new[i] / old[i] for old, new in zip(values["old"], values["new"])] for i in (0, 1))
    old, new = (statistics.median(ns for ns, _ in values[which]) for which in ("old", "new"))
    return {**row, "old": old, "new": new, "ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios),
            "copy": statistics.median(copies), "rounds": len(ratios)}


def mark(row):
    """What a reader should look at: beyond the limit, and whether every round says so."""
    if abs(row["ratio"] - 1) <= LIMIT:
        return ""
    word = "slower" if row["ratio"] > 1 else "faster"
    if not (row["lowest"] > 1 or row["highest"] < 1):
        return f"{word}? rounds disagree"
    return f"{word}? so is the copy" if abs(row["ratio"] / row["copy"] - 1) <= LIMIT else word


def print_row(row):
    where = f"{row['path']:<28} {row['format']:<9} {row['size']:<9}"
    if "only" in row:
        print(f"{where}  only the {row['only']} build measures it")
        return
    print(f"{where} {row['old']:7.3f} {row['new']:7.3f} {row['ratio']:6.2f}  {row['lowest']:.2f}..{row['highest']:.2f} "
          f"{row['copy']:6.2f}  {mark(row)}".rstrip(), flush=True)


def print_summary(rows):
    both = [row for row in rows if "ratio" in row]
    marked = [row for row in both if mark(row)]
    if both:
        print(f"\nMedian of all ratios {statistics.median(row['ratio'] for row in both):.3f}, of the copy's "
              f"{statistics.median(row['copy'] for row in both):.3f}, which would be 1 on a quiet machine.")
    print(f"{len(marked)} of {len(both)} rows are beyond {LIMIT:.0%}" + (":" if marked else "."))
    for row in sorted(marked, key=lambda row: -abs(row["ratio"] - 1)):
        print(f"  {row['size']} {row['format']} {row['path']}: {row['ratio']:.2f}, {mark(row)}")


def run(old, new, words, n_rounds, as_json):
    """Measures; prints a table, or a line of JSON a row."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the same core for both
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(n_rounds):
            pair = [("old", old), ("new", new)]
            # who comes first has the caches as a stranger left them: they take turns at that, too
            measure_round(pair if i % 2 == 0 else pair[::-1], words, pathlib.Path(folder), found)
            print(f"round {i + 1} of {n_rounds} measured", file=sys.stderr, flush=True)
    rows = [summarize(name, values) for name, values in found.items()]
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    print(f"{'path':<28} {'format':<9} {'size':<9} {'old ns':>7} {'new ns':>7} {'ratio':>6}  {'rounds':<10} {'copy':>6}")
    for row in rows:
        print_row(row)
    print_summary(rows)
