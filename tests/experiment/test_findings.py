# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages about the experiment say what the results file says, and no other number."""
import itertools
import pathlib
import re
import sys

import pytest

DOCS = pathlib.Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "experiment"))

from reports import want  # noqa: E402

want("scipy")
want("matplotlib")

pytestmark = pytest.mark.unsanitized("tables and texts of the experiment, nothing compiled")

import page  # noqa: E402
import plots  # noqa: E402
import studies  # noqa: E402
import summary  # noqa: E402
from results import Results  # noqa: E402

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])")
# what is no result: formulas, ranges, the network, the machinery of statistics
DEFINITIONS = set("""0 0.4 0.5 1 2 4 5 8 10 16 32 50 95 100 127.5 255 500""".split())


@pytest.fixture(scope="module")
def tables():
    return summary.tables_of(Results(DOCS / "experiment/results.jsonl"))


TEXTS = {name: (DOCS / name).read_text() for name in page.PAGES}
everywhere = pytest.mark.parametrize("name", page.PAGES)


def words_of(name):
    """A page without its tables."""
    return page.MARKED.sub("", TEXTS[name])


def test_tables_are_the_results(tables):
    """Every table stands on one page, as the results make it."""
    marked = [found for text in TEXTS.values() for found in page.MARKED.finditer(text)]
    assert sorted(found[2] for found in marked) == sorted(tables)
    for found in marked:
        assert found[0] == page.fill(found[0], tables), f"{found[2]}: refresh with docs/experiment/run --docs"


@everywhere
def test_numbers_in_words_are_in_the_tables(name, tables):
    known = set(NUMBER.findall("\n".join(tables.values()))) | DEFINITIONS
    words = re.sub(r"^\d+\. |\((?:19|20)\d\d\)", " ", words_of(name), flags=re.MULTILINE)  # of lists, and years of papers
    words = re.sub(r"^ {4}.*$|!?\[[^]]*\]\([^)]*\)|[\w-]+=\d+|\d+x\d+|int8|float32|(?<=[\d]) MB", " ", words, flags=re.MULTILINE)
    unknown = [number for number in NUMBER.findall(words) if number not in known]
    assert not unknown, f"not in the results: {unknown}"


def test_differences_in_words_are_differences(tables):
    """What has an interval in words has it in a table."""
    rows = "\n".join(tables.values())
    found = re.findall(r"(\d+\.\d) ± (\d+\.\d)", " ".join(" ".join(map(words_of, page.PAGES)).split()))
    assert len(found) >= 10
    for mean, half in found:
        assert re.search(rf"[+-]{mean} ± {half}", rows), f"{mean} ± {half}"


def test_every_run_is_there():
    """Ten seeds for every set and method, and of a study those of its row."""
    results = Results(DOCS / "experiment/results.jsonl")
    for key in summary.sets_of(results):
        for method in summary.methods_in(results):
            seeds = sorted(summary.values_of(results, key, method))
            assert seeds in ([], list(range(10))), (key, method)
            assert seeds or (key, method) == ("street", "zscore-1-affine")
    for study in studies.STUDIES:
        network = study.network if study.network != "plain" else None
        for key, method in itertools.product(study.sets, study.methods):
            found = sorted(summary.values_of(results, key, method, network=network, variant=study.variant))
            assert found[:study.seeds] == list(range(study.seeds)), (key, method, study.network, study.variant)


def test_pictures_are_there():
    names = re.findall(r"!\[[^]]*\]\(([^)]*)\)", "".join(TEXTS.values()))
    assert sorted(names) == sorted(f"experiment/{name}" for name in (*plots.PLOTS, "pictures.png"))
    for name in names:
        assert (DOCS / name).read_bytes().startswith(b"\x89PNG"), name
        assert (DOCS / name).stat().st_size < 400_000, name
