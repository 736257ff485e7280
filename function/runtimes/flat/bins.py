"""Operations that place a number among sorted ones: bins, and interpolation between points."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table


class Bins:
    """Replace each number by the number of its bin: how many edges of its column are not above it.

    Arrays: `edges`, each column's one after the other, sorted; `bounds`, where each column's begin in `edges`, and
    where the last one's end.
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 8 * step.width
        bounds: list[int] = step.get_array("bounds", "I", self.width + 1).tolist()
        edges = step.get_numbers("edges", bounds[-1])
        if bounds[0] or bounds != sorted(bounds):
            raise ValueError("edges that do not follow one another")
        self.edges = [edges[low:high] for low, high in pairwise(bounds)]
        if any(each != sorted(each) for each in self.edges):
            raise ValueError("edges that are not sorted")

    def run_row(self, row: Row) -> Row:
        return [float(bisect_right(edges, value)) for edges, value in zip(self.edges, row, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [
            numpy.searchsorted(edges, column, side="right").astype(float)
            for edges, column in zip(self.edges, table, strict=True)
        ]


class Interpolate:
    """Interpolate between points, as scikit-learn's QuantileTransformer does.

    Each number becomes the mean of two interpolations: one from the left, one from the right. They differ where points
    of a column are equal. Below the column's number of `lows` it is the first value, above that of `highs` the last.

    Further arrays: `values`, sorted, which all columns share; `points`, sorted, each column's one after the other.
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 16 * step.width
        count = len(step.arrays["values"])
        self.values = step.get_numbers("values", count)
        points = step.get_numbers("points", count * step.width)
        self.points = [points[column * count : (column + 1) * count] for column in range(step.width)]
        self.limits = [*zip(step.get_numbers("lows", self.width), step.get_numbers("highs", self.width), strict=True)]
        if not count or any(each != sorted(each) for each in (self.values, *self.points)):
            raise ValueError("points that are not sorted")
        if any(p[0] > low or high > p[-1] for p, (low, high) in zip(self.points, self.limits, strict=True)):
            raise ValueError("limits outside of the points")

    def run_row(self, row: Row) -> Row:
        triples = zip(self.points, self.limits, row, strict=True)
        return [self._interpolate(points, limits, value) for points, limits, value in triples]

    def _interpolate(self, points: list[float], limits: tuple[float, float], value: float) -> float:
        values, (low, high) = self.values, limits
        if value != value:  # noqa: PLR0124  (only NaN is not itself)
            return value
        if value < low:
            return values[0]
        if value > high:
            return values[-1]
        right, left = bisect_right(points, value), bisect_left(points, value)
        if left < right:  # it is one of the points
            return 0.5 * (values[right - 1] + values[left])
        slope = (values[left] - values[left - 1]) / (points[left] - points[left - 1])
        return 0.5 * (
            (slope * (value - points[left - 1]) + values[left - 1]) - (slope * (points[left] - value) - values[left])
        )

    def run_table(self, table: "Table") -> "Table":
        triples = zip(self.points, self.limits, table, strict=True)
        return [self._interpolate_column(points, limits, column) for points, limits, column in triples]

    def _interpolate_column(self, points: list[float], limits: tuple[float, float], column: "Column") -> "Column":
        import numpy

        values, (low_limit, high_limit) = numpy.array(self.values), limits
        most = len(values) - 1
        right, left = (numpy.searchsorted(points, column, side=side) for side in ("right", "left"))
        above = numpy.minimum(left, most)
        below = numpy.maximum(above - 1, 0)
        low, high = numpy.take(points, below), numpy.take(points, above)
        slope = (values[above] - values[below]) / (high - low)
        between = 0.5 * ((slope * (column - low) + values[below]) - (slope * (high - column) - values[above]))
        at_point = 0.5 * (values[numpy.maximum(right - 1, 0)] + values[above])
        found = numpy.where(left < right, at_point, between)
        found = numpy.where(column > high_limit, values[-1], found)
        found = numpy.where(column < low_limit, values[0], found)
        return numpy.where(numpy.isnan(column), column, found)


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"bins": Bins, "interpolate": Interpolate}
