"""Models that are made of other models."""

from typing import Any

from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "ensembles"
NUMBERS = (*tables.NUMBERS, "floor", "balcony")
MIXED = ("size m²", "age", "income", "kind", "heating", "zone")


def _encode(last: Any) -> Any:
    """Impute and scale numbers, and encode texts, before this model."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return make_pipeline(make_column_transformer((numbers, [0, 1, 2, 5]), (texts, [3, 4])), last)


def _scale() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))


def _impute(last: Any) -> Any:
    return make_pipeline(SimpleImputer(), last)


def _name_classifiers() -> list[tuple[str, Any]]:
    return [
        ("linear", _scale()),
        ("forest", RandomForestClassifier(5, max_depth=4, random_state=0)),
        ("tree", DecisionTreeClassifier(max_depth=3)),
    ]


def _name_regressors() -> list[tuple[str, Any]]:
    return [
        ("ridge", Ridge()),
        ("forest", RandomForestRegressor(5, max_depth=4, random_state=0)),
        ("boosting", GradientBoostingRegressor(n_estimators=5, random_state=0)),
    ]


SPECIMENS: tuple[Specimen, ...] = (
    Specimen("vote of numbers", FAMILY, tables.diabetes, "target", lambda: VotingRegressor(_name_regressors())),
    Specimen(
        "vote of numbers with weights, one member dropped",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: VotingRegressor(_name_regressors(), weights=[0.2, 3, 1.7]).set_params(forest="drop"),
    ),
    Specimen(
        "vote of pipelines of mixed columns",
        FAMILY,
        tables.mixed,
        "price",
        lambda: VotingRegressor([("one", _encode(Ridge())), ("other", _encode(DecisionTreeRegressor(max_depth=5)))]),
        MIXED,
    ),
    Specimen("hard vote", FAMILY, tables.wine, "target", lambda: VotingClassifier(_name_classifiers())),
    Specimen(
        "hard vote with weights that tie",
        FAMILY,
        tables.cancer,
        "target",
        lambda: VotingClassifier(_name_classifiers(), weights=[2, 1, 1]),
    ),
    Specimen(
        "hard vote of two, which tie where they differ",
        FAMILY,
        tables.iris,
        "target",
        lambda: VotingClassifier(_name_classifiers()[1:]),
    ),
    Specimen(
        "soft vote with weights",
        FAMILY,
        tables.iris,
        "target",
        lambda: VotingClassifier(_name_classifiers(), voting="soft", weights=[1, 2, 0.5]),
    ),
    Specimen(
        "soft vote of pipelines of mixed columns",
        FAMILY,
        tables.mixed,
        "is dear",
        lambda: VotingClassifier(
            [
                ("linear", _encode(LogisticRegression(max_iter=200))),
                ("forest", _encode(RandomForestClassifier(5, max_depth=4, random_state=0))),
            ],
            voting="soft",
        ),
        MIXED,
    ),
    Specimen(
        "stack of numbers", FAMILY, tables.diabetes, "target", lambda: StackingRegressor(_name_regressors(), cv=2)
    ),
    Specimen(
        "stack with its columns",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: StackingRegressor(_name_regressors(), LinearRegression(), cv=2, passthrough=True),
    ),
    Specimen(
        "stack of two classes by probabilities",
        FAMILY,
        tables.cancer,
        "target",
        lambda: StackingClassifier(_name_classifiers(), cv=2),
    ),
    Specimen(
        "stack of three classes of numbers, a member dropped",
        FAMILY,
        tables.wine,
        "target",
        lambda: StackingClassifier(_name_classifiers(), cv=2).set_params(forest="drop"),
    ),
    Specimen(
        "stack by predictions",
        FAMILY,
        tables.iris,
        "target",
        lambda: StackingClassifier(
            _name_classifiers()[1:], DecisionTreeClassifier(max_depth=3), cv=2, stack_method="predict"
        ),
    ),
    Specimen(
        "stack by scores",
        FAMILY,
        tables.iris,
        "target",
        lambda: StackingClassifier(
            [("linear", _scale()), ("boost", AdaBoostClassifier(n_estimators=5, random_state=0))],
            cv=2,
            stack_method="decision_function",
        ),
    ),
    Specimen(
        "stack of pipelines of mixed columns",
        FAMILY,
        tables.mixed,
        "band",
        lambda: StackingClassifier(
            [
                ("linear", _encode(LogisticRegression(max_iter=200))),
                ("forest", _encode(ExtraTreesClassifier(5, max_depth=4, random_state=0))),
            ],
            cv=2,
        ),
        MIXED,
    ),
    Specimen(
        "bag of trees with nulls",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: BaggingRegressor(DecisionTreeRegressor(max_depth=4, min_samples_leaf=9), 10, random_state=0),
    ),
    Specimen(
        "bag of trees of some columns, drawn twice",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: BaggingRegressor(
            ExtraTreeRegressor(max_depth=5), 10, max_features=0.4, bootstrap_features=True, random_state=0
        ),
    ),
    Specimen(
        "bag of pipelines with nulls",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: BaggingRegressor(_impute(Ridge()), 6, max_features=0.5, random_state=0),
    ),
    Specimen(
        "bag of trees of classes that some have not seen",
        FAMILY,
        tables.wine,
        "target",
        lambda: BaggingClassifier(n_estimators=12, max_samples=5, random_state=1),
    ),
    Specimen(
        "bag of linear models of classes that some have not seen",
        FAMILY,
        tables.iris,
        "target",
        lambda: BaggingClassifier(LogisticRegression(max_iter=100), 10, max_samples=5, random_state=4),
    ),
    Specimen(
        "bag of hard votes, which have no probabilities",
        FAMILY,
        tables.iris,
        "target",
        lambda: BaggingClassifier(VotingClassifier(_name_classifiers()[1:]), 4, max_samples=0.3, random_state=0),
    ),
    Specimen(
        "bag of forests of some columns",
        FAMILY,
        tables.cancer,
        "target",
        lambda: BaggingClassifier(
            RandomForestClassifier(4, max_depth=4), 4, max_features=0.3, bootstrap_features=True, random_state=0
        ),
    ),
    Specimen(
        "AdaBoost of numbers",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: AdaBoostRegressor(n_estimators=15, random_state=0),
    ),
    Specimen(
        "AdaBoost of pipelines, exponential",
        FAMILY,
        tables.diabetes,
        "target",
        lambda: AdaBoostRegressor(
            make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=3)),
            n_estimators=8,
            loss="exponential",
            random_state=0,
        ),
    ),
    Specimen(
        "AdaBoost of two classes",
        FAMILY,
        tables.cancer,
        "target",
        lambda: AdaBoostClassifier(n_estimators=20, random_state=0),
    ),
    Specimen(
        "AdaBoost of three classes of numbers",
        FAMILY,
        tables.wine,
        "target",
        lambda: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=10, random_state=0),
    ),
    Specimen(
        "AdaBoost of forests",
        FAMILY,
        tables.iris,
        "target",
        lambda: AdaBoostClassifier(RandomForestClassifier(3, max_depth=2), n_estimators=5, random_state=0),
    ),
    Specimen(
        "AdaBoost after columns are encoded",
        FAMILY,
        tables.mixed,
        "is dear",
        lambda: _encode(AdaBoostClassifier(n_estimators=10, random_state=0)),
        MIXED,
    ),
)
