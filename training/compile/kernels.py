"""Compute kernels of the record with rows of training, by their names in sklearn/metrics/pairwise.py."""

from collections.abc import Mapping
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Array, Block, Column, NotCompiled, make_dense
from training.compile.curves import measure_distances, raise_to, refuse_negative
from training.compile.program import Program
from training.compile.scaling import normalize, prepare

# The defaults of scikit-learn's functions. Without a gamma, that is 1 / the number of columns, but for chi2.
_DEFAULTS = {"coef0": 1.0, "degree": 3.0}


def prepare_double(program: Program, estimator: Any, block: Block) -> Block:
    """Make numbers and refuse what is not finite. Raises NotCompiled where the estimator computes in float32."""
    block = prepare(program, block, nan=True)
    if block.dtype == FLOAT32:
        raise NotCompiled(f"its {type(estimator).__name__} computes in float32")
    return block


def make_rows(rows: Any) -> Array:
    """Make an array of float64 of the rows of training that an estimator keeps, which may be a sparse matrix."""
    return make_dense(rows).astype(float, copy=False)


def compute_kernel(program: Program, name: Any, parameters: Mapping[str, Any], rows: Array, block: Block) -> Block:
    """Compute the kernel of the record with each of these rows; a parameter that is None has its default.

    Raises NotCompiled.
    """
    chosen = _DEFAULTS | {key: value for key, value in parameters.items() if value is not None}
    gamma = chosen.get("gamma", 1.0 if name == "chi2" else 1.0 / block.width)
    match name:
        case "linear":
            return program.multiply_matrix(block, rows.T)
        case "rbf":
            return make_exponential(program, measure_squares(program, rows, block), -gamma)
        case "laplacian":
            return make_exponential(program, measure_distances(program, block, rows, "manhattan"), -gamma)
        case "poly" | "polynomial":
            return raise_to(program, scale_product(program, rows, block, gamma, chosen["coef0"]), chosen["degree"])
        case "sigmoid":
            return program.apply(scale_product(program, rows, block, gamma, chosen["coef0"]), "tanh")
        case "cosine":
            norms = numpy.linalg.norm(rows, axis=1, keepdims=True)
            norms[norms < 10 * numpy.finfo(float).eps] = 1.0
            return program.multiply_matrix(normalize(program, block, "l2"), (rows / norms).T)
        case "additive_chi2":
            return program.multiply(_measure_ratios(program, rows, block), -1.0)
        case "chi2":
            return make_exponential(program, _measure_ratios(program, rows, block), -gamma)
    shown = repr(name) if isinstance(name, str) else "that is a function"
    raise NotCompiled(f"the kernel {shown} is not one of those that are compiled")


def make_exponential(program: Program, block: Block, factor: float) -> Block:
    """Make exp(factor * x) of each number x."""
    return program.apply(program.multiply(block, factor), "exp")


def scale_product(program: Program, rows: Array, block: Block, gamma: float, constant: float) -> Block:
    """Multiply the record with each row, and the product with gamma; add the constant."""
    return program.add_numbers(program.multiply(program.multiply_matrix(block, rows.T), gamma), constant)


def weigh(program: Program, kernel: Block, weights: Any, start: Any = None) -> Block:
    """Multiply the kernel with weights, a column of them for each output; an infinite kernel may become NaN."""
    return mark_nullable(program.multiply_matrix(kernel, weights, start))


def mark_nullable(block: Block) -> Block:
    """Return the block with columns that may be NaN."""
    return block._replace(columns=tuple(column._replace(nullable=True) for column in block.columns))


def measure_squares(program: Program, rows: Array, block: Block) -> Block:
    """Compute the squared distance to each row as scikit-learn does, of products, and not less than 0."""
    squares = program.apply(block, "square")
    factors = numpy.concatenate([numpy.ones(rows.T.shape), -2.0 * rows.T])
    made = program.multiply_matrix(program.join([squares, block]), factors, (rows * rows).sum(axis=1))
    return program.clip(made, 0.0, None)


def take_root(program: Program, squares: Block) -> Block:
    """Make distances of squared ones, in float64 whatever digits these have."""
    columns = [Column(is_finite=False, is_exact=squares.is_exact, nullable=c.nullable) for c in squares.columns]
    return program.add("apply", [squares], columns, {}, function="sqrt")


def mark_noisy(squares: Block) -> Block:
    """Say that these are differences of products: small ones have few digits, as numbers of float32, and infinite ones
    may be NaN.
    """
    column = Column(dtype=FLOAT32, is_exact=False, is_finite=False, nullable=True)
    return squares._replace(columns=(column,) * squares.width)


def _measure_ratios(program: Program, rows: Array, block: Block) -> Block:
    return measure_distances(program, refuse_negative(program, block), rows, "chi2")
