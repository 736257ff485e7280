"""Make answers of several targets: as many numbers, or as many labels."""

from collections.abc import Sequence
from typing import Any

from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.program import Program


def answer_values(program: Program, block: Block) -> Answer:
    """Answer with the number of each column, which is a target."""
    answers = [Answer(value=program.take(block, [place])) for place in range(block.width)]
    return Answer(targets=tuple(answers)) if len(answers) > 1 else answers[0]


def join_values(program: Program, answer: Answer) -> Block:
    """Put the numbers of all targets beside one another. Raises NotCompiled if there is a target of classes."""
    values = [target.value for target in answer.targets or [answer]]
    if None in values:
        raise NotCompiled("one of its members is no regressor")
    return program.join([value for value in values if value is not None])


def answer_pairs(program: Program, pairs: Block, classes: Sequence[Any] = (0, 1)) -> Answer:
    """Answer with the second class where its share is more than a half: a target for each two columns of shares."""
    answers = []
    for place in range(0, pairs.width, 2):
        label = program.compare(program.take(pairs, [place + 1]), 0.5)
        answers.append(Answer(None, tuple(classes), label, program.take(pairs, [place, place + 1])))
    return Answer(targets=tuple(answers)) if len(answers) > 1 else answers[0]
