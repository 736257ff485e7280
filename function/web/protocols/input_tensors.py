"""Convert the tensors of an Open Inference request to records.

A value that its tensor's datatype cannot hold becomes a problem with the value's JSON pointer. Floats are rounded to
the datatype's precision.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from function.errors import (
    COLUMN_LENGTH,
    DATATYPE_MISMATCH,
    SHAPE_MISMATCH,
    WRONG_TYPE,
    InvalidInput,
    Problem,
    format_pointer,
)
from function.model.contract import Feature
from function.web.protocols.records import RecordTable, check_count, check_list, check_names
from function.web.protocols.request_tensor import Tensor, read_tensor
from function.web.protocols.tensor_datatypes import DATATYPES, find_decoder


class TensorColumn(NamedTuple):
    """A feature and the column of a tensor that holds its values."""

    feature: Feature
    tensor: Tensor
    position: int


class InputTable(NamedTuple):
    """A request's records, and a problem for each value that its tensor's datatype or content type cannot hold."""

    table: RecordTable
    problems: list[Problem]


def read_inputs(features: Sequence[Feature], documents: object) -> InputTable:
    """Return the records in a request's inputs: a tensor for each feature, or one matrix in the features' order.

    Raises InvalidInput if the inputs do not form records, and InputTooLarge.
    """
    problems: list[Problem] = []
    tensors = [
        tensor
        for index, document in enumerate(check_list(documents, "/inputs", "an array of tensors"))
        if (tensor := read_tensor(document, f"/inputs/{index}", problems)) is not None
    ]
    if problems:
        raise InvalidInput(problems)
    columns = _assign_columns(features, tensors)
    _check_datatypes(columns)
    count = _count_records(columns)
    values = [_read_column(column, count, problems) for column in columns]
    names = [feature.name for feature in features]
    records = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    return InputTable(RecordTable(records, _create_make_pointer(columns)), problems)


def _assign_columns(features: Sequence[Feature], tensors: Sequence[Tensor]) -> list[TensorColumn]:
    names = [feature.name for feature in features]
    if len(tensors) == 1 and tensors[0].width == len(names) and (len(names) > 1 or tensors[0].name not in names):
        return [TensorColumn(feature, tensors[0], position) for position, feature in enumerate(features)]
    check_names(names, [tensor.name for tensor in tensors], lambda index: f"/inputs/{index}/name", "/inputs")
    wide = [
        Problem(f"{tensor.pointer}/shape", SHAPE_MISMATCH, "expected [n] or [n, 1], since the tensor holds one feature")
        for tensor in tensors
        if tensor.width != 1
    ]
    if wide:
        raise InvalidInput(wide)
    by_name = {tensor.name: tensor for tensor in tensors}
    return [TensorColumn(feature, by_name[feature.name], 0) for feature in features]


def _check_datatypes(columns: Sequence[TensorColumn]) -> None:
    problems = {
        Problem(
            f"{tensor.pointer}/datatype",
            WRONG_TYPE,
            f"the feature is a {feature.type}: expected {' or '.join(DATATYPES[feature.type])}",
        ): None
        for feature, tensor, _ in columns
        if tensor.datatype not in DATATYPES[feature.type]
    }
    if problems:
        raise InvalidInput(list(problems))


def _count_records(columns: Sequence[TensorColumn]) -> int:
    """Return the number of records. Raises InvalidInput if the tensors differ in it, and InputTooLarge."""
    first = columns[0]
    problems = [
        Problem(
            f"{tensor.pointer}/data",
            COLUMN_LENGTH,
            f"{tensor.rows} values, but {first.feature.name} has {first.tensor.rows}",
        )
        for _, tensor, _ in columns
        if tensor.rows != first.tensor.rows
    ]
    if problems:
        raise InvalidInput(problems)
    check_count(first.tensor.rows)
    return first.tensor.rows


def _read_column(column: TensorColumn, count: int, problems: list[Problem]) -> list[object]:
    """Decode a feature's values. A value that cannot be decoded is kept unchanged, and a problem is appended."""
    tensor = column.tensor
    values = tensor.values[column.position :: tensor.width]
    decode = find_decoder(tensor.datatype, tensor.content_type)
    if decode is None:
        return values
    for row in range(count):
        try:
            values[row] = decode(values[row])
        except ValueError as error:
            problems.append(Problem(tensor.make_pointer(row, column.position), DATATYPE_MISMATCH, str(error)))
    return values


def _create_make_pointer(columns: Sequence[TensorColumn]) -> Callable[[int, str], str]:
    by_pointer = {format_pointer(column.feature.name): column for column in columns}

    def make_pointer(index: int, inside: str) -> str:
        # A problem of a whole record is reported at the record's first value.
        column = by_pointer.get(inside, columns[0])
        return column.tensor.make_pointer(index, column.position)

    return make_pointer
