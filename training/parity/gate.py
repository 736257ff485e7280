"""The gate for exports: an export is kept only if it predicts as the estimator does, on rows made to find a difference.

Ordinary rows find little. Measured: an export in float32 that was right on every row of a table was 24 % off at
thresholds of trees, or 30 % off with a scaler before them. training.parity.probes makes the rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from function.model.contract import Columns, Value
from training.parity.comparison import Difference, compare_rows, format_differences
from training.parity.moves import Mover
from training.parity.prober import REFUSED, NoPrediction, Prober, RecordRuntime, RowResult, predict_rows
from training.parity.probes import Probe, ProbeData, make_probes

# Of ordinary rows, which have no extreme numbers and were not moved to where the prediction jumps, at most this share
# may be answered as the estimator answers a row beside them.
MOST_MOVED = 0.01
# Squares of numbers that are so many times those of the table leave few digits to what is added to them, and their sums
# may be infinite in one order only.
_FAR = 2.0**24


class PredictionsDiffer(Exception):
    """The export predicts otherwise than the reference; the text says on which rows, and by how much."""


class Demand(NamedTuple):
    """What the gate demands of a candidate.

    - `tolerance`: the largest relative error of a number; 0 demands equal bits
    - `smallest_share`: numbers that are smaller than this share of the largest number of the same rows are compared
      relatively to that share: where sums nearly cancel out, little of them is right
    - `may_be_moved`: whether the candidate may answer a row as the reference answers it with numbers moved by a
      relative 1e-12 or, where they are float32, by 1e-6. That is for estimators that decide by numbers which are not
      the same to the last bit: there, the estimator's own answer depends on the number of rows
    - `skips_far`: whether of rows with numbers past 2**24 times the largest of the table, or past 2**24, only refusals
      are compared. That is for estimators that decide by inexact numbers, which rounding decides there
    - `most_rows`: how many rows of a probe are compared, for a candidate that takes long; None for all
    """

    tolerance: float = 1e-5
    smallest_share: float = 1e-6
    may_be_moved: bool = False
    skips_far: bool = False
    most_rows: int | None = None


class Gate:
    """All probes with the reference's predictions, which are computed once for all candidates."""

    def __init__(self, reference: RecordRuntime, probe_data: ProbeData) -> None:
        self._remaining = _predict_probes(Prober(reference), probe_data)
        self._predicted: list[tuple[Probe, list[RowResult]]] = []
        self._mover = Mover(reference, probe_data.features)
        self._limits = [_FAR * max([1.0, *map(abs, _list_floats(column))]) for column in probe_data.data]

    def measure_error(self, candidate: RecordRuntime, demand: Demand = Demand()) -> float:  # noqa: B008
        """Return the largest relative difference to the reference on all probes; 0 means equal bits.

        Raises PredictionsDiffer if it is past the tolerance, or if labels or refusals differ.
        """
        largest, moved, ordinary = 0.0, 0, 0
        for probe, results in self._iterate_probes():
            rows = _choose_rows(len(results), demand.most_rows)
            error, moved_here = self._compare(
                _select_rows(probe, rows), [results[row] for row in rows], candidate, demand
            )
            largest = max(largest, error)
            if not probe.is_extreme:
                moved += moved_here
                ordinary += len(rows)
        if moved > MOST_MOVED * ordinary:
            raise PredictionsDiffer(
                f"it predicts {moved} of {ordinary} rows as the estimator predicts others, which differ by a relative "
                "1e-12"
            )
        return largest

    def _iterate_probes(self) -> Iterator[tuple[Probe, list[RowResult]]]:
        yield from self._predicted
        for predicted in self._remaining:
            self._predicted.append(predicted)
            yield predicted

    def _compare(
        self, probe: Probe, results: Sequence[RowResult], candidate: RecordRuntime, demand: Demand
    ) -> tuple[float, int]:
        """Return the largest error, and how many rows are answered as rows beside them. Raises PredictionsDiffer."""
        expected = {row: result for row, result in enumerate(results) if not isinstance(result, NoPrediction)}
        found = predict_rows(candidate, _select_columns(probe.columns, list(expected)))
        if found is None:
            raise PredictionsDiffer(f"on {probe.name}, it refuses some of {len(expected)} that the estimator predicts")
        for row, result in enumerate(results):
            if result is REFUSED and predict_rows(candidate, _select_columns(probe.columns, [row])) is not None:
                raise PredictionsDiffer(f"on {probe.name}, it predicts some that the estimator refuses")
        error, differences = compare_rows(expected, found, demand.tolerance, demand.smallest_share)
        if demand.skips_far:
            differences = [each for each in differences if not self._is_far(probe.columns, each.row)]
        unexplained = self._leave_out_moved(probe, differences, demand)
        if unexplained:
            raise PredictionsDiffer(f"on {probe.name}, {format_differences(unexplained, len(expected))}")
        return error, len(differences)

    def _is_far(self, columns: Columns, row: int) -> bool:
        pairs = zip(columns, self._limits, strict=True)
        return any(abs(value) > limit for column, limit in pairs for value in _list_floats(column[row : row + 1]))

    def _leave_out_moved(self, probe: Probe, differences: list[Difference], demand: Demand) -> list[Difference]:
        # The golden rows are compared again wherever the bundle is loaded.
        if not differences or not demand.may_be_moved or probe.is_golden:
            return differences
        return self._mover.leave_out_moved(probe.columns, differences, demand.tolerance)


def _list_floats(column: Sequence[Value]) -> list[float]:
    return [value for value in column if isinstance(value, float)]


def _predict_probes(prober: Prober, probe_data: ProbeData) -> Iterator[tuple[Probe, list[RowResult]]]:
    for probe in make_probes(prober, probe_data):
        yield probe, prober.predict(probe.columns, probe.oddities)


def _choose_rows(count: int, most: int | None) -> list[int]:
    """Choose at most so many rows of `count`, spread evenly."""
    if most is None or count <= most:
        return list(range(count))
    return [row * count // most for row in range(most)]


def _select_rows(probe: Probe, rows: Sequence[int]) -> Probe:
    oddities = [probe.oddities[row] for row in rows]
    return probe._replace(columns=_select_columns(probe.columns, rows), oddities=oddities)


def _select_columns(columns: Columns, rows: Sequence[int]) -> Columns:
    return [[column[row] for row in rows] for column in columns]
