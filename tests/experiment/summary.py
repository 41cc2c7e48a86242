# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results as tables: means over seeds, and differences from the reference method within seeds.

A difference is paired: the same seed means the same training images, first weights and order. Its interval is Student's t,
95 %: mean +- t deviation / sqrt (n). Of many such intervals one in twenty misses by chance, so that what is called clear has
to hold after Holm's correction over all comparisons of accuracy in the table.
"""
from typing import NamedTuple

import numpy as np
from scipy import stats

from image_sets import SETS
from methods import BY_KEY, METHODS, REFERENCE

ORDER = [row.key for row in SETS] + ["yours"]
NEVER = float("inf")


class Difference(NamedTuple):
    mean: float
    half: float  # of the 95 % interval
    p: float
    n: int


def rate_of(results, key, method):
    """The rate that was chosen: that of the runs in phase test."""
    rates = {record["rate"] for record in results.select(kind="run", set=key, method=method, phase="test")}
    assert len(rates) <= 1, f"{key}, {method}: more than one rate in phase test: {rates}"
    return next(iter(rates), None)


def values_of(results, key, method, field="accuracy", phase="test"):
    """{seed: value}"""
    return {record["seed"]: record[field]
            for record in results.select(kind="run", set=key, method=method, phase=phase) if field in record}


def steps_of(results, key, method):
    """{seed: steps until the accuracy of the set's row was reached}, NEVER where it was not."""
    about = results.find(kind="set", set=key)
    steps = {}
    for record in results.select(kind="run", set=key, method=method, phase="test"):
        reached = [i for i, value in enumerate(record["curve"]) if value >= about["target"]]
        steps[record["seed"]] = (reached[0] + 1) * about["every"] if reached else NEVER
    return steps


def difference(values, reference):
    """Paired over the seeds that both have; None where these are too few."""
    seeds = sorted(values.keys() & reference.keys())
    if len(seeds) < 2:
        return None
    d = np.array([values[seed] - reference[seed] for seed in seeds])
    error = d.std(ddof=1) / np.sqrt(len(d))
    half = stats.t.ppf(.975, len(d) - 1) * error
    p = 2 * stats.t.sf(abs(d.mean()) / error, len(d) - 1) if error > 0 else float(d.mean() == 0)
    return Difference(d.mean(), half, p, len(d))


def sets_of(results):
    """Those that were trained on, in the order of the SET TABLE."""
    trained = {record["set"] for record in results.select(kind="run", phase="test")}
    return [key for key in ORDER if key in trained]


def methods_in(results):
    return [method.key for method in METHODS if results.select(kind="run", method=method.key, phase="test")]


def clear_of(found):
    """Those of {what: Difference} that hold after Holm's correction."""
    clear = set()
    for i, (what, d) in enumerate(sorted(found.items(), key=lambda item: item[1].p)):
        if d.p > .05 / (len(found) - i):
            break
        clear.add(what)
    return clear


def differences(results):
    """{(set, method): Difference} from the reference, and those that are clear: Holm over all of them."""
    found = {}
    for key in sets_of(results):
        reference = values_of(results, key, REFERENCE)
        for method in methods_in(results):
            d = difference(values_of(results, key, method), reference) if method != REFERENCE else None
            if d:
                found[key, method] = d
    return found, clear_of(found)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def mean_of(values, digits=1):
    return f"{np.mean(list(values.values())):.{digits}f}" if values else ""


def median_steps(steps):
    """The median, or how many seeds came that far where half did not."""
    if not steps:
        return ""
    n, reached = len(steps), sum(value < NEVER for value in steps.values())
    if reached * 2 <= n:
        return f"{reached} of {n}"
    # an average of the middle two, one of which may be infinite, would be
    return f"{sorted(steps.values())[(n - 1) // 2]:.0f}"


def table_of_sets(results):
    rows = []
    for key in sets_of(results):
        about, profile = results.find(kind="set", set=key), results.find(kind="profile", set=key)
        rows.append([key, about["words"], f'{about["trained"]} of {about["train"]}', str(about["validation"]),
                     str(about["test"]), str(about["classes"]), str(about["steps"]), f'{about["target"]} %',
                     f'{profile["fixed"]:.1f} %', f'{profile["quiet"]:.1f} %'])
    return table(["set", "what", "trained on", "validation", "test", "classes", "steps", "stated accuracy",
                  "variance that is the same in every image", "samples that deviate by less than 8"], rows)


def table_of_accuracy(results):
    sets = sets_of(results)
    rows = [[BY_KEY[method].words] + [mean_of(values_of(results, key, method)) for key in sets] for method in methods_in(results)]
    return table(["accuracy at the end, %", *sets], rows)


def table_of_differences(results):
    found, clear = differences(results)
    sets = sets_of(results)

    def cell(key, method):
        d = found.get((key, method))
        if not d:
            return ""
        text = f"{d.mean:+.1f} ± {d.half:.1f}"
        return f"**{text}**" if (key, method) in clear else text

    rows = [[BY_KEY[method].words] + [cell(key, method) for key in sets]
            for method in methods_in(results) if method != REFERENCE]
    return table([f"minus {BY_KEY[REFERENCE].words}", *sets], rows)


# PAIRS: what else the question asks for, besides the reference
PAIRS = (("min-max", "mean-range"), ("mean-range", "zscore-1"), ("zscore-8", "zscore-1"), ("zscore-32", "zscore-1"),
         ("zscore-1-clip", "zscore-1"), ("zscore-1-batchnorm", "zscore-1"), ("zscore-1-affine", "zscore-1"),
         ("center", "zscore-8"))


def table_of_pairs(results):
    """As the differences, with a correction of its own."""
    sets, found = sets_of(results), {}
    for a, b in PAIRS:
        for key in sets:
            d = difference(values_of(results, key, a), values_of(results, key, b))
            if d:
                found[key, a, b] = d
    clear = clear_of(found)

    def cell(what):
        d = found.get(what)
        text = f"{d.mean:+.1f} ± {d.half:.1f}" if d else ""
        return f"**{text}**" if what in clear else text

    rows = [[f"{a} minus {b}"] + [cell((key, a, b)) for key in sets] for a, b in PAIRS if any(key[1:] == (a, b) for key in found)]
    return table(["of two", *sets], rows) if rows else ""


def table_of_steps(results):
    sets = sets_of(results)
    rows = [[BY_KEY[method].words] + [median_steps(steps_of(results, key, method)) for key in sets]
            for method in methods_in(results)]
    return table(["median steps to the stated accuracy", *sets], rows)


def table_of_worst(results):
    sets = sets_of(results)

    def cell(key, method):
        values = values_of(results, key, method)
        return f"{min(values.values()):.1f}" if values else ""

    rows = [[BY_KEY[method].words] + [cell(key, method) for key in sets] for method in methods_in(results)]
    return table(["accuracy of the worst seed, %", *sets], rows)


def table_of_rates(results):
    sets = sets_of(results)
    rows = [[BY_KEY[method].words] + [f"{rate_of(results, key, method) or 0:g}" if rate_of(results, key, method) else ""
                                      for key in sets] for method in methods_in(results)]
    return table(["learning rate that was chosen", *sets], rows)


def table_of_shared(results):
    sets = [key for key in sets_of(results) if results.select(kind="run", set=key, phase="shared")]
    rows = [[BY_KEY[method].words] + [mean_of(values_of(results, key, method, phase="shared")) for key in sets]
            for method in methods_in(results)]
    rate = next(iter(results.select(kind="run", phase="shared")), {"rate": 0})["rate"]
    return table([f"accuracy at the end, %, rate {rate:g} for all", *sets], rows) if sets else ""


def table_of_coded(results):
    """What 8-bit video between normalization and network changes, within each trained network."""
    sets = sets_of(results)

    def cell(key, method):
        d = difference(values_of(results, key, method, "coded"), values_of(results, key, method))
        return f"{d.mean:+.1f} ± {d.half:.1f}" if d else ""

    rows = [[BY_KEY[method].words] + [cell(key, method) for key in sets] for method in methods_in(results)]
    return table(["8-bit video minus float32", *sets], rows)


def table_of_moved(results):
    keys = [key for key in sets_of(results) if any("moved-old" in r for r in results.select(set=key, phase="test"))]
    rows = []
    for key in keys:
        for method in methods_in(results):
            columns = [values_of(results, key, method, field) for field in ("accuracy", "moved-old", "moved-new")]
            if columns[1]:
                rows.append([BY_KEY[method].words] + [mean_of(column) for column in columns])
    return table(["accuracy, %", "camera of training", "another camera, old profile", "another camera, its own profile"],
                 rows) if rows else ""


def table_of_edges(results, shares=(1, 10, 50, 90, 99)):
    rows = []
    for method in METHODS:
        if not results.select(kind="edge", method=method.key):
            continue
        cells = [results.select(kind="edge", method=method.key, share=share)[0] for share in shares]
        rows.append([method.words] + [f'{cell["circle"]:.1f} / {cell["empty"]:.1f}' for cell in cells])
    learned = results.select(kind="run", set="circle", method="zscore-1-affine", phase="test")
    if learned:
        circle, empty = (np.mean([record[field] for record in learned]) for field in ("edge-circle", "edge-empty"))
        at_half = [f"{circle:.1f} / {empty:.1f}" if share == 50 else "" for share in shares]
        rows.append([BY_KEY["zscore-1-affine"].words] + at_half)
    return table(["step in circle / empty images; share of circles:", *(f"{share} %" for share in shares)], rows)


def table_of_alone(results):
    sets = [key for key in ORDER if results.select(kind="alone", set=key)]
    rows = []
    for method in METHODS:
        cells = [results.find(kind="alone", set=key, method=method.key) for key in sets]
        if any(cells):
            rows.append([method.words] + [f'{cell["auc"]:.1f}' if cell else "" for cell in cells])
    return table(["ranked right without a network, %", *sets], rows)


def words_of_machine(results):
    machine = results.select(kind="machine")[0]
    runs = results.select(kind="run")
    seeds = sorted({record["seed"] for record in results.select(kind="run", phase="test")})
    per_pair = [len(values_of(results, key, method)) for key in sets_of(results) for method in methods_in(results)]
    per_pair = [n for n in per_pair if n]
    found, clear = differences(results)
    return (f'{machine["cpu"]}, {machine["cores"]} cores, one of them used; GStreamer {machine["gstreamer"]}, torch '
            f'{machine["torch"]}, numpy {machine["numpy"]}; {machine["date"]}. {len(runs)} trainings, '
            f'{sum(record["seconds"] for record in runs) / 60:.0f} minutes of processor time. Seeds {seeds[0]} to '
            f'{seeds[-1]}; done for each set and method: {min(per_pair)} to {max(per_pair)}. {len(found)} comparisons with '
            f'{BY_KEY[REFERENCE].words}, {len(clear)} of them clear.')


# TABLE OF TABLES: the name in the markers of the page, what makes it
TABLES = {
    "machine": words_of_machine, "sets": table_of_sets, "accuracy": table_of_accuracy, "differences": table_of_differences,
    "pairs": table_of_pairs,
    "worst": table_of_worst, "steps": table_of_steps, "rates": table_of_rates, "shared": table_of_shared, "coded": table_of_coded,
    "moved": table_of_moved, "edges": table_of_edges, "alone": table_of_alone,
}


def tables_of(results):
    """{name: Markdown}, those that the results have something for."""
    return {name: text for name, text in ((name, make(results)) for name, make in TABLES.items()) if text}
