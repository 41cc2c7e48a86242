# SPDX-License-Identifier: LGPL-2.1-or-later
"""Labelled images: the SET TABLE of built-in ones, and folders of a user's own.

A set is three pools that never mix: what a seed draws its training images from, what learning rates are chosen on, and what
is tested on. The video's pools follow each other in time, since neighbouring frames are nearly the same.

Circles are made here. The rest is what Debian has: opencv-doc (digits.png, vtest.avi, photographs; unpacked, not installed),
dataset-fashion-mnist, python3-skimage (lfw_subset.npy). Debian has no labelled set of colour pictures: in `photos` a class is
a photograph, of which training, validation and test have regions of their own.
"""
import gzip
import pathlib
import subprocess
from typing import Callable, NamedTuple

import numpy as np

from variants import PLAIN_JUDGES

CIRCLE_SIZE = 24
# frames of the video (every second one), two seconds between two pools; and the size of a tile
STREET_POOLS, TILE, FRAMES_A_SECOND = ((0, 210), (220, 270), (280, 398)), 32, 5
# a tile is near those of training up to so many pixels from the nearest of them, and far from so many on
NEAR, FAR = 8, 16


class Unavailable(Exception):
    """Why a set cannot be had here."""


class Pool(NamedTuple):
    images: np.ndarray  # uint8 [N, H, W, C]
    labels: np.ndarray  # int64 [N], or [M] where tiles are cut out of frames after these were normalized
    places: np.ndarray = None  # int64 [M, 3]: frame, top and left of each tile


class ImageSet(NamedTuple):
    key: str
    train: Pool
    validation: Pool
    test: Pool
    n_train: int  # how many of the training pool a seed draws
    n_classes: int
    moved: tuple = None  # the three pools as another camera sees them

    def draw(self, seed, n=None):
        """Which of the training pool this seed trains on: n, or as many as the set says."""
        return np.random.default_rng(seed).permutation(len(self.train.labels))[:n or self.n_train]


def inputs_of(pool, normalized, chosen=slice(None)):
    """What the network sees of a pool's images, normalized: they themselves, or tiles."""
    if pool.places is None:
        return normalized[chosen]
    return np.stack([normalized[frame, top:top + TILE, left:left + TILE] for frame, top, left in pool.places[chosen]])


def places_of(images):
    """Which tiles of the test pool are at a place that was trained on, and which where none was: {"near": [M], "far": [M]}.
    Nothing for images that are no tiles."""
    if images.test.places is None:
        return {}
    trained, tested = (pool.places[:, 1:] for pool in (images.train, images.test))
    nearest = np.array([np.hypot(*(trained - place).T).min() for place in tested])
    return {"near": nearest <= NEAR, "far": nearest >= FAR}


def longest_path(sightings, pixels=16, frames=FRAMES_A_SECOND):
    """How many of the sightings (frame, top, left) are one path: each is added to the nearest that was seen at most so many frames
    before, so many pixels away."""
    paths = []
    for frame, *place in sorted(map(tuple, sightings)):
        near = [(away, path) for path in paths if 0 < frame - path[-1][0] <= frames
                and (away := np.hypot(*np.subtract(path[-1][1:], place))) <= pixels]
        if near:
            min(near, key=lambda found: found[0])[1].append((frame, *place))
        else:
            paths.append([(frame, *place)])
    return max(map(len, paths), default=0)


def count_places(images):
    """Tiles near and far; of the far ones those with a person (class 0), the frames these are in, and how many are one path."""
    tiles = places_of(images)
    if not tiles:
        return {}
    sightings = images.test.places[tiles["far"] & (images.test.labels == 0)]
    counts = {name: int(those.sum()) for name, those in tiles.items()} | {"sightings": len(sightings)}
    if len(sightings):
        counts |= {"frames": [int(sightings[:, 0].min()), int(sightings[:, 0].max())], "path": longest_path(sightings)}
    return counts


class Row(NamedTuple):
    key: str
    words: str
    make: Callable  # (folder of downloads) -> (train, validation, test)
    n_train: int
    steps: int
    every: int  # steps between two looks at the accuracy
    target: int  # the accuracy in % whose steps are counted
    moved: Callable = None  # as make: the same images seen by another camera
    judges: tuple = PLAIN_JUDGES  # of the JUDGE TABLE
    base: bool = True  # all methods are trained on it; else only those that a study names


