"""Compute the flat artifact's outputs for one row in plain Python.

The steps: prepare the values, add up the trees' leaves or the linear terms, apply the link. `flat_arrays` takes the
same steps in the same order for many rows, so that both give the same bits.
"""

from collections.abc import Callable, Sequence
from math import exp, inf, isinf, isnan, nan
from struct import Struct
from typing import Any

from function.model.runtime import NotPredictable
from function.runtimes.flat_format import Flat

type Row = Sequence[float]
type Link = Callable[[list[float]], list[float]]


def decide_class(flat: Flat, raw: Sequence[float]) -> int:
    """Return the class's place: the first largest of several outputs, or the sign of a single one."""
    if flat.outputs > 1:
        return max(range(len(raw)), key=raw.__getitem__)
    return flat.at_zero if raw[0] == 0 else int(raw[0] > 0)


def create_preparation(flat: Flat) -> Callable[[Sequence[float | None]], Row]:
    """Return a function that scales and rounds a row's values as the header says.

    That function raises NotPredictable for a null or a number that the estimator refuses.
    """
    width, means, scales, nulls = flat.features, flat.means, flat.scales, flat.nulls
    single = Struct(f"<{width}f") if flat.float32 else None
    refuses_infinity = not flat.takes_infinity
    pairs = None if means is None or scales is None else list(zip(means, scales, strict=True))

    def prepare(values: Sequence[float | None]) -> Row:
        row: Any = values
        if None in values:
            if not nulls:
                raise NotPredictable("ValueError")
            row = [nan if value is None else value for value in values]
        if pairs is not None:
            row = [(value - mean) / scale for value, (mean, scale) in zip(row, pairs, strict=True)]
            if refuses_infinity and any(map(isinf, row)):
                raise NotPredictable("ValueError")
        if single is not None:
            try:
                row = single.unpack(single.pack(*row))
            except OverflowError:
                raise NotPredictable("OverflowError") from None
        return row  # type: ignore[no-any-return]

    return prepare


def create_linear_sum(flat: Flat) -> Callable[[Row], list[float]]:
    """Return a function that adds up the terms of a prepared row, one sum per output."""
    width, numbers = flat.features, flat.arrays["coefficients"].tolist()
    terms = [(numbers[i * width : (i + 1) * width], start) for i, start in enumerate(flat.start)]

    def add_up(row: Row) -> list[float]:
        sums: list[float] = []
        for coefficients, start in terms:
            total = 0.0
            for value, coefficient in zip(row, coefficients, strict=True):
                total += value * coefficient
            sums.append(total + start)
        return sums

    return add_up


def create_tree_sum(flat: Flat) -> Callable[[Row], list[float]]:
    """Return a function that adds up the leaves that a prepared row reaches, one sum per output.

    That function raises IndexError, ValueError or OverflowError where unchecked nodes lead out of the arrays.
    """
    arrays = flat.arrays
    skips, features, thresholds = arrays["skips"], arrays["features"], arrays["thresholds"]
    roots, null_left = arrays["roots"].tolist(), arrays.get("null_left")
    leaves = arrays.get("leaves")
    outputs, start, mean, vector = flat.outputs, flat.start, flat.link == "mean", flat.vector
    count = len(roots)

    def find_leaf(node: int, row: Row) -> int:
        while skip := skips[node]:
            node += 1 if row[features[node]] <= thresholds[node] else skip
        return node

    def find_leaf_with_nulls(node: int, row: Row) -> int:
        assert null_left is not None  # for mypy; flat_format has checked it
        while skip := skips[node]:
            value = row[features[node]]
            left = null_left[node] if isnan(value) else value <= thresholds[node]
            node += 1 if left else skip
        return node

    def add_up(row: Row) -> list[float]:
        walk = find_leaf if null_left is None or not any(map(isnan, row)) else find_leaf_with_nulls
        sums = list(start)
        if vector:
            assert leaves is not None  # for mypy; flat_format has checked it
            for root in roots:
                at = int(thresholds[walk(root, row)]) * outputs
                if at < 0:  # which would count from the end
                    raise IndexError("no such leaf")
                for place in range(outputs):
                    sums[place] += leaves[at + place]
        elif outputs == 1:
            total = start[0]
            for root in roots:
                total += thresholds[walk(root, row)]
            sums[0] = total
        else:
            for number, root in enumerate(roots):
                sums[number % outputs] += thresholds[walk(root, row)]
        return [total / count for total in sums] if mean else sums

    return add_up


def _sigmoid(value: float) -> list[float]:
    if value >= 0:
        share = 1 / (1 + exp(-value))
    else:
        grown = exp(value)
        share = grown / (1 + grown)
    return [1 - share, share]


def _softmax(raw: list[float]) -> list[float]:
    largest = max(raw)
    grown = [exp(value - largest) for value in raw]
    total = 0.0
    for value in grown:
        total += value
    return [value / total for value in grown]


def _exp(raw: list[float]) -> list[float]:
    try:
        return [exp(raw[0])]
    except OverflowError:
        return [inf]


def _identity(raw: list[float]) -> list[float]:
    return raw


def _apply_sigmoid(raw: list[float]) -> list[float]:
    return _sigmoid(raw[0])


def _apply_double_sigmoid(raw: list[float]) -> list[float]:
    return _sigmoid(2 * raw[0])


LINK_FUNCTIONS: dict[str, Link] = {
    "identity": _identity,
    "mean": _identity,  # divided where they are added
    "label": _identity,
    "exp": _exp,
    "sigmoid": _apply_sigmoid,
    "sigmoid2": _apply_double_sigmoid,
    "softmax": _softmax,
}
