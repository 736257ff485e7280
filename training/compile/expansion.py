"""Compile transformers that make several columns of each: bins, polynomials, splines; and functions of numpy."""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.contract import NUMBER
from function.model.dtypes import FLOAT32, FLOAT64
from training.compile.blocks import Array, Arrays, Block, Column, NotCompiled
from training.compile.curves import apply_function
from training.compile.program import Program
from training.compile.scaling import prepare, round_singles


def compile_function_transformer(program: Program, step: Any, block: Block) -> Block:
    """Compile a FunctionTransformer of one of numpy's functions, or of none."""
    if step.func in (numpy.ravel, numpy.squeeze) and block.width == 1 and not (step.kw_args or step.validate):
        return block  # so a vectorizer gets the texts of a column behind an imputer
    if step.func is not None and (not isinstance(step.func, numpy.ufunc) or step.kw_args):
        raise NotCompiled("its FunctionTransformer calls a function of its own")
    if step.validate:
        block = prepare(program, block, nan=True)
    if step.func is None:
        return block
    # In a frame, each column has its own type; of small integers and booleans numpy makes float16 or float32.
    dtypes = {column.dtype if column.type == NUMBER else column.type for column in block.columns if column.is_raw}
    if not (dtypes <= {FLOAT64} or dtypes == {FLOAT32}):
        raise NotCompiled("its FunctionTransformer computes columns of a frame in several types, or not in float64")
    return apply_function(program, step.func, step.kw_args, program.make_numbers(block))


def compile_bins(program: Program, discretizer: Any, block: Block) -> Block:
    """Compile a KBinsDiscretizer: the number of the bin, or an indicator for each bin."""
    block = prepare(program, block, nan=True)
    if discretizer.dtype is not None:
        wanted = numpy.dtype(discretizer.dtype).name
        if wanted == FLOAT32:
            block = program.round(block)
        columns = tuple(column._replace(dtype=wanted) for column in block.columns)
        block = block._replace(columns=columns)
    inner = [numpy.asarray(edges, dtype=float)[1:-1] for edges in discretizer.bin_edges_]
    arrays = {"bounds": ("I", numpy.cumsum([0, *map(len, inner)])), "edges": ("d", numpy.concatenate(inner))}
    made = [Column(dtype=block.dtype, is_exact=column.is_exact) for column in block.columns]
    bins = program.add("bins", [block], made, arrays)
    if discretizer.encode == "ordinal":
        return bins
    indicators = indicate_numbers(program, bins, [int(count) for count in discretizer.n_bins_])
    return indicators.mark_sparse(is_sparse=discretizer.encode == "onehot")


def indicate_numbers(program: Program, bins: Block, sizes: list[int]) -> Block:
    """Make an indicator for each bin: column k has numbers from 0 to less than `sizes[k]`."""
    places: list[int] = []
    columns: list[Column] = []
    for column, size in zip(bins.columns, sizes, strict=True):
        # The last place of a column is that of a bin that is not known.
        places += [*range(len(columns) + 1, len(columns) + size + 1), 0]
        columns += [column] * size
    bounds = numpy.cumsum([0, *(size + 1 for size in sizes)])
    return program.add(
        "indicate", [bins], columns, {"bounds": ("I", bounds), "places": ("I", places)}, width=len(columns)
    )


def compile_polynomial(program: Program, features: Any, block: Block) -> Block:
    """Compile a PolynomialFeatures: the terms of each degree are those of the degree before, times a column."""
    block = prepare(program, block, nan=True)
    low, high = _read_degrees(features)
    made = [program.make_constants([1.0])] if features.include_bias else []
    terms, index = block, list(range(block.width + 1))
    for degree in range(1, high + 1):
        if degree > 1:
            left, right, index = _pair_terms(index, block.width, only_different=features.interaction_only)
            if not left:
                break
            terms = _multiply(program, block, terms, left, right)
        if degree >= low:
            made.append(terms)
    if not made:
        raise NotCompiled("its PolynomialFeatures makes no column")
    joined = program.join(made)
    return joined._replace(columns=tuple(c._replace(dtype=block.dtype) for c in joined.columns))


