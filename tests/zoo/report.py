"""The table of the zoo: each family, what answers it, its largest error and its start."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from function.model.manifest import FLAT
from tests.emulator import REPOSITORY

# Set by `python -m tests.zoo`: the estimators' own starts are measured too, which takes about a second for each.
MEASURES_JOBLIB = "ZOO_MEASURES_JOBLIB"
DOCUMENT = REPOSITORY / "docs" / "models.md"
BEGIN, END = "<!-- zoo -->\n", "<!-- end of zoo -->\n"
_STARTS = """\
import sys, time
begun = time.perf_counter()
from function.bundle.loading import load
model = load(sys.argv[1], sys.argv[2])
model.runtime.predict(model.manifest.contract.check([model.manifest.examples[0].record]).columns)
print((time.perf_counter() - begun) * 1e3)
"""


class Result(NamedTuple):
    """What became of a model: its family, its runtime, its largest relative error, and its start in milliseconds.

    `joblib_ms` is the start with the estimator itself, 0 if that was not measured.
    """

    family: str
    runtime: str
    largest_error: float
    start_ms: float
    joblib_ms: float = 0.0


def measure_start_ms(bundle: Path, runtime: str = "") -> float:
    """Return the milliseconds from a new interpreter to the answer for a record, without those of Python itself."""
    command = [sys.executable, "-c", _STARTS, str(bundle), runtime]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, env=dict(os.environ))
    return float(done.stdout)


def format_table(results: Iterable[Result]) -> str:
    """Format the results as a Markdown table, a row for each family in the order of their first results."""
    families: dict[str, list[Result]] = {}
    for result in results:
        families.setdefault(result.family, []).append(result)
    lines = [
        "| family | models | answered by | largest relative error | start, median | start of joblib ÷ start, least |",
        "|---|---|---|---|---|---|",
    ]
    for family, members in families.items():
        error = max(member.largest_error for member in members)
        start = statistics.median(member.start_ms for member in members)
        shown = "0, equal bits" if error == 0 else f"{error:.1g}"
        measured = [member for member in members if member.joblib_ms and member.runtime == FLAT]
        ratios = [member.joblib_ms / member.start_ms for member in measured]
        least = f"{min(ratios):.1f}" if ratios else "not measured"
        lines.append(f"| {family} | {len(members)} | {_count_runtimes(members)} | {shown} | {start:.0f} ms | {least} |")
    return "\n".join(lines) + "\n"


def _count_runtimes(members: Sequence[Result]) -> str:
    flat = sum(member.runtime == FLAT for member in members)
    others = sorted({member.runtime for member in members if member.runtime != FLAT})
    return FLAT if flat == len(members) else f"flat ({flat}), {', '.join(others)}"


def update_document(document: str, table: str) -> str:
    """Return the document with the table between its marks replaced."""
    before, _, rest = document.partition(BEGIN)
    return before + BEGIN + table + END + rest.partition(END)[2]
