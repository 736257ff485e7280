"""Compile regressors of a transformed target, and the inverses of transformers of the target.

The inverses are those of sklearn/preprocessing/_data.py, in the same order of operations.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.answers import answer_values, join_values
from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.class_names import name_class
from training.compile.curves import LARGEST, apply_function, complement, interpolate, raise_to, widen
from training.compile.program import Program

# How near to 0 and 1 a QuantileTransformer takes the first and the last quantile (its BOUNDS_THRESHOLD).
_NEAR = 1e-7


def compile_transformed_target(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a TransformedTargetRegressor: what its regressor predicts, transformed back."""
    predicted = join_values(program, program.predict(estimator.regressor_, block))
    return answer_values(program, invert(program, estimator.transformer_, predicted))


def invert(program: Program, transformer: Any, block: Block) -> Block:
    """Compile the inverse of a fitted transformer. Raises NotCompiled."""
    if transformer is None or isinstance(transformer, str):  # passthrough
        return block
    name = name_class(transformer)
    if name not in _INVERSES:
        raise NotCompiled(f"the inverse of {type(transformer).__name__} is not compiled")
    return _INVERSES[name](program, transformer, block)


def _invert_pipeline(program: Program, pipeline: Any, block: Block) -> Block:
    for _, step in reversed(pipeline.steps):
        block = invert(program, step, block)
    return block


def _invert_function_transformer(program: Program, step: Any, block: Block) -> Block:
    if step.validate:
        block = program.refuse(block)
    return apply_function(program, step.inverse_func, step.inv_kw_args, block)


def _invert_standard_scaler(program: Program, scaler: Any, block: Block) -> Block:
    block = program.refuse(block, nan=False)

    def read(numbers: Any) -> Any:
        # Only this scaler rounds its numbers to the type of what it scales.
        return numpy.asarray(numbers, dtype=numpy.float32 if block.dtype == FLOAT32 else float)

    scaled = program.multiply(block, read(scaler.scale_)) if scaler.with_std else block
    return program.add_numbers(scaled, read(scaler.mean_)) if scaler.with_mean else scaled


def _invert_min_max_scaler(program: Program, scaler: Any, block: Block) -> Block:
    block = program.refuse(block, nan=False)
    return program.divide(program.subtract(block, scaler.min_), scaler.scale_)


def _invert_max_abs_scaler(program: Program, scaler: Any, block: Block) -> Block:
    return program.multiply(program.refuse(block, nan=False), scaler.scale_)


def _invert_robust_scaler(program: Program, scaler: Any, block: Block) -> Block:
    block = program.refuse(block, nan=False)
    scaled = program.multiply(block, scaler.scale_) if scaler.with_scaling else block
    return program.add_numbers(scaled, scaler.center_) if scaler.with_centering else scaled


def _invert_power_transformer(program: Program, transformer: Any, block: Block) -> Block:
    block = program.refuse(block, nan=False)
    if transformer.standardize:
        block = _invert_standard_scaler(program, transformer._scaler, block)
    invert_power = _invert_box_cox if transformer.method == "box-cox" else _invert_yeo_johnson
    wide = widen(block)
    made = [
        invert_power(program, power, program.take(wide, [place]))
        for place, power in enumerate(transformer.lambdas_.tolist())
    ]
    return _round_as(program, program.join(made), block)


def _invert_box_cox(program: Program, power: float, block: Block) -> Block:
    """Compile scipy.special.inv_boxcox."""
    if power:
        block = program.divide(program.apply(program.multiply(block, power), "log1p"), power)
    return program.apply(block, "exp")


def _invert_yeo_johnson(program: Program, power: float, block: Block) -> Block:
    """Add up two functions, one of which is 0: that of numbers from 0 on, and that of negative ones."""
    positive, negative = program.clip(block, 0.0, LARGEST), program.clip(block, -LARGEST, 0.0)
    tiny = numpy.spacing(1.0)
    if abs(power) < tiny:
        upper = program.add_numbers(program.apply(positive, "exp"), -1.0)
    else:
        base = program.add_numbers(program.multiply(positive, power), 1.0)
        upper = program.add_numbers(raise_to(program, base, 1 / power), -1.0)
    if abs(power - 2) > tiny:
        base = program.add_numbers(program.multiply(negative, -(2 - power)), 1.0)
        lower = complement(program, raise_to(program, base, 1 / (2 - power)))
    else:
        lower = complement(program, program.apply(program.multiply(negative, -1.0), "exp"))
    return program.sum([upper, lower])


def _invert_quantile_transformer(program: Program, transformer: Any, block: Block) -> Block:
    block = program.refuse(block, nan=False)
    curves, scores = [(transformer.references_, quantiles) for quantiles in transformer.quantiles_.T], widen(block)
    if transformer.output_distribution == "normal":
        scores = program.apply(scores, "normal_share")
        curves = [_flatten_ends(*curve) for curve in curves]
    return _round_as(program, interpolate(program, scores, curves), block)


def _round_as(program: Program, made: Block, block: Block) -> Block:
    """Round to float32 what numpy writes into the array of the block, if that is of float32."""
    return program.round(widen(made)) if block.dtype == FLOAT32 else made


def _flatten_ends(places: Any, quantiles: Any) -> tuple[Any, Any]:
    """Make a curve that is flat nearer than _NEAR to 0 and to 1."""
    low, high = _NEAR, 1 - _NEAR
    while low - _NEAR >= 0:
        low = float(numpy.nextafter(low, 0))
    while high + _NEAR <= 1:
        high = float(numpy.nextafter(high, 2))
    first, last = float(numpy.nextafter(low, 1)), float(numpy.nextafter(high, 0))
    inner = (places > first) & (places < last)
    ends = numpy.interp([first, last], places, quantiles)
    return (
        numpy.concatenate([[low, first], places[inner], [last, high]]),
        numpy.concatenate([[quantiles[0], ends[0]], quantiles[inner], [ends[1], quantiles[-1]]]),
    )


_INVERSES: Mapping[str, Callable[[Program, Any, Block], Block]] = {
    "sklearn.pipeline.Pipeline": _invert_pipeline,
    "sklearn.preprocessing.FunctionTransformer": _invert_function_transformer,
    "sklearn.preprocessing.MaxAbsScaler": _invert_max_abs_scaler,
    "sklearn.preprocessing.MinMaxScaler": _invert_min_max_scaler,
    "sklearn.preprocessing.PowerTransformer": _invert_power_transformer,
    "sklearn.preprocessing.QuantileTransformer": _invert_quantile_transformer,
    "sklearn.preprocessing.RobustScaler": _invert_robust_scaler,
    "sklearn.preprocessing.StandardScaler": _invert_standard_scaler,
}
