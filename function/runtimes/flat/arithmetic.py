"""Operations of arithmetic: with a number per column, on each number, and with matrices."""

from collections.abc import Callable
from math import inf, isfinite
from typing import TYPE_CHECKING

from function.runtimes.flat.file import Array, Step
from function.runtimes.flat.operation import WORTH_IMPORTING, Operation, Row, is_faster_by_numpy

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table

# For a record, numpy adds up rows of so many numbers: each row costs it 2 us, as 50 numbers cost plain Python.
_WIDE = 64


class _PerColumn:
    """An operation with a number per column, the array `numbers`."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.numbers = step.get_numbers("numbers", self.width)


class Subtract(_PerColumn):
    """Subtract each column's number."""

    def run_row(self, row: Row) -> Row:
        return [value - number for value, number in zip(row, self.numbers, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [column - number for column, number in zip(table, self.numbers, strict=True)]


class Divide(_PerColumn):
    """Divide by each column's number, which is not 0."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        if 0.0 in self.numbers:
            raise ValueError("a division by zero")

    def run_row(self, row: Row) -> Row:
        return [value / number for value, number in zip(row, self.numbers, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [column / number for column, number in zip(table, self.numbers, strict=True)]


class Multiply(_PerColumn):
    """Multiply with each column's number."""

    def run_row(self, row: Row) -> Row:
        return [value * number for value, number in zip(row, self.numbers, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [column * number for column, number in zip(table, self.numbers, strict=True)]


class Add(_PerColumn):
    """Add each column's number."""

    def run_row(self, row: Row) -> Row:
        return [value + number for value, number in zip(row, self.numbers, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [column + number for column, number in zip(table, self.numbers, strict=True)]


class Clip:
    """Limit each number to `low` and `high`, which are options, the latter a number or null; NaN stays."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.low = step.get_number("low")
        self.high = inf if step.options["high"] is None else step.get_number("high")
        if self.low > self.high:
            raise ValueError("the least is more than the most")

    def run_row(self, row: Row) -> Row:
        low, high = self.low, self.high
        return [low if value < low else high if value > high else value for value in row]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [numpy.clip(column, self.low, self.high) for column in table]


class Sum:
    """Add blocks of the same width, column by column, in their order."""

    def __init__(self, step: Step) -> None:
        self.width, self.work = step.widths[0], sum(step.widths)
        if {*step.widths} != {self.width}:
            raise ValueError("blocks of different widths")

    def run_row(self, first: Row, *others: Row) -> Row:
        total = first
        for row in others:
            total = [one + other for one, other in zip(total, row, strict=True)]
        return total

    def run_table(self, first: "Table", *others: "Table") -> "Table":
        total = first
        for table in others:
            total = [one + other for one, other in zip(total, table, strict=True)]
        return total


class Matrix:
    """Multiply with a matrix, the array `numbers` of shape (inputs, outputs), and add the array `start`.

    The terms are added in the order of the inputs, then the start. Zeros are left out, which changes no sum.
    """

    def __init__(self, step: Step) -> None:
        self.width = len(step.arrays["start"])
        self.start = step.get_numbers("start", self.width)
        self.numbers = step.get_array("numbers", "d", step.width * self.width)
        self.entries = len(self.numbers)
        # Of more in wide rows, numpy computes a record as well.
        self.work = step.width + (min(self.entries, WORTH_IMPORTING) if self.width >= _WIDE else self.entries)
        if not step.width:
            raise ValueError("a matrix without rows")

    def check(self) -> None:
        """Check that all numbers are finite. Raises ValueError."""
        if not all(map(isfinite, self.numbers)):
            raise ValueError("a number of a matrix is not finite")

    def run_row(self, row: Row) -> Row:
        width, numbers = self.width, self.numbers
        if width == 1:
            total = 0.0
            for value, number in zip(row, numbers, strict=True):
                if value:
                    total += value * number
            return [total + self.start[0]]
        return self.add_up([(value, numbers[at * width : (at + 1) * width]) for at, value in enumerate(row) if value])

    def add_up(self, terms: "list[tuple[float, Array]]") -> Row:
        """Add up numbers, each multiplied with its row of the matrix, and the start."""
        if self.width >= _WIDE and is_faster_by_numpy(self.width * len(terms)):
            return self._add_up_by_numpy(terms)
        totals = [0.0] * self.width
        # Four at a time cost two thirds of what single ones cost; the additions have the same order.
        single = len(terms) % 4
        for value, factors in terms[:single]:
            totals = [total + value * number for total, number in zip(totals, factors, strict=True)]
        for k in range(single, len(terms), 4):
            (a, ones), (b, twos), (c, threes), (d, fours) = terms[k : k + 4]
            totals = [
                total + a * one + b * two + c * three + d * four
                for total, one, two, three, four in zip(totals, ones, twos, threes, fours, strict=True)
            ]
        return [total + start for total, start in zip(totals, self.start, strict=True)]

    def _add_up_by_numpy(self, terms: "list[tuple[float, Array]]") -> Row:
        import numpy

        totals = numpy.zeros(self.width)
        with numpy.errstate(all="ignore"):
            for value, factors in terms:
                totals += value * numpy.asarray(factors)
            made: Row = (totals + numpy.array(self.start)).tolist()
        return made

    def run_table(self, table: "Table") -> "Table":
        import numpy

        matrix = numpy.asarray(self.numbers).reshape(len(table), self.width)
        totals = numpy.zeros((self.width, len(table[0])))
        for factors, column in zip(matrix, table, strict=True):
            totals += factors[:, None] * column
        return list(totals + numpy.array(self.start)[:, None])


class Apply:
    """Apply a function of function.runtimes.flat.functions to each number; the option `function` is its name."""

    def __init__(self, step: Step) -> None:
        from function.runtimes.flat.functions import find_function, find_quick_function

        self.width = self.work = step.width
        self.function = find_function(step.options["function"])
        self.quick = find_quick_function(step.options["function"])

    def run_row(self, row: Row) -> Row:
        try:
            return list(map(self.quick, row))
        except (OverflowError, ValueError):
            return list(map(self.function, row))

    def run_table(self, table: "Table") -> "Table":
        import numpy

        def apply(column: "Column") -> "Column":
            try:
                return numpy.fromiter(map(self.quick, column.tolist()), float, len(column))
            except (OverflowError, ValueError):
                return numpy.fromiter(map(self.function, column.tolist()), float, len(column))

        return [apply(column) for column in table]


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "subtract": Subtract,
    "divide": Divide,
    "multiply": Multiply,
    "add": Add,
    "clip": Clip,
    "sum": Sum,
    "matrix": Matrix,
    "apply": Apply,
}
