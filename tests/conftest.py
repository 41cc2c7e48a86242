# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all tests in Python share lies in tests/lib, the package that they test in src/python.

Tests marked `long` run with --long only, tests marked `unsanitized(WHY)` not under sanitizers, tests marked `any_release(WHY)` not
in the folders of tests/matrix/run.
"""
import ctypes
import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "src" / "python"))

import reports  # noqa: E402

# GStreamer brings libunwind, whose unwinder then serves C++ exceptions of other packages in this process (onnx) halfway, and
# crashes; the compiler's own comes first
try:
    ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)
except OSError:
    pass

# Whoever runs the tests in the background of a script has them ignore SIGINT, and so would all that they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONG = "takes long: tests/run --long runs it"
# marker -> where it counts, and what skipped tests begin with
ELSEWHERE = {"unsanitized": ("PIXELNORM_SANITIZED", "not under sanitizers"),
             "any_release": ("PIXELNORM_RELEASE", "not on every release")}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the tests that are marked long, too")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long, and a quicker test covers the core of it; runs with --long only")
    config.addinivalue_line("markers", "unsanitized(why): is not run under sanitizers, for the reason that it gives")
    config.addinivalue_line("markers", "any_release(why): what no release of Debian changes, for the reason that it gives; is run on one")


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.get_closest_marker("long") and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason=LONG))
        for name, (variable, words) in ELSEWHERE.items():
            if variable in os.environ and (mark := item.get_closest_marker(name)):
                item.add_marker(pytest.mark.skip(reason=f"{words}: {mark.args[0]}"))
    # files with long tests first, so that none of them is left alone at the end
    long_files = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long_files)


# --- what tests tell, from the processes of pytest-xdist to the one that shows it

def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["told"] = reports.TOLD


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    reports.merge_told(getattr(node, "workeroutput", {}).get("told", {}))


def pytest_terminal_summary(terminalreporter):
    for title, lines in reports.TOLD.items():
        terminalreporter.write_sep("=", title)
        for line in lines:
            terminalreporter.write_line(line)
