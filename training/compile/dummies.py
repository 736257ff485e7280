"""Compile estimators that do not look at their inputs: sklearn/dummy.py."""

from typing import Any

import numpy

from training.compile.blocks import Answer, Block, NotCompiled, read_classes
from training.compile.program import Program


def compile_dummy_regressor(program: Program, estimator: Any, _: Block) -> Answer:
    """Compile a DummyRegressor: its constant."""
    constant = numpy.ravel(estimator.constant_)
    if len(constant) != 1:
        raise NotCompiled("it predicts several targets at once")
    return Answer(value=program.make_constants(constant))


def compile_dummy_classifier(program: Program, estimator: Any, _: Block) -> Answer:
    """Compile a DummyClassifier that does not draw its answers."""
    classes = read_classes(estimator)
    strategy = getattr(estimator, "_strategy", estimator.strategy)
    if strategy in ("most_frequent", "prior"):
        place = int(numpy.argmax(estimator.class_prior_))
    elif strategy == "constant":
        place = classes.index(numpy.ravel(estimator.constant).tolist()[0])
    else:
        raise NotCompiled(f"it draws its answers at random (strategy {strategy!r})")
    shares = estimator.class_prior_ if strategy == "prior" else numpy.eye(len(classes))[place]
    return Answer(None, classes, program.make_constants([float(place)]), program.make_constants(shares))


def compile_constant_predictor(program: Program, estimator: Any, _: Block) -> Answer:
    """Compile what sklearn/multiclass.py has where all rows of a member's training are of one class."""
    (value,) = (float(number) for number in numpy.ravel(estimator.y_))
    constant = program.make_constants([value])
    return Answer(None, (0, 1), constant, program.make_constants([1 - value, value]), constant)
