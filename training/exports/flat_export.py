"""Encode an estimator as the flat artifact, in the format of function.runtimes.flat_format."""

import json
from typing import Any

import numpy

from function.runtimes.flat_format import MAGIC, TYPE_SIZES
from training.estimators.extraction import extract_parts, split_scaler
from training.estimators.parts import Array, Linear, NotExported, Scaling, Tree, Trees

FILE = "model.flat"
_MOST_FEATURES = 2**16
_MOST_NODES = 2**32
_NUMPY_TYPES = {"B": "<u1", "H": "<u2", "I": "<u4", "d": "<f8"}

type Arrays = dict[str, tuple[str, Array]]


def encode_flat(estimator: Any, *, has_nulls: bool) -> bytes:
    """Encode the estimator; `has_nulls` says whether it is given NaN. Raises NotExported."""
    scaling, last = split_scaler(estimator)
    parts = extract_parts(last)
    width = int(estimator.n_features_in_)
    if width > _MOST_FEATURES:
        raise NotExported(f"it has more than {_MOST_FEATURES:,} features")
    classes = len(last.classes_) if hasattr(last, "classes_") else 0
    if classes == 1:
        raise NotExported("it has only one class")
    if not _is_finite(parts, scaling):
        raise NotExported("one of the numbers that it predicts with is infinite or NaN")
    header = {"features": width, "classes": classes, **_describe_scaling(scaling)}
    if isinstance(parts, Linear):
        return _pack({**header, **_describe_linear(parts)}, {"coefficients": ("d", parts.coefficients.ravel())})
    return _pack({**header, **_describe_trees(parts, has_nulls)}, _build_arrays(parts, has_nulls))


def _is_finite(parts: Trees | Linear, scaling: Scaling | None) -> bool:
    scale = [] if scaling is None else [*scaling.means, *scaling.scales]
    leaves = [tree.values[tree.left < 0] for tree in parts.trees] if isinstance(parts, Trees) else [parts.coefficients]
    return all(bool(numpy.isfinite(numbers).all()) for numbers in (parts.start, scale, *leaves))


def _describe_scaling(scaling: Scaling | None) -> dict[str, Any]:
    return {"means": None, "scales": None} if scaling is None else scaling._asdict()


def _describe_linear(parts: Linear) -> dict[str, Any]:
    return {
        "kind": "linear",
        "outputs": len(parts.start),
        "start": parts.start,
        "link": parts.link,
        "float32": False,
        "nulls": False,
        "at_zero": 0,
        "vector": False,
    }


def _describe_trees(parts: Trees, has_nulls: bool) -> dict[str, Any]:
    return {
        "kind": "trees",
        "outputs": len(parts.start),
        "start": parts.start,
        "link": parts.link,
        "float32": parts.float32,
        "nulls": has_nulls,
        "at_zero": parts.at_zero,
        "vector": _has_vector_leaves(parts),
    }


def _has_vector_leaves(parts: Trees) -> bool:
    return bool(parts.trees[0].values.shape[1] > 1)


def _build_arrays(parts: Trees, has_nulls: bool) -> Arrays:
    if parts.nodes > _MOST_NODES:
        raise NotExported(f"it has more than {_MOST_NODES:,} nodes")
    orders = [_sort_pre_order(tree) for tree in parts.trees]
    sizes = [len(order) for order in orders]
    roots = numpy.cumsum([0, *sizes[:-1]])
    pairs = list(zip(parts.trees, orders, strict=True))
    leaf = numpy.concatenate([tree.left[order] < 0 for tree, order in pairs])
    values = numpy.concatenate([tree.values[order] for tree, order in pairs])
    thresholds = numpy.concatenate([tree.threshold[order] for tree, order in pairs]).astype(float)
    thresholds[leaf] = numpy.arange(leaf.sum()) if _has_vector_leaves(parts) else values[leaf, 0]
    features = numpy.concatenate([tree.feature[order] for tree, order in pairs])
    found: Arrays = {
        "roots": ("I", roots),
        "skips": ("I", numpy.concatenate([_compute_skips(tree, order) for tree, order in pairs])),
        "features": ("H", numpy.where(leaf, 0, features)),
        "thresholds": ("d", thresholds),
    }
    if has_nulls:
        found["null_left"] = ("B", numpy.concatenate([tree.null_left[order] for tree, order in pairs]))
    if _has_vector_leaves(parts):
        found["leaves"] = ("d", values[leaf].ravel())
    return found


def _sort_pre_order(tree: Tree) -> Array:
    """Sort the nodes in pre-order, the left branch first; some trees are grown in another order."""
    left, right = tree.left.tolist(), tree.right.tolist()
    order: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting += (right[node], left[node])
    return numpy.array(order)


def _compute_skips(tree: Tree, order: Array) -> Array:
    """Compute how far behind each node its right branch begins; 0 for a leaf."""
    positions = numpy.empty(len(tree.left), dtype=numpy.int64)
    positions[order] = numpy.arange(len(order))
    right = tree.right[order]
    return numpy.where(right < 0, 0, positions[right] - numpy.arange(len(order)))


def _pack(header: dict[str, Any], arrays: Arrays) -> bytes:
    """Write the header, padded to a multiple of 8 bytes, and the arrays after it."""
    # The header holds the arrays' offsets, which depend on its own length: it gets the length for the widest offsets.
    widest = {name: [code, 10**15, len(values)] for name, (code, values) in arrays.items()}
    begin = 12 + len(json.dumps({**header, "arrays": widest}))
    begin += -begin % 8
    offsets: dict[str, list[Any]] = {}
    offset = begin
    for name, (code, values) in arrays.items():
        offsets[name] = [code, offset, len(values)]
        offset += TYPE_SIZES[code] * len(values)
        offset += -offset % 8
    text = json.dumps({**header, "arrays": offsets}).ljust(begin - 12).encode()
    parts = [MAGIC, len(text).to_bytes(4, "little"), text]
    for code, values in arrays.values():
        data = values.astype(_NUMPY_TYPES[code]).tobytes()
        parts += [data, b"\0" * (-len(data) % 8)]
    return b"".join(parts)
