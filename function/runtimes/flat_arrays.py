"""Compute the flat artifact's outputs for many rows with numpy.

The steps and their order are those of `flat_rows`, and so are the bits. Nodes are not checked here: the caller must
have called `check_nodes`, after which every walk stays in its tree.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from function.model.contract import Columns
from function.model.runtime import ArrayOutputs, NotPredictable
from function.runtimes.flat_format import Flat

type Array = numpy.ndarray[Any, Any]
type Link = Callable[[list[float]], list[float]]

# Of a tree of up to this many nodes, both sides of each node are computed: faster than following each row.
_SMALL = 65
# Rows that are walked together: their values stay in the processor's cache.
_ROWS = 8_192


def compute_outputs(flat: Flat, link: Link, columns: Sequence[Array]) -> ArrayOutputs:
    """Compute the outputs of a table's rows; `link` turns a row's sums into them. Raises NotPredictable."""
    raw = _add_up(flat, numpy.column_stack(columns))
    if not flat.classes:
        linked = raw[:, 0] if flat.link != "exp" else numpy.array([link([x])[0] for x in raw[:, 0].tolist()])
        return ArrayOutputs(linked, None)
    if flat.outputs == 1:
        places = numpy.where(raw[:, 0] == 0, flat.at_zero, raw[:, 0] > 0).astype(numpy.intp)
    else:
        places = raw.argmax(axis=1)
    if flat.link == "label":
        return ArrayOutputs(places, None)
    # numpy's exp may differ in the last bit from math.exp, which computes a single row.
    shares = raw if flat.link == "mean" else numpy.array([link(row) for row in raw.tolist()])
    return ArrayOutputs(places, shares.reshape(len(raw), flat.classes))


def compute_raw(flat: Flat, columns: Columns) -> Array:
    """Compute the sums of each record's trees or terms, shape (n, outputs). Raises NotPredictable."""
    return _add_up(flat, numpy.array(columns, dtype=float).T)


def _add_up(flat: Flat, table: Array) -> Array:
    add_block = _add_linear_terms if flat.kind == "linear" else _add_trees
    raw = numpy.tile(numpy.array(flat.start), (len(table), 1))
    views = {name: numpy.asarray(array) for name, array in flat.arrays.items()}
    with numpy.errstate(all="ignore"):
        for at in range(0, len(table), _ROWS):
            add_block(flat, views, _prepare(flat, table[at : at + _ROWS]), raw[at : at + _ROWS])
        if flat.link == "mean":
            raw /= len(views["roots"])
    return raw


def _prepare(flat: Flat, table: Array) -> Array:
    if not flat.nulls and numpy.isnan(table).any():
        raise NotPredictable("ValueError")
    if flat.means is not None:
        table = (table - numpy.array(flat.means)) / numpy.array(flat.scales)
        if not flat.takes_infinity and numpy.isinf(table).any():
            raise NotPredictable("ValueError")
    if not flat.float32:
        return table
    single = table.astype(numpy.float32)
    if numpy.isinf(single).any():
        raise NotPredictable("OverflowError")
    return single.astype(float)


def _add_linear_terms(flat: Flat, views: dict[str, Array], table: Array, raw: Array) -> None:
    coefficients = views["coefficients"].reshape(flat.outputs, flat.features)
    for output in range(flat.outputs):
        total = numpy.zeros(len(table))
        for feature in range(flat.features):
            total += table[:, feature] * coefficients[output, feature]
        raw[:, output] = total + flat.start[output]


def _add_trees(flat: Flat, views: dict[str, Array], table: Array, raw: Array) -> None:
    columns = numpy.ascontiguousarray(table.T)
    cells = numpy.ascontiguousarray(table).ravel()
    if flat.vector:
        leaves = views["leaves"].reshape(-1, flat.outputs)
    roots = views["roots"].tolist()
    for number, (root, end) in enumerate(zip(roots, [*roots[1:], len(views["skips"])], strict=True)):
        if end - root <= _SMALL:
            reached = numpy.broadcast_to(_choose_sides(flat, columns, root)[0], len(table))
        else:
            reached = views["thresholds"].take(_walk(views, root, cells, flat.features))
        if flat.vector:
            raw += leaves.take(reached.astype(numpy.intp), axis=0)
        else:
            raw[:, number % flat.outputs] += reached


def _choose_sides(flat: Flat, columns: Array, node: int) -> tuple[Any, int]:
    """Return each row's leaf value of the subtree at `node`, and the number of the node behind the subtree."""
    arrays = flat.arrays
    skip, threshold = arrays["skips"][node], arrays["thresholds"][node]
    if not skip:
        return threshold, node + 1
    values = columns[arrays["features"][node]]
    left = values <= threshold
    if flat.nulls and arrays["null_left"][node]:
        left |= numpy.isnan(values)
    below, behind = _choose_sides(flat, columns, node + 1)
    above, end = _choose_sides(flat, columns, behind)
    return numpy.where(left, below, above), end


def _walk(views: dict[str, Array], root: int, cells: Array, width: int) -> Array:
    """Return the number of the leaf that each row reaches."""
    count = len(cells) // width
    ends = numpy.empty(count, dtype=numpy.intp)
    rows = numpy.arange(count)
    nodes = numpy.full(count, root, dtype=numpy.intp)
    null_left = views.get("null_left")
    while len(rows):
        skips = views["skips"].take(nodes)
        inner = skips != 0
        if not inner.all():
            ends[rows[~inner]] = nodes[~inner]
            rows, nodes, skips = rows[inner], nodes[inner], skips[inner]
        features = views["features"].take(nodes).astype(numpy.intp)
        found = cells.take(rows * width + features)
        left = found <= views["thresholds"].take(nodes)
        if null_left is not None:
            left |= numpy.isnan(found) & (null_left.take(nodes) != 0)
        nodes = nodes + numpy.where(left, 1, skips.astype(numpy.intp))
    return ends
