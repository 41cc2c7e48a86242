# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables into pages: a file of all tables beside the results, and, between markers, those that a page of docs asks for."""
import json
import re
import shutil

import plots
import summary
from results import Results

MARKED = re.compile(r"(<!-- experiment: ([a-z]+) -->\n).*?(<!-- end of [a-z]+ -->)", re.DOTALL)
PAGES = ("which-normalization.md", "which-normalization-tables.md")


def write_tables(results, path):
    path.write_text("\n\n".join(f"## {name}\n\n{text}" for name, text in summary.tables_of(results).items()) + "\n")


def fill(text, tables):
    """A page with what its markers ask for."""
    return MARKED.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}", text)


def write_results(results, path):
    """Sorted, and without the curves of the search for learning rates, which would make half of the file."""
    lines = []
    for identity in sorted(results.records, key=str):
        record = dict(results.records[identity])
        if record.get("phase") == "tune":
            record.pop("curve", None)
        lines.append(json.dumps(record, separators=(",", ":")) + "\n")
    path.write_text("".join(lines))


def refresh_docs(output, docs):
    """The results file and plots of a run into docs/experiment, its tables into the pages."""
    folder = docs / "experiment"
    folder.mkdir(exist_ok=True)
    source = output / "results.jsonl"
    if not source.exists():
        raise FileNotFoundError(f"expected a results file, found no {source}; run the experiment first")
    write_results(Results(source), folder / "results.jsonl")
    for name in (*plots.PLOTS, "pictures.png"):
        if (output / name).exists():
            shutil.copyfile(output / name, folder / name)
    tables = summary.tables_of(Results(folder / "results.jsonl"))
    for page in (docs / name for name in PAGES):
        if page.exists():
            page.write_text(fill(page.read_text(), tables))
