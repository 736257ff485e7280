"""Compile transformers that multiply with a matrix: decompositions, projections, discriminants."""

from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Array, Block, NotCompiled, make_dense
from training.compile.curves import widen
from training.compile.program import Program
from training.compile.scaling import prepare, round_singles


def compile_pca(program: Program, pca: Any, block: Block) -> Block:
    """Compile a PCA or IncrementalPCA: scikit-learn subtracts the projection of the means after it has projected."""
    matrix = make_dense(pca.components_).T
    made = _project(program, block, matrix, -(numpy.ravel(pca.mean_) @ matrix))
    if not pca.whiten:
        return made
    scale = numpy.sqrt(numpy.asarray(pca.explained_variance_))
    return program.divide(made, numpy.maximum(scale, numpy.finfo(scale.dtype).eps))


def compile_projection(program: Program, transformer: Any, block: Block) -> Block:
    """Compile what only multiplies with `components_`: TruncatedSVD, random projections, neighborhood components."""
    return _project(program, block, make_dense(transformer.components_).T)


def compile_centered_projection(program: Program, transformer: Any, block: Block) -> Block:
    """Compile a FastICA: it subtracts the means, if it has any, and multiplies with `components_`."""
    block = prepare(program, block, nan=True)
    if getattr(transformer, "whiten", True):
        block = subtract(program, block, transformer.mean_)
    return _project(program, block, make_dense(transformer.components_).T)


def compile_factor_analysis(program: Program, analysis: Any, block: Block) -> Block:
    """Compile a FactorAnalysis: the expected factors of a row."""
    components = make_dense(analysis.components_)
    weighted = components / numpy.asarray(analysis.noise_variance_, dtype=float)
    covariance = numpy.linalg.inv(numpy.eye(len(components)) + weighted @ components.T)
    centered = subtract(program, prepare(program, block, nan=True), analysis.mean_)
    return multiply(program, _project(program, centered, weighted.T), covariance)


def compile_discriminant(program: Program, analysis: Any, block: Block) -> Block:
    """Compile a LinearDiscriminantAnalysis as a transformer."""
    if analysis.solver == "lsqr":
        raise NotCompiled("its LinearDiscriminantAnalysis of the solver lsqr transforms nothing")
    block = prepare(program, block, nan=True)
    if analysis.solver == "svd":
        block = subtract(program, block, analysis.xbar_)
    return _project(program, block, make_dense(analysis.scalings_)[:, : analysis._max_components])


def compile_agglomeration(program: Program, agglomeration: Any, block: Block) -> Block:
    """Compile a FeatureAgglomeration: the mean of each group of columns."""
    if agglomeration.pooling_func is not numpy.mean:
        raise NotCompiled("its FeatureAgglomeration pools by a function of its own")
    labels = numpy.asarray(agglomeration.labels_)
    sizes = numpy.bincount(labels)
    return program.divide(_project(program, block, numpy.eye(len(sizes))[labels]), sizes)


def compile_rbf_sampler(program: Program, sampler: Any, block: Block) -> Block:
    """Compile an RBFSampler: cosines of random projections."""
    weights = make_dense(sampler.random_weights_)
    if program.make_numbers(block).dtype == FLOAT32 and weights.dtype == numpy.float32:
        raise NotCompiled("its RBFSampler takes cosines in float32")
    made = _project(program, block, weights, sampler.random_offset_)
    count = len(numpy.ravel(sampler.random_offset_))
    return program.multiply(program.apply(made, "cos"), (2.0 / count) ** 0.5)


def _project(program: Program, block: Block, matrix: Array, start: Any = None) -> Block:
    """Refuse what is not finite, and multiply with a matrix."""
    return multiply(program, prepare(program, block, nan=True), matrix, start)


def multiply(program: Program, block: Block, matrix: Array, start: Any = None) -> Block:
    """Multiply with a matrix, in float32 if both are of it."""
    made = round_singles(program, program.multiply_matrix(match_dtype(block, matrix), matrix, start))
    # What overflows in both directions is NaN.
    return made._replace(columns=tuple(column._replace(nullable=True) for column in made.columns))


def subtract(program: Program, block: Block, numbers: Any) -> Block:
    """Subtract a number from each column, in float32 if both are of it."""
    return program.subtract(match_dtype(block, numpy.asarray(numbers)), numbers)


def match_dtype(block: Block, array: Array) -> Block:
    """Return the block as float64 if numpy computes in it, because the array is of it."""
    return block if array.dtype == numpy.float32 else widen(block)
