"""Read LightGBM's text format of a model, which its file has and its Booster writes.

The keys are those of src/boosting/gbdt_model_text.cpp and src/io/tree.cpp; numbers stand there with all their digits.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy

from training.compile.blocks import Array, NotCompiled

_PANDAS = "pandas_categorical:"
# The bits of a node's decision type: categorical, default left, and two for the missing type.
_CATEGORICAL, _DEFAULT_LEFT, _MISSING = 1, 2, 2
NO_MISSING, ZERO_MISSING, NAN_MISSING = 0, 1, 2


class LinearLeaves(NamedTuple):
    """The linear functions of a tree's leaves: a constant, and the features of each leaf with their coefficients."""

    constants: Array
    features: list[list[int]]
    coefficients: list[list[float]]


class TextTree(NamedTuple):
    """A tree: arrays with a number per node, and `values` per leaf. A child -n is leaf n - 1.

    `missing` is NO_MISSING, ZERO_MISSING or NAN_MISSING; `sets` has the categories that go left, by node.
    """

    left: Array
    right: Array
    feature: Array
    threshold: Array
    default_left: Array
    missing: Array
    categorical: Array
    sets: dict[int, list[int]]
    values: Array
    linear: LinearLeaves | None


class TextModel(NamedTuple):
    """A model.

    - `per_iteration`: how many trees there are per iteration, each for its own sum
    - `features`: how many columns it takes; `infos`: what the text says of each
    - `objective`: the words of its objective, none if it is the user's own
    - `is_average`: the sums are divided by the number of iterations
    - `categories`: those of each of pandas' category columns, in the columns' order
    """

    trees: list[TextTree]
    per_iteration: int
    features: int
    infos: list[str]
    objective: list[str]
    is_average: bool
    categories: list[list[Any]]


def parse_model(text: str) -> TextModel:
    """Parse a model. Raises NotCompiled, or ValueError or KeyError if the text is damaged."""
    text = text.replace("\r\n", "\n")
    head, *rest = text.partition("\nend of trees")[0].split("\nTree=")
    if not head.startswith("tree\n"):
        raise NotCompiled("its text is no model of LightGBM")
    entries = _read_entries(head)
    features = int(entries["max_feature_idx"]) + 1
    model = TextModel(
        trees=[_parse_tree(_read_entries(each), features) for each in rest],
        per_iteration=int(entries.get("num_tree_per_iteration", entries["num_class"])),
        features=features,
        infos=entries.get("feature_infos", "").split(),
        objective=entries.get("objective", "").split(),
        is_average="average_output" in entries,
        categories=_read_categories(text),
    )
    if not model.trees or len(model.trees) % model.per_iteration:
        raise NotCompiled("it has no trees, or not the same number in each iteration")
    return model


def _read_entries(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.split("\n"))
    return {key: value for key, _, value in pairs}


def _read_categories(text: str) -> list[list[Any]]:
    """Read what the Python library writes in the last line: null, or a list for each of pandas' category columns."""
    last = text.rstrip("\n").rpartition("\n")[2]
    return (json.loads(last.removeprefix(_PANDAS)) or []) if last.startswith(_PANDAS) else []


def _parse_tree(entries: Mapping[str, str], features: int) -> TextTree:
    leaves = int(entries["num_leaves"])
    nodes = leaves - 1
    left, right, feature = (_read(entries, key, nodes, int) for key in ("left_child", "right_child", "split_feature"))
    if sorted([*left.tolist(), *right.tolist()]) != [*range(-leaves if nodes else 0, 0), *range(1, nodes)]:
        raise ValueError("nodes that are no tree")
    if nodes and not 0 <= feature.min() <= feature.max() < features:
        raise ValueError("a node has a feature that is not there")
    kinds = _read(entries, "decision_type", nodes, int)
    categorical = kinds & _CATEGORICAL != 0
    thresholds = _read(entries, "threshold", nodes, float)
    return TextTree(
        left=left,
        right=right,
        feature=feature,
        threshold=thresholds,
        default_left=(kinds & _DEFAULT_LEFT != 0) & ~categorical,
        missing=numpy.where(categorical, NAN_MISSING, kinds >> _MISSING & 3),
        categorical=categorical,
        sets={node: _read_set(entries, int(thresholds[node])) for node in numpy.flatnonzero(categorical).tolist()},
        values=_read(entries, "leaf_value", leaves, float),
        linear=_read_linear(entries, leaves, features) if int(entries.get("is_linear", "0")) else None,
    )


def _read(entries: Mapping[str, str], key: str, count: int, kind: type) -> Array:
    words = entries.get(key, "").split() if count else []
    if len(words) != count:
        raise ValueError(f"{key} has another number of values")
    return numpy.array([kind(word) for word in words], dtype=kind)


def _read_set(entries: Mapping[str, str], number: int) -> list[int]:
    """Read the categories that go left: of the set's words, bit k % 32 of word k // 32 is set for category k."""
    begin, end = (int(bound) for bound in entries["cat_boundaries"].split()[number : number + 2])
    words = numpy.array([int(word) for word in entries["cat_threshold"].split()[begin:end]], dtype="<u4")
    found: list[int] = numpy.flatnonzero(numpy.unpackbits(words.view(numpy.uint8), bitorder="little")).tolist()
    return found


def _read_linear(entries: Mapping[str, str], leaves: int, features: int) -> LinearLeaves:
    counts = _read(entries, "num_features", leaves, int)
    ends = numpy.cumsum(counts).tolist()
    places = _read(entries, "leaf_features", ends[-1], int).tolist()
    coefficients = _read(entries, "leaf_coeff", ends[-1], float).tolist()
    if not all(0 <= place < features for place in places):
        raise ValueError("a leaf has a feature that is not there")
    parts = [slice(end - count, end) for count, end in zip(counts.tolist(), ends, strict=True)]
    constants = _read(entries, "leaf_const", leaves, float)
    return LinearLeaves(constants, [places[part] for part in parts], [coefficients[part] for part in parts])
