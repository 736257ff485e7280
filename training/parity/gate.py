"""The gate for exports: an export is kept only if it predicts as scikit-learn does, on rows made to find a difference.

Ordinary rows find little. Measured: an export in float32 that was right on every row of a table was 24 % off at
thresholds of trees, or 30 % off with a scaler before them. training.parity.probes makes the rows.
"""

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy

from function.model.contract import Columns
from training.parity.prober import REFUSED, NoPrediction, Prober, RecordRuntime, RowPrediction, RowResult, predict_rows
from training.parity.probes import Probe, ProbeData, make_probes

# The largest relative difference that an export may have. Numbers that are smaller than SMALLEST_SHARE of the largest
# number of the same rows are compared relatively to that share.
TOLERANCE = 1e-5
SMALLEST_SHARE = 1e-6


class PredictionsDiffer(Exception):
    """The export predicts otherwise than the reference; the text says on which rows, and by how much."""


class Gate:
    """All probes with the reference's predictions, which are computed once for all exports."""

    def __init__(self, reference: RecordRuntime, probe_data: ProbeData) -> None:
        self._remaining = _predict_probes(Prober(reference), probe_data)
        self._predicted: list[tuple[Probe, list[RowResult]]] = []

    def measure_error(self, candidate: RecordRuntime) -> float:
        """Return the largest relative difference to the reference on all probes; 0 means equal bits.

        Raises PredictionsDiffer if it is past TOLERANCE, or if labels or refusals differ.
        """
        return max(_compare(probe, results, candidate) for probe, results in self._iterate_probes())

    def _iterate_probes(self) -> Iterator[tuple[Probe, list[RowResult]]]:
        yield from self._predicted
        for predicted in self._remaining:
            self._predicted.append(predicted)
            yield predicted


def _predict_probes(prober: Prober, probe_data: ProbeData) -> Iterator[tuple[Probe, list[RowResult]]]:
    for probe in make_probes(prober, probe_data):
        yield probe, prober.predict(probe.columns, probe.oddities)


def _compare(probe: Probe, results: Sequence[RowResult], candidate: RecordRuntime) -> float:
    rows = [row for row, result in enumerate(results) if not isinstance(result, NoPrediction)]
    expected = [result for result in results if not isinstance(result, NoPrediction)]
    found = predict_rows(candidate, _select_rows(probe, rows))
    if found is None:
        raise PredictionsDiffer(f"on {probe.name}, it refuses some of {len(rows)} that scikit-learn predicts")
    for row, result in enumerate(results):
        if result is REFUSED and predict_rows(candidate, _select_rows(probe, [row])) is not None:
            raise PredictionsDiffer(f"on {probe.name}, it predicts some that scikit-learn refuses")
    count = sum(one[0] != other[0] for one, other in zip(expected, found, strict=True))
    if count:
        raise PredictionsDiffer(f"on {probe.name}, it predicts another class for {count} of {len(expected)}")
    error = _find_largest_error(expected, found)
    if error > TOLERANCE:
        size = f"{error:.1%}" if error > 1e-3 else f"{error:.1e} of their value"
        raise PredictionsDiffer(f"on {probe.name}, its predictions differ by up to {size}")
    return error


def _select_rows(probe: Probe, rows: Sequence[int]) -> Columns:
    return [[column[row] for row in rows] for column in probe.columns]


def _find_largest_error(expected: Sequence[RowPrediction], found: Sequence[RowPrediction]) -> float:
    floor = SMALLEST_SHARE * max(
        (abs(number) for prediction in expected for number in prediction[1] if isfinite(number)), default=0.0
    )
    pairs = ((a, b) for one, other in zip(expected, found, strict=True) for a, b in zip(one[1], other[1], strict=True))
    return max((_compute_error(a, b, floor) for a, b in pairs), default=0.0)


def _compute_error(expected: float, found: float, floor: float) -> float:
    if expected == found or not (isfinite(expected) or isfinite(found)):
        return 0.0
    return abs(expected - found) / max(abs(expected), floor) if isfinite(expected) and isfinite(found) else numpy.inf
