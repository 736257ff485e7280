"""Runs the flat artifact: trees and linear models walked in plain Python over mapped memory; no library is imported.

One row costs microseconds and the load costs nothing, however large the forest. Many rows are worth numpy, which
`flat_arrays` uses with the same steps in the same order, so that both give the same bits.
"""

from collections.abc import Callable, Sequence
from math import exp, inf, isinf, isnan, nan
from struct import Struct
from typing import TYPE_CHECKING, Any

from function.errors import ARTIFACT_UNREADABLE, BundleError
from function.model.contract import Columns
from function.model.manifest import PACKAGE_AGAIN, Artifact, Label, Manifest
from function.model.runtime import NotPredictable, Outputs
from function.runtimes.flat_format import Flat, check_nodes, parse

if TYPE_CHECKING:
    from mmap import mmap

    from function.model.runtime import Array, ArrayOutputs

# From so many visits of trees (or rows of a linear model) on, numpy is faster although it must be imported (60 ms).
MANY_VISITS = 40_000
# The nodes of a smaller model are checked each time that it is loaded, which takes less than 0.5 ms; those of a larger
# one before the first table, and when the bundle is verified.
FEW_NODES = 2_000

type Row = Sequence[float]
type Link = Callable[[list[float]], list[float]]


def load(data: "bytes | mmap | memoryview", manifest: Manifest, artifact: Artifact) -> "FlatRuntime":
    """The runtime over these bytes, which it reads from as it predicts. Raises BundleError `artifact_unreadable`.

    What is mapped was verified by the image's build, and its nodes with it.
    """
    try:
        flat = parse(memoryview(data))
        if flat.features != len(manifest.contract.features) or flat.classes != len(manifest.classes or ()):
            raise ValueError("another number of features or classes")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        raise _unreadable(artifact) from None
    runtime = FlatRuntime(flat, manifest.classes, artifact, checked=not isinstance(data, (bytes, memoryview)))
    if len(flat.arrays.get("skips", ())) <= FEW_NODES:
        runtime.check()
    return runtime


def _unreadable(artifact: Artifact) -> BundleError:
    return BundleError(ARTIFACT_UNREADABLE, f"The bundle's file {artifact.file} is no flat artifact: {PACKAGE_AGAIN}.")


class FlatRuntime:
    """A flat artifact, ready to answer."""

    def __init__(self, flat: Flat, classes: Sequence[Label] | None, artifact: Artifact, *, checked: bool) -> None:
        self._flat = flat
        self._classes = classes
        self._artifact = artifact
        self._checked = checked
        # Bound once: a prediction of microseconds would spend a fifth of them on looking these up.
        self._prepare = _preparation(flat)
        self._raw = _linear(flat) if flat.kind == "linear" else _trees(flat)
        self._link = LINK_FUNCTIONS[flat.link]
        self._visits = 1 if flat.kind == "linear" else len(flat.arrays["roots"])

    def check(self) -> None:
        """Looks at each node, unless that was done. Raises BundleError `artifact_unreadable`."""
        if not self._checked:
            try:
                check_nodes(self._flat)
            except ValueError:
                raise _unreadable(self._artifact) from None
            self._checked = True

    def predict(self, columns: Columns) -> Outputs:
        """One output per record. Raises NotPredictable, BundleError where a walk leaves what it walks through."""
        if not columns[0]:
            return Outputs([], None)
        if len(columns[0]) * self._visits > MANY_VISITS:
            return self._by_arrays(columns)
        rows = [self._prepare(row) for row in zip(*columns, strict=True)]
        try:
            return self.outputs([self._raw(row) for row in rows])
        except (IndexError, ValueError, OverflowError):
            # Only a model whose nodes were not looked at yet can lead there.
            raise _unreadable(self._artifact) from None

    def predict_arrays(self, columns: "Sequence[Array]") -> "ArrayOutputs":
        """One output per row. Raises NotPredictable, BundleError where the nodes are no trees."""
        self.check()
        from function.runtimes.flat_arrays import array_outputs

        return array_outputs(self._flat, self._link, columns)

    def _by_arrays(self, columns: Columns) -> Outputs:
        self.check()
        from function.runtimes.flat_arrays import raw_of_values

        return self.outputs(raw_of_values(self._flat, columns).tolist())

    def outputs(self, raws: list[list[float]]) -> Outputs:
        """The outputs of rows whose trees or terms are added up."""
        flat, classes = self._flat, self._classes
        if classes is None:
            return Outputs([self._link(raw)[0] for raw in raws], None)
        values = [classes[place_of(flat, raw)] for raw in raws]
        return Outputs(values, None if flat.link == "label" else [self._link(raw) for raw in raws])


def place_of(flat: Flat, raw: Sequence[float]) -> int:
    """The class that the outputs of a row decide for: the first of the largest, or by the sign of a single one."""
    if flat.outputs > 1:
        return max(range(len(raw)), key=raw.__getitem__)
    return flat.at_zero if raw[0] == 0 else int(raw[0] > 0)


def _preparation(flat: Flat) -> Callable[[Sequence[float | None]], Row]:
    """What turns a row's values into what the trees or the terms look at."""
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


def _linear(flat: Flat) -> Callable[[Row], list[float]]:
    width, numbers = flat.features, flat.arrays["coefficients"].tolist()
    terms = [(numbers[i * width : (i + 1) * width], start) for i, start in enumerate(flat.start)]

    def raw(row: Row) -> list[float]:
        sums: list[float] = []
        for coefficients, start in terms:
            total = 0.0
            for value, coefficient in zip(row, coefficients, strict=True):
                total += value * coefficient
            sums.append(total + start)
        return sums

    return raw


def _trees(flat: Flat) -> Callable[[Row], list[float]]:
    arrays = flat.arrays
    skips, features, thresholds = arrays["skips"], arrays["features"], arrays["thresholds"]
    roots, null_left = arrays["roots"].tolist(), arrays.get("null_left")
    leaves = arrays.get("leaves")
    outputs, start, mean, vector = flat.outputs, flat.start, flat.link == "mean", flat.vector
    count = len(roots)

    def leaf_of(node: int, row: Row) -> int:
        while skip := skips[node]:
            node += 1 if row[features[node]] <= thresholds[node] else skip
        return node

    def leaf_past_nulls(node: int, row: Row) -> int:
        assert null_left is not None  # for mypy; _check has seen it
        while skip := skips[node]:
            value = row[features[node]]
            left = null_left[node] if isnan(value) else value <= thresholds[node]
            node += 1 if left else skip
        return node

    def raw(row: Row) -> list[float]:
        walk = leaf_of if null_left is None or not any(map(isnan, row)) else leaf_past_nulls
        sums = list(start)
        if vector:
            assert leaves is not None  # for mypy; _check has seen it
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

    return raw


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


def _sigmoid_of_one(raw: list[float]) -> list[float]:
    return _sigmoid(raw[0])


def _sigmoid_of_twice(raw: list[float]) -> list[float]:
    return _sigmoid(2 * raw[0])


LINK_FUNCTIONS: dict[str, Link] = {
    "identity": _identity,
    "mean": _identity,  # divided where they are added
    "label": _identity,
    "exp": _exp,
    "sigmoid": _sigmoid_of_one,
    "sigmoid2": _sigmoid_of_twice,
    "softmax": _softmax,
}
