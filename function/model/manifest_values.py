"""Check the type of one value of a manifest and return it.

Each function raises TypeError or ValueError with a sentence for the reader of `manifest_invalid`.
"""

from typing import Any


def expect[T](kind: type[T], value: object) -> T:
    """Return the value if it is an instance of `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def expect_number(value: Any) -> float:
    """Return the number as a float. Raises OverflowError for an integer that no float holds."""
    if isinstance(value, (bool, str)):
        raise TypeError(f"expected a number, found {type(value).__name__}")
    return float(value)


def expect_label(value: Any) -> str | int | float | bool:
    """Return a class or a predicted number. Raises OverflowError for an integer that no float holds."""
    if not isinstance(value, (str, int, float)):
        raise TypeError(f"expected a class or a number, found {type(value).__name__}")
    if not isinstance(value, str):
        float(value)
    return value


def expect_text(value: object) -> str:
    """Return the text."""
    return expect(str, value)


def expect_one_of(value: object, allowed: tuple[str, ...]) -> str:
    """Return the text if it is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"expected one of {', '.join(allowed)}")
    return expect_text(value)


def expect_examples(items: list[Any]) -> list[Any]:
    """Return the list of golden rows if it has any."""
    if not items:
        raise ValueError("examples must not be empty")
    return items
