"""Compile transformers that scale numbers: sklearn/preprocessing/_data.py."""

import sys
from statistics import NormalDist
from typing import Any

import numpy

from function.model.dtypes import FLOAT32, FLOAT64
from training.compile.blocks import Array, Block, Column, NotCompiled
from training.compile.program import Program

# The share at each end that QuantileTransformer cuts before it makes a normal distribution.
_BOUND = 1e-7
# The smallest float that is not 0.
SMALLEST = 5e-324


def compile_standard_scaler(program: Program, scaler: Any, block: Block) -> Block:
    """Compile a StandardScaler: it subtracts the means, then divides by the scales."""
    block = prepare(program, block)
    if scaler.with_mean:
        block = program.subtract(block, _match_float(scaler.mean_, block))
    return _divide(program, block, _match_float(scaler.scale_, block)) if scaler.with_std else block


def compile_min_max_scaler(program: Program, scaler: Any, block: Block) -> Block:
    """Compile a MinMaxScaler."""
    block = prepare(program, block)
    block = program.add_numbers(program.multiply(block, scaler.scale_), scaler.min_)
    return program.clip(block, *_round(scaler.feature_range, block)) if getattr(scaler, "clip", False) else block


def compile_max_abs_scaler(program: Program, scaler: Any, block: Block) -> Block:
    """Compile a MaxAbsScaler."""
    block = _divide(program, prepare(program, block), scaler.scale_)
    return program.clip(block, -1.0, 1.0) if getattr(scaler, "clip", False) else block


def _divide(program: Program, block: Block, scales: Array) -> Block:
    """Divide by the scales; the columns of a sparse matrix are multiplied with their reciprocals instead."""
    return program.multiply(block, 1 / scales) if block.is_sparse else program.divide(block, scales)


def compile_robust_scaler(program: Program, scaler: Any, block: Block) -> Block:
    """Compile a RobustScaler."""
    block = prepare(program, block)
    if scaler.with_centering:
        block = program.subtract(block, scaler.center_)
    return _divide(program, block, scaler.scale_) if scaler.with_scaling else block


def compile_normalizer(program: Program, normalizer: Any, block: Block) -> Block:
    """Compile a Normalizer, which divides each row by its norm."""
    return normalize(program, prepare(program, block, nan=True), normalizer.norm)


def normalize(program: Program, block: Block, norm: str) -> Block:
    """Divide each row by its norm. Norms that are nearly 0 count as 1; of a sparse matrix's rows, those that are 0."""
    # That of dense rows is sklearn's _handle_zeros_in_scale. Sums of sparse rows are computed one after the other.
    is_packed, dtype = block.is_packed, block.dtype
    least = SMALLEST if block.is_sparse else 10 * float(numpy.finfo(dtype).eps)
    single = block.is_sparse and dtype == FLOAT32
    is_finite = is_packed and all(column.is_finite and not column.nullable for column in block.columns)
    columns = block.change_columns(
        lambda c: c._replace(
            is_exact=c.is_exact and (is_packed or norm == "max"), is_finite=is_finite, nullable=not is_finite, name=None
        )
    )
    made = program.add("normalize", [block], columns, {}, norm=norm, least=least, single=single)
    return round_singles(program, made)


def compile_power_transformer(program: Program, transformer: Any, block: Block) -> Block:
    """Compile a PowerTransformer: a power function per column, then a StandardScaler if it standardizes."""
    block = prepare(program, block)
    powers = numpy.asarray(transformer.lambdas_, dtype=float)
    if not numpy.isfinite(powers).all():
        raise NotCompiled("its PowerTransformer has a column without a power")
    columns = [c._replace(is_exact=False, is_finite=False, name=None) for c in block.columns]
    made = program.add("power", [block], columns, {"powers": ("d", powers)}, method=transformer.method)
    made = round_singles(program, made)
    return program.transform(transformer._scaler, made) if transformer.standardize else made


