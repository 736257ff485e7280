"""Compile selectors of features: sklearn/feature_selection."""

from typing import Any

import numpy

from function.model.contract import NAN, TEXTS
from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.program import Program


def compile_selector(program: Program, selector: Any, block: Block) -> Block:
    """Compile a selector: it takes the columns of its support."""
    places = numpy.flatnonzero(selector.get_support()).tolist()
    if not places:
        raise NotCompiled(f"its {type(selector).__name__} selects no feature")
    if getattr(selector, "_sklearn_output_config", {}).get("transform") in ("pandas", "polars"):
        return program.take(block, places)  # a frame is not checked
    if not any(column.type in TEXTS for column in block.columns):
        block = program.make_numbers(block)
        checked = block if _allows_nulls(selector) else program.refuse(block)
        return program.take(checked, places)
    nulls = [place for place, column in enumerate(block.columns) if column.nullable and column.null == NAN]
    if nulls and not _allows_nulls(selector):
        raise NotCompiled(f"its {type(selector).__name__} refuses nulls among texts")
    return program.take(block, places)


def compile_eliminator(program: Program, selector: Any, block: Block) -> Answer:
    """Compile the predictions of RFE and RFECV: those of the estimator of the features that are left."""
    return program.predict(selector.estimator_, compile_selector(program, selector, block))


def _allows_nulls(selector: Any) -> bool:
    if hasattr(selector, "__sklearn_tags__"):
        return bool(selector.__sklearn_tags__().input_tags.allow_nan)
    return bool(selector._get_tags()["allow_nan"])
