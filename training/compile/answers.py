"""Make answers of several targets: as many numbers, or as many labels."""

from collections.abc import Sequence
from typing import Any

from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.curves import pair_shares
from training.compile.program import Program


def answer_targets(answers: Sequence[Answer]) -> Answer:
    """Answer for several targets, or for one."""
    return Answer(targets=tuple(answers)) if len(answers) > 1 else answers[0]


def answer_values(program: Program, block: Block) -> Answer:
    """Answer with the number of each column, which is a target."""
    answers = [Answer(value=program.take(block, [place])) for place in range(block.width)]
    return answer_targets(answers)


def join_values(program: Program, answer: Answer) -> Block:
    """Put the numbers of all targets beside one another. Raises NotCompiled if there is a target of classes."""
    values = [target.value for target in answer.targets or [answer]]
    if None in values:
        raise NotCompiled("one of its members is no regressor")
    return program.join([value for value in values if value is not None])


def answer_shares(program: Program, classes: Sequence[tuple[Any, ...]], shares: Block) -> Answer:
    """Answer with the class of the largest share, of each target; their shares are beside one another."""
    answers, begin = [], 0
    for labels in classes:
        own = program.take(shares, range(begin, begin + len(labels)))
        answers.append(Answer(None, labels, program.make_argmax(own), own))
        begin += len(labels)
    return answer_targets(answers)


def answer_labels(program: Program, labels: Block, shares: Block | None) -> Answer:
    """Answer with labels that a record has (1) or not (0), each a target; `shares` tell how likely it has them."""
    answers = []
    for place in range(labels.width):
        pair = None if shares is None else pair_shares(program, program.take(shares, [place]))
        answers.append(Answer(None, (0, 1), program.take(labels, [place]), pair))
    return answer_targets(answers)
