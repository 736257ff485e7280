"""Compile Bagging: sklearn/ensemble/_bagging.py.

Members that are single trees become one step with all their leaves, so that a record costs one step, not hundreds; what
is added to a sum, and in which order, stays the same.
"""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.contract import TEXTS
from training.compile.answers import answer_values, join_values
from training.compile.blocks import Answer, Array, Block, Column, read_classes
from training.compile.curves import widen
from training.compile.ensembles import get_probabilities, vote
from training.compile.program import Program
from training.compile.trees import Tree, add_trees, are_trees, prepare_for_trees, read_tree


def compile_bagging_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a BaggingRegressor: the mean of its members, each of which has its own columns."""
    block = _hold_together(program, block)
    members = estimator.estimators_
    if are_trees(members):
        total = _add_chosen(program, estimator, block, [read_tree(member) for member in members], 1)
    else:
        total = program.sum([join_values(program, answer) for answer in _predict_all(program, estimator, block)])
    return answer_values(program, program.divide(total, float(estimator.n_estimators)))


def compile_bagging_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a BaggingClassifier: the mean of its members' probabilities, or of their votes if they have none."""
    block = _hold_together(program, block)
    classes = read_classes(estimator)
    members = estimator.estimators_
    if are_trees(members):
        trees = [_spread_classes(read_tree(member), member.classes_, len(classes)) for member in members]
        total = _add_chosen(program, estimator, block, trees, len(classes))
    else:
        pairs = zip(members, _predict_all(program, estimator, block), strict=True)
        total = program.sum([_count_member(program, member, answer, len(classes)) for member, answer in pairs])
    mean = program.divide(total, float(estimator.n_estimators))
    return Answer(None, classes, program.make_argmax(mean), mean)


def _hold_together(program: Program, block: Block) -> Block:
    """Make numbers of columns that are all numbers: they are one array before members take theirs."""
    return block if any(column.type in TEXTS for column in block.columns) else program.make_numbers(block)


def _predict_all(program: Program, estimator: Any, block: Block) -> list[Answer]:
    pairs = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    return [program.predict(member, program.take(block, list(map(int, features)))) for member, features in pairs]


def _add_chosen(program: Program, estimator: Any, block: Block, trees: Sequence[Tree], outputs: int) -> Block:
    """Add up trees, each of which knows its own columns: only columns that one of them takes are refused."""
    union, placed = place_columns(estimator, trees)
    taken = program.take(block, union)
    return add_trees(program, prepare_for_trees(program, taken, estimator.estimators_[0]), placed, [0.0] * outputs)


def place_columns(estimator: Any, trees: Sequence[Tree]) -> tuple[list[int], list[Tree]]:
    """Return the columns that at least one tree takes, and the trees with the places of their columns among these."""
    chosen = [numpy.asarray(features, dtype=int) for features in estimator.estimators_features_]
    union = numpy.unique(numpy.concatenate(chosen))
    placed = [
        tree._replace(feature=numpy.searchsorted(union, features)[numpy.maximum(tree.feature, 0)])
        for tree, features in zip(trees, chosen, strict=True)
    ]
    return union.tolist(), placed


def _spread_classes(tree: Tree, known: Array, classes: int) -> Tree:
    """Give leaves a number for each class; a member may have seen fewer."""
    values = numpy.zeros((len(tree.values), classes))
    values[:, known.astype(int)] = tree.values[:, : len(known)]
    return tree._replace(values=values)


def _count_member(program: Program, member: Any, answer: Answer, classes: int) -> Block:
    """Make a column per class of a member's probabilities, or of its vote if it has none."""
    known = [int(label) for label in answer.classes or ()]
    if not hasattr(member, "predict_proba"):
        return vote(program, answer, range(classes))
    # Shares in float32, as XGBoost's, are added up in float64.
    shares = widen(get_probabilities(answer, len(known)))
    if known == list(range(classes)):
        return shares
    placed = numpy.zeros((len(known), classes))
    placed[numpy.arange(len(known)), known] = 1.0
    exact = program.multiply_matrix(shares, placed)
    return exact._replace(columns=tuple(Column(is_exact=shares.is_exact) for _ in range(classes)))
