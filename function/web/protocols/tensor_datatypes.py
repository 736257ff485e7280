"""Decode the elements of a tensor as its datatype and content type declare them.

Integers must be in range, floats are rounded to the datatype's precision, and texts may be base64. An element of
another JSON type is returned unchanged, because the model's contract reports it.
"""

from binascii import a2b_base64
from collections.abc import Callable
from math import isfinite

from function.errors import MalformedInput
from function.formats import strict_json
from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT
from function.model.dtypes import FLOAT16, FLOAT32, round_to

DATATYPES: dict[str, tuple[str, ...]] = {
    NUMBER: (
        *("FP64", "FP32", "FP16", "BF16", "INT64", "INT32", "INT16", "INT8"),
        *("UINT64", "UINT32", "UINT16", "UINT8"),
    ),
    BOOLEAN: ("BOOL",),
    STRING: ("BYTES",),
    TEXT: ("BYTES",),
}
"""The datatypes that a tensor may declare, by the feature's type. The model's metadata name the first one."""
_FLOATS = {"FP32": FLOAT32, "FP16": FLOAT16}

type Decoder = Callable[[object], object]


def list_datatypes() -> list[str]:
    """Return every datatype that a tensor may declare."""
    return [datatype for datatypes in DATATYPES.values() for datatype in datatypes]


def list_content_types(datatype: object) -> tuple[str, ...]:
    """Return the content types that a tensor may declare, by MLServer's codec names. `np` and `str` change nothing."""
    return ("np", "str", "base64", "pd_json") if datatype == "BYTES" else ("np",)


def find_decoder(datatype: str, content_type: str | None) -> Decoder | None:
    """Return the function that decodes an element; None if elements need no decoding.

    The function raises ValueError, with a text for the client, if the datatype or content type cannot hold the element.
    """
    if datatype == "BYTES":
        return {"base64": _decode_base64, "pd_json": _decode_json}.get(content_type or "")
    if "INT" in datatype:
        return _make_integer_decoder(datatype)
    if datatype in _FLOATS:
        return _make_float_decoder(datatype)
    return _round_to_bfloat16 if datatype == "BF16" else None


def _make_integer_decoder(datatype: str) -> Decoder:
    bits = int(datatype.partition("INT")[2])
    low, high = (0, 2**bits - 1) if datatype.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def decode(value: object) -> object:
        if type(value) is float:
            if not isfinite(value):
                return value
            if not value.is_integer():
                raise ValueError(f"not an integer, which {datatype} requires")
            value = int(value)
        if type(value) is int and not low <= value <= high:
            raise ValueError(f"out of range: {datatype} holds {low} to {high}")
        return value

    return decode


def _make_float_decoder(datatype: str) -> Decoder:
    def decode(value: object) -> object:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return value
        try:
            return round_to(_FLOATS[datatype], float(value))
        except OverflowError:
            raise ValueError(f"too large for {datatype}") from None

    return decode


def _round_to_bfloat16(value: object) -> object:
    """Round to the nearest BF16: 8 bits of precision and FP32's range. Ties are rounded to even."""
    from struct import pack, unpack

    number = _make_float_decoder("FP32")(value)
    if type(number) is not float or not isfinite(number):
        return number
    (bits,) = unpack("<I", pack("<f", number))
    (rounded,) = unpack("<f", pack("<I", (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000))
    if not isfinite(rounded):
        raise ValueError("too large for BF16")
    return rounded


def _decode_base64(element: object) -> object:
    if not isinstance(element, str):
        return element
    try:
        return a2b_base64(element, strict_mode=True).decode()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 after base64 decoding") from None
    except ValueError:  # includes binascii.Error
        raise ValueError("not base64, which content_type declares") from None


def _decode_json(element: object) -> object:
    if not isinstance(element, str):
        return element
    try:
        return strict_json.loads(element.encode())
    except (MalformedInput, UnicodeEncodeError):
        raise ValueError("not JSON, which content_type declares") from None
