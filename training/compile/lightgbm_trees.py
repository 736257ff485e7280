"""Compile the trees of LightGBM's text, and prepare the columns that they take."""

from collections.abc import Sequence

import numpy

from function.model.contract import TEXTS
from training.compile.blocks import Array, Block, Column, NotCompiled
from training.compile.codes import make_codes, map_codes
from training.compile.lightgbm_text import NO_MISSING, ZERO_MISSING, TextModel, TextTree
from training.compile.program import Program
from training.compile.trees import Tree, add_trees, build_arrays

# What LightGBM takes for zero: numbers up to this size, either sign.
_ZERO = float(numpy.float32(1e-35))


def prepare_columns(program: Program, model: TextModel, block: Block) -> Block:
    """Make numbers of the columns: codes of pandas' categories, and NaN for unknown ones."""
    if block.width != model.features:
        raise NotCompiled(f"it takes {block.width} columns, but its model takes {model.features}")
    coded = _find_categories(model, block)
    plain = [place for place in range(block.width) if place not in coded]
    made = []
    if plain:
        made.append(program.make_numbers(program.take(block, plain)))
    if coded:
        made.append(_code(program, program.take(block, coded), model.categories))
    places = [*plain, *coded]
    return program.take(program.join(made), [places.index(place) for place in range(block.width)])


def _find_categories(model: TextModel, block: Block) -> list[int]:
    """Find the columns that are pandas' categories; the text has these in order, but does not name the columns."""
    texts = [place for place, column in enumerate(block.columns) if column.type in TEXTS]
    if len(texts) == len(model.categories):
        return texts
    # Columns of numbers may be categories, too: those of which the text lists the values, and not their range.
    listed = [place for place, info in enumerate(model.infos) if info[0] not in "[n"]
    found = sorted({*texts, *listed})
    if len(found) != len(model.categories):
        if texts:
            raise NotCompiled("it reads texts as numbers, or its text does not say which columns are categories")
        if model.categories:
            raise NotCompiled("its text does not say which columns are categories")
    return found if model.categories else []


def _code(program: Program, block: Block, categories: Sequence[Sequence[object]]) -> Block:
    lists = [numpy.array(values, dtype=object) for values in categories]
    codes = make_codes(program, block, lists, refuses=False)
    tables = [[*range(len(values)), numpy.nan] for values in lists]
    return map_codes(program, codes, tables, [Column(nullable=True)] * block.width)


def add_text_trees(program: Program, model: TextModel, block: Block) -> Block:
    """Add up the trees: tree t to sum t % per_iteration."""
    is_linear = any(tree.linear for tree in model.trees)
    if is_linear:  # in a linear function, too, what is nearly zero counts as zero
        block = _replace_zeros(program, block, by_null=False)
    zeros = sorted({feature for tree in model.trees for feature in tree.feature[tree.missing == ZERO_MISSING].tolist()})
    nulls = dict(zip(zeros, range(block.width, block.width + len(zeros)), strict=True))
    if zeros:
        block = program.join([block, _replace_zeros(program, program.take(block, zeros), by_null=True)])
    trees = [_build_tree(tree, nulls) for tree in model.trees]
    start = [0.0] * model.per_iteration
    return (
        _add_linear(program, block, model.trees, trees, start) if is_linear else add_trees(program, block, trees, start)
    )


def _replace_zeros(program: Program, block: Block, *, by_null: bool) -> Block:
    columns = [column._replace(nullable=column.nullable or by_null) for column in block.columns]
    return program.add("replace_zeros", [block], columns, {}, size=_ZERO, by_null=by_null)


def _build_tree(tree: TextTree, nulls: dict[int, int]) -> Tree:
    """Build a tree: the nodes, then the leaves. `nulls` has, by feature, the column in which its zeros are NaN."""
    nodes, leaves = len(tree.left), len(tree.values)
    left, right = (
        numpy.concatenate([numpy.where(child < 0, nodes + ~child, child), numpy.full(leaves, -1)])
        for child in (tree.left, tree.right)
    )
    places = [
        nulls[feature] if missing == ZERO_MISSING else feature
        for feature, missing in zip(tree.feature.tolist(), tree.missing.tolist(), strict=True)
    ]
    # What is nearly zero counts as zero, so that thresholds that near to zero part it as zero itself.
    near = numpy.where(tree.threshold < 0, numpy.nextafter(-_ZERO, -1), _ZERO)
    thresholds = numpy.where(abs(tree.threshold) <= _ZERO, near, tree.threshold)
    # Where no nulls were in training, a null counts as zero.
    null_left = numpy.where(tree.missing == NO_MISSING, tree.threshold >= 0, tree.default_left)
    return Tree(
        left=left,
        right=right,
        feature=numpy.concatenate([numpy.array(places, dtype=int), numpy.zeros(leaves, dtype=int)]),
        threshold=numpy.concatenate([thresholds, numpy.zeros(leaves)]),
        null_left=numpy.concatenate([null_left, numpy.zeros(leaves, dtype=bool)]),
        values=numpy.concatenate([numpy.zeros(nodes), tree.values])[:, None],
        sets=tree.sets,
    )


def _add_linear(
    program: Program, block: Block, texts: Sequence[TextTree], trees: Sequence[Tree], start: Sequence[float]
) -> Block:
    """Add up trees whose leaves hold linear functions; a leaf of another tree is one without terms."""
    values = numpy.concatenate([text.values for text in texts])
    constants = numpy.concatenate([text.values if text.linear is None else text.linear.constants for text in texts])
    features: list[list[int]] = []
    coefficients: list[list[float]] = []
    for text in texts:
        features += [[] for _ in text.values] if text.linear is None else text.linear.features
        coefficients += [[] for _ in text.values] if text.linear is None else text.linear.coefficients
    arrays = build_arrays(_number_leaves(trees), True, block)
    order = arrays.pop("leaves")[1].astype(int).tolist()  # of the leaves, as the nodes have them
    flat = [number for leaf in order for number in coefficients[leaf]]
    if not all(numpy.isfinite(each).all() for each in (values, constants, flat)):
        raise NotCompiled("one of the numbers that it predicts with is infinite or NaN")
    arrays |= {
        "constants": ("d", constants[order]),
        "ends": ("I", numpy.cumsum([len(features[leaf]) for leaf in order])),
        "places": ("H" if block.width <= 2**16 else "I", numpy.array([f for leaf in order for f in features[leaf]])),
        "coefficients": ("d", numpy.array(flat)),
        "values": ("d", values[order]),
    }
    terms = max(map(len, features))
    # Some processors multiply and add in one step, without rounding in between.
    made = [Column(is_exact=False, is_finite=False, nullable=True)] * len(start)
    options = {"outputs": len(start), "start": list(start), "vector": False, "single": False, "terms": terms}
    return program.add("linear_trees", [block], made, arrays, **options)


def _number_leaves(trees: Sequence[Tree]) -> list[Tree]:
    """Give each leaf its number among the leaves of all trees as its value."""
    numbered, count = [], 0
    for tree in trees:
        is_leaf = tree.left < 0
        values: Array = numpy.where(is_leaf, count + numpy.cumsum(is_leaf) - 1, 0).astype(float)
        numbered.append(tree._replace(values=values[:, None]))
        count += int(is_leaf.sum())
    return numbered
