"""Compile transformers of numbers."""

from typing import Any

import numpy

from function.model.contract import TEXTS
from training.compile.program import Block, NotCompiled, Program


def compile_standard_scaler(program: Program, scaler: Any, block: Block) -> Block:
    """Compile a StandardScaler: sklearn/preprocessing/_data.py subtracts the means, then divides by the scales."""
    block = program.refuse(program.make_numbers(block), nan=False)
    if scaler.with_mean:
        block = program.subtract(block, scaler.mean_)
    return program.divide(block, scaler.scale_) if scaler.with_std else block


def compile_min_max_scaler(program: Program, scaler: Any, block: Block) -> Block:
    """Compile a MinMaxScaler."""
    block = program.refuse(program.make_numbers(block), nan=False)
    block = program.add_numbers(program.multiply(block, scaler.scale_), scaler.min_)
    return program.clip(block, *scaler.feature_range) if getattr(scaler, "clip", False) else block


def compile_simple_imputer(program: Program, imputer: Any, block: Block) -> Block:
    """Compile a SimpleImputer, of numbers or texts, whose missing values are nulls."""
    missing = imputer.missing_values
    if isinstance(missing, (str, int)) or (missing == missing and missing is not None):  # noqa: PLR0124
        raise NotCompiled("its SimpleImputer replaces something else than nulls")
    if not any(column.type in TEXTS for column in block.columns):
        block = program.make_numbers(block)
    statistics = imputer.statistics_.tolist()
    if any(value is None or value != value for value in statistics):  # noqa: PLR0124
        raise NotCompiled("its SimpleImputer has a column without a value")
    filled = program.fill(block, [value if isinstance(value, str) else float(value) for value in statistics])
    if imputer.indicator_ is None:
        return filled
    indicators = program.make_indicators_of_nulls(program.take(block, imputer.indicator_.features_.tolist()))
    return program.join([filled, indicators])


def compile_function_transformer(program: Program, step: Any, block: Block) -> Block:
    """Compile a FunctionTransformer of one of numpy's functions, or of none."""
    if step.func is None:
        return block
    name = getattr(step.func, "__name__", "")
    if not isinstance(step.func, numpy.ufunc) or step.kw_args:
        raise NotCompiled("its FunctionTransformer calls a function of its own")
    return program.apply(program.make_numbers(block), name)
