"""Tell how near the answers of a compiled program must be to the estimator's."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from function.model.dtypes import FLOAT32
from training.compile.blocks import Block
from training.compile.outputs import TargetOutput
from training.compile.program import Program

# Operations whose outputs move a little if their inputs move a little, besides `apply` of most functions. Behind any
# other one (trees, categories, bins, the largest of some numbers) a last bit may decide.
_SMOOTH = frozenset(
    {"", "take", "join", "number", "fill", "is_null", "round", "refuse", "refuse_null", "indicate", "map"}
    | {"subtract", "divide", "multiply", "add", "clip", "sum", "matrix", "power", "interpolate", "products", "splines"}
    | {"regress", "sigmoid", "logistic", "softmax", "log_softmax", "couple", "curve"}
    | {"single", "single_matrix", "single_exp", "single_sigmoid", "single_softmax", "single_complement"}
    | {"raise", "ratio", "share", "distances", "inverse", "pack", "unpack"}
)
_APPLY = "apply "
# Functions that jump, or that amplify a last bit of a large number to anything.
_WILD = frozenset(_APPLY + name for name in ("sign", "floor", "ceil", "trunc", "rint", "sin", "cos", "tan"))
# Operations that decide by sums of their own, which may be near even if their inputs are exact.
_MEASURING = frozenset({"neighbours", "nearest"})
_TREES = frozenset({"trees", "oblivious"})


class Accuracy(NamedTuple):
    """How near the answers must be.

    - `is_exact`: they are sums of trees' leaves, and have the estimator's bits
    - `is_single`: the estimator computes some of them in float32
    - `is_decided_near`: numbers that are nearly, not to the bit, those of the estimator decide something on the way. So
      an answer may be another one where the estimator's jumps.
    - `has_complements`: some are 1 less a share that may be nearly 1, and have few digits then
    """

    is_exact: bool
    is_single: bool
    is_decided_near: bool
    has_complements: bool = False


def describe_accuracy(program: Program, outputs: Sequence[TargetOutput]) -> Accuracy:
    """Describe the accuracy of all outputs."""
    numbers = [block for output in outputs for block in output.numbers]
    every = list(_list_blocks(program, [*numbers, *(output.prediction for output in outputs)]))
    behind_decisions = _list_blocks(program, numbers, only_smooth=True)
    return Accuracy(
        is_exact=all(block.is_exact for block in numbers) and any(program.get_step(b)[0] in _TREES for b in every),
        is_single=any(c.dtype == FLOAT32 and not c.is_exact for block in behind_decisions for c in block.columns),
        is_decided_near=any(_decides_near(program, block) for block in every),
        # scikit-learn tells of several labels how likely a record has each, not how likely it has not.
        has_complements=len(outputs) > 1 and any(output.scores for output in outputs),
    )


def _list_blocks(program: Program, outputs: Sequence[Block], *, only_smooth: bool = False) -> Iterator[Block]:
    """Yield these blocks and all that they are made of; with `only_smooth`, up to the steps that decide."""
    seen: set[int] = set()
    waiting = list(outputs)
    while waiting:
        block = waiting.pop()
        if block.number in seen:
            continue
        seen.add(block.number)
        yield block
        op, inputs = program.get_step(block)
        if not only_smooth or _is_smooth(op):
            waiting += inputs
        elif op == "trees":
            # They decide by their first input; to a second one, the prediction that they begin with, they add.
            waiting += inputs[1:]


def _decides_near(program: Program, block: Block) -> bool:
    op, inputs = program.get_step(block)
    own = [block] if op in _MEASURING else []
    return not _is_smooth(op) and not all(each.is_exact for each in (*inputs, *own))


def _is_smooth(op: str) -> bool:
    return op in _SMOOTH or (op.startswith(_APPLY) and op not in _WILD)
