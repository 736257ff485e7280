"""Convert the tables of serving protocols to records: from rows by position, and from columns by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from function.errors import (
    COLUMN_LENGTH,
    MISSING,
    REPEATED,
    ROW_LENGTH,
    UNKNOWN_FIELD,
    WRONG_TYPE,
    InputTooLarge,
    InvalidInput,
    Problem,
    format_pointer,
)
from function.model.prediction import MAX_RECORDS, PointerMaker


class RecordTable(NamedTuple):
    """Records, and a function for the JSON pointers of their values in the body.

    `make_pointer(i, inside)` converts the pointer `inside` record i to one of the body.
    """

    records: Sequence[object]
    make_pointer: PointerMaker


def read_rows(names: Sequence[str], rows: object, pointer: str, *, by_position: bool = False) -> RecordTable:
    """Convert rows of values in the order of `names`; `pointer` is the JSON pointer of the rows.

    A row may also be a record, unless `by_position`. Raises InvalidInput and InputTooLarge.
    """
    listed = check_list(rows, pointer, "an array of rows")
    problems: list[Problem] = []
    records: list[object] = []
    for index, row in enumerate(listed):
        if isinstance(row, dict) and not by_position:
            records.append(row)
            continue
        # A row of one feature may be written without brackets.
        cells = row if isinstance(row, list) else [row]
        if len(cells) != len(names):
            detail = f"{len(cells)} values, but there are {len(names)} columns"
            problems.append(Problem(f"{pointer}/{index}", ROW_LENGTH, detail))
            continue
        records.append(dict(zip(names, cells, strict=True)))
    if problems:
        raise InvalidInput(problems)
    is_record = [isinstance(row, dict) and not by_position for row in listed]

    def make_pointer(index: int, inside: str) -> str:
        return f"{pointer}/{index}" + (inside if is_record[index] else _format_value_pointer(names, inside))

    return RecordTable(records, make_pointer)


def read_columns(
    features: Sequence[str], columns: Mapping[str, Sequence[object]], pointers: Mapping[str, str]
) -> RecordTable:
    """Convert columns of values, one for each feature, of equal lengths; `pointers` has the JSON pointer of each.

    Raises InvalidInput and InputTooLarge.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    count = lengths[features[0]]
    problems = [
        Problem(pointers[name], COLUMN_LENGTH, f"{length} values, but {features[0]} has {count}")
        for name, length in lengths.items()
        if length != count
    ]
    if problems:
        raise InvalidInput(problems)
    check_count(count)
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def make_pointer(index: int, inside: str) -> str:
        name = next((name for name in columns if format_pointer(name) == inside), None)
        return f"{pointers[name]}/{index}" if name is not None else pointers[features[0]].rpartition("/")[0]

    return RecordTable(records, make_pointer)


def check_names(
    features: Sequence[str], names: Sequence[object], make_pointer: Callable[[int], str], parent: str
) -> None:
    """Raise InvalidInput unless the names are those of the features, each once, in any order.

    `make_pointer(i)` is the JSON pointer of name i, and `parent` that of the object or array of the names.
    """
    problems: list[Problem] = []
    known_names: set[object] = set()
    for index, name in enumerate(names):
        if not isinstance(name, str):
            problems.append(Problem(make_pointer(index), WRONG_TYPE, "expected a feature's name"))
        elif name not in features:
            problems.append(
                Problem(make_pointer(index), UNKNOWN_FIELD, f"no feature of the model: expected {', '.join(features)}")
            )
        elif name in known_names:
            problems.append(Problem(make_pointer(index), REPEATED, "given more than once"))
        else:
            known_names.add(name)
    problems += [Problem(parent, MISSING, f"{name} is missing") for name in features if name not in known_names]
    if problems:
        raise InvalidInput(problems)


def check_list(value: object, pointer: str, expected: str) -> list[Any]:
    """Return the value if it is an array of at most MAX_RECORDS items. `expected` describes it in the problem.

    Raises InvalidInput and InputTooLarge.
    """
    if not isinstance(value, list):
        raise InvalidInput([Problem(pointer, WRONG_TYPE, f"expected {expected}")])
    check_count(len(value))
    return value


def check_count(count: int) -> None:
    """Raise InputTooLarge for more than MAX_RECORDS records."""
    if count > MAX_RECORDS:
        raise InputTooLarge(f"The request has more than {MAX_RECORDS:,} records: split it into several requests.")


def _format_value_pointer(names: Sequence[str], inside: str) -> str:
    """Return the pointer of a value inside its row, or an empty string, the row itself, if no name matches."""
    return next((f"/{position}" for position, name in enumerate(names) if format_pointer(name) == inside), "")
