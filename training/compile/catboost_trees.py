"""Compile trees of CatBoost: oblivious ones, which is its default, and others (grow_policy Depthwise and Lossguide)."""

from collections.abc import Sequence

import numpy

from training.compile.blocks import Block, Column, NotCompiled
from training.compile.catboost_columns import Columns
from training.compile.catboost_features import Features, Json
from training.compile.program import Program
from training.compile.trees import Tree, add_trees


def list_splits(model: Json) -> list[Json]:
    """List the splits of all trees."""
    if "oblivious_trees" in model:
        return [split for tree in model["oblivious_trees"] for split in tree["splits"] or []]
    return [node["split"] for tree in model["trees"] for node in _list_nodes(tree) if "split" in node]


def add_leaves(program: Program, model: Json, columns: Columns) -> Block:
    """Add up the leaves of all trees."""
    if columns.block is None or not columns.places:
        return _add_constants(program, model, columns)
    features = Features.read(model)
    if "oblivious_trees" in model:
        return _add_oblivious(program, model["oblivious_trees"], features, columns, columns.block)
    trees = [_read_tree(_list_nodes(tree), features, columns) for tree in model["trees"]]
    outputs = trees[0].values.shape[1]
    return add_trees(program, columns.block, trees, [0.0] * outputs)


def _add_constants(program: Program, model: Json, columns: Columns) -> Block:
    """Add up leaves of trees that have no splits."""
    trees = model.get("oblivious_trees") or model["trees"]
    leaves = [numpy.atleast_1d(tree["leaf_values" if "leaf_values" in tree else "value"]) for tree in trees]
    total = numpy.zeros(len(leaves[0]))
    for leaf in leaves:
        total = total + leaf
    if columns.block is None:
        return program.make_constants(total)
    # The block refuses some categories.
    return program.multiply_matrix(columns.block, numpy.zeros((columns.block.width, len(total))), total)


def _add_oblivious(
    program: Program, trees: Sequence[Json], features: Features, columns: Columns, block: Block
) -> Block:
    asked = [[features.read_split(split) for split in tree["splits"] or []] for tree in trees]
    ordered = sorted({(columns.places[split.key], split.border) for splits in asked for split in splits})
    numbers = {each: number for number, each in enumerate(ordered)}
    depth = max(map(len, asked))
    levels = numpy.full((depth, len(trees)), len(ordered))
    for tree, splits in enumerate(asked):
        for level, split in enumerate(splits):
            levels[level, tree] = numbers[columns.places[split.key], split.border]
    leaves = numpy.concatenate([tree["leaf_values"] for tree in trees]).astype(float)
    if not numpy.isfinite(leaves).all():
        raise NotCompiled("one of the numbers that it predicts with is infinite or NaN")
    outputs = len(trees[0]["leaf_values"]) >> len(asked[0])
    arrays = {
        "bounds": ("I", numpy.searchsorted([place for place, _ in ordered], numpy.arange(block.width + 1))),
        "borders": ("d", [border for _, border in ordered]),
        "levels": ("H" if len(ordered) < 2**16 else "I", levels),
        "ends": ("I", numpy.cumsum([len(tree["leaf_values"]) for tree in trees])),
        "leaves": ("d", leaves),
    }
    made = [Column(is_exact=block.is_exact)] * outputs
    return program.add("oblivious", [block], made, arrays, outputs=outputs, depth=depth)


def _list_nodes(tree: Json) -> list[Json]:
    """List the nodes of a tree, each before its children."""
    nodes = [tree]
    for node in nodes:
        nodes += [node[side] for side in ("left", "right") if side in node]
    return nodes


def _read_tree(nodes: Sequence[Json], features: Features, columns: Columns) -> Tree:
    """Read a tree. NaN is above no border, so that it goes left."""
    places = {id(node): place for place, node in enumerate(nodes)}
    inner = ["split" in node for node in nodes]
    splits = [
        features.read_split(node["split"]) if is_inner else None for node, is_inner in zip(nodes, inner, strict=True)
    ]
    values = [numpy.atleast_1d(node["value"]) for node, is_inner in zip(nodes, inner, strict=True) if not is_inner]
    leaves = numpy.zeros((len(nodes), len(values[0])))
    leaves[~numpy.array(inner)] = values
    return Tree(
        left=numpy.array([places[id(node["left"])] if "left" in node else -1 for node in nodes]),
        right=numpy.array([places[id(node["right"])] if "right" in node else -1 for node in nodes]),
        feature=numpy.array([columns.places[split.key] if split else 0 for split in splits]),
        threshold=numpy.array([split.border if split else 0.0 for split in splits]),
        null_left=numpy.ones(len(nodes), dtype=bool),
        values=leaves,
    )
