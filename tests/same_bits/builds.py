# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a build directory holds, found by name, since folders inside of it may move from commit to commit."""
import json
import os
import pathlib
import subprocess


class NoBuild(Exception):
    """A sentence that says what is missing and what to do."""


def read_options(directory):
    """The options that meson keeps, as buildtype and b_sanitize."""
    path = directory / "meson-info" / "intro-buildoptions.json"
    if not path.exists():
        raise NoBuild(f"{directory} is no build directory of meson. Make one: meson setup {directory} && ninja -C {directory}")
    return {option["name"]: option["value"] for option in json.loads(path.read_text())}


def is_sanitized(options):
    return options.get("b_sanitize", "none") not in ("none", [], "")


class Build:
    """The files of a build that tests and measurements use."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()
        self.options = read_options(self.directory)

    def find(self, name, wanted=True):
        """A file of this name anywhere below; the one that was made last, where there are several."""
        found = [path for path in self.directory.rglob(name) if path.is_file() and not path.parent.name.endswith(".p")]
        if not found and wanted:
            raise NoBuild(f"{self.directory} holds no {name}. Build it: ninja -C {self.directory}")
        return max(found, key=lambda path: path.stat().st_mtime, default=None)

    def variables(self):
        """What pipelines/env sets, without what the user has there."""
        return {"PIXELNORM_BUILD": str(self.directory),
                "GST_PLUGIN_PATH": str(self.find("libgstpixelnorm.so").parent),
                "LD_LIBRARY_PATH": str(self.find("libpixelnorm-1.0.so.[0-9]*").parent),
                "GI_TYPELIB_PATH": str(self.find("Pixelnorm-1.0.gir").parent),  # src/typelib has the one for the prefix
                "PATH": f"{self.find('pixelprofile').parent}:{os.environ['PATH']}"}

    def kernel_rows(self):
        """Rows of the kernel table that this processor runs; none where the build cannot say."""
        bench = self.find("bench-kernels", wanted=False)
        if not bench:
            return []
        environment = {**os.environ, **self.variables()}
        done = subprocess.run([bench, "--rows"], env=environment, capture_output=True, text=True, timeout=60)
        return done.stdout.split() if done.returncode == 0 else []


def plain_plugins(folder):
    """Makes a folder with the two plugins of GStreamer that the cases need: its whole list takes seconds to read."""
    done = subprocess.run(["pkg-config", "--variable=pluginsdir", "gstreamer-1.0"], capture_output=True, text=True)
    there = pathlib.Path(done.stdout.strip())
    folder.mkdir()
    for name in ("libgstcoreelements.so", "libgstapp.so"):
        if done.returncode or not (there / name).exists():
            raise NoBuild(f"GStreamer's {name} was not found by pkg-config. Install libgstreamer1.0-dev and "
                          "gstreamer1.0-plugins-base")
        (folder / name).symlink_to(there / name)
    return folder
