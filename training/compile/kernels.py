"""Compile transformers that compare a row with rows of training by a kernel: sklearn/metrics/pairwise.py."""

from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Array, Block, NotCompiled
from training.compile.curves import LARGEST, raise_to
from training.compile.program import Program
from training.compile.scaling import prepare


def compile_nystroem(program: Program, sampler: Any, block: Block) -> Block:
    """Compile a Nystroem: the kernel of the row with each of `components_`, times a matrix."""
    block = prepare(program, block, nan=True)
    if block.dtype == FLOAT32:
        raise NotCompiled("its Nystroem computes in float32")
    components = sampler.components_
    if hasattr(components, "toarray"):  # sparse, if it was trained so
        components = components.toarray()
    kernel = _compute_kernel(program, sampler, numpy.asarray(components, dtype=float), block)
    return program.multiply_matrix(kernel, numpy.asarray(sampler.normalization_).T)


def _compute_kernel(program: Program, sampler: Any, rows: Array, block: Block) -> Block:
    """Compute the kernel of the record with each of these rows of training. Raises NotCompiled."""
    given = {name: getattr(sampler, name) for name in ("gamma", "coef0", "degree")}
    # The defaults are those of scikit-learn's functions.
    chosen = {"gamma": None, "coef0": 1.0, "degree": 3.0, **(sampler.kernel_params or {})}
    chosen |= {name: value for name, value in given.items() if value is not None}
    gamma = 1.0 / block.width if chosen["gamma"] is None else chosen["gamma"]
    match sampler.kernel:
        case "linear":
            return program.multiply_matrix(block, rows.T)
        case "rbf":
            return program.apply(program.multiply(_measure_squares(program, rows, block), -gamma), "exp")
        case "poly" | "polynomial":
            return raise_to(program, _scale_product(program, rows, block, gamma, chosen["coef0"]), chosen["degree"])
        case "sigmoid":
            return program.apply(_scale_product(program, rows, block, gamma, chosen["coef0"]), "tanh")
    raise NotCompiled(f"the kernel {sampler.kernel!r} of its Nystroem is not one of those that are compiled")


def _scale_product(program: Program, rows: Array, block: Block, gamma: float, constant: float) -> Block:
    """Multiply the record with each row, and the product with gamma; add the constant."""
    return program.add_numbers(program.multiply(program.multiply_matrix(block, rows.T), gamma), constant)


def _measure_squares(program: Program, rows: Array, block: Block) -> Block:
    """Compute the squared distance to each row as scikit-learn does, of products, and not less than 0."""
    squares = program.apply(block, "square")
    factors = numpy.concatenate([numpy.ones(rows.T.shape), -2.0 * rows.T])
    made = program.multiply_matrix(program.join([squares, block]), factors, (rows * rows).sum(axis=1))
    return program.clip(made, 0.0, LARGEST)
