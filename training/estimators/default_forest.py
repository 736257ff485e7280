"""The estimator for a table that comes without one: a random forest, which needs no tuning and no scaling.

Where all inputs are numbers it stays bare, so that it can be served without pandas and from flat arrays.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from function.model.contract import BOOLEAN, NUMBER, TEXTS, Feature
from function.model.manifest import REGRESSION
from training.errors import TrainingError, describe_error

SEED = 42
_TREES = 100
_STEPS = 5
_ROWS_PER_LEAF = 10_000
_MOST_CATEGORIES = 50

type Say = Callable[[str], None]


def make_example_forest() -> Any:
    """The article's forest."""
    return RandomForestRegressor(n_estimators=10, random_state=SEED)


def make_default_estimator(task: str, features: Sequence[Feature], rows: int) -> Any:
    """An unfitted estimator for such a table."""
    kind = RandomForestRegressor if task == REGRESSION else RandomForestClassifier
    # A forest grows with its table: leaves of more rows keep each tree under about 20,000 nodes, so that a bundle of
    # any table loads in a second or two. Up to 10,000 rows it is scikit-learn's own default.
    forest = kind(n_estimators=_TREES, min_samples_leaf=max(1, -(-rows // _ROWS_PER_LEAF)), random_state=SEED)
    # Trees split numbers on both sides of a null by themselves, and a boolean is 0 or 1 to them.
    if all(f.type == NUMBER or (f.type == BOOLEAN and not f.nullable) for f in features):
        return forest
    return Pipeline([("columns", _make_column_transformer(features)), ("forest", forest)])


def _make_column_transformer(features: Sequence[Feature]) -> ColumnTransformer:
    """Dense columns of numbers: categories as indicators, a null in numbers as the median and an indicator."""
    categorical = [f.name for f in features if f.type in TEXTS or (f.type == BOOLEAN and f.nullable)]
    numeric = [f.name for f in features if f.type == NUMBER and f.nullable]
    # A null is a category of its own. The rarest categories share one column beyond fifty, and one that training never
    # saw is counted among them, or is none of them: predicted, never refused.
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MOST_CATEGORIES, sparse_output=False)
    # The forest would take these nulls itself; other runtimes than scikit-learn's know imputers, not such trees.
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    return ColumnTransformer(
        [("categories", encoder, categorical), ("nullable", imputer, numeric)],
        remainder="passthrough",
        sparse_threshold=0,
    )


def fit(estimator: Any, table: Any, target: Any, say: Say | None = None) -> Any:
    """A fitted copy, telling `say` how far it is; bit for bit what one call of fit makes.

    Raises TrainingError where the estimator refuses the table.
    """
    fitted = clone(estimator)
    try:
        if isinstance(fitted, Pipeline):
            columns, forest = fitted[0], fitted[-1]
            table = columns.fit_transform(table)
        else:
            forest = fitted
        _grow(forest, table, target, say)
    except ValueError as error:
        raise TrainingError(
            f"The forest cannot be fitted to this table ({describe_error(error)}): correct its values."
        ) from None
    return fitted


def _grow(forest: Any, table: Any, target: Any, say: Say | None) -> None:
    trees = forest.n_estimators
    # All processors grow trees, each from its own seed; they predict on one, since several add up in any order.
    forest.set_params(warm_start=True, n_jobs=-1)
    step = max(10, trees // _STEPS)
    for grown in range(step, trees + step, step):
        forest.set_params(n_estimators=min(grown, trees)).fit(table, target)
        if say:
            say(f"fitting: {min(grown, trees)} of {trees} trees")
    forest.set_params(warm_start=False, n_jobs=None)
