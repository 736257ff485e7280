"""Check the nodes of trees: after that, every walk stays within its tree and ends at a leaf."""

from math import isfinite
from struct import pack, unpack

from function.runtimes.flat.tree_nodes import BY_SET, NULL_LEFT, TreeNodes


def check_nodes(trees: TreeNodes) -> None:
    """Check that the nodes are trees in pre-order, and that they name columns. Raises ValueError."""
    ends = iter([*trees.roots, len(trees.skips)])
    next(ends)
    waiting: list[int] = []  # the right children that are still to come
    for behind, skip in enumerate(trees.skips, 1):
        if skip:
            waiting.append(behind - 1 + skip)
        elif (waiting.pop() if waiting else next(ends, 0)) != behind:
            raise ValueError("the nodes are no trees")
    if next(ends, 0) or waiting:
        raise ValueError("the last tree does not end")
    if max(trees.features) >= trees.inputs or (trees.flags is not None and max(trees.flags) > NULL_LEFT | BY_SET):
        raise ValueError("a node is none of a tree's")


def check_leaves(trees: TreeNodes) -> None:
    """Check that leaves hold numbers, or rows that are there, and that nodes have sets that are there.

    Raises ValueError.
    """
    rows = trees.rows
    for skip, number in zip(trees.skips, trees.thresholds, strict=True):
        if number != number:  # noqa: PLR0124  (only NaN is not itself)
            raise ValueError("a node or a leaf holds NaN")
        if not skip and not (isfinite(number) if rows is None else number.is_integer() and 0 <= number < rows):
            raise ValueError("a leaf holds no number, or one of no row")
    if trees.leaves is not None and not all(map(isfinite, trees.leaves)):
        raise ValueError("a leaf holds no number")
    if trees.single:
        inner = zip(trees.skips, trees.thresholds, strict=True)
        numbers = trees.leaves if trees.leaves is not None else [number for skip, number in inner if not skip]
        if not all(map(_is_single, [*trees.start, *numbers])):
            raise ValueError("a leaf holds no float32")
    if trees.flags is not None and any(flag & BY_SET for flag in trees.flags):
        ends: list[int] = trees.set_ends.tolist()
        if ends != sorted(ends) or ends[-1:] != [len(trees.sets)]:
            raise ValueError("sets that do not follow one another")
        for skip, flag, number in zip(trees.skips, trees.flags, trees.thresholds, strict=True):
            fits = number.is_integer() and 0 <= number < len(ends)
            if skip and flag & BY_SET and not fits:
                raise ValueError("a node has a set that is not there")


def _is_single(number: float) -> bool:
    try:
        return bool(unpack("<f", pack("<f", number))[0] == number)
    except OverflowError:
        return False
