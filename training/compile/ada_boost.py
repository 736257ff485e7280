"""Compile AdaBoost: sklearn/ensemble/_weight_boosting.py. Members that are single trees become one step."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from function.model.contract import TEXTS
from training.compile.blocks import Answer, Array, Block, Column, NotCompiled, read_classes
from training.compile.ensembles import get_probabilities, get_value, vote
from training.compile.program import Program
from training.compile.trees import Tree, add_trees, are_trees, prepare_for_trees, read_tree


def compile_ada_boost_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an AdaBoostRegressor: the weighted median of its members."""
    block = _refuse_nulls(program, block)
    members = estimator.estimators_
    if are_trees(members):
        # As many sums as trees: each has one.
        trees = [read_tree(member) for member in members]
        values = add_trees(program, prepare_for_trees(program, block, members[0]), trees, [0.0] * len(trees))
    else:
        values = program.join([get_value(program.predict(member, block)) for member in members])
    weights = estimator.estimator_weights_[: len(members)]
    return Answer(
        value=program.add("median", [values], [Column(is_exact=values.is_exact)], {"weights": ("d", weights)})
    )


def compile_ada_boost_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an AdaBoostClassifier: members vote with their weights (SAMME) or their probabilities (SAMME.R)."""
    block = _refuse_nulls(program, block)
    classes = read_classes(estimator)
    if len(classes) < 2:
        raise NotCompiled("it knows a single class")
    # Releases before 1.6 have both; in 1.6 and 1.7 the attribute may be "deprecated".
    score = _score_shares if getattr(estimator, "algorithm", "SAMME") == "SAMME.R" else _score_vote
    members = estimator.estimators_
    weights = estimator.estimator_weights_[: len(members)].tolist()
    if are_trees(members):
        trees = [
            _replace_leaves(read_tree(m), score(len(classes), m.classes_.tolist(), classes, w))
            for m, w in zip(members, weights, strict=True)
        ]
        total = add_trees(program, prepare_for_trees(program, block, members[0]), trees, [0.0] * len(classes))
    elif score is _score_vote:
        total = program.sum(
            [
                vote(program, program.predict(member, block), classes, yes=w, no=-1 / (len(classes) - 1) * w)
                for member, w in zip(members, weights, strict=True)
            ]
        )
    else:
        total = program.sum([_score_member(program, member, block, len(classes)) for member in members])
    raw = program.divide(total, float(estimator.estimator_weights_.sum()))
    return _answer_scores(program, raw, classes)


def _answer_scores(program: Program, raw: Block, classes: tuple[Any, ...]) -> Answer:
    if len(classes) > 2:
        shares = program.make_softmax(program.divide(raw, float(len(classes) - 1)))
        return Answer(None, classes, program.make_argmax(raw), shares, raw)
    signed = program.multiply(raw, [-1.0, 1.0])
    decision = program.sum([program.take(signed, [0]), program.take(signed, [1])])
    both = program.multiply(program.take(decision, [0, 0]), [-0.5, 0.5])
    return Answer(None, classes, program.compare(decision), program.make_softmax(both), decision)


def _refuse_nulls(program: Program, block: Block) -> Block:
    if not any(column.type in TEXTS for column in block.columns):
        return program.refuse(program.make_numbers(block))
    if any(column.nullable for column in block.columns):
        raise NotCompiled("it refuses nulls among texts")
    return block


def _replace_leaves(tree: Tree, score: Callable[[Array], Array]) -> Tree:
    return tree._replace(values=score(tree.values))


def _score_vote(count: int, known: Sequence[Any], classes: Sequence[Any], weight: float) -> Callable[[Array], Array]:
    """Return a function of probabilities: the weight for the most probable class, else its part of -weight."""
    places = numpy.array([classes.index(label) for label in known])

    def score(shares: Array) -> Array:
        predicted = places[numpy.argmax(shares, axis=1)]
        found: Array = numpy.where(predicted[:, None] == numpy.arange(count), weight, -1 / (count - 1) * weight)
        return found

    return score


def _score_shares(count: int, known: Sequence[Any], classes: Sequence[Any], weight: float) -> Callable[[Array], Array]:
    """Return a function of probabilities: (classes - 1) * (their logarithms - the mean of those)."""

    def score(shares: Array) -> Array:
        logarithms = numpy.log(numpy.clip(shares, numpy.finfo(float).eps, None))
        found: Array = (count - 1) * (logarithms - (1.0 / count) * logarithms.sum(axis=1)[:, numpy.newaxis])
        return found

    return score


def _score_member(program: Program, member: Any, block: Block, classes: int) -> Block:
    """Compute what _score_shares says of a member's probabilities."""
    shares = get_probabilities(program.predict(member, block), classes)
    clipped = program.clip(shares, float(numpy.finfo(shares.dtype).eps), 1.0)
    logarithms = program.apply(clipped, "log")
    matrix = (classes - 1) * (numpy.eye(classes) - 1.0 / classes)
    made = program.multiply_matrix(logarithms, matrix)
    return made._replace(columns=tuple(Column(is_exact=False) for _ in range(classes)))
