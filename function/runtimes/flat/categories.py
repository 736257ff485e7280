"""Operations on categories: look them up in the file, and make numbers or indicators of them."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from function.runtimes.flat.file import Step
from function.runtimes.flat.kinds import NUMBER
from function.runtimes.flat.lookups import UNKNOWN, Lookup, NumberLookup, Settings, TextLookup
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Column, Table

# So many values of all columns of a step are remembered with their codes, but at least so many of each.
_MOST_REMEMBERED, _LEAST_REMEMBERED = 100_000, 100
_MOST_CODES = 2**32
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

    Nothing is built of them at the start: each value is looked up in the file by halving, and remembered. Where a
    damaged file has texts in another order, a category is not found.
    """

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 8 * self.width
        kinds, nulls, refuses = (step.options[name] for name in ("kinds", "nulls", "refuses"))
        bounds = step.get_array("bounds", "I", self.width + 1).tolist()
        codes = step.get_array("codes", "I", bounds[-1])
        ends, text, numbers = (step.get_array(n, c) for n, c in (("ends", "I"), ("bytes", "B"), ("numbers", "d")))
        if bounds[0] or bounds != sorted(bounds) or not len(kinds) == len(nulls) == len(refuses) == self.width:
            raise ValueError("categories that do not follow one another")
        most = max(_LEAST_REMEMBERED, _MOST_REMEMBERED // max(1, self.width))
        self.lookups: list[Lookup] = []
        at = {_TEXT: 0, _NUMBER: 0}
        for (low, high), kind, null, refuse in zip(pairwise(bounds), kinds, nulls, refuses, strict=True):
            begin = at[kind]
            at[kind] = end = begin + high - low
            settings = Settings(codes[low:high], _check_null(null), bool(refuse), most)
            if kind == _TEXT:
                self.lookups.append(TextLookup(settings, text, ends[max(0, begin - 1) : end], is_first=begin == 0))
            else:
                self.lookups.append(NumberLookup(settings, numbers[begin:end]))
        if at != {_TEXT: len(ends), _NUMBER: len(numbers)}:
            raise ValueError("another number of categories")
        self.entries = len(numbers)

    def check(self) -> None:
        """Check that categories which are numbers are sorted. Raises ValueError."""
        for lookup in self.lookups:
            if isinstance(lookup, NumberLookup):
                lookup.check()

    def find_kinds(self, _: str) -> str:
        return NUMBER * self.width

    def run_row(self, row: Row) -> Row:
        return [lookup[value] for lookup, value in zip(self.lookups, row, strict=True)]

    def run_table(self, table: "Table") -> "Table":
        return [lookup.look_up_column(column) for lookup, column in zip(self.lookups, table, strict=True)]


def _check_null(null: Any) -> float:
    if null is None:
        return UNKNOWN
    if type(null) is not int or not 0 <= null < _MOST_CODES:
        raise ValueError("a null has no code")
    return float(null)


def _convert_codes(column: "Column") -> "Column":
    """Make whole numbers of codes. Raises ValueError for what is none: each processor makes another one of it."""
    import numpy

    if not (abs(column) <= _MOST_CODES).all():
        raise ValueError("a code that is no number")
    return column.astype(numpy.intp)


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
            numpy.asarray(numbers).take(_convert_codes(column), mode="raise")
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
        if not step.width:
            raise ValueError("no columns")
        self.work = step.width + self.width
        self.places = [places[low:high] for low, high in pairwise(bounds)]
        if bounds[0] or not all(map(len, self.places)):
            raise ValueError("places that do not follow one another")

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
            made[numpy.asarray(places).take(_convert_codes(codes), mode="raise"), rows] = 1.0
        return list(made[1:])


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"code": Code, "map": Map, "indicate": Indicate}
