"""Compile what compares a record with rows of training: sklearn/neighbors/.

A search in a tree adds up squares of differences: its distances, and which of equal ones count, are the estimator's.
One by brute force takes differences of products instead, so that half of the digits of a small distance are noise.
"""

from typing import Any, NamedTuple

import numpy

from function.model.dtypes import FLOAT32, FLOAT64
from training.compile.answers import answer_shares, answer_values
from training.compile.blocks import Answer, Array, Arrays, Block, Column, NotCompiled, list_classes
from training.compile.curves import divide_blocks, measure_distances, multiply_blocks, raise_to, widen
from training.compile.kernels import make_rows, mark_noisy, measure_squares, take_root
from training.compile.program import Program
from training.compile.scaling import normalize, prepare

_METRICS = {
    **dict.fromkeys(("euclidean", "l2", "sqeuclidean", "cosine"), "squared"),
    **dict.fromkeys(("manhattan", "cityblock", "l1"), "manhattan"),
    **dict.fromkeys(("chebyshev", "infinity"), "chebyshev"),
    **dict.fromkeys(("seuclidean", "mahalanobis"), "squared"),
    "minkowski": "minkowski",
}
_HALF = 0.5**0.5
# A sparse matrix with more numbers, zeros included, is not made a dense one of 32 MB.
_MOST_SPARSE = 2**22
_NO_TREE = {"shape": "none", "levels": 1}


class Known(NamedTuple):
    """The rows of training, and the block that is compared with them.

    - `rows`, `order`: the rows in the order of the search, and the place of each in training
    - `options`: those of the operation `distances`
    - `root`: the distance is this root of what the operation makes
    - `bounds`, `tree`: an array and options of the operation `nearest`
    - `is_noisy`: scikit-learn's distances have half of their digits
    """

    block: Block
    rows: Array
    order: Array
    options: dict[str, Any]
    root: float
    bounds: Array
    tree: dict[str, Any]
    is_noisy: bool


def compile_nearest_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a KNeighborsRegressor: the mean of the nearest rows' targets."""
    targets = numpy.asarray(estimator._y)
    return _answer_values(program, _average_nearest(program, estimator, block, _make_columns(targets)), targets)


def compile_nearest_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a KNeighborsClassifier: the shares of the classes among the nearest rows."""
    shares = _average_nearest(program, estimator, block, _make_indicators(estimator))
    # If all distances are infinite, no row has a weight, which scikit-learn refuses.
    return answer_shares(program, list_classes(estimator), program.refuse(shares, infinity=False))


def compile_radius_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a RadiusNeighborsRegressor: the mean of the targets of all rows that are near, NaN if there is none."""
    targets = numpy.asarray(estimator._y)
    mean = _average_near(program, estimator, block, _make_columns(targets))
    if targets.dtype.kind in "iu":
        # What numpy makes of NaN in an array of whole numbers.
        mean = program.fill(mean, [float(numpy.iinfo(numpy.int64).min)] * mean.width)
    return _answer_values(program, mean, targets)


