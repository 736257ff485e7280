"""Compile estimators that do not look at their inputs: sklearn/dummy.py."""

from typing import Any

import numpy

from training.compile.answers import answer_targets, answer_values
from training.compile.blocks import Answer, Block, NotCompiled, list_classes
from training.compile.program import Program


def compile_dummy_regressor(program: Program, estimator: Any, _: Block) -> Answer:
    """Compile a DummyRegressor: its constant."""
    return answer_values(program, program.make_constants(numpy.ravel(estimator.constant_)))


def compile_dummy_classifier(program: Program, estimator: Any, _: Block) -> Answer:
    """Compile a DummyClassifier that does not draw its answers."""
    strategy = getattr(estimator, "_strategy", estimator.strategy)
    if strategy not in ("most_frequent", "prior", "constant"):
        raise NotCompiled(f"it draws its answers at random (strategy {strategy!r})")
    priors = [estimator.class_prior_] if estimator.n_outputs_ == 1 else estimator.class_prior_
    answers = []
    for number, (classes, prior) in enumerate(zip(list_classes(estimator), priors, strict=True)):
        place = int(numpy.argmax(prior))
        if strategy == "constant":
            place = classes.index(numpy.ravel(estimator.constant).tolist()[number])
        shares = prior if strategy == "prior" else numpy.eye(len(classes))[place]
        label = program.make_constants([float(place)])
        answers.append(Answer(None, classes, label, program.make_constants(shares)))
    return answer_targets(answers)


def compile_constant_predictor(program: Program, estimator: Any, _: Block) -> Answer:
    """Compile what sklearn/multiclass.py has where all rows of a member's training are of one class."""
    (value,) = (float(number) for number in numpy.ravel(estimator.y_))
    constant = program.make_constants([value])
    return Answer(None, (0, 1), constant, program.make_constants([1 - value, value]), constant)
