"""Records out of the forms that serving protocols give tables: rows by position, and columns by name."""

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
from function.model.prediction import MAX_RECORDS, PointerOf


class RecordTable(NamedTuple):
    """Records, and where each of their values stands in the body: `pointer_of(i, inside)`."""

    records: Sequence[object]
    pointer_of: PointerOf


def read_rows(names: Sequence[str], rows: object, where: str, *, by_position: bool = False) -> RecordTable:
    """Rows of values in the order of `names`, at the JSON pointer `where`; a row may be a record, unless `by_position`.

    Raises InvalidInput, InputTooLarge.
    """
    listed = check_list(rows, where, "an array of rows")
    problems: list[Problem] = []
    records: list[object] = []
    for index, row in enumerate(listed):
        if isinstance(row, dict) and not by_position:
            records.append(row)
            continue
        # One feature needs no brackets around it.
        cells = row if isinstance(row, list) else [row]
        if len(cells) != len(names):
            detail = f"{len(cells)} values where there are {len(names)} columns"
            problems.append(Problem(f"{where}/{index}", ROW_LENGTH, detail))
            continue
        records.append(dict(zip(names, cells, strict=True)))
    if problems:
        raise InvalidInput(problems)
    named = [isinstance(row, dict) and not by_position for row in listed]

    def pointer_of(index: int, inside: str) -> str:
        return f"{where}/{index}" + (inside if named[index] else _locate_value(names, inside))

    return RecordTable(records, pointer_of)


def read_columns(
    features: Sequence[str], columns: Mapping[str, Sequence[object]], where: Mapping[str, str]
) -> RecordTable:
    """Columns of values, one for each feature and of one length; `where` has the JSON pointer of each.

    Raises InvalidInput, InputTooLarge.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    count = lengths[features[0]]
    problems = [
        Problem(where[name], COLUMN_LENGTH, f"{length} values where {features[0]} has {count}")
        for name, length in lengths.items()
        if length != count
    ]
    if problems:
        raise InvalidInput(problems)
    check_count(count)
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def pointer_of(index: int, inside: str) -> str:
        name = next((name for name in columns if format_pointer(name) == inside), None)
        return f"{where[name]}/{index}" if name is not None else where[features[0]].rpartition("/")[0]

    return RecordTable(records, pointer_of)


def check_names(features: Sequence[str], names: Sequence[object], where: Callable[[int], str], whole: str) -> None:
    """Raises InvalidInput unless the names are those of the features, each once, in any order.

    `where(i)` is the JSON pointer of name i, `whole` that of all of them.
    """
    problems: list[Problem] = []
    seen: set[object] = set()
    for index, name in enumerate(names):
        if not isinstance(name, str):
            problems.append(Problem(where(index), WRONG_TYPE, "expected a feature's name"))
        elif name not in features:
            problems.append(Problem(where(index), UNKNOWN_FIELD, f"no feature of the model: {', '.join(features)}"))
        elif name in seen:
            problems.append(Problem(where(index), REPEATED, "given more than once"))
        else:
            seen.add(name)
    problems += [Problem(whole, MISSING, f"{name} is missing") for name in features if name not in seen]
    if problems:
        raise InvalidInput(problems)


def check_list(value: object, where: str, expected: str) -> list[Any]:
    """The value, where it is an array of no more records than are answered at once.

    Raises InvalidInput, InputTooLarge.
    """
    if not isinstance(value, list):
        raise InvalidInput([Problem(where, WRONG_TYPE, f"expected {expected}")])
    check_count(len(value))
    return value


def check_count(count: int) -> None:
    """Raises InputTooLarge past the number of records that are answered at once."""
    if count > MAX_RECORDS:
        raise InputTooLarge(f"More than {MAX_RECORDS:,} records at once: send them in several calls.")


def _locate_value(names: Sequence[str], inside: str) -> str:
    """The pointer of a value that stands in a row by position; the row's own where it is no value's."""
    return next((f"/{place}" for place, name in enumerate(names) if format_pointer(name) == inside), "")
