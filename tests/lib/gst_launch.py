# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that must end, and gst-launch-1.0, which sometimes does not."""
import os
import signal
import subprocess

TIMEOUT = 180
LAUNCH_TIMEOUT = 40


def run(command, cwd=None, timeout=TIMEOUT, **keywords):
    """As subprocess.run(); what does not end in time is killed with its children."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True, **keywords) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            raise subprocess.TimeoutExpired(words, timeout, stdout, stderr) from None
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def launch(words, cwd=None):
    """Runs gst-launch-1.0.

    It quits its main loop from whichever thread posts an error. Where that is before the loop has begun, which an error
    in the first milliseconds can be, the quit is lost and it waits for ever, whatever elements there are. Such a run, which
    told an error and did not end, is done again.
    """
    for attempt in range(4):
        try:
            return run(["gst-launch-1.0", *words], cwd, LAUNCH_TIMEOUT)
        except subprocess.TimeoutExpired as hung:
            if attempt == 3 or "ERROR: from element" not in hung.stderr:
                raise
    raise AssertionError("not reached")
