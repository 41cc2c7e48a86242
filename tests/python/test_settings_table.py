# SPDX-License-Identifier: LGPL-2.1-or-later
"""The settings of the Python package are those of the library: names, defaults, words and limits, row by row."""
import dataclasses
import itertools

import gi
import pytest
from pixelnorm.settings import CHOICES, Settings

gi.require_version("Pixelnorm", "1.0")
from gi.repository import GLib, Pixelnorm  # noqa: E402

from gi_enums import enum_values, nick  # noqa: E402

ROWS = list(itertools.takewhile(lambda row: row is not None, map(Pixelnorm.setting_get, range(100))))
NUMBERS = [row for row in ROWS if row.type != Pixelnorm.SettingType.WORD]
NOT_HERE = {"momentum"}  # running statistics are the stream's
DEFAULTS = {field.name: field.default for field in dataclasses.fields(Settings)}


def name_of(row):
    return row.name.replace("-", "_")


def test_all_are_there():
    assert {name_of(row) for row in ROWS} - NOT_HERE == set(DEFAULTS) - {"output"}


@pytest.mark.parametrize("row", NUMBERS, ids=name_of)
def test_defaults(row):
    if row.name in NOT_HERE:
        return
    default = DEFAULTS[name_of(row)]
    if default is None:  # no clipping
        assert abs(row.default_value) > 1e308
    else:
        assert (default[0] if isinstance(default, tuple) else default) == row.default_value


@pytest.mark.parametrize("row", NUMBERS, ids=name_of)
def test_limits(row):
    """Both ends can be, with what goes with them; a bit beyond cannot."""
    if row.name in NOT_HERE or abs(row.least) > 1e308 or row.type == Pixelnorm.SettingType.INTEGER:
        return
    more = {"mean": {"method": "fixed"}, "std": {"method": "fixed"},
            "percentile_low": {"method": "percentile", "scope": "channel", "percentile_high": 100.0},
            "percentile_high": {"method": "percentile", "scope": "channel", "percentile_low": 0.0},
            "min_deviation": {"epsilon": 1.0}}.get(name_of(row), {})
    for value in (row.least, row.largest):
        if (name_of(row), value) not in (("percentile_low", 100), ("percentile_high", 0)):
            Settings(**{**more, name_of(row): value})
    for value in (row.least - 1e-7, row.largest * 1.01, float("nan")):
        with pytest.raises(ValueError, match=name_of(row)):
            Settings(**{**more, name_of(row): value})


@pytest.mark.parametrize("row", [row for row in NUMBERS if row.methods or row.sources], ids=name_of)
def test_limits_without_effect(row):
    """What lies out of range is refused, in the library and here, also with a method or a source that has no use for it."""
    settings = Pixelnorm.Settings.new()
    settings.props.method = next(method for method in (Pixelnorm.Method.ZSCORE, Pixelnorm.Method.CENTER)
                                 if not row.methods & 1 << int(method))
    assert not row.has_effect(settings) and settings.check()
    for value in (row.least - 1, row.largest * 1.01):
        if row.type == Pixelnorm.SettingType.VALUES:
            settings.set_values(row.name, [value])
        else:
            settings.set_property(name_of(row), value)
        with pytest.raises(GLib.Error, match=f"^[^:]*: {row.name} is "):
            settings.check()
        if row.name not in NOT_HERE:
            with pytest.raises(ValueError, match=name_of(row)):
                Settings(method=settings.props.method.value_nick, **{name_of(row): value})


WORDS = [row for row in ROWS if row.type == Pixelnorm.SettingType.WORD]
SPECS = {spec.name: spec for spec in Pixelnorm.Settings.list_properties()}


def values_of(name):
    """{value: its word}. The class of a specification has no list of them in PyGObject 3.50; what a property reads as has."""
    return {value: nick(value) for value in enum_values(type(Pixelnorm.Settings.new().get_property(name)))}


def test_properties_of_the_object():
    """Every setting but those of several numbers, with the words of the package; the rest are lists."""
    lists = {row.name for row in ROWS if row.type == Pixelnorm.SettingType.VALUES}
    assert set(SPECS) == {row.name for row in ROWS} - lists
    settings = Pixelnorm.Settings.new()
    for name, default in DEFAULTS.items():
        if name == "output":  # is no setting of the library
            continue
        found = settings.get_word(name.replace("_", "-")) if name in CHOICES else settings.get_values(name) \
            if name in lists else settings.get_property(name)
        assert found == (list(default) if name in lists else default) or (default is None and abs(found) > 1e308)


@pytest.mark.parametrize("row", WORDS, ids=name_of)
def test_words(row):
    """The package knows all words but that of the stream's own statistics, and spells them as the library's enums do."""
    words = set(values_of(row.name).values())
    assert words - set(CHOICES[name_of(row)]) == ({"running"} if row.name == "statistics" else set())
    assert set(CHOICES[name_of(row)]) <= words
    settings = Pixelnorm.Settings.new()
    for value, word in values_of(row.name).items():
        settings.set_property(row.name, value)
        assert settings.get_word(row.name) == word
    try:
        settings.set_property(row.name, 77)
    except TypeError:  # newer PyGObject refuses it by itself
        return
    assert settings.get_word(row.name) is None
    with pytest.raises(GLib.Error, match=f"There is no {row.name} 77"):
        settings.check()


@pytest.mark.parametrize("row", [row for row in NUMBERS if row.name in SPECS], ids=name_of)
def test_stated_ranges(row):
    """A property states the limits of its setting, and takes what lies beyond: the check has words for that."""
    spec, settings = SPECS[row.name], Pixelnorm.Settings.new()
    assert (spec.minimum, spec.maximum, spec.default_value) == (min(row.least, row.default_value), row.largest, row.default_value)
    if abs(row.largest) < 1e308:
        settings.set_property(row.name, row.largest + 1)
        assert settings.get_property(row.name) == row.largest + 1
        with pytest.raises(GLib.Error, match=f"^[^:]*: {row.name} is "):
            settings.check()
