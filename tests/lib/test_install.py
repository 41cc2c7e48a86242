# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meson install` puts everything where it belongs: elements, command, typelib and a program find the library from there."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
# what tells programs of the build where things are, and must not
TOLD = ("LD_LIBRARY_PATH", "GST_PLUGIN_PATH", "GI_TYPELIB_PATH", "MANPATH", "XDG_DATA_DIRS", "PKG_CONFIG_PATH", "PYTHONPATH")

PROGRAM = r"""
#include <pixelnorm/pixelnorm.h>
#include <stdio.h>

int
main (void)
{
  const guint8 frames[2][6] = { { 0, 10, 20, 30, 40, 50 }, { 2, 10, 40, 30, 80, 50 } };
  PixelnormLayout *layout = pixelnorm_layout_new ("BGR", 2, 1, NULL);
  PixelnormAccumulator *accumulator
      = pixelnorm_accumulator_new (PIXELNORM_SCOPE_PIXEL, layout, NULL);
  PixelnormStatistics red;

  for (int i = 0; i < 2; i++)
    pixelnorm_accumulator_add_data (accumulator, layout, frames[i], sizeof frames[i], NULL);
  pixelnorm_accumulator_get_statistics (accumulator, 0, &red);
  printf ("%g %g %u %u\n", red.mean, red.std * red.std, red.min, red.max);
  g_object_unref (accumulator);
  pixelnorm_layout_free (layout);
  return 0;
}
"""

TYPELIB = """
import gi
gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm
accumulator = Pixelnorm.Accumulator.new(Pixelnorm.Scope.CHANNEL, Pixelnorm.Layout.new("Y", 7, 1))
accumulator.add_data(Pixelnorm.Layout.new("Y", 7, 1), bytes(7))
print(accumulator.get_statistics(0).count)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp("root")
    plain = {**os.environ, "LD_PRELOAD": "", "DESTDIR": str(path)}
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True, env=plain,
                   capture_output=True)
    return path


def find(root, name):
    return [path for path in root.rglob(name)]


def told_nothing(registry, **more):
    """The environment without what pixelnorm_env sets, and with a list of plugins that is made anew."""
    return {**{name: value for name, value in os.environ.items() if name not in TOLD}, "GST_REGISTRY": str(registry), **more}


def ask(environment, *words):
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=True).stdout


def test_everything_is_there(root):
    for name in ["libpixelnorm-1.0.so", "libgstpixelnorm.so", "pixelprofile", "pixelnorm-1.0.pc",
                 "pixelnorm.h", "enum-types.h", "Pixelnorm-1.0.typelib", "Pixelnorm-1.0.gir"]:
        assert find(root, name), name
    assert find(root, "pixelprofile.1*")[0].parent.name == "man1"
    assert any(path.parent.name == "completions" for path in find(root, "pixelprofile"))
    assert find(root, "_pixelprofile")[0].parent.name == "site-functions"
    assert find(root, "libgstpixelnorm.so")[0].parent.name == "gstreamer-1.0"


@pytest.mark.unsanitized("the library needs its sanitizers in a program that is built here")
def test_a_program_builds_and_runs(root, tmp_path):
    if not shutil.which("pkg-config"):
        pytest.skip("pkg-config is not there")
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    package = find(root, "pixelnorm-1.0.pc")[0]
    moved = tmp_path / package.name
    moved.write_text(re.sub(r"^prefix=", f"prefix={root}", package.read_text(), flags=re.M))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "pixelnorm-1.0"], check=True,
                           capture_output=True, text=True,
                           env={**os.environ, "PKG_CONFIG_PATH": str(tmp_path)}).stdout
    program = tmp_path / "program"
    subprocess.run(["cc", "-Wall", "-Werror", "-o", program, source, *flags.split()], check=True)
    libraries = str(find(root, "libpixelnorm-1.0.so")[0].parent)
    printed = subprocess.run([program], check=True, capture_output=True, text=True,
                             env={**os.environ, "LD_LIBRARY_PATH": libraries}).stdout
    # red: 20, 50, 40, 50
    assert printed == "40 150 20 50\n"


def test_the_library_is_found(root, tmp_path):
    """Wherever the folder lies now, plugin and command find the library beside them; man follows the PATH."""
    plugin = find(root, "libgstpixelnorm.so")[0].parent
    command = next(path for path in find(root, "pixelprofile") if os.access(path, os.X_OK)).parent
    environment = told_nothing(tmp_path / "registry", GST_PLUGIN_PATH=str(plugin), PATH=f"{command}:{os.environ['PATH']}")
    assert ask(environment, "pixelprofile", "--version").startswith("pixelprofile ")
    assert f"{plugin}/libgstpixelnorm.so" in ask(environment, "gst-inspect-1.0", "pixelnorm")
    if shutil.which("manpath"):
        assert ask({**environment, "LD_PRELOAD": ""}, "man", "-w", "pixelprofile").strip() == str(find(root, "pixelprofile.1*")[0])


def read_prefix():
    options = json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())
    return next(option["value"] for option in options if option["name"] == "prefix")


def test_the_typelib_names_the_library(root):
    """By the path that it has once it is installed: under the prefix, which DESTDIR stands before here."""
    typelib = find(root, "Pixelnorm-1.0.typelib")[0]
    (name,) = re.findall(rb"/[^\0]*/libpixelnorm-1\.0\.so\.\d", typelib.read_bytes())
    assert (root / name.decode().lstrip("/")).exists() and name.decode().startswith(read_prefix())


@pytest.mark.long
@pytest.mark.unsanitized("what is built here has no sanitizers")
def test_the_lines_of_the_page(tmp_path):
    """Another prefix: the block of docs/install.md as it stands, but for the folders and sudo."""
    prefix = tmp_path / "opt pixelnorm"
    page = (SOURCE / "docs" / "install.md").read_text()
    (lines,) = [block for block in re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S) if "/opt/pixelnorm" in block]
    lines = lines.replace("sudo ", "").replace("build/opt", str(tmp_path / "build")).replace("/opt/pixelnorm", f"'{prefix}'")
    done = subprocess.run(["bash", "-e", "-c", f"{lines}env -0 >'{tmp_path}/environment'"], cwd=SOURCE, timeout=900,
                          env=told_nothing(tmp_path / "registry"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    environment = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().split("\0") if line)

    assert ask(environment, "pixelprofile", "--version") == f"pixelprofile {(SOURCE / 'src/python/pixelnorm/VERSION').read_text()}"
    assert f"{prefix}/lib/gstreamer-1.0/libgstpixelnorm.so" in ask(environment, "gst-inspect-1.0", "pixelnorm")
    assert ask(environment, "/usr/bin/python3", "-c", TYPELIB) == "7.0\n"
    if shutil.which("manpath"):
        assert ask(environment, "man", "-w", "pixelprofile") == f"{prefix}/share/man/man1/pixelprofile.1\n"
    shares = environment["XDG_DATA_DIRS"].split(":")
    assert pathlib.Path(shares[0], "bash-completion", "completions", "pixelprofile").exists() and "/usr/share" in shares
    (tmp_path / "program.c").write_text(PROGRAM)
    flags = shlex.split(ask(environment, "pkg-config", "--cflags", "--libs", "pixelnorm-1.0"))
    ask(environment, "cc", "-o", tmp_path / "program", tmp_path / "program.c", *flags, f"-Wl,-rpath,{prefix}/lib")
    assert ask(environment, tmp_path / "program") == "40 150 20 50\n"
