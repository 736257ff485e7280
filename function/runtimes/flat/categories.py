"""Operations on categories: look them up in the file, and make numbers or indicators of them."""

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Array, Step
from function.runtimes.flat.operations import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operations import Table

# So many values of a column are remembered with their codes; others are looked up in the file each time.
_MOST_REMEMBERED = 10_000
_UNKNOWN = -1.0
_TEXT, _NUMBER = "text", "number"


class Code:
    """Replace each value by its code: the number of its category among those of its column, -1 for an unknown one.

    Options, a value per column: `kinds`, "text" or "number"; `nulls`, the code of a null, or null; `refuses`, whether
    an unknown value is refused. The columns' categories follow one another, sorted by UTF-8 or by size, and `codes` has
    the code of each:

    - array `bounds`: where each column's categories begin in `codes`, and where the last one's end
    - array `codes`
    - array `ends` and `bytes`: of all texts, where each one's UTF-8 ends, and the UTF-8 itself
    - array `numbers`: all numbers
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 8 * self.width
        kinds, nulls, refuses = (step.options[name] for name in ("kinds", "nulls", "refuses"))
        bounds = step.get_array("bounds", "I", self.width + 1).tolist()
        codes = step.get_array("codes", "I", bounds[-1])
        ends, text, numbers = (step.get_array(n, c) for n, c in (("ends", "I"), ("bytes", "B"), ("numbers", "d")))
        if bounds != sorted(bounds) or not len(kinds) == len(nulls) == len(refuses) == self.width:
            raise ValueError("categories that do not follow one another")
        self.lookups: list[Callable[[Any], float]] = []
        of_kind = {_TEXT: 0, _NUMBER: 0}
        for column, kind in enumerate(kinds):
            low, high = bounds[column], bounds[column + 1]
            begin = of_kind[kind]
            of_kind[kind] = end = begin + high - low
            null = _UNKNOWN if nulls[column] is None else float(nulls[column])
            if kind == _TEXT:
                find = _create_text_search(text, ends, begin, end)
            else:
                find = _create_number_search(numbers, begin, end)
            self.lookups.append(_create_lookup(find, codes[low:high], null, bool(refuses[column])))
        if of_kind != {_TEXT: len(ends), _NUMBER: len(numbers)}:
            raise ValueError("another number of categories")

    def run_row(self, row: Row) -> Row:
        return [lookup(value) for lookup, value in zip(self.lookups, row, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [
            numpy.fromiter(map(lookup, column.tolist()), float, len(column))
            for lookup, column in zip(self.lookups, table, strict=True)
        ]


def _create_lookup(
    find: Callable[[Any], int | None], codes: Array, null: float, refuses: bool
) -> Callable[[Any], float]:
    """Return a function that finds the code of a value of one column, and remembers it."""
    remembered: dict[Any, float] = {}

    def look_up(value: Any) -> float:
        code = remembered.get(value)
        if code is not None:
            return code
        if value is None or value != value:  # noqa: PLR0124  (only NaN is not itself)
            code = null
        else:
            place = find(value)
            code = _UNKNOWN if place is None else float(codes[place])
        if code < 0 and refuses:
            raise NotPredictable("ValueError")
        if len(remembered) < _MOST_REMEMBERED:
            remembered[value] = code
        return code

    return look_up


def _create_text_search(text: Array, ends: Array, begin: int, end: int) -> Callable[[Any], int | None]:
    """Return a function that finds a text among the sorted ones, by halving; None if it is not there."""

    def find(value: str) -> int | None:
        wanted = value.encode()
        low, high = begin, end
        while low < high:
            middle = (low + high) // 2
            found = bytes(text[ends[middle - 1] if middle else 0 : ends[middle]])
            if found == wanted:
                return middle - begin
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None

    return find


def _create_number_search(numbers: Array, begin: int, end: int) -> Callable[[Any], int | None]:
    def find(value: float) -> int | None:
        place = bisect_left(numbers, value, begin, end)
        return place - begin if place < end and numbers[place] == value else None

    return find


class Map:
    """Replace each code by a number of its column; the last number of a column is that of the code -1.

    Arrays: `bounds`, where each column's numbers begin in `numbers`, and where the last one's end; `numbers`.
    """

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        bounds = step.get_array("bounds", "I", self.width + 1).tolist()
        numbers = step.get_array("numbers", "d", bounds[-1])
        self.numbers = [numbers[low:high] for low, high in pairwise(bounds)]
        if bounds[0] or not all(map(len, self.numbers)):
            raise ValueError("numbers that do not follow one another")

    def run_row(self, row: Row) -> Row:
        return [numbers[int(code)] for numbers, code in zip(self.numbers, row, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [
            numpy.asarray(numbers).take(column.astype(numpy.intp), mode="raise")
            for numbers, column in zip(self.numbers, table, strict=True)
        ]


class Indicate:
    """Make a column for each category, 1 where it is the value's and else 0; the option `width` is their number.

    Arrays: `bounds` as those of Map; `places` has, for each code of a column, the place of its indicator plus 1, or 0
    for none; the last one of a column is that of the code -1.
    """

    def __init__(self, step: Step) -> None:
        bounds = step.get_array("bounds", "I", step.width + 1).tolist()
        places = step.get_array("places", "HI", bounds[-1])
        self.width = step.get_whole("width", 0, len(places))
        self.work = step.width + self.width
        self.places = [places[low:high] for low, high in pairwise(bounds)]
        if bounds[0] or not all(map(len, self.places)):
            raise ValueError("places that do not follow one another")
        if places and max(places) > self.width:
            raise ValueError("the place of an indicator that is not there")

    def run_row(self, row: Row) -> Row:
        made = [0.0] * (self.width + 1)
        for places, code in zip(self.places, row, strict=True):
            made[places[int(code)]] = 1.0
        return made[1:]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        rows = numpy.arange(len(table[0]))
        made = numpy.zeros((self.width + 1, len(rows)))
        for places, codes in zip(self.places, table, strict=True):
            made[numpy.asarray(places).take(codes.astype(numpy.intp), mode="raise"), rows] = 1.0
        return list(made[1:])


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"code": Code, "map": Map, "indicate": Indicate}
