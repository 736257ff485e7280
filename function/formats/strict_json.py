"""Read and write strict JSON.

Python's parser accepts more: repeated keys, NaN, half of a surrogate pair, other encodings than UTF-8.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from function.errors import MalformedInput
from function.model.contract import is_unicode

# An integer with more digits is larger than every 64-bit float (1.8e308). int() refuses 4,300 digits with a ValueError.
MAX_DIGITS = 309


def loads(body: bytes) -> Any:
    """Parse a JSON body in UTF-8.

    A number too large for a float becomes infinity, which the contract refuses with its pointer. Raises MalformedInput.
    """
    try:
        text = body.decode("utf-8-sig")  # some clients, mostly on Windows, begin with a byte order mark
    except UnicodeDecodeError:
        raise MalformedInput("The body is not UTF-8.") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant, parse_int=_parse_integer
        )
        # Only an escape (\uD800) can be half of a surrogate pair.
        unicode = "\\u" not in text or is_unicode(json.dumps(value, ensure_ascii=False))
    except json.JSONDecodeError as error:
        raise MalformedInput(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise MalformedInput("The body is nested too deeply.") from None
    if not unicode:
        raise MalformedInput("The body holds half of a surrogate pair: it is not valid Unicode.")
    return value


def get_member(document: object, name: str) -> Any:
    """Return the member of a JSON object; None if it has none of that name, or if the document is no object."""
    return document.get(name) if isinstance(document, Mapping) else None


def dumps(value: object) -> str:
    """Write the value as ASCII JSON. Raises ValueError for NaN and infinity, which are not JSON (RFC 8259)."""
    return json.dumps(value, allow_nan=False)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedInput("The body repeats a key within one object.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedInput(f"The body holds {name}, which is not JSON.")


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)
