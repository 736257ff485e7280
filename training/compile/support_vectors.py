"""Compile support vector machines of libsvm: sklearn/svm/_base.py and src/libsvm/svm.cpp."""

from collections.abc import Sequence
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy

from function.model.target import OUTLIER_CLASSES
from training.compile.blocks import Answer, Array, Block, Column, NotCompiled, read_classes
from training.compile.curves import complement, make_sigmoid_of_each, measure_distances, widen
from training.compile.kernels import compute_kernel, make_exponential, make_rows, weigh
from training.compile.linear import compute_scores
from training.compile.multiclass import combine_pairs
from training.compile.program import Program
from training.compile.scaling import prepare

# What function.runtimes.flat.links couples at most: the time grows with the square of the classes.
_MOST_COUPLED = 256


def compile_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a SVR or NuSVR."""
    return Answer(value=_compute_score(program, estimator, block))


def compile_outlier_detector(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a OneClassSVM: rows with a score above 0 are inliers."""
    scores = _compute_score(program, estimator, block)
    return Answer(None, OUTLIER_CLASSES, program.compare(scores), scores=scores)


def compile_linear_detector(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a SGDOneClassSVM: rows with a score of 0 or above are inliers."""
    line = SimpleNamespace(coef_=estimator.coef_, intercept_=-estimator.offset_)
    scores = compute_scores(program, line, block)
    return Answer(None, OUTLIER_CLASSES, program.compare(scores, equal=True), scores=scores)


def compile_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a SVC or NuSVC: a score for each pair of classes, whose first one is chosen where it is above 0."""
    classes = read_classes(estimator)
    pairs = list(combinations(range(len(classes)), 2))
    if len(classes) == 2:
        scores = _compute_score(program, estimator, block)
    else:
        scores = _score_pairs(program, estimator, pairs, block)
    against = program.multiply(scores, -1.0)
    is_first = program.compare(scores)
    if len(classes) == 2:
        label, decision = complement(program, is_first), against
    else:
        # Of classes with equally many votes, libsvm takes the first one.
        label = program.make_argmax(_count_votes(program, is_first, pairs))
        decision = scores
        if estimator.decision_function_shape == "ovr":
            decision = combine_pairs(program, program.compare(against), against, len(classes))
            if estimator.break_ties:
                label = program.make_argmax(decision)
    shares = _make_shares(program, estimator, scores, len(classes)) if hasattr(estimator, "predict_proba") else None
    return Answer(None, classes, label, shares, decision)


def _compute_score(program: Program, estimator: Any, block: Block) -> Block:
    """Compute the only score of a regressor, an outlier detector, or a classifier of two classes."""
    kernel = _compute_kernel(
        program, estimator, make_rows(estimator.support_vectors_), _prepare(program, estimator, block)
    )
    return weigh(program, kernel, make_rows(estimator._dual_coef_).T, estimator._intercept_)


def _score_pairs(program: Program, estimator: Any, pairs: Sequence[tuple[int, int]], block: Block) -> Block:
    """Compute the score of each pair of classes: sums over the vectors of one and of the other one."""
    block = _prepare(program, estimator, block)
    rows, weights = make_rows(estimator.support_vectors_), make_rows(estimator._dual_coef_)
    ends = numpy.cumsum(estimator._n_support)[:-1]
    sums = [
        weigh(program, _compute_kernel(program, estimator, part, block), weight.T)
        if len(part)
        else program.make_constants([0.0] * len(weights))
        for part, weight in zip(numpy.split(rows, ends), numpy.split(weights, ends, axis=1), strict=True)
    ]
    # A vector of a class has a weight for each other class, in their order.
    joined = program.join(sums)
    firsts = [i * len(weights) + j - 1 for i, j in pairs]
    seconds = [j * len(weights) + i for i, j in pairs]
    made = program.sum([program.take(joined, firsts), program.take(joined, seconds)])
    return program.add_numbers(made, estimator._intercept_)


def _prepare(program: Program, estimator: Any, block: Block) -> Block:
    """Make numbers of float64, in which libsvm computes. Raises NotCompiled for kernels without vectors."""
    if not isinstance(estimator.kernel, str) or estimator.kernel == "precomputed":
        raise NotCompiled("its kernel is computed by a function, or before")
    return widen(prepare(program, block, nan=True))


def _compute_kernel(program: Program, estimator: Any, rows: Array, block: Block) -> Block:
    gamma = float(estimator._gamma)
    if estimator.kernel == "rbf":  # of differences, where scikit-learn's own one is of products
        return make_exponential(program, measure_distances(program, block, rows, "squared"), -gamma)
    parameters = {"gamma": gamma, "coef0": float(estimator.coef0), "degree": int(estimator.degree)}
    return compute_kernel(program, estimator.kernel, parameters, rows, block)


def _count_votes(program: Program, is_first: Block, pairs: Sequence[tuple[int, int]]) -> Block:
    """Count the votes of each class: of pairs in which it is the first one, and of others that voted against theirs."""
    counts = numpy.zeros((len(pairs), pairs[-1][1] + 1))
    for row, (first, second) in zip(counts, pairs, strict=True):
        row[first], row[second] = 1.0, -1.0
    return program.multiply_matrix(is_first, counts, (counts < 0).sum(axis=0))


def _make_shares(program: Program, estimator: Any, scores: Block, classes: int) -> Block:
    """Make probabilities of the pairs' scores by Platt's sigmoid, and couple them."""
    if classes > _MOST_COUPLED:
        raise NotCompiled(f"it couples probabilities of more than {_MOST_COUPLED} classes")
    scaled = program.add_numbers(program.multiply(scores, estimator._probA), estimator._probB)
    wins = make_sigmoid_of_each(program, program.multiply(scaled, -1.0))
    return program.add("couple", [wins], [Column(is_exact=False)] * classes, {}, classes=classes)
