"""Compile trees, and sums of trees, of scikit-learn.

How leaves are added up is that of sklearn/ensemble/_forest.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from function.runtimes.flat.tree_nodes import BY_SET, NULL_LEFT
from training.compile.answers import answer_shares, answer_values
from training.compile.blocks import Answer, Array, Block, Column, NotCompiled, list_classes
from training.compile.class_names import name_class
from training.compile.program import Program

_MOST_NODES = 2**32
SINGLE = {f"sklearn.tree.{kind}Tree{task}" for kind in ("Decision", "Extra") for task in ("Classifier", "Regressor")}
# Categories that split nodes are less than this: those of XGBoost are float32's whole numbers.
_MOST_CATEGORIES = 2**24


class Tree(NamedTuple):
    """A tree's nodes, the root first and the others in any order; `left` and `right` are negative at leaves.

    `null_left` says whether nulls go to the left. `values` has the shape (nodes, 1), or (nodes, outputs) if leaves hold
    a number for each output. `sets` has, by node, the whole numbers that go left where a node splits by a set; all
    others go right, and nulls as `null_left` says. Where a library sends what is not in the set to the left, exchange
    the node's children. The node's threshold has no meaning then.
    """

    left: Array
    right: Array
    feature: Array
    threshold: Array
    null_left: Array
    values: Array
    sets: Mapping[int, Sequence[int]] = {}


def compile_tree(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a single tree: DecisionTree or ExtraTree."""
    return _compile_averaged(program, estimator, [estimator], block)


