"""Operations on packed blocks: of many columns of which most are 0, as those of words, only the others are kept.

A packed row is a pair of lists: the places of its numbers, which rise, and the numbers. A packed table is a list of
such rows: what is done once per word is not faster with numpy.
"""

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from function.runtimes.flat.arithmetic import Matrix
from function.runtimes.flat.file import MOST_UNPACKED, Step
from function.runtimes.flat.kinds import NUMBER, PACKED, are_numbers
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

# About how many numbers a row has.
_SOME_NUMBERS = 100


class _Packed:
    """An operation that makes a packed block of packed blocks."""

    takes_packed = True

    def __init__(self, step: Step) -> None:
        self.width, self.work = step.widths[0], _SOME_NUMBERS

    def find_kinds(self, *kinds: str) -> str:
        if {*kinds} != {PACKED}:
            raise ValueError("a block that is not packed")
        return PACKED

    def run_row(self, *rows: Row) -> Row:
        raise NotImplementedError

    def run_table(self, *tables: "Table") -> "Table":
        return [self.run_row(*rows) for rows in zip(*tables, strict=True)]  # type: ignore[misc]


class OnNumbers(_Packed):
    """Do with the numbers what an operation of columns does; the zeros stay zeros."""

    def __init__(self, step: Step, operation: Operation) -> None:
        super().__init__(step)
        self.run = operation.run_row

    def run_row(self, *rows: Row) -> Row:
        ((places, numbers),) = rows
        return [places, self.run(numbers)]


class Multiply(_Packed):
    """Multiply with each column's number, the array `numbers`."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.numbers = step.get_array("numbers", "d", self.width)
        self.entries = self.width

    def check(self) -> None:
        """Check that all numbers are finite. Raises ValueError."""
        if not all(map(isfinite, self.numbers)):
            raise ValueError("a number is not finite")

    def run_row(self, *rows: Row) -> Row:
        ((places, numbers),) = rows
        factors = self.numbers
        return [places, [number * factors[place] for place, number in zip(places, numbers, strict=True)]]


class Take(_Packed):
    """Take the columns of the array `places`, which rise."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.places = step.get_array("places", "HI")
        self.width = self.entries = len(self.places)

    def check(self) -> None:
        """Check that the places rise. Raises ValueError."""
        if not all(before < after for before, after in pairwise(self.places)):
            raise ValueError("places that do not rise")

    def run_row(self, *rows: Row) -> Row:
        taken, kept, width = self.places, [], self.width
        for place, number in zip(*rows[0], strict=True):
            at = bisect_left(taken, place)
            if at < width and taken[at] == place:
                kept.append((at, number))
        return [[at for at, _ in kept], [number for _, number in kept]]


class Join(_Packed):
    """Put packed blocks beside one another."""

    def __init__(self, step: Step) -> None:
        self.widths = step.widths
        self.width, self.work = sum(step.widths), _SOME_NUMBERS * len(step.widths)

    def run_row(self, *rows: Row) -> Row:
        places: list[int] = []
        numbers: list[float] = []
        begin = 0
        for width, (others, more) in zip(self.widths, rows, strict=True):
            places += [begin + place for place in others]
            numbers += more
            begin += width
        return [places, numbers]


class Pack(_Packed):
    """Pack a block of numbers: its zeros are left out."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def find_kinds(self, *kinds: str) -> str:
        if not all(map(are_numbers, kinds)):
            raise ValueError("no numbers")
        return PACKED

    def run_row(self, *rows: Row) -> Row:
        (row,) = rows
        places = [place for place, number in enumerate(row) if number]
        return [places, [row[place] for place in places]]

    def run_table(self, *tables: "Table") -> "Table":
        import numpy

        return super().run_table(numpy.column_stack(tables[0]).tolist())


class Unpack(_Packed):
    """Make a block of numbers of a packed one; what it does not hold is 0, or NaN with the option `by_null`."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        if self.width > MOST_UNPACKED:
            raise ValueError("too many columns")
        self.by = nan if step.get_flag("by_null") else 0.0

    def find_kinds(self, *kinds: str) -> str:
        return NUMBER * self.width if super().find_kinds(*kinds) else ""

    def run_row(self, *rows: Row) -> Row:
        row = [self.by] * self.width
        for place, number in zip(*rows[0], strict=True):
            row[place] = number
        return row

    def run_table(self, *tables: "Table") -> "Table":
        import numpy

        columns = numpy.full((self.width, len(tables[0])), self.by)
        packed: Any
        for at, packed in enumerate(tables[0]):
            columns[packed[0], at] = packed[1]
        return list(columns)


class PackedMatrix(Matrix):
    """Multiply with a matrix, as function.runtimes.flat.arithmetic does: the numbers in the order of their places."""

    takes_packed = True

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.work = _SOME_NUMBERS * self.width

    def find_kinds(self, kinds: str) -> str:
        if kinds != PACKED:
            raise ValueError("a block that is not packed")
        return NUMBER * self.width

    def run_row(self, row: Row) -> Row:
        width, numbers = self.width, self.numbers
        if width == 1:
            total = 0.0
            for place, value in zip(*row, strict=True):
                total += value * numbers[place]
            return [total + self.start[0]]
        return self.add_up([(value, numbers[at * width : (at + 1) * width]) for at, value in zip(*row, strict=True)])

    def run_table(self, table: "Table") -> "Table":
        import numpy

        matrix = numpy.asarray(self.numbers).reshape(-1, self.width)
        made = numpy.zeros((len(table), self.width))
        packed: Any
        for at, packed in enumerate(table):
            for place, value in zip(*packed, strict=True):
                made[at] += value * matrix[place]
        return list((made + numpy.array(self.start)).T)


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "packed_multiply": Multiply,
    "packed_take": Take,
    "packed_join": Join,
    "packed_matrix": PackedMatrix,
    "pack": Pack,
    "unpack": Unpack,
}
