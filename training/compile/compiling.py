"""Compile a fitted estimator to a flat artifact."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.model.contract import Feature
from function.model.target import Targets
from training.compile.accuracy import Accuracy, describe_accuracy
from training.compile.outputs import choose_outputs
from training.compile.program import Program
from training.compile.registry import HEADS, TRANSFORMERS
from training.compile.structure import select_trained_columns

FILE = "model.flat"


class Compiled(NamedTuple):
    """A flat artifact's bytes, and how near its answers must be to the estimator's."""

    data: bytes
    accuracy: Accuracy


def compile_estimator(estimator: Any, features: Sequence[Feature], targets: Targets) -> Compiled:
    """Compile the estimator for records of these features, and predictions of these targets. Raises NotCompiled."""
    program = Program(features, TRANSFORMERS, HEADS)
    answer = program.predict(estimator, select_trained_columns(program, estimator))
    outputs = choose_outputs(answer, targets)
    return Compiled(program.encode(outputs), describe_accuracy(program, outputs))
