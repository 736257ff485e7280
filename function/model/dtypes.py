"""Types of numbers and booleans in training, by their names in numpy and pandas, and how they round.

Wider integers than the listed ones, and plain booleans, are computed as float64.
"""

from struct import pack, unpack

FLOAT64, FLOAT32, FLOAT16 = "float64", "float32", "float16"
NULLABLE_FLOAT32 = "Float32"
"""pandas' 32-bit floats with nulls: rounded to 32 bits, and computed as float64."""
OBJECT, NULLABLE_BOOLEAN = "object", "boolean"
"""Numbers or booleans as Python objects; pandas' booleans with nulls, which scikit-learn reads as numbers."""
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
"""The types to which numbers are rounded before the model sees them, with their format for `struct`."""


def round_to(dtype: str, number: float) -> float:
    """Round the number to the type; return it unchanged if the type is not in NARROW.

    Raises OverflowError if the number is larger than the type can hold.
    """
    form = NARROW.get(dtype)
    return number if form is None else float(unpack(form, pack(form, number))[0])


def count_bits(dtype: str) -> int:
    """Return the width of a type of NARROW, in bits."""
    return 16 if dtype == FLOAT16 else 32
