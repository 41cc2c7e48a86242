# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases of the command pixelprofile: what it prints, its exit status, and the files that it writes."""
import functools
import itertools
import os
import pathlib
import re
import shutil
import subprocess

from . import frames as make
from .cases import Case
from .statistics_cases import normalize_profile

# what legitimately differs in the output, by what stands for it
NORMALIZED = {"TIME": rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
              "gst-pixelnorm VERSION": rb"gst-pixelnorm \d+\.\d+\.\d+"}

DIFFS = [("RGB", "other"), ("other", "RGB"), ("RGB", "RGB"), ("RGB", "masked"), ("RGB", "channel"), ("RGB", "Y16"),
         ("I420", "I420")]


def normalize(content):
    for words, pattern in NORMALIZED.items():
        content = re.sub(pattern, words.encode(), content)
    return content


def prepare():
    """An empty folder with profiles, made anew."""
    folder = pathlib.Path("command")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in (*make.PROFILES, "other"):
        (folder / f"{name}.safetensors").write_bytes(content_of(name))
    (folder / "broken.safetensors").write_bytes(content_of("RGB")[:-5])
    return folder


@functools.lru_cache(maxsize=None)
def content_of(name):
    return make.profile("RGB", 1) if name == "other" else make.profile(name)


def run(*words, with_plugins=False, files=()):
    folder, environment = prepare(), dict(os.environ)
    for name, content in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    before = set(folder.rglob("*"))
    if with_plugins:  # it reads pictures with those of the system
        del environment["GST_PLUGIN_SYSTEM_PATH"]
        environment["GST_REGISTRY"] = os.path.abspath("all-plugins.bin")
    done = subprocess.run(["pixelprofile", *words], cwd=folder, env=environment, capture_output=True, timeout=50,
                          stdin=subprocess.DEVNULL)
    here = os.path.abspath(folder).encode()
    found = {"printed": normalize(done.stdout).replace(here, b"HERE"), "status": str(done.returncode),
             "complained": normalize(done.stderr).replace(here, b"HERE")}
    for path in sorted(set(folder.rglob("*")) - before):
        name, content = str(path.relative_to(folder)), path.read_bytes() if path.is_file() else b""
        if name.endswith(".safetensors"):
            parts = normalize_profile(content)
            found.update({f"{name} header": parts["header"].replace(here.decode(), "HERE"), f"{name} bytes": parts["bytes"]})
        else:
            found[name] = normalize(content)
    if done.returncode and len(found) == 3 and not done.stdout:
        found["refused"] = found.pop("complained")
    return found


def lines(lists):
    """Command lines, as lists of words."""
    files = [f"{name}.safetensors" for name in make.PROFILES]
    yield from (["info", name] for name in [*files, "broken.safetensors", "missing.safetensors"])
    yield ["info", "--json", *files]
    yield ["verify", *files, "broken.safetensors"]
    yield ["verify", "--quiet", *files]
    for a, b in DIFFS:
        for options in ([], ["--json"], ["--limit=.5", "--share=.2", "--min-deviation=4"], ["--output=shift.png"],
                        ["--output=shift.png", "--max=3"]):
            yield ["diff", *options, f"{a}.safetensors", f"{b}.safetensors"]
    for names in itertools.chain(itertools.permutations(["RGB", "other", "masked", "plain"], 2), [
            ["RGB", "other", "plain"], ["channel", "channel"], ["I420", "I420"], ["RGB", "channel"], ["RGB", "Y16"],
            ["RGB10", "RGB10"]]):
        yield ["merge", "out.safetensors", *(f"{name}.safetensors" for name in names)]
    for name in files:
        for options in ([], ["--image=all"], ["--image=all", "--scale"], ["--image=all", "--depth=16"],
                        ["--image=all", "--fit=10"], ["--image=all", "--zoom=1"], ["--image=std", "--image=range", "--max=30"]):
            yield ["render", *options, name]
        yield ["report", name]
    for target, name, more in itertools.product(lists["command"]["exports"], ["RGB", "I420"], [
            ["--output=out.file"], ["--scope=channel"], ["--scope=global", "--layout=nchw", "--channel-order=bgr"],
            ["--scope=channel", "--size=64x32", "--model=net.onnx", "--tensor=in", "--output=out.file"],
            ["--method=fixed", "--units=unit", "--mean=.485,.456,.406", "--std=.229,.224,.225"],
            ["--method=flat-field", "--dark=other.safetensors", "--output=out.file"],
            ["--strict", "--scope=channel", "--epsilon=2", "--min-deviation=3"]]):
        yield ["export", "--to", target, *more, f"{name}.safetensors"]
    yield ["export", "--to", "nothing", files[0]]
    yield ["nothing"]


def pictures():
    random = make.random_of("pictures")
    return [(f"images/{i}.png", make.png(make.vary(random, 1, (8, 12, 3), 255)[0])) for i in range(5)]


def cases(lists):
    for i, words in enumerate(lines(lists)):
        yield Case("pixelprofile", " ".join(words), functools.partial(run, *words), i % 9 == 0)
    for more in (["--histogram"], ["--scope=channel"], ["--size=6x4", "--format=GRAY8"], ["--roi=1,2,6,4"]):
        # of several processes side by side, the file names its sources in the order in which they were done
        yield Case("pixelprofile", " ".join(["collect", *more]), functools.partial(
            run, "collect", "--jobs=1", *more, "out.safetensors", "images", with_plugins=True, files=pictures()))
