"""Compile what chooses the nearest of some centers: sklearn/cluster/, and sklearn/neighbors/_nearest_centroid.py."""

from collections.abc import Iterator
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Answer, Array, Block, NotCompiled, read_classes
from training.compile.curves import measure_distances, widen
from training.compile.ensembles import map_labels
from training.compile.kernels import make_rows, mark_noisy, measure_squares, take_root
from training.compile.program import Program
from training.compile.scaling import prepare


def compile_k_means(program: Program, model: Any, block: Block) -> Answer:
    """Compile a KMeans or MiniBatchKMeans: the nearest center, and the distances to all."""
    scores, block = compile_distances(program, model, block), widen(prepare(program, block, nan=True))
    centers = make_rows(model.cluster_centers_)
    label = program.make_argmax(_measure_nearness(program, centers, block))
    return Answer(None, tuple(range(len(centers))), label, scores=scores)


def _measure_nearness(program: Program, centers: Array, block: Block) -> Block:
    """Compute the squared distances without the square of the record, which is the same in all, and negative."""
    return program.multiply_matrix(block, 2 * centers.T, -(centers * centers).sum(axis=1))


def compile_bisecting_k_means(program: Program, model: Any, block: Block) -> Answer:
    """Compile a BisectingKMeans: the nearer of two centers decides at each node of a tree."""
    scores, block = compile_distances(program, model, block), widen(prepare(program, block, nan=True))
    splits: list[tuple[Array, Array]] = []
    leaves = dict(_list_leaves(model._bisecting_tree, splits))
    if not splits:
        raise NotCompiled("it knows one cluster only")
    left, right = (numpy.array(centers) + getattr(model, "_X_mean", 0.0) for centers in zip(*splits, strict=True))
    # If both are infinite, it is the left one.
    nearness = _measure_nearness(program, right, block), _measure_nearness(program, left, block)
    sides = program.compare(program.sum([nearness[0], program.multiply(nearness[1], -1.0)]))
    # A record is in the leaf for which it goes to the right where the path goes there, and nowhere else on the path.
    paths = numpy.zeros((len(splits), len(leaves)))
    for leaf, path in leaves.items():
        for split, sign in path:
            paths[split, leaf] = sign
    label = program.make_argmax(program.multiply_matrix(sides, paths, -(paths > 0).sum(axis=0)))
    return Answer(None, tuple(range(len(leaves))), label, scores=scores)


def _list_leaves(
    node: Any, splits: list[tuple[Array, Array]], path: tuple[tuple[int, int], ...] = ()
) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """Yield each leaf's label and path: at which splits it goes to the right (1) or to the left (-1)."""
    if node.left is None:
        yield int(node.label), path
        return
    split = len(splits)
    splits.append((node.left.center, node.right.center))
    yield from _list_leaves(node.left, splits, (*path, (split, -1)))
    yield from _list_leaves(node.right, splits, (*path, (split, 1)))


def compile_centers(program: Program, model: Any, block: Block) -> Answer:
    """Compile a MeanShift or AffinityPropagation: the nearest center."""
    block, centers = widen(prepare(program, block, nan=True)), make_rows(model.cluster_centers_)
    return Answer(None, tuple(range(len(centers))), _choose_nearest(program, measure_squares(program, centers, block)))


def compile_birch(program: Program, model: Any, block: Block) -> Answer:
    """Compile a Birch: the cluster of the nearest subcluster, and the distances if each cluster has one of them."""
    scores, block = compile_distances(program, model, block), widen(prepare(program, block, nan=True))
    labels = [int(label) for label in model.subcluster_labels_]
    label = _choose_nearest(program, measure_squares(program, make_rows(model.subcluster_centers_), block))
    nearest = Answer(None, tuple(range(len(labels))), label)
    clusters = tuple(range(max(labels) + 1))
    cluster = map_labels(program, nearest, [[float(label) for label in labels]])
    return Answer(None, clusters, cluster, scores=scores if len(clusters) == len(labels) else None)


def compile_distances(program: Program, model: Any, block: Block) -> Block:
    """Compile a cluster model as a transformer: the distances to all centers."""
    block = prepare(program, block, nan=True)
    centers = make_rows(getattr(model, "subcluster_centers_", getattr(model, "cluster_centers_", None)))
    made = take_root(program, mark_noisy(measure_squares(program, centers, widen(block))))
    if block.dtype != FLOAT32:
        return made
    return program.add("round", [made], [c._replace(dtype=FLOAT32) for c in made.columns], {})


def compile_nearest_centroid(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a NearestCentroid: the class of the nearest center, or the one with the best score if priors differ."""
    block = widen(prepare(program, block, nan=True))
    centers, classes = numpy.asarray(estimator.centroids_, dtype=float), read_classes(estimator)
    if estimator.metric not in ("euclidean", "manhattan"):
        raise NotCompiled(f"its NearestCentroid measures by {estimator.metric!r}")
    # Releases before 1.6 know no priors.
    priors = numpy.asarray(getattr(estimator, "class_prior_", [1 / len(classes)] * len(classes)))
    is_fair = bool(numpy.isclose(priors, 1 / len(classes)).all())
    label = _choose_nearest(program, _measure(program, estimator, centers, block))
    shares = None
    if hasattr(estimator, "predict_proba") or not is_fair:
        scale = numpy.where(estimator.within_class_std_dev_ == 0, 1.0, estimator.within_class_std_dev_)
        made = _measure(program, estimator, centers / scale, program.refuse(program.divide(block, scale)))
        # A root that is squared again is another number where numbers are huge.
        made = program.apply(made, "sqrt") if estimator.metric == "euclidean" else made
        squares = program.apply(made, "square")
        scores = program.add_numbers(program.multiply(squares, -1.0), 2 * numpy.log(priors))
        label = label if is_fair else program.make_argmax(scores)
        shares = program.make_softmax(scores) if hasattr(estimator, "predict_proba") else None
    return Answer(None, classes, label, shares)


def _measure(program: Program, estimator: Any, centers: Array, block: Block) -> Block:
    if estimator.metric == "manhattan":
        return measure_distances(program, block, centers, "manhattan")
    return measure_squares(program, centers, block)


def _choose_nearest(program: Program, distances: Block) -> Block:
    """Choose the first of the smallest distances; one that is NaN counts as 0, as scikit-learn's."""
    return program.make_argmax(program.multiply(distances, -1.0))
