"""Operations on categories as CatBoost has them: a hash of each, and numbers by the hashes of several together.

CatBoost knows a category by the lower 32 bits of CityHash64 (version 1) of its text's UTF-8.
"""

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from function.model.runtime import NotPredictable
from function.runtimes.flat.city_hash import compute_city_hash
from function.runtimes.flat.file import Step
from function.runtimes.flat.kinds import NUMBER
from function.runtimes.flat.lookups import LONGEST_REMEMBERED
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    import numpy

    from function.runtimes.flat.operation import Table

# So many values of a column are remembered with their hashes.
_MOST_REMEMBERED = 10_000
_64 = 2**64 - 1
_SIGN = 2**31
_COMBINE = 0x4906BA494954CB65


class Hash:
    """Replace each category by its hash: of a text, or of the digits of a whole number; refuse others and nulls."""

    def __init__(self, step: Step) -> None:
        self.width = step.width
        self.work = 8 * self.width
        self.remembered: dict[Any, float] = {}

    def find_kinds(self, _: str) -> str:
        return NUMBER * self.width

    def run_row(self, row: Row) -> Row:
        return [self._look_up(value) for value in row]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [numpy.fromiter(map(self._look_up, column.tolist()), float, len(column)) for column in table]

    def _look_up(self, value: Any) -> float:
        found = self.remembered.get(value)
        if found is None:
            found = float(compute_city_hash(_make_text(value)) % 2**32)
            is_short = type(value) is not str or len(value) <= LONGEST_REMEMBERED
            if is_short and len(self.remembered) < _MOST_REMEMBERED:
                self.remembered[value] = found
        return found


def _make_text(value: Any) -> bytes:
    """Make the bytes that CatBoost hashes. Raises NotPredictable."""
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            raise NotPredictable("UnicodeEncodeError") from None
    # CatBoost refuses nulls and fractions; true and false are 1 and 0.
    if value is None or not -(2.0**63) <= value < 2.0**63 or value != int(value):
        raise NotPredictable("CatBoostError")
    return b"%d" % int(value)


class Ctr:
    """Replace combinations of categories by numbers that training counted for them (CatBoost's name: CTR).

    There are several tables. The key of each is made of the columns that it combines, which are hashes, or 0 and 1.
    Arrays; the tables' parts follow one another:

    - `places`, and `place_ends`: the columns that are combined, in this order
    - `keys` (Q), and `key_ends`: the keys, in ascending order
    - `widths`: how many numbers a key has
    - `numbers`: a row of numbers for each key, and a last one for unknown keys
    """

    def __init__(self, step: Step) -> None:
        places = step.get_places("places", step.width)
        widths = step.get_array("widths", "BHI").tolist()
        place_bounds = _read_bounds(step, "place_ends", len(places), len(widths))
        self.keys = step.get_array("keys", "Q")
        key_bounds = _read_bounds(step, "key_ends", len(self.keys), len(widths))
        self.tables: list[tuple[list[int], int, int, int, int]] = []
        at = 0
        for width, (first, last), (low, high) in zip(widths, pairwise(place_bounds), pairwise(key_bounds), strict=True):
            if first == last:
                raise ValueError("a table that combines no columns")
            self.tables.append((places[first:last], low, high, width, at))
            at += (high - low + 1) * width
        self.numbers = step.get_array("numbers", "d", at)
        self.width = sum(widths)
        self.work = step.width + 8 * len(widths) + len(places) + self.width
        if not step.width or 0 in widths:
            raise ValueError("a table of no columns, or of no numbers")

    @property
    def entries(self) -> int:
        """How many entries of arrays `check` looks at."""
        return len(self.keys) + len(self.numbers)

    def check(self) -> None:
        """Check that the keys are sorted, and that all numbers are finite. Raises ValueError."""
        for _, low, high, _, _ in self.tables:
            if any(after <= before for before, after in pairwise(self.keys[low:high])):
                raise ValueError("keys that are not sorted")
        if not all(map(isfinite, self.numbers)):
            raise ValueError("a number that is not finite")

    def run_row(self, row: Row) -> Row:
        made: Row = []
        keys = self.keys
        terms = [_COMBINE * _extend_sign(int(value)) for value in row]
        for places, low, high, width, at in self.tables:
            key = 0
            for place in places:
                key = _COMBINE * (key + terms[place]) & _64
            found = bisect_left(keys, key, low, high)
            place = found - low if found < high and keys[found] == key else high - low
            made += self.numbers[at + place * width : at + (place + 1) * width]
        return made

    def run_table(self, table: "Table") -> "Table":
        import numpy

        made: Table = []
        # Between -1 and 0, a number is cut to 0.
        if not all(((column > -1) & (column < 2 * _SIGN)).all() for column in table):
            raise ValueError("no hash")
        keys, numbers = numpy.asarray(self.keys), numpy.asarray(self.numbers)
        for places, low, high, width, at in self.tables:
            combined = _combine_columns([table[place] for place in places])
            found = numpy.searchsorted(keys[low:high], combined)
            is_known = found < high - low
            is_known[is_known] = keys[low:high][found[is_known]] == combined[is_known]
            rows = numpy.where(is_known, found, high - low)
            part = numbers[at : at + (high - low + 1) * width].reshape(-1, width)
            made += list(part.take(rows, axis=0).T)
        return made


def _read_bounds(step: Step, name: str, end: int, count: int) -> list[int]:
    """Read where parts of an array end; return where they begin and end. Raises ValueError."""
    bounds = [0, *step.get_array(name, "I", count)]
    if bounds != sorted(bounds) or bounds[-1] != end:
        raise ValueError(f"the array {name} does not fit")
    return bounds


def _extend_sign(number: int) -> int:
    """Read the 32 bits of a number as a signed one; return that as 64 bits. Raises ValueError for a larger one."""
    if not 0 <= number < 2 * _SIGN:
        raise ValueError("no hash")
    return number if number < _SIGN else number + (_64 + 1 - 2 * _SIGN)


def _combine_columns(columns: "Table") -> "numpy.ndarray[Any, Any]":
    import numpy

    factor = numpy.uint64(_COMBINE)
    keys = numpy.zeros(len(columns[0]), dtype=numpy.uint64)
    for column in columns:
        signed = column.astype(numpy.int64).astype(numpy.uint32).astype(numpy.int32)
        keys = factor * (keys + factor * signed.astype(numpy.int64).astype(numpy.uint64))
    return keys


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"hash": Hash, "ctr": Ctr}
