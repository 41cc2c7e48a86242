#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the fuzzers that tests/fuzz/run built, one on each core, and says what came of it. Started by that script."""
import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

# FUZZER TABLE: name, folders of seeds, the files of src whose coverage counts, words that inputs are made of
PROFILE_FILES = ("safetensors.c", "profile-file.c", "profile-format.c", "profile.c", "moments.c")
FUZZERS = {
    "affine": (("affine", "safetensors"), ("safetensors.c", "learned-affine.c"), "profile.dict"),
    "safetensors": (("safetensors", "profile"), ("safetensors.c",), "profile.dict"),
    "profile": (("profile",), PROFILE_FILES, "profile.dict"),
    "profile-signed": (("profile",), PROFILE_FILES, "profile.dict"),
    "picture": (("picture",), ("read-jpeg.c", "read-png.c", "exif.c", "orient.c", "convert.c"), "picture.dict"),
}
LARGEST = 8192  # bytes of an input: four times the largest seed
SLOWEST = 10  # seconds for one input
MEMORY = 2048  # MiB

def command(name, build, source, seconds):
    corpus = build / "corpus" / name
    findings = build / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(exist_ok=True)
    return [build / "tests" / "fuzz" / f"fuzz-{name}", f"-max_total_time={seconds}", f"-max_len={LARGEST}",
            f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}", f"-dict={source}/{FUZZERS[name][2]}",
            f"-artifact_prefix={findings}/{name}-", "-print_final_stats=1",
            corpus, *(source / "seeds" / folder for folder in FUZZERS[name][0])]


def environment(name, build):
    return {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", "G_DEBUG": "fatal-warnings",
            "G_SLICE": "always-malloc", "LD_PRELOAD": "",
            "LLVM_PROFILE_FILE": str(build / f"{name}.profraw")}


def coverage(name, build):
    """Lines that were reached, and all lines, of the files that count."""
    profile = build / f"{name}.profdata"
    subprocess.run(["llvm-profdata", "merge", "-o", profile, build / f"{name}.profraw"], check=True)
    found = json.loads(subprocess.run(
        ["llvm-cov", "export", "-summary-only", f"-instr-profile={profile}", build / "tests" / "fuzz" / f"fuzz-{name}"],
        check=True, capture_output=True, text=True).stdout)
    files = [file["summary"]["lines"] for file in found["data"][0]["files"]
             if pathlib.Path(file["filename"]).parts[-3] == "src"
             and pathlib.Path(file["filename"]).name in FUZZERS[name][1]]
    return sum(lines["covered"] for lines in files), sum(lines["count"] for lines in files)


def print_result(name, build, seconds, log):
    """Says what a fuzzer that found nothing tried; whether it did something."""
    number = {key: int(value) for key, value in re.findall(r"^stat::(\w+):\s+(\d+)$", log, re.M)}
    inputs = number.get("number_of_executed_units", 0)
    try:
        reached, lines = coverage(name, build)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        print(f"The coverage of {name} is not known: {error}")
        return False
    print(f"{name}: {inputs} inputs in {seconds} seconds, {number.get('new_units_added', 0)} of them reached something "
          f"new; together {reached} of {lines} lines of {', '.join(FUZZERS[name][1])}", flush=True)
    return inputs > 0 and reached > 0


def run(name, build, source, seconds):
    """Runs one; the text for its failure, or None."""
    log_path = build / f"{name}.log"
    with log_path.open("w") as log:
        status = subprocess.run(command(name, build, source, seconds), stdout=log, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, env=environment(name, build)).returncode
    log = log_path.read_text(errors="replace")
    if status == 0 and print_result(name, build, seconds, log):
        return None
    print("\n".join(log.splitlines()[-60:]))
    kept = re.search(r"Test unit written to (\S+)", log)
    again = f"Once more: {build}/tests/fuzz/fuzz-{name} {kept[1]}" if kept else f"All lines: {log_path}"
    return f"exit status {status}. {again}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("seconds", type=int)
    parser.add_argument("--skip", metavar="WHY")
    parser.add_argument("name", nargs="*", choices=[[], *FUZZERS])
    options = parser.parse_args()
    passed = failed = skipped = 0
    suite = ElementTree.Element("testsuite", name="fuzz")
    names = options.name or list(FUZZERS)
    problems = []
    if not options.skip:
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as cores:
            problems = list(cores.map(lambda name: run(name, options.build, options.source, options.seconds), names))
    for name, problem in itertools.zip_longest(names, problems):
        case = ElementTree.SubElement(suite, "testcase", classname="fuzz", name=name)
        if options.skip:
            ElementTree.SubElement(case, "skipped", message=options.skip)
            skipped += 1
            continue
        if problem:
            print(f"FAILED {name}: {problem}")
            ElementTree.SubElement(case, "failure", message=problem)
        failed, passed = failed + bool(problem), passed + (not problem)
    ElementTree.ElementTree(suite).write(options.build / "results.xml")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
