"""What a runtime answers to rows, asked in a number of calls that does not grow with the rows that it refuses.

A runtime refuses a whole batch for one of its rows, so each refused row has to be found by halving, which takes some
calls. Of rows that are odd in the same way one is found so, and ten where it is in as many features; those behind them
in a refused batch are left unasked.
"""

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from function.model.contract import Columns
from function.model.runtime import NotPredictable, Outputs


class RecordRuntime(Protocol):
    """The part of function.model.runtime.Runtime that the gate calls."""

    def predict(self, columns: Columns) -> Outputs:
        """Predict records; return one output for each. Raises NotPredictable."""
        ...


class NoPrediction(Enum):
    """Why a row has no answer: the runtime refuses it, or it was not asked."""

    REFUSED = "refused"
    UNASKED = "unasked"


REFUSED, SKIPPED = NoPrediction.REFUSED, NoPrediction.UNASKED

type RowPrediction = tuple[Any, tuple[float, ...]]
"""The label (None for a regression) and the numbers."""

type RowResult = RowPrediction | NoPrediction

_MOST_REFUSALS = 16  # among rows in which nothing is odd
_MOST_ALIKE = 10  # among rows that are odd in the same way, each in another feature


class Oddity(NamedTuple):
    """What may be refused in a row, and the place of the feature that it is in."""

    what: str
    feature: int


class Prober:
    """Asks a runtime, and remembers for which oddities enough refusals were found."""

    def __init__(self, runtime: RecordRuntime) -> None:
        self._runtime = runtime
        self._refusals: Counter[Oddity | str | None] = Counter()

    def predict(self, columns: Columns, oddities: Sequence[Oddity | None]) -> list[RowResult]:
        """The reply to each row; `oddities` says of each what may be refused in it, None where nothing is odd."""
        found: list[RowResult] = [SKIPPED] * len(oddities)
        waiting = [list(range(len(oddities)))] if oddities else []
        while waiting:
            rows = waiting.pop()
            answered = predict_rows(self._runtime, [[column[row] for row in rows] for column in columns])
            if answered is not None:
                for row, answer in zip(rows, answered, strict=True):
                    found[row] = answer
            elif len(rows) == 1:
                found[rows[0]] = REFUSED
                self._count(oddities[rows[0]])
                waiting = [kept for part in waiting if (kept := self._keep_unsettled(part, oddities))]
            else:
                half = len(rows) // 2
                parts = (self._keep_unsettled(part, oddities) for part in (rows[half:], rows[:half]))
                waiting += [part for part in parts if part]
        return found

    def _count(self, oddity: Oddity | None) -> None:
        self._refusals[oddity] += 1
        if oddity:
            self._refusals[oddity.what] += 1

    def _keep_unsettled(self, rows: Sequence[int], oddities: Sequence[Oddity | None]) -> list[int]:
        """Those rows of a refused batch whose oddity has not been refused often enough."""
        return [row for row in rows if not self._is_settled(oddities[row])]

    def _is_settled(self, oddity: Oddity | None) -> bool:
        if oddity is None:
            return self._refusals[None] >= _MOST_REFUSALS
        return self._refusals[oddity] > 0 or self._refusals[oddity.what] >= _MOST_ALIKE


def predict_rows(runtime: RecordRuntime, columns: Columns) -> list[RowPrediction] | None:
    """The answer to each row; None where the runtime refuses some of them."""
    try:
        return _list_predictions(runtime.predict(columns)) if columns[0] else []
    except NotPredictable:
        return None


def _list_predictions(outputs: Outputs) -> list[RowPrediction]:
    if outputs.probabilities is not None:
        return [(v, tuple(row)) for v, row in zip(outputs.values, outputs.probabilities, strict=True)]
    return [(None, (value,)) if isinstance(value, float) else (value, ()) for value in outputs.values]