def compile_radius_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a RadiusNeighborsClassifier: the shares of the classes among all rows that are near.

    Where there is none, it answers its `outlier_label`, or refuses the record if it has none.
    """
    shares = _average_near(program, estimator, block, _make_indicators(estimator))
    labels = estimator.outlier_label_
    if labels is None:
        return answer_shares(program, list_classes(estimator), program.refuse(shares, infinity=False))
    alone = [
        float(known == label)
        for classes, label in zip(list_classes(estimator), labels, strict=True)
        for known in classes
    ]
    if sum(alone) != len(labels):
        raise NotCompiled("its outlier_label is none of the classes of training")
    return answer_shares(program, list_classes(estimator), program.fill(shares, alone))


def find_nearest(program: Program, model: Any, block: Block, values: Array, count: int) -> tuple[Block, Block]:
    """Find the nearest rows of training: their distances, and each column of `values` of each of them."""
    known = read_known(program, model, block)
    options = {"metric": "product"} if known.is_noisy else known.options
    is_exact = known.block.is_exact and known.tree != _NO_TREE
    distance = Column(dtype=FLOAT32 if known.is_noisy else FLOAT64, is_exact=is_exact, is_finite=False)
    columns = [distance] * count + [Column(is_exact=is_exact)] * (count * values.shape[1])
    arrays: Arrays = {
        "rows": ("d", known.rows.T),
        "bounds": ("d", known.bounds),
        "values": ("B" if values.dtype == bool else "d", values[known.order].T),
    }
    first = int(numpy.flatnonzero(known.order == 0)[0])
    made = program.add("nearest", [known.block], columns, arrays, count=count, first=first, **options, **known.tree)
    distances = _take_root(program, known, program.take(made, range(count)))
    return distances, program.take(made, range(count, made.width))


def read_known(program: Program, model: Any, block: Block) -> Known:
    """Read the rows of training, and how the estimator searches them. Raises NotCompiled."""
    block = widen(prepare(program, block, nan=True))
    name, parameters = model.effective_metric_, dict(model.effective_metric_params_)
    power = parameters.pop("p", 2.0)
    stretch = _find_stretch(name, float(power), parameters)
    if not isinstance(name, str) or name not in _METRICS or any(each is not None for each in parameters.values()):
        raise NotCompiled(f"its {type(model).__name__} measures by a metric that is not compiled")
    if hasattr(model._fit_X, "toarray") and numpy.prod(model._fit_X.shape) > _MOST_SPARSE:
        raise NotCompiled(f"its rows of training, with their zeros, are more than {_MOST_SPARSE:,} numbers")
    rows, metric = make_rows(model._fit_X), _METRICS[name]
    is_noisy = metric == "squared" and model._tree is None and stretch is None
    bounds = numpy.array([])
    if is_noisy:
        bounds = _add_squares_of_sparse(model._fit_X) if hasattr(model._fit_X, "indptr") else (rows * rows).sum(axis=1)
    order, tree = numpy.arange(len(rows)), _NO_TREE
    if model._tree is not None:
        order, bounds, tree = _read_tree(model._tree)
    if stretch is not None:
        rows, block = rows @ stretch, program.multiply_matrix(block, stretch)
        if model._tree is not None:  # a BallTree: centers and radiuses
            bounds = numpy.column_stack([bounds[:, :-1] @ stretch, bounds[:, -1]])
    if name == "cosine":
        # Of two directions, it is half of the squared difference.
        norms = numpy.sqrt((rows * rows).sum(axis=1, keepdims=True))
        if not norms.all():
            raise NotCompiled("one of its rows has no direction")
        rows, bounds = rows / norms * _HALF, numpy.full(len(rows), 0.5)
        block = program.multiply(normalize(program, block, "l2"), _HALF)
        # numpy chooses the nearest: to a record without a direction, all are as near.
        order = numpy.argpartition(numpy.zeros(len(rows)), (model.n_neighbors or 1) - 1)
    roots = {**dict.fromkeys(("euclidean", "l2", "seuclidean", "mahalanobis"), 2.0), "minkowski": float(power)}
    options: dict[str, Any] = {"metric": metric, "p": float(power)} if metric == "minkowski" else {"metric": metric}
    return Known(block, rows[order], order, options, roots.get(name, 1.0), bounds, tree, is_noisy)


def _find_stretch(name: Any, power: float, parameters: dict[str, Any]) -> Array | None:
    """Find the matrix that makes weighed columns count alike, and take its parameter out of the others."""
    variances, inverse, weights = (parameters.pop(each, None) for each in ("V", "VI", "w"))
    if name == "mahalanobis":
        inverse = numpy.linalg.inv(variances) if inverse is None else numpy.asarray(inverse, dtype=float)
        return numpy.linalg.cholesky(inverse)
    if name == "seuclidean":
        return numpy.diag(numpy.asarray(variances, dtype=float) ** -0.5)
    return None if weights is None else numpy.diag(numpy.asarray(weights, dtype=float) ** (1 / power))


def _add_squares_of_sparse(matrix: Any) -> Array:
    """Add up the squares of each row one after the other as they are stored, which need not be their places' order."""
    places = numpy.repeat(numpy.arange(matrix.shape[0]), numpy.diff(matrix.indptr))
    return numpy.bincount(places, weights=matrix.data.astype(float) ** 2, minlength=matrix.shape[0])


