"""Files of models of each task: CSV, Parquet and JSON lines hold the values that the model answers. Touches nothing."""

import csv
import io
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from function.files.formats import csv_file
from function.files.formats.csv_blocks import Block, score_block
from function.files.formats.csv_columns import Layout
from function.formats.csv_table import neutralise, predict_csv_document
from function.model.contract import NUMBER, Feature
from function.model.runtime import Model, Runtime
from function.model.target import Label, describe_prediction, describe_scores, find_label_type, format_label
from tests.unit.files.files import convert_bytes, score_json_lines, score_parquet
from tests.unit.small_targets import CASES, answer, make_model

# With a value that is out of the range, so that a row has a warning and is scored by itself.
NUMBERS = [0.0, 1.0, 2.0, 3.5, 4.0, 99.0, 5.0]
BOTH = (Feature("size", NUMBER, False, 0, 10), Feature("other", NUMBER, True, 0, 10))
CSV = "size,other\n" + "".join(f"{number!r},1\n" for number in NUMBERS) + ",1\n"


def make_case(name: str) -> tuple[Model, list[list[Label]]]:
    """The model, and the outputs for NUMBERS."""
    return make_model(name, BOTH), [answer(CASES[name][1], number) for number in NUMBERS]


def read_csv(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    return header, rows


def format_values(output: Sequence[Label]) -> list[str]:
    return [neutralise(format_label(value)) for value in output]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_csv_has_a_column_for_each_value(name: str, fast: bool) -> None:
    model, expected = make_case(name)
    taken: list[bool] = []

    def score(layout: Layout, runtime: Runtime, block: bytes) -> Block | None:
        scored = score_block(layout, runtime, block)
        taken.append(scored is not None)
        return scored

    convert = partial(csv_file.convert, fast=fast, score=score)
    answered, tally = convert_bytes(convert, model, CSV.encode(), block=1_000)
    header, rows = read_csv(answered.decode())
    columns = model.manifest.outputs
    assert header == ["size", "other", *columns.values, columns.warnings, columns.error]
    assert [row[2:-2] for row in rows] == [*map(format_values, expected), [""] * len(columns.values)]
    assert [bool(row[-2]) for row in rows] == [number > 10 for number in NUMBERS] + [False]
    assert [bool(row[-1]) for row in rows] == [False] * len(NUMBERS) + [True]
    assert (tally.read, tally.rejected) == (len(NUMBERS) + 1, 1)
    assert taken == [True] * fast


@pytest.mark.parametrize("name", CASES)
def test_csv_of_a_request_has_the_same_columns(name: str) -> None:
    model, expected = make_case(name)
    header, rows = read_csv(predict_csv_document(model, CSV[: CSV.index("\n,1") + 1].encode()))
    assert header == ["size", "other", *model.manifest.outputs.columns]
    assert [row[2:-1] for row in rows] == list(map(format_values, expected))


@pytest.mark.parametrize("name", CASES)
def test_parquet_has_a_typed_column_for_each_value(name: str) -> None:
    model, expected = make_case(name)
    table = pyarrow.table({"size": [*NUMBERS, None], "other": [1.0] * (len(NUMBERS) + 1)})
    data = io.BytesIO()
    parquet.write_table(table, data)
    answered, tally = score_parquet(model, data.getvalue())
    found = parquet.read_table(io.BytesIO(answered))
    columns = model.manifest.outputs
    assert found.column_names == ["size", "other", *columns.values, columns.warnings, columns.error]
    rows = [list(row.values())[2:-2] for row in found.to_pylist()]
    assert rows == [*expected, [None] * len(columns.values)]
    types: list[type] = []
    for target in model.manifest.targets:
        types += [find_label_type(target), *[float] * (target.width - 1)]
    assert [[type(value) for value in row] for row in rows[:-1]] == [types] * len(NUMBERS)
    assert tally.rejected == 1


@pytest.mark.parametrize("name", CASES)
def test_json_lines_have_what_an_answer_has(name: str) -> None:
    model, expected = make_case(name)
    targets = model.manifest.targets
    lines = [json.dumps({"size": number, "other": 1}).encode() for number in NUMBERS]
    answered, tally = score_json_lines(model, b"\n".join([*lines, b'{"size": "x", "other": 1}']))
    found: list[dict[str, Any]] = [json.loads(line) for line in answered]
    assert [line["prediction"] for line in found[:-1]] == [describe_prediction(targets, each) for each in expected]
    if targets[0].scores:
        assert [line[targets[0].scores] for line in found[:-1]] == [describe_scores(targets, each) for each in expected]
    added = {*model.manifest.outputs.members}
    assert all(line.keys() - {"size", "other"} <= added for line in found)
    assert (tally.read, tally.rejected) == (len(NUMBERS) + 1, 1)
    assert "error" in found[-1]
