"""Find the operation of a step by its name.

An operation is a class. Its constructor takes the step (function.runtimes.flat.file.Step), checks all that it holds,
and sets `width`, the number of columns that it makes. It computes the same in two ways, to the same bits:

- `run_row(*blocks)` takes and returns rows: lists of values of one record. It imports nothing.
- `run_table(*blocks)` takes and returns tables: lists of columns, numpy arrays of the same length.

Both raise NotPredictable for values that the estimator refuses. In a row, a null of the record is None; in a table's
column of numbers it is NaN. An operation may have `check()`, which checks what would take too long at each start, and
`entries`, the number of array entries that it looks at then.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from function.runtimes.flat.file import Step

if TYPE_CHECKING:
    import numpy

    type Column = numpy.ndarray[Any, Any]
    type Table = list[Column]

type Row = list[Any]


class Operation(Protocol):
    """What a step does; `work` is about how many values it looks at for one record."""

    width: int
    work: int

    @property
    def run_row(self) -> Callable[..., Row]:
        """Compute one record's block of the blocks of its inputs. Raises NotPredictable."""
        ...

    @property
    def run_table(self) -> "Callable[..., Table]":
        """Compute the block of a table. Raises NotPredictable."""
        ...


def create_operation(step: Step) -> Operation:
    """Create the operation of a step. Raises ValueError, KeyError or TypeError for a step that is none of ours."""
    match step.op:
        case "take" | "join" | "number" | "fill" | "is_null" | "replace_zeros" | "round" | "refuse":
            from function.runtimes.flat import columns

            return columns.OPERATIONS[step.op](step)
        case "subtract" | "divide" | "multiply" | "add" | "apply" | "clip" | "sum" | "matrix":
            from function.runtimes.flat import arithmetic

            return arithmetic.OPERATIONS[step.op](step)
        case "code" | "map" | "indicate":
            from function.runtimes.flat import categories

            return categories.OPERATIONS[step.op](step)
        case "normalize" | "power":
            from function.runtimes.flat import scaling

            return scaling.OPERATIONS[step.op](step)
        case "bins" | "interpolate":
            from function.runtimes.flat import bins

            return bins.OPERATIONS[step.op](step)
        case "products" | "splines":
            from function.runtimes.flat import polynomials

            return polynomials.OPERATIONS[step.op](step)
        case "erase" | "refuse_null" | "regress" | "neighbours":
            from function.runtimes.flat import imputing

            return imputing.OPERATIONS[step.op](step)
        case "trees":
            from function.runtimes.flat import trees

            return trees.Trees(step)
        case "linear_trees":
            from function.runtimes.flat import linear_trees

            return linear_trees.LinearTrees(step)
        case "oblivious":
            from function.runtimes.flat import oblivious

            return oblivious.Oblivious(step)
        case "hash" | "ctr":
            from function.runtimes.flat import hashes

            return hashes.OPERATIONS[step.op](step)
        case "sigmoid" | "logistic" | "softmax" | "argmax" | "sign":
            from function.runtimes.flat import links

            return links.OPERATIONS[step.op](step)
        case name if name.startswith("single"):
            from function.runtimes.flat import singles

            return singles.OPERATIONS[step.op](step)
        case _:
            raise ValueError("no operation has this name")
