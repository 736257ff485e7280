"""Operations that scale: rows to a length, and columns by power functions to the shape of a normal distribution."""

from collections.abc import Callable, Iterable
from math import exp, expm1, log, log1p, sqrt
from typing import TYPE_CHECKING, Any

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table


class Normalize:
    """Divide each row by its norm, the option `norm`: l1, l2 or max. A norm below the option `least` counts as 1.

    With the option `single`, squares are rounded to float32, as scikit-learn's are of sparse rows of float32.
    """

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.norm, self.least = step.get_choice("norm", ("l1", "l2", "max")), step.get_number("least")
        self.single = step.get_flag("single")
        if not step.width or self.least <= 0:
            raise ValueError("a norm of no columns, or a division by zero")

    def run_row(self, row: Row) -> Row:
        if self.norm == "max":
            norm = 0.0
            for value in row:
                norm = max(norm, abs(value))
        elif self.norm == "l1":
            norm = _add_up(map(abs, row))
        else:
            squares: Iterable[float] = (value * value for value in row)
            if self.single:
                from function.runtimes.flat.singles import round_single

                squares = map(round_single, squares)
            norm = sqrt(_add_up(squares))
        divisor = 1.0 if norm < self.least else norm
        return [value / divisor for value in row]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        if self.norm == "max":
            norms = numpy.zeros(len(table[0]))
            for column in table:
                norms = numpy.fmax(norms, abs(column))
        elif self.norm == "l1":
            norms = _add_up(abs(column) for column in table)
        else:
            squares: Iterable[Column] = (column * column for column in table)
            if self.single:
                from function.runtimes.flat.singles import round_column

                squares = map(round_column, squares)
            norms = numpy.sqrt(_add_up(squares))
        norms = numpy.where(norms < self.least, 1.0, norms)
        return [column / norms for column in table]


def _add_up(terms: "Iterable[Any]") -> Any:
    """Add numbers, or columns, in their order."""
    total: Any = 0.0
    for term in terms:
        total = total + term
    return total


# From this exponent on, exp overflows.
_MOST_EXPONENT = 709.78
# Powers that are as near to these are as good as equal to them: those of scipy's boxcox and yeojohnson.
_NEAR_LOG, _EPSILON = 1e-19, 2.0**-52


def _create_box_cox(power: float) -> Callable[[float], float]:
    """Return scipy's boxcox for this power. It refuses what is not positive, as scikit-learn does."""

    def compute(value: float) -> float:
        if value <= 0:
            raise NotPredictable("ValueError")
        exponent = power * log(value)
        if abs(power) < _NEAR_LOG:
            return log(value)
        if not exponent >= _MOST_EXPONENT:
            return expm1(exponent) / power
        return _grow(exponent - log(abs(power))) * (1 if power > 0 else -1) - 1 / power

    return compute


def _grow(exponent: float) -> float:
    try:
        return exp(exponent)
    except OverflowError:
        return float("inf")


def _create_yeo_johnson(power: float) -> Callable[[float], float]:
    """Return scipy's yeojohnson for this power."""

    def bend(value: float, power: float) -> float:
        if abs(power) < _EPSILON:
            return log1p(value)
        try:
            return expm1(power * log1p(value)) / power
        except OverflowError:
            return float("inf") / power

    return lambda value: bend(value, power) if value >= 0 else -bend(-value, 2 - power)


class Power:
    """Apply a power function to each column: the option `method` is box-cox or yeo-johnson, the array `powers`."""

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 4 * step.width
        method = step.get_choice("method", ("box-cox", "yeo-johnson"))
        create = _create_box_cox if method == "box-cox" else _create_yeo_johnson
        self.functions = [create(power) for power in step.get_numbers("powers", self.width)]

    def run_row(self, row: Row) -> Row:
        return [function(value) for function, value in zip(self.functions, row, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [
            numpy.fromiter(map(function, column.tolist()), float, len(column))
            for function, column in zip(self.functions, table, strict=True)
        ]


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"normalize": Normalize, "power": Power}
