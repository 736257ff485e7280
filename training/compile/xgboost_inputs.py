"""Compile what XGBoost makes of its inputs: float32 numbers, nulls, and the codes of categories."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Block, NotCompiled
from training.compile.codes import make_codes, map_codes
from training.compile.program import Program


def prepare_inputs(program: Program, learner: dict[str, Any], block: Block, missing: float, *, refuses: bool) -> Block:
    """Make float32 numbers of the columns, NaN where `missing` stands, and codes of pandas' categories.

    `refuses`: numbers that are too large for float32 are refused, else they become infinity.
    """
    width = int(learner["learner_model_param"]["num_feature"])
    if block.width != width:
        raise NotCompiled(f"it takes {width} columns, but {block.width} come to it")
    if block.is_packed:
        block = program.unpack(block, by_null=True)
    elif block.is_sparse:
        block = _drop_zeros(program, block)
    encoded = read_categories(learner)
    kinds = list(learner.get("feature_types", [])) or [""] * width
    named = [place for place in range(width) if encoded.get(place) is not None]
    others = [place for place in range(width) if place not in named]
    made = [_encode(program, program.take(block, named), [encoded[place] for place in named])] if named else []
    if others:
        numbers = _round(program, program.take(block, others), missing, refuses=refuses)
        made.append(_cut(program, numbers, [at for at, place in enumerate(others) if kinds[place] == "c"]))
    joined = program.join(made)
    order = [*named, *others]
    return program.take(joined, [order.index(place) for place in range(width)])


def _drop_zeros(program: Program, block: Block) -> Block:
    """Make NaN of what a sparse matrix does not hold, as XGBoost does: of the numbers that were 0 when it was made."""
    stored = [column.stored or (block.number, place) for place, column in enumerate(block.columns)]
    columns = [column._replace(nullable=True, stored=None) for column in block.columns]
    origins = sorted({number for number, _ in stored})
    taken = [
        program.take(program.get_block(origin), [place for number, place in stored if number == origin])
        for origin in origins
    ]
    order = [at for origin in origins for at, (number, _) in enumerate(stored) if number == origin]
    as_made = program.take(program.join(taken), [order.index(at) for at in range(block.width)])
    holed = program.add("erase", [program.make_numbers(as_made)], columns, {}, values=[0.0] * block.width)
    is_as_made = as_made.number == block.number
    return holed if is_as_made else program.add("patch", [program.make_numbers(block), holed, holed], columns, {})


def read_categories(learner: dict[str, Any]) -> dict[int, list[Any]]:
    """Read the categories of columns that were pandas' categories in training, by the column's place.

    Since XGBoost 3.1 a model holds them.
    """
    booster = learner["gradient_booster"]
    model = booster.get("model") or booster.get("gbtree", {}).get("model", {})
    found: dict[int, list[Any]] = {}
    for place, encoded in enumerate(model.get("cats", {}).get("enc", [])):
        values = numpy.asarray(encoded["values"])
        if not len(values):
            continue
        if "offsets" in encoded:
            text = values.astype(numpy.int8).tobytes()
            ends = numpy.asarray(encoded["offsets"]).tolist()
            found[place] = [text[low:high].decode() for low, high in pairwise(ends)]
        else:
            found[place] = values.tolist()
    return found


def _encode(program: Program, block: Block, categories: Sequence[list[Any]]) -> Block:
    """Replace categories by their codes, nulls by NaN; XGBoost refuses other values."""
    if not all(column.is_raw for column in block.columns):
        raise NotCompiled("an earlier step makes its categories")
    # Both kinds of null follow the categories: make_codes takes the one that the column has.
    listed = [numpy.array([*each, None, numpy.nan], dtype=object) for each in categories]
    coded = make_codes(program, block, listed, refuses=True)
    tables = [[*range(len(each)), *[numpy.nan] * 3] for each in categories]
    columns = [
        c._replace(nullable=raw.nullable, dtype=FLOAT32) for c, raw in zip(coded.columns, block.columns, strict=True)
    ]
    return map_codes(program, coded, tables, columns)


def _round(program: Program, block: Block, missing: float, *, refuses: bool) -> Block:
    """Round to float32."""
    block = program.make_numbers(block)
    if refuses and not numpy.isposinf(missing):
        block = program.round(program.refuse(block, nan=False))
    if block.dtype == FLOAT32 and numpy.isnan(missing):
        return block
    replaced = None if numpy.isnan(missing) else float(numpy.float32(missing))
    columns = [
        c._replace(dtype=FLOAT32, is_finite=False, nullable=c.nullable or replaced is not None) for c in block.columns
    ]
    return program.add("single", [block], columns, {}, null=replaced)


def _cut(program: Program, block: Block, places: Sequence[int]) -> Block:
    """Cut numbers that are categories to whole numbers; those between -1 and 0 are no category, as all below 0."""
    if not places:
        return block
    others = [place for place in range(block.width) if place not in places]
    whole = program.apply(program.take(block, places), "floor")
    columns = tuple(block.columns[place] for place in places)
    joined = program.join([whole._replace(columns=columns), *([program.take(block, others)] if others else [])])
    order = [*places, *others]
    return program.take(joined, [order.index(place) for place in range(block.width)])
