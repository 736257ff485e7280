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

Options: `outputs`, how many sums there are; `start`, what each begins with; `vector`, whether a leaf adds to all of
them, else tree t adds to number t % outputs; `single`, whether the sums are rounded to float32 at each addition, as
XGBoost's are. The trees' numbers are added in the trees' order.
"""

from collections.abc import Callable
from itertools import pairwise
from math import isfinite, isnan
from struct import Struct, pack, unpack
from typing import TYPE_CHECKING

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

NULL_LEFT, BY_SET = 1, 2


class Trees:
    """Add up the leaves that a row reaches."""

    def __init__(self, step: Step) -> None:
        arrays = step.arrays
        self.inputs = step.width
        self.width = step.get_whole("outputs", 1, 1_000_000)
        self.start = step.get_number_list("start", self.width)
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
        self.work = 8 * len(self.roots) * (self.width if self.vector else 1)
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
        ends = iter([*self.roots, len(self.skips)])
        next(ends)
        waiting: list[int] = []  # the right children that are still to come
        for behind, skip in enumerate(self.skips, 1):
            if skip:
                waiting.append(behind - 1 + skip)
            elif (waiting.pop() if waiting else next(ends, 0)) != behind:
                raise ValueError("the nodes are no trees")
        if next(ends, 0) or waiting:
            raise ValueError("the last tree does not end")
        if max(self.features) >= self.inputs or (self.flags is not None and max(self.flags) > NULL_LEFT | BY_SET):
            raise ValueError("a node is none of a tree's")
        self._check_leaves()

    def _check_leaves(self) -> None:
        rows = self.rows
        for skip, number in zip(self.skips, self.thresholds, strict=True):
            if not skip and not (isfinite(number) if rows is None else number.is_integer() and 0 <= number < rows):
                raise ValueError("a leaf holds no number, or one of no row")
        if self.leaves is not None and not all(map(isfinite, self.leaves)):
            raise ValueError("a leaf holds no number")
        if self.single:
            inner = zip(self.skips, self.thresholds, strict=True)
            numbers = self.leaves if self.leaves is not None else [number for skip, number in inner if not skip]
            if not all(map(_is_single, [*self.start, *numbers])):
                raise ValueError("a leaf holds no float32")
        if self.flags is not None and any(flag & BY_SET for flag in self.flags):
            ends: list[int] = self.set_ends.tolist()
            if ends != sorted(ends) or ends[-1:] != [len(self.sets)]:
                raise ValueError("sets that do not follow one another")
            for skip, flag, number in zip(self.skips, self.flags, self.thresholds, strict=True):
                fits = number.is_integer() and 0 <= number < len(ends)
                if skip and flag & BY_SET and not fits:
                    raise ValueError("a node has a set that is not there")

    def run_row(self, row: Row) -> Row:
        """Add up the leaves. Raises IndexError, ValueError or OverflowError where unchecked nodes lead elsewhere."""
        thresholds, walk = self.thresholds, self._choose_walk(row)
        if self.vector:
            return self._add_vectors([int(thresholds[walk(root, row)]) for root in self.roots])
        if self.single:
            return self._add_singles([thresholds[walk(root, row)] for root in self.roots])
        if self.width == 1:
            total = self.start[0]
            for root in self.roots:
                total += thresholds[walk(root, row)]
            return [total]
        sums = list(self.start)
        for number, root in enumerate(self.roots):
            sums[number % self.width] += thresholds[walk(root, row)]
        return sums

    def _choose_walk(self, row: Row) -> Callable[[int, Row], int]:
        needs_flags = self.flags is not None and (self.has_sets or any(map(isnan, row)))
        return self._walk_with_flags if needs_flags else self._walk

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
        if not -1 < value < 32 * (end - begin):
            return False
        whole = int(value)
        return bool(self.sets[begin + whole // 32] >> whole % 32 & 1)

    def _add_vectors(self, reached: list[int]) -> Row:
        leaves, width, sums = self.leaves, self.width, list(self.start)
        assert leaves is not None  # for mypy
        single = Struct(f"<{width}f")
        for leaf in reached:
            if leaf < 0:  # which would count from the end
                raise IndexError("no such leaf")
            at = leaf * width
            numbers = leaves[at : at + width]
            sums = [one + other for one, other in zip(sums, numbers, strict=True)]
            if self.single:
                sums = list(single.unpack(single.pack(*sums)))
        return sums

    def _add_singles(self, reached: list[float]) -> Row:
        # A sum of two float32 in float64, rounded to float32, is their sum in float32 (Figueroa, 1995).
        sums, width, single = list(self.start), self.width, memoryview(bytearray(4)).cast("f")
        for number, leaf in enumerate(reached):
            single[0] = sums[number % width] + leaf
            sums[number % width] = single[0]
        return sums

    def run_table(self, table: "Table") -> "Table":
        """Add up the leaves of each row. The nodes must have been checked."""
        from function.runtimes.flat.tree_tables import add_leaves

        return add_leaves(self, table)


def _is_single(number: float) -> bool:
    try:
        return bool(unpack("<f", pack("<f", number))[0] == number)
    except OverflowError:
        return False
