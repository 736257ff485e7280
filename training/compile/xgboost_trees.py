"""Read the trees of an XGBoost model: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html."""

from collections.abc import Sequence
from typing import Any

import numpy

from training.compile.blocks import Array, NotCompiled
from training.compile.trees import Tree


def read_trees(learner: dict[str, Any], outputs: int, *, is_best: bool) -> list[Tree]:
    """Read the trees in the order in which add_trees takes them: tree t adds to output t % outputs.

    `is_best`: only those up to the best iteration, where training stopped early.
    """
    booster = learner["gradient_booster"]
    # Releases before 3.3 keep the trees of dart one level deeper, and the weights beside them.
    model = booster["model"] if "model" in booster else booster["gbtree"]["model"]
    weights = model.get("weight_drop", booster.get("weight_drop"))
    count = len(model["trees"])
    best = learner.get("attributes", {}).get("best_iteration")
    if is_best and best is not None:
        count = min(count, _count_trees(model, int(best) + 1, outputs))
    factors = numpy.ones(count) if weights is None or not len(weights) else numpy.asarray(weights)[:count]
    trees = [
        _read_tree(document, factor)
        for document, factor in zip(model["trees"][:count], factors.astype(numpy.float32), strict=True)
    ]
    if outputs == 1 or (trees and trees[0].values.shape[1] > 1):
        return trees
    groups = numpy.asarray(model["tree_info"])[:count]
    members = [numpy.flatnonzero(groups == output).tolist() for output in range(outputs)]
    if len({len(each) for each in members}) > 1:
        raise NotCompiled("it has more trees for one class than for another")
    return [trees[number] for numbers in zip(*members, strict=True) for number in numbers]


def _count_trees(model: dict[str, Any], rounds: int, outputs: int) -> int:
    ends = model.get("iteration_indptr")
    if ends is not None and len(ends):
        return int(ends[rounds])
    parallel = int(model["gbtree_model_param"].get("num_parallel_tree", "1"))
    return rounds * max(parallel, 1) * outputs


def _read_tree(document: dict[str, Any], factor: numpy.float32) -> Tree:
    left, right = (numpy.array(document[f"{side}_children"], dtype=numpy.int64) for side in ("left", "right"))
    leaf = left < 0
    width = int(document["tree_param"].get("size_leaf_vector", "1"))
    conditions = numpy.asarray(document["split_conditions"], dtype=numpy.float32)
    null_left = numpy.asarray(document["default_left"]).astype(bool)
    if width > 1:
        values = _read_vectors(document, leaf, right, width)
    else:
        values = numpy.where(leaf, conditions, numpy.float32(0))[:, None]
    # A value goes left if it is less than the condition; both are float32.
    thresholds = numpy.nextafter(conditions, numpy.float32(-numpy.inf)).astype(float)
    sets = _read_sets(document)
    places = list(sets)
    # A category of the set goes right, any other left; in a Tree, the set goes left.
    left[places], right[places] = right[places], left[places]
    null_left[places] = ~null_left[places]
    right[leaf] = -1
    features = numpy.asarray(document["split_indices"], dtype=numpy.int64)
    return Tree(left, right, features, thresholds, null_left, (values * factor).astype(float), sets)


def _read_vectors(document: dict[str, Any], leaf: Array, right: Array, width: int) -> Array:
    """Read leaves that hold a number for each output; a leaf's right child is the place of its numbers."""
    if "leaf_weights" not in document:
        raise NotCompiled("its leaves hold several numbers in a form before XGBoost 3.2")
    vectors = numpy.asarray(document["leaf_weights"], dtype=numpy.float32).reshape(-1, width)
    values = numpy.zeros((len(leaf), width), dtype=numpy.float32)
    values[leaf] = vectors[right[leaf]]
    return values


def _read_sets(document: dict[str, Any]) -> dict[int, Sequence[int]]:
    nodes = numpy.asarray(document.get("categories_nodes", [])).tolist()
    categories = numpy.asarray(document.get("categories", []))
    begins = numpy.asarray(document.get("categories_segments", [])).tolist()
    sizes = numpy.asarray(document.get("categories_sizes", [])).tolist()
    return {
        node: categories[begin : begin + size].tolist() for node, begin, size in zip(nodes, begins, sizes, strict=True)
    }
