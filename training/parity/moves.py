"""Tell whether a row's other prediction is the reference's own for a row beside it.

Where an estimator computes sums whose last bits depend on the number of rows (BLAS), and then decides by them, a row
exactly at such a decision has two right answers: the estimator gives the one alone and the other in a table.
"""

from collections.abc import Iterator, Sequence
from itertools import batched
from math import copysign, inf, isfinite, nextafter

import numpy

from function.model.contract import NUMBER, Columns, Feature, Value
from function.model.dtypes import NARROW
from training.parity.comparison import Difference, compute_error
from training.parity.prober import NoPrediction, Oddity, Prober, RecordRuntime, RowPrediction

# Numbers are moved to the next float, and by these shares of themselves.
_SHARES = (0.0, 1e-14, 1e-12)
_NARROW_SHARES = (1e-7, 3e-7, 1e-6)
_PATTERNS = 12  # of directions, drawn at random, in which all numbers are moved together
_ROWS_TOGETHER = 4_096
_FEWEST_SCATTERED = 12
# Probabilities that are as near as this are a tie: the last bits choose the class.
_TIE = 1e-12

type Move = dict[int, tuple[float, int]]
"""By the position of a feature, the direction (from -1 to 1) in which its numbers are moved, and the size's place."""


class Mover:
    """Asks the reference for rows beside given ones."""

    def __init__(self, reference: RecordRuntime, features: Sequence[Feature]) -> None:
        self._prober = Prober(reference)
        self._features = features

    def leave_out_moved(
        self, columns: Columns, differences: Sequence[Difference], tolerance: float
    ) -> list[Difference]:
        """Return the differences that are no prediction of the reference for a row beside theirs, and no tie."""
        left = [difference for difference in differences if not _is_tie(difference, tolerance)]
        numbers = [place for place, feature in enumerate(self._features) if feature.type == NUMBER]
        moves = list(_list_moves(numbers)) if numbers else []
        seen: dict[int, list[RowPrediction]] = {difference.row: [] for difference in left}
        while moves and left:
            together = max(1, _ROWS_TOGETHER // len(left))
            chosen, moves = moves[:together], moves[together:]
            for difference, answers in zip(left, self._predict_moved(columns, left, chosen), strict=True):
                seen[difference.row] += answers
            left = [each for each in left if not _is_among(each, seen[each.row], tolerance)]
        return [each for each in left if not _is_scattered_around(each, seen[each.row], tolerance)]

    def _predict_moved(
        self, columns: Columns, differences: Sequence[Difference], moves: Sequence[Move]
    ) -> list[list[RowPrediction]]:
        """Return the reference's predictions of each row with each move, as far as it predicts them."""
        rows = [difference.row for difference in differences for _ in moves]
        moved: Columns = [[column[row] for row in rows] for column in columns]
        for number, move in enumerate(list(moves) * len(differences)):
            for place, (direction, size) in move.items():
                moved[place][number] = _move(moved[place][number], direction, size, self._features[place].dtype)
        oddities = [Oddity("moved", next(iter(move)) if len(move) == 1 else -1) for move in moves] * len(differences)
        results = self._prober.predict(moved, oddities)
        return [
            [answer for answer in answers if not isinstance(answer, NoPrediction)]
            for answers in batched(results, len(moves), strict=True)
        ]


def _is_among(difference: Difference, answers: Sequence[RowPrediction], tolerance: float) -> bool:
    found, floor = difference.found, difference.floor
    return any(answer[0] == found[0] and compute_error(answer, found, floor) <= tolerance for answer in answers)


def _is_scattered_around(difference: Difference, answers: Sequence[RowPrediction], tolerance: float) -> bool:
    """Tell whether the answers are many different ones, so that the last bits decide everything, and the row's is as
    near to its own as they are.

    For a row of huge numbers, the cosine of a sum is any number.
    """
    apart = {answer for answer in answers if compute_error(answer, difference.expected, difference.floor) > tolerance}
    if len(apart) < _FEWEST_SCATTERED or difference.found[0] not in {answer[0] for answer in answers}:
        return False
    ranges = [(min(numbers), max(numbers)) for numbers in zip(*(answer[1] for answer in apart), strict=True)]
    return all(
        low - (high - low) / 2 <= number <= high + (high - low) / 2
        for number, (low, high) in zip(difference.found[1], ranges, strict=True)
    )


def _list_moves(numbers: Sequence[int]) -> Iterator[Move]:
    """List moves: all numbers together, up, down and in mixed directions, then each number alone."""
    generator = numpy.random.default_rng(0)
    patterns = [[1.0] * len(numbers), [-1.0] * len(numbers)]
    patterns += generator.uniform(-1.0, 1.0, (_PATTERNS, len(numbers))).tolist()
    for size in range(len(_SHARES)):
        for pattern in patterns:
            yield {place: (direction, size) for place, direction in zip(numbers, pattern, strict=True)}
    for place in numbers:
        for size in range(len(_SHARES)):
            yield from ({place: (direction, size)} for direction in (1.0, -1.0))


def _move(value: Value, direction: float, size: int, dtype: str) -> Value:
    """Move a number by a small share of itself; a null stays, and what would become infinite."""
    if not isinstance(value, float):
        return value
    share = (_NARROW_SHARES if dtype in NARROW else _SHARES)[size]
    moved = value + direction * share * abs(value) if share else nextafter(value, copysign(inf, direction))
    return moved if isfinite(moved) else value


def _is_tie(difference: Difference, tolerance: float) -> bool:
    """Tell whether only the class differs, of one target, and two classes have the largest probability."""
    shares = sorted(difference.expected[1])
    return (
        len(difference.expected[0]) == 1 < len(shares)
        and shares[-1] - shares[-2] <= _TIE
        and difference.error <= tolerance
    )
