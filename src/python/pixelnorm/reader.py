# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 -m pixelnorm.reader: the process that reads files for pixelnorm.distributed, which survives where this one does not.

On its input comes a line of JSON, what to do; on its output go lines of JSON, some with bytes after them:

    {"at": path}                                    a file begins, or a frame of it came: there is progress
    {"done": [path, ...], "left_out": [[path, why], ...], "bytes": n} and n bytes
                                                    files that need not be read again, and the profile of their frames, if any
    {"error": sentence}                             nothing can be read at all

It ends where whoever asked is gone, even while it reads.
"""
import collections
import concurrent.futures
import importlib
import io
import json
import os
import pathlib
import re
import sys
import threading
import time

from .accumulator import Accumulator
from .safetensors import check_file

FETCHED = 8        # files of a URL that are on their way at a time
ANIMATED = ("GIF", "WEBP")
ORIENTATION = 0x112  # a tag of EXIF
SCALINGS = {"bilinear": "BILINEAR", "area": "BOX", "nearest": "NEAREST"}  # what Pillow calls them
DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # modes of PIL that 8 bits cannot hold


def read_with_pillow(source, channels="RGB", size=None, scaling="bilinear", orient="auto"):
    """A picture as Pillow decodes it, and as `pixelprofile collect` reads it; of an animation an iterator of all frames. size:
    (width, height) to scale to, by scaling; orient: "auto" turns it upright as its tag says."""
    from PIL import Image, ImageOps, ImageSequence
    mode = "RGB" if channels == "RGB" else "L"

    def frame_of(image):
        image.load()
        frame = image if image.mode == mode else image.convert(mode)
        if orient == "auto" and image.getexif().get(ORIENTATION, 1) != 1:
            frame = ImageOps.exif_transpose(frame)
        if not size:
            return frame
        scale = getattr(Image, SCALINGS[scaling])
        # the width first, as pixelprofile does: asked for both at once, Pillow from 12.2 on may begin with the height
        return frame.resize((size[0], frame.height), scale).resize(size, scale)

    image = Image.open(source)
    if image.mode in DEEP or any(";16" in str(tile[3]) for tile in image.tile):
        raise ValueError(f"It holds more than 8 bits a sample (mode {image.mode}), which would be rounded: read it with a reader "
                         "of your own and the depth that it has")
    if image.format in ANIMATED and getattr(image, "is_animated", False):
        return map(frame_of, ImageSequence.Iterator(image))
    with image:
        return frame_of(image)


def find_reader(name):
    """The function "module:function"."""
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as problem:
        raise ValueError(f'The reader {name!r} cannot be imported ({problem}). Give "pillow" or "module:function", of a '
                         "module that the workers can import.") from None


def is_url(path):
    return re.match("[a-z][a-z0-9+.-]*://", path) is not None


def source_of(path):
    """What the profile says: a URI without a password."""
    return re.sub("//[^/@]*@", "//", path) if is_url(path) else pathlib.Path(os.path.abspath(path)).as_uri()


def fetch(url):
    import fsspec
    with fsspec.open(url, "rb") as file:
        return io.BytesIO(file.read())


def opened(paths):
    """(path, function that gives what to read), the next URLs being fetched meanwhile."""
    with concurrent.futures.ThreadPoolExecutor(FETCHED) as pool:
        waiting = collections.deque()
        for path in paths:
            waiting.append((path, pool.submit(fetch, path).result if is_url(path) else lambda path=path: path))
            if len(waiting) == FETCHED:
                yield waiting.popleft()
        yield from waiting


class Work:
    """Files of one process, until they are handed over."""

    def __init__(self, options, send):
        self.options, self.send = options, send
        self.done, self.left_out, self.since = [], [], time.monotonic()
        self.accumulator = self.begin()
        if options["reader"] == "pillow":
            channels = options["accumulator"]["channels"]
            self.read = lambda path, get: read_with_pillow(get(), channels, *options["scale"])
        else:
            reader = find_reader(options["reader"])
            self.read = lambda path, get: reader(path)

    def begin(self):
        accumulator = Accumulator(**self.options["accumulator"])
        if self.options["size"]:
            accumulator.width, accumulator.height = self.options["size"]
        return accumulator

    def add_file(self, path, get):
        """Its frames count when all of them could be read."""
        self.send({"at": path})
        try:
            if not is_url(path):
                check_file(path)
            found = self.read(path, get)
            if hasattr(found, "__next__"):
                own = self.begin()
                for frame in found:
                    own.add(frame)
                    self.send({"at": path})
                self.accumulator.merge(own)
            else:
                self.accumulator.add(found)
            self.accumulator.add([], source=source_of(path))
        except Exception as problem:  # of whatever reads: the file is named with it
            self.left_out.append([path, reason_of(problem)])
        self.done.append(path)
        if time.monotonic() - self.since >= self.options["hand_over"]:
            self.hand_over()

    def hand_over(self):
        data = self.accumulator.profile().to_bytes() if self.accumulator.frames else b""
        self.send({"done": self.done, "left_out": self.left_out, "bytes": len(data)}, data)
        self.done, self.left_out, self.since, self.accumulator = [], [], time.monotonic(), self.begin()


def reason_of(problem):
    """One line."""
    text = " ".join(str(getattr(problem, "strerror", None) or problem).split())
    kind = "" if isinstance(problem, (OSError, ValueError, TypeError)) and text else type(problem).__name__
    return f"{kind}: {text}".strip(": ")


def main():
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what readers print goes where it does no harm
    options = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(1)), daemon=True).start()

    def send(message, data=b""):
        output.write(json.dumps(message).encode() + b"\n" + data)
        output.flush()

    try:
        work = Work(options, send)
    except (TypeError, ValueError) as problem:
        send({"error": str(problem)})
        os._exit(1)
    for path, get in opened(options["paths"]):
        work.add_file(path, get)
    work.hand_over()
    os._exit(0)  # not the interpreter's own end, in which libraries of readers may hang


if __name__ == "__main__":
    main()
