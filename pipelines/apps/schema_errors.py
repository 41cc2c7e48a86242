# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps out of standard error what Debian's onnxruntime prints when it starts.

It registers its operators twice and says so for each: hundreds of lines "Schema error: Trying to register schema ...", each
with an empty one behind it. They have nothing to do with the model, and bury what a program says.
"""
import contextlib
import os
import re
import sys
import tempfile

NOISE = re.compile(rb"^Schema error: Trying to register schema .*\n\n?", re.M)


@contextlib.contextmanager
def without_schema_errors():
    """Whatever else is printed inside of it comes when it ends."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            sys.stderr.buffer.write(NOISE.sub(b"", said.read()))
            sys.stderr.flush()
