"""Compile mixtures of normal distributions: sklearn/mixture/."""

from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Answer, Array, Block, Column
from training.compile.curves import widen
from training.compile.program import Program
from training.compile.scaling import prepare


def compile_mixture(program: Program, mixture: Any, block: Block) -> Answer:
    """Compile a GaussianMixture or BayesianGaussianMixture: the most probable component, and all responsibilities."""
    block = widen(prepare(program, block, nan=True))
    means = numpy.asarray(mixture.means_, dtype=float)
    squares = _measure(program, mixture, means, block)
    # At the mean of a component nothing but its constant is left.
    constants = numpy.diag(mixture._estimate_log_prob(mixture.means_)) + mixture._estimate_log_weights()
    logs = program.add_numbers(program.multiply(squares, -0.5), constants)
    # Not a softmax: of huge numbers, the logarithm of the sum is lost, and several shares are 1.
    shares = program.add("log_softmax", [logs], [Column(is_exact=False)] * logs.width, {})
    shares = program.apply(shares, "exp")
    if mixture.means_.dtype == numpy.float32:
        shares = program.add("round", [shares], [Column(dtype=FLOAT32, is_exact=False)] * shares.width, {})
    return Answer(None, tuple(range(len(means))), program.make_argmax(logs), scores=shares)


def _measure(program: Program, mixture: Any, means: Array, block: Block) -> Block:
    """Compute the squared distance to each mean, by the component's precision, as scikit-learn does."""
    factors = numpy.asarray(mixture.precisions_cholesky_, dtype=float)
    if mixture.covariance_type in ("diag", "spherical"):
        precisions = numpy.broadcast_to((factors**2).reshape(len(means), -1), means.shape)
        both = program.join([program.apply(block, "square"), block])
        matrix = numpy.concatenate([precisions.T, -2 * (means * precisions).T])
        return program.multiply_matrix(both, matrix, (means**2 * precisions).sum(axis=1))
    made = []
    for mean, factor in zip(means, numpy.broadcast_to(factors, (len(means), *factors.shape[-2:])), strict=True):
        moved = program.multiply_matrix(block, factor, -(mean @ factor))
        made.append(program.multiply_matrix(program.apply(moved, "square"), numpy.ones((block.width, 1))))
    return program.join(made)
