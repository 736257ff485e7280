"""Compile classifiers that ask how likely a record is in each class: naive Bayes, quadratic discriminants.

How they compute it is in sklearn/naive_bayes.py and discriminant_analysis.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Answer, Array, Block, NotCompiled, read_classes
from training.compile.codes import make_codes
from training.compile.curves import widen
from training.compile.expansion import indicate_numbers
from training.compile.program import Program
from training.compile.reduction import match_dtype, subtract
from training.compile.scaling import binarize, prepare


def compile_gaussian_bayes(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a GaussianNB: a normal distribution of each column."""
    block = prepare(program, block, nan=True)
    moved = [match_dtype(subtract(program, block, means), estimator.var_) for means in estimator.theta_]
    starts = numpy.log(estimator.class_prior_) - numpy.log(estimator.var_).sum(axis=1) / 2
    return _choose(program, estimator, _measure(program, moved, -0.5 / estimator.var_, starts))


def compile_quadratic_discriminant(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a QuadraticDiscriminantAnalysis: a normal distribution of each rotated column."""
    block = prepare(program, block, nan=True)
    rotated, starts = [], []
    for means, rotation, scaling in zip(estimator.means_, estimator.rotations_, estimator.scalings_, strict=True):
        moved = match_dtype(subtract(program, block, means), rotation)
        rotated.append(program.multiply_matrix(moved, rotation * scaling**-0.5))
        starts.append(-numpy.log(scaling).sum() / 2)
    factors = numpy.full((len(rotated), rotated[0].width), -0.5)
    scores = _measure(program, rotated, factors, starts + numpy.log(estimator.priors_))
    decision = program.multiply_matrix(scores, [[-1.0], [1.0]]) if scores.width == 2 else scores
    return _choose(program, estimator, scores)._replace(decision=decision)


def _measure(program: Program, blocks: Sequence[Block], factors: Array, starts: Array) -> Block:
    """Add up the squares of each class's block, times its factors: the logarithms of densities times priors."""
    if blocks[0].dtype == FLOAT32:
        # They may be in the thousands, of which float32 has three digits behind the point.
        raise NotCompiled("it computes logarithms of probabilities in float32")
    triples = zip(blocks, factors, starts, strict=True)
    return program.join([program.multiply_matrix(program.apply(each, "square"), *terms) for each, *terms in triples])


def compile_multinomial_bayes(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a MultinomialNB."""
    return _add_up(program, estimator, block, estimator.feature_log_prob_, estimator.class_log_prior_)


def compile_complement_bayes(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a ComplementNB, which has no priors."""
    return _add_up(program, estimator, block, estimator.feature_log_prob_)


def compile_bernoulli_bayes(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a BernoulliNB: a column that is 0 counts as well."""
    if estimator.binarize is not None:
        block = binarize(program, block, estimator.binarize)
    absent = numpy.log(1 - numpy.exp(estimator.feature_log_prob_))
    start = estimator.class_log_prior_ + absent.sum(axis=1)
    return _add_up(program, estimator, block, estimator.feature_log_prob_ - absent, start)


def compile_categorical_bayes(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a CategoricalNB: it cuts numbers to whole ones, and refuses those that training did not have."""
    whole = program.apply(widen(prepare(program, block, nan=True)), "trunc")
    tables = estimator.feature_log_prob_
    sizes = [table.shape[1] for table in tables]
    coded = make_codes(program, whole, [numpy.arange(size) for size in sizes], refuses=True)
    found = indicate_numbers(program, coded, sizes)
    return _add_up(program, estimator, found, numpy.concatenate(tables, axis=1), estimator.class_log_prior_)


def _add_up(program: Program, estimator: Any, block: Block, logarithms: Array, start: Any = None) -> Answer:
    """Add up the logarithms of each class, times the columns."""
    block = widen(prepare(program, block, nan=True))
    return _choose(program, estimator, program.multiply_matrix(block, logarithms.T, start))


def _choose(program: Program, estimator: Any, scores: Block) -> Answer:
    """Choose the class whose logarithm is the largest."""
    return Answer(None, read_classes(estimator), program.make_argmax(scores), program.make_softmax(scores))
