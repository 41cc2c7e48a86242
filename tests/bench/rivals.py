# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one would write instead of pixelprofile collect and pixelnorm.Accumulator. Each runs in a process of its own:

    python3 rivals.py NAME [LIST]

and prints its seconds of the processor, without what Python takes to start. LIST has names of JPEG files, a line each.
"""
import pathlib
import sys
import time

import numpy as np

SIZE = 224
N_BATCHES = 12  # of 64 frames: then none waits in pixelnorm.Accumulator to be added with others
BATCH = 32  # of DALI


def histogram(paths):
    """Exact, without a sum of squares in sight: all follows from the counts."""
    from PIL import Image
    total = np.zeros(3 * 256, np.int64)
    for path in paths:
        total += Image.open(path).convert("RGB").histogram()


def numpy_channel(paths):
    from PIL import Image
    sums, squares, low, high = np.zeros(3, np.uint64), np.zeros(3, np.uint64), np.full(3, 255, np.uint8), np.zeros(3, np.uint8)
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
        wide = pixels.astype(np.uint64)
        sums += wide.sum(axis=0)
        squares += (wide * wide).sum(axis=0)
        low, high = np.minimum(low, pixels.min(axis=0)), np.maximum(high, pixels.max(axis=0))


class PixelSums:
    """Sums of up to 66,051 frames."""

    def __init__(self):
        shape = (SIZE, SIZE, 3)
        self.sums, self.squares, self.wide = np.zeros(shape, np.uint32), np.zeros(shape, np.uint32), np.empty(shape, np.uint32)
        self.low, self.high = np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)

    def add(self, pixels):
        np.copyto(self.wide, pixels)
        self.sums += self.wide
        np.multiply(self.wide, self.wide, out=self.wide)
        self.squares += self.wide
        np.minimum(self.low, pixels, out=self.low)
        np.maximum(self.high, pixels, out=self.high)


def numpy_pixel(paths):
    from PIL import Image
    sums = PixelSums()
    for path in paths:
        sums.add(np.asarray(Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.BILINEAR)))


def run_dali(paths, per_pixel):
    """On the CPU, one thread."""
    from nvidia.dali import fn, pipeline_def, types

    @pipeline_def(batch_size=BATCH, num_threads=1, device_id=None)
    def read():
        data, _ = fn.readers.file(files=[str(path) for path in paths])
        pixels = fn.decoders.image(data, device="cpu", output_type=types.RGB)
        if per_pixel:
            return fn.resize(pixels, resize_x=SIZE, resize_y=SIZE, interp_type=types.INTERP_LINEAR, antialias=True)
        return (fn.reductions.sum(pixels, axes=[0, 1], dtype=types.UINT64),
                fn.reductions.mean_square(pixels, axes=[0, 1], dtype=types.FLOAT),
                fn.reductions.min(pixels, axes=[0, 1]), fn.reductions.max(pixels, axes=[0, 1]))

    pipeline = read()
    pipeline.build()
    sums = PixelSums()
    for _ in range(0, len(paths), BATCH):
        found = pipeline.run()
        for pixels in found[0] if per_pixel else ():
            sums.add(np.asarray(pixels))


def dali_channel(paths):
    run_dali(paths, False)


def dali_pixel(paths):
    run_dali(paths, True)


def batches():
    random = np.random.default_rng(1)
    batch = random.integers(0, 256, (64, SIZE, SIZE, 3), np.uint8)
    return [batch] * N_BATCHES


def float_pixel(frames):
    shape = (SIZE, SIZE, 3)
    sums, squares, low, high = np.zeros(shape), np.zeros(shape), np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)
    for batch in frames:
        for frame in batch:
            x = frame.astype(np.float64)
            sums += x
            squares += x * x
            np.minimum(low, frame, out=low)
            np.maximum(high, frame, out=high)


def float_channel(frames):
    sums, squares, low, high = np.zeros(3), np.zeros(3), np.full(3, 255, np.uint8), np.zeros(3, np.uint8)
    for batch in frames:
        for frame in batch:
            pixels = frame.reshape(-1, 3)
            x = pixels.astype(np.float64)
            sums += x.sum(axis=0)
            squares += (x * x).sum(axis=0)
            low, high = np.minimum(low, pixels.min(axis=0)), np.maximum(high, pixels.max(axis=0))


def accumulate(frames, scope):
    import pixelnorm
    accumulator = pixelnorm.Accumulator(scope=scope)
    for batch in frames:
        accumulator.add(batch)


def accumulator_pixel(frames):
    accumulate(frames, "pixel")


def accumulator_channel(frames):
    accumulate(frames, "channel")


RIVALS = {function.__name__: function for function in (
    histogram, numpy_channel, numpy_pixel, dali_channel, dali_pixel, float_pixel, float_channel, accumulator_pixel,
    accumulator_channel)}


def main():
    name, *lists = sys.argv[1:]
    given = pathlib.Path(lists[0]).read_text().splitlines() if lists else batches()
    if name.startswith("dali"):
        import nvidia.dali.fn  # noqa: F401
    elif lists:
        from PIL import JpegImagePlugin  # noqa: F401
    elif name.startswith("accumulator"):
        import pixelnorm  # noqa: F401
    began = time.process_time()
    RIVALS[name](given)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