def disc(radius):
    axis = np.arange(CIRCLE_SIZE) - (CIRCLE_SIZE - 1) / 2
    return np.hypot(axis[:, None], axis) <= radius


def draw_circles(n, share, seed, radius=7, circle=(230, 255), light=0):
    """Class 0 a circle, class 1 empty: dark 0 to 30, random per pixel. `light`: up to so much more on a whole image."""
    noise = np.random.default_rng(seed)
    shape = (n, CIRCLE_SIZE, CIRCLE_SIZE)
    labels = (np.arange(n) >= round(share * n)).astype(np.int64)
    images = noise.integers(0, 31, shape)
    bright = noise.integers(circle[0], circle[1] + 1, shape)
    where = disc(radius) & (labels == 0)[:, None, None]
    images[where] = bright[where]
    images += noise.integers(0, light + 1, (n, 1, 1))
    return Pool(images.astype(np.uint8)[..., None], labels)


def circles(share=.5, **how):
    """Validation and test are half circles, whatever the share in training. They are shuffled, since the first of them are
    followed while training."""
    def make(_downloads):
        pools = [draw_circles(n, part, seed, **how) for seed, (n, part) in enumerate([(1000, share), (300, .5), (600, .5)])]
        return tuple(shuffle(pool) if i else pool for i, pool in enumerate(pools))

    return make


def shuffle(pool, seed=1):
    order = np.random.default_rng(seed).permutation(len(pool.labels))
    return Pool(pool.images[order], pool.labels[order])


def split(images, labels, counts, seed=1):
    """Pools of so many, of one fixed shuffle."""
    order = np.random.default_rng(seed).permutation(len(images))
    ends = np.cumsum(counts)
    return tuple(Pool(images[part], labels[part]) for part in np.split(order[:ends[-1]], ends[:-1]))


def unpack(downloads, name, package="opencv-doc"):
    """A file of a package of Debian, which is fetched once and not installed."""
    path = downloads / name
    if path.exists():
        return path
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob(f"{package}_*.deb")):
        done = subprocess.run(["apt-get", "download", "-qq", package], cwd=downloads, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"the package {package} could not be fetched: " + done.stderr.strip().split("\n")[-1])
    archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", next(downloads.glob(f"{package}_*.deb"))], check=True,
                             capture_output=True).stdout
    done = subprocess.run(["tar", "-xO", "--wildcards", f"*/{name}"], input=archive, capture_output=True)
    if done.returncode or not done.stdout:
        raise Unavailable(f"the package {package} of this release holds no {name}")
    path.write_bytes(done.stdout)
    return path


def digits(downloads):
    from PIL import Image
    sheet = np.asarray(Image.open(unpack(downloads, "digits.png")).convert("L"))
    images = sheet.reshape(50, 20, 100, 20).transpose(0, 2, 1, 3).reshape(5000, 20, 20, 1)
    return split(images, np.repeat(np.arange(10), 500), (3000, 500, 1500))


def dirty(noise, shape):
    """A gain of .4 to 1 and an offset of 0 to 100 of every pixel, as of a very dirty sensor."""
    return noise.uniform(.4, 1, shape), noise.uniform(0, 100, shape)


def ordinary(noise, shape):
    """As sensors are: gains differ by 2 %, offsets by 3 codes (deviations). Black lies on 20 and white on 224, inside the codes."""
    return .8 * noise.normal(1, .02, shape), 20 + noise.normal(0, 3, shape)


def digits_under_a_pattern(seed, pattern=dirty):
    """A gain and an offset of every pixel, the same in all images."""
    def make(downloads):
        gain, offset = pattern(np.random.default_rng(seed), (20, 20, 1))
        return tuple(Pool(np.rint(pool.images * gain + offset).clip(0, 255).astype(np.uint8), pool.labels)
                     for pool in digits(downloads))

    return make


