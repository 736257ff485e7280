"""Make rows on which an export may predict otherwise than the estimator.

training.parity.values chooses values; each is inserted into a row of the sample. The last rows are pairs between which
the prediction jumps, and are found without knowing how the estimator works.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import Columns, Feature, Value
from training.compile.thresholds import ByFeature
from training.estimators.default_forest import SEED
from training.parity import values
from training.parity.jumps import find_jumps
from training.parity.prober import Oddity, Prober

_SAMPLE_ROWS = 1_000
_MIXED_ROWS = 32
_TINY, _LARGE, _HUGE = (
    "rows with tiny numbers",
    "rows with large whole numbers",
    "rows with numbers past float32",
)
_EXTREME = (_TINY, _LARGE, _HUGE)
_SPELLINGS = "rows with other spellings of texts"


class Probe(NamedTuple):
    """Rows, a name for them, and the oddity in each. A runtime refuses rows of one oddity for one reason.

    `is_extreme`: the rows are where the prediction jumps, or hold numbers that no one has.
    """

    name: str
    columns: Columns
    oddities: Sequence[Oddity | None]
    is_golden: bool = False
    is_extreme: bool = False


class ProbeData(NamedTuple):
    """What probes are made from: columns of golden rows and of the table, checked by the contract.

    `thresholds` and `categories` are numbers at which the estimator decides, as far as they are known.
    """

    features: Sequence[Feature]
    golden: Columns
    data: Columns
    thresholds: ByFeature = {}  # noqa: RUF012
    categories: ByFeature = {}  # noqa: RUF012


def make_probes(prober: Prober, probe_data: ProbeData) -> Iterator[Probe]:
    """Make the probes; the same arguments give the same rows."""
    features, golden, data, thresholds, categories = probe_data
    generator = numpy.random.default_rng(SEED)
    count = len(data[0])
    drawn = generator.permutation(count)[:_SAMPLE_ROWS].tolist()
    sample = [[column[row] for row in drawn] for column in data]
    yield Probe("the golden rows", golden, [None] * len(golden[0]), is_golden=True)
    yield Probe("rows of the data", sample, [None] * len(drawn))
    at_thresholds = values.choose_thresholds(thresholds, features, generator)
    if at_thresholds:
        yield _insert_each("rows at thresholds", at_thresholds, sample, generator)._replace(is_extreme=True)
    for name, chosen in (
        ("rows with each category", values.list_categories(features, data, categories)),
        ("rows with numbers beside categories", values.list_beside_categories(features, categories)),
        ("rows with true and false", values.list_booleans(features)),
        ("rows at the ends of the range of training", values.list_range_ends(features)),
        (_TINY, values.list_numbers(features, values.TINY)),
        (_LARGE, values.list_numbers(features, values.LARGE_WHOLE)),
        (_HUGE, values.list_numbers(features, values.HUGE)),
        ("rows with texts that training did not have", values.list_unseen_texts(features)),
        ("rows with odd texts", values.list_odd_texts(features)),
        (_SPELLINGS, values.list_other_spellings(features, data)),
        ("rows with nulls", values.list_nulls(features)),
    ):
        if chosen:
            yield _insert_each(name, chosen, sample, generator)._replace(is_extreme=name in _EXTREME)
    for name, mixed in (
        ("rows with unknown texts and nulls together", _mix_odd_texts(sample, features, generator)),
        ("rows with several nulls", _mix_nulls(sample, features, generator)),
    ):
        if mixed and mixed[0]:
            yield Probe(name, mixed, [None] * len(mixed[0]))
    jumps = find_jumps(prober, sample, features, generator)
    for name, columns in (
        ("rows where the prediction jumps", jumps.pairs),
        ("rows beside those where it jumps", jumps.beside),
    ):
        if columns[0]:
            oddities = [Oddity(f"{name} {row}", 0) for row in range(len(columns[0]))]
            yield Probe(name, columns, oddities, is_extreme=True)


def _insert_each(name: str, chosen: Sequence[tuple[int, Value]], sample: Columns, generator: Any) -> Probe:
    """Copy a row of the sample for each value, and insert the value for its feature."""
    rows = generator.integers(len(sample[0]), size=len(chosen)).tolist()
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for row, (feature, value) in enumerate(chosen):
        columns[feature][row] = value
    return Probe(name, columns, [_make_oddity(name, *value) for value in chosen])


def _make_oddity(name: str, feature: int, value: Value) -> Oddity:
    # A runtime may refuse some texts and not others, but refuses a feature's numbers of one probe all or none, and so
    # other spellings, which are many.
    return Oddity(f"text {value}" if isinstance(value, str) and name != _SPELLINGS else name, feature)


def _mix_odd_texts(sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Make rows with the same unknown text, or null, in all text features; and rows that mix these with known texts."""
    texts = values.list_text_features(features)
    odd: list[Value] = [*values.UNSEEN_TEXTS, None]
    rows = generator.integers(len(sample[0]), size=len(odd) + _MIXED_ROWS).tolist() if texts else []
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for feature in texts:
        for row in range(len(rows)):
            value = odd[row] if row < len(odd) else odd[int(generator.integers(len(odd)))]
            is_kept = row >= len(odd) and generator.integers(2)
            if not is_kept and (value is not None or features[feature].nullable):
                columns[feature][row] = value
    return columns


def _mix_nulls(sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Make a row with nulls in all features that may have them, and rows with nulls in some of them."""
    nullable = [place for place, feature in enumerate(features) if feature.nullable]
    rows = generator.integers(len(sample[0]), size=1 + _MIXED_ROWS).tolist() if len(nullable) > 1 else []
    columns: Columns = [[column[row] for row in rows] for column in sample]
    for feature in nullable:
        for row in range(len(rows)):
            if row == 0 or generator.integers(2):
                columns[feature][row] = None
    return columns
