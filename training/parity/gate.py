"""The gate for exports: one is kept only if it answers as scikit-learn does, on rows made to find a difference.

Ordinary rows find little. Measured: an export in float32 that is right on every row of a table is 24 % off at
thresholds of trees, or 30 % off where a scaler stands before them. So values go to thresholds and right beside them, to
the ends of what training saw and past what float32 holds; texts to ones that nobody saw. Last, and blind to how the
estimator is built, pairs of rows that are predicted differently are brought together until they differ in one bit of
one number.
"""

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy

from function.model.contract import Columns
from training.parity.prober import REFUSED, NoPrediction, Prober, RecordRuntime, RowPrediction, RowResult, predict_rows
from training.parity.probes import Probe, ProbeData, make_probes

# Numbers within this, relatively; below LEAST of the largest number of the same rows, that is what counts.
TOLERANCE = 1e-5
SMALLEST_SHARE = 1e-6


class PredictionsDiffer(Exception):
    """The export answers otherwise; the text is a sentence that says on which rows, and by how much."""


class Gate:
    """All probes with the reference's replies, which are asked for once, however many exports are compared."""

    def __init__(self, reference: RecordRuntime, material: ProbeData) -> None:
        self._more = _predict_probes(Prober(reference), material)
        self._found: list[tuple[Probe, list[RowResult]]] = []

    def measure_error(self, candidate: RecordRuntime) -> float:
        """The largest relative difference to the reference on every probe; 0 means equal bits. Raises Differs."""
        return max(_compare(probe, replies, candidate) for probe, replies in self._iterate_probes())

    def _iterate_probes(self) -> Iterator[tuple[Probe, list[RowResult]]]:
        yield from self._found
        for found in self._more:
            self._found.append(found)
            yield found


def _predict_probes(prober: Prober, material: ProbeData) -> Iterator[tuple[Probe, list[RowResult]]]:
    for probe in make_probes(prober, material):
        yield probe, prober.predict(probe.columns, probe.oddities)


def _compare(probe: Probe, replies: Sequence[RowResult], candidate: RecordRuntime) -> float:
    """The largest relative difference of these rows. Raises Differs."""
    rows = [row for row, reply in enumerate(replies) if not isinstance(reply, NoPrediction)]
    expected = [reply for reply in replies if not isinstance(reply, NoPrediction)]
    found = predict_rows(candidate, _select_rows(probe, rows))
    if found is None:
        raise PredictionsDiffer(f"{probe.kind}: it refuses some of {len(rows)} that scikit-learn answers")
    for row, reply in enumerate(replies):
        if reply is REFUSED and predict_rows(candidate, _select_rows(probe, [row])) is not None:
            raise PredictionsDiffer(f"{probe.kind}: it answers some that scikit-learn refuses")
    labels = sum(one[0] != other[0] for one, other in zip(expected, found, strict=True))
    if labels:
        raise PredictionsDiffer(f"{probe.kind}: another class in {labels} of {len(expected)}")
    largest = _find_largest_error(expected, found)
    if largest > TOLERANCE:
        raise PredictionsDiffer(
            f"{probe.kind}: up to {largest:.1%} off" if largest > 1e-3 else f"{probe.kind}: {largest:.1e} off"
        )
    return largest


def _select_rows(probe: Probe, rows: Sequence[int]) -> Columns:
    return [[column[row] for row in rows] for column in probe.columns]


def _find_largest_error(expected: Sequence[RowPrediction], found: Sequence[RowPrediction]) -> float:
    floor = SMALLEST_SHARE * max(
        (abs(number) for answer in expected for number in answer[1] if isfinite(number)), default=0.0
    )
    pairs = ((a, b) for one, other in zip(expected, found, strict=True) for a, b in zip(one[1], other[1], strict=True))
    return max((_compute_error(a, b, floor) for a, b in pairs), default=0.0)


def _compute_error(expected: float, found: float, floor: float) -> float:
    if expected == found or not (isfinite(expected) or isfinite(found)):
        return 0.0
    return abs(expected - found) / max(abs(expected), floor) if isfinite(expected) and isfinite(found) else numpy.inf
