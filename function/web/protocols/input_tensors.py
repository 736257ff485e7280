"""The tensors of an Open Inference request as records: shapes, declared datatypes and content types are held to.

A value that its tensor's datatype cannot hold is a problem at its place; floats are rounded as it rounds.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from function.errors import (
    COLUMN_LENGTH,
    DATATYPE_MISMATCH,
    ROW_LENGTH,
    SHAPE_MISMATCH,
    UNKNOWN_FIELD,
    UNSUPPORTED,
    WRONG_TYPE,
    InvalidInput,
    Problem,
    format_pointer,
)
from function.model.contract import Feature
from function.web.protocols.records import RecordTable, check_count, check_list, check_names
from function.web.protocols.tensor_datatypes import DATATYPES, find_decoder, list_content_types, list_datatypes

NOT_READ = ("binary_data_size", "shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
"""Parameters by which a tensor's values stand elsewhere than in its data."""


class Tensor(NamedTuple):
    """A tensor whose data are as many as its shape says: `rows` rows of `width` values, flat or one array a row."""

    name: str
    datatype: str
    content_type: str | None
    rows: int
    width: int
    values: list[object]
    is_nested: bool
    where: str

    def pointer_of(self, row: int, column: int) -> str:
        """The JSON pointer of a value."""
        place = f"{row}/{column}" if self.is_nested else f"{row * self.width + column}"
        return f"{self.where}/data/{place}"


class TensorColumn(NamedTuple):
    """Where a feature's values stand: a column of a tensor."""

    feature: Feature
    tensor: Tensor
    column: int


class InputTable(NamedTuple):
    """A request's records, and the values in them that are none of their declared type."""

    table: RecordTable
    problems: list[Problem]


def read_inputs(features: Sequence[Feature], documents: object) -> InputTable:
    """The records in a request's inputs: a tensor for each feature, or one matrix in the features' order.

    Raises InvalidInput where no records can be made of them, InputTooLarge.
    """
    problems: list[Problem] = []
    tensors = [
        tensor
        for index, document in enumerate(check_list(documents, "/inputs", "an array of tensors"))
        if (tensor := _read_tensor(document, f"/inputs/{index}", problems)) is not None
    ]
    if problems:
        raise InvalidInput(problems)
    places = _assign_columns(features, tensors)
    _check_datatypes(places)
    count = _count_records(places)
    columns = [_read_column(place, count, problems) for place in places]
    names = [feature.name for feature in features]
    records = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return InputTable(RecordTable(records, _make_pointer_of(places)), problems)


def _assign_columns(features: Sequence[Feature], tensors: Sequence[Tensor]) -> list[TensorColumn]:
    names = [feature.name for feature in features]
    if len(tensors) == 1 and tensors[0].width == len(names) and (len(names) > 1 or tensors[0].name not in names):
        return [TensorColumn(feature, tensors[0], column) for column, feature in enumerate(features)]
    check_names(names, [tensor.name for tensor in tensors], lambda index: f"/inputs/{index}/name", "/inputs")
    wide = [
        Problem(f"{tensor.where}/shape", SHAPE_MISMATCH, "expected [n] or [n, 1]: the feature's values")
        for tensor in tensors
        if tensor.width != 1
    ]
    if wide:
        raise InvalidInput(wide)
    by_name = {tensor.name: tensor for tensor in tensors}
    return [TensorColumn(feature, by_name[feature.name], 0) for feature in features]


def _check_datatypes(places: Sequence[TensorColumn]) -> None:
    problems = {
        Problem(
            f"{tensor.where}/datatype",
            WRONG_TYPE,
            f"the feature is a {feature.type}: expected {' or '.join(DATATYPES[feature.type])}",
        ): None
        for feature, tensor, _ in places
        if tensor.datatype not in DATATYPES[feature.type]
    }
    if problems:
        raise InvalidInput(list(problems))


def _count_records(places: Sequence[TensorColumn]) -> int:
    """How many records there are. Raises InvalidInput where tensors differ in it, InputTooLarge."""
    first = places[0]
    problems = [
        Problem(
            f"{tensor.where}/data",
            COLUMN_LENGTH,
            f"{tensor.rows} values where {first.feature.name} has {first.tensor.rows}",
        )
        for _, tensor, _ in places
        if tensor.rows != first.tensor.rows
    ]
    if problems:
        raise InvalidInput(problems)
    check_count(first.tensor.rows)
    return first.tensor.rows


