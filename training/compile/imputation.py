"""Compile imputers: sklearn/impute."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import NAN, NONE, TEXTS
from function.model.dtypes import FLOAT32
from training.compile.program import Block, NotCompiled, Program, name_class

# Regressors whose prediction is `coef_` times the columns, plus `intercept_`.
_LINEAR = {
    f"sklearn.linear_model.{name}"
    for name in (
        *("ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV", "HuberRegressor", "Lars", "LarsCV", "Lasso"),
        *("LassoCV", "LassoLars", "LinearRegression", "Ridge", "RidgeCV", "SGDRegressor", "TheilSenRegressor"),
    )
}


class Marked(NamedTuple):
    """A block in which nulls are the values that an imputer takes for missing, and whether they are so per column."""

    block: Block
    is_missing: Sequence[bool]


def compile_simple_imputer(program: Program, imputer: Any, block: Block) -> Block:
    """Compile a SimpleImputer: it drops columns that were empty in training, and fills the others."""
    marked = _mark_missing(program, imputer, block)
    statistics = list(numpy.asarray(imputer.statistics_).tolist())
    keeps = getattr(imputer, "keep_empty_features", False)
    kept = [place for place, value in enumerate(statistics) if keeps or not _is_nan(value)]
    taken = program.take(marked.block, kept)
    filled = program.fill(taken, [_choose_filling(marked, place, statistics[place]) for place in kept])
    return _add_indicator(program, imputer, marked, filled)


def compile_missing_indicator(program: Program, indicator: Any, block: Block) -> Block:
    """Compile a MissingIndicator: 1 where a value is missing, else 0."""
    marked = _mark_missing(program, indicator, block)
    places = numpy.asarray(indicator.features_).tolist()
    if indicator.features == "missing-only" and indicator.error_on_new:
        others = [place for place in range(block.width) if place not in places and marked.block.columns[place].nullable]
        if any(marked.is_missing[place] for place in others):
            marked = marked._replace(block=_refuse_nulls(program, marked.block, others))
    return _indicate(program, marked, places)


def compile_iterative_imputer(program: Program, imputer: Any, block: Block) -> Block:
    """Compile an IterativeImputer of linear regressors: it fills first, then improves column by column.

    A record whose values are all missing is improved as well: scikit-learn does not if it comes alone.
    """
    if imputer.sample_posterior:
        raise NotCompiled("its IterativeImputer draws random numbers (sample_posterior)")
    marked = _mark_missing(program, imputer, block)
    _refuse_single(imputer, marked.block)
    filled = compile_simple_imputer(program, imputer.initial_imputer_, block)
    first = imputer.initial_imputer_.statistics_
    empty = numpy.asarray(getattr(imputer, "_is_empty_feature", [_is_nan(value) for value in first]), dtype=bool)
    keeps = getattr(imputer, "keep_empty_features", False)
    holed = marked.block if keeps else program.take(marked.block, numpy.flatnonzero(~empty).tolist())
    rounds = [each for each in imputer.imputation_sequence_ if not (keeps and empty[each.feat_idx])]
    if imputer.n_iter_ and rounds and any(column.nullable for column in holed.columns):
        filled = _improve(program, imputer, rounds, filled, holed)
    return _add_indicator(program, imputer, marked, filled)


def _improve(program: Program, imputer: Any, rounds: Sequence[Any], filled: Block, holed: Block) -> Block:
    """Add the step that computes nulls by the regressors, in their order."""
    factors = numpy.zeros((len(rounds), filled.width))
    for row, (_, neighbours, estimator) in zip(factors, rounds, strict=True):
        if name_class(estimator) not in _LINEAR:
            raise NotCompiled(f"its IterativeImputer imputes by a {type(estimator).__name__}")
        row[neighbours] = numpy.ravel(estimator.coef_)
    columns = [int(each.feat_idx) for each in rounds]
    lows, highs = (
        numpy.broadcast_to(numpy.asarray(limit, dtype=float), filled.width)
        for limit in (imputer._min_value, imputer._max_value)
    )
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
    if imputer.weights not in ("uniform", "distance") or imputer.metric != "nan_euclidean":
        raise NotCompiled("its KNNImputer weighs or measures by a function of its own")
    marked = _mark_missing(program, imputer, block)
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
        options = {"count": int(imputer.n_neighbors), "weighted": imputer.weights == "distance"}
        filled = program.add("neighbours", [filled], made, {"rows": ("d", rows), "means": ("d", means)}, **options)
    if valid.all() or not getattr(imputer, "keep_empty_features", False):
        filled = program.take(filled, numpy.flatnonzero(valid).tolist())
    else:
        # Columns that were empty in training are 0.
        nullable = tuple(column._replace(nullable=True) for column in filled.columns)
        zeroed = program.multiply(filled._replace(columns=nullable), valid.astype(float))
        filled = program.fill(zeroed, [None if kept else 0.0 for kept in valid])
    return _add_indicator(program, imputer, marked, filled)


def _refuse_single(imputer: Any, block: Block) -> None:
    if block.dtype == FLOAT32:
        raise NotCompiled(f"its {type(imputer).__name__} computes in float32")


# --- what is missing ---


def _mark_missing(program: Program, imputer: Any, block: Block) -> Marked:
    """Make nulls of the values that are missing, and refuse nulls that scikit-learn refuses. Raises NotCompiled."""
    missing = imputer.missing_values
    # Beside texts, and where it makes no numbers of objects, None is another null than NaN.
    is_object = any(column.type in TEXTS for column in block.columns) or missing is None
    if getattr(imputer, "strategy", "constant") in ("constant", "most_frequent") and hasattr(imputer, "_fit_dtype"):
        is_object = is_object or imputer._fit_dtype.kind == "O"
    if not is_object:
        block = program.make_numbers(block)
        block = program.refuse(block, nan=False)
    is_na = type(missing).__name__ == "NAType"
    wanted = {NAN, NONE} if is_na else {NAN} if _is_nan(missing) else {NONE} if missing is None else set()
    if NAN not in wanted:
        refused = [place for place, c in enumerate(block.columns) if c.nullable and c.null == NAN]
        block = _refuse_nulls(program, block, refused)
    if wanted:
        return Marked(block, [column.null in wanted for column in block.columns])
    return _erase(program, missing, block)


def _erase(program: Program, missing: Any, block: Block) -> Marked:
    """Make nulls of a text, or of a number."""
    is_text = isinstance(missing, str)
    erased = [(column.type in TEXTS) == is_text for column in block.columns]
    if any(column.nullable and erases for column, erases in zip(block.columns, erased, strict=True)):
        raise NotCompiled("its imputer takes another value for missing than the nulls that its column has as well")
    columns = [
        column._replace(nullable=True, null=NONE if is_text else NAN) if erases else column
        for column, erases in zip(block.columns, erased, strict=True)
    ]
    value = missing if is_text else float(missing)
    if not any(erased):
        return Marked(block, erased)
    marked = program.add("erase", [block], columns, {}, values=[value if erases else None for erases in erased])
    return Marked(marked, erased)


def _refuse_nulls(program: Program, block: Block, places: Sequence[int]) -> Block:
    """Refuse records that have a null in one of these columns."""
    if not places:
        return block
    columns = [column._replace(nullable=False) for column in block.columns]
    checked = program.add("refuse_null", [program.take(block, places)], [columns[place] for place in places], {})
    # The others stay as they are.
    order = {place: number for number, place in enumerate(places)}
    rest = [place for place in range(block.width) if place not in order]
    order |= {place: len(places) + number for number, place in enumerate(rest)}
    joined = program.join([checked, program.take(block, rest)]) if rest else checked
    return program.take(joined, [order[place] for place in range(block.width)])


def _choose_filling(marked: Marked, place: int, value: Any) -> float | str | None:
    """Choose what fills the nulls of a column; None leaves them."""
    column = marked.block.columns[place]
    if not (marked.is_missing[place] and column.nullable) or _is_nan(value) or value is None:
        return None
    if isinstance(value, str) != (column.type in TEXTS):
        raise NotCompiled("its SimpleImputer fills texts with numbers, or numbers with texts")
    if isinstance(value, str):
        return value
    # In a block of numbers scikit-learn casts it to the block's type.
    return float(numpy.float32(value)) if marked.block.dtype == FLOAT32 and not column.is_raw else float(value)


def _add_indicator(program: Program, imputer: Any, marked: Marked, filled: Block) -> Block:
    indicator = getattr(imputer, "indicator_", None)
    if indicator is None:
        return filled
    return program.join([filled, _indicate(program, marked, numpy.asarray(indicator.features_).tolist())])


def _indicate(program: Program, marked: Marked, places: Sequence[int]) -> Block:
    """1 where a value of these columns is missing; nulls of the other kind are values."""
    indicated = program.make_indicators_of_nulls(program.take(marked.block, places))
    kinds = [1.0 if marked.is_missing[place] else 0.0 for place in places]
    return indicated if all(kinds) else program.multiply(indicated, kinds)


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, numpy.floating)) and bool(numpy.isnan(value))
