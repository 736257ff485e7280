"""Operations on nulls of any type: make them, refuse them, and put other values in their place."""

from collections.abc import Callable
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.kinds import NULLABLE, NUMBER, fill_kinds
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table


class Erase:
    """Make a null of each number or text that is its column's one of the option `values`; null leaves a column."""

    def __init__(self, step: Step) -> None:
        self.values = step.get_values("values")
        self.width = self.work = step.width

    def find_kinds(self, kinds: str) -> str:
        fill_kinds(kinds, self.values)
        return kinds

    def run_row(self, row: Row) -> Row:
        return [
            value if erased is None or value != erased else None if isinstance(erased, str) else nan
            for value, erased in zip(row, self.values, strict=True)
        ]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        def erase(column: Any, erased: Any) -> Any:
            if erased is None:
                return column
            return numpy.where(column == erased, None if isinstance(erased, str) else nan, column)

        return [erase(column, erased) for column, erased in zip(table, self.values, strict=True)]


class RefuseNull:
    """Refuse records with a null in these columns, of any type."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def find_kinds(self, kinds: str) -> str:
        return kinds.replace(NULLABLE, NUMBER)

    def run_row(self, row: Row) -> Row:
        for value in row:
            if value is None or value != value:  # noqa: PLR0124  (only NaN is not itself)
                raise NotPredictable("ValueError")
        return row

    def run_table(self, table: "Table") -> "Table":
        from function.runtimes.flat.columns import find_nulls

        for column in table:
            if find_nulls(column).any():
                raise NotPredictable("ValueError")
        return table


class Patch:
    """Replace nulls by the numbers of another block. Takes three of the same width: numbers, nulls, and replacements.

    A number is replaced where the second block has a null.
    """

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.widths[0]
        if step.widths != (self.width,) * 3:
            raise ValueError("blocks of different widths")

    def run_row(self, filled: Row, holed: Row, made: Row) -> Row:
        return [
            replacement if isnan(hole) else value for value, hole, replacement in zip(filled, holed, made, strict=True)
        ]

    def run_table(self, filled: "Table", holed: "Table", made: "Table") -> "Table":
        import numpy

        return [
            numpy.where(numpy.isnan(hole), replacement, value)
            for value, hole, replacement in zip(filled, holed, made, strict=True)
        ]


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"erase": Erase, "refuse_null": RefuseNull, "patch": Patch}
