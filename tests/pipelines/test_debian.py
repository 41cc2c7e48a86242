# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/debian/build makes packages that Debian's lintian finds no fault with, and that work where only they are installed."""
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

pytestmark = pytest.mark.unsanitized("a build of its own")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
DEBIAN = SOURCE / "pipelines" / "debian"
# what lintian may say: this is no upload to Debian
ALLOWED = {"initial-upload-closes-no-bugs"}
# installs packages and tries them where this system is another root, which keeps nothing of it
INSTALLED = """
mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work /mnt/root &&
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root &&
mount --rbind /dev /mnt/root/dev && mount -t proc proc /mnt/root/proc && cp "$0"/*.deb "$1" /mnt/root/tmp/ &&
exec chroot /mnt/root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
  sh -c 'dpkg --install /tmp/*.deb && cd / && timeout 200 /tmp/installed'
"""


def ask(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=900, check=False, **more)


def test_every_package_is_written_of():
    """Where docs/install.md lists them."""
    packages = re.findall(r"^Package: (.*)$", (DEBIAN / "control").read_text(), re.M)
    listed = re.findall(r"^\| `([a-z0-9.+-]+)` \|", (SOURCE / "docs" / "install.md").read_text(), re.M)
    assert sorted(listed) == sorted(packages)


@pytest.fixture
def source(tmp_path):
    """A source tree with files of other kinds, and a PATH where packages are made and installed by nobody."""
    tree, programs = tmp_path / "source", tmp_path / "bin"
    for name in ("pipelines/setup.sh", "src/python/pixelnorm/VERSION", "CHANGELOG.md", ".gitignore"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / name, tree / name)
    shutil.copytree(DEBIAN, tree / "pipelines/debian")
    for name in ("build/x.o", "build-2/x", "video.f32", "scene.safetensors", "src/__pycache__/a.pyc", "src/python/build/x",
                 "src/python/pixelnorm.egg-info/x", "kept/build/x", "kept/seed.safetensors", "notes"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
    programs.mkdir()
    for name, body in (("dpkg-query", "echo 'ii '"), ("dpkg-checkbuilddeps", ""), ("dpkg-buildpackage", "touch ../one.deb")):
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    return tree, {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}


def packed(tree, environment):
    """Names in the archive that the packages are made of."""
    done = ask(tree / "pipelines/debian/build", tree / "build/made", env=environment)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.endswith("one.deb\n"), done.stdout + done.stderr
    (archive,) = (tree / "build/made").glob("*.orig.tar.xz")
    with tarfile.open(archive) as file:
        return {member.name.split("/", 1)[1] for member in file if member.isfile()}


def test_source_without_git_is_what_gitignore_leaves(source):
    names = packed(*source)
    assert {name for name in names if "debian" not in name} == {
        "pipelines/setup.sh", "src/python/pixelnorm/VERSION", "CHANGELOG.md", ".gitignore", "kept/build/x", "kept/seed.safetensors",
        "notes"}
    assert "pipelines/debian/build" in names


def test_source_in_a_clone_is_what_git_knows(source):
    tree, environment = source
    for words in (["init", "-q"], ["add", "pipelines", "src/python/pixelnorm", "kept/seed.safetensors", "CHANGELOG.md", ".gitignore"]):
        assert ask("git", "-C", tree, *words).returncode == 0
    (tree / "kept/seed.safetensors").write_text("changed")
    names = packed(tree, environment)
    assert {name for name in names if "debian" not in name} == {
        "pipelines/setup.sh", "src/python/pixelnorm/VERSION", "CHANGELOG.md", ".gitignore", "kept/seed.safetensors"}
    (copy,) = (tree / "build/made").glob("gst-pixelnorm-*/kept/seed.safetensors")
    assert copy.read_text() == "changed"


@pytest.mark.skipif("PIXELNORM_PACKAGES" not in os.environ, reason="installs packages: tests/matrix/run trixie runs it")
def test_packages(tmp_path):
    done = ask(DEBIAN / "build", tmp_path, env={**os.environ, "DEBEMAIL": "somebody@debian.org"})
    assert done.returncode == 0, done.stdout + done.stderr
    (changes,) = tmp_path.glob("*.changes")
    said = ask("lintian", "--allow-root", "--fail-on", "none", changes)
    assert said.returncode == 0, said.stderr
    faults = [line for line in said.stdout.splitlines() if line[:2] in ("E:", "W:") and line.split(": ")[2].split()[0] not in ALLOWED]
    assert faults == []
    tried = ask("unshare", "--mount", "--propagation", "unchanged", "sh", "-c", INSTALLED, tmp_path, DEBIAN / "tests" / "installed")
    assert tried.returncode == 0, tried.stdout + tried.stderr
