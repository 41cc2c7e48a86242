# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows the table of the tests of inference behind their results, and leaves it in the build directory."""
import os
import pathlib

import inference_help


def pytest_terminal_summary(terminalreporter):
    if not inference_help.ROWS:
        return
    text = inference_help.table(inference_help.ROWS)
    pathlib.Path(os.environ["PIXELNORM_BUILD"], "inference.md").write_text(text)
    terminalreporter.write_sep("=", "answers of networks")
    terminalreporter.write_line(text)
