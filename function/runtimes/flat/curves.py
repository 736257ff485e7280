"""Operations that look numbers up on curves, and powers."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from math import copysign, inf, isfinite, nan, pow
from typing import TYPE_CHECKING

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row
from function.runtimes.flat.singles import round_single

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table

CLIP, NAN, REFUSE = "clip", "nan", "refuse"


class Curve:
    """Look each number up on the curve of its column: straight lines between points. NaN stays.

    Arrays: `bounds`, where each column's points begin in `x` and `y`, and where the last one's end; `x`, the points'
    places, rising in each column; `y`, the values there. Options:

    - `outside`: what a number before the first point or behind the last one becomes: the value of that point ("clip"),
      NaN ("nan"), or it is refused ("refuse")
    - `single`: whether each step is rounded to float32, as scipy's interp1d does for points of float32
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 16 * self.width
        bounds = step.get_array("bounds", "I", self.width + 1).tolist()
        if bounds[0] or any(after <= before for before, after in pairwise(bounds)):
            raise ValueError("curves that do not follow one another")
        self.bounds = bounds
        self.x, self.y = (step.get_array(name, "d", bounds[-1]) for name in ("x", "y"))
        self.outside = step.get_choice("outside", (CLIP, NAN, REFUSE))
        self.single = step.get_flag("single")

    @property
    def entries(self) -> int:
        """How many numbers `check` looks at."""
        return 2 * len(self.x)

    def check(self) -> None:
        """Check that the points rise and are numbers, of float32 where it computes in that. Raises ValueError.

        Without that, a number may get a wrong value, but it is looked up within the arrays.
        """
        for low, high in pairwise(self.bounds):
            if any(after <= before for before, after in pairwise(self.x[low:high])):
                raise ValueError("a curve that does not rise")
        if not (all(map(isfinite, self.x)) and all(map(isfinite, self.y))):
            raise ValueError("a point that is no number")
        if self.single and not all(round_single(number) == number for each in (self.x, self.y) for number in each):
            raise ValueError("a point that is no float32")

    def run_row(self, row: Row) -> Row:
        """Look each number up. Raises NotPredictable."""
        read = self._read_single if self.single else self._read
        return [read(value, low, high) for value, (low, high) in zip(row, pairwise(self.bounds), strict=True)]

    def _read(self, value: float, low: int, high: int) -> float:
        """Compute as numpy.interp does."""
        x, y = self.x, self.y
        at = bisect_right(x, value, low, high)
        if low < at < high:
            # The search has found x[at - 1] <= value < x[at], also where the points do not rise.
            before = x[at - 1]
            if value == before:
                return float(y[at - 1])
            start = y[at - 1]
            slope = (y[at] - start) / (x[at] - before)
            return float(slope * (value - before) + start)
        return self._read_end(value, at, low, high)

    def _read_end(self, value: float, at: int, low: int, high: int) -> float:
        """Return the value for a number outside of the curve, or at its last point."""
        if value != value:  # noqa: PLR0124  (only NaN is not itself)
            return nan
        nearest = low if at == low else high - 1
        if self.outside == CLIP or value == self.x[nearest]:
            return float(self.y[nearest])
        if self.outside == REFUSE:
            raise NotPredictable("ValueError")
        return nan

    def _read_single(self, value: float, low: int, high: int) -> float:
        """Compute as scipy's interp1d does, in float32."""
        x, y = self.x, self.y
        value = round_single(value)
        at = bisect_right(x, value, low, high)
        if not low < at < high:
            return self._read_end(value, at, low, high)
        if value == x[at - 1]:
            return float(y[at - 1])
        width = round_single(x[at] - x[at - 1])
        first = round_single(round_single(round_single(value - x[at - 1]) / width) * y[at])
        return round_single(first + round_single(round_single(round_single(x[at] - value) / width) * y[at - 1]))

    def run_table(self, table: "Table") -> "Table":
        """Look each column's numbers up. Raises NotPredictable."""
        import numpy

        x, y = numpy.asarray(self.x), numpy.asarray(self.y)
        return [
            self._read_column(column, x[low:high], y[low:high])
            for column, (low, high) in zip(table, pairwise(self.bounds), strict=True)
        ]

    def _read_column(self, column: "Column", x: "Column", y: "Column") -> "Column":
        import numpy

        if self.single:
            column = column.astype(numpy.float32).astype(float)
        if self.outside == REFUSE and ((column < x[0]) | (column > x[-1])).any():
            raise NotPredictable("ValueError")
        at = numpy.searchsorted(x, column, side="right")
        inside = (at > 0) & (at < len(x))
        after = numpy.where(inside, at, min(1, len(x) - 1))
        before = numpy.maximum(after - 1, 0)
        nearest = numpy.where(at == 0, 0, len(x) - 1)
        if self.single:
            x, y = x.astype(numpy.float32), y.astype(numpy.float32)
            held = column.astype(numpy.float32)
            width = x[after] - x[before]
            line = (held - x[before]) / width * y[after] + (x[after] - held) / width * y[before]
        else:
            line = (y[after] - y[before]) / (x[after] - x[before]) * (column - x[before]) + y[before]
        made = numpy.where(inside, numpy.where(column == x[before], y[before], line), y[nearest]).astype(float)
        made[numpy.isnan(column)] = numpy.nan
        if self.outside == NAN:
            made[(column < x[0]) | (column > x[-1])] = numpy.nan
        return made


class Raise:
    """Raise each number to the power of its column, of the array `numbers`."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.numbers = step.get_numbers("numbers", self.width)

    def run_row(self, row: Row) -> Row:
        """Raise each number."""
        return [raise_to(value, number) for value, number in zip(row, self.numbers, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        """Raise number by number: numpy's power may differ from math.pow in the last bit."""
        import numpy

        def raise_all(column: "Column", number: float) -> "Column":
            made = (raise_to(value, number) for value in column.tolist())
            return numpy.fromiter(made, float, len(column))

        return [raise_all(column, number) for column, number in zip(table, self.numbers, strict=True)]


def raise_to(value: float, number: float) -> float:
    """Raise to a power, with numpy's answers for what `math` refuses: too large, or outside of its domain."""
    try:
        return pow(value, number)
    except OverflowError:
        return -inf if value < 0 and number % 2 == 1 else inf
    except ValueError:
        # A negative number has no power that is not whole; 0 to a negative power is infinite.
        return nan if value else copysign(inf, value) if number % 2 == 1 else inf


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"curve": Curve, "raise": Raise}
