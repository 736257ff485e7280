"""Make rows on which an export may predict otherwise than scikit-learn.

Numbers are moved to thresholds and to the floats beside them, to the ends of the range of training, and past what
float32 holds; texts are replaced by unknown ones. The last rows are pairs between which the prediction jumps, and are
found without knowing how the estimator works.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import NUMBER, TEXTS, Columns, Feature, Value
from training.estimators.default_forest import SEED
from training.parity.jumps import find_jumps
from training.parity.prober import Oddity, Prober

_SAMPLE_ROWS = 1_000
_MOST_THRESHOLDS = 300
_NULL_ROWS = 20
_HUGE_NUMBERS = (1e39, -1e39, 1.7e308, -1.7e308)
_UNSEEN_TEXTS = ("never seen ✗", "", " ", "\t", "NaN", "None", "null", "true", "0", "1.0", "01", "1e3")
_MIXED_ROWS = 32
type Thresholds = dict[int, list[float]]
"""Thresholds of trees by the position of their feature, in the unit of the input."""


class Probe(NamedTuple):
    """Rows, a name for them, and the oddity in each. A runtime refuses rows of one oddity for one reason."""

    name: str
    columns: Columns
    oddities: Sequence[Oddity | None]


class ProbeData(NamedTuple):
    """What probes are made from: columns of golden rows and of the table, checked by the contract, and thresholds."""

    features: Sequence[Feature]
    golden: Columns
    data: Columns
    thresholds: Thresholds


def make_probes(prober: Prober, probe_data: ProbeData) -> Iterator[Probe]:
    """Make the probes; the same arguments give the same rows."""
    features, golden, data, thresholds = probe_data
    generator = numpy.random.default_rng(SEED)
    count = len(data[0])
    drawn = generator.permutation(count)[:_SAMPLE_ROWS].tolist()
    sample = [[column[row] for row in drawn] for column in data]
    yield Probe("the golden rows", golden, [None] * len(golden[0]))
    yield Probe("rows of the data", sample, [None] * len(drawn))
    for name, values in (
        ("rows at thresholds", _choose_thresholds(thresholds, generator)),
        ("rows at the ends of the range of training", _list_range_ends(features)),
        ("rows with numbers past float32", [(f, value) for f in _list_numbers(features) for value in _HUGE_NUMBERS]),
        (
            "rows with texts that training did not have",
            [(f, text) for f in _list_texts(features) for text in _UNSEEN_TEXTS],
        ),
        (
            "rows with nulls",
            [(f, None) for f, feature in enumerate(features) if feature.nullable for _ in range(_NULL_ROWS)],
        ),
    ):
        if values:
            oddities = [_make_oddity(name, *value) for value in values]
            yield Probe(name, _insert_values(sample, values, generator), oddities)
    if _list_texts(features):
        mixed = _mix_odd_texts(sample, features, generator)
        yield Probe("rows with unknown texts and nulls together", mixed, [None] * len(mixed[0]))
    jumps = find_jumps(prober, sample, features, generator)
    if jumps[0]:
        yield Probe(
            "rows where the prediction jumps", jumps, [Oddity(f"jump {row}", 0) for row in range(len(jumps[0]))]
        )


def _make_oddity(name: str, feature: int, value: Any) -> Oddity:
    # A runtime may refuse some texts and not others, but refuses a feature's numbers of one probe all or none.
    return Oddity(f"text {value}" if isinstance(value, str) else name, feature)


def _list_numbers(features: Sequence[Feature]) -> list[int]:
    return [index for index, feature in enumerate(features) if feature.type == NUMBER]


def _list_texts(features: Sequence[Feature]) -> list[int]:
    return [index for index, feature in enumerate(features) if feature.type in TEXTS]


def _choose_thresholds(thresholds: Thresholds, generator: Any) -> list[tuple[int, float]]:
    """Choose thresholds, with the neighbouring float64 and float32 on both sides of each."""
    every = [(feature, value) for feature, values in thresholds.items() for value in values]
    chosen = [every[index] for index in generator.permutation(len(every))[:_MOST_THRESHOLDS].tolist()]
    return [(feature, value) for feature, threshold in chosen for value in _list_neighbours(threshold)]


def _list_neighbours(threshold: float) -> list[float]:
    single = numpy.float32(threshold)
    directions = (-numpy.inf, numpy.inf)
    doubles = [numpy.nextafter(threshold, end) for end in directions]
    singles = [single, *(numpy.nextafter(single, numpy.float32(end)) for end in directions)]
    middles = [(float(single) + float(other)) / 2 for other in singles[1:]]  # rounding to float32 changes there
    return [float(value) for value in (threshold, *doubles, *singles, *middles) if numpy.isfinite(value)]


def _list_range_ends(features: Sequence[Feature]) -> list[tuple[int, Any]]:
    by_feature: list[list[tuple[int, float]]] = []
    for index in _list_numbers(features):
        low, high = features[index].minimum, features[index].maximum
        if low is not None and high is not None:
            width = (high - low) or 1.0
            by_feature.append([(index, float(value)) for value in (low, high, 0.0, -0.0, low - width, high + width)])
    # Values that an encoder may refuse come last, because rows after a refusal are skipped.
    return [value for values in zip(*by_feature, strict=True) for value in values]


def _insert_values(sample: Columns, values: Sequence[tuple[int, Any]], generator: Any) -> Columns:
    """Copy a row of the sample for each value, and insert the value for its feature."""
    rows = generator.integers(len(sample[0]), size=len(values)).tolist()
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for row, (feature, value) in enumerate(values):
        columns[feature][row] = value
    return columns


def _mix_odd_texts(sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Make rows with the same unknown text, or null, in all text features; and rows that mix these with known texts."""
    odd: list[Value] = [*_UNSEEN_TEXTS, None]
    rows = generator.integers(len(sample[0]), size=len(odd) + _MIXED_ROWS).tolist()
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for feature in _list_texts(features):
        for row in range(len(rows)):
            value = odd[row] if row < len(odd) else odd[int(generator.integers(len(odd)))]
            is_kept = row >= len(odd) and generator.integers(2)
            if not is_kept and (value is not None or features[feature].nullable):
                columns[feature][row] = value
    return columns
