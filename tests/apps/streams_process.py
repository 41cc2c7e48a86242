# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelnorm-streams as a process that is spoken to."""
import os
import pathlib
import queue
import subprocess
import threading
import time

from gst_launch import make

PROGRAM = pathlib.Path(os.environ["PIXELNORM_BUILD"]) / "pipelines" / "apps" / "pixelnorm-streams"


def collect(path, pattern="ball", size=(64, 48), frames=20):
    """A profile of a test pattern."""
    width, height = size
    make(f"-q videotestsrc pattern={pattern} num-buffers={frames} ! video/x-raw,format=RGB,width={width},height={height} ! "
         f"pixelstats location={path} ! fakesink")


def write_config(path, sources, application=(), consumer=()):
    """sources: name -> keys."""
    lines = ["[application]", *application, "[consumer]", *consumer]
    for name, keys in sources.items():
        lines += [f"[source {name}]", *[f"{key}={value}" for key, value in keys.items()]]
    path.write_text("\n".join(lines) + "\n")


class Streams:
    """The running program; lines of both outputs arrive in one queue."""

    def __init__(self, config, folder=None):
        self.process = subprocess.Popen([PROGRAM, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1, cwd=folder)
        self.lines, self.seen = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait_for(self, text, seconds=60):
        """The next line with this text."""
        end = time.monotonic() + seconds
        while True:
            line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            assert line is not None, f"ended before it said {text!r}: {self.seen}"
            self.seen.append(line)
            if text in line:
                return line

    def finish(self, seconds=60):
        """Waits for the end: (exit status, all lines)."""
        status = self.process.wait(timeout=seconds)
        while (line := self.lines.get(timeout=seconds)) is not None:
            self.seen.append(line)
        return status, self.seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
