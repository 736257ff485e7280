"""The operation that measures how far a record is from rows of training."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from function.runtimes.flat.curves import raise_to
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import WORTH_IMPORTING, Row, is_faster_by_numpy

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table

# So many numbers are computed together: they stay in the processor's cache.
_MOST_NUMBERS, _MOST_RECORDS = 2**14, 2**10


class Distances:
    """Measure the record's distance to each of the known rows: a column for each row.

    - array `rows`: the known rows, one column after the other: the first number of every row, then the second one
    - option `metric`: what is added up over the columns, of the difference d of the two numbers: "squared" d², with no
      root at the end; "manhattan" |d|; "minkowski" |d| to the power of the option `p`, with no root; "chi2" d² divided
      by the two numbers' sum, where that is not 0. Of "chebyshev" it is the largest |d| instead, and of "product" the
      product of the two numbers is added up
    """

    def __init__(self, step: Step) -> None:
        self.rows = step.get_array("rows", "d")
        self.metric = step.get_choice("metric", tuple(METRICS))
        self.power = step.get_number("p") if self.metric == "minkowski" else 1.0
        if not step.width or not self.rows or len(self.rows) % step.width or self.power <= 0:
            raise ValueError("rows of another width, or a power that is not above 0")
        self.width = len(self.rows) // step.width
        self.entries = len(self.rows)
        # Of more, numpy computes a record as well.
        self.work = min(len(self.rows), WORTH_IMPORTING)

    def check(self) -> None:
        """Check that all numbers are finite. Raises ValueError."""
        if not all(map(isfinite, self.rows)):
            raise ValueError("a number of a row is not finite")

    def run_row(self, row: Row) -> Row:
        """Add column by column."""
        if is_faster_by_numpy(len(self.rows)):
            import numpy

            with numpy.errstate(all="ignore"):
                distances: Row = self.measure([numpy.array([value]) for value in row])[:, 0].tolist()
            return distances
        count, (add, _) = self.width, METRICS[self.metric]
        totals = [0.0] * count
        for place, value in enumerate(row):
            totals = add(totals, value, self.rows[place * count : (place + 1) * count], self.power)
        return totals

    def run_table(self, table: "Table") -> "Table":
        """Add column by column."""
        return list(self.measure(table))

    def measure(self, table: "Table") -> "Column":
        """Make an array with a row for each known row."""
        import numpy

        known = numpy.asarray(self.rows).reshape(len(table), self.width, 1)
        _, add = METRICS[self.metric]
        records = len(table[0])
        made = numpy.empty((self.width, records))
        # Long runs of records, because numpy's loops are over them; some of the known rows at a time.
        most = max(1, min(records, _MOST_RECORDS))
        for begin in range(0, records, most):
            size = max(1, _MOST_NUMBERS // most)
            for at in range(0, self.width, size):
                part = made[at : at + size, begin : begin + most]
                totals = numpy.zeros(part.shape)
                for column, numbers in zip(table, known, strict=True):
                    totals = add(totals, column[begin : begin + most], numbers[at : at + size], self.power)
                part[:] = totals
        return made


# How each metric adds a column: to the row's totals, the record's number and the known rows' ones; and to the totals
# of a table, in the same order of computation.


def _add_squares(totals: Row, value: float, numbers: Sequence[float], _: float) -> Row:
    return [total + (d := value - number) * d for total, number in zip(totals, numbers, strict=True)]


def _add_sizes(totals: Row, value: float, numbers: Sequence[float], _: float) -> Row:
    return [total + abs(value - number) for total, number in zip(totals, numbers, strict=True)]


def _add_powers(totals: Row, value: float, numbers: Sequence[float], power: float) -> Row:
    return [total + raise_to(abs(value - number), power) for total, number in zip(totals, numbers, strict=True)]


def _add_products(totals: Row, value: float, numbers: Sequence[float], _: float) -> Row:
    return [total + value * number for total, number in zip(totals, numbers, strict=True)]


def _find_largest(totals: Row, value: float, numbers: Sequence[float], _: float) -> Row:
    return [d if (d := abs(value - number)) > total else total for total, number in zip(totals, numbers, strict=True)]


def _add_ratios(totals: Row, value: float, numbers: Sequence[float], _: float) -> Row:
    return [
        total + (d := value - number) * d / by if (by := value + number) else total
        for total, number in zip(totals, numbers, strict=True)
    ]


def _add_squares_of_all(totals: "Column", column: "Column", numbers: "Column", _: float) -> "Column":
    difference = column - numbers
    difference *= difference
    difference += totals
    return difference


def _add_sizes_of_all(totals: "Column", column: "Column", numbers: "Column", _: float) -> "Column":
    made: Column = totals + abs(column - numbers)
    return made


def _add_powers_of_all(totals: "Column", column: "Column", numbers: "Column", power: float) -> "Column":
    import numpy

    # Number by number: numpy's power may differ from math.pow in the last bit.
    sizes = abs(column - numbers)
    raised = numpy.array([raise_to(value, power) for value in sizes.ravel().tolist()])
    made: Column = totals + raised.reshape(sizes.shape)
    return made


def _add_products_of_all(totals: "Column", column: "Column", numbers: "Column", _: float) -> "Column":
    products = column * numbers
    products += totals
    return products


def _find_largest_of_all(totals: "Column", column: "Column", numbers: "Column", _: float) -> "Column":
    import numpy

    sizes = abs(column - numbers)
    made: Column = numpy.where(sizes > totals, sizes, totals)
    return made


def _add_ratios_of_all(totals: "Column", column: "Column", numbers: "Column", _: float) -> "Column":
    import numpy

    difference, by = column - numbers, column + numbers
    made: Column = numpy.where(by == 0, totals, totals + difference * difference / by)
    return made


METRICS: dict[
    str,
    tuple[
        Callable[[Row, float, Sequence[float], float], Row],
        "Callable[[Column, Column, Column, float], Column]",
    ],
] = {
    "squared": (_add_squares, _add_squares_of_all),
    "manhattan": (_add_sizes, _add_sizes_of_all),
    "minkowski": (_add_powers, _add_powers_of_all),
    "product": (_add_products, _add_products_of_all),
    "chebyshev": (_find_largest, _find_largest_of_all),
    "chi2": (_add_ratios, _add_ratios_of_all),
}
