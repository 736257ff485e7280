"""The types that numbers and booleans may have had in training, by numpy's and pandas' names, and how they round.

Wider integers than those listed, and plain booleans, are computed as float64 holds them.
"""

from struct import pack, unpack

FLOAT64, FLOAT32, FLOAT16 = "float64", "float32", "float16"
NULLABLE_FLOAT32 = "Float32"
"""pandas' 32-bit floats with nulls: rounded so, and computed as float64."""
OBJECT, NULLABLE_BOOLEAN = "object", "boolean"
"""Numbers or booleans as Python's objects; pandas' booleans with nulls, which scikit-learn takes for numbers."""
SMALL_INTEGERS = ("int8", "uint8", "int16", "uint16")
DTYPES = (FLOAT64, FLOAT32, FLOAT16, *SMALL_INTEGERS, OBJECT, NULLABLE_BOOLEAN, NULLABLE_FLOAT32)

LARGEST = {
    FLOAT64: 1.7976931348623157e308,
    FLOAT32: 3.4028234663852886e38,
    NULLABLE_FLOAT32: 3.4028234663852886e38,
    FLOAT16: 65504.0,
}
"""The largest finite number of each type of floats."""
NARROW = {FLOAT32: "<f", NULLABLE_FLOAT32: "<f", FLOAT16: "<e"}
"""The types that numbers are rounded to before anything is computed, as `struct` writes them."""


def round_to(dtype: str, number: float) -> float:
    """The number as a float of that type holds it; the same number for a type that is not narrow.

    Raises OverflowError for one past the type's largest.
    """
    form = NARROW.get(dtype)
    return number if form is None else float(unpack(form, pack(form, number))[0])


def count_bits(dtype: str) -> int:
    """How wide a narrow type is."""
    return 16 if dtype == FLOAT16 else 32
