"""A program of a flat artifact, ready to run: its steps as operations, and the blocks that are its output."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from function.runtimes.flat.file import (
    FEWEST_VALUES,
    MOST_VALUES_PER_BYTE,
    MOST_VALUES_PER_INPUT,
    Array,
    Header,
    read_step,
)
from function.runtimes.flat.kinds import NUMBER, PACKED, are_numbers
from function.runtimes.flat.operation import MOST_ROWS, Operation, Row
from function.runtimes.flat.operations import create_operation

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

# Of a program with many columns (a text of 100,000 values makes as many) fewer rows than MOST_ROWS are computed
# together: all blocks of these rows hold this many values.
_FEWEST_ROWS, _MOST_VALUES = 16, 2**23


class Program:
    """The steps of a flat artifact, which were all checked but for what `check` does.

    `kinds` are those of a record's values (function.runtimes.flat.kinds). `outputs` are the blocks of the output, and
    `shapes` the number of classes of each target and of its scores. Raises ValueError, KeyError, TypeError,
    IndexError or AttributeError for a program that is none of ours.
    """

    def __init__(self, header: Header, arrays: Sequence[Array], size: int, kinds: str) -> None:
        self.kinds = kinds
        self._operations: list[Operation] = []
        self._inputs: list[tuple[int, ...]] = []
        widths, blocks, columns = [header.inputs], [kinds], header.inputs
        values = header.inputs
        used: set[int] = set()
        most = FEWEST_VALUES + MOST_VALUES_PER_BYTE * size + MOST_VALUES_PER_INPUT * header.inputs
        if len(kinds) != header.inputs:
            raise ValueError("another number of values in a record")
        for description in header.steps:
            step = read_step(description, arrays, widths)
            places = description.get("arrays", {}).values()
            # Else a short file could make each of its steps read a large array.
            if used.intersection(places):
                raise ValueError("an array that several steps read")
            used.update(places)
            operation = create_operation(step)
            widths.append(operation.width)
            blocks.append(_find_kinds(operation, [blocks[block] for block in step.inputs]))
            made = 0 if blocks[-1] == PACKED else operation.width
            columns += made
            values += made + operation.work
            if values > most:
                raise ValueError("a program that computes more than its size says")
            self._operations.append(operation)
            self._inputs.append(step.inputs)
        self.outputs: list[int] = []
        self.shapes = [self._read_target(target, widths) for target in header.targets]
        if not all(are_numbers(blocks[block]) for block in self.outputs):
            raise ValueError("the output is of no numbers")
        self.work = values
        self._rows = max(_FEWEST_ROWS, min(MOST_ROWS, _MOST_VALUES // columns))
        self._runs = [_bind(o.run_row, inputs) for o, inputs in zip(self._operations, self._inputs, strict=True)]

    def _read_target(self, target: dict[str, Any], widths: Sequence[int]) -> tuple[int, int]:
        """Add the blocks of a target to `outputs`; return how many classes and scores it has. Raises ValueError."""
        classes, blocks = target["classes"], [target["prediction"]]
        if target["scores"] is not None:
            blocks.append(target["scores"])
        fits = type(classes) is int and all(type(block) is int and 0 < block < len(widths) for block in blocks)
        if not fits or widths[blocks[0]] != 1 or len(target) != 3:
            raise ValueError("outputs that do not fit")
        self.outputs += blocks
        return classes, sum(widths[block] for block in blocks[1:])

    @property
    def entries(self) -> int:
        """How many entries of arrays `check` looks at."""
        return sum(getattr(operation, "entries", 0) for operation in self._operations)

    def check(self) -> None:
        """Check what the operations check apart from their start. Raises ValueError."""
        for operation in self._operations:
            if hasattr(operation, "check"):
                operation.check()

    def run_row(self, row: Row) -> Row:
        """Compute the output for one record; a class is its place."""
        blocks = [row]
        for run in self._runs:
            blocks.append(run(blocks))
        return [value for block in self.outputs for value in blocks[block]]

    def run_table(self, table: "Table") -> "Table":
        """Compute the same for a table's rows, as lists of columns."""
        import numpy

        with numpy.errstate(all="ignore"):
            starts = range(0, max(1, len(table[0])), self._rows)
            parts = [self._run_rows([column[at : at + self._rows] for column in table]) for at in starts]
        return [numpy.concatenate(columns) for columns in zip(*parts, strict=True)]

    def _run_rows(self, table: "Table") -> "Table":
        blocks = [table]
        for operation, inputs in zip(self._operations, self._inputs, strict=True):
            blocks.append(operation.run_table(*(blocks[block] for block in inputs)))
        return [column for block in self.outputs for column in blocks[block]]


def _find_kinds(operation: Operation, taken: Sequence[str]) -> str:
    """Find the kinds of what an operation makes of blocks of these kinds. Raises ValueError where it takes others."""
    find_kinds: Callable[..., str] | None = getattr(operation, "find_kinds", None)
    if PACKED in taken and not getattr(operation, "takes_packed", False):
        raise ValueError("a step takes a packed block as columns")
    if find_kinds is None and not all(map(are_numbers, taken)):
        raise ValueError("a step computes with values that are no numbers")
    return NUMBER * operation.width if find_kinds is None else find_kinds(*taken)


def _bind(run: Callable[..., Row], inputs: tuple[int, ...]) -> Callable[[list[Row]], Row]:
    """Return a function that takes a record's blocks, and runs a step on those that it needs."""
    if len(inputs) == 1:
        (block,) = inputs
        return lambda blocks: run(blocks[block])
    return lambda blocks: run(*[blocks[block] for block in inputs])
