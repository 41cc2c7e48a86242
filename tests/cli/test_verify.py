# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile verify: files written and damaged by tests/lib/profile_bytes.py, which shares nothing with the library."""
import functools
import os

import numpy as np
import pytest

import profile_bytes
from cli_help import pixelprofile

SEED = 20250612
verify = functools.partial(pixelprofile, "verify")


@pytest.fixture
def folder(tmp_path):
    """Sound profiles of both scopes with their identities, and one file of every kind that is not sound."""
    frames = np.random.default_rng(SEED).integers(0, 256, (5, 6, 7, 3), np.uint8)
    pixel, channel = profile_bytes.pixel_profile(frames, "RGB", 8), profile_bytes.channel_profile(list(frames[:3]), "RGB", 8)
    whole = profile_bytes.build(*pixel)
    (tmp_path / "pixel").write_bytes(whole)
    (tmp_path / "channel").write_bytes(profile_bytes.build(*channel))
    changed = bytearray(whole)
    changed[-1] ^= 4
    (tmp_path / "changed").write_bytes(changed)
    (tmp_path / "short").write_bytes(whole[:-1])
    (tmp_path / "empty").write_bytes(b"")
    words, arrays = profile_bytes.pixel_profile(frames, "RGB", 8)
    (tmp_path / "renamed").write_bytes(profile_bytes.build({**words, "identity": "0" * 32}, arrays))
    # well packed, with the right digests, but no set of code values has such a sum
    arrays["sum"] = arrays["sum"].copy()
    arrays["sum"][2, 3, 1] = 5 * 255 + 1
    (tmp_path / "cannot-be").write_bytes(profile_bytes.build(words, arrays))
    (tmp_path / "folder").mkdir()
    return tmp_path, [profile_bytes.identity(*pixel), profile_bytes.identity(*channel)]


UNSOUND = ["changed", "short", "empty", "renamed", "cannot-be", "folder", "missing"]


def test_sound(folder):
    path, identities = folder
    done = verify("pixel", "channel", cwd=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (f"pixel: sound, 5 frames, identity {identities[0]}\n"
                           f"channel: sound, 3 frames, identity {identities[1]}\n")
    done = verify("--quiet", "pixel", "channel", cwd=path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", UNSOUND)
@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["told", "quiet"])
def test_unsound(folder, name, quiet):
    done = verify(*quiet, name, cwd=folder[0])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("pixelprofile verify: ") and name in done.stderr


def test_all_are_looked_at(folder):
    done = verify("pixel", *UNSOUND, "channel", cwd=folder[0])
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["pixel", "channel"]
    assert len(done.stderr.splitlines()) == len(UNSOUND)


def test_names_do_not_move_the_cursor(folder):
    os.rename(folder[0] / "pixel", folder[0] / "\x1b[2Jodd")
    done = verify("\x1b[2Jodd", cwd=folder[0])
    assert done.returncode == 0 and "\x1b" not in done.stdout


def test_bad_commands(folder):
    for arguments in ([], ["--bogus", "pixel"]):
        done = verify(*arguments, cwd=folder[0])
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
