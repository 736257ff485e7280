"""Trees and forests of the zoo."""

from collections.abc import Sequence
from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "trees and forests"
NUMBERS = (*tables.NUMBERS, "floor", "balcony")


def _limit(first: int, width: int = 10) -> Sequence[int]:
    """Make a monotonic constraint of the first column."""
    return [first] + [0] * (width - 1)


def _boost(loss: str, **options: Any) -> GradientBoostingRegressor:
    return GradientBoostingRegressor(loss=loss, n_estimators=15, random_state=0, **options)


SPECIMENS: tuple[Specimen, ...] = (
    Specimen("tree", FAMILY, tables.diabetes, "target", lambda: DecisionTreeRegressor(max_depth=6)),
    Specimen(
        "tree with nulls", FAMILY, tables.diabetes_with_nulls, "target", lambda: DecisionTreeRegressor(max_depth=6)
    ),
    Specimen(
        "tree of absolute errors",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: DecisionTreeRegressor(criterion="absolute_error", max_leaf_nodes=12, random_state=0),
    ),
    Specimen(
        "tree of Poisson's deviance with nulls",
        FAMILY,
        tables.mixed,
        "visits",
        lambda: DecisionTreeRegressor(criterion="poisson", max_depth=5),
        NUMBERS,
    ),
    Specimen(
        "tree with a monotonic constraint",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: DecisionTreeRegressor(max_depth=5, monotonic_cst=_limit(1)),
    ),
    Specimen(
        "tree of a single leaf", FAMILY, tables.diabetes, "target", lambda: DecisionTreeRegressor(min_samples_leaf=400)
    ),
    Specimen(
        "random tree with nulls",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: ExtraTreeRegressor(max_depth=7, random_state=0),
    ),
    Specimen("tree of three classes", FAMILY, tables.iris, "target", DecisionTreeClassifier),
    Specimen(
        "tree of two classes with weights and nulls",
        FAMILY,
        tables.mixed,
        "is dear",
        lambda: DecisionTreeClassifier(criterion="entropy", class_weight="balanced", max_depth=6),
        NUMBERS,
    ),
    Specimen(
        "random tree of classes that are numbers",
        FAMILY,
        tables.wine,
        "target",
        lambda: ExtraTreeClassifier(criterion="log_loss", max_depth=4, random_state=0),
    ),
    Specimen(
        "pruned tree",
        FAMILY,
        tables.cancer,
        "target",
        lambda: DecisionTreeClassifier(ccp_alpha=0.01, class_weight={"benign": 1, "malignant": 3}),
    ),
    Specimen(
        "forest with nulls",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: RandomForestRegressor(12, random_state=0),
    ),
    Specimen(
        "forest after a scaler",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: make_pipeline(StandardScaler(), RandomForestRegressor(12, max_depth=7, random_state=0)),
    ),
    Specimen("forest of three classes of numbers", FAMILY, tables.wine, "target", lambda: RandomForestClassifier(10)),
    Specimen(
        "forest of two classes, monotonic, each with its weights",
        FAMILY,
        tables.cancer,
        "target",
        lambda: RandomForestClassifier(
            10, class_weight="balanced_subsample", monotonic_cst=_limit(-1, 30), max_depth=5, random_state=0
        ),
    ),
    Specimen(
        "extra trees with nulls",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: ExtraTreesRegressor(12, max_depth=8, random_state=0),
    ),
    Specimen(
        "extra trees of three classes with nulls",
        FAMILY,
        tables.mixed,
        "band",
        lambda: ExtraTreesClassifier(12, bootstrap=True, random_state=0),
        NUMBERS,
    ),
    Specimen(
        "embedding by random trees",
        FAMILY,
        tables.iris,
        "target",
        lambda: make_pipeline(RandomTreesEmbedding(10, max_depth=3, random_state=0), LogisticRegression(max_iter=200)),
    ),
    Specimen("gradient boosting", FAMILY, tables.diabetes, "target", lambda: _boost("squared_error", subsample=0.8)),
    Specimen("gradient boosting of a quantile", FAMILY, tables.diabetes, "target", lambda: _boost("quantile")),
    Specimen("gradient boosting of Huber's loss", FAMILY, tables.diabetes, "target", lambda: _boost("huber")),
    Specimen(
        "gradient boosting of absolute errors from zero",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: _boost("absolute_error", init="zero"),
    ),
    Specimen(
        "gradient boosting of a tree",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: _boost("squared_error", init=DecisionTreeRegressor(max_depth=2)),
    ),
    Specimen(
        "gradient boosting of a linear model, which computes in float32",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: _boost("squared_error", init=LinearRegression()),
        tolerance=1e-5,
    ),
    Specimen(
        "gradient boosting of three classes",
        FAMILY,
        tables.wine,
        "target",
        lambda: GradientBoostingClassifier(n_estimators=6, random_state=0),
    ),
    Specimen(
        "gradient boosting of two classes",
        FAMILY,
        tables.cancer,
        "target",
        lambda: GradientBoostingClassifier(n_estimators=12, random_state=0),
    ),
    Specimen(
        "gradient boosting of the exponential loss",
        FAMILY,
        tables.cancer,
        "target",
        lambda: GradientBoostingClassifier(loss="exponential", n_estimators=12, random_state=0),
    ),
    Specimen(
        "gradient boosting of a forest of two classes",
        FAMILY,
        tables.cancer,
        "target",
        lambda: GradientBoostingClassifier(
            init=RandomForestClassifier(5, max_depth=3, random_state=0), n_estimators=8, random_state=0
        ),
    ),
    Specimen(
        "gradient boosting of a tree by the exponential loss",
        FAMILY,
        tables.cancer,
        "target",
        lambda: GradientBoostingClassifier(
            loss="exponential", init=DecisionTreeClassifier(max_depth=2), n_estimators=8, random_state=0
        ),
    ),
    Specimen(
        "gradient boosting of a forest of three classes",
        FAMILY,
        tables.iris,
        "target",
        lambda: GradientBoostingClassifier(
            init=RandomForestClassifier(5, max_depth=2, random_state=0), n_estimators=6, random_state=0
        ),
    ),
)
