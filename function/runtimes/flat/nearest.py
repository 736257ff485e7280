"""The operation that finds the known rows that are nearest to a record, as scikit-learn's searches find them."""

from collections.abc import Iterator, Sequence
from math import inf, isfinite, sqrt
from sys import float_info
from typing import TYPE_CHECKING

from function.runtimes.flat.curves import raise_to
from function.runtimes.flat.distances import METRICS, Distances
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import WORTH_IMPORTING, Row, is_faster_by_numpy

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table

# So many distances are computed together.
_MOST_DISTANCES = 2**15
_MOST_LEVELS = 32
_ROWS_PER_CORNER = 256


class Nearest:
    """Find the `count` nearest of the known rows: their distances, the nearest first, then each value of each of them.

    - array `rows`, options `metric` and `p`: as those of Distances, whose sums the distances are. Of "product" they are
      squared distances: the sum of the record's squares, minus twice the product, plus the sum of the row's squares;
      0 if that is NaN
    - array `values`: numbers that the rows have, one column after the other
    - option `shape`: "boxes" or "balls" if the rows are in the order of a tree (scikit-learn's KDTree or BallTree), or
      "none". Of equal distances the rows count that are met first, so the order of the search is a part of the answer
    - option `levels`: those of the tree, 1 without a tree. Node n has the children 2n + 1 and 2n + 2, which halve its
      rows
    - array `bounds`: the lowest numbers in a box and then the highest, or a ball's center and then its radius,
      node by node. Of "product", the sum of squares of each row
    - option `first`: the row that stands for those that are missing because distances are infinite
    """

    def __init__(self, step: Step) -> None:
        self.known = Distances(step)
        rows = self.rows = self.known.width
        self.count, self.first = step.get_whole("count", 1, rows), step.get_whole("first", 0, rows - 1)
        self.shape = step.get_choice("shape", ("none", "boxes", "balls"))
        self.nodes = 2 ** step.get_whole("levels", 1, _MOST_LEVELS if self.shape != "none" else 1) - 1
        self.metric = self.known.metric
        sizes = {"none": 0, "boxes": 2 * step.width * self.nodes, "balls": (step.width + 1) * self.nodes}
        sizes |= {"none": rows if self.metric == "product" else 0}
        self.bounds = step.get_array("bounds", "d", sizes[self.shape])
        if self.metric == "product" and self.shape != "none":
            raise ValueError("a tree of products")
        self.values = step.get_array("values", "Bd")
        self.outputs = len(self.values) // rows
        if self.outputs * rows != len(self.values):
            raise ValueError("another number of values")
        self.width = self.count * (1 + self.outputs)
        self.entries = self.known.entries + len(self.values) + len(self.bounds)
        # In a tree with many more rows than corners of a box, a search looks at few of them.
        searched = _ROWS_PER_CORNER * 2 ** min(step.width, 64)
        self.is_sought = self.nodes > 1 and (rows > searched or self.metric == "minkowski")
        self.work = self.width + min(step.width * min(rows, searched), WORTH_IMPORTING)
        self.power = self.known.power

    def check(self) -> None:
        """Check that all numbers are finite. Raises ValueError."""
        self.known.check()
        if not all(map(isfinite, self.values)) or not all(map(isfinite, self.bounds)):
            raise ValueError("a value of a row, or a bound, is not finite")

    def run_row(self, row: Row) -> Row:
        """Find the nearest rows of one record."""
        if self.is_sought or not is_faster_by_numpy(len(self.known.rows)):
            return self.search(row)
        import numpy

        with numpy.errstate(all="ignore"):
            return [float(column[0]) for column in self.run_table([numpy.array([value]) for value in row])]

    def search(self, row: Row) -> Row:
        """Search the tree, the nearer child of each node first."""
        heap = _Heap(self.count, self.first, float_info.max if self.shape == "none" else inf)
        for begin, end in self._list_leaves(row, heap):
            for place, distance in enumerate(self._measure(row, begin, end), begin):
                if distance < heap.distances[0]:
                    heap.replace_largest(distance, place)
        found = sorted(zip(heap.distances, heap.places, strict=True))
        made = [distance for distance, _ in found]
        for begin in range(0, len(self.values), self.rows):
            made += [float(self.values[begin + place]) for _, place in found]
        return made

    def _list_leaves(self, row: Row, heap: "_Heap") -> "Iterator[tuple[int, int]]":
        """Yield the rows of each leaf that may have one that is near enough, in the order of the search."""
        waiting = [(0.0, 0, 0, self.rows)]
        while waiting:
            bound, node, begin, end = waiting.pop()
            if bound > heap.distances[0]:
                continue
            left = 2 * node + 1
            if left >= self.nodes:
                yield begin, end
                continue
            middle = begin + (end - begin) // 2
            low, high = self._find_bound(row, left), self._find_bound(row, left + 1)
            children = [(low, left, begin, middle), (high, left + 1, middle, end)]
            waiting += children if high < low else reversed(children)

    def _find_bound(self, row: Row, node: int) -> float:
        """Find the least distance that a row of this node may have."""
        width = len(row)
        if self.shape == "boxes":
            at = 2 * width * node
            lows, highs = self.bounds[at : at + width], self.bounds[at + width : at + 2 * width]
            return self._add_up(
                [
                    low - value if value < low else value - high if value > high else 0.0
                    for value, low, high in zip(row, lows, highs, strict=True)
                ]
            )
        at = (width + 1) * node
        centers = zip(row, self.bounds[at : at + width], strict=True)
        total = self._add_up([abs(value - center) for value, center in centers])
        if self.metric == "squared":
            return self._add_up([max(0.0, sqrt(total) - self.bounds[at + width])])
        return self._add_up([max(0.0, raise_to(total, 1 / self.power) - self.bounds[at + width])])

    def _add_up(self, sizes: Row) -> float:
        """Add up what the columns differ by."""
        total = 0.0
        match self.metric:
            case "squared":
                for size in sizes:
                    total += size * size
            case "chebyshev":
                total = max(sizes)
            case _:
                for size in sizes:
                    total += raise_to(size, self.power)
        return total

    def _measure(self, row: Row, begin: int, end: int) -> Row:
        """Measure the distances to some rows."""
        add, _ = METRICS[self.metric]
        numbers, rows, power = self.known.rows, self.rows, self.power
        totals = [0.0] * (end - begin)
        for at, value in zip(range(0, len(numbers), rows), row, strict=True):
            totals = add(totals, value, numbers[at + begin : at + end], power)
        if self.metric == "product":
            squares = 0.0
            for value in row:
                squares += value * value
            pairs = zip(totals, self.bounds, strict=True)
            return [d if (d := squares - 2.0 * total + other) > 0 else 0.0 for total, other in pairs]
        return totals

    def run_table(self, table: "Table") -> "Table":
        """Measure all distances, and search where some are equal at the last place or infinite."""
        import numpy

        made = numpy.empty((self.width, len(table[0])))
        size = max(1, _MOST_DISTANCES // self.rows)
        for at in range(0, len(table[0]), size):
            part = [column[at : at + size] for column in table]
            sought = range(len(part[0])) if self.is_sought else self._choose(part, made[:, at : at + size])
            for place in sought:
                made[:, at + place] = self.search([float(column[place]) for column in part])
        return list(made)

    def _choose(self, table: "Table", made: "Column") -> Sequence[int]:
        """Write the nearest rows of each record into `made`; return the records for which it must be a search."""
        import numpy

        distances = numpy.ascontiguousarray(self._measure_all(table).T)
        places = numpy.sort(numpy.argpartition(distances, self.count - 1)[:, : self.count])
        chosen = numpy.take_along_axis(distances, places, axis=1)
        order = numpy.argsort(chosen, kind="stable")
        places, chosen = (numpy.take_along_axis(each, order, axis=1) for each in (places, chosen))
        made[: self.count] = chosen.T
        values = numpy.asarray(self.values).reshape(self.outputs, self.rows)
        made[self.count :] = values[:, places.T].reshape(-1, len(distances))
        is_clear = (distances <= chosen[:, -1:]).sum(axis=1) == self.count
        unclear: list[int] = numpy.flatnonzero(~is_clear | ~numpy.isfinite(distances.max(axis=1))).tolist()
        return unclear

    def _measure_all(self, table: "Table") -> "Column":
        import numpy

        totals = self.known.measure(table)
        if self.metric != "product":
            return totals
        squares = numpy.zeros(len(table[0]))
        for column in table:
            squares += column * column
        distances = squares - 2.0 * totals + numpy.asarray(self.bounds)[:, None]
        return numpy.where(distances > 0, distances, 0.0)


class _Heap:
    """The nearest rows so far, in a heap whose first distance is the largest: sklearn/utils/_heap.pyx.

    Which one of equal distances gives way depends on its place in the heap.
    """

    def __init__(self, count: int, first: int, most: float) -> None:
        self.distances, self.places = [most] * count, [first] * count

    def replace_largest(self, distance: float, place: int) -> None:
        """Put a row in the place of the most distant one."""
        distances, places = self.distances, self.places
        at, child, count = 0, 1, len(distances)
        while child < count:
            if child + 1 < count and distances[child] < distances[child + 1]:
                child += 1
            if distance >= distances[child]:
                break
            distances[at], places[at] = distances[child], places[child]
            at, child = child, 2 * child + 1
        distances[at], places[at] = distance, place
