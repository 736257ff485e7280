"""Operations in float32: the bits of the system's own, equal ones for a record and for a table. Touches nothing."""

import ctypes
import ctypes.util
import math
from array import array
from itertools import product
from typing import Any

import numpy
import pytest

from function.runtimes.flat.file import Step
from function.runtimes.flat.operations import create_operation
from function.runtimes.flat.singles import compute_exp, compute_exp_of_column, round_single

ODD = (0.0, -0.0, 1.0, -1.5, 1e-45, 3.4028235e38, -3.4028235e38, 88.7, -88.75, 104.5, math.inf, -math.inf, math.nan)
MATRIX = {"numbers": [0.5, -2.0, 3e38, 1e-30], "start": [0.25, -1.0]}
STEPS: dict[str, tuple[str, dict[str, Any], dict[str, list[float]]]] = {
    "round": ("single", {"null": None}, {}),
    "round, with another null": ("single", {"null": -1.5}, {}),
    "matrix": ("single_matrix", {}, MATRIX),
    "exp": ("single_exp", {}, {}),
    "sigmoid": ("single_sigmoid", {}, {}),
    "softmax": ("single_softmax", {}, {}),
    "complement": ("single_complement", {}, {}),
}


def make_step(op: str, options: dict[str, Any], arrays: dict[str, list[float]], width: int = 2) -> Step:
    return Step(op, (0,), (width,), options, {name: memoryview(array("d", values)) for name, values in arrays.items()})


@pytest.mark.parametrize("name", STEPS)
def test_a_record_and_a_table_have_equal_bits(name: str) -> None:
    operation = create_operation(make_step(*STEPS[name]))
    drawn = numpy.random.default_rng(5).normal(0, 20, (2_000, 2)).astype(numpy.float32).astype(float).tolist()
    rows = [[*map(round_single, pair)] for pair in product(ODD, ODD)] + drawn
    with numpy.errstate(all="ignore"):
        columns = operation.run_table([numpy.array(column) for column in zip(*rows, strict=True)])
    by_row = numpy.array([operation.run_row(row) for row in rows])

    assert len(columns) == operation.width
    assert numpy.array_equal(numpy.column_stack(columns), by_row, equal_nan=True)
    assert numpy.array_equal(by_row, by_row.astype(numpy.float32).astype(float), equal_nan=True)


def test_exp_has_the_bits_of_the_system() -> None:
    name = ctypes.util.find_library("m")
    if name is None:
        pytest.skip("the system has no library of mathematics")
    library = ctypes.CDLL(name)
    library.expf.restype, library.expf.argtypes = ctypes.c_float, [ctypes.c_float]
    generator = numpy.random.default_rng(7)
    drawn = numpy.concatenate([generator.normal(0, 4, 50_000), generator.uniform(-106, 90, 50_000), ODD])
    numbers = drawn.astype(numpy.float32).astype(float)
    expected = numpy.array([library.expf(number) for number in numbers.tolist()], dtype=float)

    with numpy.errstate(all="ignore"):
        assert numpy.array_equal(compute_exp_of_column(numbers), expected, equal_nan=True)
    assert numpy.array_equal([compute_exp(number) for number in numbers.tolist()], expected, equal_nan=True)


def test_what_is_too_large_becomes_infinity() -> None:
    assert [round_single(number) for number in (1e39, -1e39, 3.5e38)] == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize(
    "step",
    [
        make_step("single", {"null": "x"}, {}),
        make_step("single", {"null": True}, {}),
        make_step("single", {}, {}),
        make_step("single_matrix", {}, {**MATRIX, "numbers": [1.0, 2.0]}),
        make_step("single_matrix", {}, {**MATRIX, "start": [math.nan, 1.0]}),
        make_step("single_matrix", {}, {"numbers": MATRIX["numbers"]}),
        make_step("single_softmax", {}, {}, width=0),
        make_step("single_root", {}, {}),
    ],
    ids=lambda step: step.op,
)
def test_a_damaged_step_is_refused(step: Step) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        create_operation(step)
