"""Operations that replace nulls by what other columns, or other rows, say."""

from collections.abc import Callable, Sequence
from math import isfinite, isinf, isnan, nan, sqrt
from typing import TYPE_CHECKING, Any

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table


class Erase:
    """Make a null of each number or text that is its column's one of the option `values`; null leaves a column."""

    def __init__(self, step: Step) -> None:
        self.values: list[Any] = list(step.options["values"])
        self.width = self.work = step.width
        if len(self.values) != self.width or not {type(value) for value in self.values} <= {float, str, type(None)}:
            raise ValueError("another number of values, or of another kind")

    def run_row(self, row: Row) -> Row:
        return [
            value if erased is None or value != erased else None if isinstance(erased, str) else nan
            for value, erased in zip(row, self.values, strict=True)
        ]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        def erase(column: Any, erased: Any) -> Any:
            # A column of texts that are all null may come as numbers.
            if erased is None or isinstance(erased, str) != (column.dtype == object):
                return column
            return numpy.where(column == erased, None if isinstance(erased, str) else nan, column)

        return [erase(column, erased) for column, erased in zip(table, self.values, strict=True)]


class RefuseNull:
    """Refuse records with a null in these columns, of any type."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def run_row(self, row: Row) -> Row:
        for value in row:
            if value is None or value != value:  # noqa: PLR0124  (only NaN is not itself)
                raise NotPredictable("ValueError")
        return row

    def run_table(self, table: "Table") -> "Table":
        import numpy

        for column in table:
            if (column == None if column.dtype == object else numpy.isnan(column)).any():  # noqa: E711
                raise NotPredictable("ValueError")
        return table


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
                made[column][rows] = numpy.minimum(numpy.maximum(total, self.lows[place]), self.highs[place])
        return made


class Neighbours:
    """Replace nulls by the mean of the nearest known rows that have the column, as KNNImputer does.

    - array `rows`: the known rows, one after the other, NaN for nulls
    - array `means`: what a column gets if no row can be compared; NaN for a column whose nulls stay
    - option `count`: of how many rows the mean is
    - option `weighted`: by the inverse of their distance

    The distance is Euclidean, over the columns that both rows have, as if the others differed as much.
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.means = [float(number) for number in step.get_array("means", "d", self.width)]
        rows = step.get_array("rows", "d")
        if not self.width or len(rows) % self.width or any(map(isinf, rows)) or any(map(isinf, self.means)):
            raise ValueError("rows of another width, or an infinite number")
        self.rows = rows
        self.count = step.get_whole("count", 1, 2**31)
        self.weighted = step.get_flag("weighted")
        self.work = 2 * len(rows)

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
            made[column] = self._average(donors[: self.count]) if donors else self.means[column]
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

    def _average(self, donors: Sequence[tuple[float, float]]) -> float:
        weights = [1.0] * len(donors)
        if self.weighted:
            # Rows that are equal count alone.
            same = any(distance == 0 for distance, _ in donors)
            weights = [(1.0 if d == 0 else 0.0) if same else 1 / d for d, _ in donors]
        total, weight = 0.0, 0.0
        for (_, value), factor in zip(donors, weights, strict=True):
            total += value * factor
            weight += factor
        return total / weight if weight else nan

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
                pairs = list(zip(distances[nearest].tolist(), known[column][nearest].tolist(), strict=True))
                made[column][place] = self._average(pairs) if pairs else self.means[column]
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


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "erase": Erase,
    "refuse_null": RefuseNull,
    "regress": Regress,
    "neighbours": Neighbours,
}
