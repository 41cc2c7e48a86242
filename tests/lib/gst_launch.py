# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that must end, and gst-launch-1.0, which sometimes does not."""
import os
import shlex
import signal
import subprocess
import time

PATIENCE = int(os.environ.get("PIXELNORM_PATIENCE", 1))  # times as long as usual, where a processor is emulated
TIMEOUT = 180 * PATIENCE
LAUNCH_TIMEOUT = 40 * PATIENCE
ERROR = b"ERROR: from element"
GRACE = 2 * PATIENCE  # seconds that gst-launch-1.0 may take to end after it told an error
ATTEMPTS = 10  # 4 of 12 runs hang where an error comes early: ten in a row are 1 of 59,000
GLANCE = 0.1  # seconds between two looks at what a program has written


def run(command, cwd=None, timeout=TIMEOUT, ends_after_error=False, **keywords):
    """As subprocess.run(); what does not end in time is killed with its children, and subprocess.TimeoutExpired raised.

    With ends_after_error a program that wrote ERROR on its standard error has GRACE seconds left.
    """
    words = [str(word) for word in command]
    with subprocess.Popen(words, cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True, **keywords) as process:
        end, told = time.monotonic() + timeout, False
        while True:
            try:
                wait = max(0, end - time.monotonic())
                stdout, stderr = process.communicate(timeout=min(GLANCE, wait) if ends_after_error else wait)
                break
            except subprocess.TimeoutExpired as still:
                # what was read so far, which the next communicate() gives again
                if ends_after_error and not told and ERROR in (still.stderr or b""):
                    end, told = min(end, time.monotonic() + GRACE), True
                if time.monotonic() < end:
                    continue
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            raise subprocess.TimeoutExpired(words, timeout, stdout, stderr)
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def launch(words, cwd=None, timeout=LAUNCH_TIMEOUT):
    """Runs gst-launch-1.0 with these words, or with a line as in a shell.

    It quits its main loop from whichever thread posts an error. Where that is before the loop has begun, which an error
    in the first milliseconds can be, the quit is lost and it waits for ever, whatever elements there are. Such a run, which
    told an error and did not end, is done again; an element that hangs for good hangs ATTEMPTS times.
    """
    words = shlex.split(words) if isinstance(words, str) else words
    for attempt in range(ATTEMPTS):
        try:
            return run(["gst-launch-1.0", *words], cwd, timeout, ends_after_error=True)
        except subprocess.TimeoutExpired as hung:
            if attempt == ATTEMPTS - 1 or ERROR.decode() not in hung.stderr:
                raise
    raise AssertionError("not reached")


def make(words, cwd=None, timeout=LAUNCH_TIMEOUT):
    """Runs gst-launch-1.0, which must succeed."""
    done = launch(words, cwd, timeout)
    assert done.returncode == 0, done.stderr
    return done
