"""Operations that compute what nulls are replaced by, of other columns or of other rows."""

from collections.abc import Callable, Sequence
from math import isfinite, isinf, isnan, nan, sqrt
from typing import TYPE_CHECKING

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table


class Regress:
    """Replace nulls by linear functions of the other columns, one after the other, as IterativeImputer does.

    Takes two blocks of the same width: the columns with first guesses for their nulls, and the columns with the nulls.
    Arrays, a row for each function in order: `columns`, the column that it is for; `factors`, for every column;
    `starts`; `lows` and `highs`, between which its answers are kept, which may be infinite. A function
    refuses numbers that are not finite.
    """

    def __init__(self, step: Step) -> None:
        self.width = step.widths[0]
        self.columns = step.get_places("columns", self.width)
        count = len(self.columns)
        self.factors = step.get_array("factors", "d", count * self.width)
        if step.widths != (self.width, self.width) or not all(map(isfinite, self.factors)):
            raise ValueError("blocks of different widths, or a factor that is none")
        self.starts = step.get_numbers("starts", count)
        self.lows, self.highs = step.get_array("lows", "d", count), step.get_array("highs", "d", count)
        if any(isnan(number) for limits in (self.lows, self.highs) for number in limits):
            raise ValueError("a limit that is no number")
        self.work = self.width + len(self.factors)

    def run_row(self, filled: Row, holed: Row) -> Row:
        missing = {column for column, value in enumerate(holed) if isnan(value)}
        if not missing:
            return filled
        made, width = list(filled), self.width
        for place, column in enumerate(self.columns):
            if column in missing:
                total = 0.0
                for value, factor in zip(made, self.factors[place * width : (place + 1) * width], strict=True):
                    if factor:
                        if not isfinite(value):  # what an earlier regressor made
                            raise NotPredictable("ValueError")
                        total += value * factor
                total += self.starts[place]
                made[column] = min(max(total, self.lows[place]), self.highs[place])
        return made

    def run_table(self, filled: "Table", holed: "Table") -> "Table":
        import numpy

        made = [column.copy() for column in filled]
        missing = [numpy.flatnonzero(numpy.isnan(column)) for column in holed]
        factors = numpy.asarray(self.factors).reshape(-1, self.width)
        for place, column in enumerate(self.columns):
            rows = missing[column]
            if len(rows):
                total = numpy.zeros(len(rows))
                for values, factor in zip(made, factors[place], strict=True):
                    if factor:
                        if not numpy.isfinite(values[rows]).all():
                            raise NotPredictable("ValueError")
                        total += values[rows] * factor
                total += self.starts[place]
                # Not numpy.maximum, which prefers the other zero of 0.0 and -0.0.
                total = numpy.where(total < self.lows[place], self.lows[place], total)
                made[column][rows] = numpy.where(total > self.highs[place], self.highs[place], total)
        return made


class Neighbours:
    """Replace nulls by the mean of the nearest known rows that have the column, as KNNImputer does.

    - array `rows`: the known rows, one after the other, NaN for nulls
    - array `means`: what a column gets if no row can be compared; NaN for a column whose nulls stay
    - option `count`: of how many rows the mean is

    The distance is Euclidean, over the columns that both rows have, as if the others differed as much.
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.means = [float(number) for number in step.get_array("means", "d", self.width)]
        rows = step.get_array("rows", "d")
        if not self.width or len(rows) % self.width:
            raise ValueError("rows of another width")
        self.rows = rows
        self.count = step.get_whole("count", 1, 2**31)
        self.work = 2 * len(rows)
        self.entries = len(rows)

    def check(self) -> None:
        """Check that no number is infinite. Raises ValueError."""
        if any(map(isinf, self.rows)) or any(map(isinf, self.means)):
            raise ValueError("a row that is known holds an infinite number")

    def run_row(self, row: Row) -> Row:
        holes = [column for column, value in enumerate(row) if isnan(value) and not isnan(self.means[column])]
        if not holes:
            return row
        made, width = list(row), self.width
        known = [self.rows[at : at + width].tolist() for at in range(0, len(self.rows), width)]
        distances = [self._measure(row, other) for other in known]
        for column in holes:
            donors = [
                (distance, other[column])
                for distance, other in zip(distances, known, strict=True)
                if not isnan(distance) and not isnan(other[column])
            ]
            donors.sort(key=lambda donor: donor[0])
            made[column] = _average([value for _, value in donors[: self.count]], self.means[column])
        return made

    def _measure(self, row: Row, other: Sequence[float]) -> float:
        total, shared = 0.0, 0
        for value, number in zip(row, other, strict=True):
            distance = value - number
            square = distance * distance
            if not isnan(square):
                total += square
                shared += 1
        return sqrt(total / shared * self.width) if shared else nan

    def run_table(self, table: "Table") -> "Table":
        import numpy

        known = numpy.asarray(self.rows).reshape(-1, self.width).T
        made = [column.copy() for column in table]
        holes = numpy.array([numpy.isnan(c) & (m == m) for c, m in zip(table, self.means, strict=True)])  # noqa: PLR0124
        # A row at a time: many rows at once would take memory without a limit.
        for place in numpy.flatnonzero(holes.any(axis=0)).tolist():
            distances = self._measure_all([float(column[place]) for column in table], known)
            for column in numpy.flatnonzero(holes[:, place]).tolist():
                donors = numpy.flatnonzero(~numpy.isnan(distances) & ~numpy.isnan(known[column]))
                nearest = donors[numpy.argsort(distances[donors], kind="stable")[: self.count]]
                made[column][place] = _average(known[column][nearest].tolist(), self.means[column])
        return made

    def _measure_all(self, row: Row, known: "Column") -> "Column":
        import numpy

        total, shared = numpy.zeros(known.shape[1]), numpy.zeros(known.shape[1])
        for value, numbers in zip(row, known, strict=True):
            square = (value - numbers) * (value - numbers)
            present = ~numpy.isnan(square)
            total += numpy.where(present, square, 0.0)
            shared += present
        distances: Column = numpy.sqrt(total / shared * self.width)
        return distances


def _average(values: Sequence[float], otherwise: float) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values) if values else otherwise


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "regress": Regress,
    "neighbours": Neighbours,
}
