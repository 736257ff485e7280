"""Score the rows of a chunk together; only rows with unusual values are scored one by one."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, nan
from typing import NamedTuple

from function.errors import Problem
from function.model.cells import parse_cell
from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT, Feature, Value, Warning, is_too_long
from function.model.dtypes import FLOAT64, LARGEST, NARROW, round_to
from function.model.prediction import Prediction, predict_each
from function.model.runtime import Model, NotPredictable
from function.model.target import Output


class Column(NamedTuple):
    """A feature's values, and the rows whose value is not ordinary: the contract must check those."""

    values: list[Value]
    unusual: set[int]


class ScoredRows(NamedTuple):
    """The outcomes of a chunk: the output of each row, None if the row is rejected.

    `warnings` and `problems` have only the rows that have any.
    """

    outputs: list[Output | None]
    warnings: dict[int, list[Warning]]
    problems: dict[int, list[Problem]]


def read_cells(feature: Feature, cells: Sequence[str]) -> Column:
    """Parse the cells of a CSV column as `parse_cell` does."""
    if feature.type == NUMBER and (text := "".join(cells)).isascii() and "_" not in text:
        try:
            return _read_floats(feature, list(map(float, cells)))
        except ValueError:  # a cell is null, or not a number
            if not feature.nullable:
                return _read_floats(feature, list(map(_parse_float, cells)))
    return read_values(feature, [parse_cell(feature, cell) for cell in cells])


def read_values(feature: Feature, values: Sequence[object]) -> Column:
    """Read a column of JSON values."""
    kinds = set(map(type, values))
    if feature.type == NUMBER and kinds <= {float, int}:
        try:
            return _read_floats(feature, list(map(float, values)))  # type: ignore[arg-type]
        except OverflowError:  # an integer larger than any float
            pass
    ordinary = {NUMBER: (float, int), BOOLEAN: (bool,), STRING: (str,), TEXT: (str,)}[feature.type]
    categories = frozenset(feature.categories) if feature.categories is not None else None
    taken: list[Value] = []
    unusual: set[int] = set()
    for row, value in enumerate(values):
        if value is None and feature.nullable:
            taken.append(None)
        elif type(value) in ordinary and _is_usual(feature, categories, value):
            taken.append(round_to(feature.dtype, value) if feature.type == NUMBER else value)  # type: ignore[arg-type]
        else:
            taken.append(None)
            unusual.add(row)
    return Column(taken, unusual)


def _parse_float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return nan


def _read_floats(feature: Feature, numbers: list[float]) -> Column:
    low, high = _get_range(feature)
    # NaN is outside every range.
    unusual = {row for row, number in enumerate(numbers) if not low <= number <= high}
    if feature.dtype in NARROW:
        numbers = [0.0 if row in unusual else round_to(feature.dtype, number) for row, number in enumerate(numbers)]
    return Column(numbers, unusual)  # type: ignore[arg-type]


def _get_range(feature: Feature) -> tuple[float, float]:
    largest = LARGEST.get(feature.dtype, LARGEST[FLOAT64])
    low = -largest if feature.minimum is None else feature.minimum
    high = largest if feature.maximum is None else feature.maximum
    return low, high


def _is_usual(feature: Feature, categories: frozenset[str] | None, value: object) -> bool:
    if isinstance(value, str):
        return not is_too_long(feature, value) and (categories is None or value in categories)
    low, high = _get_range(feature)
    return feature.type != NUMBER or low <= value <= high  # type: ignore[operator]


def score_rows(
    model: Model,
    columns: Sequence[Column],
    get_record: Callable[[int], object],
    faults: Mapping[int, list[Problem]],
    *,
    strict: bool,
) -> ScoredRows:
    """Score the rows. `faults` has the rows that are wrong as a whole; `get_record(row)` is for all others.

    Rows with ordinary values only go to the runtime as columns. All other rows go through `predict_each`, which makes
    the warnings and problems; so do all rows if the runtime refuses the columns.
    """
    count = len(columns[0].values)
    unusual = set(faults).union(*(column.unusual for column in columns))
    ordinary = [row for row in range(count) if row not in unusual]
    scored = ScoredRows([None] * count, {}, {**faults})
    if not _predict_ordinary(model, columns, ordinary, scored):
        ordinary = []
    rest = sorted(set(range(count)).difference(ordinary, faults))
    for row, outcome in zip(rest, predict_each(model, [get_record(row) for row in rest], strict=strict), strict=True):
        if isinstance(outcome, Prediction):
            scored.outputs[row] = outcome.output
            if outcome.warnings:
                scored.warnings[row] = outcome.warnings
        else:
            scored.problems[row] = outcome
    return scored


def _predict_ordinary(model: Model, columns: Sequence[Column], rows: Sequence[int], scored: ScoredRows) -> bool:
    """Predict the rows into `scored`; return True.

    Return False, and change nothing, if the runtime refuses the rows or a result is not finite.
    """
    whole = len(rows) == len(scored.outputs)
    try:
        outputs = model.runtime.predict(
            [column.values if whole else [column.values[row] for row in rows] for column in columns]
        )
    except NotPredictable:
        return False
    if not all(isfinite(value) for output in outputs for value in output if isinstance(value, float)):
        return False
    for row, output in zip(rows, outputs, strict=True):
        scored.outputs[row] = output
    return True