def fashion(downloads):
    def read(name, header, shape, n):
        data = gzip.decompress(unpack(downloads, name, "dataset-fashion-mnist").read_bytes())
        return np.frombuffer(data, np.uint8, n * int(np.prod(shape)), header).reshape(n, *shape)

    def pool(name, n):
        return Pool(read(f"{name}-images-idx3-ubyte.gz", 16, (28, 28, 1), n),
                    read(f"{name}-labels-idx1-ubyte.gz", 8, (), n).astype(np.int64))

    images, labels, _ = pool("train", 4500)
    return Pool(images[:4000], labels[:4000]), Pool(images[4000:], labels[4000:]), pool("t10k", 1500)


def faces(downloads):
    images = np.rint(np.load(unpack(downloads, "lfw_subset.npy", "python3-skimage")) * 255).astype(np.uint8)[..., None]
    return split(images, (np.arange(len(images)) >= len(images) // 2).astype(np.int64), (110, 30, 60))


def find_people(downloads):
    """Every second frame of vtest.avi in grey, a quarter as large, and the people that OpenCV's detector found in it: rows of
    frame, x and y of the middle."""
    import cv2
    cv2.setNumThreads(1)
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    video = cv2.VideoCapture(str(unpack(downloads, "vtest.avi")))
    frames, people = [], []
    while (read := video.read())[0]:
        boxes, _ = detector.detectMultiScale(read[1], winStride=(8, 8), scale=1.1)
        people += [(len(frames), (x + w / 2) / 4, (y + h / 2) / 4) for x, y, w, h in boxes]
        grey = cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)
        frames.append(cv2.resize(grey, (grey.shape[1] // 4, grey.shape[0] // 4), interpolation=cv2.INTER_AREA))
        video.grab()
    return np.stack(frames)[..., None], np.array(people)


def cut_street(frames, people, noise):
    """A tile around every person (class 0), and for each one at the same place in a frame where nobody is there (class 1):
    half of each, and the place tells nothing."""
    height, width = frames.shape[1:3]
    places, labels = [], []
    for frame, x, y in people:
        left = int(np.clip(x - TILE / 2, 0, width - TILE))
        top = int(np.clip(y - TILE / 2, 0, height - TILE))
        near = (abs(people[:, 1] - x) < TILE) & (abs(people[:, 2] - y) < TILE)
        nobody = np.setdiff1d(np.arange(len(frames)), people[near, 0])
        if len(nobody):
            places += [(int(frame), top, left), (noise.choice(nobody), top, left)]
            labels += [0, 1]
    return Pool(frames, np.array(labels), np.array(places))


def load_street(downloads):
    """Frames and people, which are looked for once."""
    try:
        import cv2  # noqa: F401
    except ImportError:
        raise Unavailable("the package python3-opencv is not installed") from None
    cache = downloads / "street.npz"
    if not cache.exists():
        frames, people = find_people(downloads)
        np.savez_compressed(cache, frames=frames, people=people)
    data = np.load(cache)
    if len(data["frames"]) != STREET_POOLS[-1][1]:
        raise Unavailable(f'vtest.avi gave {len(data["frames"])} frames here, expected {STREET_POOLS[-1][1]}')
    return data["frames"], data["people"]


def street(spans):
    """Of each span of frames a pool."""
    def make(downloads):
        (frames, people), noise, pools = load_street(downloads), np.random.default_rng(3), []
        for a, b in spans:
            inside = people[(people[:, 0] >= a) & (people[:, 0] < b)]
            pools.append(cut_street(frames[a:b], inside - (a, 0, 0), noise))
        return tuple(pools)

    return make


PHOTOS = ("baboon.jpg", "fruits.jpg", "starry_night.jpg", "aloeL.jpg", "leuvenA.jpg", "graf1.png", "rubberwhale1.png", "board.jpg",
          "building.jpg", "messi5.jpg")
PATCH, STRIP = 32, 48


def cut_patches(picture, parts, n, noise):
    """n patches that lie within strips, which are 48 columns wide: those whose number modulo 4 is in parts."""
    strips = [i for i in range(picture.shape[1] // STRIP) if i % 4 in parts]
    lefts = STRIP * noise.choice(strips, n) + noise.integers(0, STRIP - PATCH + 1, n)
    tops = noise.integers(0, picture.shape[0] - PATCH + 1, n)
    return np.stack([picture[top:top + PATCH, left:left + PATCH] for top, left in zip(tops, lefts)])


def photos(downloads, counts=(300, 30, 60)):
    """Of each photograph patches of every second strip to train on; of those between them in turns to test and to validate."""
    from PIL import Image
    noise = np.random.default_rng(6)
    pools = [[], [], []]
    for name in PHOTOS:
        picture = np.asarray(Image.open(unpack(downloads, name)).convert("RGB"))
        for pool, parts, n in zip(pools, ((0, 2), (3,), (1,)), counts):
            pool.append(cut_patches(picture, parts, n, noise))
    return tuple(shuffle(Pool(np.concatenate(pool), np.repeat(np.arange(len(PHOTOS)), n))) for pool, n in zip(pools, counts))


# SET TABLE
SETS = (
    Row("digits", "handwritten digits", digits, 1000, 300, 10, 90, judges=(*PLAIN_JUDGES, "off")),
    Row("digits-pattern", "the digits under a fixed gain and offset of every pixel", digits_under_a_pattern(2), 1000,
        300, 10, 85, digits_under_a_pattern(4), (*PLAIN_JUDGES, "moved-old", "moved-new", "moved-100", "moved-30", "moved-one")),
    Row("circle", "circle or empty, half of each", circles(), 400, 60, 3, 99),
    Row("circle-light", "circle 15 brighter or empty, under light of 0 to 200", circles(circle=(15, 45), light=200),
        400, 200, 10, 95),
    Row("street", "tiles of a street, with a person or without", street(STREET_POOLS), 640, 200, 10, 90),
    Row("faces", "faces or not", faces, 90, 100, 5, 90),
    Row("fashion", "pieces of clothing", fashion, 1000, 300, 10, 75),
    Row("circle-dim", "circle 3 brighter or empty", circles(circle=(3, 33)), 400, 200, 10, 90),
    Row("circle-small", "circle of 2 pixels' radius, 12 brighter, or empty", circles(radius=2, circle=(12, 42)),
        400, 200, 10, 90),
    Row("circle-10", "one circle in ten in training, half in the test", circles(share=.1), 400, 60, 3, 99),
    Row("digits-sensor", "the digits behind a sensor as sensors are", digits_under_a_pattern(2, ordinary), 1000, 300, 10, 85,
        digits_under_a_pattern(4, ordinary), ("moved-old", "moved-new", "moved-100", "moved-30", "moved-one"), base=False),
    Row("street-back", "the street, trained on its end and tested on its beginning", street(STREET_POOLS[::-1]), 640, 200, 10,
        90, judges=(), base=False),
    Row("photos", "patches of ten colour photographs, a class each", photos, 1000, 600, 50, 70,
        judges=("off", "flipped", "cast"), base=False),
)


def load(row, downloads):
    """The pools of a row of the table. Raises Unavailable."""
    train, validation, test = row.make(downloads)
    moved = row.moved(downloads) if row.moved else None
    return ImageSet(row.key, train, validation, test, row.n_train, int(train.labels.max()) + 1, moved)


def read_folder(folder, size):
    """A folder a class, with pictures in it; every picture is brought to size (width, height)."""
    from PIL import Image, UnidentifiedImageError
    classes = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_dir())
    if len(classes) < 2:
        raise Unavailable(f"expected a folder a class in {folder}, at least two; found {len(classes)}")
    pictures, labels = [], []
    for label, path in enumerate(classes):
        for file in sorted(path.iterdir()):
            try:
                pictures.append(Image.open(file).convert("RGB").resize(size, Image.BILINEAR))
                labels.append(label)
            except (UnidentifiedImageError, IsADirectoryError):
                continue
        if labels.count(label) < 10:
            raise Unavailable(f"expected at least 10 pictures in {path}, found {labels.count(label)}")
    images = np.stack([np.asarray(picture) for picture in pictures])
    if (images == images[..., :1]).all():
        images = images[..., :1]
    return images, np.array(labels, np.int64)


def folder_row(folder, size, steps):
    """The row of a user's own pictures: 60 % to train, 20 % to choose rates, 20 % to test."""
    images, labels = read_folder(folder, size)
    n = len(images)
    counts = (n * 3 // 5, n // 5, n - n * 3 // 5 - n // 5)
    return Row("yours", f"pictures of {pathlib.Path(folder).name}", lambda _downloads: split(images, labels, counts),
               min(1000, counts[0] * 9 // 10), steps, 10, 90)
