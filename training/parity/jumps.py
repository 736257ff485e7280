"""Finds where a prediction jumps, blind to how the estimator is built.

Pairs of rows that differ in one number and are predicted differently are brought together until they differ in one bit.
They are halved all at once, in as many calls as one pair takes. A pair whose middle the estimator refuses, as an
encoder refuses a number between two of its categories, would hold up all others: it leaves, and a few such pairs are
brought together by themselves.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.model.contract import NUMBER, Columns, Feature
from training.parity.prober import REFUSED, NoPrediction, Oddity, Prober, RowResult

_PAIRS = 256
_HALVINGS = 70  # as many as bring any two floats of ordinary size together
_MOST_EDGES = 2


class _Pair(NamedTuple):
    """Two values for the feature in that row of the sample, and what is answered at the first of them."""

    row: int
    feature: int
    low: float
    high: float
    reply: RowResult | None = None

    @property
    def middle(self) -> float:
        return self.low / 2 + self.high / 2

    @property
    def is_adjacent(self) -> bool:
        return self.middle in (self.low, self.high)

    def halve(self, reply: RowResult) -> "_Pair":
        return self._replace(low=self.middle) if reply == self.reply else self._replace(high=self.middle)


def find_jumps(prober: Prober, sample: Columns, features: Sequence[Feature], generator: Any) -> Columns:
    """Both ends of pairs that differ in one number, by as little as floats can, and yet in the prediction."""
    pairs, edges = _select_differing(prober, sample, _draw_pairs(sample, features, generator))
    found: list[_Pair] = []
    for _ in range(_HALVINGS):
        found += [pair for pair in pairs if pair.is_adjacent]
        pairs = [pair for pair in pairs if not pair.is_adjacent]
        replies = _predict_values(prober, sample, [(pair, pair.middle) for pair in pairs])
        edges += [p._replace(high=p.middle) for p, reply in zip(pairs, replies, strict=True) if reply is REFUSED]
        answered = [(p, reply) for p, reply in zip(pairs, replies, strict=True) if not isinstance(reply, NoPrediction)]
        pairs = [pair.halve(reply) for pair, reply in answered]
    first_of_feature = {pair.feature: pair for pair in reversed(edges)}
    alone = [_bisect(prober, sample, pair) for pair in list(first_of_feature.values())[:_MOST_EDGES]]
    return _insert_values(sample, [(pair, value) for pair in found + pairs + alone for value in (pair.low, pair.high)])


def _draw_pairs(sample: Columns, features: Sequence[Feature], generator: Any) -> list[_Pair]:
    """Pairs of values that the sample holds, for rows of it."""
    numbers = [place for place, feature in enumerate(features) if feature.type == NUMBER]
    count = len(sample[0])
    found: list[_Pair] = []
    for _ in range(_PAIRS if numbers else 0):
        feature = numbers[int(generator.integers(len(numbers)))]
        row, one, other = generator.integers(count, size=3).tolist()
        low, high = sample[feature][one], sample[feature][other]
        if isinstance(low, float) and isinstance(high, float) and low != high:
            found.append(_Pair(row, feature, low, high))
    return found


def _select_differing(prober: Prober, sample: Columns, pairs: Sequence[_Pair]) -> tuple[list[_Pair], list[_Pair]]:
    """The pairs whose ends are answered differently, and those of which one end is answered and one refused."""
    ends = _predict_values(prober, sample, [(pair, value) for pair in pairs for value in (pair.low, pair.high)])
    both: list[_Pair] = []
    edges: list[_Pair] = []
    for pair, low, high in zip(pairs, ends[::2], ends[1::2], strict=True):
        known = [reply for reply in (low, high) if not isinstance(reply, NoPrediction)]
        if len(known) == 2 and low != high:
            both.append(pair._replace(reply=low))
        elif len(known) == 1 and REFUSED in (low, high):
            edges.append(pair._replace(reply=low))
    return both, edges


def _predict_values(prober: Prober, sample: Columns, values: Sequence[tuple[_Pair, float]]) -> list[RowResult]:
    return prober.predict(_insert_values(sample, values), [Oddity("between", pair.feature) for pair, _ in values])


def _bisect(prober: Prober, sample: Columns, pair: _Pair) -> _Pair:
    for _ in range(_HALVINGS):
        if pair.is_adjacent:
            break
        (reply,) = prober.predict(_insert_values(sample, [(pair, pair.middle)]), [None])
        pair = pair.halve(reply)
    return pair


def _insert_values(sample: Columns, values: Sequence[tuple[_Pair, float]]) -> Columns:
    """The rows of the pairs, each with the value for its feature."""
    columns: Columns = [[column[pair.row] for pair, _ in values] for column in sample]
    for at, (pair, value) in enumerate(values):
        columns[pair.feature][at] = value
    return columns
