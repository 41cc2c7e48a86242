# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results as tables: means over seeds, and differences from the reference method within seeds.

A difference is paired: the same seed means the same training images, first weights and order. Its interval is Student's t,
95 %: mean +- t deviation / sqrt (n). Of many such intervals one in twenty misses by chance, so that what is called clear has
to hold after Holm's correction over all comparisons of accuracy in the table.
"""
import itertools
from typing import NamedTuple

import numpy as np
from scipy import stats

from anomalies import ANOMALIES, CALM
from image_sets import FAR, FRAMES_A_SECOND, NEAR, SETS
from methods import BY_KEY, METHODS, REFERENCE
from studies import SHARED_RATE
from variants import JUDGES, VARIANTS

ORDER = [row.key for row in SETS] + ["yours"]
# of these only some methods are trained: they have tables of their own
STUDIED = {row.key for row in SETS if not row.base}
# what else the question asks for, besides the reference
PAIRS = (("min-max", "mean-range"), ("mean-range", "zscore-1"), ("zscore-8", "zscore-1"), ("zscore-32", "zscore-1"),
         ("zscore-1-clip", "zscore-1"), ("zscore-1-batchnorm", "zscore-1"), ("zscore-1-affine", "zscore-1"),
         ("center", "zscore-8"))
NEVER = float("inf")
# of fewer tiles an accuracy says nothing
FEWEST = 20


class Difference(NamedTuple):
    mean: float
    half: float  # of the 95 % interval
    p: float
    n: int


def runs_of(results, key, method, network=None, variant=None):
    """Those in phase test."""
    return results.select(kind="run", set=key, method=method, phase="test", network=network, variant=variant)


def rate_of(results, key, method):
    """The rate that was chosen: that of the runs in phase test."""
    rates = {record["rate"] for record in runs_of(results, key, method)}
    assert len(rates) <= 1, f"{key}, {method}: more than one rate in phase test: {rates}"
    return next(iter(rates), None)


def values_of(results, key, method, field="accuracy", phase="test", network=None, variant=None):
    """{seed: value}"""
    return {record["seed"]: record[field]
            for record in results.select(kind="run", set=key, method=method, phase=phase, network=network, variant=variant)
            if field in record}


def steps_of(results, key, method):
    """{seed: steps until the accuracy of the set's row was reached}, NEVER where it was not."""
    return steps_in(runs_of(results, key, method), results.find(kind="set", set=key))


def steps_in(records, about):
    steps = {}
    for record in records:
        if "curve" in record:
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
    trained = {record["set"] for record in results.select(kind="run", phase="test", network=None, variant=None)
               if record["set"] not in STUDIED}
    return [key for key in ORDER if key in trained]


def methods_in(results):
    return [method.key for method in METHODS
            if method.base and results.select(kind="run", method=method.key, phase="test", network=None, variant=None)]


def clear_of(found):
    """Those of {what: Difference} that hold after Holm's correction."""
    clear = set()
    for i, (what, d) in enumerate(sorted(found.items(), key=lambda item: item[1].p)):
        if d.p > .05 / (len(found) - i):
            break
        clear.add(what)
    return clear


def differences(results):
    """{(set, a, b): Difference}: every method and the reference, and PAIRS; and those that are clear: Holm over all of them."""
    found = {}
    for key in sets_of(results):
        reference = values_of(results, key, REFERENCE)
        for method in methods_in(results):
            d = difference(values_of(results, key, method), reference) if method != REFERENCE else None
            if d:
                found[key, method, REFERENCE] = d
        for a, b in PAIRS:
            d = difference(values_of(results, key, a), values_of(results, key, b))
            if d:
                found[key, a, b] = d
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
    for key in (key for key in ORDER if results.find(kind="set", set=key) and results.find(kind="profile", set=key)):
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


def words_of_difference(d, clear=False):
    text = f"{d.mean:+.1f} ± {d.half:.1f}" if d else ""
    return f"**{text}**" if clear else text


def with_interval(values):
    """The mean over seeds, and half of its 95 % interval."""
    values = list(values.values())
    if len(values) < 2:
        return mean_of(dict(enumerate(values)))
    return f"{np.mean(values):.1f} ± {stats.t.ppf(.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)):.1f}"


def beside_reference(values, reference, method):
    """The mean, and in brackets minus that of the reference, unless the method is it."""
    d = difference(values, reference) if method != REFERENCE else None
    return with_interval(values) + (f" ({words_of_difference(d)})" if d else "")


def table_of_differences(results):
    found, clear = differences(results)
    sets = sets_of(results)
    rows = [[BY_KEY[method].words] + [words_of_difference(found.get(what := (key, method, REFERENCE)), what in clear)
                                      for key in sets] for method in methods_in(results) if method != REFERENCE]
    return table([f"minus {BY_KEY[REFERENCE].words}", *sets], rows)


def table_of_pairs(results):
    found, clear = differences(results)
    sets = sets_of(results)
    rows = [[f"{BY_KEY[a].short} minus {BY_KEY[b].short}"] + [words_of_difference(found.get((key, a, b)), (key, a, b) in clear) for key in sets]
            for a, b in PAIRS if any(key[1:] == (a, b) for key in found)]
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


def table_of_format(results, field, words):
    """What a format between normalization and network changes, within each trained network."""
    sets = [key for key in sets_of(results) if any(values_of(results, key, method, field) for method in methods_in(results))]
    rows = []
    for method in methods_in(results):
        cells = [words_of_difference(difference(values_of(results, key, method, field), values_of(results, key, method)))
                 for key in sets]
        if any(cells):
            rows.append([BY_KEY[method].words, *cells])
    return table([words, *sets], rows) if rows else ""


def table_of_coded(results):
    return table_of_format(results, "coded", "8-bit video minus float32")


def table_of_int8(results):
    return table_of_format(results, "int8", "int8 tensors minus float32")


def table_of_moved(results):
    """Behind another camera, by what its profile is of."""
    fields = ("accuracy", *(name for name in JUDGES if name.startswith("moved")))
    rows = []
    for key in ORDER:
        for method in BY_KEY:
            columns = [values_of(results, key, method, field) for field in fields]
            if columns[1]:
                rows.append([key, BY_KEY[method].words] + [with_interval(column) for column in columns])
    return table(["accuracy, %", "method", "camera of training", *(f"another: {JUDGES[name].words}" for name in fields[1:])],
                 rows) if rows else ""


def table_of_moved_differences(results):
    """Behind another camera, minus the reference there."""
    fields, rows = ("accuracy", *(name for name in JUDGES if name.startswith("moved"))), []
    for key in ORDER:
        for method in BY_KEY:
            if method != REFERENCE and values_of(results, key, method, "moved-100"):
                rows.append([key, BY_KEY[method].words] + [words_of_difference(difference(
                    values_of(results, key, method, name), values_of(results, key, REFERENCE, name))) for name in fields])
    return table([f"minus {BY_KEY[REFERENCE].words}", "method", "camera of training",
                  *(f"another: {JUDGES[name].words}" for name in fields[1:])], rows) if rows else ""


def table_of_inside(results):
    """Batch normalization behind each convolution, beside the same network without it."""
    rows = []
    for key in ORDER:
        for method in BY_KEY:
            inside = values_of(results, key, method, network="inside")
            plain = values_of(results, key, method)
            if inside:
                reference = values_of(results, key, REFERENCE, network="inside")
                rows.append([key, BY_KEY[method].words, with_interval({seed: plain[seed] for seed in plain if seed in inside}),
                             with_interval(inside), words_of_difference(difference(inside, plain)),
                             words_of_difference(difference(inside, reference)) if method != REFERENCE else "",
                             median_steps(steps_of(results, key, method)),
                             median_steps(steps_in(runs_of(results, key, method, "inside"), results.find(kind="set", set=key)))])
    return table(["set", "before the network", "without batch norm", "with, behind each convolution", "what it adds",
                  f"with, minus with {BY_KEY[REFERENCE].words}", "median steps to the stated accuracy, without",
                  "with"], rows) if rows else ""


def table_of_counts(results):
    """Digits by the number of images that are trained on; among them the set as it is, of the same seeds."""
    names = [name for name in VARIANTS if name.startswith("n") and results.select(kind="run", phase="test", variant=name)]
    if not names:
        return ""
    as_it_is = results.find(kind="set", set="digits")["trained"]
    names = sorted([None, *names], key=lambda name: ("-pool" in (name or ""), VARIANTS[name].n_train if name else as_it_is))
    rows = []

    def cell(method, name, seeds):
        own = name.removesuffix("-pool") if name else None
        values = {seed: value for seed, value in values_of(results, "digits", method, variant=name).items() if seed in seeds}
        gain = difference(values, values_of(results, "digits", method, variant=own)) if own != name else None
        return (beside_reference(values, values_of(results, "digits", REFERENCE, variant=own), method)
                + (f"; the larger profile adds {words_of_difference(gain)}" if gain else ""))

    for method in BY_KEY:
        seeds = set().union(*(values_of(results, "digits", method, variant=name) for name in names if name))
        if seeds:
            rows.append([BY_KEY[method].words] + [cell(method, name, seeds) for name in names])
    return table([f"digits, accuracy, % (minus {BY_KEY[REFERENCE].words}) of",
                  *(VARIANTS[name].words if name else f"{as_it_is} images" for name in names)], rows)


def table_of_centred(results):
    """A mean image with one scale for all pixels, beside it without a scale and beside pixel-wise zscore."""
    rows = []
    for key, network in itertools.product(ORDER, (None, "inside")):
        values = values_of(results, key, "center-128", network=network)
        if values:
            rows.append([key, "inside" if network else "", with_interval(values)] + [
                words_of_difference(difference(values, values_of(results, key, other, network=network)))
                for other in (REFERENCE, "center", "zscore-8")])
    return table(["set", "batch norm", f'accuracy, %, of {BY_KEY["center-128"].words}',
                  *(f"minus {BY_KEY[other].words}" for other in (REFERENCE, "center", "zscore-8"))], rows) if rows else ""


def table_of_shifts(results):
    """Trained as they are, and on shifted ones; tested as they are, and 2 pixels off."""
    rows, tried = [], [(variant, field) for variant in (None, "shifted") for field in ("accuracy", "off")]
    reference = [values_of(results, "digits", REFERENCE, field, variant=variant) for variant, field in tried]
    for method in BY_KEY:
        columns = [values_of(results, "digits", method, field, variant=variant) for variant, field in tried]
        if all(columns):
            both = set.intersection(*(set(column) for column in columns))
            columns = [{seed: column[seed] for seed in both} for column in columns]
            gaps = [{seed: column[seed] - other[seed] for seed in both} for column, other in zip(columns, reference)]
            rows.append([BY_KEY[method].words]
                        + [beside_reference(column, other, method) for column, other in zip(columns, reference)]
                        + [words_of_difference(difference(gaps[2], gaps[0])) if method != REFERENCE else ""])
    return table([f"digits, accuracy, % (minus {BY_KEY[REFERENCE].words})", "trained centred, tested centred",
                  "trained centred, tested 2 pixels off", "trained shifted, tested centred",
                  "trained shifted, tested 2 pixels off",
                  "what shifts in training add to the difference, tested centred"], rows) if rows else ""


def parts_of(results, key, method, network):
    """Of tiles of the street: {part: {seed: accuracy}}. Of the first 500 and of those after them by what was followed while
    training, near and far as places_of() has it."""
    runs = [run for run in runs_of(results, key, method, network) if "far" in run]
    about, n = results.find(kind="set", set=key), 500
    parts = {name: {run["seed"]: run[field] for run in runs} for name, field in (("all", "accuracy"), ("near", "near"), ("far", "far"))}
    parts["first"] = {run["seed"]: run["curve"][-1] for run in runs}
    parts["rest"] = {run["seed"]: (about["test"] * run["accuracy"] - n * run["curve"][-1]) / (about["test"] - n) for run in runs}
    return parts


def table_of_street(results):
    """Where the accuracy on tiles of the street is from: by time, and by place."""
    rows = []
    for key, network in itertools.product(("street", "street-back"), (None, "inside")):
        about, reference = results.find(kind="set", set=key), parts_of(results, key, REFERENCE, network)
        for method in BY_KEY if reference["all"] else ():
            parts = parts_of(results, key, method, network)
            if parts["all"]:
                counts = {"all": about["test"], "first": 500, "rest": about["test"] - 500, "near": about["near"], "far": about["far"]}
                head = [f"{key}, {counts['near']} near and {counts['far']} far", "inside" if network else "", BY_KEY[method].words]
                rows.append(head + [beside_reference(parts[name], reference[name], method) if n >= FEWEST else ""
                                    for name, n in counts.items()])
    return table(["set", "batch norm", f"accuracy, % (minus {BY_KEY[REFERENCE].words}) of", "all tiles", "the first 500",
                  "those after them", f"near: a tile of training within {NEAR} pixels", f"far: none within {FAR}"],
                 rows) if rows else ""


def speed_of(results, key, method):
    """{rate: {seed: steps}} at constant rates."""
    about, by_rate = results.find(kind="set", set=key), {}
    for record in runs_of(results, key, method, variant="constant"):
        by_rate.setdefault(record["rate"], {}).update(steps_in([record], about))
    return by_rate


def median_of(steps):
    return sorted(steps.values())[(len(steps) - 1) // 2]


def words_of_steps(steps):
    """The median, and the fewest and the most of a seed."""
    if not steps:
        return ""
    if min(steps.values()) == NEVER:
        return "never"
    least, most = ("never" if value == NEVER else f"{value:.0f}" for value in (min(steps.values()), max(steps.values())))
    return f"{median_steps(steps)} ({least} to {most})"


def table_of_speed(results):
    """Each at the constant rate with the fewest steps (the median; of equals the lowest)."""
    rows = []
    for key in ORDER:
        for method in BY_KEY:
            by_rate = speed_of(results, key, method)
            if by_rate:
                best = min(sorted(by_rate), key=lambda rate: median_of(by_rate[rate]))
                falling = values_of(results, key, method)
                rows.append([BY_KEY[method].words, f"{best:g}", words_of_steps(by_rate[best]),
                             beside_reference(falling, values_of(results, key, REFERENCE), method)])
    return table(["method", "its best constant rate", "steps at that",
                  f"accuracy with a rate that falls, % (minus {BY_KEY[REFERENCE].words})"], rows) if rows else ""


def table_of_speed_shared(results):
    """One constant rate for all."""
    rows = [[BY_KEY[method].words, words_of_steps(steps[SHARED_RATE])]
            for key, method in itertools.product(ORDER, BY_KEY)
            if SHARED_RATE in (steps := speed_of(results, key, method))]
    return table(["method", f"steps at a constant rate of {SHARED_RATE:g}"], rows) if rows else ""


def table_of_long(results):
    rows = []
    for key in ORDER:
        for method in BY_KEY:
            longer = values_of(results, key, method, variant="long")
            if longer:
                rates = {record["rate"] for record in runs_of(results, key, method, variant="long")}
                plain = values_of(results, key, method)
                rows.append([key, BY_KEY[method].words, with_interval({seed: plain[seed] for seed in longer if seed in plain}),
                             with_interval(longer), ", ".join(f"{rate:g}" for rate in rates)])
    return table(["set", "method", "accuracy after its steps, %", "after five times as many", "rate of these"], rows) if rows else ""


def table_of_photos(results):
    rows, fields, about = [], ("accuracy", "off", "flipped", "cast"), results.find(kind="set", set="photos")
    for variant in (None, "augmented"):
        for method in BY_KEY:
            columns = [values_of(results, "photos", method, field, network="residual", variant=variant) for field in fields]
            if columns[0]:
                d = difference(columns[0], values_of(results, "photos", REFERENCE, network="residual", variant=variant))
                runs = runs_of(results, "photos", method, "residual", variant)
                rows.append([VARIANTS[variant].words if variant else "as they are", BY_KEY[method].words]
                            + [with_interval(column) for column in columns]
                            + [words_of_difference(d) if method != REFERENCE else "", median_steps(steps_in(runs, about)),
                               f'{runs[0]["rate"]:g}'])
    return table(["photos, residual network, trained on images", "method", "accuracy, %",
                  *(JUDGES[field].words for field in fields[1:]), f"accuracy minus {BY_KEY[REFERENCE].words}",
                  "median steps to the stated accuracy", "rate"], rows) if rows else ""


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


def table_of_moves(results):
    moves = sorted({record["share"] for record in results.select(kind="move")})
    rows = []
    for method in METHODS:
        cells = [results.select(kind="move", method=method.key, share=most) for most in moves]
        if all(cells) and cells:
            rows.append([method.words] + [f'{cell[0]["circle"]:.1f} / {cell[0]["empty"]:.1f}' for cell in cells])
    return table(["step in circle / empty images; circles move", *(f"up to {most} pixels" for most in moves)], rows) if rows else ""


def table_of_anomalies(results):
    rows, anomalies = [], ANOMALIES | CALM
    for method in METHODS:
        cells = [next(iter(results.select(kind="anomaly", method=method.key, anomaly=key)), None) for key in anomalies]
        if all(cells):
            rows.append([method.words] + [f'{cell["auc"]:.1f} ({cell["interval"][0]:.1f} to {cell["interval"][1]:.1f})'
                                          for cell in cells])
    return table(["ranked right without a network: area under the ROC curve, %", *(words for words, _ in anomalies.values())],
                 rows) if rows else ""


def words_of_machine(results):
    sentences = []
    for machine in sorted(results.select(kind="machine"), key=lambda machine: machine["number"]):
        runs = [run for run in results.select(kind="run") if run.get("machine", 0) == machine["number"]]
        sentences.append(
            f'{machine["cpu"]}, {machine["cores"]} cores, one of them used, GStreamer {machine["gstreamer"]}, torch '
            f'{machine["torch"]}, numpy {machine["numpy"]}, {machine["date"]}: {len(runs)} trainings, '
            f'{sum(record["seconds"] for record in runs) / 60:.0f} minutes of processor time.')
    return " ".join(sentences)


def saturated(results):
    """Sets on which no seed of any method is wrong anywhere."""
    return [key for key in sets_of(results)
            if all(value == 100 for method in methods_in(results) for value in values_of(results, key, method).values())]


def words_of_comparison(what, d, limit):
    key, a, b = what
    return f"{BY_KEY[a].short} minus {BY_KEY[b].short} on {key} ({words_of_difference(d)}; p {d.p:.5f}, limit {limit:.5f})"


def words_of_smaller_family(found, left_out, clear):
    """What more is clear without some comparisons, and what misses Holm's limit next."""
    rest = sorted(((what, d) for what, d in found.items() if what not in left_out), key=lambda item: item[1].p)
    words = {what: words_of_comparison(what, d, .05 / (len(rest) - i)) for i, (what, d) in enumerate(rest)}
    now = clear_of(dict(rest))
    more = [words[what] for what in words if what in now - clear]
    missed = next((words[what] for what in words if what not in now), None)
    return (f"{len(rest)} are left: clear as well {', '.join(more) or 'nothing'}" + (f"; the next to miss is {missed}" if missed else ""))


def words_of_family(results):
    """How many comparisons there are and what they say; and what more would be clear in a smaller family."""
    found, clear = differences(results)
    against = [what for what in clear if what[2] == REFERENCE]
    equal = {what for what, d in found.items() if d.mean == d.half == 0}
    full = saturated(results)
    in_full = {what for what in found if what[0] in full}
    text = (f"{len(found)} comparisons in one family. {len(clear)} are clear: {len(against)} of them with {BY_KEY[REFERENCE].words}, "
            f"of which {sum(found[what].mean > 0 for what in against)} are gains. {len(equal)} are 0 in every seed")
    if full:
        text += f", {len(equal & in_full)} of these on {' and '.join(full)}, where all methods reach 100 %"
    for left_out, words in ((equal, f"those {len(equal)}"), (in_full, f"only {' and '.join(full)}")):
        text += f". Without {words}, {words_of_smaller_family(found, left_out, clear)}" if left_out else ""
    return text + "."


def words_of_far(results):
    """What the far tiles of the street are, and the accuracy of the reference on them, seed by seed."""
    about = results.find(kind="set", set="street")
    values = values_of(results, "street", REFERENCE, "far")
    if not values or "sightings" not in about:
        return ""
    first, last = about["frames"]
    return (f"The {about['far']} far tiles are {about['sightings']} sightings of people and {about['far'] - about['sightings']} empty "
            f"tiles at the same places. All sightings are in frames {first} to {last} of the test, {last / FRAMES_A_SECOND:.0f} seconds, and "
            f"{about['path']} of them are one path. On these tiles {BY_KEY[REFERENCE].words}, is right in "
            f"{', '.join(f'{values[seed]:.0f}' for seed in sorted(values))} %, by seed.")


# TABLE OF TABLES: the name in the markers of the page, what makes it
TABLES = {
    "machine": words_of_machine, "family": words_of_family, "far": words_of_far, "sets": table_of_sets, "accuracy": table_of_accuracy, "differences": table_of_differences,
    "pairs": table_of_pairs, "worst": table_of_worst, "steps": table_of_steps, "rates": table_of_rates,
    "shared": table_of_shared, "speed": table_of_speed, "speedshared": table_of_speed_shared,
    "centred": table_of_centred, "long": table_of_long, "inside": table_of_inside,
    "street": table_of_street, "counts": table_of_counts, "shifts": table_of_shifts, "photos": table_of_photos,
    "coded": table_of_coded, "eight": table_of_int8, "moved": table_of_moved,
    "movedminus": table_of_moved_differences, "edges": table_of_edges, "moves": table_of_moves,
    "anomalies": table_of_anomalies,
}


def tables_of(results):
    """{name: Markdown}, those that the results have something for."""
    return {name: text for name, text in ((name, make(results)) for name, make in TABLES.items()) if text}
