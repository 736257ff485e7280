"""Operations that compute a large record with numpy: the bits of plain Python. Touches nothing."""

from typing import Any

import numpy
import pytest

from function.runtimes.flat.file import Step
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
