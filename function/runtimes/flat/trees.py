"""The operation that adds up the leaves of trees.

The nodes of all trees stand one after another, each tree in pre-order, so that the left child of node n is n + 1.
Arrays, one value per node where nothing else is said:

    roots (I)       each tree's first node
    skips (I)       the right child of node n is n + skips[n]; 0 marks a leaf. So a walk only goes forward: even in a
                    damaged file it ends at a leaf or at the end of the array
    features (H, I) the column that the node compares
    thresholds (d)  left where the value <= the threshold; at a leaf its number, or with `vector` the row of `leaves`
                    that it is; where the flag BY_SET is set, the place in `set_ends` of the set
    flags (B)       NULL_LEFT: NaN goes left, else right. BY_SET: left where the value, cut to a whole number, is in the
                    node's set. Absent where no NaN can come and no node has a set
    leaves (d)      with `vector`, rows of `outputs` numbers
    set_ends (I)    where each set of whole numbers ends in `sets`
    sets (I)        the sets as bits: number k is in a set if bit k % 32 of its word k // 32 is set

A second block, of `outputs` columns, has what the sums of a record begin with.

Options: `outputs`, how many sums there are; `start`, what each begins with, empty if there is a second block;
`vector`, whether a leaf adds to all of them, else tree t adds to number t % outputs; `single`, whether the sums are
rounded to float32 at each addition, as XGBoost's are. The trees' numbers are added in the trees' order.
"""

from collections.abc import Iterable
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Row
from function.runtimes.flat.tree_nodes import BY_SET, NULL_LEFT

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

# The first records are answered from the file as it is: most functions see no more of them, or wait for a first answer.
# After them, each record makes tuples of about so many nodes, which takes 0.3 ms, until so many are made; a node then
# takes 120 bytes. A larger tree than _LARGEST_GROWN would keep one record waiting.
_FIRST_RUNS, _GROWN_PER_RUN, _MOST_GROWN, _LARGEST_GROWN = 3, 500, 200_000, 2_000

type _Node = tuple[int, Any, "_Node | None", "_Node | None"]
"""The column, the threshold or what is at the leaf, and the children, None at a leaf."""