def _read_column(place: TensorColumn, count: int, problems: list[Problem]) -> list[object]:
    """A feature's values as they are declared. One that is not comes out as it stands, and as a problem."""
    tensor = place.tensor
    values = tensor.values[place.column :: tensor.width]
    decode = find_decoder(tensor.datatype, tensor.content_type)
    if decode is None:
        return values
    for row in range(count):
        try:
            values[row] = decode(values[row])
        except ValueError as error:
            problems.append(Problem(tensor.pointer_of(row, place.column), DATATYPE_MISMATCH, str(error)))
    return values


def _make_pointer_of(places: Sequence[TensorColumn]) -> Callable[[int, str], str]:
    by_pointer = {format_pointer(place.feature.name): place for place in places}

    def pointer_of(index: int, inside: str) -> str:
        # What is wrong with a record as a whole is told at its first value.
        _, tensor, column = by_pointer.get(inside, places[0])
        return tensor.pointer_of(index, column)

    return pointer_of


def _read_tensor(document: object, where: str, problems: list[Problem]) -> Tensor | None:
    """The tensor; None where something is wrong with it, which is then among the problems."""
    if not isinstance(document, dict):
        detail = "expected a tensor: an object with name, shape, datatype and data"
        problems.append(Problem(where, WRONG_TYPE, detail))
        return None
    found = len(problems)
    problems += [
        Problem(where + format_pointer(key), UNKNOWN_FIELD, "no part of a tensor")
        for key in document
        if key not in ("name", "shape", "datatype", "parameters", "data")
    ]
    name, datatype = document.get("name"), document.get("datatype")
    if not isinstance(name, str):
        problems.append(Problem(f"{where}/name", WRONG_TYPE, "expected a text"))
    if datatype not in list_datatypes():
        problems.append(Problem(f"{where}/datatype", WRONG_TYPE, f"expected one of {', '.join(list_datatypes())}"))
    parameters = check_parameters(document, where, problems)
    elsewhere = [key for key in NOT_READ if parameters.get(key) is not None]
    problems += [
        Problem(f"{where}/parameters/{key}", UNSUPPORTED, "not read here: send the values as JSON in data")
        for key in elsewhere
    ]
    content_type = _read_content_type(parameters, datatype, where, problems)
    sizes = _read_sizes(document.get("shape"), where, problems)
    if sizes is None or elsewhere:
        return None
    data = _read_data(document.get("data"), sizes, where, problems)
    if data is None or len(problems) > found:
        return None
    values, is_nested = data
    width = sizes[1] if len(sizes) == 2 else 1
    return Tensor(str(name), str(datatype), content_type, sizes[0], width, values, is_nested, where)


def check_parameters(document: Mapping[str, Any], where: str, problems: list[Problem]) -> dict[str, Any]:
    """The object's parameters; none where it has none, or null as some clients write it."""
    parameters = document.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        problems.append(Problem(f"{where}/parameters", WRONG_TYPE, "expected an object"))
        return {}
    return parameters


def _read_content_type(parameters: dict[str, Any], datatype: object, where: str, problems: list[Problem]) -> str | None:
    content_type = parameters.get("content_type")
    known = list_content_types(datatype)
    if content_type is None or content_type in known:
        return content_type
    of_it = datatype if datatype in list_datatypes() else "this datatype"
    problems.append(
        Problem(
            f"{where}/parameters/content_type",
            UNSUPPORTED,
            f"not decoded here: of {of_it} expected {' or '.join(known)}",
        )
    )
    return None


def _read_sizes(shape: object, where: str, problems: list[Problem]) -> list[int] | None:
    """One or two sizes: how many rows there are, and how many values in each."""
    sizes = shape if isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape) else []
    if len(sizes) in (1, 2):
        return sizes
    problems.append(Problem(f"{where}/shape", WRONG_TYPE, "expected one or two sizes, such as [1] or [1, 1]"))
    return None


def _read_data(data: object, sizes: list[int], where: str, problems: list[Problem]) -> tuple[list[object], bool] | None:
    """The values row by row, and whether they came with brackets around each row."""
    if not isinstance(data, list):
        problems.append(Problem(f"{where}/data", WRONG_TYPE, "expected an array of values"))
        return None
    is_nested = len(sizes) == 2 and any(isinstance(row, list) for row in data)
    if is_nested and not all(isinstance(row, list) and len(row) == sizes[1] for row in data):
        detail = f"expected rows of {sizes[1]} values, as the shape says, or the values alone"
        problems.append(Problem(f"{where}/data", ROW_LENGTH, detail))
        return None
    expected = sizes[0] if is_nested else prod(sizes)
    if len(data) != expected:
        detail = f"{len(data)} {'rows' if is_nested else 'values'} where the shape says {expected}"
        problems.append(Problem(f"{where}/data", SHAPE_MISMATCH, detail))
        return None
    return [value for row in data for value in row] if is_nested else list(data), is_nested
