# SPDX-License-Identifier: LGPL-2.1-or-later
"""Enums by introspection, whichever version of PyGObject: 3.52 made them enums of Python."""


def enum_values(enum):
    """Its values."""
    return list(enum.__enum_values__.values()) if hasattr(enum, "__enum_values__") else list(enum)


def nick(value):
    """The word of a value."""
    return value.value_nick if hasattr(value, "value_nick") else value.name.lower().replace("_", "-")