class Trees:
    """Add up the leaves that a row reaches."""

    def __init__(self, step: Step) -> None:
        arrays = step.arrays
        self.inputs, *begun = step.widths
        self.width = step.get_whole("outputs", 1, 1_000_000)
        self.start = [] if begun else step.get_number_list("start", self.width)
        if begun not in ([], [self.width]) or (begun and step.options["start"] != []):
            raise ValueError("other numbers to begin with")
        self.vector, self.single = step.get_flag("vector"), step.get_flag("single")
        self.skips = step.get_array("skips", "I")
        nodes = len(self.skips)
        self.roots: list[int] = step.get_array("roots", "I").tolist()
        self.features = step.get_array("features", "HI", nodes)
        self.thresholds = step.get_array("thresholds", "d", nodes)
        self.flags = step.get_array("flags", "B", nodes) if "flags" in arrays else None
        self.leaves = step.get_array("leaves", "d") if self.vector else None
        # How many rows of `leaves` there are, of which a leaf names one; None if a leaf holds its number.
        self.rows = None if self.leaves is None else len(self.leaves) // self.width
        self.has_sets = "sets" in arrays
        self.sets = step.get_array("sets", "I") if self.has_sets else self.skips[:0]
        self.set_ends = step.get_array("set_ends", "I") if self.has_sets else self.skips[:0]
        self.ranked: Any = None
        self._grown: list[_Node | None] = [None] * len(self.roots)
        self._next = self._runs = 0
        self.work = self.inputs + 8 * len(self.roots) * (self.width if self.vector else 1)
        if not self.inputs or (self.has_sets and self.flags is None):
            raise ValueError("trees that compare no columns, or sets that no node has")
        self._check_sizes(nodes)

    def _check_sizes(self, nodes: int) -> None:
        roots = [*self.roots, nodes]
        if roots[0] != 0 or len(roots) < 2 or any(after <= before for before, after in pairwise(roots)):
            raise ValueError("the trees do not follow one another")
        if self.leaves is not None and (not self.leaves or len(self.leaves) % self.width):
            raise ValueError("a wrong number of leaves")
        if not self.vector and len(self.roots) % self.width:
            raise ValueError("a wrong number of trees")

    @property
    def entries(self) -> int:
        """How many nodes `check` looks at."""
        return len(self.skips)

    def check(self) -> None:
        """Check that the nodes are trees in pre-order, whose nodes name columns and whose leaves hold numbers.

        After that, every walk stays within its tree and ends at a leaf. Takes 200 ns per node. Raises ValueError.
        """
        from function.runtimes.flat.tree_checks import check_leaves, check_nodes

        check_nodes(self)
        check_leaves(self)

    def run_row(self, row: Row, begun: Row | None = None) -> Row:
        """Add up the leaves. Raises IndexError, ValueError or OverflowError where unchecked nodes lead elsewhere."""
        reached = self._reach_leaves(row)
        columns: Iterable[Iterable[float]] = (reached[place :: self.width] for place in range(self.width))
        if self.vector:
            columns = zip(*reached, strict=True)
        add = _add_singles if self.single else _add_numbers
        return [add(first, numbers) for first, numbers in zip(begun or self.start, columns, strict=True)]

    def _reach_leaves(self, row: Row) -> list[Any]:
        """Return what is at the leaf that the row reaches, a number or one for each sum, of each tree."""
        has_nulls = self.flags is not None and _has_nan(row)
        # Where nulls go left, a grown tree looks at a second copy of the row, in which they are less than all numbers.
        copy = [-inf if value != value else value for value in row] if has_nulls else row  # noqa: PLR0124
        cells = row if self.flags is None else row + copy
        walk = self._walk_with_flags if has_nulls or self.has_sets else self._walk
        reached: list[Any] = []
        for tree, root in zip(self._grown, self.roots, strict=True):
            if tree is None:
                reached.append(self._get_leaf(self.thresholds[walk(root, row)]))
                continue
            feature, number, left, right = tree
            while left:
                feature, number, left, right = left if cells[feature] <= number else right  # type: ignore[misc]
            reached.append(number)
        self._runs += 1
        if self._runs > _FIRST_RUNS and self._next < len(self._grown):
            self._grow()
        return reached

    def _get_leaf(self, number: float) -> Any:
        if self.leaves is None:
            return number
        at = int(number) * self.width
        if not 0 <= at < len(self.leaves):
            raise IndexError("no such leaf")
        return self.leaves[at : at + self.width].tolist()

    def _grow(self) -> None:
        """Make nested tuples of some trees' nodes: a walk through them takes half the time."""
        # A leaf with many numbers takes the memory of many nodes.
        made, size = 0, max(1, self.width // 4) if self.vector else 1
        # Read once: another thread may grow trees at the same time.
        while made < _GROWN_PER_RUN and (number := self._next) < len(self._grown):
            begin = self.roots[number]
            end = self.roots[number + 1] if number + 1 < len(self.roots) else len(self.skips)
            if end * size <= _MOST_GROWN and (end - begin) * size <= _LARGEST_GROWN:
                self._grown[number] = self._nest(begin, end)
                made += (end - begin) * size
            self._next = number + 1

    def _nest(self, begin: int, end: int) -> "_Node | None":
        """Make nested tuples of a tree's nodes; None if one of them has a set."""
        skips, features = self.skips[begin:end].tolist(), self.features[begin:end].tolist()
        thresholds = self.thresholds[begin:end].tolist()
        flags = bytes(end - begin) if self.flags is None else bytes(self.flags[begin:end])
        if self.has_sets and any(flag & BY_SET for flag in flags):
            return None
        if max(features) >= self.inputs:
            raise IndexError("no such column")
        made: list[Any] = [None] * (end - begin)
        for node in range(end - begin - 1, -1, -1):
            skip, number = skips[node], thresholds[node]
            if skip:
                feature = features[node] + self.inputs if flags[node] & NULL_LEFT else features[node]
                made[node] = (feature, number, made[node + 1], made[node + skip])
            else:
                made[node] = (0, self._get_leaf(number), None, None)
        return made[0]  # type: ignore[no-any-return]

    def _walk(self, node: int, row: Row) -> int:
        """Return the leaf that the row reaches from this node."""
        skips, features, thresholds = self.skips, self.features, self.thresholds
        while skip := skips[node]:
            node += 1 if row[features[node]] <= thresholds[node] else skip
        return node

    def _walk_with_flags(self, node: int, row: Row) -> int:
        skips, features, thresholds, flags = self.skips, self.features, self.thresholds, self.flags
        assert flags is not None  # for mypy
        while skip := skips[node]:
            value, flag = row[features[node]], flags[node]
            if value != value:  # noqa: PLR0124  (only NaN is not itself)
                left = flag & NULL_LEFT
            elif flag & BY_SET:
                left = self._is_in_set(int(thresholds[node]), value)
            else:
                left = value <= thresholds[node]
            node += 1 if left else skip
        return node

    def _is_in_set(self, number: int, value: float) -> bool:
        if number < 0:  # which would count from the end
            raise IndexError("no such set")
        begin, end = self.set_ends[number - 1] if number else 0, self.set_ends[number]
        # A number between -1 and 0 is cut to 0, which no set without words has.
        if begin == end or not -1 < value < 32 * (end - begin):
            return False
        whole = int(value)
        return bool(self.sets[begin + whole // 32] >> whole % 32 & 1)

    def run_table(self, table: "Table", begun: "Table | None" = None) -> "Table":
        """Add up the leaves of each row. The nodes must have been checked."""
        from function.runtimes.flat.tree_tables import add_leaves

        return add_leaves(self, table, begun)


def _has_nan(row: Row) -> bool:
    """Tell whether there may be a NaN; infinities of both signs look like one."""
    total = sum(row)
    return bool(total != total)  # noqa: PLR0124  (only NaN is not itself)


def _add_numbers(total: float, numbers: Iterable[float]) -> float:
    # Not by `sum`, which rounds once for all additions.
    for number in numbers:
        total += number
    return total


def _add_singles(total: float, numbers: Iterable[float]) -> float:
    # A sum of two float32 in float64, rounded to float32, is their sum in float32 (Figueroa, 1995).
    single = memoryview(bytearray(4)).cast("f")
    single[0] = total
    for number in numbers:
        single[0] = single[0] + number
    return single[0]
