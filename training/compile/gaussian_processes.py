"""Compile Gaussian processes: sklearn/gaussian_process/_gpr.py and _gpc.py."""

from math import pi
from typing import Any

import numpy

from training.compile.answers import answer_values
from training.compile.blocks import Answer, Block, read_classes
from training.compile.curves import divide_blocks, multiply_blocks, pair_shares
from training.compile.gaussian_kernels import compute_any_kernel, compute_diagonal
from training.compile.kernels import make_rows, mark_nullable, weigh
from training.compile.program import Program
from training.compile.scaling import prepare

# The logistic function as a sum of error functions, as scikit-learn has it.
_SCALES = numpy.array([0.41, 0.4, 0.37, 0.44, 0.39])
_SHARES = numpy.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])


def compile_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a GaussianProcessRegressor: its mean."""
    weights = numpy.asarray(estimator.alpha_, dtype=float).reshape(len(estimator.X_train_), -1)
    block = prepare(program, block, nan=True)
    kernel = compute_any_kernel(program, estimator.kernel_, {}, make_rows(estimator.X_train_), block)
    made = program.multiply(weigh(program, kernel, weights), estimator._y_train_std)
    return answer_values(program, program.add_numbers(made, estimator._y_train_mean))


def compile_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a GaussianProcessClassifier by what it consists of."""
    answer = program.predict(estimator.base_estimator_, program.make_numbers(block))
    return answer._replace(classes=read_classes(estimator), decision=None)


def compile_binary_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile the Gaussian process of two classes: the sign of its mean; the mean of a logistic function of it."""
    block = prepare(program, block, nan=True)
    kernel = compute_any_kernel(program, estimator.kernel_, {}, make_rows(estimator.X_train_), block)
    mean = weigh(program, kernel, estimator.y_train_ - estimator.pi_)
    second = _integrate(program, mean, _compute_variance(program, estimator, kernel, block))
    return Answer(None, read_classes(estimator), program.compare(mean), pair_shares(program, second))


def _integrate(program: Program, mean: Block, variance: Block) -> Block:
    """Compute the mean of the logistic function of a normal distribution, just as scikit-learn does.

    It is a sum of numbers that are thousands of times larger.
    """
    doubled = program.multiply(variance, 2.0)
    precision = program.apply(doubled, "reciprocal")
    above = program.apply(divide_blocks(program, program.make_constants([pi]), precision), "sqrt")
    below = program.multiply(program.apply(program.multiply(doubled, pi), "sqrt"), 2.0)
    mean, precision, above, below = (program.take(each, [0] * len(_SCALES)) for each in (mean, precision, above, below))
    ratio = divide_blocks(program, precision, program.add_numbers(precision, _SCALES**2))
    scaled = multiply_blocks(program, program.multiply(mean, _SCALES), program.apply(ratio, "sqrt"))
    integrals = divide_blocks(program, multiply_blocks(program, above, program.apply(scaled, "erf")), below)
    return program.multiply_matrix(integrals, _SHARES, 0.5 * _SHARES.sum())


def _compute_variance(program: Program, estimator: Any, kernel: Block, block: Block) -> Block:
    """Compute the variance of the process: that before training, without the squares of what training explains."""
    explained = numpy.linalg.solve(estimator.L_, numpy.diag(estimator.W_sr_))
    # scipy refuses to solve equations with infinite numbers.
    finite = program.refuse(mark_nullable(kernel))
    squares = program.apply(weigh(program, finite, explained.T), "square")
    less = weigh(program, squares, -numpy.ones(squares.width))
    return program.sum([compute_diagonal(program, estimator.kernel_, block), less])
