"""Walk trees whose nodes split by sets, for many rows, with numpy. The nodes must have been checked."""

from typing import Any

import numpy

from function.runtimes.flat.tree_nodes import BY_SET, NULL_LEFT, TreeNodes

type Array = numpy.ndarray[Any, Any]


class Nodes:
    """The nodes of all trees as numpy arrays."""

    def __init__(self, trees: TreeNodes) -> None:
        self.skips = numpy.asarray(trees.skips)
        self.features = numpy.asarray(trees.features)
        self.thresholds = numpy.asarray(trees.thresholds)
        self.flags = None if trees.flags is None else numpy.asarray(trees.flags)
        self.sets = numpy.asarray(trees.sets)
        self.set_ends = numpy.array(trees.set_ends, dtype=numpy.intp)

    def is_in_set(self, sets: Array, values: Array) -> Array:
        """Tell for each value, cut to a whole number, whether it is in the set of that number."""
        begins = numpy.where(sets > 0, self.set_ends[sets - 1], 0)
        words = self.set_ends[sets] - begins
        inside = (words > 0) & (values > -1) & (values < 32 * words)
        whole = numpy.where(inside, values, 0).astype(numpy.intp)
        # A set without words has none to look at, and no value is inside of it.
        if not len(self.sets):
            return inside
        at = numpy.minimum(begins + whole // 32, len(self.sets) - 1)
        found = self.sets[at] >> (whole % 32).astype(numpy.uint32) & 1
        answer: Array = inside & (found != 0)
        return answer


def walk(nodes: Nodes, root: int, cells: Array, width: int) -> Array:
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


def _go_left(nodes: Nodes, at: Array, values: Array) -> Array:
    """Tell for each row whether it goes left at its node."""
    thresholds = nodes.thresholds.take(at)
    left = values <= thresholds
    if nodes.flags is None:
        return left
    flags = nodes.flags.take(at)
    by_set = (flags & BY_SET) != 0
    left[by_set] = nodes.is_in_set(thresholds[by_set].astype(numpy.intp), values[by_set])
    nulls = numpy.isnan(values)
    left[nulls] = (flags[nulls] & NULL_LEFT) != 0
    return left
