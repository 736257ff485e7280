"""Compile imputers that know one value per column, and indicators of nulls: sklearn/impute/_base.py."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import NAN, NONE, TEXTS
from function.model.dtypes import FLOAT32
from training.compile.blocks import Block, NotCompiled
from training.compile.program import Program


class Marked(NamedTuple):
    """A block in which nulls are the values that an imputer takes for missing, and whether they are so per column."""

    block: Block
    is_missing: Sequence[bool]


def compile_simple_imputer(program: Program, imputer: Any, block: Block) -> Block:
    """Compile a SimpleImputer: it drops columns that were empty in training, and fills the others."""
    marked = mark_missing(program, imputer, block)
    statistics = list(numpy.asarray(imputer.statistics_).tolist())
    keeps = getattr(imputer, "keep_empty_features", False)
    kept = [place for place, value in enumerate(statistics) if keeps or not is_nan(value)]
    taken = program.take(marked.block, kept)
    filled = program.fill(taken, [_choose_filling(marked, place, statistics[place]) for place in kept])
    return add_indicator(program, imputer, marked, filled)


def compile_missing_indicator(program: Program, indicator: Any, block: Block) -> Block:
    """Compile a MissingIndicator: 1 where a value is missing, else 0."""
    marked = mark_missing(program, indicator, block)
    places = numpy.asarray(indicator.features_).tolist()
    if indicator.features == "missing-only" and indicator.error_on_new:
        others = [place for place in range(block.width) if place not in places and marked.block.columns[place].nullable]
        if any(marked.is_missing[place] for place in others):
            marked = marked._replace(block=_refuse_nulls(program, marked.block, others))
    return _indicate(program, marked, places)


def mark_missing(program: Program, imputer: Any, block: Block) -> Marked:
    """Make nulls of the values that are missing, and refuse nulls that scikit-learn refuses. Raises NotCompiled."""
    missing = imputer.missing_values
    # Beside texts, and where it makes no numbers of objects, None is another null than NaN.
    is_object = any(column.type in TEXTS for column in block.columns) or missing is None
    if getattr(imputer, "strategy", "constant") in ("constant", "most_frequent") and hasattr(imputer, "_fit_dtype"):
        is_object = is_object or imputer._fit_dtype.kind == "O"
    if not is_object:
        block = program.make_numbers(block)
        block = program.refuse(block, nan=False)
    is_na = type(missing).__name__ == "NAType"
    wanted = {NAN, NONE} if is_na else {NAN} if is_nan(missing) else {NONE} if missing is None else set()
    if NAN not in wanted:
        refused = [place for place, c in enumerate(block.columns) if c.nullable and c.null == NAN]
        block = _refuse_nulls(program, block, refused)
    if wanted:
        return Marked(block, [column.null in wanted for column in block.columns])
    return _erase(program, missing, block)


def _erase(program: Program, missing: Any, block: Block) -> Marked:
    """Make nulls of a text, or of a number."""
    is_text = isinstance(missing, str)
    erased = [(column.type in TEXTS) == is_text for column in block.columns]
    if any(column.nullable and erases for column, erases in zip(block.columns, erased, strict=True)):
        raise NotCompiled("its imputer takes another value for missing than the nulls that its column has as well")
    columns = [
        column._replace(nullable=True, null=NONE if is_text else NAN) if erases else column
        for column, erases in zip(block.columns, erased, strict=True)
    ]
    value = missing if is_text else float(missing)
    if not any(erased):
        return Marked(block, erased)
    marked = program.add("erase", [block], columns, {}, values=[value if erases else None for erases in erased])
    return Marked(marked, erased)


def _refuse_nulls(program: Program, block: Block, places: Sequence[int]) -> Block:
    """Refuse records that have a null in one of these columns."""
    if not places:
        return block
    columns = [column._replace(nullable=False) for column in block.columns]
    checked = program.add("refuse_null", [program.take(block, places)], [columns[place] for place in places], {})
    # The others stay as they are.
    order = {place: number for number, place in enumerate(places)}
    rest = [place for place in range(block.width) if place not in order]
    order |= {place: len(places) + number for number, place in enumerate(rest)}
    joined = program.join([checked, program.take(block, rest)]) if rest else checked
    return program.take(joined, [order[place] for place in range(block.width)])


def _choose_filling(marked: Marked, place: int, value: Any) -> float | str | None:
    """Choose what fills the nulls of a column; None leaves them."""
    column = marked.block.columns[place]
    if not (marked.is_missing[place] and column.nullable) or is_nan(value) or value is None:
        return None
    if isinstance(value, str) != (column.type in TEXTS):
        raise NotCompiled("its SimpleImputer fills texts with numbers, or numbers with texts")
    if isinstance(value, str):
        return value
    # In a block of numbers scikit-learn casts it to the block's type.
    return float(numpy.float32(value)) if marked.block.dtype == FLOAT32 and not column.is_raw else float(value)


def add_indicator(program: Program, imputer: Any, marked: Marked, filled: Block) -> Block:
    """Put the indicators of an imputer that has some behind what it has filled."""
    indicator = getattr(imputer, "indicator_", None)
    if indicator is None:
        return filled
    return program.join([filled, _indicate(program, marked, numpy.asarray(indicator.features_).tolist())])


def _indicate(program: Program, marked: Marked, places: Sequence[int]) -> Block:
    """Make a column for each place, 1 where its value is missing, else 0; nulls of the other kind are values."""
    indicated = program.make_indicators_of_nulls(program.take(marked.block, places))
    kinds = [1.0 if marked.is_missing[place] else 0.0 for place in places]
    return indicated if all(kinds) else program.multiply(indicated, kinds)


def is_nan(value: Any) -> bool:
    """Tell whether a value of any type is NaN."""
    return isinstance(value, (float, numpy.floating)) and bool(numpy.isnan(value))
