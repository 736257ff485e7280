"""All readers of CSV read the same values: over HTTP, in files, in training. Touches files under tmp_path."""

import csv
import io
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from function.errors import InvalidInput, RequestError
from function.files.formats import csv_file
from function.files.formats.csv_blocks import Block, score_block
from function.files.formats.csv_columns import Layout
from function.files.job import Limits
from function.formats import gzip_stream
from function.formats.csv_dialect import read_cell
from function.formats.csv_table import predict_csv_document, read_table
from function.model.cells import parse_cell
from function.model.contract import BOOLEAN, NUMBER, STRING, Feature
from function.model.runtime import Model, Runtime
from tests.unit.corpus_case import Case
from tests.unit.corpus_csv import csv_bodies
from tests.unit.files import files
from tests.unit.small_models import regressor
from training.errors import TrainingError
from training.tables.reading import load_table

LONG_BODY = 50_000
convert_bytes = partial(files.convert_bytes, limits=Limits(characters=40))
CASES = [case for case in csv_bodies() if len(case.body) < 200_000]
# Files have other limits than requests, and a column `error` more.
UNLIKE = {"csv-gzip-bomb", "csv-duplicate-reserved", "csv-rows-10001", "csv-gzip-cut"}


# Training does not know the names of features in advance, and refuses NUL.
UNKNOWN = {"csv-semicolons-comma-in-header", "csv-nul-in-extra", "cell-nullable-text-NUL"}


class Outcome(NamedTuple):
    """The outcome of a CSV: the code of its refusal, or the problems of its rows, or what was written."""

    refused: str | None
    problems: list[tuple[str, str]]
    written: str


@pytest.fixture(scope="module")
def models(houses: Model, iris: Model, mixed: Model, picky: Model) -> dict[str, Model]:
    return {"houses": houses, "iris": iris, "mixed": mixed, "picky": picky}


def score_body(model: Model, body: bytes) -> Outcome:
    try:
        return Outcome(None, [], predict_csv_document(model, body))
    except InvalidInput as error:
        rows = [problem for problem in error.problems if problem.pointer[1:2].isdigit()]
        return Outcome(None if rows else error.code, sorted((p.pointer, p.code) for p in error.problems), "")
    except RequestError as error:
        return Outcome(error.code, [("", str(error).replace("The body", "The file"))], "")


def score_file(model: Model, body: bytes, *, fast: bool) -> Outcome:
    try:
        out, tally = convert_bytes(partial(csv_file.convert, fast=fast), model, body)
    except InvalidInput as error:
        return Outcome(error.code, sorted((p.pointer, p.code) for p in error.problems), "")
    except RequestError as error:
        return Outcome(error.code, [("", str(error))], "")
    found = [
        (f"/{row['row'] - 1}{problem['pointer']}", problem["code"])
        for row in tally.first_rejected
        for problem in row["problems"]
    ]
    return Outcome(None, sorted(found), "" if found else out.decode())


def unpack(case: Case) -> bytes:
    """Unpack the body if it is gzip, as is done before a file's reader gets it."""
    return b"".join(gzip_stream.unpack_if_gzip([case.body], has_gzip_name=False))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] if len(case.body) > LONG_BODY else [])
        for case in CASES
        if case.name not in UNLIKE
    ],
)
def test_file_is_read_as_a_body_is(case: Case, models: dict[str, Model]) -> None:
    model = models[case.model]
    wanted = score_body(model, case.body)
    body = unpack(case)
    slow, fast = score_file(model, body, fast=False), score_file(model, body, fast=True)
    assert fast == slow
    assert slow.refused == wanted.refused
    if wanted.refused is None and not wanted.problems:
        assert drop_error_column(slow.written) == wanted.written
    else:
        assert slow.problems == wanted.problems


def drop_error_column(text: str) -> str:
    """Drop the last column of a file's results, which is empty if no row is rejected."""
    first, rest = text.split("\n", 1) if text.startswith("sep=") else ("", text)
    line_end = "\r\n" if rest.partition("error")[2].startswith("\r\n") else "\n"
    separator = rest.partition("error")[0][-1]
    rows = list(csv.reader(io.StringIO(rest, newline=""), delimiter=separator, strict=True))
    assert [row.pop() for row in rows] == ["error", *[""] * (len(rows) - 1)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=line_end).writerows(rows)
    return (f"{first}\n" if first else "") + out.getvalue()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("size;note\n1;a\n", "size;note;prediction;warnings;error\n1;a;1.0;;\n"),
        ("sep=;\r\nsize;note\r\n1;a\r\n", "sep=;\r\nsize;note;prediction;warnings;error\r\n1;a;1.0;;\r\n"),
        ("\n \nsize\tnote\n1\ta\n \n\n", "size\tnote\tprediction\twarnings\terror\n1\ta\t1.0\t\t\n"),
        ("size;note\n1,5;a\n-0,5;b\n", "size;note;prediction;warnings;error\n1,5;a;1.5;;\n"),
        ("size;note;\n1;a;\n", "size;note;;prediction;warnings;error\n1;a;;1.0;;\n"),
    ],
)
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_answer_keeps_the_separator_and_is_utf_8(text: str, written: str, fast: bool, encoding: str) -> None:
    out, _ = convert_bytes(partial(csv_file.convert, fast=fast), regressor(), text.encode(encoding))
    assert out.decode().startswith(written)


