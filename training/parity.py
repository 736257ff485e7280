"""The gate for exports: one is kept only if it answers as scikit-learn does, on rows made to find a difference.

Ordinary rows find little. Measured: an export in float32 that is right on every row of a table is 24 % off at
thresholds of trees, or 30 % off where a scaler stands before them. So values go to thresholds and right beside them, to
the ends of what training saw and past what float32 holds; texts to ones that nobody saw. Last, and blind to how the
estimator is built, pairs of rows that are predicted differently are brought together until they differ in one bit of
one number.
"""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy

from function.contract import NUMBER, TEXTS, Columns, Feature, Value
from function.model import NotPredictable, Outputs, Runtime
from training.estimators import SEED

# Numbers within this, relatively; below LEAST of the largest number of the same rows, that is what counts.
TOLERANCE = 1e-5
LEAST = 1e-6

_SAMPLED = 1_000
_AT_THRESHOLDS = 300
_ODD = 20
_PAIRS = 256
_HALVINGS = 70  # as many as bring any two floats of ordinary size together
_HUGE = (1e39, -1e39, 1.7e308, -1.7e308)
_UNSEEN = ("never seen ✗", "", " ", "\t", "NaN", "None", "null", "true", "0", "1.0", "01", "1e3")
_MIXED = 64

type Places = dict[int, list[float]]
"""Thresholds in terms of the input, by the place of their feature."""

type Answer = tuple[Any, tuple[float, ...]]


class Differs(Exception):
    """The export answers otherwise; the text is a sentence that says on which rows, and by how much."""


class Probe(NamedTuple):
    """Rows, and what they are called."""

    kind: str
    columns: Columns


class Material(NamedTuple):
    """What probes are made of: columns that the contract has checked, and thresholds by feature."""

    features: Sequence[Feature]
    golden: Columns
    data: Columns
    places: Places


def largest_error(reference: Runtime, candidate: Runtime, material: Material) -> float:
    """The largest relative difference between the two on every probe; 0 means equal bits. Raises Differs."""
    found = 0.0
    for probe in probes(reference, material):
        found = max(found, _compared(probe, answers(reference, probe.columns), answers(candidate, probe.columns)))
    return found


def probes(reference: Runtime, material: Material) -> Iterator[Probe]:
    """The rows of the gate; which they are depends on nothing but the arguments."""
    features, golden, data, places = material
    generator = numpy.random.default_rng(SEED)
    count = len(data[0])
    drawn = generator.permutation(count)[:_SAMPLED].tolist()
    sample = [[column[row] for row in drawn] for column in data]
    yield Probe("the golden rows", golden)
    yield Probe("rows of the data", sample)
    for kind, values in (
        ("rows at thresholds", _thresholds(places, generator)),
        ("rows at the ends of what training saw", _ends(features)),
        ("rows with numbers past float32", [(f, value) for f in _numbers(features) for value in _HUGE]),
        ("rows with texts that training never saw", [(f, text) for f in _texts(features) for text in _UNSEEN]),
        ("rows with nulls", [(f, None) for f, feature in enumerate(features) if feature.nullable for _ in range(_ODD)]),
    ):
        if values:
            yield Probe(kind, _placed(sample, values, generator))
    if _texts(features):
        yield Probe("rows with odd texts and nulls together", _together(sample, features, generator))
    pairs = _brought_together(reference, sample, features, generator)
    if pairs[0]:
        yield Probe("rows where the prediction jumps", pairs)


def _numbers(features: Sequence[Feature]) -> list[int]:
    return [place for place, feature in enumerate(features) if feature.type == NUMBER]


def _texts(features: Sequence[Feature]) -> list[int]:
    return [place for place, feature in enumerate(features) if feature.type in TEXTS]


def _thresholds(places: Places, generator: Any) -> list[tuple[int, float]]:
    """Thresholds, and the floats of either width on both sides of them."""
    every = [(feature, value) for feature, values in places.items() for value in values]
    chosen = [every[at] for at in generator.permutation(len(every))[:_AT_THRESHOLDS].tolist()]
    return [(feature, value) for feature, threshold in chosen for value in _around(threshold)]


def _around(threshold: float) -> list[float]:
    single = numpy.float32(threshold)
    both = (-numpy.inf, numpy.inf)
    doubles = [numpy.nextafter(threshold, end) for end in both]
    singles = [single, *(numpy.nextafter(single, numpy.float32(end)) for end in both)]
    middles = [(float(single) + float(other)) / 2 for other in singles[1:]]  # where rounding to float32 turns
    return [float(value) for value in (threshold, *doubles, *singles, *middles) if numpy.isfinite(value)]


def _ends(features: Sequence[Feature]) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    for place in _numbers(features):
        low, high = features[place].minimum, features[place].maximum
        if low is not None and high is not None:
            far = (high - low) or 1.0
            found += [(place, float(value)) for value in (low, high, low - far, high + far, 0.0, -0.0)]
    return found


def _placed(sample: Columns, values: Sequence[tuple[int, Any]], generator: Any) -> Columns:
    """A row of the sample for each of the values, with it in its feature's place."""
    rows = generator.integers(len(sample[0]), size=len(values)).tolist()
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for row, (feature, value) in enumerate(values):
        columns[feature][row] = value
    return columns


