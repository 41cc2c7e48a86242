# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands out without any network: the ANOMALY TABLE, things that are known to be there, on a scene that has structure.

The scene is that of a fixed camera: a pattern of 40 x 40 pixels that stays, light that changes by 5 % from frame to frame, noise of 3
codes, and, but for one row, a corner that flickers (25 codes, as a screen or leaves do). A profile is made of 200 normal frames. The score of a
frame is the mean of the largest 2 % of |y|; how often it is higher in a frame with an anomaly than in a normal one, in %, is the
area under the ROC curve. Its interval is that of a bootstrap over both kinds of frames.
"""
import numpy as np

from edge import rank_share
from methods import METHODS, collect, normalize

SIZE, N_PROFILE, N_FRAMES, SEED, N_BOOTSTRAP = 40, 200, 200, 8, 500
FLICKER = slice(0, 14)


def scene():
    """Edges, a slope and a texture: 20 to 220."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return 60 + 2 * x + 60 * ((x // 8 + y // 8) % 2) + 15 * np.sin(y * 1.3)


def frames_of(n, noise, change=None, flickers=True):
    """float [N, H, W] before rounding; change (frame, noise) draws an anomaly into a frame."""
    frames = scene() * noise.normal(1, .05, (n, 1, 1)) + noise.normal(0, 3, (n, SIZE, SIZE))
    if flickers:
        frames[:, FLICKER, FLICKER] += noise.normal(0, 25, (n, FLICKER.stop, FLICKER.stop))
    for frame in frames if change else ():
        change(frame, noise)
    return np.rint(frames).clip(0, 255).astype(np.uint8)[..., None]


def place(noise, size):
    """The top left corner of what is so large, where nothing flickers."""
    while True:
        top, left = noise.integers(0, SIZE - size + 1, 2)
        if top >= FLICKER.stop or left >= FLICKER.stop:
            return slice(top, top + size), slice(left, left + size)


def spot(frame, noise):
    frame[place(noise, 5)] += 40


def faint(frame, noise):
    frame[place(noise, 7)] += 15


def line(frame, noise):
    frame[noise.integers(FLICKER.stop, SIZE), :] -= 30


def erased(frame, noise):
    """A square of the pattern is gone: it has the mean of what was there."""
    where = place(noise, 8)
    frame[where] = frame[where].mean()


def flickering(frame, noise):
    """A spot where it flickers anyhow."""
    top, left = noise.integers(0, FLICKER.stop - 5 + 1, 2)
    frame[top:top + 5, left:left + 5] += 60


# ANOMALY TABLE: words, what draws it
ANOMALIES = {
    "spot": ("a spot, 5 x 5, 40 brighter", spot), "faint": ("a faint spot, 7 x 7, 15 brighter", faint),
    "line": ("a line, 30 darker", line), "erased": ("8 x 8 of the pattern erased", erased),
    "flickering": ("a spot, 60 brighter, in the corner that flickers", flickering),
}
# where nothing flickers
CALM = {"calm": ("the spot, in a scene where nothing flickers", spot)}


def score(y):
    """[N, H, W, 1] -> [N]: the mean of the largest 2 %."""
    y = np.sort(np.abs(y).reshape(len(y), -1), axis=1)
    return y[:, -y.shape[1] // 50:].mean(1)


def interval_of(present, absent, noise):
    """2.5 and 97.5 % of the share over frames drawn with replacement."""
    shares = [rank_share(noise.choice(present, len(present)), noise.choice(absent, len(absent))) for _ in range(N_BOOTSTRAP)]
    return [round(float(value), 2) for value in np.percentile(shares, (2.5, 97.5))]


def measure_anomalies(results, folder):
    measure_scene(results, folder, ANOMALIES, np.random.default_rng(SEED), True)
    measure_scene(results, folder, CALM, np.random.default_rng(SEED), False)


def measure_scene(results, folder, rows, noise, flickers):
    profile_frames, normal = (frames_of(n, noise, flickers=flickers) for n in (N_PROFILE, N_FRAMES))
    drawn = {key: frames_of(N_FRAMES, noise, change, flickers) for key, (_, change) in rows.items()}
    profile = None
    for method in METHODS:
        if method.front or not method.base or results.find(kind="anomaly", method=method.key, anomaly=list(rows)[-1], seed=SEED):
            continue
        profile = profile or collect(folder, profile_frames)
        absent = score(normalize(folder, profile, normal, method.settings))
        for key, frames in drawn.items():
            present = score(normalize(folder, profile, frames, method.settings))
            results.add(kind="anomaly", anomaly=key, method=method.key, seed=SEED, auc=rank_share(present, absent),
                        interval=interval_of(present, absent, np.random.default_rng(SEED)))