def _read_tree(tree: Any) -> tuple[Array, Array, dict[str, Any]]:
    """Read a KDTree or BallTree: the order of its rows, the bounds of its nodes, and the options that say which."""
    _, order, nodes, bounds = (numpy.asarray(array) for array in tree.get_arrays())
    # A KDTree has two bounds of each node, a BallTree its center.
    shape = "boxes" if len(bounds) == 2 else "balls"
    parts = [*bounds] if len(bounds) == 2 else [*bounds, nodes["radius"][:, None]]
    return order, numpy.concatenate(parts, axis=1), {"shape": shape, "levels": len(nodes).bit_length()}


def _take_root(program: Program, known: Known, sums: Block) -> Block:
    """Make distances of the sums of an operation."""
    if known.root == 2:
        return take_root(program, sums)
    return sums if known.root == 1 else raise_to(program, sums, 1 / known.root)


def _average_nearest(program: Program, estimator: Any, block: Block, values: Array) -> Block:
    """Average each column of `values` over the nearest rows."""
    count, width = int(estimator.n_neighbors), values.shape[1]
    distances, found = find_nearest(program, estimator, block, values, count)
    add_up = numpy.repeat(numpy.eye(width), count, axis=0)
    if not _weighs(estimator):
        return program.divide(program.multiply_matrix(found, add_up), float(count))
    weights = _invert(program, distances)
    weighted = multiply_blocks(program, program.take(weights, list(range(count)) * width), found)
    totals = program.multiply_matrix(weights, numpy.ones((count, width)))
    return divide_blocks(program, program.multiply_matrix(weighted, add_up), totals)


def _average_near(program: Program, estimator: Any, block: Block, values: Array) -> Block:
    """Average each column of `values` over the rows that are within the radius; NaN if there is none."""
    known = read_known(program, estimator, block)
    sums = measure_distances(program, known.block, known.rows, **known.options)
    if known.is_noisy:
        # Infinity minus infinity is 0 there.
        sums = mark_noisy(measure_squares(program, known.rows, known.block))
        sums = program.fill(sums, [0.0] * sums.width)
    weights = program.compare(program.multiply(widen(sums), -1.0), -(float(estimator.radius) ** known.root), equal=True)
    if _weighs(estimator):
        weights = multiply_blocks(program, weights, _invert(program, _take_root(program, known, sums)))
    total = program.multiply_matrix(weights, numpy.ones((weights.width, 1)))
    added = program.multiply_matrix(weights, values[known.order])
    return divide_blocks(program, added, program.take(total, [0] * added.width))


def _weighs(estimator: Any) -> bool:
    if estimator.weights not in (None, "uniform", "distance"):
        raise NotCompiled(f"its {type(estimator).__name__} weighs by a function of its own")
    return bool(estimator.weights == "distance")


def _invert(program: Program, distances: Block) -> Block:
    """Make weights of distances: their inverses, or 1 for those that are 0 and 0 for the others."""
    return program.add("inverse", [distances], [Column(is_exact=distances.is_exact)] * distances.width, {})


def _make_columns(targets: Array) -> Array:
    return targets.reshape(len(targets), -1).astype(float)


def _make_indicators(estimator: Any) -> Array:
    """Make a column for each class of each target, true where a row of training has it."""
    codes = _make_columns(numpy.asarray(estimator._y))
    pairs = zip(codes.T, list_classes(estimator), strict=True)
    return numpy.concatenate([column[:, None] == numpy.arange(len(classes)) for column, classes in pairs], axis=1)


def _answer_values(program: Program, values: Block, targets: Array) -> Answer:
    """Answer the columns as the values of the targets, in float32 if these are of it."""
    if targets.dtype == numpy.float32:
        values = program.add("round", [values], [Column(dtype=FLOAT32, is_exact=False)] * values.width, {})
    return answer_values(program, values)
