# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meson install` puts everything where it belongs: a program builds against it by pkg-config and runs."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["PIXELNORM_BUILD"])

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


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp("root")
    plain = {**os.environ, "LD_PRELOAD": "", "DESTDIR": str(path)}
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True, env=plain,
                   capture_output=True)
    return path


def find(root, name):
    return [path for path in root.rglob(name)]


def test_everything_is_there(root):
    for name in ["libpixelnorm-1.0.so", "libgstpixelnorm.so", "pixelprofile", "pixelnorm-1.0.pc",
                 "pixelnorm.h", "enum-types.h", "Pixelnorm-1.0.typelib", "Pixelnorm-1.0.gir"]:
        assert find(root, name), name
    assert find(root, "pixelprofile.1*")[0].parent.name == "man1"
    assert any(path.parent.name == "completions" for path in find(root, "pixelprofile"))
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
