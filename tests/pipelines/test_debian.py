# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/debian/build makes packages that Debian's lintian finds no fault with, and that work where only they are installed."""
import os
import pathlib
import re
import subprocess

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
