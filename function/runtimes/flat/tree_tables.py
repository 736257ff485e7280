"""Add up the leaves of trees for many rows, with numpy.

The steps and their order are those of `Trees.run_row`, and so are the bits. Nodes are not checked here: the caller must
have called `Trees.check`, after which every walk stays in its tree.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy

from function.runtimes.flat.trees import BY_SET, NULL_LEFT, Trees

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

type Array = numpy.ndarray[Any, Any]

# Of a tree of up to this many nodes, both sides of each node are computed: faster than following each row.
_SMALL = 65


class _Nodes:
    """The nodes of all trees as numpy arrays."""

    def __init__(self, trees: Trees) -> None:
        self.skips = numpy.asarray(trees.skips)
        self.features = numpy.asarray(trees.features)
        self.thresholds = numpy.asarray(trees.thresholds)
        self.flags = None if trees.flags is None else numpy.asarray(trees.flags)
        self.has_sets = trees.has_sets
        self.sets = numpy.asarray(trees.sets)
        self.set_ends = numpy.array(trees.set_ends, dtype=numpy.intp)

    def is_in_set(self, sets: Array, values: Array) -> Array:
        """Tell for each value, cut to a whole number, whether it is in the set of that number."""
        begins = numpy.where(sets > 0, self.set_ends[sets - 1], 0)
        words = self.set_ends[sets] - begins
        inside = (values > -1) & (values < 32 * words)
        whole = numpy.where(inside, values, 0).astype(numpy.intp)
        # A set without words has none to look at, and no value is inside of it.
        at = numpy.minimum(begins + whole // 32, len(self.sets) - 1)
        found = self.sets[at] >> (whole % 32).astype(numpy.uint32) & 1
        answer: Array = inside & (found != 0)
        return answer


def add_leaves(trees: Trees, table: "Table") -> "Table":
    """Add up the leaves that each row reaches; return a column for each sum."""
    dtype = numpy.float32 if trees.single else numpy.float64
    sums = numpy.tile(numpy.array(trees.start, dtype=dtype)[:, None], (1, len(table[0])))
    leaves = None if trees.leaves is None else numpy.asarray(trees.leaves).reshape(-1, trees.width)
    for number, reached in enumerate(reach_leaves(trees, table)):
        if leaves is None:
            sums[number % trees.width] += reached.astype(dtype)
        else:
            sums += leaves.take(reached.astype(numpy.intp), axis=0).T.astype(dtype)
    return list(sums.astype(float))


def reach_leaves(trees: Trees, table: "Table") -> Iterator[Array]:
    """Make, for each tree, the numbers that the leaves hold which the rows reach."""
    columns = [numpy.ascontiguousarray(column, dtype=float) for column in table]
    count, nodes = len(columns[0]), _Nodes(trees)
    cells: Array | None = None
    for root, end in zip(trees.roots, [*trees.roots[1:], trees.entries], strict=True):
        if end - root <= _SMALL and not nodes.has_sets:
            yield numpy.broadcast_to(_choose_sides(trees, columns, root)[0], count)
        else:
            cells = numpy.column_stack(columns).ravel() if cells is None else cells
            yield nodes.thresholds.take(_walk(nodes, root, cells, len(columns)))


def _choose_sides(trees: Trees, columns: "Table", node: int) -> tuple[Any, int]:
    """Return each row's leaf value of the subtree at `node`, and the number of the node behind the subtree."""
    skip, threshold = trees.skips[node], trees.thresholds[node]
    if not skip:
        return threshold, node + 1
    values = columns[trees.features[node]]
    left = values <= threshold
    if trees.flags is not None and trees.flags[node] & NULL_LEFT:
        left |= numpy.isnan(values)
    below, behind = _choose_sides(trees, columns, node + 1)
    above, end = _choose_sides(trees, columns, behind)
    return numpy.where(left, below, above), end


def _walk(nodes: _Nodes, root: int, cells: Array, width: int) -> Array:
    """Return the number of the leaf that each row reaches."""
    count = len(cells) // width
    ends = numpy.empty(count, dtype=numpy.intp)
    rows = numpy.arange(count)
    at = numpy.full(count, root, dtype=numpy.intp)
    while len(rows):
        skips = nodes.skips.take(at)
        inner = skips != 0
        if not inner.all():
            ends[rows[~inner]] = at[~inner]
            rows, at, skips = rows[inner], at[inner], skips[inner]
        features = nodes.features.take(at).astype(numpy.intp)
        left = _go_left(nodes, at, cells.take(rows * width + features))
        at = at + numpy.where(left, 1, skips.astype(numpy.intp))
    return ends


def _go_left(nodes: _Nodes, at: Array, values: Array) -> Array:
    """Tell for each row whether it goes left at its node."""
    thresholds = nodes.thresholds.take(at)
    left = values <= thresholds
    if nodes.flags is None:
        return left
    flags = nodes.flags.take(at)
    if nodes.has_sets:
        by_set = (flags & BY_SET) != 0
        left[by_set] = nodes.is_in_set(thresholds[by_set].astype(numpy.intp), values[by_set])
    nulls = numpy.isnan(values)
    left[nulls] = (flags[nulls] & NULL_LEFT) != 0
    return left
