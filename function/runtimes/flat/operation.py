"""What an operation is: a class that does a step's work.

Its constructor takes the step (function.runtimes.flat.file.Step). It checks all that the step holds, because anyone may
have written the file: a step that is none of ours raises ValueError, KeyError, TypeError or IndexError there. It sets
`width`, the number of columns that the operation makes, and `work`. The operation computes the same in two ways, to the
same bits:

- `run_row(*blocks)` takes and returns rows: lists of values of one record. It imports no library, but for numpy where
  that is faster (`is_faster_by_numpy`).
- `run_table(*blocks)` takes and returns tables: lists of columns, numpy arrays of the same length. It imports numpy
  itself. Its exp and log may differ from those of `math` in the last bit: functions.py calls those of `math`.

Both raise NotPredictable for values that the estimator refuses. They must not change the blocks that they are given,
which other steps take as well. In a row, a null of the record is None; in a table's column of numbers it is NaN. An
operation may have

- `check()`, which checks what would take too long at each start, and `entries`, the number of array entries that it
  looks at then
- `find_kinds(*kinds)`, which returns the kinds of its block (function.runtimes.flat.kinds) for those of its inputs, and
  raises ValueError for kinds that it does not take. Without it, an operation takes and makes numbers only.
- `takes_packed = True`, if it takes packed blocks (function.runtimes.flat.packed)
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy

    type Column = numpy.ndarray[Any, Any]
    type Table = list[Column]

type Row = list[Any]

# A table has at most so many rows: their values stay in the processor's cache.
MOST_ROWS = 8_192
# From so many numbers on of which an operation makes a sum for one record, numpy is the faster way. Plain Python takes
# 25 to 50 ns for each and numpy 1 to 3, after 50 us: it pays from 0.3 ms on. Where it must be imported first, for at
# least 60 ms, it pays from 10 ms on, as soon as some more records come.
WORTH_CALLING, WORTH_IMPORTING = 2**13, 2**18


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


def is_faster_by_numpy(numbers: int) -> bool:
    """Tell whether numpy is the faster way to look at so many numbers for one record."""
    return numbers > (WORTH_CALLING if "numpy" in sys.modules else WORTH_IMPORTING)
