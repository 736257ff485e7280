"""Compile imputers that compute nulls of other columns or rows: sklearn/impute/_iterative.py and _knn.py."""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Array, Arrays, Block, NotCompiled
from training.compile.class_names import name_class
from training.compile.curves import LARGEST
from training.compile.imputation import add_indicator, compile_simple_imputer, is_nan, mark_missing
from training.compile.program import Program

# Regressors whose prediction is `coef_` times the columns, plus `intercept_`.
_LINEAR = {
    f"sklearn.linear_model.{name}"
    for name in (
        *("ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV", "HuberRegressor", "Lars", "LarsCV", "Lasso"),
        *("LassoCV", "LassoLars", "LinearRegression", "Ridge", "RidgeCV", "SGDRegressor", "TheilSenRegressor"),
    )
}


def compile_iterative_imputer(program: Program, imputer: Any, block: Block) -> Block:
    """Compile an IterativeImputer: it fills first, then improves column by column.

    A record whose values are all missing is improved as well: scikit-learn does not if it comes alone.
    """
    if imputer.sample_posterior:
        raise NotCompiled("its IterativeImputer draws random numbers (sample_posterior)")
    marked = mark_missing(program, imputer, block)
    _refuse_single(imputer, marked.block)
    filled = compile_simple_imputer(program, imputer.initial_imputer_, block)
    first = imputer.initial_imputer_.statistics_
    empty = numpy.asarray(getattr(imputer, "_is_empty_feature", [is_nan(value) for value in first]), dtype=bool)
    keeps = getattr(imputer, "keep_empty_features", False)
    holed = marked.block if keeps else program.take(marked.block, numpy.flatnonzero(~empty).tolist())
    rounds = [each for each in imputer.imputation_sequence_ if not (keeps and empty[each.feat_idx])]
    if imputer.n_iter_ and rounds and any(column.nullable for column in holed.columns):
        is_linear = all(name_class(each.estimator) in _LINEAR for each in rounds)
        improve = _regress if is_linear else _predict
        filled = improve(program, imputer, rounds, filled, holed)
    return add_indicator(program, imputer, marked, filled)


def _predict(program: Program, imputer: Any, rounds: Sequence[Any], filled: Block, holed: Block) -> Block:
    """Add the steps of each regressor, which may be of any kind that is compiled."""
    limits = _read_limits(imputer, filled.width)
    for place, neighbours, estimator in rounds:
        if not holed.columns[place].nullable:
            continue
        features = program.take(filled, numpy.ravel(neighbours).tolist())
        # scikit-learn asks the regressor where its column is missing only: it refuses nothing of other records.
        holes = program.take(holed, [place] * features.width)
        zeros = program.make_constants([0.0] * features.width)
        asked = program.add("patch", [zeros, holes, features], features.columns, {})
        value = program.predict(estimator, asked).value
        if value is None:
            raise NotCompiled(f"its IterativeImputer imputes by a {type(estimator).__name__}")
        low, high = (float(numpy.clip(each[place], -LARGEST, LARGEST)) for each in limits)
        made = program.clip(value, low, high) if low > -LARGEST or high < LARGEST else value
        before, hole = program.take(filled, [place]), program.take(holed, [place])
        columns = [column._replace(name=before.columns[0].name) for column in made.columns]
        patched = program.add("patch", [before, hole, made], columns, {})
        order = [filled.width if column == place else column for column in range(filled.width)]
        filled = program.take(program.join([filled, patched]), order)
    return filled


def _read_limits(imputer: Any, width: int) -> tuple[Array, Array]:
    low, high = (
        numpy.broadcast_to(numpy.asarray(limit, dtype=float), width)
        for limit in (imputer._min_value, imputer._max_value)
    )
    return low, high


def _regress(program: Program, imputer: Any, rounds: Sequence[Any], filled: Block, holed: Block) -> Block:
    """Add the step that computes nulls by linear regressors, in their order."""
    factors = numpy.zeros((len(rounds), filled.width))
    for row, (_, neighbours, estimator) in zip(factors, rounds, strict=True):
        row[neighbours] = numpy.ravel(estimator.coef_)
    columns = [int(each.feat_idx) for each in rounds]
    lows, highs = _read_limits(imputer, filled.width)
    starts = [float(numpy.ravel(each.estimator.intercept_)[0]) for each in rounds]
    arrays = {
        "columns": ("I", columns),
        "factors": ("d", factors),
        "starts": ("d", starts),
        "lows": ("d", lows[columns]),
        "highs": ("d", highs[columns]),
    }
    made = [
        column._replace(is_exact=column.is_exact and not hole.nullable, is_finite=False, nullable=hole.nullable)
        for column, hole in zip(filled.columns, holed.columns, strict=True)
    ]
    return program.add("regress", [filled, holed], made, arrays)


def compile_knn_imputer(program: Program, imputer: Any, block: Block) -> Block:
    """Compile a KNNImputer: the rows of training are part of the file."""
    if imputer.weights != "uniform":
        # It computes distances as differences of large squares: half of their digits are noise where rows are near.
        raise NotCompiled("its KNNImputer weighs by distances, which scikit-learn knows to few digits")
    if imputer.metric != "nan_euclidean":
        raise NotCompiled("its KNNImputer measures by a function of its own")
    marked = mark_missing(program, imputer, block)
    _refuse_single(imputer, marked.block)
    valid = numpy.asarray(imputer._valid_mask, dtype=bool)
    missing = numpy.asarray(imputer._mask_fit_X, dtype=bool)
    rows = numpy.where(missing, numpy.nan, numpy.asarray(imputer._fit_X, dtype=float))
    means = [
        float(rows[~missing[:, place], place].mean()) if valid[place] else numpy.nan for place in range(len(valid))
    ]
    made = [
        column._replace(nullable=column.nullable and not valid[place], is_exact=column.is_exact and not column.nullable)
        for place, column in enumerate(marked.block.columns)
    ]
    filled = marked.block
    if any(column.nullable for column in marked.block.columns):
        arrays: Arrays = {"rows": ("d", rows), "means": ("d", means)}
        filled = program.add("neighbours", [filled], made, arrays, count=int(imputer.n_neighbors))
    if valid.all() or not getattr(imputer, "keep_empty_features", False):
        filled = program.take(filled, numpy.flatnonzero(valid).tolist())
    else:
        # Columns that were empty in training are 0.
        nullable = tuple(column._replace(nullable=True) for column in filled.columns)
        zeroed = program.multiply(filled._replace(columns=nullable), valid.astype(float))
        filled = program.fill(zeroed, [None if kept else 0.0 for kept in valid])
    return add_indicator(program, imputer, marked, filled)


def _refuse_single(imputer: Any, block: Block) -> None:
    if block.dtype == FLOAT32:
        raise NotCompiled(f"its {type(imputer).__name__} computes in float32")
