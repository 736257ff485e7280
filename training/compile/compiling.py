"""Compile a fitted estimator to a flat artifact."""

from collections.abc import Sequence
from typing import Any

from function.model.contract import Feature
from training.compile.program import Program
from training.compile.registry import HEADS, TRANSFORMERS
from training.compile.structure import select_trained_columns

FILE = "model.flat"


def compile_estimator(estimator: Any, features: Sequence[Feature], classes: int) -> bytes:
    """Compile the estimator for records of these features; `classes` is 0 for a regression. Raises NotCompiled."""
    program = Program(features, TRANSFORMERS, HEADS)
    return program.encode(program.predict(estimator, select_trained_columns(program, estimator)), classes)