def compile_quantile_transformer(program: Program, transformer: Any, block: Block) -> Block:
    """Compile a QuantileTransformer: each number's place among the quantiles of training."""
    block = prepare(program, block)
    is_normal = transformer.output_distribution == "normal"
    quantiles = numpy.asarray(transformer.quantiles_, dtype=float)
    if not numpy.isfinite(quantiles).all():
        raise NotCompiled("its QuantileTransformer has a column without quantiles")
    margin = _BOUND if is_normal else 0.0
    arrays = {
        "points": ("d", quantiles.T),
        "values": ("d", transformer.references_),
        "lows": ("d", [_find_limit(first, margin, block.dtype) for first in quantiles[0]]),
        "highs": ("d", [-_find_limit(-last, margin, block.dtype) for last in quantiles[-1]]),
    }
    columns = [c._replace(is_finite=True, name=None) for c in block.columns]
    made = program.add("interpolate", [block], columns, arrays)
    made = round_singles(program, made)
    if not is_normal:
        return made
    limits = [NormalDist().inv_cdf(share) for share in (_BOUND - 2**-52, 1 - (_BOUND - 2**-52))]
    # What is infinite in float32 as well is clipped before it is rounded.
    wide = made._replace(columns=tuple(c._replace(is_exact=False, dtype=FLOAT64) for c in columns))
    made = program.clip(program.apply(wide, "normal_quantile"), *limits)
    return round_singles(program, made._replace(columns=tuple(c._replace(is_exact=False) for c in columns)))


def _find_limit(first: float, margin: float, dtype: str) -> float:
    """Find the first number that does not count as outside: less the margin, it is not below the first quantile.

    Without a margin, the quantile itself counts as outside.
    """
    kind = numpy.dtype(dtype).type

    def is_outside(number: Any) -> bool:
        return bool(number - kind(margin) < first if margin else number <= first)

    limit = kind(first + margin)
    while is_outside(limit):
        limit = numpy.nextafter(limit, kind(numpy.inf))
    while not is_outside(before := numpy.nextafter(limit, kind(-numpy.inf))):
        limit = before
    return float(limit)


def compile_binarizer(program: Program, binarizer: Any, block: Block) -> Block:
    """Compile a Binarizer."""
    return binarize(program, block, binarizer.threshold)


def binarize(program: Program, block: Block, above: float) -> Block:
    """Make 1 of numbers above a threshold, else 0."""
    block = prepare(program, block, nan=True)
    (threshold,) = _round([above], block)
    made = program.compare(block, threshold)
    columns = tuple(Column(dtype=block.dtype, is_exact=column.is_exact) for column in block.columns)
    return made._replace(columns=columns)


def prepare(program: Program, block: Block, *, nan: bool = False) -> Block:
    """Make numbers, and refuse infinity as scikit-learn's check_array does, and NaN if `nan` says so."""
    return program.refuse(program.make_numbers(block), nan=nan)


def round_singles(program: Program, block: Block) -> Block:
    """Round to float32 where the estimator computes in float32, after a step that computed in float64."""
    return program.add("round", [block], block.columns, {}) if block.dtype == FLOAT32 else block


def round_open(program: Program, block: Block) -> Block:
    """Round to float32 in the same case, but what is too large to infinity, which no step of the estimator refuses."""
    # What was made of a record that may hold any number is of float64 in some records.
    if block.dtype != FLOAT32 or any(column.is_wide for column in block.columns):
        return block
    return program.add("single", [block], block.columns, {}, null=None)


def _round(numbers: Any, block: Block) -> list[float]:
    """Round numbers of the estimator's parameters to the type in which it computes."""
    rounded: list[float] = numpy.asarray(numbers, dtype=block.dtype).astype(float).tolist()
    return rounded


def _match_float(numbers: Any, block: Block) -> Array:
    """Round the numbers of a StandardScaler as its release does: from 1.8 on to the type of its input."""
    if block.dtype == FLOAT64 or _read_release() < (1, 8):
        return numpy.asarray(numbers, dtype=float)
    return numpy.asarray(numbers).astype(numpy.float32).astype(float)


def _read_release() -> tuple[int, ...]:
    """Read scikit-learn's release, without importing it: where an estimator is compiled, its library is there."""
    version = str(getattr(sys.modules.get("sklearn"), "__version__", "1.9"))
    return tuple(int(part) for part in version.split(".")[:2])
