"""The operation that adds up trees whose leaves hold linear functions.

A leaf of the nodes (function.runtimes.flat.trees) holds its row in these arrays:

    constants (d)     what the leaf's sum begins with
    ends (I)          where the leaf's terms end in the two arrays below; they begin where those of the row before end
    places (H, I)     the column of each term
    coefficients (d)  what the column is multiplied with; the terms are added in their order
    values (d)        the leaf's number where one of these columns is NaN

The option `terms` is the largest number of terms that a leaf has.
"""

from math import isfinite
from typing import TYPE_CHECKING, Any

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Row
from function.runtimes.flat.trees import Trees

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table


class LinearTrees(Trees):
    """Add up the linear functions of the leaves that a row reaches."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        if self.vector or self.single or len(step.widths) > 1:
            raise ValueError("trees of another kind")
        self.constants = step.get_array("constants", "d")
        self.rows = len(self.constants)
        self.ends = step.get_array("ends", "I", self.rows)
        self.values = step.get_array("values", "d", self.rows)
        self.coefficients = step.get_array("coefficients", "d")
        self.places = step.get_array("places", "HI", len(self.coefficients))
        self.terms = step.get_whole("terms", 0, len(self.places))
        self.work = self.inputs + len(self.roots) * (8 + self.terms)

    @property
    def entries(self) -> int:
        """How many nodes and terms `check` looks at."""
        return len(self.skips) + len(self.constants) + len(self.places)

    def check(self) -> None:
        """Check the nodes, and that the leaves' terms name columns and hold numbers. Raises ValueError."""
        super().check()
        ends: list[int] = self.ends.tolist()
        counts = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
        if counts and (min(counts) < 0 or max(counts) > self.terms or ends[-1] != len(self.places)):
            raise ValueError("terms that do not follow one another")
        if self.places and max(self.places) >= self.inputs:
            raise ValueError("a term has a column that is not there")
        if not all(isfinite(number) for each in (self.constants, self.values, self.coefficients) for number in each):
            raise ValueError("a leaf holds no number")

    def run_row(self, row: Row, begun: Row | None = None) -> Row:
        """Add up the leaves' functions. Raises as Trees does, where unchecked entries lead elsewhere."""
        sums = list(begun or self.start)
        for number, leaf in enumerate(self._reach_leaves(row)):
            sums[number % self.width] += self._compute(int(leaf), row)
        return sums

    def _compute(self, leaf: int, row: Row) -> float:
        if leaf < 0:  # which would count from the end
            raise IndexError("no such leaf")
        begin, end = self.ends[leaf - 1] if leaf else 0, self.ends[leaf]
        if end - begin > self.terms:
            raise IndexError("a leaf has too many terms")
        total: float = self.constants[leaf]
        for place, coefficient in zip(self.places[begin:end], self.coefficients[begin:end], strict=True):
            value = row[place]
            if value != value:  # noqa: PLR0124  (only NaN is not itself)
                return float(self.values[leaf])
            total += coefficient * value
        return total

    def run_table(self, table: "Table", begun: "Table | None" = None) -> "Table":
        """Add up the functions of the leaves of each row. The entries must have been checked."""
        import numpy

        from function.runtimes.flat.tree_tables import reach_leaves

        constants, ends, values, coefficients, places = (
            numpy.asarray(each) for each in (self.constants, self.ends, self.values, self.coefficients, self.places)
        )
        begins = numpy.concatenate([[0], ends[:-1]]).astype(numpy.intp)
        counts = ends.astype(numpy.intp) - begins
        cells, rows = numpy.column_stack(table), numpy.arange(len(table[0]))
        sums: Any = numpy.array(begun or [numpy.full(len(rows), number) for number in self.start])
        for number, reached in enumerate(reach_leaves(self, table)):
            leaves = reached.astype(numpy.intp)
            totals, is_null = constants[leaves], numpy.zeros(len(rows), dtype=bool)
            for term in range(counts[leaves].max(initial=0)):
                has = counts[leaves] > term
                at = begins[leaves[has]] + term
                found = cells[rows[has], places[at]]
                totals[has] += coefficients[at] * found
                is_null[has] |= numpy.isnan(found)
            sums[number % self.width] += numpy.where(is_null, values[leaves], totals)
        return list(sums)