def _read_degrees(features: Any) -> tuple[int, int]:
    """Read the lowest and the highest degree of the terms; the bias is apart."""
    degree = features.degree
    return (0, int(degree)) if isinstance(degree, (int, numpy.integer)) else (int(degree[0]), int(degree[1]))


def _pair_terms(index: list[int], width: int, *, only_different: bool) -> tuple[list[int], list[int], list[int]]:
    """Pair the terms of the degree before with the columns, in scikit-learn's order.

    `index` has, for each column, the first term that has no column before it. Return the terms, the columns and the
    index of the next degree.
    """
    left: list[int] = []
    right: list[int] = []
    following: list[int] = []
    end = index[-1]
    for column in range(width):
        following.append(len(left))
        start = index[column + 1] if only_different else index[column]
        if start >= end:
            break
        left += range(start, end)
        right += [column] * (end - start)
    return left, right, [*following, len(left)]


def _multiply(program: Program, block: Block, terms: Block, left: list[int], right: list[int]) -> Block:
    joined = terms if terms is block else program.join([block, terms])
    offset = joined.width - terms.width
    arrays = {"left": ("I", numpy.array(left) + offset), "right": ("I", right)}
    # What overflowed in one degree is NaN in the next, times 0.
    column = Column(dtype=block.dtype, is_finite=False, is_exact=block.is_exact, nullable=terms is not block)
    return round_singles(program, program.add("products", [joined], [column] * len(left), arrays))


def compile_spline(program: Program, transformer: Any, block: Block) -> Block:
    """Compile a SplineTransformer: the values of B-splines of each column."""
    zeros = getattr(transformer, "handle_missing", "error") == "zeros"
    block = program.make_numbers(block)
    block = program.refuse(block, nan=not zeros, infinity=not zeros)
    degree, beyond = int(transformer.degree), transformer.extrapolation
    if beyond == "constant" and degree == 0:
        raise NotCompiled("its splines of degree 0 go on constant")
    splines = transformer.bsplines_
    count = int(splines[0].c.shape[1])
    base, ends = _read_ends(splines, degree, beyond)
    arrays: Arrays = {
        "knots": ("d", numpy.concatenate([spline.t for spline in splines])),
        "base": ("d", base),
        **({"ends": ("d", ends)} if beyond in ("constant", "linear") else {}),
    }
    # Sparse matrices are not rounded to float32.
    dtype = FLOAT64 if getattr(transformer, "sparse_output", False) else block.dtype
    # What overflows is NaN.
    nullable = beyond == "continue" or any(not column.is_finite for column in block.columns)
    column = Column(dtype=dtype, is_finite=False, is_exact=block.is_exact, nullable=nullable)
    made = program.add(
        "splines", [block], [column] * (count * block.width), arrays, splines=count, degree=degree, beyond=beyond
    )
    made = round_singles(program, made)
    if transformer.include_bias:
        return made
    return program.take(made, [place for place in range(made.width) if (place + 1) % count])


def _read_ends(splines: Sequence[Any], degree: int, beyond: str) -> tuple[Array, Array]:
    """Read the base intervals, and how the splines go on: values and slopes below and above; the others are 0 there."""
    base, ends = [], []
    places = numpy.arange(splines[0].c.shape[1])
    for spline in splines:
        low, high = spline.t[degree], spline.t[-degree - 1]
        if low > high:
            raise NotCompiled("its splines have too few knots")
        # scikit-learn does so for each column anew: the later ones have another base interval.
        degree += beyond == "linear" and degree < 2
        below, above = places < degree, places >= len(places) - degree
        numbers = [(below, spline(low)), (above, spline(high)), (below, spline(low, nu=1)), (above, spline(high, nu=1))]
        base.append([low, high])
        ends.append([numpy.where(mask, each, 0.0) for mask, each in numbers])
    return numpy.array(base).T, numpy.array(ends)
