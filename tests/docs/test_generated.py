"""What documents show and programs make: the costs' table, the architecture's picture. Reads files only."""

import json
import runpy

import pytest

from benchmarks import costs
from tests.emulator import REPOSITORY

DOCS = REPOSITORY / "docs"
RESULTS = json.loads((REPOSITORY / "benchmarks" / "results.json").read_text())
draw = runpy.run_path(str(DOCS / "architecture.py"))["draw"]


def test_costs_are_those_of_the_measured_times() -> None:
    document = costs.DOCUMENT.read_text()
    assert costs.update_document(document, RESULTS) == document
    assert document.count(" USD |") == 3 * len(costs.MEMORY_MB) * 3


def test_other_times_cost_otherwise() -> None:
    slower = json.loads(json.dumps(RESULTS))
    for run in slower["cold"]["article"]["ours"]:
        run["warm_ms"] += 10
    assert costs.format_table(slower) != costs.format_table(RESULTS)


def test_picture_is_that_of_its_source() -> None:
    source = (DOCS / "architecture.txt").read_text()
    assert draw(source) == (DOCS / "architecture.svg").read_text()
    assert draw(source.replace("invoke", "call")) != draw(source)


@pytest.mark.parametrize("line", ["circle a | 0 0", "arrows a > b"])
def test_line_that_is_no_part_of_a_picture_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="neither a box nor an arrow"):
        draw(line)


def test_arrow_of_both_directions_is_one_line() -> None:
    picture = draw("box a | 0 0 | 1 | A | a | aws\nbox b | 0 1 | 1 | B | b | aws\narrow a <> b")
    assert picture.count('<path class="both" d="M110 78V110"/>') == 1
