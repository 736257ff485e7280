"""What the values of a block may be: a letter per column. So no operation gets values that it does not compute with.

Python adds texts and multiplies whole numbers of any size: a program that did so at each step would fill the memory.
"""

from collections.abc import Iterable, Sequence

from function.model import contract
from function.model.contract import Feature

NUMBER, NULLABLE, BOOLEAN, TEXT = "n", "o", "b", "t"
"""A float; a float or None; a bool, a float or None; a str or None."""
PACKED = "p"
"""All of a packed block (function.runtimes.flat.packed): one letter, however many columns it has."""


def list_kinds(features: Iterable[Feature]) -> str:
    """List the kinds of a record's values, as the contract gives them."""
    return "".join(_find_kind(feature) for feature in features)


def _find_kind(feature: Feature) -> str:
    if feature.type == contract.NUMBER:
        return NULLABLE if feature.nullable else NUMBER
    return BOOLEAN if feature.type == contract.BOOLEAN else TEXT


def are_numbers(kinds: str) -> bool:
    """Tell whether all columns are numbers, without None."""
    return not kinds.strip(NUMBER)


def fill_kinds(kinds: str, values: Sequence[float | str | None]) -> str:
    """Return the kinds after nulls were replaced by these values, a value or None per column.

    Raises ValueError for a text in a column of numbers, or the reverse.
    """
    if any(value is not None and isinstance(value, str) != (k == TEXT) for k, value in zip(kinds, values, strict=True)):
        raise ValueError("a column is given a value of another kind")
    return "".join(
        NUMBER if kind == NULLABLE and value is not None else kind for kind, value in zip(kinds, values, strict=True)
    )
