"""Compile classifiers of several classes that are made of classifiers of two: sklearn/multiclass.py."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy

from training.compile.answers import answer_labels
from training.compile.blocks import Answer, Block, NotCompiled, read_classes
from training.compile.calibration import choose_response
from training.compile.curves import LARGEST, divide_blocks, make_shares, pair_shares, widen
from training.compile.program import Program

_DECISION, _PROBABILITIES = "decision_function", "predict_proba"


def compile_one_vs_rest(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a OneVsRestClassifier: the class whose member has the largest score."""
    members = estimator.estimators_
    answers = [program.predict(member, block) for member in members]
    scores = _join_scores(program, members, answers)
    shares = None
    if hasattr(members[0], _PROBABILITIES):
        shares = program.join([_take_share(program, member, a) for member, a in zip(members, answers, strict=True)])
    if len(members) == 1 or estimator.multilabel_:
        above = program.compare(scores, _find_threshold(members[0], answers[0]))
    if estimator.multilabel_:
        return answer_labels(program, above, shares)
    label = above if len(members) == 1 else program.make_argmax(scores)
    if shares is not None:
        shares = pair_shares(program, shares) if len(members) == 1 else shares
        shares = make_shares(program, shares, uniform=False)
    decision = scores if hasattr(members[0], _DECISION) else None
    return Answer(None, read_classes(estimator), label, shares, decision)


def compile_one_vs_one(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a OneVsOneClassifier: each pair's member votes; the sums of their scores decide between equal votes."""
    if getattr(estimator, "pairwise_indices_", None) is not None:
        raise NotCompiled("its members take distances of rows")
    block = program.make_numbers(block)
    classes, members = read_classes(estimator), estimator.estimators_
    answers = [program.predict(member, block) for member in members]
    if any(answer.label is None or answer.classes != (0, 1) for answer in answers):
        raise NotCompiled("its members are no classifiers")
    labels = program.join([answer.label for answer in answers if answer.label is not None])
    scores = _join_scores(program, members, answers)
    decision = combine_pairs(program, labels, widen(scores), len(classes))
    if len(classes) > 2:
        return Answer(None, classes, program.make_argmax(decision), None, decision)
    decision = program.take(decision, [1])
    label = program.compare(decision, _find_threshold(members[0], answers[0]))
    return Answer(None, classes, label, None, decision)


def combine_pairs(program: Program, labels: Block, scores: Block, classes: int) -> Block:
    """Make a score for each class of those for each pair, as sklearn.utils.multiclass does: its votes, and a little.

    A label is 1 where the second class of its pair is chosen, else 0; a score is more the more it is the second one.
    """
    pairs = list(combinations(range(classes), 2))
    # With -1/2 and 1/2, votes are moved by a constant.
    votes = _add_up(program, program.add_numbers(labels, -0.5), pairs)
    votes = program.add_numbers(votes, (classes - 1) / 2)
    sums = _add_up(program, scores, pairs)
    sizes = program.multiply(program.add_numbers(program.apply(sums, "absolute"), 1.0), 3.0)
    return program.sum([votes, divide_blocks(program, sums, sizes)])


def compile_output_code(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an OutputCodeClassifier: the class whose code is nearest to the members' scores."""
    members = estimator.estimators_
    answers = [program.predict(member, block) for member in members]
    scores = program.refuse(widen(_join_scores(program, members, answers)))
    codes = numpy.asarray(estimator.code_book_, dtype=float)
    # scores² - 2 · scores · code + code², in this order: of large scores, all distances are the same number.
    squares = program.multiply_matrix(program.apply(scores, "square"), numpy.ones(codes.T.shape))
    products = program.multiply_matrix(scores, -2 * codes.T)
    distances = program.add_numbers(program.sum([squares, products]), (codes**2).sum(axis=1))
    nearness = program.multiply(program.clip(distances, 0.0, LARGEST), -1.0)
    return Answer(None, read_classes(estimator), program.make_argmax(nearness))


def compile_self_training(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a SelfTrainingClassifier by the classifier that it trained last."""
    inner = estimator.estimator_ if hasattr(estimator, "estimator_") else estimator.base_estimator_
    return program.predict(inner, program.make_numbers(block))


def _join_scores(program: Program, members: Sequence[Any], answers: Sequence[Answer]) -> Block:
    return program.join([_choose_score(program, *pair) for pair in zip(members, answers, strict=True)])


def _choose_score(program: Program, member: Any, answer: Answer) -> Block:
    """Choose a member's score: a regressor's value, the decision, or the second class's probability."""
    if answer.value is not None:
        return answer.value
    method, block = choose_response(member, answer, (_DECISION, _PROBABILITIES))
    return block if method == _DECISION else program.take(block, [1])


def _find_threshold(member: Any, answer: Answer) -> float:
    return 0.0 if hasattr(member, _DECISION) and answer.value is None else 0.5


def _take_share(program: Program, member: Any, answer: Answer) -> Block:
    _, block = choose_response(member, answer, (_PROBABILITIES,))
    return program.take(block, [1])


def _add_up(program: Program, scores: Block, pairs: Sequence[tuple[int, int]]) -> Block:
    """Add up, for each class, the scores of its pairs in their order: negative where it is the first of the pair.

    No product with 0 is added: a score may be infinite.
    """
    classes = pairs[-1][1] + 1
    terms = [[(k, 1.0 if j == c else -1.0) for k, (i, j) in enumerate(pairs) if c in (i, j)] for c in range(classes)]
    made = []
    for column in zip(*terms, strict=True):
        places, signs = zip(*column, strict=True)
        made.append(program.multiply(program.take(scores, places), signs))
    return program.sum(made)
