#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up JUnit files of meson and pytest; a file that is missing counts as a failure.

    tests/count-results.py NAME=FILE...

NAME says which run it was: plain, sanitized, trixie. Prints which tests failed, then what was skipped, a line for each
reason, and last the line `N passed, N failed, N skipped`. Exit status 1 where one failed, or none passed.
"""
import ast
import sys
import xml.etree.ElementTree as ElementTree


def reason_of(case):
    """Why a test was skipped: pytest gives a message (of a whole file, a tuple in the text), meson what the test printed."""
    skipped = case.find("skipped")
    message = skipped.get("message")
    if message == "collection skipped":
        message = ast.literal_eval(skipped.text)[-1]
    message = message or case.findtext("system-out") or "it gives no reason"
    return " ".join(message.removeprefix("Skipped: ").split())


def print_skipped(found):
    """found: reason -> names of runs, one for each test."""
    for reason, names in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        print(f"SKIPPED {len(names)} ({', '.join(dict.fromkeys(names))}): {reason}")


def main(runs):
    passed = failed = 0
    skipped = {}
    for run in runs:
        name, _, path = run.partition("=")
        try:
            cases = list(ElementTree.parse(path).iter("testcase"))
        except (OSError, ElementTree.ParseError) as error:
            print(f"FAILED {name}: no results: {path}: {error}")
            failed += 1
            continue
        if not cases:
            print(f"FAILED {name}: no test ran: {path}")
            failed += 1
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                print(f"FAILED {name}: {case.get('classname')} {case.get('name')}")
                failed += 1
            elif case.find("skipped") is not None:
                skipped.setdefault(reason_of(case), []).append(name)
            else:
                passed += 1
    print_skipped(skipped)
    print(f"{passed} passed, {failed} failed, {sum(map(len, skipped.values()))} skipped")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1:]))
