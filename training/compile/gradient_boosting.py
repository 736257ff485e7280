"""Compile GradientBoosting: sklearn/ensemble/_gb.py."""

from copy import copy
from typing import Any

import numpy

from training.compile.blocks import Answer, Array, Block, Column, read_classes
from training.compile.curves import complement
from training.compile.ensembles import get_probabilities, get_value
from training.compile.program import Program
from training.compile.trees import add_trees, read_tree


def compile_boosted(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile GradientBoosting: what it starts from, and its trees times the learning rate."""
    block = program.round(program.refuse(program.make_numbers(block)))
    trees = [read_tree(member, estimator.learning_rate) for stage in estimator.estimators_ for member in stage]
    if isinstance(estimator.init_, str) or type(estimator.init_).__name__ in ("DummyRegressor", "DummyClassifier"):
        zeros = numpy.zeros((1, estimator.n_features_in_), dtype=numpy.float32)
        raw = add_trees(program, block, trees, estimator._raw_predict_init(zeros)[0].tolist())
    else:
        raw = add_trees(program, block, trees, _compile_start(program, estimator, block))
    if not hasattr(estimator, "classes_"):
        return Answer(value=raw)
    classes = read_classes(estimator)
    if len(classes) > 2:
        return Answer(None, classes, program.make_argmax(raw), program.make_softmax(raw), raw)
    doubled = program.multiply(raw, 2.0) if estimator.loss == "exponential" else raw
    return Answer(None, classes, program.compare(raw, equal=True), program.make_sigmoid(doubled), raw)


def _compile_start(program: Program, estimator: Any, block: Block) -> Block:
    """Compile the predictions of the estimator `init` as scores."""
    answer = program.predict(estimator.init_, block)
    if not hasattr(estimator, "classes_"):
        return get_value(answer)
    classes = len(estimator.classes_)
    shares = get_probabilities(answer, classes)
    factor = 0.5 if estimator.loss == "exponential" else 1.0
    step, is_centered = _find_clipping(estimator, classes, factor)
    shares = program.clip(shares if classes > 2 else program.take(shares, [1]), step, 1 - step)
    if classes > 2:
        scores = _apply_log(program, shares)
        means = numpy.eye(classes) - 1.0 / classes
        return _mark_finite(program.multiply_matrix(scores, means)) if is_centered else scores
    odds = program.join([_apply_log(program, shares), _apply_log(program, complement(program, shares))])
    return _mark_finite(program.multiply_matrix(odds, [[factor], [-factor]]))


class _Certain:
    """A classifier that gives the first class the probability 1."""

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def predict_proba(self, rows: Array) -> Array:
        shares = numpy.zeros((len(rows), self.classes))
        shares[:, 0] = 1.0
        return shares


def _find_clipping(estimator: Any, classes: int, factor: float) -> tuple[float, bool]:
    """Find how far from 0 and 1 this release keeps shares, and whether it centers their logarithms."""
    certain = copy(estimator)
    certain.init_ = _Certain(classes)
    scores = certain._raw_predict_init(numpy.zeros((1, estimator.n_features_in_), dtype=numpy.float32))[0]
    odds = scores[1] - scores[0] if classes > 2 else scores[0] / factor
    steps = [float(numpy.finfo(dtype).eps) for dtype in (numpy.float32, numpy.float64)]
    return min(steps, key=lambda step: abs(numpy.log(step) - odds)), bool(abs(scores.sum()) < 1)


def _apply_log(program: Program, block: Block) -> Block:
    return _mark_finite(program.apply(block, "log"))


def _mark_finite(block: Block) -> Block:
    """Mark scores as what they are: their shares were neither 0 nor 1."""
    return block._replace(columns=tuple(Column(is_exact=False) for _ in block.columns))
