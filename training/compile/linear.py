"""Compile linear models of scikit-learn: sklearn/linear_model/_base.py, _stochastic_gradient.py, _glm/."""

from typing import Any

import numpy

from training.compile.answers import answer_labels, answer_values
from training.compile.blocks import Answer, Block, NotCompiled, make_dense, read_classes
from training.compile.curves import make_shares, make_sigmoid_of_each, pair_shares, widen
from training.compile.program import Program
from training.compile.reduction import match_dtype
from training.compile.scaling import prepare, round_open


def compile_linear_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a regressor that is a linear function of its inputs."""
    return answer_values(program, compute_scores(program, estimator, block))


def compile_cross_decomposition(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a PLSRegression, PLSCanonical or CCA; only some releases divide their coef_ by the scales."""
    centered = widen(program.subtract(prepare(program, block, nan=True), estimator._x_mean))
    matrix = estimator.x_rotations_ @ estimator.y_loadings_.T * estimator._y_std
    return answer_values(program, program.multiply_matrix(centered, (matrix.T / estimator._x_std).T, estimator._y_mean))


def compile_generalized_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a Poisson, Gamma or Tweedie regression: the inverse of its link function, of the scores."""
    raw = compute_scores(program, estimator, block)
    # `_link_instance` in release 1.0.
    link = getattr(getattr(estimator, "_base_loss", None), "link", None) or getattr(estimator, "_link_instance", None)
    match type(link).__name__:
        case "IdentityLink":
            return Answer(value=raw)
        case "LogLink":
            return Answer(value=program.apply(raw, "exp"))
        case name:
            raise NotCompiled(f"its link function {name} is not known")


def compile_ransac(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a RANSACRegressor by the estimator that it chose."""
    return program.predict(estimator.estimator_, program.make_numbers(block))


def compile_linear_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a linear classifier without probabilities."""
    raw = compute_scores(program, estimator, block)
    if getattr(getattr(estimator, "_label_binarizer", None), "y_type_", "").startswith("multilabel"):
        return answer_labels(program, program.compare(raw), None)
    return Answer(None, read_classes(estimator), choose_class(program, raw), None, raw)


def compile_logistic_regression(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a LogisticRegression: sigmoid for two classes, else softmax, or shares of sigmoids in old releases."""
    raw = compute_scores(program, estimator, block)
    # Releases without this argument have neither of its old ways.
    arguments = estimator.get_params(deep=False)
    scheme = arguments.get("multi_class", "softmax")
    if scheme in ("auto", "deprecated"):
        scheme = "ovr" if raw.width == 1 or arguments.get("solver") == "liblinear" else "multinomial"
    if scheme in ("ovr", "warn") or (scheme == "softmax" and raw.width == 1):
        shares = _make_logistic_shares(program, raw)
    else:
        both = program.multiply_matrix(raw, [[-1.0, 1.0]]) if raw.width == 1 else raw
        shares = program.make_softmax(both)
    return Answer(None, read_classes(estimator), choose_class(program, raw), shares, raw)


def compile_discriminant(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a LinearDiscriminantAnalysis as a classifier: sigmoid for two classes, else softmax."""
    raw = compute_scores(program, estimator, block)
    shares = program.make_sigmoid(raw) if raw.width == 1 else program.make_softmax(raw)
    return Answer(None, read_classes(estimator), choose_class(program, raw), shares, raw)


def compile_sgd_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a SGDClassifier, whose loss says whether it has probabilities."""
    raw = compute_scores(program, estimator, block)
    shares = None
    if estimator.loss in ("log_loss", "log"):
        shares = _make_logistic_shares(program, raw)
    elif estimator.loss == "modified_huber":
        half = program.divide(program.add_numbers(program.clip(raw, -1.0, 1.0), 1.0), 2.0)
        shares = pair_shares(program, half) if raw.width == 1 else make_shares(program, half, uniform=True)
    return Answer(None, read_classes(estimator), choose_class(program, raw), shares, raw)


def compute_scores(program: Program, estimator: Any, block: Block) -> Block:
    """Compile a linear model's scores: the inputs times `coef_`, plus `intercept_`."""
    matrix = numpy.atleast_2d(make_dense(estimator.coef_))  # sparse after sparsify()
    starts = numpy.ravel(estimator.intercept_)
    block = match_dtype(prepare(program, block, nan=True), matrix[:, :1] + starts[:, None])
    return round_open(program, program.multiply_matrix(block, matrix.T, starts))


def choose_class(program: Program, scores: Block) -> Block:
    """Choose the class by its score: the second of two where the only score is above 0, else the first largest."""
    return program.compare(scores) if scores.width == 1 else program.make_argmax(scores)


def _make_logistic_shares(program: Program, scores: Block) -> Block:
    """Make a sigmoid of each score; those of several classes are divided by their sum."""
    if scores.width == 1:
        return program.make_sigmoid(scores)
    return make_shares(program, make_sigmoid_of_each(program, scores), uniform=True)
