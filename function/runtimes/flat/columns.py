"""Operations on columns as they are: choose them, join them, fill nulls, round them, refuse some values."""

from collections.abc import Callable
from math import isfinite, nan
from struct import Struct
from typing import TYPE_CHECKING, Any

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.kinds import NUMBER, TEXT, fill_kinds
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table


class Take:
    """Take some columns, in the order of the array `places`."""

    def __init__(self, step: Step) -> None:
        self.places = step.get_places("places", step.width)
        self.width = self.work = len(self.places)

    def find_kinds(self, kinds: str) -> str:
        return "".join(kinds[place] for place in self.places)

    def run_row(self, row: Row) -> Row:
        return [row[place] for place in self.places]

    def run_table(self, table: "Table") -> "Table":
        return [table[place] for place in self.places]


class Join:
    """Put blocks beside one another."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = sum(step.widths)

    def find_kinds(self, *kinds: str) -> str:
        return "".join(kinds)

    def run_row(self, *rows: Row) -> Row:
        joined: Row = []
        for row in rows:
            joined += row
        return joined

    def run_table(self, *tables: "Table") -> "Table":
        return [column for table in tables for column in table]


class Number:
    """Make numbers of numbers and booleans; a null becomes NaN."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def find_kinds(self, kinds: str) -> str:
        if TEXT in kinds:
            raise ValueError("a text is no number")
        return NUMBER * self.width

    def run_row(self, row: Row) -> Row:
        return [nan if value is None else float(value) for value in row]

    def run_table(self, table: "Table") -> "Table":
        return table


class Fill:
    """Replace nulls (None and NaN) by the number or text of their column; options `values`, null to leave a column."""

    def __init__(self, step: Step) -> None:
        self.values = step.get_values("values")
        self.width = self.work = step.width

    def find_kinds(self, kinds: str) -> str:
        return fill_kinds(kinds, self.values)

    def run_row(self, row: Row) -> Row:
        # Only NaN is not itself.
        return [
            filled if filled is not None and (value is None or value != value) else value  # noqa: PLR0124
            for value, filled in zip(row, self.values, strict=True)
        ]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        def fill(column: Any, filled: Any) -> Any:
            if filled is None:
                return column
            missing = find_nulls(column)
            return numpy.where(missing, filled, column) if missing.any() else column

        return [fill(column, filled) for column, filled in zip(table, self.values, strict=True)]


def find_nulls(column: "Column") -> "Column":
    """Tell for each value whether it is a null: None or NaN."""
    import numpy

    # Of texts, a null is None; only NaN is not itself.
    found: Column = column == None if column.dtype == object else numpy.isnan(column)  # noqa: E711
    return found


class IsNull:
    """1 where there is a null, else 0."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def find_kinds(self, _: str) -> str:
        return NUMBER * self.width

    def run_row(self, row: Row) -> Row:
        return [1.0 if value is None or value != value else 0.0 for value in row]  # noqa: PLR0124

    def run_table(self, table: "Table") -> "Table":
        return [find_nulls(column).astype(float) for column in table]


class ReplaceZeros:
    """Replace numbers from -`size` to `size`, an option, by 0, or with the option `by_null` by NaN."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.size = step.get_number("size")
        self.by = nan if step.get_flag("by_null") else 0.0

    def run_row(self, row: Row) -> Row:
        size, by = self.size, self.by
        return [by if -size <= value <= size else value for value in row]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [numpy.where(abs(column) <= self.size, self.by, column) for column in table]


class Round:
    """Round numbers to float32; refuse those that are too large for it."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.single = Struct(f"<{self.width}f")

    def run_row(self, row: Row) -> Row:
        # The numbers of a packed row are fewer, or more.
        single = self.single if len(row) == self.width else Struct(f"<{len(row)}f")
        try:
            return list(single.unpack(single.pack(*row)))
        except OverflowError:
            raise NotPredictable("OverflowError") from None

    def run_table(self, table: "Table") -> "Table":
        import numpy

        rounded = []
        for column in table:
            single = column.astype(numpy.float32).astype(float)
            if (numpy.isinf(single) & numpy.isfinite(column)).any():
                raise NotPredictable("OverflowError")
            rounded.append(single)
        return rounded


class Refuse:
    """Refuse NaN (option `nan`) and infinity (option `infinity`), as scikit-learn's check_array does."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.nan, self.infinity = step.get_flag("nan"), step.get_flag("infinity")

    def run_row(self, row: Row) -> Row:
        if not isfinite(sum(row)):
            for value in row:
                if not isfinite(value) and (self.nan if value != value else self.infinity):  # noqa: PLR0124
                    raise NotPredictable("ValueError")
        return row

    def run_table(self, table: "Table") -> "Table":
        import numpy

        for column in table:
            if (self.nan and numpy.isnan(column).any()) or (self.infinity and numpy.isinf(column).any()):
                raise NotPredictable("ValueError")
        return table


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "take": Take,
    "join": Join,
    "number": Number,
    "fill": Fill,
    "is_null": IsNull,
    "replace_zeros": ReplaceZeros,
    "round": Round,
    "refuse": Refuse,
}
