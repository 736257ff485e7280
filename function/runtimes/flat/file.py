"""The flat artifact, `model.flat`: a model as a program and its arrays, in one little-endian file that is mapped.

    bytes 0 to 7    MAGIC
    bytes 8 to 11   the header's length as uint32
    from byte 12    the header, JSON, padded with spaces up to a multiple of 8 bytes from the file's start
    behind it       the arrays, one after the other up to the file's end, each padded to a multiple of 8 bytes

The header:

    inputs    how many values a record has
    steps     the steps in order. Step k makes block k; block 0 is the record itself
    targets   for each target, in the manifest's order: `classes`, how many it has, 0 for a number; `prediction`, the
              block of one column that is the number or the class's place; `scores`, the block of its scores, or null
    arrays    [type code of Python's `array`, offset from the file's start, count] of each, in the file's order

A step: `op`, its name (function.runtimes.flat.operations); `inputs`, the blocks that it takes, each made by an earlier
step; `arrays`, the arrays that it uses, by name → place in the list above; and its options. A block is a row of values:
its width follows from the steps. So a program has no loops, and a damaged one ends as well.
"""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

MAGIC = b"MLFLAT3\n"
TYPE_SIZES = {"B": 1, "H": 2, "I": 4, "Q": 8, "d": 8}
# A program may compute this many values per byte of its file and per value of a record: more is no program of ours,
# but one that is meant to take memory and time.
MOST_VALUES_PER_BYTE, MOST_VALUES_PER_INPUT = 8, 64
# Any program may compute this many: a few columns of hashed words make a row of thousands.
FEWEST_VALUES = 2**18
# A packed block (function.runtimes.flat.packed) with more columns is not unpacked: it would take milliseconds.
MOST_UNPACKED = 2**16

type Array = "memoryview[Any]"


class Step(NamedTuple):
    """One step of a program: the operation's name, the blocks that it takes with their widths, options and arrays.

    The methods raise ValueError or KeyError for what no program of ours has.
    """

    op: str
    inputs: tuple[int, ...]
    widths: tuple[int, ...]
    options: dict[str, Any]
    arrays: dict[str, Array]

    @property
    def width(self) -> int:
        """The number of columns of the only block that the step takes."""
        (width,) = self.widths
        return width

    def get_array(self, name: str, codes: str, count: int | None = None) -> Array:
        """Return an array of one of these type codes, and of this length."""
        array = self.arrays[name]
        if array.format not in codes or (count is not None and len(array) != count):
            raise ValueError(f"the array {name} has another type or length")
        return array

    def get_numbers(self, name: str, count: int) -> list[float]:
        """Return an array of so many finite numbers as a list."""
        numbers = [float(number) for number in self.get_array(name, "d", count)]
        if not all(map(isfinite, numbers)):
            raise ValueError(f"the array {name} holds a number that is not finite")
        return numbers

    def get_places(self, name: str, below: int, count: int | None = None) -> list[int]:
        """Return an array of whole numbers that are less than `below` as a list."""
        places: list[int] = self.get_array(name, "BHI", count).tolist()
        if places and max(places) >= below:
            raise ValueError(f"the array {name} names a place that is not there")
        return places

    def get_whole(self, name: str, low: int, high: int) -> int:
        """Return an option that is a whole number from `low` to `high`."""
        number = self.options[name]
        if type(number) is not int or not low <= number <= high:
            raise ValueError(f"the option {name} is no number from {low} to {high}")
        return number

    def get_number(self, name: str) -> float:
        """Return an option that is a finite number."""
        number = self.options[name]
        if type(number) is not float or not isfinite(number):
            raise ValueError(f"the option {name} is no finite number")
        return number

    def get_number_list(self, name: str, count: int) -> list[float]:
        """Return an option that is a list of so many finite numbers."""
        numbers = self.options[name]
        fits = type(numbers) is list and len(numbers) == count
        if not fits or not all(type(number) is float and isfinite(number) for number in numbers):
            raise ValueError(f"the option {name} is no list of {count} numbers")
        return list(numbers)

    def get_values(self, name: str) -> list[Any]:
        """Return an option that is a list with a number, a text or null for each column of the only block."""
        values = self.options[name]
        if len(values) != self.width or not {type(value) for value in values} <= {float, str, type(None)}:
            raise ValueError(f"the option {name} is no list of {self.width} numbers, texts or nulls")
        return list(values)

    def get_flag(self, name: str) -> bool:
        """Return an option that is true or false."""
        flag = self.options[name]
        if type(flag) is not bool:
            raise ValueError(f"the option {name} is neither true nor false")
        return flag

    def get_choice(self, name: str, choices: Sequence[str]) -> str:
        """Return an option that is one of these texts."""
        choice = self.options[name]
        if type(choice) is not str or choice not in choices:
            raise ValueError(f"the option {name} is none of {choices}")
        return choice


class Header(NamedTuple):
    """What the header says, the arrays apart: the steps and the targets as they stand there."""

    inputs: int
    steps: list[dict[str, Any]]
    targets: list[dict[str, Any]]


def parse(view: memoryview) -> tuple[Header, list[Array]]:
    """Split a flat artifact into its header and its arrays.

    Raises ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError or RecursionError for other bytes.
    """
    if bytes(view[:8]) != MAGIC:
        raise ValueError("no flat artifact")
    begin = 12 + int.from_bytes(view[8:12], "little")
    document = json.loads(bytes(view[12:begin]))
    arrays = _slice_arrays(view, begin, document.pop("arrays"))
    header = Header(**document)
    if type(header.inputs) is not int or not 1 <= header.inputs <= len(view):
        raise ValueError("a wrong header")
    return header, arrays


def read_step(description: dict[str, Any], arrays: Sequence[Array], widths: Sequence[int]) -> Step:
    """Read a step of the header; `widths` are those of the blocks that are made before it.

    Raises ValueError, KeyError, TypeError, IndexError or AttributeError for a step that is none of ours.
    """
    options = dict(description)
    inputs = tuple(options.pop("inputs"))
    if not inputs or not all(type(block) is int and 0 <= block < len(widths) for block in inputs):
        raise ValueError("a step takes a block that is not made before it")
    named = {name: arrays[_check_place(place)] for name, place in options.pop("arrays", {}).items()}
    return Step(options.pop("op"), inputs, tuple(widths[block] for block in inputs), options, named)


def _check_place(place: object) -> int:
    if type(place) is not int or place < 0:
        raise ValueError("an array that is not there")
    return place


def _slice_arrays(view: memoryview, begin: int, places: list[tuple[str, int, int]]) -> list[Array]:
    """Slice the arrays, which follow one another from `begin` to the end of the file. Raises ValueError."""
    found: list[Array] = []
    for code, offset, count in places:
        if {type(offset), type(count)} != {int} or count < 0 or offset != begin:
            raise ValueError("an array is not where it must be")
        end = begin + TYPE_SIZES[code] * count
        if end > len(view):
            raise ValueError("an array lies outside of the file")
        found.append(view[begin:end].cast(code))  # type: ignore[call-overload]
        begin = end + -end % 8
    if begin != len(view):
        raise ValueError("the file ends elsewhere than its last array")
    return found
