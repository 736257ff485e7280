"""Operations on scores: a record's bits are those of a table, numpy's and scipy's; damaged steps are refused."""

import math
import random
from array import array
from typing import Any

import numpy
import pytest
from scipy.interpolate import interp1d

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation
from function.runtimes.flat.operations import create_operation

NUMBERS = [0.0, -0.0, 0.1, 0.5, 1.0, -1.0, 2.0, 1 / 3, 5e-324, 1e-300, 1e300, -1e300, math.inf, -math.inf, math.nan]


type Arrays = dict[str, tuple[str, list[Any]]]


def create(op: str, widths: list[int], arrays: Arrays | None = None, **options: Any) -> Operation:
    held = {name: memoryview(array(code, values)) for name, (code, values) in (arrays or {}).items()}
    return create_operation(Step(op, tuple(range(len(widths))), tuple(widths), options, held))


def create_curve(outside: str = "clip", single: bool = False, changed: Arrays | None = None) -> Operation:
    arrays: Arrays = {"bounds": ("I", [0, 4]), "x": ("d", [-1.0, 0.0, 0.5, 2.0]), "y": ("d", [0.0, 0.25, 0.25, 1.0])}
    return create("curve", [1], arrays | (changed or {}), outside=outside, single=single)


def list_rows(width: int) -> list[list[float]]:
    generator = random.Random(width)
    return [[generator.choice([*NUMBERS, generator.gauss(0, 2)]) for _ in range(width)] for _ in range(2_000)]


def make_table(rows: list[list[float]]) -> list[Any]:
    return list(numpy.array(rows).T)


def list_bits(rows: list[list[float]]) -> list[list[str]]:
    # All NaN are one: their sign and payload are lost in JSON.
    return [["nan" if math.isnan(value) else float(value).hex() for value in row] for row in rows]


def check_both_ways(operation: Operation, *blocks: list[list[float]]) -> list[list[float]]:
    """Check that records and a table get the same bits; return them."""
    found = [operation.run_row(*rows) for rows in zip(*blocks, strict=True)]
    with numpy.errstate(all="ignore"):
        table = operation.run_table(*map(make_table, blocks))
    assert list_bits(numpy.array(table).T.tolist()) == list_bits(found)
    assert len(table) == operation.width
    return found


@pytest.mark.parametrize("outside", ["clip", "nan"])
def test_curve_is_that_of_numpy(outside: str) -> None:
    rows = list_rows(1)
    found = check_both_ways(create_curve(outside), rows)
    x, y = [-1.0, 0.0, 0.5, 2.0], [0.0, 0.25, 0.25, 1.0]
    edges = {"left": math.nan, "right": math.nan} if outside == "nan" else {}
    expected = numpy.interp([row[0] for row in rows], x, y, **edges)
    assert list_bits(found) == list_bits(expected[:, None].tolist())


def test_curve_of_float32_is_that_of_scipy() -> None:
    generator = numpy.random.default_rng(0)
    x = numpy.sort(generator.normal(size=40).astype(numpy.float32))
    y = generator.random(40).astype(numpy.float32)
    arrays: Arrays = {"bounds": ("I", [0, 40]), "x": ("d", x.tolist()), "y": ("d", y.tolist())}
    rows = generator.uniform(x[0], x[-1], (3_000, 1)).astype(numpy.float32)
    found = check_both_ways(create_curve(single=True, changed=arrays), [*rows.tolist(), *x[:, None].tolist()])
    expected = interp1d(x, y)(numpy.concatenate([rows[:, 0], x]))
    assert expected.dtype == numpy.float32
    assert [row[0] for row in found] == expected.tolist()


def test_each_column_has_its_curve() -> None:
    x = [0.0, 1.0, 5.0, -2.0, -1.0]
    arrays: Arrays = {"bounds": ("I", [0, 2, 3, 5]), "x": ("d", x), "y": ("d", [1.0, 3.0, 7.0, 0.0, 0.5])}
    operation = create("curve", [3], arrays, outside="clip", single=False)
    check_both_ways(operation, list_rows(3))
    assert operation.run_row([0.5, -9.0, -1.5]) == [2.0, 7.0, 0.25]


def test_curve_refuses_what_is_outside() -> None:
    operation = create_curve("refuse")
    assert operation.run_row([-1.0]) == [0.0]
    assert operation.run_row([2.0]) == [1.0]
    for value in (math.nextafter(2.0, 3), -1.1, math.inf):
        with pytest.raises(NotPredictable):
            operation.run_row([value])
        with pytest.raises(NotPredictable):
            operation.run_table([numpy.array([0.0, value])])


