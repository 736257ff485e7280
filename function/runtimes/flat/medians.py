"""The operation that chooses the weighted median of several predictions."""

from itertools import accumulate
from typing import TYPE_CHECKING

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table


class Median:
    """The smallest number of a row that has, with all smaller ones, at least half of the weights.

    The array `weights` has one for each column; none is negative.
    """

    def __init__(self, step: Step) -> None:
        self.width, self.work = 1, 8 * step.width
        self.weights = step.get_numbers("weights", step.width)
        if not self.weights or min(self.weights) < 0:
            raise ValueError("no weights, or a negative one")

    def run_row(self, row: Row) -> Row:
        # NaN is behind all numbers; only NaN is not itself.
        order = sorted(range(len(row)), key=lambda place: (row[place] != row[place], row[place]))
        sums = list(accumulate(self.weights[place] for place in order))
        half = 0.5 * sums[-1]
        reached = next((number for number, total in enumerate(sums) if total >= half), 0)
        return [row[order[reached]]]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        values = numpy.column_stack(table)
        order = numpy.argsort(values, axis=1, kind="stable")
        sums = numpy.cumsum(numpy.array(self.weights)[order], axis=1)
        reached = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
        rows = numpy.arange(len(values))
        return [values[rows, order[rows, reached]]]
