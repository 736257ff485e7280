"""The elements of a tensor as its datatype and content type declare them.

Whole numbers within their range, floats rounded to their precision, texts out of base64. What is of another JSON type
comes out as it is: the contract says what is wrong with it.
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
"""What a tensor of a feature's type may say it holds; the first is what the metadata name."""
_FLOATS = {"FP32": FLOAT32, "FP16": FLOAT16}

type Decode = Callable[[object], object]


def list_datatypes() -> list[str]:
    """What a tensor may say it holds."""
    return [datatype for datatypes in DATATYPES.values() for datatype in datatypes]


def list_content_types(datatype: object) -> tuple[str, ...]:
    """What a tensor may say of its content, by the names of MLServer's codecs; the first two say nothing new."""
    return ("np", "str", "base64", "pd_json") if datatype == "BYTES" else ("np",)


def find_decoder(datatype: str, content_type: str | None) -> Decode | None:
    """What turns an element into the value that it stands for; None where it is the value itself.

    It raises ValueError, with a sentence for the caller, for an element that is none of what is declared.
    """
    if datatype == "BYTES":
        return {"base64": _decode_base64, "pd_json": _decode_json}.get(content_type or "")
    if "INT" in datatype:
        return _make_integer_decoder(datatype)
    if datatype in _FLOATS:
        return _make_float_decoder(datatype)
    return _round_to_bfloat16 if datatype == "BF16" else None


def _make_integer_decoder(datatype: str) -> Decode:
    bits = int(datatype.partition("INT")[2])
    low, high = (0, 2**bits - 1) if datatype.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def whole(value: object) -> object:
        if type(value) is float:
            if not isfinite(value):
                return value
            if not value.is_integer():
                raise ValueError(f"not a whole number, and {datatype} holds no other")
            value = int(value)
        if type(value) is int and not low <= value <= high:
            raise ValueError(f"beyond {datatype}, which holds {low} to {high}")
        return value

    return whole


def _make_float_decoder(datatype: str) -> Decode:
    def rounded(value: object) -> object:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return value
        try:
            return round_to(_FLOATS[datatype], float(value))
        except OverflowError:
            raise ValueError(f"too large for {datatype}") from None

    return rounded


def _round_to_bfloat16(value: object) -> object:
    """The nearest float of 8 bits of precision in FP32's range; of two, the even one."""
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
        raise ValueError("not UTF-8 in base64") from None
    except ValueError:  # binascii.Error is one
        raise ValueError("not base64, which content_type says it is") from None


def _decode_json(element: object) -> object:
    if not isinstance(element, str):
        return element
    try:
        return strict_json.loads(element.encode())
    except (MalformedInput, UnicodeEncodeError):
        raise ValueError("not JSON, which content_type says it is") from None