@pytest.mark.parametrize(
    "changed",
    [
        {"bounds": ("I", [0, 3])},
        {"bounds": ("I", [1, 4])},
        {"bounds": ("I", [0, 4, 4])},
        {"bounds": ("I", [4, 0])},
        {"x": ("d", [0.0] * 3)},
        {"y": ("d", [0.0] * 5)},
        {"y": ("I", [0] * 4)},
        {"outside": "nearest"},
        {"outside": None},
        {"single": 1},
    ],
)
def test_damaged_curve_is_refused(changed: dict[str, Any]) -> None:
    arrays = {"bounds": ("I", [0, 4]), "x": ("d", [-1.0, 0.0, 0.5, 2.0]), "y": ("d", [0.0] * 4)}
    options = {"outside": "clip", "single": False} | {k: v for k, v in changed.items() if k not in arrays}
    with pytest.raises((ValueError, KeyError)):
        create("curve", [1], arrays | {k: v for k, v in changed.items() if k in arrays}, **options)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0.0, 0.0, 1.0, 2.0], [0.0] * 4),
        ([0.0, math.nan, 1.0, 2.0], [0.0] * 4),
        ([3.0, 2.0, 1.0, 0.0], [0.0] * 4),
        ([0.0, 1.0, 2.0, math.inf], [0.0] * 4),
        ([0.0, 1.0, 2.0, 3.0], [0.0, math.nan, 0.0, 0.0]),
    ],
)
def test_curve_that_does_not_rise_is_refused_by_its_check_and_read_within_its_arrays(
    x: list[float], y: list[float]
) -> None:
    operation: Any = create_curve(changed={"x": ("d", x), "y": ("d", y)})
    for (value,) in list_rows(1)[:200]:
        assert len(operation.run_row([value])) == 1
    with pytest.raises(ValueError, match=r"curve|point"):
        operation.check()


def test_curve_of_float32_has_points_of_float32() -> None:
    create_curve(single=True).check()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="float32"):
        create_curve(single=True, changed={"y": ("d", [0.0, 0.1, 0.2, 0.3])}).check()  # type: ignore[attr-defined]


@pytest.mark.parametrize("power", [2.0, 3.0, 0.5, -1.0, -0.5, 1 / 3, 0.0, 900.0])
def test_power_is_that_of_numpy(power: float) -> None:
    # Of minus infinity numpy gives NaN for some powers, and infinity for others.
    rows = [row for row in list_rows(1) if row[0] != -math.inf]
    found = check_both_ways(create("raise", [1], {"numbers": ("d", [power])}), rows)
    with numpy.errstate(all="ignore"):
        expected = numpy.power([row[0] for row in rows], power)
    assert numpy.allclose([row[0] for row in found], expected, rtol=1e-13, atol=0, equal_nan=True)


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_shares_of_a_record_are_those_of_a_table(uniform: bool, width: int) -> None:
    operation = create("share", [width], uniform=uniform)
    check_both_ways(operation, [*list_rows(width), [0.0] * width, [-0.0] * width])
    assert operation.run_row([0.0] * width) == ([1 / width] * width if uniform else [0.0] * width)
    assert operation.run_row([0.25] * width) == [1 / width] * width


def test_ratio_is_that_of_numpy() -> None:
    rows, others = list_rows(3), list_rows(3)[::-1]
    found = check_both_ways(create("ratio", [3, 3]), rows, others)
    with numpy.errstate(all="ignore"):
        assert list_bits(found) == list_bits((numpy.array(rows) / numpy.array(others)).tolist())


@pytest.mark.parametrize("op", ["argmax", "sigmoid", "softmax"])
def test_scores_that_are_no_numbers_are_answered_as_in_a_table(op: str) -> None:
    rows = [row for row in list_rows(3) if op != "argmax" or not all(map(math.isnan, row))]
    found = check_both_ways(create(op, [3]), rows)
    if op == "argmax":
        assert [row[0] for row in found] == numpy.argmax(rows, axis=1).tolist()


@pytest.mark.parametrize(
    ("op", "widths", "arrays", "options"),
    [
        ("share", [0], {}, {"uniform": True}),
        ("share", [2], {}, {"uniform": 1}),
        ("share", [2], {}, {}),
        ("share", [2, 2], {}, {"uniform": True}),
        ("ratio", [2], {}, {}),
        ("ratio", [2, 3], {}, {}),
        ("ratio", [2, 2, 2], {}, {}),
        ("raise", [2], {"numbers": ("d", [1.0])}, {}),
        ("raise", [1], {"numbers": ("d", [math.nan])}, {}),
        ("raise", [1], {"numbers": ("d", [math.inf])}, {}),
        ("raise", [1], {"numbers": ("I", [1])}, {}),
        ("raise", [1], {}, {}),
    ],
)
def test_damaged_step_is_refused(op: str, widths: list[int], arrays: Any, options: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        create(op, widths, arrays, **options)
