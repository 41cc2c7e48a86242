# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages that only some of this one needs."""
import importlib


def wanted(name, who):
    """The module of that name. Raises ImportError, in a sentence that says how to get it, where it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as problem:
        if problem.name != name:  # it is there, and misses something itself
            raise
    raise ImportError(f"{who} needs the Python package {name}, which is not installed: apt-get install python3-{name}, or pip "
                      f"install {name}.", name=name)