def _together(sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Rows whose texts are all the same odd one, or all null, and rows of a mixture of these and the sample's."""
    odd: list[Value] = [*_UNSEEN, None]
    rows = generator.integers(len(sample[0]), size=len(odd) + _MIXED).tolist()
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for feature in _texts(features):
        for row in range(len(rows)):
            value = odd[row] if row < len(odd) else odd[int(generator.integers(len(odd)))]
            is_kept = row >= len(odd) and generator.integers(2)
            if not is_kept and (value is not None or features[feature].nullable):
                columns[feature][row] = value
    return columns


def _brought_together(reference: Runtime, sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Both ends of pairs that differ in one number, by as little as floats can, and yet in the prediction."""
    pairs = _pairs(sample, features, generator)
    if not pairs:
        return [[] for _ in sample]
    rows = [row for row, *_ in pairs]
    base: Columns = [[column[row] for row in rows] for column in sample]
    low, high = [p[2] for p in pairs], [p[3] for p in pairs]

    def asked(values: Sequence[float]) -> list[Answer | None]:
        columns = [list(column) for column in base]
        for at, ((_, feature, *_), value) in enumerate(zip(pairs, values, strict=True)):
            columns[feature][at] = value
        return answers(reference, columns)

    first, last = asked(low), asked(high)
    for _ in range(_HALVINGS):
        middle = [a / 2 + b / 2 for a, b in zip(low, high, strict=True)]
        found = asked(middle)
        low = [m if f == a else v for v, m, f, a in zip(low, middle, found, first, strict=True)]
        high = [v if f == a else m for v, m, f, a in zip(high, middle, found, first, strict=True)]
    kept = [at for at, (one, other) in enumerate(zip(first, last, strict=True)) if one != other]
    return _both_ends(base, [(pairs[at][1], low[at], high[at]) for at in kept], kept)


def _pairs(sample: Columns, features: Sequence[Feature], generator: Any) -> list[tuple[int, int, float, float]]:
    """Row, feature, and two values for it that the sample holds."""
    numbers, count = _numbers(features), len(sample[0])
    found: list[tuple[int, int, float, float]] = []
    for _ in range(_PAIRS if numbers else 0):
        feature = numbers[int(generator.integers(len(numbers)))]
        row, one, other = generator.integers(count, size=3).tolist()
        low, high = sample[feature][one], sample[feature][other]
        if isinstance(low, float) and isinstance(high, float) and low != high:
            found.append((row, feature, low, high))
    return found


def _both_ends(base: Columns, ends: Sequence[tuple[int, float, float]], kept: Sequence[int]) -> Columns:
    columns: Columns = [[column[at] for at in kept for _ in range(2)] for column in base]
    for at, (feature, low, high) in enumerate(ends):
        columns[feature][2 * at : 2 * at + 2] = [low, high]
    return columns


def answers(runtime: Runtime, columns: Columns) -> list[Answer | None]:
    """The label (None for a regression) and the numbers of each row; None for one that the runtime refuses."""
    count = len(columns[0])
    try:
        return _rows(runtime.predict(columns)) if count else []
    except NotPredictable:
        if count == 1:
            return [None]
    half = count // 2
    first, second = ([column[part] for column in columns] for part in (slice(half), slice(half, None)))
    return answers(runtime, first) + answers(runtime, second)


def _rows(outputs: Outputs) -> list[Answer | None]:
    if outputs.probabilities is not None:
        return [(v, tuple(row)) for v, row in zip(outputs.values, outputs.probabilities, strict=True)]
    return [(None, (value,)) if isinstance(value, float) else (value, ()) for value in outputs.values]


def _compared(probe: Probe, expected: Sequence[Answer | None], found: Sequence[Answer | None]) -> float:
    """The largest relative difference of these rows. Raises Differs."""
    numbers = [abs(number) for answer in expected if answer for number in answer[1] if isfinite(number)]
    floor = LEAST * max(numbers, default=0.0)
    refused = sum((one is None) != (other is None) for one, other in zip(expected, found, strict=True))
    if refused:
        raise Differs(f"{probe.kind}: {refused} of {len(expected)} are refused by one and answered by the other")
    pairs = [(one, other) for one, other in zip(expected, found, strict=True) if one is not None and other is not None]
    labels = sum(one[0] != other[0] for one, other in pairs)
    if labels:
        raise Differs(f"{probe.kind}: another class in {labels} of {len(expected)}")
    largest = max((_difference(a, b, floor) for o, p in pairs for a, b in zip(o[1], p[1], strict=True)), default=0.0)
    if largest > TOLERANCE:
        raise Differs(
            f"{probe.kind}: up to {largest:.1%} off" if largest > 1e-3 else f"{probe.kind}: {largest:.1e} off"
        )
    return largest


def _difference(expected: float, found: float, floor: float) -> float:
    if expected == found or not (isfinite(expected) or isfinite(found)):
        return 0.0
    return abs(expected - found) / max(abs(expected), floor) if isfinite(expected) and isfinite(found) else numpy.inf
