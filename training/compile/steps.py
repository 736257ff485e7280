"""Collect the steps of a program, and encode those that its answer needs as a flat artifact."""

import json
from collections.abc import Sequence
from typing import Any

import numpy

from function.model.contract import Feature
from function.runtimes.flat.file import MAGIC, MOST_UNPACKED, TYPE_SIZES
from training.compile.blocks import Array, Arrays, Block, Column, NotCompiled, describe_feature, describe_together
from training.compile.outputs import TargetOutput

# Operations of function.runtimes.flat.packed: each does the same as the one of this name behind it.
_PACKED = "packed_"
_TAKE_PACKED = frozenset(
    {"apply", "normalize", "refuse", "round", "multiply", "take", "join", "matrix", "sign", "unpack"}
)
_MAKE_PACKED = frozenset({"terms", "hashed_terms", "pack"})
_NUMPY_TYPES = {"B": "<u1", "H": "<u2", "I": "<u4", "Q": "<u8", "d": "<f8"}


class Steps:
    """The steps of a program for records of these features, in order. Step k makes block k; `record` is block 0."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.record = Block(0, tuple(map(describe_feature, features)))
        self._known: dict[str, int] = {}
        self._steps: list[dict[str, Any]] = []
        self._arrays: list[dict[str, tuple[str, Array]]] = []
        self._inputs: list[tuple[Block, ...]] = []
        self._blocks = [self.record]

    def add(self, op: str, inputs: Sequence[Block], columns: Sequence[Column], arrays: Arrays, **options: Any) -> Block:
        """Add a step of the operation `op`, which makes `columns` of the blocks `inputs`.

        Members of one estimator often begin with the same steps: one without arrays that is there is used again.
        """
        if op not in _TAKE_PACKED:
            inputs = [self.unpack(block) for block in inputs]
        elif any(block.is_packed for block in inputs):
            inputs = [block if block.is_packed else self.pack(block) for block in inputs]
            op = op if op == "unpack" else f"{_PACKED}{op}"
        step = {"op": op, "inputs": [block.number for block in inputs], **options}
        key = json.dumps(step)
        is_packed = op in _MAKE_PACKED or (op.startswith(_PACKED) and op != "packed_matrix")
        if not arrays and key in self._known:
            return Block(self._known[key], tuple(columns), is_packed)
        self._known[key] = len(self._steps) + 1
        self._steps.append(step)
        self._arrays.append({name: (code, _flatten(values, code)) for name, (code, values) in arrays.items()})
        self._inputs.append(tuple(inputs))
        self._blocks.append(Block(len(self._steps), tuple(columns), is_packed))
        return self._blocks[-1]

    def pack(self, block: Block) -> Block:
        """Leave the zeros of a block of numbers out."""
        if block.is_packed:
            return block
        return self.add("pack", [block], [describe_together(block.columns)] * block.width, {})

    def unpack(self, block: Block, *, by_null: bool = False) -> Block:
        """Make columns of a packed block; what it does not hold is 0, or NaN. Raises NotCompiled for too many."""
        if not block.is_packed:
            return block
        if block.width > MOST_UNPACKED:
            raise NotCompiled(
                f"it computes with each of {block.width:,} columns: at most {MOST_UNPACKED:,} are compiled"
            )
        columns = block.change_columns(lambda column: column._replace(nullable=column.nullable or by_null))
        return self.add("unpack", [block], columns, {}, by_null=by_null)

    def get_block(self, number: int) -> Block:
        """Return the block of this number, as it was when its step was added."""
        return self._blocks[number]

    def get_step(self, block: Block) -> tuple[str, tuple[Block, ...]]:
        """Return the operation that makes the block, and the blocks that it takes; "" and none for the record.

        The operation `apply` is named with its function: "apply exp". Those of packed blocks are named as the others.
        """
        if not block.number:
            return "", ()
        step = self._steps[block.number - 1]
        name = step["op"].removeprefix(_PACKED)
        name = f"apply {step['function']}" if name == "apply" else name
        return name, self._inputs[block.number - 1]

    def get_array(self, block: Block, name: str) -> Array:
        """Return an array of the step that makes the block."""
        return self._arrays[block.number - 1][name][1]

    def encode(self, outputs: Sequence[TargetOutput]) -> bytes:
        """Encode the steps that the outputs need as a flat artifact. Raises NotCompiled for an output of no step."""
        blocks = [block for output in outputs for block in (output.prediction, output.scores) if block is not None]
        if not all(block.number for block in blocks):
            raise NotCompiled("it predicts a feature as it is")
        kept = self._list_needed([block.number for block in blocks])
        renumbered = {0: 0, **{number: place for place, number in enumerate(kept, 1)}}
        arrays: list[tuple[str, Array]] = []
        steps = []
        for number in kept:
            step, named = self._steps[number - 1], self._arrays[number - 1]
            places = {name: len(arrays) + place for place, name in enumerate(named)}
            arrays += named.values()
            steps.append({**step, "inputs": [renumbered[block] for block in step["inputs"]], "arrays": places})
        targets = [
            {
                "classes": output.classes,
                "prediction": renumbered[output.prediction.number],
                "scores": None if output.scores is None else renumbered[output.scores.number],
            }
            for output in outputs
        ]
        header = {"inputs": self.record.width, "steps": steps, "targets": targets}
        return _pack(header, arrays)

    def _list_needed(self, outputs: Sequence[int]) -> list[int]:
        """List the steps that these blocks need, in order."""
        needed: set[int] = set()
        waiting = [number for number in outputs if number]
        while waiting:
            number = waiting.pop()
            if number not in needed:
                needed.add(number)
                waiting += [block for block in self._steps[number - 1]["inputs"] if block]
        return sorted(needed)


def _flatten(values: Any, code: str) -> Array:
    return numpy.ascontiguousarray(numpy.asarray(values).ravel(), dtype=_NUMPY_TYPES[code])


def _pack(header: dict[str, Any], arrays: Sequence[tuple[str, Array]]) -> bytes:
    """Write the header, padded to a multiple of 8 bytes, and the arrays after it."""
    # The header holds the arrays' offsets, which depend on its own length: it gets the length for the widest offsets.
    widest = [[code, 10**15, len(values)] for code, values in arrays]
    begin = 12 + len(json.dumps({**header, "arrays": widest}))
    begin += -begin % 8
    offsets: list[list[Any]] = []
    offset = begin
    for code, values in arrays:
        offsets.append([code, offset, len(values)])
        offset += TYPE_SIZES[code] * len(values)
        offset += -offset % 8
    text = json.dumps({**header, "arrays": offsets}).ljust(begin - 12).encode()
    parts = [MAGIC, len(text).to_bytes(4, "little"), text]
    for _, values in arrays:
        data = values.tobytes()
        parts += [data, b"\0" * (-len(data) % 8)]
    return b"".join(parts)
