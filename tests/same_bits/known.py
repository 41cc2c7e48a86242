# SPDX-License-Identifier: LGPL-2.1-or-later
"""The values that a build knows: of enums, of pad templates, of properties, of commands. A new one needs no edit here."""
import re
import subprocess

from gi.repository import GObject, Gst, GstVideo, Pixelnorm

ELEMENTS = ("pixelnorm", "pixeldenorm", "pixelstats")
ENUMS = ("Method", "Scope", "StatisticsSource", "Units", "Output", "TensorLayout", "ChannelOrder", "Image", "Range", "Error")


def enum_values(enum):
    """The values of an enum of GObject-introspection; PyGObject 3.52 made them enums of Python."""
    return list(enum.__enum_values__.values()) if hasattr(enum, "__enum_values__") else list(enum)


def nick(value):
    return value.value_nick if hasattr(value, "value_nick") else value.name.lower().replace("_", "-")


def formats_of(element):
    """Formats of video of the sink's pad template."""
    found = []
    caps = Gst.ElementFactory.make(element).get_pad_template("sink").get_caps()
    for word in re.findall(r"format=\(string\)\{([^}]*)\}", caps.to_string()):
        found += [name.strip().removeprefix("(string)") for name in word.split(",")]
    return [name for name in dict.fromkeys(found)
            if GstVideo.VideoFormat.from_string(name) != GstVideo.VideoFormat.UNKNOWN]


def outputs_of(element):
    """(caps, type) of what the source's pad template offers."""
    caps = Gst.ElementFactory.make(element).get_pad_template("src").get_caps()
    found = []
    for text in caps.to_string().split("; "):
        item = re.search(r"\btypes?=\(string\)([\w]+)", text)
        found.append((text.split(",")[0], item[1] if item else ""))
    return list(dict.fromkeys(found))


def property_words(element):
    """{name: its type, flags, bounds and default, in words}, but for what every object has."""
    found = {}
    for spec in Gst.ElementFactory.make(element).list_properties():
        if spec.name in ("name", "parent"):
            continue
        words = [GObject.type_fundamental(spec.value_type).name, f"flags {int(spec.flags):#x}"]
        for name in ("minimum", "maximum", "default_value"):
            value = getattr(spec, name, None)
            words.append(f"{name} {nick(value) if hasattr(value, 'value_nick') else value!r}")
        found[spec.name] = ", ".join(words)
    return found


def enums_of(element):
    """{property: its words}. The class of an enum is no list in PyGObject 3.50, what a property reads as is of its type."""
    own = Gst.ElementFactory.make(element)
    return {spec.name: [nick(value) for value in enum_values(type(own.get_property(spec.name)))]
            for spec in own.list_properties() if spec.value_type.is_a(GObject.TYPE_ENUM)}


def words_after(text, heading):
    """The first words of the indented lines below a heading of a help text."""
    block = text.partition(f"\n{heading}:\n")[2].split("\n\n")[0]
    return [line.split()[0] for line in block.splitlines() if re.match(r"  \S", line)]


def of_command():
    """{subcommand: its options}, and the formats of export."""
    def help_of(*words):
        return subprocess.run(["pixelprofile", *words, "--help"], capture_output=True, text=True, timeout=30).stdout

    commands = words_after(help_of(), "Commands")
    helps = {name: help_of(name) for name in commands}
    options = {name: sorted(set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.M))) for name, text in helps.items()}
    return {"options": options, "exports": words_after(helps.get("export", ""), "Formats")}


def of_build():
    return {"enums": {**{name: enums_of(name) for name in ELEMENTS},
                      "library": {name: [nick(value) for value in enum_values(getattr(Pixelnorm, name))] for name in ENUMS}},
            "formats": {name: formats_of(name) for name in ("pixelnorm", "pixelstats")},
            "outputs": outputs_of("pixelnorm"),
            "properties": {name: property_words(name) for name in ELEMENTS},
            "command": of_command()}
