#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up JUnit files of meson and pytest; a file that is missing counts as a failure.

    tests/count-results.py NAME=FILE...

NAME says which run it was: plain, sanitized, trixie. Prints which tests failed, and last the line `N passed, N failed,
N skipped`. Exit status 1 where one failed, or none passed.
"""
import sys
import xml.etree.ElementTree as ElementTree


def main(runs):
    passed = failed = skipped = 0
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
                skipped += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1:]))