def compile_forest(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a forest: the mean of its trees."""
    return _compile_averaged(program, estimator, estimator.estimators_, block)


def compile_embedding(program: Program, estimator: Any, block: Block) -> Block:
    """Compile a RandomTreesEmbedding: an indicator for each leaf of each tree."""
    members = estimator.estimators_
    trees = [read_tree(member) for member in members]
    named = [tree._replace(values=numpy.arange(len(tree.left), dtype=float)[:, None]) for tree in trees]
    reached = add_trees(program, prepare_for_trees(program, block, members[0]), named, [0.0] * len(named))
    return program.transform(estimator.one_hot_encoder_, reached)


def _compile_averaged(program: Program, estimator: Any, members: Sequence[Any], block: Block) -> Answer:
    trees = [read_tree(member) for member in members]
    added = add_trees(program, prepare_for_trees(program, block, members[0]), trees, [0.0] * trees[0].values.shape[1])
    mean = program.divide(added, float(len(trees))) if len(trees) > 1 else added
    if not hasattr(estimator, "classes_"):
        return answer_values(program, mean)
    return answer_shares(program, list_classes(estimator), mean)


def prepare_for_trees(program: Program, block: Block, tree: Any) -> Block:
    """Round to float32, as scikit-learn's trees do; refuse infinity, and NaN unless this tree takes it."""
    return program.round(program.refuse(program.make_numbers(block), nan=not _takes_nulls(tree)))


def _takes_nulls(tree: Any) -> bool:
    supports = getattr(tree, "_support_missing_values", None)  # from release 1.3
    return supports is not None and bool(supports(numpy.zeros((1, 1))))


def are_trees(members: Sequence[Any]) -> bool:
    """Tell whether all of these are single trees of scikit-learn that predict one target."""
    return all(name_class(member) in SINGLE and getattr(member, "n_outputs_", 1) == 1 for member in members)


def read_tree(estimator: Any, factor: float = 1.0) -> Tree:
    """Read a single tree of scikit-learn; its values, which are shares for a classifier, are multiplied by a factor."""
    tree = estimator.tree_
    values, sizes = tree.value, [1] * tree.value.shape[1]
    if hasattr(estimator, "classes_"):
        sizes = numpy.ravel(estimator.n_classes_).tolist()
        totals = values.sum(axis=2, keepdims=True)
        # Releases before 1.4 hold counts, and divide when they predict; later ones hold shares, and do not divide.
        if not numpy.allclose(totals, 1.0, rtol=0, atol=1e-6):
            totals[totals == 0.0] = 1.0
            values = values / totals
    # Where targets have different numbers of classes, the shorter rows are filled up.
    values = factor * numpy.concatenate([values[:, place, :size] for place, size in enumerate(sizes)], axis=1)
    # Releases before 1.3 know no nulls.
    nulls = getattr(tree, "missing_go_to_left", numpy.zeros(len(values))).astype(bool)
    return Tree(tree.children_left, tree.children_right, tree.feature, tree.threshold, nulls, values)


def add_trees(
    program: Program, block: Block, trees: Sequence[Tree], start: Sequence[float] | Block, *, single: bool = False
) -> Block:
    """Add up the leaves of trees, after `start`, numbers or a block; a tree with several values per leaf adds to all
    sums, else tree t to sum t % sums. `single`: in float32.
    """
    begun = [start] if isinstance(start, Block) else []
    numbers = [] if isinstance(start, Block) else [float(number) for number in start]
    outputs = start.width if isinstance(start, Block) else len(numbers)
    vector = outputs > 1 and trees[0].values.shape[1] > 1
    arrays = build_arrays(trees, vector, block)
    # A threshold may be infinite: it parts nulls from numbers.
    if not all(numpy.isfinite(tree.values).all() for tree in trees):
        raise NotCompiled("one of the numbers that it predicts with is infinite or NaN")
    made = [Column(is_exact=all(each.is_exact for each in (block, *begun)))] * outputs
    return program.add(
        "trees", [block, *begun], made, arrays, outputs=outputs, start=numbers, vector=vector, single=single
    )


def build_arrays(trees: Sequence[Tree], vector: bool, block: Block) -> dict[str, tuple[str, Array]]:
    """Build the arrays of the operation `trees`; with `vector`, leaves name rows of the array `leaves`, in order."""
    orders = [_sort_pre_order(tree) for tree in trees]
    sizes = [len(order) for order in orders]
    if sum(sizes) > _MOST_NODES:
        raise NotCompiled(f"it has more than {_MOST_NODES:,} nodes")
    pairs = list(zip(trees, orders, strict=True))
    leaf = numpy.concatenate([tree.left[order] < 0 for tree, order in pairs])
    values = numpy.concatenate([tree.values[order] for tree, order in pairs])
    thresholds = numpy.concatenate([tree.threshold[order] for tree, order in pairs]).astype(float)
    thresholds[leaf] = numpy.arange(leaf.sum()) if vector else values[leaf, 0]
    features = numpy.where(leaf, 0, numpy.concatenate([tree.feature[order] for tree, order in pairs]))
    found: dict[str, tuple[str, Array]] = {
        "roots": ("I", numpy.cumsum([0, *sizes[:-1]])),
        "skips": ("I", numpy.concatenate([_compute_skips(tree, order) for tree, order in pairs])),
        "features": ("H" if block.width <= 2**16 else "I", features),
        "thresholds": ("d", thresholds),
    }
    by_set = numpy.concatenate([numpy.isin(order, list(tree.sets)) for tree, order in pairs])
    if by_set.any() or any(column.nullable for column in block.columns):
        null_left = numpy.concatenate([tree.null_left[order] for tree, order in pairs]).astype(int)
        found["flags"] = ("B", null_left * NULL_LEFT | by_set * BY_SET)
    if by_set.any():
        ordered = [tree.sets[node] for tree, order in pairs for node in order.tolist() if node in tree.sets]
        thresholds[by_set], ends, sets = build_bit_sets(ordered)
        found |= {"set_ends": ("I", ends), "sets": ("I", sets)}
    if vector:
        found["leaves"] = ("d", values[leaf].ravel())
    return found


def build_bit_sets(sets: Sequence[Sequence[int]]) -> tuple[Array, Array, Array]:
    """Write sets of whole numbers as bits, equal ones once: each one's number, where each ends, and their words."""
    numbers: dict[bytes, int] = {}
    words: list[Array] = []
    places = []
    for members in sets:
        each = numpy.asarray(members, dtype=numpy.int64)
        if len(each) and not 0 <= each.min() <= each.max() < _MOST_CATEGORIES:
            raise NotCompiled(f"a category is not a number from 0 to {_MOST_CATEGORIES:,}")
        bits = numpy.zeros(32 * (each.max(initial=0) // 32 + 1), dtype=numpy.uint8)
        bits[each] = 1
        packed = numpy.packbits(bits, bitorder="little")
        if packed.tobytes() not in numbers:
            numbers[packed.tobytes()] = len(words)
            words.append(packed.view("<u4"))
        places.append(numbers[packed.tobytes()])
    return numpy.array(places), numpy.cumsum([len(each) for each in words]), numpy.concatenate(words)


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
