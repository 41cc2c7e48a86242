# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists of the values that builds know: what two of them have in common, and what only one has."""


def word(value):
    return " ".join(value) if isinstance(value, (list, tuple)) else str(value)


def paths_of(value, path=()):
    """The path of every value that has a name or stands in a list."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from paths_of(inner, (*path, name))
    elif isinstance(value, list):
        yield from ((*path, word(inner)) for inner in value)


def common(old, new):
    """What both know, in the order of old; of texts those of new."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: common(value, new[name]) for name, value in old.items() if name in new}
    if isinstance(old, list) and isinstance(new, list):
        return [value for value in old if value in new]
    return new


def only_in(one, other):
    """The values that one of two lists has alone, as "enums pixelnorm method NAME"; of a new name not what is below it."""
    known = {(), *paths_of(other)}
    return [" ".join(path) for path in paths_of(one) if path not in known and path[:-1] in known]
