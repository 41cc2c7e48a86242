# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plots: PNG files, all from the results file, and pictures of what the elements make of images."""
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402

import summary  # noqa: E402
from methods import BY_KEY, REFERENCE, collect, normalize  # noqa: E402

DPI = 90
# those whose curves are drawn, each with its colour, on these sets; all of them together would hide one another
CURVES = {"none": "#999999", "fixed": "#e69f00", "channel": "#000000", "center": "#56b4e9", "mean-range": "#009e73",
          "zscore-1": "#d55e00", "zscore-8": "#0072b2"}
CURVED = ("digits", "street", "fashion", "circle-small")
# of two that lie on each other
DASHED = {"zscore-8": (0, (4, 3))}
# lines that lie on each other are told apart by these
MARKERS = dict(zip(CURVES, "osD^vxP"))
WORSE, BETTER, EQUAL = "#d55e00", "#009e73", "#777777"

EDGES = {key: CURVES[key] for key in ("channel", "center", "zscore-1")} | {
    "zscore-32": "#009e73", "mean-range": "#e69f00", "min-max": "#0072b2"}


def save(figure, path):
    figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def grid_of(n, columns, size):
    columns = min(n, columns)
    rows = -(-n // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(size[0] * columns, size[1] * rows), squeeze=False,
                                layout="constrained")
    for axis in axes.flat[n:]:
        axis.set_axis_off()
    return figure, axes.flat


def draw_difference(axis, y, d, clear):
    """A mean with its interval; filled where it is clear."""
    color = EQUAL if d.mean == 0 else WORSE if d.mean < 0 else BETTER
    axis.errorbar(d.mean, y, xerr=d.half, fmt="o", markersize=4, color=color, elinewidth=1.2,
                  markerfacecolor=color if clear else "white")


def draw_beyond(axis, y, d, clear, widest):
    """An arrow with a number, where the mean lies beyond the axis."""
    side, color = (1, BETTER) if d.mean > 0 else (-1, WORSE)
    axis.annotate(f"{d.mean:+.1f}", (side * widest * 1.08, y), (side * widest * .5, y), fontsize=6.5, va="center", ha="center",
                  arrowprops={"arrowstyle": "-|>", "mutation_scale": 9, "ec": color, "fc": color if clear else "white"},
                  bbox={"fc": "white", "ec": "none", "pad": .5})


def explain_differences(figure):
    """A legend for colours, filling and arrows."""
    kinds = (("worse", WORSE, "white", "o"), ("better", BETTER, "white", "o"), ("worse, clear after Holm's correction", WORSE, WORSE, "o"),
             ("the mean is beyond the axis", WORSE, "white", "<"), ("the same, clear", WORSE, WORSE, "<"),
             ("the same in every seed", EQUAL, "white", "o"))
    figure.legend(handles=[Line2D([], [], linestyle="", marker=marker, color=color, markerfacecolor=face, markersize=5, label=words)
                           for words, color, face, marker in kinds], loc="upper center", bbox_to_anchor=(.5, 0), ncols=len(kinds), fontsize=8)


def plot_differences(results, path):
    """Every method minus the reference."""
    found, clear = summary.differences(results)
    sets = summary.sets_of(results)
    methods = [key for key in summary.methods_in(results) if key != REFERENCE]
    if not found:
        return
    figure, axes = grid_of(len(sets), 5, (2.6, 3.4))
    for axis, key in zip(axes, sets):
        axis.axvline(0, color="black", linewidth=.8)
        drawn = {method: found[what] for method in methods if (what := (key, method, REFERENCE)) in found}
        widest = max([1, *(min(12, abs(d.mean) + d.half) for d in drawn.values() if abs(d.mean) < 12)])
        axis.set_xlim(-widest * 1.1, widest * 1.1)
        for y, method in enumerate(methods):
            is_clear = (key, method, REFERENCE) in clear
            if method not in drawn:
                axis.text(.5, -y, "not trained", transform=axis.get_yaxis_transform(), fontsize=6.5, va="center", ha="center")
                continue
            if abs(drawn[method].mean) > widest * 1.1:
                draw_beyond(axis, -y, drawn[method], is_clear, widest)
            else:
                draw_difference(axis, -y, drawn[method], is_clear)
        axis.set_title(key, fontsize=9)
        axis.tick_params(labelsize=7)
        axis.set_ylim(.6 - len(methods), .4)  # the same lines in all, also where a method is missing
        names = [BY_KEY[method].short for method in methods]
        axis.set_yticks([-y for y in range(len(methods))], names if axis.get_subplotspec().is_first_col() else [])
        axis.grid(axis="x", alpha=.3)
        axis.set_xlabel("percentage points", fontsize=7)
    figure.suptitle(f"Accuracy minus that of {BY_KEY[REFERENCE].words}, on the same seeds; lines are 95 % intervals", fontsize=9)
    explain_differences(figure)
    save(figure, path)


