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


def description(pattern, profile, frames=None, size=(64, 48), settings=""):
    """A stream of a test pattern; a live one where the number of frames is not given."""
    until = "is-live=true" if frames is None else f"num-buffers={frames}"
    return (f"videotestsrc pattern={pattern} {until} ! video/x-raw,width={size[0]},height={size[1]} ! "
            f"pixelnorm location={profile} {settings}")


class Streams:
    """The running program; lines of both outputs arrive in one queue."""

    def __init__(self, streams=None, *options, folder=None):
        words = [f"{name}={text}" for name, text in (streams or {}).items()]
        self.process = subprocess.Popen([PROGRAM, *options, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
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
        """Ends its input and waits for its end: (exit status, all lines)."""
        self.process.stdin.close()
        status = self.process.wait(timeout=seconds)
        while (line := self.lines.get(timeout=seconds)) is not None:
            self.seen.append(line)
        return status, self.seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
