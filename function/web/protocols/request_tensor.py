"""Read one tensor of an Open Inference request: its shape, datatype, content type and data.

Nothing here knows the model's features.
"""

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from function.errors import (
    ROW_LENGTH,
    SHAPE_MISMATCH,
    UNKNOWN_FIELD,
    UNSUPPORTED,
    WRONG_TYPE,
    Problem,
    format_pointer,
)
from function.web.protocols.tensor_datatypes import list_content_types, list_datatypes

UNSUPPORTED_PARAMETERS = ("binary_data_size", "shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
"""Parameters of the binary and shared memory extensions, with which a tensor's values are not in its `data`."""


class Tensor(NamedTuple):
    """A tensor whose data match its shape: `rows` rows of `width` values.

    `is_nested` is True if the request wrote one array for each row. `pointer` is the tensor's JSON pointer.
    """

    name: str
    datatype: str
    content_type: str | None
    rows: int
    width: int
    values: list[object]
    is_nested: bool
    pointer: str

    def make_pointer(self, row: int, column: int) -> str:
        """Return the JSON pointer of a value."""
        index = f"{row}/{column}" if self.is_nested else f"{row * self.width + column}"
        return f"{self.pointer}/data/{index}"


def read_tensor(document: object, pointer: str, problems: list[Problem]) -> Tensor | None:
    """Read a tensor. If it has errors, append them to `problems` and return None."""
    if not isinstance(document, dict):
        detail = "expected a tensor: an object with name, shape, datatype and data"
        problems.append(Problem(pointer, WRONG_TYPE, detail))
        return None
    previous_count = len(problems)
    problems += [
        Problem(pointer + format_pointer(key), UNKNOWN_FIELD, "no field of a tensor: remove it")
        for key in document
        if key not in ("name", "shape", "datatype", "parameters", "data")
    ]
    name, datatype = document.get("name"), document.get("datatype")
    if not isinstance(name, str):
        problems.append(Problem(f"{pointer}/name", WRONG_TYPE, "expected a string"))
    if datatype not in list_datatypes():
        problems.append(Problem(f"{pointer}/datatype", WRONG_TYPE, f"expected one of {', '.join(list_datatypes())}"))
    parameters = read_parameters(document, pointer, problems)
    unsupported = [key for key in UNSUPPORTED_PARAMETERS if parameters.get(key) is not None]
    problems += [
        Problem(f"{pointer}/parameters/{key}", UNSUPPORTED, "not supported: send the values as JSON in data")
        for key in unsupported
    ]
    content_type = _read_content_type(parameters, datatype, pointer, problems)
    sizes = _read_sizes(document.get("shape"), pointer, problems)
    if sizes is None or unsupported:
        return None
    data = _read_data(document.get("data"), sizes, pointer, problems)
    if data is None or len(problems) > previous_count:
        return None
    values, is_nested = data
    width = sizes[1] if len(sizes) == 2 else 1
    return Tensor(str(name), str(datatype), content_type, sizes[0], width, values, is_nested, pointer)


def read_parameters(document: Mapping[str, Any], pointer: str, problems: list[Problem]) -> dict[str, Any]:
    """Return the object's parameters, or an empty dictionary if they are absent or null, as some clients write it.

    If they are not an object, append a problem and return an empty dictionary.
    """
    parameters = document.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        problems.append(Problem(f"{pointer}/parameters", WRONG_TYPE, "expected an object"))
        return {}
    return parameters


def _read_content_type(
    parameters: dict[str, Any], datatype: object, pointer: str, problems: list[Problem]
) -> str | None:
    content_type = parameters.get("content_type")
    known = list_content_types(datatype)
    if content_type is None or content_type in known:
        return content_type
    datatype_name = datatype if datatype in list_datatypes() else "this datatype"
    problems.append(
        Problem(
            f"{pointer}/parameters/content_type",
            UNSUPPORTED,
            f"not supported for {datatype_name}: expected {' or '.join(known)}",
        )
    )
    return None


def _read_sizes(shape: object, pointer: str, problems: list[Problem]) -> list[int] | None:
    """Read a shape of one or two sizes: the number of rows, and the number of values in each row."""
    sizes = shape if isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape) else []
    if len(sizes) in (1, 2):
        return sizes
    problems.append(Problem(f"{pointer}/shape", WRONG_TYPE, "expected one or two sizes, such as [1] or [1, 1]"))
    return None


def _read_data(
    data: object, sizes: list[int], pointer: str, problems: list[Problem]
) -> tuple[list[object], bool] | None:
    """Return the values row by row, and True if each row was an array of its own.

    If they do not match the shape, append a problem and return None.
    """
    if not isinstance(data, list):
        problems.append(Problem(f"{pointer}/data", WRONG_TYPE, "expected an array of values"))
        return None
    is_nested = len(sizes) == 2 and any(isinstance(row, list) for row in data)
    if is_nested and not all(isinstance(row, list) and len(row) == sizes[1] for row in data):
        detail = f"expected arrays of {sizes[1]} values, as in the shape, or all values in one flat array"
        problems.append(Problem(f"{pointer}/data", ROW_LENGTH, detail))
        return None
    expected = sizes[0] if is_nested else prod(sizes)
    if len(data) != expected:
        detail = f"{len(data)} {'rows' if is_nested else 'values'}, but the shape requires {expected}"
        problems.append(Problem(f"{pointer}/data", SHAPE_MISMATCH, detail))
        return None
    return [value for row in data for value in row] if is_nested else list(data), is_nested