def label_lines(axis, ends, color_of, apart=.075):
    """The method of each line at its right end, {its key: (x, y)}; those that would cover one another are moved apart."""
    names = sorted(ends, key=lambda name: ends[name][1])
    heights = [axis.transAxes.inverted().transform(axis.transData.transform(ends[name]))[1] for name in names]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + apart)
    highest = 1.0
    for i in reversed(range(len(heights))):
        heights[i] = min(heights[i], highest)
        highest = heights[i] - apart
    for name, height in zip(names, heights):
        axis.text(1.02, height, BY_KEY[name].short, transform=axis.transAxes, color=color_of[name], fontsize=8, va="center")


def plot_curves(results, path):
    sets = [key for key in summary.sets_of(results)
            if any("curve" in run for run in results.select(kind="run", set=key, phase="test", network=None, variant=None))]
    sets = [key for key in sets if key in CURVED] or sets
    figure, axes = grid_of(len(sets), 2, (5.4, 3.4))
    for axis, key in zip(axes, sets):
        every, ends = results.find(kind="set", set=key)["every"], {}
        for method, color in CURVES.items():
            runs = [run for run in summary.runs_of(results, key, method) if "curve" in run]
            if runs:
                mean = np.mean([run["curve"] for run in runs], axis=0)
                axis.plot(every * np.arange(1, len(mean) + 1), mean, color=color, linewidth=1.6,
                          linestyle=DASHED.get(method, "solid"))
                ends[method] = every * len(mean), mean[-1]
        label_lines(axis, ends, CURVES)
        axis.set_xlabel("steps of training", fontsize=9)
        axis.set_ylabel("accuracy, %", fontsize=9)
        axis.axhline(results.find(kind="set", set=key)["target"], color="black", linewidth=.6, linestyle=":")
        axis.set_title(key, fontsize=10)
        axis.tick_params(labelsize=8)
    figure.suptitle("Accuracy on the first 500 test images while the network is trained, at the learning rate that was chosen for "
                    "each method;\nmeans over seeds. Dotted: the accuracy to which steps are counted", fontsize=10)
    save(figure, path)


def plot_rates(results, path):
    """What the search for learning rates saw, on validation images."""
    sets = summary.sets_of(results)
    figure, axes = grid_of(len(sets), 4, (3.4, 2.6))
    for axis, key in zip(axes, sets):
        axis.set_xlabel("learning rate", fontsize=7)
        axis.set_ylabel("accuracy, %", fontsize=7)
        for method, color in CURVES.items():
            by_rate = {}
            for run in results.select(kind="run", set=key, method=method, phase="tune", network=None, variant=None):
                by_rate.setdefault(run["rate"], []).append(run["accuracy"])
            rates = sorted(by_rate)
            means = [np.mean(by_rate[rate]) for rate in rates]
            axis.plot(rates, means, MARKERS[method], linestyle=DASHED.get(method, "solid"), color=color, markersize=4,
                      markerfacecolor="none", linewidth=1)
        axis.set_xscale("log")
        axis.set_title(key, fontsize=9)
        axis.tick_params(labelsize=7)
    figure.legend(handles=[Line2D([], [], color=color, marker=MARKERS[method], linestyle=DASHED.get(method, "solid"),
                                  markerfacecolor="none", markersize=5, label=BY_KEY[method].short)
                           for method, color in CURVES.items()], loc="upper center", bbox_to_anchor=(.5, 0), ncols=len(CURVES), fontsize=8)
    figure.suptitle("Accuracy on validation images over learning rates, as far as the search went for each method", fontsize=9)
    save(figure, path)


