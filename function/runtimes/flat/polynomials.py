"""Operations of polynomials: products of columns, and splines."""

from bisect import bisect_right
from collections.abc import Callable
from math import isfinite, nan
from typing import TYPE_CHECKING

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table


class Products:
    """Multiply pairs of columns: column k is the one at `left[k]` times the one at `right[k]`, which are arrays."""

    def __init__(self, step: Step) -> None:
        self.left = step.get_places("left", step.width)
        self.right = step.get_places("right", step.width, len(self.left))
        self.width = self.work = len(self.left)

    def run_row(self, row: Row) -> Row:
        return [row[left] * row[right] for left, right in zip(self.left, self.right, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [table[left] * table[right] for left, right in zip(self.left, self.right, strict=True)]


_MOST_DEGREE = 30
_CONSTANT, _LINEAR, _CONTINUE, _PERIODIC, _ERROR = "constant", "linear", "continue", "periodic", "error"


class Splines:
    """Make each number the values of the B-splines of its column, `splines` for each, as SplineTransformer does.

    - option `splines`: how many columns a column becomes
    - option `degree`: of the splines
    - option `beyond`: how they go on outside of the base interval: constant, linear, continue, periodic or error
    - array `knots`: each column's, sorted, one after the other. With k knots there are k - degree - 1 splines, which
      count anew from the first one where they are more than `splines`
    - array `base`: the lower end of each column's base interval, then the upper end of each
    - array `ends`: for each column the splines' values at the lower and at the upper end of the base interval, and
      their slopes there; read for constant and linear only

    NaN becomes zeros. What overflows becomes NaN.
    """

    def __init__(self, step: Step) -> None:
        self.splines, self.degree = step.get_whole("splines", 1, 2**20), step.get_whole("degree", 0, _MOST_DEGREE)
        self.beyond = step.get_choice("beyond", (_CONSTANT, _LINEAR, _CONTINUE, _PERIODIC, _ERROR))
        self.width = step.width * self.splines
        self.work = self.width + step.width * (self.degree + 1) ** 2
        self.bases = self.splines + (self.degree if self.beyond == _PERIODIC else 0)
        each = self.bases + self.degree + 1
        knots = step.get_numbers("knots", step.width * each)
        self.knots = [knots[each * column : each * (column + 1)] for column in range(step.width)]
        base = step.get_numbers("base", 2 * step.width)
        self.base = list(zip(base[: step.width], base[step.width :], strict=True))
        if self.bases <= self.degree or any(knots != sorted(knots) for knots in self.knots):
            raise ValueError("knots that are no splines'")
        self.ends: list[list[list[float]]] = []
        if self.beyond in (_CONSTANT, _LINEAR):
            ends = step.get_numbers("ends", 4 * self.width)
            rows = [ends[at : at + self.splines] for at in range(0, len(ends), self.splines)]
            self.ends = [rows[4 * column : 4 * column + 4] for column in range(step.width)]

    def run_row(self, row: Row) -> Row:
        made: Row = []
        for column, value in enumerate(row):
            made += self._compute(column, value)
        return made

    def _compute(self, column: int, value: float) -> Row:
        knots, degree = self.knots[column], self.degree
        low, high = self.base[column]
        made = [0.0] * self.splines
        if value != value:  # noqa: PLR0124  (only NaN is not itself)
            return made
        if self.beyond == _PERIODIC:
            value = _wrap(value, low, high)
        elif not low <= value <= high and self.beyond != _CONTINUE:
            return self._extend(column, value, value - (low if value < low else high))
        place = min(max(bisect_right(knots, value) - 1, degree), self.bases - 1)
        values = [1.0] + [0.0] * degree
        for order in range(1, degree + 1):
            before = values[:order]
            values[0] = 0.0
            for n in range(1, order + 1):
                above, below = knots[place + n], knots[place + n - order]
                if above == below:
                    values[n] = 0.0
                    continue
                share = before[n - 1] / (above - below)
                values[n - 1] += share * (above - value)
                values[n] = share * (value - below)
        if not isfinite(sum(values)):
            return [nan] * self.splines
        for n, number in enumerate(values):
            made[(place - degree + n) % self.splines] += number
        return made

    def _extend(self, column: int, value: float, distance: float) -> Row:
        """Compute the splines outside of their base interval, at this signed distance of it."""
        if self.beyond == _ERROR:
            raise NotPredictable("ValueError")
        at_low, at_high, slopes_low, slopes_high = self.ends[column]
        numbers, slopes = (at_low, slopes_low) if distance < 0 else (at_high, slopes_high)
        if self.beyond == _CONSTANT:
            return list(numbers)
        return [number + distance * slope for number, slope in zip(numbers, slopes, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [made for column, values in enumerate(table) for made in self._compute_column(column, values)]

    def _compute_column(self, column: int, values: "Column") -> "Table":
        import numpy

        knots = numpy.array(self.knots[column])
        low, high = self.base[column]
        if self.beyond == _PERIODIC:
            wrapped = low + (values - low) % (high - low) if high > low else numpy.zeros(len(values))
            made = self._sum_bases(knots, numpy.where(numpy.isnan(values), values, wrapped))
        else:
            made = self._sum_bases(knots, values)
        if self.beyond not in (_PERIODIC, _CONTINUE):
            made = self._extend_column(column, values, made)
        missing = numpy.isnan(values)
        return [numpy.where(missing, 0.0, each) for each in made] if missing.any() else made

    def _sum_bases(self, knots: "Column", values: "Column") -> "Table":
        import numpy

        degree, rows = self.degree, numpy.arange(len(values))
        places = numpy.clip(numpy.searchsorted(knots, values, side="right") - 1, degree, self.bases - 1)
        bases = [numpy.ones(len(values))] + [numpy.zeros(len(values))] * degree
        for order in range(1, degree + 1):
            before = bases[:order]
            bases[0] = numpy.zeros(len(values))
            for n in range(1, order + 1):
                above, below = knots[places + n], knots[places + n - order]
                share = numpy.where(above == below, 0.0, before[n - 1] / (above - below))
                bases[n - 1] = numpy.where(above == below, bases[n - 1], bases[n - 1] + share * (above - values))
                bases[n] = numpy.where(above == below, 0.0, share * (values - below))
        made = numpy.zeros((self.splines, len(values)))
        made[:, ~numpy.isfinite(sum(bases))] = numpy.nan
        for n, numbers in enumerate(bases):
            made[(places - degree + n) % self.splines, rows] += numbers
        return list(made)

    def _extend_column(self, column: int, values: "Column", made: "Table") -> "Table":
        import numpy

        low, high = self.base[column]
        below, above = values < low, values > high
        if not (below | above).any():
            return made
        if self.beyond == _ERROR:
            raise NotPredictable("ValueError")
        extended = []
        for each, at_low, at_high, slope_low, slope_high in zip(made, *self.ends[column], strict=True):
            under, over = at_low, at_high
            if self.beyond == _LINEAR:
                under, over = at_low + (values - low) * slope_low, at_high + (values - high) * slope_high
            extended.append(numpy.where(below, under, numpy.where(above, over, each)))
        return extended


def _wrap(value: float, low: float, high: float) -> float:
    """Move the value by periods into the interval; all values are one where it has no width."""
    return low + (value - low) % (high - low) if high > low else 0.0


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"products": Products, "splines": Splines}
