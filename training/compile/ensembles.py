"""Compile votes and stacks of other estimators: sklearn/ensemble/_voting.py and _stacking.py."""

from collections.abc import Sequence
from typing import Any

import numpy

from training.compile.blocks import Answer, Block, Column, NotCompiled, read_classes
from training.compile.program import Program

# From so many numbers on, numpy adds those of a single row in another order than those of a table's rows.
_FEWEST_IN_PAIRS = 8


def compile_voting_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a VotingRegressor: the mean of its members, weighted if there are weights."""
    values = [get_value(program.predict(member, block)) for member in estimator.estimators_]
    mean = _compute_average(program, values, _list_weights(estimator))
    if len(values) >= _FEWEST_IN_PAIRS:
        mean = mean._replace(columns=tuple(column._replace(is_exact=False) for column in mean.columns))
    return Answer(value=mean)


def compile_voting_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a VotingClassifier: the mean of the probabilities (soft), or the class with most votes (hard)."""
    classes = read_classes(estimator)
    answers = [program.predict(member, block) for member in estimator.estimators_]
    weights = _list_weights(estimator)
    if estimator.voting == "soft":
        shares = [get_probabilities(answer, len(classes)) for answer in answers]
        mean = _compute_average(program, shares, weights)
        return Answer(None, classes, program.make_argmax(mean), mean)
    votes = [
        vote(program, answer, range(len(classes)), yes=weight)
        for answer, weight in zip(answers, weights or [1.0] * len(answers), strict=True)
    ]
    return Answer(None, classes, program.make_argmax(program.sum(votes)))


def compile_stacking_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a StackingRegressor: its final estimator takes the members' predictions."""
    return program.predict(estimator.final_estimator_, _compile_stack(program, estimator, block, ()))


def compile_stacking_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a StackingClassifier, whose final estimator has learned the places of the classes."""
    classes = read_classes(estimator)
    answer = program.predict(estimator.final_estimator_, _compile_stack(program, estimator, block, classes))
    if answer.classes != tuple(range(len(classes))):
        raise NotCompiled("its final estimator predicts other classes")
    return answer._replace(classes=classes)


def _compile_stack(program: Program, estimator: Any, block: Block, classes: Sequence[Any]) -> Block:
    """Put the members' predictions beside one another, and the columns themselves behind them (`passthrough`)."""
    methods = [method for method in estimator.stack_method_ if method is not None]
    made = []
    for member, method in zip(estimator.estimators_, methods, strict=True):
        answer = program.predict(member, block)
        if method == "predict_proba":
            shares = get_probabilities(answer, len(answer.classes or ()))
            made.append(program.take(shares, [1]) if len(classes) == 2 else shares)
        elif method == "decision_function":
            if answer.decision is None:
                raise NotCompiled(f"the scores of its {type(member).__name__} are not compiled")
            made.append(answer.decision)
        else:
            made.append(name_classes(program, answer) if answer.classes else get_value(answer))
    return program.join([*made, block] if estimator.passthrough else made)


def get_value(answer: Answer) -> Block:
    """Return what a regressor predicts. Raises NotCompiled for a classifier."""
    if answer.value is None:
        raise NotCompiled("one of its members is no regressor")
    return answer.value


def get_probabilities(answer: Answer, classes: int) -> Block:
    """Return a classifier's probabilities. Raises NotCompiled if there are none, or for another number of classes."""
    if answer.probabilities is None:
        raise NotCompiled("one of its members has no probabilities")
    if answer.probabilities.width != classes:
        raise NotCompiled("one of its members knows other classes")
    return answer.probabilities


def vote(program: Program, answer: Answer, classes: Sequence[Any], *, yes: float = 1.0, no: float = 0.0) -> Block:
    """Make a column for each of these classes: `yes` where the classifier predicts it, else `no`."""
    if answer.label is None or answer.classes is None:
        raise NotCompiled("one of its members is no classifier")
    return map_labels(
        program, answer, [[yes if known == label else no for known in answer.classes] for label in classes]
    )


def name_classes(program: Program, answer: Answer) -> Block:
    """Make the number that a classifier predicts. Raises NotCompiled if its classes are no numbers."""
    numbers = answer.classes or ()
    if not all(isinstance(number, (bool, int, float)) for number in numbers):
        raise NotCompiled("one of its members predicts texts")
    return map_labels(program, answer, [[float(number) for number in numbers]])


def map_labels(program: Program, answer: Answer, numbers: Sequence[Sequence[float]]) -> Block:
    """Make a column for each row of `numbers`, which has a number for each class that may be predicted."""
    assert answer.label is not None  # for mypy
    repeated = program.take(answer.label, [0] * len(numbers))
    bounds = numpy.arange(len(numbers) + 1) * (len(numbers[0]) + 1)
    # The last number of each column would be that of an unknown class.
    arrays = {"bounds": ("I", bounds), "numbers": ("d", [number for row in numbers for number in (*row, 0.0)])}
    return program.add("map", [repeated], [Column(is_exact=answer.label.is_exact)] * len(numbers), arrays)


def _list_weights(estimator: Any) -> list[float] | None:
    """List the weights of the members that were not dropped."""
    if estimator.weights is None:
        return None
    pairs = zip(estimator.estimators, estimator.weights, strict=True)
    return [float(weight) for (_, member), weight in pairs if not isinstance(member, str)]


def _compute_average(program: Program, blocks: Sequence[Block], weights: Sequence[float] | None) -> Block:
    """Compute numpy.average, whose additions follow the members' order."""
    if weights is None:
        return program.divide(program.sum(blocks), float(len(blocks)))
    # Products with weights are of float64.
    wide = [block._replace(columns=tuple(c._replace(dtype="float64") for c in block.columns)) for block in blocks]
    weighted = [program.multiply(each, weight) for each, weight in zip(wide, weights, strict=True)]
    return program.divide(program.sum(weighted), numpy.array(weights).sum())
