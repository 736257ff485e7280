"""Predict rows with a runtime, in a number of calls that does not grow with the rows that it refuses.

A runtime refuses a whole batch because of one row, so each refused row must be found by halving, which takes some
calls. Of rows with the same oddity one refusal is enough, and ten if the oddity is in several features; the remaining
ones in a refused batch are skipped.
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
    """Why a row has no prediction: the runtime refuses it, or it was skipped."""

    REFUSED = "refused"
    SKIPPED = "skipped"


REFUSED, SKIPPED = NoPrediction.REFUSED, NoPrediction.SKIPPED

type RowPrediction = tuple[tuple[Any, ...], tuple[float, ...]]
"""The classes and the numbers of an output."""

type RowResult = RowPrediction | NoPrediction

_MOST_REFUSALS = 16  # of rows without an oddity
_MOST_FEATURES = 10  # in which the same oddity is refused


class Oddity(NamedTuple):
    """An unusual value that may be refused, and the position of its feature."""

    name: str
    feature: int


class Prober:
    """Predict rows with a runtime, and remember for which oddities enough refusals were found."""

    def __init__(self, runtime: RecordRuntime) -> None:
        self._runtime = runtime
        self._refusals: Counter[Oddity | str | None] = Counter()

    def predict(self, columns: Columns, oddities: Sequence[Oddity | None]) -> list[RowResult]:
        """Predict each row; `oddities` has what may be refused in it, or None."""
        results: list[RowResult] = [SKIPPED] * len(oddities)
        waiting = [list(range(len(oddities)))] if oddities else []
        while waiting:
            rows = waiting.pop()
            predictions = predict_rows(self._runtime, [[column[row] for row in rows] for column in columns])
            if predictions is not None:
                for row, prediction in zip(rows, predictions, strict=True):
                    results[row] = prediction
            elif len(rows) == 1:
                results[rows[0]] = REFUSED
                self._count_refusal(oddities[rows[0]])
                waiting = [kept for part in waiting if (kept := self._keep_unsettled(part, oddities))]
            else:
                half = len(rows) // 2
                parts = (self._keep_unsettled(part, oddities) for part in (rows[half:], rows[:half]))
                waiting += [part for part in parts if part]
        return results

    def _count_refusal(self, oddity: Oddity | None) -> None:
        self._refusals[oddity] += 1
        if oddity:
            self._refusals[oddity.name] += 1

    def _keep_unsettled(self, rows: Sequence[int], oddities: Sequence[Oddity | None]) -> list[int]:
        """Keep the rows of a refused batch whose oddity has not been refused often enough."""
        return [row for row in rows if not self._is_settled(oddities[row])]

    def _is_settled(self, oddity: Oddity | None) -> bool:
        if oddity is None:
            return self._refusals[None] >= _MOST_REFUSALS
        return self._refusals[oddity] > 0 or self._refusals[oddity.name] >= _MOST_FEATURES


def predict_rows(runtime: RecordRuntime, columns: Columns) -> list[RowPrediction] | None:
    """Predict each row; return None if the runtime refuses some of them."""
    try:
        return _list_predictions(runtime.predict(columns)) if columns[0] else []
    except NotPredictable:
        return None


def _list_predictions(outputs: Outputs) -> list[RowPrediction]:
    return [
        (tuple(v for v in output if not isinstance(v, float)), tuple(v for v in output if isinstance(v, float)))
        for output in outputs
    ]
