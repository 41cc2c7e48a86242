# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests/same-bits is made of: builds.py finds what a build holds, worker.py runs cases in one build and tells the
digests of their results, comparison.py compares two such lists. The cases are in elements.py, statistics_cases.py,
refusals.py, library.py and command.py; frames.py makes their input, which no build has a part in."""