def test_decimal_commas_are_parsed_as_arrays_too() -> None:
    taken: list[bool] = []

    def score(layout: Layout, runtime: Runtime, block: bytes) -> Block | None:
        scored = score_block(layout, runtime, block)
        taken.append(scored is not None)
        return scored

    out, tally = convert_bytes(partial(csv_file.convert, score=score), regressor(), b"size;note\n" + b"1,25;a\n" * 99)
    assert taken
    assert all(taken)
    assert tally.rejected == 0
    assert out.endswith(b"1,25;a;1.25;;\n")


def test_decimal_mark_of_the_beginning_holds_for_all_rows() -> None:
    # More than the characters from which the mark is detected (csv_dialect.HEAD_CHARACTERS), in few rows.
    beginning = b"size;note\n" + (b"1,5;" + b"a" * 4_000 + b"\n") * 70 + b"1,5;a\n" * 50
    for row, rejected in ((b"2,5;a\n", 0), (b"1,500;a\n", 0), (b"2.5;a\n", 1), (b"1.250,5;a\n", 1)):
        for fast in (True, False):
            _, tally = convert_bytes(partial(csv_file.convert, fast=fast), regressor(), beginning + row, block=99_999)
            assert (tally.read, tally.rejected) == (121, rejected)


CELLS = [
    *("1500", "+1500", "-0", "1e3", "1E-3", ".5", "5.", "007", " 4 ", "\t4", "4\x1c", "1_0", "0x1F", "0b1", "1e999"),
    *("inf", "-Infinity", "nan", "NaN", "NA", "null", "None", "", " ", "\uff11", "\u0663", "1,5", "1 500", "1\xa0500"),
    *("true", "FALSE", " True", "yes", "0", "1", "a", "é", "1f", "0x1p3", "1d5", "+-1", "--1", "1e", "e1", "\ufeff1"),
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", [NUMBER, BOOLEAN, STRING])
def test_cell_is_the_same_value_in_every_reader(cell: str, kind: str, tmp_path: Path) -> None:
    feature = Feature("value", kind, nullable=True)
    value = parse_cell(feature, cell)
    is_one = value is None or type(value) in ({NUMBER: (float,), BOOLEAN: (bool,), STRING: (str,)}[kind])
    body = f'id,value\n1,"{cell}"\n'.encode()
    model = regressor([Feature("id", NUMBER), feature])
    over = score_body(model, body)
    assert (over.problems == []) == is_one
    for fast in (True, False):
        plain = body if "," in cell else body.replace(b'"', b"")
        assert score_file(model, plain, fast=fast).problems == over.problems

    table = tmp_path / "table.csv"
    ordinary = {NUMBER: "1", BOOLEAN: "true", STRING: "text"}[kind]
    table.write_bytes(f'id,value\n1,"{cell}"\n2,{ordinary}\n'.encode())
    column = load_table(table).get_column("value")
    assert (column.type == kind) == is_one
    if is_one:
        assert column.values.isna()[0] == (value is None)
        assert value is None or column.values[0] == value


@pytest.mark.parametrize("case", [c for c in CASES if c.expected[0] == 200], ids=lambda case: case.name)
def test_training_reads_the_cells_that_are_served(case: Case, models: dict[str, Model], tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(case.body)
    served = read_table(models[case.model].manifest.contract, case.body)
    if not served.rows or case.name in UNKNOWN:
        with pytest.raises(TrainingError):
            load_table(path)
        return
    table = load_table(path)
    assert table.rows == len(served.rows)
    for feature in models[case.model].manifest.contract.features:
        column = table.get_column(feature.name)
        place = served.header.index(feature.name)
        own = Feature("", column.type)
        values = [read_cell(served.dialect, own, row[place]) for row in served.rows]
        nulls = column.values.isna()
        assert [None if null else value for value, null in zip(column.values, nulls, strict=True)] == values
