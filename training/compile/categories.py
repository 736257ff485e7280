"""Compile encoders of categories: sklearn/preprocessing/_encoders.py and _target_encoder.py."""

from collections.abc import Iterator
from typing import Any

import numpy

from training.compile.blocks import Block, Column, NotCompiled
from training.compile.codes import make_codes, map_codes
from training.compile.program import Program


def compile_one_hot(program: Program, encoder: Any, block: Block) -> Block:
    """Compile a OneHotEncoder: a code per column, then an indicator per category that is kept."""
    coded = make_codes(program, block, encoder.categories_, refuses=encoder.handle_unknown == "error")
    places: list[list[int]] = []
    width = 0
    for mapped, unknown, drop in _list_groups(encoder):
        kept = [number for number in range(max(mapped) + 1) if number != drop]
        indicator = {number: width + place for place, number in enumerate(kept, 1)}
        places.append([indicator.get(number, 0) for number in [*mapped, unknown]])
        width += len(kept)
    bounds = numpy.cumsum([0, *map(len, places)])
    flat = [place for each in places for place in each]
    arrays = {"bounds": ("I", bounds), "places": ("H" if width < 2**16 else "I", flat)}
    made = [Column(dtype=numpy.dtype(encoder.dtype).name)] * width
    indicators = program.add("indicate", [coded], made, arrays, width=width)
    return indicators.mark_sparse(is_sparse=bool(getattr(encoder, "sparse_output", getattr(encoder, "sparse", False))))


def _list_groups(encoder: Any) -> Iterator[tuple[list[int], int, int | None]]:
    """List for each column: the group of each category, that of unknown values or -1, and the one that is dropped."""
    groups = getattr(encoder, "_default_to_infrequent_mappings", None) or [None] * len(encoder.categories_)
    # Releases before 1.1 know no infrequent categories.
    dropped = getattr(encoder, "_drop_idx_after_grouping", getattr(encoder, "drop_idx_", None))
    for column, categories in enumerate(encoder.categories_):
        group = groups[column]
        mapped = list(range(len(categories))) if group is None else group.tolist()
        # A value that is unknown is infrequent, if there is such a group; else it has no indicator.
        is_grouped = group is not None and encoder.handle_unknown in ("infrequent_if_exist", "warn")
        yield mapped, max(mapped) if is_grouped else -1, None if dropped is None else dropped[column]


def compile_ordinal(program: Program, encoder: Any, block: Block) -> Block:
    """Compile an OrdinalEncoder: a code per column, then the number that it stands for."""
    refuses = encoder.handle_unknown == "error"
    groups = getattr(encoder, "_default_to_infrequent_mappings", None) or [None] * block.width
    dtype = numpy.dtype(encoder.dtype)
    unknown = 0 if refuses else encoder.unknown_value
    missing = getattr(encoder, "encoded_missing_value", numpy.nan)  # since release 1.1
    tables = []
    made = []
    for column, categories, group in zip(block.columns, encoder.categories_, groups, strict=True):
        has_nan = len(categories) > 0 and _is_nan(categories[-1])
        known = numpy.arange(len(categories) - has_nan) if group is None else group
        numbers = numpy.array([*known.tolist(), *([missing] if has_nan else []), unknown], dtype=float)
        rounded = numpy.array([0.0 if _is_nan(number) else number for number in numbers]).astype(dtype).astype(float)
        if any(number != kept for number, kept in zip(numbers, rounded, strict=True) if not _is_nan(number)):
            raise NotCompiled(f"its OrdinalEncoder makes numbers that its type {dtype} cannot hold")
        tables.append(numbers)
        can_be_nan = _is_nan(unknown) or (column.nullable and has_nan and _is_nan(missing))
        made.append(Column(dtype=dtype.name, nullable=bool(can_be_nan)))
    coded = make_codes(program, block, encoder.categories_, refuses=refuses)
    return map_codes(program, coded, tables, made)


def compile_target_encoder(program: Program, encoder: Any, block: Block) -> Block:
    """Compile a TargetEncoder: a code per column, then the mean target of each category, per class if there are more
    than two.
    """
    coded = make_codes(program, block, encoder.categories_, refuses=False)
    means = numpy.ravel(encoder.target_mean_)
    repeats = len(encoder.classes_) if encoder.target_type_ == "multiclass" else 1
    tables = [
        numpy.append(encoding, means[number % len(means)]).astype(float)
        for number, encoding in enumerate(encoder.encodings_)
    ]
    repeated = program.take(coded, [place for place in range(block.width) for _ in range(repeats)])
    return map_codes(program, repeated, tables, [Column()] * repeated.width)


def _is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124  (only NaN is not itself)
