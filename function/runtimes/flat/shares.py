"""Operations on several numbers of a row together: shares of their sum, ratios of two blocks, inverses."""

from collections.abc import Callable
from math import copysign, inf, nan
from typing import TYPE_CHECKING

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table


class Share:
    """Divide each number by the sum of all, which is added up in their order.

    Where the sum is 0, the numbers are equal shares with the option `uniform`, and else stay.
    """

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.uniform = step.get_flag("uniform")
        if not self.width:
            raise ValueError("no numbers")

    def run_row(self, row: Row) -> Row:
        """Divide by the sum."""
        total = row[0]
        for value in row[1:]:
            total += value
        if total:
            return [value / total for value in row]
        return [1 / self.width] * self.width if self.uniform else row

    def run_table(self, table: "Table") -> "Table":
        """Divide by the sum of each row."""
        import numpy

        total = table[0]
        for column in table[1:]:
            total = total + column
        shares = [column / total for column in table]
        empty = total == 0
        if not empty.any():
            return shares
        return [
            numpy.where(empty, 1 / self.width if self.uniform else column, share)
            for column, share in zip(table, shares, strict=True)
        ]


class Ratio:
    """Divide the numbers of one block by those of another one, with numpy's answers for a division by 0."""

    def __init__(self, step: Step) -> None:
        self.width, other = step.widths
        self.work = 2 * self.width
        if other != self.width:
            raise ValueError("blocks of different widths")

    def run_row(self, row: Row, other: Row) -> Row:
        """Divide each number."""
        return [divide(value, by) for value, by in zip(row, other, strict=True)]

    def run_table(self, table: "Table", other: "Table") -> "Table":
        """Divide each column."""
        return [column / by for column, by in zip(table, other, strict=True)]


class Inverse:
    """Divide 1 by each distance; where that is infinite for some of a row, these are 1 and the others 0."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        if not step.width:
            raise ValueError("no numbers")

    def run_row(self, row: Row) -> Row:
        """Divide 1 by each number."""
        inverses = [divide(1.0, value) for value in row]
        return [float(value == inf) for value in inverses] if inf in inverses else inverses

    def run_table(self, table: "Table") -> "Table":
        """Divide 1 by each column."""
        import numpy

        inverses = 1.0 / numpy.stack(table)
        is_infinite = inverses == inf
        return list(numpy.where(is_infinite.any(axis=0), is_infinite, inverses))


def divide(value: float, by: float) -> float:
    """Divide as numpy does: by 0, the quotient is infinite or NaN."""
    if by:
        return value / by
    return value * copysign(inf, by) if value else nan


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"share": Share, "ratio": Ratio, "inverse": Inverse}
