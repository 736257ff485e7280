"""Compute kernels that are objects: sklearn/gaussian_process/kernels.py."""

from collections.abc import Callable, Mapping
from math import pi, sqrt
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Array, Block, NotCompiled
from training.compile.class_names import name_class
from training.compile.curves import measure_distances, multiply_blocks, raise_to, widen
from training.compile.kernels import compute_kernel, make_exponential
from training.compile.program import Program

_MODULE = "sklearn.gaussian_process.kernels."

type _Part = Block | float
"""What a kernel is: a column for each row of training, or the same number for all."""


def compute_any_kernel(
    program: Program, kernel: Any, parameters: Mapping[str, Any], rows: Array, block: Block
) -> Block:
    """Compute a kernel, which is a name with parameters or an object, of the record with each of these rows.

    Raises NotCompiled.
    """
    if not type(kernel).__module__.startswith("sklearn.gaussian_process"):
        return compute_kernel(program, kernel, parameters, rows, block)
    made = _combine(program, kernel, lambda each: _compute_simple(program, each, rows, block))
    return program.make_constants([made] * len(rows)) if isinstance(made, float) else made


def compute_diagonal(program: Program, kernel: Any, block: Block) -> Block:
    """Compute the kernel of the record with itself, as one column. Raises NotCompiled."""
    made = _combine(program, kernel, lambda each: _compute_own(program, each, block))
    return program.make_constants([made]) if isinstance(made, float) else made


def _combine(program: Program, kernel: Any, compute: Callable[[Any], _Part]) -> _Part:
    """Compute a kernel of kernels, the simple ones of which are computed by the function."""
    match name_class(kernel).removeprefix(_MODULE):
        case "Sum":
            return _add(program, *(_combine(program, each, compute) for each in (kernel.k1, kernel.k2)))
        case "Product":
            return _multiply(program, *(_combine(program, each, compute) for each in (kernel.k1, kernel.k2)))
        case "Exponentiation":
            made = _combine(program, kernel.kernel, compute)
            exponent = float(kernel.exponent)
            return made**exponent if isinstance(made, float) else raise_to(program, made, exponent)
    return compute(kernel)


def _add(program: Program, one: _Part, other: _Part) -> _Part:
    if isinstance(one, float):
        return one + other if isinstance(other, float) else program.add_numbers(other, one)
    return program.add_numbers(one, other) if isinstance(other, float) else program.sum([one, other])


def _multiply(program: Program, one: _Part, other: _Part) -> _Part:
    if isinstance(one, float):
        return one * other if isinstance(other, float) else program.multiply(other, one)
    return program.multiply(one, other) if isinstance(other, float) else multiply_blocks(program, one, other)


def _compute_simple(program: Program, kernel: Any, rows: Array, block: Block) -> _Part:
    """Compute a kernel that is not made of others."""
    match name_class(kernel).removeprefix(_MODULE):
        case "ConstantKernel":
            return float(kernel.constant_value)
        case "WhiteKernel":  # noise, which another row has not
            return 0.0
        case "RBF":
            return make_exponential(program, _measure(program, rows, block, kernel.length_scale), -0.5)
        case "Matern":
            return _compute_matern(program, kernel, rows, block)
        case "RationalQuadratic":
            squares = program.divide(_measure(program, rows, block), 2 * kernel.alpha * kernel.length_scale**2)
            return raise_to(program, program.add_numbers(squares, 1.0), -kernel.alpha)
        case "ExpSineSquared":
            distances = program.apply(_measure(program, rows, block), "sqrt")
            sines = program.apply(program.multiply(distances, pi / kernel.periodicity), "sin")
            return make_exponential(program, program.apply(program.divide(sines, kernel.length_scale), "square"), -2.0)
        case "DotProduct":
            return program.multiply_matrix(_refuse_single(block), rows.T, float(kernel.sigma_0) ** 2)
        case "PairwiseKernel":
            parameters = {"gamma": kernel.gamma} | (kernel.pairwise_kernels_kwargs or {})
            return compute_kernel(program, kernel.metric, parameters, rows, _refuse_single(block))
    raise NotCompiled(f"its kernel {type(kernel).__name__} is not one of those that are compiled")


def _compute_own(program: Program, kernel: Any, block: Block) -> _Part:
    """Compute a kernel that is not made of others, of the record with itself."""
    match name_class(kernel).removeprefix(_MODULE):
        case "ConstantKernel":
            return float(kernel.constant_value)
        case "WhiteKernel":
            return float(kernel.noise_level)
        case "RBF" | "Matern" | "RationalQuadratic" | "ExpSineSquared":
            return 1.0
        case "DotProduct":
            squares = program.apply(_refuse_single(block), "square")
            return program.multiply_matrix(squares, numpy.ones(block.width), float(kernel.sigma_0) ** 2)
    raise NotCompiled(f"its kernel {type(kernel).__name__} is not one whose variance is compiled")


def _compute_matern(program: Program, kernel: Any, rows: Array, block: Block) -> Block:
    squares = _measure(program, rows, block, kernel.length_scale)
    if kernel.nu == numpy.inf:
        return make_exponential(program, program.apply(program.apply(squares, "sqrt"), "square"), -0.5)
    if kernel.nu not in (0.5, 1.5, 2.5):
        raise NotCompiled("its kernel Matern computes a Bessel function")
    distances = program.multiply(program.apply(squares, "sqrt"), sqrt(2 * kernel.nu))
    decay = make_exponential(program, distances, -1.0)
    if kernel.nu == 0.5:
        return decay
    factor = program.add_numbers(distances, 1.0)
    if kernel.nu == 2.5:
        factor = program.sum([factor, program.divide(program.apply(distances, "square"), 3.0)])
    return multiply_blocks(program, factor, decay)


def _measure(program: Program, rows: Array, block: Block, scale: Any = 1.0) -> Block:
    """Compute the squared distance to each row, of differences, after a division by the scale of each column."""
    scales = numpy.squeeze(numpy.asarray(scale, dtype=float))
    scaled = widen(block) if (scales == 1.0).all() else program.divide(widen(block), scales)
    return measure_distances(program, scaled, rows / scales, "squared")


def _refuse_single(block: Block) -> Block:
    if block.dtype == FLOAT32:
        raise NotCompiled("its kernel computes in float32")
    return block