def plot_edges(results, path):
    """Linear from -1 to 1, logarithmic beyond. Without those that lie on another's line: none, fixed and image on channel's, zscore-8 and clipping on zscore-1's."""
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained", sharey=True)
    for axis, field in zip(axes, ("circle", "empty")):
        ends = {}
        for method, color in EDGES.items():
            records = sorted(results.select(kind="edge", method=method), key=lambda record: record["share"])
            axis.plot([r["share"] for r in records], [r[field] for r in records], "o-", markersize=3, linewidth=1, color=color)
            if records:
                ends[method] = records[-1]["share"], records[-1][field]
        axis.set_xlabel("circle images in the profile, %", fontsize=8)
        axis.set_yscale("symlog", linthresh=1)
        axis.set_yticks([-20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20], [-20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20])
        axis.axhline(0, color="black", linewidth=.6)
        label_lines(axis, ends, EDGES, .06)
        axis.tick_params(labelsize=7)
        axis.axhspan(-1, 1, color="black", alpha=.05, linewidth=0)
        axis.set_title("images with a circle: its edge" if field == "circle" else "empty images: a phantom edge", fontsize=9)
    axes[0].set_ylabel("step across the circle's border, in deviations of the noise", fontsize=8)
    figure.suptitle("What normalization leaves of an edge (left; more is clearer), and the edge that it puts where there is none "
                    "(right; 0 is right).\nThe axis is linear from -1 to 1 (grey) and logarithmic beyond", fontsize=9)
    save(figure, path)


def show(axis, image, title=None, low=None, high=None):
    """A picture in grey, or in colours that are brought to 0 to 1."""
    if image.shape[-1] == 3:
        axis.imshow(((image - low) / (high - low)).clip(0, 1))
    else:
        axis.imshow(image[..., 0], cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    if title:
        axis.set_title(title, fontsize=7)


# METHOD TABLE's keys, and what y is black and white
PICTURES = {"none": (0, 255), "channel": (-3, 3), "center": (-128, 128), "mean-range": (-2, 2), "zscore-1": (-3, 3), "zscore-32": (-3, 3)}


def draw_pictures(sets, folder, path):
    """For each set a row: mean and deviation image of its training images, then an image of each of two classes, normalized."""
    figure, axes = plt.subplots(2 * len(sets), 1 + len(PICTURES), figsize=(1.35 * (1 + len(PICTURES)), 2.5 * len(sets)),
                                layout="constrained", squeeze=False)
    for i, images in enumerate(sets):
        frames = images.train.images
        profile = collect(folder, frames)
        values = frames.astype(np.float64)
        show(axes[2 * i, 0], values.mean(0), f"{images.key}: mean", 0, 255)
        deviation = values.std(0)
        show(axes[2 * i + 1, 0], deviation, f"deviation, 0 to {deviation.max():.0f}", 0, deviation.max())
        labels = images.test.labels
        chosen = [0, len(frames) // 2] if images.test.places is not None else [np.argmax(labels == 0), np.argmax(labels == 1)]
        chosen = [min(index, len(images.test.images) - 1) for index in chosen]
        for column, (method, (low, high)) in enumerate(PICTURES.items(), 1):
            y = normalize(folder, profile, images.test.images[chosen], BY_KEY[method].settings)
            title = f"{BY_KEY[method].short}\n{low} to {high}"
            for k in (0, 1):
                show(axes[2 * i + k, column], y[k], title if k == 0 else None, low, high)
    figure.suptitle("Left: mean and deviation of the training images. Right of them: two test images, one below the other, as each "
                    "method makes them.\nBelow its name: what is black and white; mid-grey is y = 0, but for code values", fontsize=8)
    save(figure, path)


# TABLE OF PLOTS: the name of the file, what draws it from the results
PLOTS = {"differences.png": plot_differences, "curves.png": plot_curves, "rates.png": plot_rates, "edges.png": plot_edges}
PICTURED = ("circle", "digits", "digits-pattern", "faces", "street")


def draw(results, sets, folder, output):
    """All plots, and pictures of those sets that are pictured or a user's own."""
    output.mkdir(parents=True, exist_ok=True)
    for name, plot in PLOTS.items():
        plot(results, output / name)
    pictured = [images for key, (_, images) in sets.items() if key in (*PICTURED, "yours")]
    if pictured:
        draw_pictures(pictured, folder, output / "pictures.png")
