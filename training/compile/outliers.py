"""Compile detectors of outliers: sklearn/ensemble/_iforest.py, neighbors/_lof.py, covariance/_elliptic_envelope.py."""

from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from function.model.target import OUTLIER_CLASSES
from training.compile.bagging import place_columns
from training.compile.blocks import Answer, Array, Block, Column, NotCompiled
from training.compile.curves import multiply_blocks, widen
from training.compile.neighbours import find_nearest
from training.compile.program import Program
from training.compile.scaling import prepare
from training.compile.trees import Tree, add_trees, read_tree


def compile_isolation_forest(program: Program, forest: Any, block: Block) -> Answer:
    """Compile an IsolationForest: how many splits isolate a record, in all trees."""
    columns, trees = place_columns(forest, [_read_depths(member) for member in forest.estimators_])
    taken = program.take(_prepare(program, forest, block), columns)
    depths = add_trees(program, taken, trees, [0.0])
    # Of a single row, each record is as far as the average.
    average = float(_measure_average_paths(numpy.array([forest.max_samples_]))[0]) * len(trees)
    ratio = program.divide(depths, -average) if average else program.make_constants([-1.0])
    return _answer(program, program.multiply(program.apply(ratio, "exp2"), -1.0), forest)


def _prepare(program: Program, forest: Any, block: Block) -> Block:
    """Round to float32; newer releases let null and infinity pass."""
    tags = forest.__sklearn_tags__() if hasattr(forest, "__sklearn_tags__") else None
    if tags is None or not tags.input_tags.allow_nan:
        return program.round(prepare(program, block, nan=True))
    block = program.make_numbers(block)
    columns = [column._replace(dtype=FLOAT32) for column in block.columns]
    return block if block.dtype == FLOAT32 else program.add("single", [block], columns, {}, null=None)


def _read_depths(estimator: Any) -> Tree:
    """Read a tree whose leaves hold how many splits isolate a record, with those that more rows would have needed."""
    tree = read_tree(estimator)
    depths = numpy.ones(len(tree.left))
    for node in numpy.flatnonzero(tree.left >= 0):  # in depth-first order
        depths[[tree.left[node], tree.right[node]]] = depths[node] + 1
    paths = depths + _measure_average_paths(estimator.tree_.n_node_samples) - 1.0
    return tree._replace(values=paths[:, numpy.newaxis])


def _measure_average_paths(rows: Array) -> Array:
    """Measure the average path in a random tree of so many rows."""
    most = numpy.maximum(rows, 3)
    paths = 2.0 * (numpy.log(most - 1.0) + numpy.euler_gamma) - 2.0 * (most - 1.0) / most
    return numpy.where(rows <= 2, numpy.where(rows == 2, 1.0, 0.0), paths)


def compile_local_outlier_factor(program: Program, factor: Any, block: Block) -> Answer:
    """Compile a LocalOutlierFactor: how dense the nearest rows lie, compared with the record."""
    if not factor.novelty:
        raise NotCompiled("it was trained without novelty=True, and knows its own rows only")
    count, is_single = int(factor.n_neighbors_), program.make_numbers(block).dtype == FLOAT32
    reach = numpy.asarray(factor._distances_fit_X_, dtype=float)[:, count - 1]
    values = numpy.column_stack([reach, numpy.asarray(factor._lrd, dtype=float)])
    distances, found = find_nearest(program, factor, block, values, count)
    reaches, densities = (program.take(found, range(at, at + count)) for at in (0, count))
    # A distance counts as that to which the row itself reaches, if it is shorter.
    longer = program.clip(program.sum([distances, program.multiply(reaches, -1.0)]), 0.0, None)
    mean = program.add_numbers(_average(program, program.sum([reaches, longer])), 1e-10)
    score = program.multiply(multiply_blocks(program, _average(program, densities), mean), -1.0)
    if is_single:
        score = program.add("round", [score], [Column(dtype=FLOAT32, is_exact=False)], {})
    return _answer(program, score, factor)


def _average(program: Program, block: Block) -> Block:
    return program.divide(program.multiply_matrix(block, numpy.ones((block.width, 1))), float(block.width))


def compile_elliptic_envelope(program: Program, envelope: Any, block: Block) -> Answer:
    """Compile an EllipticEnvelope: the squared distance to the middle, by the rows' covariance."""
    precision = envelope.precision_
    if precision is None:
        precision = numpy.linalg.pinv(envelope.covariance_, hermitian=True)
    centered = program.subtract(widen(prepare(program, block, nan=True)), envelope.location_)
    products = multiply_blocks(program, centered, program.multiply_matrix(centered, precision))
    return _answer(program, program.multiply_matrix(products, -numpy.ones((block.width, 1))), envelope)


def _answer(program: Program, scores: Block, detector: Any) -> Answer:
    """Answer an outlier where the score is below the detector's offset."""
    decision = program.add_numbers(scores, -float(detector.offset_))
    return Answer(None, OUTLIER_CLASSES, program.compare(decision, equal=True), scores=decision)
