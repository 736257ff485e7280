"""Find where a prediction jumps, without knowing how the estimator works.

Pairs of rows that differ in one number and in the prediction are bisected until the numbers are adjacent floats. All
pairs are bisected together, in as many calls as one pair takes. A pair whose middle is refused (an encoder refuses
numbers between its categories) would cost calls for all others: it is taken out, and a few of those are bisected alone.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

from function.model.contract import NUMBER, Columns, Feature
from training.parity.prober import REFUSED, NoPrediction, Oddity, Prober, RowResult

_PAIRS = 256
_HALVINGS = 70  # enough for any two floats of ordinary size to become adjacent
_MOST_EDGES = 2
# Rows beside a jump are so far from it, relatively: past what the gate lets an estimator leave open.
_DISTANCES = (1e-11, 1e-5)


class _Pair(NamedTuple):
    """Two values of a feature for a row of the sample, and the result of the first of them."""

    row: int
    feature: int
    low: float
    high: float
    result: RowResult | None = None

    @property
    def middle(self) -> float:
        return self.low / 2 + self.high / 2

    @property
    def is_adjacent(self) -> bool:
        return self.middle in (self.low, self.high)

    def list_beside(self) -> list[float]:
        """List numbers at some distance from both, on their own sides."""
        side = 1.0 if self.high > self.low else -1.0
        return [
            number
            for distance in _DISTANCES
            for number in (self.low - side * distance * abs(self.low), self.high + side * distance * abs(self.high))
            if isfinite(number)
        ]

    def halve(self, result: RowResult) -> "_Pair":
        return self._replace(low=self.middle) if result == self.result else self._replace(high=self.middle)


class Jumps(NamedTuple):
    """Pairs of rows that differ in one number, which are adjacent floats, and in the prediction; rows beside them."""

    pairs: Columns
    beside: Columns


def find_jumps(prober: Prober, sample: Columns, features: Sequence[Feature], generator: Any) -> Jumps:
    """Find jumps between rows of the sample that differ in one number."""
    pairs, edges = _select_differing(prober, sample, _draw_pairs(sample, features, generator))
    adjacent: list[_Pair] = []
    for _ in range(_HALVINGS):
        adjacent += [pair for pair in pairs if pair.is_adjacent]
        pairs = [pair for pair in pairs if not pair.is_adjacent]
        results = list(zip(pairs, _predict_values(prober, sample, [(p, p.middle) for p in pairs]), strict=True))
        edges += [pair._replace(high=pair.middle) for pair, result in results if result is REFUSED]
        pairs = [pair.halve(result) for pair, result in results if not isinstance(result, NoPrediction)]
    first_of_feature = {pair.feature: pair for pair in reversed(edges)}
    alone = [_bisect(prober, sample, pair) for pair in list(first_of_feature.values())[:_MOST_EDGES]]
    found = adjacent + pairs + alone
    return Jumps(
        _insert_values(sample, [(pair, value) for pair in found for value in (pair.low, pair.high)]),
        _insert_values(sample, [(pair, value) for pair in found for value in pair.list_beside()]),
    )


def _draw_pairs(sample: Columns, features: Sequence[Feature], generator: Any) -> list[_Pair]:
    """Draw pairs of values of the same feature from the sample, and a row for each."""
    numbers = [index for index, feature in enumerate(features) if feature.type == NUMBER]
    count = len(sample[0])
    drawn: list[_Pair] = []
    for _ in range(_PAIRS if numbers else 0):
        feature = numbers[int(generator.integers(len(numbers)))]
        row, one, other = generator.integers(count, size=3).tolist()
        low, high = sample[feature][one], sample[feature][other]
        if isinstance(low, float) and isinstance(high, float) and low != high:
            drawn.append(_Pair(row, feature, low, high))
    return drawn


def _select_differing(prober: Prober, sample: Columns, pairs: Sequence[_Pair]) -> tuple[list[_Pair], list[_Pair]]:
    """Return the pairs with two different predictions, and those with one prediction and one refusal."""
    ends = _predict_values(prober, sample, [(pair, value) for pair in pairs for value in (pair.low, pair.high)])
    both: list[_Pair] = []
    edges: list[_Pair] = []
    for pair, low, high in zip(pairs, ends[::2], ends[1::2], strict=True):
        predictions = [result for result in (low, high) if not isinstance(result, NoPrediction)]
        if len(predictions) == 2 and low != high:
            both.append(pair._replace(result=low))
        elif len(predictions) == 1 and REFUSED in (low, high):
            edges.append(pair._replace(result=low))
    return both, edges


def _predict_values(prober: Prober, sample: Columns, values: Sequence[tuple[_Pair, float]]) -> list[RowResult]:
    return prober.predict(_insert_values(sample, values), [Oddity("between", pair.feature) for pair, _ in values])


def _bisect(prober: Prober, sample: Columns, pair: _Pair) -> _Pair:
    for _ in range(_HALVINGS):
        if pair.is_adjacent:
            break
        (result,) = prober.predict(_insert_values(sample, [(pair, pair.middle)]), [None])
        pair = pair.halve(result)
    return pair


def _insert_values(sample: Columns, values: Sequence[tuple[_Pair, float]]) -> Columns:
    """Copy the rows of the pairs, and insert the value for the pair's feature into each."""
    columns: Columns = [[column[pair.row] for pair, _ in values] for column in sample]
    for row, (pair, value) in enumerate(values):
        columns[pair.feature][row] = value
    return columns
