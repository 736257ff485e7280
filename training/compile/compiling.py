"""Compile a fitted estimator to a flat artifact."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.model.contract import Feature
from training.compile.accuracy import Accuracy, describe_accuracy
from training.compile.program import Program
from training.compile.registry import HEADS, TRANSFORMERS
from training.compile.structure import select_trained_columns

FILE = "model.flat"


class Compiled(NamedTuple):
    """A flat artifact's bytes, and how near its answers must be to the estimator's."""

    data: bytes
    accuracy: Accuracy


def compile_estimator(estimator: Any, features: Sequence[Feature], classes: int) -> Compiled:
    """Compile the estimator for records of these features; `classes` is 0 for a regression. Raises NotCompiled."""
    program = Program(features, TRANSFORMERS, HEADS)
    answer = program.predict(estimator, select_trained_columns(program, estimator))
    return Compiled(program.encode(answer, classes), describe_accuracy(program, answer))
