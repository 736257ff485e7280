"""Add up the leaves of trees for many rows, with numpy.

The sums and their order are those of `Trees.run_row`, and so are the bits. Nodes are not checked here: the caller must
have called `Trees.check`, after which every walk stays in its tree.

A node compares ranks instead of numbers: a threshold's place among all thresholds of its column, and how many of those
are below the row's value. They are two bytes where a number has eight, which is what the time of a walk depends on.
All rows go down a tree together; those that have reached their leaf stay there.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from function.runtimes.flat import set_tables
from function.runtimes.flat.operation import MOST_ROWS
from function.runtimes.flat.tree_nodes import BY_SET, NULL_LEFT, TreeNodes

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

type Array = numpy.ndarray[Any, Any]

# The distance of two columns of cells: no power of two, which caches do not like.
_STRIDE = MOST_ROWS + 32
# The walks of up to this many nodes are kept from one table to the next; a node takes 50 bytes.
_MOST_KEPT = 500_000
# After so many levels, rows that are at their leaf are left out, if they are the half.
_LEVELS = 8


class _Walk(NamedTuple):
    """A tree's nodes. A row is at 2 times a node's number; `after` has where it goes from there, left and right."""

    cells: Array
    ranks: Array
    after: Array
    depth: int
    values: Array  # of shape (sums that the tree adds to, nodes)


class RankedTrees:
    """The trees of an operation with ranks for thresholds."""

    def __init__(self, trees: TreeNodes) -> None:
        self._skips = numpy.asarray(trees.skips)
        self._thresholds = numpy.asarray(trees.thresholds)
        leaves = None if trees.leaves is None else numpy.asarray(trees.leaves).reshape(-1, trees.width)
        self._leaves = leaves
        self._ends = [*trees.roots[1:], len(trees.skips)]
        self.roots = trees.roots
        flags = numpy.zeros(len(trees.skips), dtype=numpy.uint8) if trees.flags is None else numpy.asarray(trees.flags)
        by_set = (flags & BY_SET) != 0
        self.sets: set_tables.Nodes | None = set_tables.Nodes(trees) if by_set.any() else None
        self.has_set: list[bool] = numpy.logical_or.reduceat(by_set, trees.roots).tolist()
        # Nulls go left at some nodes and right at others: a column may have ranks of each kind.
        keys = 2 * numpy.asarray(trees.features).astype(numpy.intp) + (flags & NULL_LEFT)
        self._rank(keys, (self._skips != 0) & ~by_set)
        self._depths = self._measure_depths()
        self._kept: list[_Walk | None] = [None] * len(self.roots)
        self._keeps = len(trees.skips) * (1 if leaves is None else leaves.shape[1]) <= _MOST_KEPT

    def _rank(self, keys: Array, ranked: Array) -> None:
        """Set `cuts`, the thresholds of each key in order, and each node's rank and place among the keys."""
        nodes = numpy.flatnonzero(ranked)
        order = nodes[numpy.lexsort((self._thresholds[nodes], keys[nodes]))]
        key, number = keys[order], self._thresholds[order]
        is_first = numpy.concatenate([[True], key[1:] != key[:-1]])[: len(order)]
        is_new = is_first | numpy.concatenate([[True], number[1:] != number[:-1]])[: len(order)]
        count = numpy.cumsum(is_new) - 1
        begins = numpy.flatnonzero(is_first)
        place = numpy.cumsum(is_first) - 1
        ranks = count - count[begins][place] if len(order) else count
        self.keys: list[int] = key[begins].tolist()
        self.cuts = [part[new] for part, new in zip(_split(number, begins), _split(is_new, begins), strict=True)]
        most = max(map(len, self.cuts), default=0)
        self.dtype = numpy.uint16 if most < 2**16 - 1 else numpy.uint32
        self._ranks = numpy.zeros(len(keys), dtype=self.dtype)
        self._places = numpy.zeros(len(keys), dtype=numpy.uint32)
        self._ranks[order], self._places[order] = ranks, place

    def _measure_depths(self) -> list[int]:
        """Measure how many steps each tree's longest walk has."""
        depths = numpy.zeros(len(self.roots), dtype=numpy.intp)
        at, trees = numpy.array(self.roots, dtype=numpy.intp), numpy.arange(len(self.roots))
        while len(at):
            skips = self._skips[at].astype(numpy.intp)
            inner = skips != 0
            at, trees, skips = at[inner], trees[inner], skips[inner]
            depths[trees] += numpy.bincount(trees, minlength=len(depths))[trees] > 0
            at, trees = numpy.concatenate([at + 1, at + skips]), numpy.concatenate([trees, trees])
        found: list[int] = depths.tolist()
        return found

    def compute_cells(self, columns: "Table") -> Array:
        """Compute the ranks of the rows' values, a line of _STRIDE for each key."""
        cells = numpy.zeros((max(len(self.keys), 1), _STRIDE), dtype=self.dtype)
        for line, key, cuts in zip(cells, self.keys, self.cuts, strict=False):
            column = columns[key // 2]
            # NaN is behind all numbers.
            ranks = ~(column <= cuts[0]) if len(cuts) == 1 else numpy.searchsorted(cuts, column)
            if key & NULL_LEFT:
                ranks[numpy.isnan(column)] = 0
            line[: len(column)] = ranks
        return cells.ravel()

    def get_walk(self, tree: int) -> _Walk:
        """Return a tree's nodes as a walk needs them."""
        walk = self._kept[tree]
        if walk is None:
            walk = self._create_walk(tree)
            if self._keeps:
                self._kept[tree] = walk
        return walk

    def _create_walk(self, tree: int) -> _Walk:
        part = slice(self.roots[tree], self._ends[tree])
        skips = 2 * self._skips[part].astype(numpy.intp)
        here = numpy.arange(0, 2 * len(skips), 2)
        after = numpy.column_stack([numpy.where(skips, here + 2, here), here + skips]).ravel()
        cells = numpy.repeat(self._places[part].astype(numpy.intp) * _STRIDE, 2)
        values = self._thresholds[part][None, :]
        if self._leaves is not None:
            values = self._leaves.T[:, numpy.where(skips, 0, values[0]).astype(numpy.intp)]
        return _Walk(cells, numpy.repeat(self._ranks[part], 2), after, self._depths[tree], values)


def _split(array: Array, begins: Array) -> list[Array]:
    return numpy.split(array, begins[1:]) if len(begins) else []


def add_leaves(trees: TreeNodes, table: "Table", begun: "Table | None" = None) -> "Table":
    """Add up the leaves that each row reaches; return a column for each sum."""
    dtype = numpy.float32 if trees.single else numpy.float64
    count = len(table[0])
    start = [numpy.full(count, number) for number in trees.start] if begun is None else begun
    sums: Array = numpy.array(start, dtype=dtype)
    for tree, reached in enumerate(_reach_nodes(trees, table)):
        values = _get_ranked(trees).get_walk(tree).values
        if trees.vector:
            for place, numbers in enumerate(values):
                sums[place] += numbers.take(reached, mode="clip").astype(dtype, copy=False)
        else:
            sums[tree % len(sums)] += values[0].take(reached, mode="clip").astype(dtype, copy=False)
    return list(sums.astype(float, copy=False))


def reach_leaves(trees: TreeNodes, table: "Table") -> Iterator[Array]:
    """Make, for each tree, the numbers that the leaves hold which the rows reach."""
    for tree, reached in enumerate(_reach_nodes(trees, table)):
        yield _get_ranked(trees).get_walk(tree).values[0].take(reached, mode="clip")


def _get_ranked(trees: TreeNodes) -> RankedTrees:
    if trees.ranked is None:
        trees.ranked = RankedTrees(trees)
    ranked: RankedTrees = trees.ranked
    return ranked


def _reach_nodes(trees: TreeNodes, table: "Table") -> Iterator[Array]:
    """Make, for each tree, the places among its nodes of the leaves that the rows reach."""
    ranked = _get_ranked(trees)
    columns = [numpy.ascontiguousarray(column, dtype=float) for column in table]
    rows = numpy.arange(len(columns[0]))
    cells = ranked.compute_cells(columns)
    values = numpy.column_stack(columns).ravel() if ranked.sets else None
    for tree, root in enumerate(ranked.roots):
        if ranked.sets and values is not None and ranked.has_set[tree]:
            yield set_tables.walk(ranked.sets, root, values, len(columns)) - root
        else:
            walk = ranked.get_walk(tree)
            reached = numpy.zeros(len(rows), dtype=numpy.intp)
            _follow(walk, cells, rows, reached, walk.depth)
            yield reached >> 1


def _follow(walk: _Walk, cells: Array, rows: Array, at: Array, depth: int) -> None:
    """Move rows from where they are `at` down to their leaves."""
    places = numpy.empty_like(at)
    values, ranks = numpy.empty(len(at), dtype=cells.dtype), numpy.empty(len(at), dtype=cells.dtype)
    is_right = numpy.empty(len(at), dtype=bool)
    for level in range(depth):
        if level and not level % _LEVELS:
            below = numpy.flatnonzero(walk.after.take(at) != at)
            if 2 * len(below) <= len(at):
                moved = at[below]
                _follow(walk, cells, rows[below], moved, depth - level)
                at[below] = moved
                return
        walk.cells.take(at, out=places, mode="clip")
        places += rows
        cells.take(places, out=values, mode="clip")
        walk.ranks.take(at, out=ranks, mode="clip")
        numpy.greater(values, ranks, out=is_right)
        numpy.add(at, is_right, out=places)
        walk.after.take(places, out=at, mode="clip")
