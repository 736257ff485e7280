"""Categories are looked up in the file: a record and a table alike, however many there are. Touches nothing."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import pytest

from function.model.runtime import NotPredictable
from function.runtimes.flat import lookups
from function.runtimes.flat.categories import OPERATIONS
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation

type Arrays = Mapping[str, tuple[str, Sequence[float]]]

NAN = float("nan")
TEXTS = ["", " ", "A", "a", "a ", "ab", "straße", "z", "№1 🏠", "\ud800"]
NUMBERS = [-1.5, 0.0, 1.0, 2.25, 1e300]


def make_step(op: str, arrays: Arrays, columns: int = 1, **options: Any) -> Step:
    """A step that takes one block of so many columns."""
    views = {
        name: memoryview(numpy.array(values, dtype=numpy.dtype(code)).tobytes()).cast(code)  # type: ignore[call-overload]
        for name, (code, values) in arrays.items()
    }
    return Step(op, (0,), (columns,), options, views)


def list_arrays(texts: Sequence[str], numbers: Sequence[float]) -> dict[str, tuple[str, Sequence[float]]]:
    """The arrays of a column of texts, whose codes count down, and one of numbers, whose codes count up."""
    encoded = sorted(text.encode("utf-8", "surrogatepass") for text in texts)
    return {
        "bounds": ("I", [0, len(texts), len(texts) + len(numbers)]),
        "codes": ("I", [*range(len(texts))[::-1], *range(len(numbers))]),
        "ends": ("I", numpy.cumsum([len(text) for text in encoded]).tolist()),
        "bytes": ("B", list(b"".join(encoded))),
        "numbers": ("d", numbers),
    }


OPTIONS: dict[str, Any] = {"kinds": ["text", "number"], "nulls": [77, None], "refuses": [False, False]}


def make_code(texts: Sequence[str] = TEXTS, numbers: Sequence[float] = NUMBERS, **changed: Any) -> Operation:
    return OPERATIONS["code"](make_step("code", list_arrays(texts, numbers), 2, **OPTIONS | changed))


def make_table(rows: Sequence[Sequence[Any]]) -> list[Any]:
    texts, numbers = zip(*rows, strict=True)
    column = numpy.empty(len(rows), dtype=object)
    column[:] = texts
    return [column, numpy.array([NAN if number is None else number for number in numbers], dtype=float)]


def test_each_category_has_its_code() -> None:
    operation = make_code()
    in_order = sorted(TEXTS, key=lambda text: text.encode("utf-8", "surrogatepass"))
    rows = [list(row) for row in zip(TEXTS, [*NUMBERS] * 2, strict=True)]
    codes = [9.0 - in_order.index(text) for text in TEXTS]
    expected = [list(row) for row in zip(codes, [0.0, 1.0, 2.0, 3.0, 4.0] * 2, strict=True)]
    for _ in range(2):  # the second time, they are remembered
        assert [operation.run_row(row) for row in rows] == expected
    assert [list(row) for row in zip(*operation.run_table(make_table(rows)), strict=True)] == expected


@pytest.mark.parametrize("text", ["b", "aa", "a\0", "\0", "STRASSE", "№1 🏠!", "№1", "\udfff", "x" * 10_000])
@pytest.mark.parametrize("number", [0.5, -1e308, float("inf"), -float("inf"), 1.0000000000000002])
def test_unknown_value_has_the_code_minus_one(text: str, number: float) -> None:
    operation = make_code()
    assert operation.run_row([text, number]) == [-1.0, -1.0]
    assert [column.tolist() for column in operation.run_table(make_table([[text, number]]))] == [[-1.0], [-1.0]]


@pytest.mark.parametrize("null", [None, NAN])
def test_null_has_its_own_code_or_is_unknown(null: float | None) -> None:
    for nulls, expected in (([77, None], [77.0, -1.0]), ([None, 3], [-1.0, 3.0])):
        operation = make_code(nulls=nulls)
        assert operation.run_row([null, null]) == expected
        assert [column.tolist() for column in operation.run_table(make_table([[null, null]]))] == [
            [code] for code in expected
        ]
    all_null = [numpy.array([NAN, NAN]), numpy.array([NAN, NAN])]  # texts that are all null come as numbers
    assert make_code().run_table(all_null)[0].tolist() == [77.0, 77.0]


def test_booleans_are_the_numbers_0_and_1() -> None:
    operation = make_code()
    assert [operation.run_row(["a", value])[1] for value in (False, True)] == [1.0, 2.0]
    column = operation.run_table([numpy.array(["a", "a"], dtype=object), numpy.array([False, True])])[1]
    assert column.tolist() == [1.0, 2.0]


def test_value_of_the_other_kind_is_unknown() -> None:
    operation = make_code()
    assert operation.run_row([1.0, "a"]) == [-1.0, -1.0]
    mixed = [numpy.array([1.0, "a"], dtype=object), numpy.array(["a", 1.0], dtype=object)]
    assert [column.tolist() for column in operation.run_table(mixed)] == [
        [-1.0, operation.run_row(["a", 0])[0]],
        [-1.0, 2.0],
    ]


@pytest.mark.parametrize("row", [["never", 1.0], ["a", 1.5], ["a", None]])
def test_unknown_value_is_refused_where_the_encoder_refuses_it(row: list[Any]) -> None:
    operation = make_code(refuses=[True, True])
    assert operation.run_row(["a", 1.0])[1] == 2.0
    for _ in range(2):
        with pytest.raises(NotPredictable):
            operation.run_row(row)
        with pytest.raises(NotPredictable):
            operation.run_table(make_table([["a", 1.0], row]))


def test_columns_without_categories_know_none() -> None:
    operation = make_code([], [])
    assert operation.run_row(["a", 1.0]) == [-1.0, -1.0]
    assert [column.tolist() for column in operation.run_table(make_table([["a", 1.0]]))] == [[-1.0], [-1.0]]


def test_a_hundred_thousand_categories_are_found() -> None:
    texts = [f"category {number:x} of a shop" for number in range(100_000)]
    operation = make_code(texts, [float(number) / 7 for number in range(100_000)])
    codes = dict(zip(sorted(texts), range(99_999, -1, -1), strict=True))
    drawn = random.Random(5).sample(range(100_000), 3_000)
    rows = [[texts[number], number / 7] for number in drawn]
    expected = [[float(codes[texts[number]]), float(number)] for number in drawn]
    assert [operation.run_row(row) for row in rows] == expected
    assert [list(row) for row in zip(*operation.run_table(make_table(rows)), strict=True)] == expected
    assert operation.work == make_code().work


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = lookups.NumberLookup(
        lookups.Settings(memoryview(b"").cast("I"), -1.0, refuses=False, most=10), memoryview(b"").cast("d")
    )
    assert [lookup[float(number)] for number in range(1_000)] == [-1.0] * 1_000
    assert len(lookup) <= 10
    for _ in range(100):
        assert lookup[float("nan")] == -1.0
    assert len(lookup) <= 10
    text = make_code()
    text.run_row(["y" * 101, 1.0])
    text.run_row(["y" * 100, 1.0])
    assert list(text.lookups[0]) == ["y" * 100]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "changed",
    [
        {"kinds": ["text"]},
        {"kinds": ["text", "regex"]},
        {"kinds": ["text", []]},
        {"kinds": ["number", "text"]},
        {"kinds": None},
        {"nulls": [None]},
        {"nulls": [-1, None]},
        {"nulls": [0.5, None]},
        {"nulls": [True, None]},
        {"nulls": [2**32, None]},
        {"nulls": ["0", None]},
        {"refuses": [False]},
        {"refuses": 1},
    ],
)
def test_options_of_no_encoder_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        make_code(**changed)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("bounds", ("I", [0, 10])),
        ("bounds", ("I", [0, 10, 16])),
        ("bounds", ("I", [0, 16, 15])),
        ("bounds", ("I", [1, 10, 15])),
        ("bounds", ("I", [0, 9, 15])),
        ("bounds", ("I", [0, 11, 15])),
        ("bounds", ("d", [0, 10, 15])),
        ("codes", ("I", [0] * 14)),
        ("codes", ("d", [0.0] * 15)),
        ("ends", ("I", [0] * 9)),
        ("numbers", ("d", [0.0] * 6)),
        ("bytes", ("I", [0])),
    ],
)
def test_arrays_of_no_encoder_are_refused(name: str, array: tuple[str, Sequence[float]]) -> None:
    arrays = list_arrays(TEXTS, NUMBERS) | {name: array}
    with pytest.raises((ValueError, TypeError, KeyError)):
        OPERATIONS["code"](make_step("code", arrays, 2, **OPTIONS))


def test_ends_and_numbers_that_are_no_order_lead_nowhere_else() -> None:
    generator = random.Random(3)
    for _ in range(200):
        arrays = list_arrays(TEXTS, NUMBERS)
        arrays["ends"] = ("I", [generator.choice([0, 1, 5, 9, 2**32 - 1]) for _ in TEXTS])
        arrays["numbers"] = ("d", [generator.choice([NAN, 0.0, 1.0, float("inf")]) for _ in NUMBERS])
        operation = OPERATIONS["code"](make_step("code", arrays, 2, **OPTIONS))
        rows = [[generator.choice(TEXTS), generator.choice(NUMBERS)] for _ in range(5)]
        found = [operation.run_row(row) for row in rows]
        assert {code for row in found for code in row} <= {-1.0, *map(float, range(10))}
        assert operation.run_table(make_table(rows))[0].tolist() == [row[0] for row in found]


def test_codes_are_mapped_to_numbers_and_an_unknown_one_to_the_last() -> None:
    step = make_step("map", {"bounds": ("I", [0, 3, 5]), "numbers": ("d", [5.0, 6.0, NAN, 7.5, 8.5])}, 2)
    operation = OPERATIONS["map"](step)
    rows = [[0.0, 0.0], [1.0, -1.0], [-1.0, -1.0]]
    table = [numpy.array(column) for column in zip(*rows, strict=True)]
    found = [operation.run_row(row) for row in rows]
    assert numpy.array_equal(found, [[5.0, 7.5], [6.0, 8.5], [NAN, 8.5]], equal_nan=True)
    assert numpy.array_equal(numpy.column_stack(operation.run_table(table)), found, equal_nan=True)
    with pytest.raises(IndexError):
        operation.run_row([3.0, 0.0])
    with pytest.raises(IndexError):
        operation.run_table([numpy.array([3.0]), numpy.array([0.0])])


def test_codes_are_shown_by_indicators() -> None:
    # The first column drops its code 0; the second one's unknown values have an indicator with its code 1.
    arrays = {"bounds": ("I", [0, 3, 6]), "places": ("H", [0, 1, 0, 2, 3, 3])}
    operation = OPERATIONS["indicate"](make_step("indicate", arrays, 2, width=3))
    rows = [[0.0, 0.0], [1.0, 1.0], [-1.0, -1.0]]
    expected = [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    assert [operation.run_row(row) for row in rows] == expected
    table = operation.run_table([numpy.array(column) for column in zip(*rows, strict=True)])
    assert numpy.column_stack(table).tolist() == expected
    for run, block in (
        (operation.run_row, [3.0, 0.0]),
        (operation.run_table, [numpy.array([3.0]), numpy.array([0.0])]),
    ):
        with pytest.raises(IndexError):
            run(block)


@pytest.mark.parametrize(
    ("op", "bounds", "width"),
    [
        ("map", [0, 3], None),
        ("map", [0, 3, 3], None),
        ("map", [1, 3, 6], None),
        ("map", [0, 5, 4], None),
        ("map", [0, 3, 7], None),
        ("indicate", [0, 3], 3),
        ("indicate", [0, 3, 3], 3),
        ("indicate", [1, 3, 6], 3),
        ("indicate", [0, 7, 6], 3),
        ("indicate", [0, 3, 6], 7),
        ("indicate", [0, 3, 6], -1),
        ("indicate", [0, 3, 6], True),
    ],
)
def test_tables_of_no_encoder_are_refused(op: str, bounds: list[int], width: int | None) -> None:
    arrays: Arrays = {"bounds": ("I", bounds), "numbers": ("d", [0.0] * 6), "places": ("H", [1] * 6)}
    with pytest.raises((ValueError, TypeError, KeyError)):
        OPERATIONS[op](make_step(op, arrays, 2, **({} if width is None else {"width": width})))


def test_an_indicator_that_is_not_there_is_found_when_it_is_looked_at() -> None:
    arrays = {"bounds": ("I", [0, 3]), "places": ("H", [1, 9, 0])}
    operation = OPERATIONS["indicate"](make_step("indicate", arrays, width=2))
    assert operation.run_row([0.0]) == [1.0, 0.0]
    with pytest.raises(IndexError):
        operation.run_row([1.0])
    with pytest.raises(IndexError):
        operation.run_table([numpy.array([0.0, 1.0])])
