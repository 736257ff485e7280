"""Compile maps that approximate kernels without rows of training: sklearn/kernel_approximation.py."""

from math import cosh, pi, sqrt
from typing import Any

import numpy

from training.compile.blocks import Array, Block, NotCompiled
from training.compile.curves import multiply_blocks, refuse_negative
from training.compile.kernels import mark_nullable, prepare_double
from training.compile.program import Program

_INTERVALS = {1: 0.8, 2: 0.5, 3: 0.4}
# The matrices of a Fourier transform grow with the square of its columns.
_MOST_COLUMNS = 1_000


def compile_additive_chi2(program: Program, sampler: Any, block: Block) -> Block:
    """Compile an AdditiveChi2Sampler: roots, times cosines and sines of logarithms; 0 of 0."""
    block = refuse_negative(program, prepare_double(program, sampler, block))
    interval = sampler.sample_interval or _INTERVALS[sampler.sample_steps]
    made = [program.apply(program.multiply(block, interval), "sqrt")]
    logarithms = program.multiply(program.apply(block, "log"), interval)
    doubled = program.multiply(block, 2 * interval)
    for step in range(1, sampler.sample_steps):
        factors = program.apply(program.divide(doubled, cosh(pi * step * interval)), "sqrt")
        angles = program.multiply(logarithms, float(step))
        for function in ("cos", "sin"):
            product = multiply_blocks(program, factors, program.apply(angles, function))
            made.append(program.fill(product, [0.0] * block.width))
    return program.join(made)


def compile_skewed_chi2(program: Program, sampler: Any, block: Block) -> Block:
    """Compile a SkewedChi2Sampler: cosines of projections of logarithms, which refuse what has none."""
    moved = program.add_numbers(prepare_double(program, sampler, block), sampler.skewedness)
    logarithms = program.refuse(mark_nullable(program.apply(moved, "log")))
    projected = program.multiply_matrix(logarithms, sampler.random_weights_, sampler.random_offset_)
    return program.multiply(program.apply(projected, "cos"), sqrt(2.0) / sqrt(projected.width))


def compile_count_sketch(program: Program, sketch: Any, block: Block) -> Block:
    """Compile a PolynomialCountSketch: the product of the Fourier transforms of sketches, transformed back."""
    block = prepare_double(program, sketch, block)
    count = int(sketch.n_components)
    if count > _MOST_COLUMNS:
        raise NotCompiled(f"its PolynomialCountSketch makes more than {_MOST_COLUMNS} columns")
    angles = 2 * pi * (numpy.outer(numpy.arange(count), numpy.arange(count // 2 + 1)) % count) / count
    waves = numpy.concatenate([numpy.cos(angles), -numpy.sin(angles)], axis=1)
    spectra = [
        _sketch(program, sketch, block, waves[places] * numpy.asarray(signs, dtype=float)[:, None])
        for places, signs in zip(sketch.indexHash_, sketch.bitHash_, strict=True)
    ]
    product = spectra[0]
    for spectrum in spectra[1:]:
        product = _multiply_complex(program, product, spectrum)
    # Each frequency counts twice, but for the first one, and for the last one of an even number.
    weights = numpy.where((angles[1] % pi == 0)[:, None], 1.0, 2.0) / count if count > 1 else numpy.ones((1, 1))
    back = numpy.concatenate([numpy.cos(angles).T * weights, -numpy.sin(angles).T * weights])
    return mark_nullable(program.multiply_matrix(product, back))


def _sketch(program: Program, sketch: Any, block: Block, factors: Array) -> Block:
    """Multiply each column with its factors, and add those of a constant, which is the last column."""
    start = factors[block.width] * sqrt(sketch.coef0) if sketch.coef0 else None
    return program.multiply_matrix(program.multiply(block, sqrt(sketch.gamma)), factors[: block.width], start)


def _multiply_complex(program: Program, one: Block, other: Block) -> Block:
    """Multiply blocks of complex numbers: the real parts of all, then the imaginary ones."""
    half = one.width // 2
    first, second = range(half), range(half, 2 * half)
    straight = multiply_blocks(program, one, other)
    crossed = multiply_blocks(program, one, program.take(other, [*second, *first]))
    squares = program.multiply(program.take(straight, second), -1.0)
    real = program.sum([program.take(straight, first), squares])
    return program.join([real, program.sum([program.take(crossed, first), program.take(crossed, second)])])
