"""Look values up among the sorted categories of a column, in the mapped file, and remember them."""

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Array

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column

UNKNOWN = -1.0
"""The code of a value that is none of the categories."""

# Longer texts are not remembered: a caller may send any, and they would fill the memory.
LONGEST_REMEMBERED = 100


class Settings(NamedTuple):
    """Of a column: its categories' codes, that of a null, whether an unknown value is refused, what is remembered."""

    codes: Array
    null: float
    refuses: bool
    most: int


class Lookup(dict[Any, float]):
    """The codes of values that were looked up before; a missing one is looked up in the file."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.codes, self.null, self.refuses, self.most = settings

    def __missing__(self, value: Any) -> float:
        # Only NaN is not itself.
        is_null = value is None or value != value  # noqa: PLR0124
        place = None if is_null else self.find(value)
        code = self.null if is_null else UNKNOWN if place is None else float(self.codes[place])
        if code < 0 and self.refuses:
            raise NotPredictable("ValueError")
        if value is None or not (is_null or (type(value) is str and len(value) > LONGEST_REMEMBERED)):
            if len(self) >= self.most:
                self.clear()
            self[value] = code
        return code

    def find(self, value: Any) -> int | None:
        """Find the place of a value among the column's categories; None if it is not there."""
        raise NotImplementedError

    def look_up_column(self, column: "Column") -> "Column":
        """Look up each value of a column."""
        import numpy

        return numpy.fromiter(map(self.__getitem__, column.tolist()), float, len(column))


class TextLookup(Lookup):
    """Categories that are texts; `ends` begins with the end of the text before the first one, if there is one."""

    def __init__(self, settings: Settings, text: Array, ends: Array, *, is_first: bool) -> None:
        super().__init__(settings)
        self.text, self.ends, self.first = text, ends, 0 if is_first else 1

    def find(self, value: Any) -> int | None:
        if type(value) is not str:
            return None
        wanted = value.encode("utf-8", "surrogatepass")
        # One byte more than the wanted text tells whether another one is longer.
        length, text, ends, first = len(wanted) + 1, self.text, self.ends, self.first
        low, high = first, first + len(self.codes)
        while low < high:
            middle = (low + high) // 2
            begin = ends[middle - 1] if middle else 0
            found = text[begin : min(ends[middle], begin + length)].tobytes()
            if found == wanted:
                return middle - first
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None


class NumberLookup(Lookup):
    """Categories that are numbers, or booleans as 0 and 1."""

    def __init__(self, settings: Settings, numbers: Array) -> None:
        super().__init__(settings)
        self.numbers = numbers

    def find(self, value: Any) -> int | None:
        if type(value) is str:
            return None
        place = bisect_left(self.numbers, value)
        return place if place < len(self.numbers) and self.numbers[place] == value else None

    def check(self) -> None:
        """Check that the numbers rise: numpy halves in another order than `bisect`. Raises ValueError."""
        if not all(before < after for before, after in pairwise(self.numbers)):
            raise ValueError("numbers that are not sorted")

    def look_up_column(self, column: "Column") -> "Column":
        import numpy

        if column.dtype == object or not len(self.numbers):
            return super().look_up_column(column)
        numbers, values = numpy.asarray(self.numbers), column.astype(float, copy=False)
        places = numpy.searchsorted(numbers, values)
        codes = numpy.asarray(self.codes).take(places, mode="clip").astype(float)
        made: Column = numpy.where(numbers.take(places, mode="clip") == values, codes, UNKNOWN)
        if self.null != UNKNOWN:
            made[numpy.isnan(values)] = self.null
        if self.refuses and (made < 0).any():
            raise NotPredictable("ValueError")
        return made
