"""Choose the blocks of an answer that a program puts out."""

from typing import NamedTuple

from function.model.target import PROBABILITIES, Target, Targets
from training.compile.blocks import Answer, Block, NotCompiled


class TargetOutput(NamedTuple):
    """The blocks of a target: its number or the place of its class, and its scores; `classes` is 0 for a number."""

    classes: int
    prediction: Block
    scores: Block | None

    @property
    def numbers(self) -> list[Block]:
        """The blocks whose numbers are put out."""
        return [block for block in (None if self.classes else self.prediction, self.scores) if block is not None]


def choose_outputs(answer: Answer, targets: Targets) -> list[TargetOutput]:
    """Choose the blocks of each target. Raises NotCompiled if the answer is one to something else."""
    answers = answer.targets or (answer,)
    if len(answers) != len(targets):
        raise NotCompiled("it predicts another number of targets")
    return [_choose(each, target) for each, target in zip(answers, targets, strict=True)]


def _choose(answer: Answer, target: Target) -> TargetOutput:
    classes = len(target.classes or ())
    prediction = answer.label if classes else answer.value
    scores = answer.probabilities if target.scores == PROBABILITIES else answer.scores if target.scores else None
    width = scores.width if scores else 0
    if prediction is None or len(answer.classes or ()) != classes or width != target.width - 1:
        raise NotCompiled("it predicts something else than its task says")
    return TargetOutput(classes, prediction, scores)
