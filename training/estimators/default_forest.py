"""The estimator that is trained when none is given: a random forest, which needs no tuning and no scaling.

If all inputs are numbers it is a bare forest, which is served without pandas and as flat arrays.
"""

from collections.abc import Sequence
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from function.model.contract import BOOLEAN, NUMBER, TEXTS, Feature
from function.model.target import REGRESSION
from training.errors import TrainingError, describe_error
from training.progress import Report

SEED = 42
TREES = 100
_STEPS = 5
_ROWS_PER_LEAF = 10_000
_MOST_CATEGORIES = 50


def make_example_forest() -> Any:
    """Make the unfitted forest of the article that this project began with."""
    return RandomForestRegressor(n_estimators=10, random_state=SEED)


def make_default_estimator(task: str, features: Sequence[Feature], rows: int, trees: int = TREES) -> Any:
    """Make an unfitted estimator for a table of so many rows."""
    forest_class = RandomForestRegressor if task == REGRESSION else RandomForestClassifier
    # A forest grows with its table. Larger leaves keep each tree under about 20,000 nodes, so that the bundle of any
    # table loads in a second or two. Up to 10,000 rows a leaf may have one row, which is scikit-learn's default.
    forest = forest_class(n_estimators=trees, min_samples_leaf=max(1, -(-rows // _ROWS_PER_LEAF)), random_state=SEED)
    # Trees take numbers with nulls, and booleans as 0 and 1.
    if all(f.type == NUMBER or (f.type == BOOLEAN and not f.nullable) for f in features):
        return forest
    return Pipeline([("columns", _make_column_transformer(features)), ("forest", forest)])


def _make_column_transformer(features: Sequence[Feature]) -> ColumnTransformer:
    """Encode categories as indicators, and nulls of numbers as the median and an indicator; the output is dense."""
    categorical = [f.name for f in features if f.type in TEXTS or (f.type == BOOLEAN and f.nullable)]
    numeric = [f.name for f in features if f.type == NUMBER and f.nullable]
    # A null is a category of its own. Beyond fifty categories the rarest share one column, and unknown ones are
    # encoded with them, or as no category at all: no text is refused.
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MOST_CATEGORIES, sparse_output=False)
    # The forest takes nulls itself, but more runtimes know imputers than trees with nulls.
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    return ColumnTransformer(
        [("categories", encoder, categorical), ("nullable", imputer, numeric)],
        remainder="passthrough",
        sparse_threshold=0,
    )


def fit(estimator: Any, inputs: Any, target: Any, report: Report | None = None) -> Any:
    """Return a fitted copy of the estimator, and report progress; the result equals one call of its `fit` bit for bit.

    Raises TrainingError if the estimator refuses the inputs.
    """
    fitted = clone(estimator)
    try:
        if isinstance(fitted, Pipeline):
            columns, forest = fitted[0], fitted[-1]
            inputs = columns.fit_transform(inputs)
        else:
            forest = fitted
        _grow(forest, inputs, target, report)
    except ValueError as error:
        raise TrainingError(
            f"The forest cannot be fitted to this table ({describe_error(error)}): correct its values."
        ) from None
    return fitted


def _grow(forest: Any, inputs: Any, target: Any, report: Report | None) -> None:
    trees = forest.n_estimators
    # Trees grow in parallel, each from its own seed. They predict on one processor: several of them would add up the
    # trees in an order that changes from call to call, and with it the last bits.
    forest.set_params(warm_start=True, n_jobs=-1)
    step = max(10, trees // _STEPS)
    for grown in range(step, trees + step, step):
        forest.set_params(n_estimators=min(grown, trees)).fit(inputs, target)
        if report:
            report(f"fitting: {min(grown, trees)} of {trees} trees")
    forest.set_params(warm_start=False, n_jobs=None)
