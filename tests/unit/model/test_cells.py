"""Cells of a CSV as values, and values as cells. Touches nothing."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.model.cells import is_number, parse_cell, parse_number, quote_cell
from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT, Feature

SIZE = Feature("size", NUMBER)
NEW = Feature("new", BOOLEAN)
COLOUR = Feature("colour", STRING, categories=("blue", "red"))


@pytest.mark.parametrize(
    ("feature", "cell", "value"),
    [
        (SIZE, "3", 3.0),
        (SIZE, " 3.5 ", 3.5),
        (SIZE, "+3", 3.0),
        (SIZE, "", None),
        (SIZE, "NA", None),
        (SIZE, "nan", None),
        (SIZE, "inf", "inf"),
        (SIZE, "1_000", "1_000"),
        (SIZE, "\u0663", "\u0663"),
        (SIZE, "three", "three"),
        (NEW, "true", True),
        (NEW, "FALSE", False),
        (NEW, "1", "1"),
        (NEW, "None", None),
        (COLOUR, "red", "red"),
        (COLOUR, "", None),
        (COLOUR, "NA", None),
        (COLOUR, "n/a", None),
        (COLOUR, "#N/A", None),
        (COLOUR, "na", "na"),
        (COLOUR, " NA", " NA"),
        (COLOUR._replace(null_cells=frozenset({""})), "NA", "NA"),
        (COLOUR._replace(null_cells=frozenset({""})), "", None),
        (COLOUR._replace(null_cells=frozenset()), "", ""),
        (COLOUR._replace(type=TEXT), "null", None),
        (COLOUR, " ", " "),
        (COLOUR, "5", "5"),
    ],
)
def test_cell_is_the_value_it_stands_for(feature: Feature, cell: str, value: object) -> None:
    found = parse_cell(feature, cell)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("cell", ["inf", "nan", "1e999", "1_0", "\uff11", "0x10", "", "1,5", "--1"])
def test_what_only_python_reads_is_no_number(cell: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the type is the contract
        parse_number(cell)
    assert not is_number(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_float_is_read_back(number: float) -> None:
    assert parse_number(repr(number)) == number
    assert is_number(repr(number))


@given(st.lists(st.text(st.sampled_from('a;,"\r\n\t ')), min_size=2), st.sampled_from(",;\t"))
def test_quoted_cells_are_read_back(cells: list[str], separator: str) -> None:
    line = separator.join(quote_cell(cell, separator) for cell in cells)
    assert list(csv.reader(line.splitlines(keepends=True), delimiter=separator, strict=True)) == [cells]


def test_only_a_cell_that_needs_quotes_gets_them() -> None:
    assert [quote_cell(cell) for cell in ("a b", "a;b", "a,b", 'a"b')] == ["a b", "a;b", '"a,b"', '"a""b"']
