"""Compile HistGradientBoosting: sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py and _predictor.pyx."""

from collections.abc import Sequence
from typing import Any

import numpy

from training.compile.blocks import Answer, Array, Block, NotCompiled, read_classes
from training.compile.categories import compile_ordinal
from training.compile.program import Program
from training.compile.structure import find_places
from training.compile.trees import Tree, add_trees

_LOSSES_OF_LOGARITHMS = ("poisson", "gamma")


def compile_histogram(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile HistGradientBoosting: what it starts from, and its trees."""
    mapper = estimator._bin_mapper
    known = [
        frozenset(numpy.asarray(thresholds, dtype=int).tolist()) if is_categorical else frozenset()
        for thresholds, is_categorical in zip(mapper.bin_thresholds_, mapper.is_categorical_, strict=True)
    ]
    trees = [_read_tree(predictor, known) for stage in estimator._predictors for predictor in stage]
    start = numpy.ravel(estimator._baseline_prediction).astype(float).tolist()
    # Releases before 1.4 have no preprocessor: their categories are whole numbers already.
    preprocessor = getattr(estimator, "_preprocessor", None)
    numbers = program.make_numbers(block) if preprocessor is None else _prepare(program, preprocessor, block)
    raw = add_trees(program, numbers, trees, start)
    if hasattr(estimator, "classes_"):
        classes = read_classes(estimator)
        if len(start) > 1:
            return Answer(None, classes, program.make_argmax(raw), program.make_softmax(raw), raw)
        return Answer(None, classes, program.compare(raw), program.make_sigmoid(raw), raw)
    if _has_log_link(estimator):
        raw = program.apply(raw, "exp")
    return Answer(value=raw)


def _has_log_link(estimator: Any) -> bool:
    """Tell whether the trees add up to a logarithm. Raises NotCompiled."""
    link = getattr(estimator._loss, "link", None)
    if link is None:  # before release 1.1
        return estimator.loss in _LOSSES_OF_LOGARITHMS
    name = type(link).__name__
    if name not in ("IdentityLink", "LogLink"):
        raise NotCompiled(f"the link function of its loss {estimator.loss!r} is not known")
    return name == "LogLink"


def _prepare(program: Program, preprocessor: Any, block: Block) -> Block:
    """Compile the ColumnTransformer that numbers the categories, and puts these columns first."""
    made = []
    for name, member, columns in preprocessor.transformers_:
        taken = program.take(block, find_places(preprocessor, block, name, columns))
        if taken.width:
            encodes = name == "encoder"
            made.append(compile_ordinal(program, member, taken) if encodes else program.make_numbers(taken))
    return program.join(made)


def _read_tree(predictor: Any, known: Sequence[frozenset[int]]) -> Tree:
    """Read a tree; `known` are the categories of each column.

    A category that is not known goes where nulls go. Where that is left, the children are exchanged: then the known
    categories of the right one are the set, and all others go to the other side.
    """
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    left = numpy.where(leaf, -1, nodes["left"].astype(numpy.int64))
    right = numpy.where(leaf, -1, nodes["right"].astype(numpy.int64))
    null_left = nodes["missing_go_to_left"].astype(bool)
    sets: dict[int, Sequence[int]] = {}
    for node in numpy.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf).tolist():
        members = _read_bits(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
        if null_left[node]:
            members = known[nodes["feature_idx"][node]] - members
            left[node], right[node] = right[node], left[node]
            null_left[node] = False
        sets[node] = sorted(members)
    thresholds = nodes["num_threshold"].astype(float)
    values = nodes["value"].astype(float)[:, None]
    return Tree(left, right, nodes["feature_idx"], thresholds, null_left, values, sets)


def _read_bits(words: Array) -> frozenset[int]:
    """Return the numbers of the bits that are set in words of 32 bits."""
    bits = numpy.unpackbits(numpy.ascontiguousarray(words, dtype="<u4").view(numpy.uint8), bitorder="little")
    return frozenset(numpy.flatnonzero(bits).tolist())
