"""Compare predictions of the same rows, and say how they differ."""

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import NamedTuple

from training.parity.prober import RowPrediction


class Difference(NamedTuple):
    """A row that is predicted otherwise than expected; `floor` is the smallest number that others are compared with."""

    row: int
    expected: RowPrediction
    found: RowPrediction
    floor: float

    @property
    def expects_answer(self) -> bool:
        """Whether all numbers are finite; else there is no answer, whatever the others and the label are."""
        return all(map(isfinite, self.expected[1]))

    @property
    def has_other_label(self) -> bool:
        """Whether the class is another one."""
        return bool(self.expected[0] != self.found[0])

    @property
    def error(self) -> float:
        """The largest relative difference of the numbers."""
        return compute_error(self.expected, self.found, self.floor)


def compare_rows(
    expected: Mapping[int, RowPrediction], found: Sequence[RowPrediction], tolerance: float, smallest_share: float
) -> tuple[float, list[Difference]]:
    """Compare the predictions, `expected` by row and `found` in its order.

    Numbers that are smaller than this share of the largest number of these rows are compared relatively to that share.
    Returns the largest error within the tolerance, and the rows that are past it or have another label.
    """
    floor = smallest_share * max(
        (abs(number) for prediction in expected.values() for number in prediction[1] if isfinite(number)), default=0.0
    )
    pairs = [Difference(row, one, other, floor) for (row, one), other in zip(expected.items(), found, strict=True)]
    largest, differences = 0.0, []
    for pair in pairs:
        if pair.expected == pair.found or not (pair.expects_answer or all(map(isfinite, pair.found[1]))):
            continue
        error = pair.error
        if pair.has_other_label or not error <= tolerance:
            differences.append(pair)
        else:
            largest = max(largest, error)
    return largest, differences


def compute_error(expected: RowPrediction, found: RowPrediction, floor: float) -> float:
    """Return the largest relative difference of the numbers of two predictions."""
    return max((_compare_numbers(a, b, floor) for a, b in zip(expected[1], found[1], strict=True)), default=0.0)


def _compare_numbers(expected: float, found: float, floor: float) -> float:
    if expected == found:
        return 0.0
    size = max(abs(expected), floor)
    return abs(expected - found) / size if size and isfinite(expected) and isfinite(found) else inf


def format_differences(differences: Sequence[Difference], count: int) -> str:
    """Say in the end of a sentence how some of `count` rows differ."""
    labels = sum(difference.has_other_label for difference in differences)
    if labels:
        return f"it predicts another class for {labels} of {count}"
    error = max(difference.error for difference in differences)
    if error == inf:
        return "it predicts 0 or infinity, or should"
    size = f"{error:.1%}" if error > 1e-3 else f"{error:.1e} of their value"
    return f"its predictions differ by up to {size}"
