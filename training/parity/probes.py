"""Make rows on which an export may differ from scikit-learn."""

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
"""Thresholds in terms of the input, by the place of their feature."""


class Probe(NamedTuple):
    """Rows, what they are called, and what is odd in each: rows with the same oddity are refused together."""

    kind: str
    columns: Columns
    oddities: Sequence[Oddity | None]


class ProbeData(NamedTuple):
    """What probes are made of: columns that the contract has checked, and thresholds by feature."""

    features: Sequence[Feature]
    golden: Columns
    data: Columns
    places: Thresholds


def make_probes(prober: Prober, material: ProbeData) -> Iterator[Probe]:
    """The rows of the gate; which they are depends on nothing but the arguments."""
    features, golden, data, places = material
    generator = numpy.random.default_rng(SEED)
    count = len(data[0])
    drawn = generator.permutation(count)[:_SAMPLE_ROWS].tolist()
    sample = [[column[row] for row in drawn] for column in data]
    yield Probe("the golden rows", golden, [None] * len(golden[0]))
    yield Probe("rows of the data", sample, [None] * len(drawn))
    for kind, values in (
        ("rows at thresholds", _choose_thresholds(places, generator)),
        ("rows at the ends of what training saw", _list_range_ends(features)),
        ("rows with numbers past float32", [(f, value) for f in _list_numbers(features) for value in _HUGE_NUMBERS]),
        (
            "rows with texts that training never saw",
            [(f, text) for f in _list_texts(features) for text in _UNSEEN_TEXTS],
        ),
        (
            "rows with nulls",
            [(f, None) for f, feature in enumerate(features) if feature.nullable for _ in range(_NULL_ROWS)],
        ),
    ):
        if values:
            yield Probe(
                kind, _insert_values(sample, values, generator), [_make_oddity(kind, *value) for value in values]
            )
    if _list_texts(features):
        together = _mix_odd_texts(sample, features, generator)
        yield Probe("rows with odd texts and nulls together", together, [None] * len(together[0]))
    jumps = find_jumps(prober, sample, features, generator)
    if jumps[0]:
        yield Probe(
            "rows where the prediction jumps", jumps, [Oddity(f"jump {row}", 0) for row in range(len(jumps[0]))]
        )


def _make_oddity(kind: str, feature: int, value: Any) -> Oddity:
    """Texts are refused one by one, a feature's numbers of one kind for one reason."""
    return Oddity(f"text {value}" if isinstance(value, str) else kind, feature)


def _list_numbers(features: Sequence[Feature]) -> list[int]:
    return [place for place, feature in enumerate(features) if feature.type == NUMBER]


def _list_texts(features: Sequence[Feature]) -> list[int]:
    return [place for place, feature in enumerate(features) if feature.type in TEXTS]


def _choose_thresholds(places: Thresholds, generator: Any) -> list[tuple[int, float]]:
    """Thresholds, and the floats of either width on both sides of them."""
    every = [(feature, value) for feature, values in places.items() for value in values]
    chosen = [every[at] for at in generator.permutation(len(every))[:_MOST_THRESHOLDS].tolist()]
    return [(feature, value) for feature, threshold in chosen for value in _list_neighbours(threshold)]


def _list_neighbours(threshold: float) -> list[float]:
    single = numpy.float32(threshold)
    both = (-numpy.inf, numpy.inf)
    doubles = [numpy.nextafter(threshold, end) for end in both]
    singles = [single, *(numpy.nextafter(single, numpy.float32(end)) for end in both)]
    middles = [(float(single) + float(other)) / 2 for other in singles[1:]]  # where rounding to float32 turns
    return [float(value) for value in (threshold, *doubles, *singles, *middles) if numpy.isfinite(value)]


def _list_range_ends(features: Sequence[Feature]) -> list[tuple[int, Any]]:
    found: list[list[tuple[int, float]]] = []
    for place in _list_numbers(features):
        low, high = features[place].minimum, features[place].maximum
        if low is not None and high is not None:
            far = (high - low) or 1.0
            found.append([(place, float(value)) for value in (low, high, 0.0, -0.0, low - far, high + far)])
    # What an encoder refuses stands last, for all features: what is refused first keeps the rest from being asked.
    return [value for values in zip(*found, strict=True) for value in values]


def _insert_values(sample: Columns, values: Sequence[tuple[int, Any]], generator: Any) -> Columns:
    """A row of the sample for each of the values, with it in its feature's place."""
    rows = generator.integers(len(sample[0]), size=len(values)).tolist()
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for row, (feature, value) in enumerate(values):
        columns[feature][row] = value
    return columns


def _mix_odd_texts(sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Rows whose texts are all the same odd one, or all null, and rows of a mixture of these and the sample's."""
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
