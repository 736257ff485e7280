"""Operations that compute a large record with numpy: the bits of plain Python. Touches nothing."""

from typing import Any

import numpy
import pytest

from function.runtimes.flat.file import Step
from function.runtimes.flat.nearest import Nearest
from function.runtimes.flat.operation import WORTH_CALLING, Operation
from function.runtimes.flat.operations import create_operation

INPUTS, OUTPUTS = 200, 160
GENERATOR = numpy.random.default_rng(0)
NUMBERS = GENERATOR.normal(size=(INPUTS, OUTPUTS))
ROWS = [*GENERATOR.normal(size=(2, INPUTS)).tolist(), [0.0, 1e308, -1e308] + [0.5] * (INPUTS - 3)]


def create(op: str, numbers: Any, **options: Any) -> Operation:
    arrays = {"matrix": {"numbers": numbers, "start": numbers[0]}, "distances": {"rows": numbers}}[op]
    named = {name: memoryview(numpy.ascontiguousarray(array).ravel()) for name, array in arrays.items()}
    return create_operation(Step(op, (1,), (INPUTS,), options, named))


@pytest.mark.parametrize(
    ("op", "options"),
    [("matrix", {}), *(("distances", {"metric": metric}) for metric in ("squared", "manhattan", "chebyshev", "chi2"))],
)
def test_large_record_has_the_bits_that_parts_of_it_have(op: str, options: dict[str, Any]) -> None:
    size = OUTPUTS // 10
    assert NUMBERS.size > WORTH_CALLING > NUMBERS[:, :size].size
    parts = [create(op, NUMBERS[:, at : at + size], **options) for at in range(0, OUTPUTS, size)]
    for row in ROWS:
        expected = [value for part in parts for value in part.run_row(row)]
        found = create(op, NUMBERS, **options).run_row(row)
        assert list(map(repr, found)) == list(map(repr, expected))


@pytest.mark.parametrize("metric", ["product", "squared", "manhattan"])
@pytest.mark.parametrize("is_whole", [False, True])
def test_nearest_of_many_rows_are_those_of_a_search(metric: str, *, is_whole: bool) -> None:
    rows = NUMBERS.round() if is_whole else NUMBERS
    bounds = (rows * rows).sum(axis=0) if metric == "product" else numpy.empty(0)
    arrays = {"rows": rows, "values": numpy.arange(float(OUTPUTS)), "bounds": bounds}
    named = {name: memoryview(numpy.ascontiguousarray(array).ravel()) for name, array in arrays.items()}
    options = {"metric": metric, "count": 7, "first": 3, "shape": "none", "levels": 1}
    nearest = Nearest(Step("nearest", (1,), (INPUTS,), options, named))
    assert rows.size > WORTH_CALLING
    for row in [*ROWS, rows[:, 5].tolist(), [0.0] * INPUTS]:
        assert nearest.run_row(row) == nearest.search(row)
