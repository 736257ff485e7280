"""Compile transformers whose columns' products approximate a kernel: sklearn/kernel_approximation.py."""

from math import cosh, pi, sqrt
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Block, Column, NotCompiled
from training.compile.curves import LARGEST, refuse_negative
from training.compile.program import Program
from training.compile.reduction import make_dense, project
from training.compile.scaling import prepare


def compile_rbf_sampler(program: Program, sampler: Any, block: Block) -> Block:
    """Compile an RBFSampler: cosines of random projections."""
    return _project(program, sampler, prepare(program, block, nan=True))


def compile_skewed_sampler(program: Program, sampler: Any, block: Block) -> Block:
    """Compile a SkewedChi2Sampler: cosines of random projections of logarithms. It refuses what has none."""
    moved = program.add_numbers(prepare(program, block, nan=True), float(sampler.skewedness))
    return _project(program, sampler, program.refuse(program.apply(moved, "log")))


def _project(program: Program, sampler: Any, block: Block) -> Block:
    weights = make_dense(sampler.random_weights_)
    if block.dtype == FLOAT32 and weights.dtype == numpy.float32:
        raise NotCompiled(f"its {type(sampler).__name__} takes cosines in float32")
    made = project(program, block, weights, sampler.random_offset_)
    count = len(numpy.ravel(sampler.random_offset_))
    return program.multiply(program.apply(made, "cos"), (2.0 / count) ** 0.5)


def compile_additive_sampler(program: Program, sampler: Any, block: Block) -> Block:
    """Compile an AdditiveChi2Sampler: roots, and their products with cosines and sines of logarithms."""
    block = prepare(program, block, nan=True)
    if block.dtype == FLOAT32:
        raise NotCompiled("its AdditiveChi2Sampler computes in float32")
    block = refuse_negative(program, block)
    steps = int(sampler.sample_steps)
    # Releases before 1.3 keep what they chose.
    interval = getattr(sampler, "sample_interval_", None) or sampler.sample_interval or {1: 0.8, 2: 0.5, 3: 0.4}[steps]
    roots = program.apply(program.multiply(block, interval), "sqrt")
    # The logarithm of 0 is multiplied with a root that is 0.
    logarithms = program.multiply(program.clip(program.apply(block, "log"), -LARGEST, LARGEST), interval)
    made = [roots]
    for step in range(1, steps):
        scaled = program.multiply(roots, sqrt(2 / cosh(pi * step * interval)))
        angles = program.multiply(logarithms, float(step))
        made += [_multiply(program, scaled, program.apply(angles, function)) for function in ("cos", "sin")]
    return program.join(made)


def _multiply(program: Program, block: Block, other: Block) -> Block:
    """Multiply each column with that of another block."""
    places = numpy.arange(block.width)
    arrays = {"left": ("H", places), "right": ("H", places + block.width)}
    columns = [Column(is_finite=False, is_exact=False)] * block.width
    return program.add("products", [program.join([block, other])], columns, arrays)
