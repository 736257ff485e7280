"""Compile linear models of scikit-learn: sklearn/linear_model/_base.py."""

from typing import Any

import numpy

from training.compile.program import Answer, Block, NotCompiled, Program


def compile_linear_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a regressor that is a linear function of its inputs."""
    raw = compute_scores(program, estimator, block)
    if raw.width > 1:
        raise NotCompiled("it predicts several targets at once")
    return Answer(value=raw)


def compile_logistic_regression(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a LogisticRegression: sigmoid for two classes, else softmax."""
    raw = compute_scores(program, estimator, block)
    classes = tuple(estimator.classes_.tolist())
    if raw.width == 1:
        return Answer(None, classes, program.compare(raw), program.make_sigmoid(raw), raw)
    return Answer(None, classes, program.make_argmax(raw), program.make_softmax(raw), raw)


def compute_scores(program: Program, estimator: Any, block: Block) -> Block:
    """Compile a linear model's scores: the inputs times `coef_`, plus `intercept_`."""
    coefficients = estimator.coef_
    dense = coefficients.toarray() if hasattr(coefficients, "toarray") else coefficients  # sparse after sparsify()
    matrix = numpy.atleast_2d(numpy.asarray(dense, dtype=float))
    block = program.refuse(program.make_numbers(block))
    return program.multiply_matrix(block, matrix.T, numpy.ravel(estimator.intercept_))
