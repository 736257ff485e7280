"""Models of several targets in the zoo: several numbers, several classes, and labels that a record has or has not."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy
from catboost import CatBoostClassifier, CatBoostRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import BaggingRegressor, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, MultiTaskLasso, Ridge, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "several targets"
type Make = Callable[[], Any]

_CATBOOST = {"iterations": 5, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
_XGBOOST = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}
_FOREST = {"n_estimators": 5, "max_depth": 4, "random_state": 0}


@cache
def _several_numbers() -> tables.ZooTable:
    """The table `diabetes` with three numbers to predict."""
    frame, _ = tables.diabetes()
    return tables.ZooTable(
        frame.assign(root=numpy.sqrt(frame["target"]) + frame["bmi"], other=frame["target"] / 9 - 90 * frame["s5"] + 9),
        ("target", "root", "other"),
    )


@cache
def _several_classes() -> tables.ZooTable:
    """The table `wine` with targets of two, three and four classes."""
    frame, _ = tables.wine()
    ash = numpy.searchsorted([2.2, 2.4, 2.6], frame["ash"])
    return tables.ZooTable(
        frame.assign(strong=(frame["alcohol"] > 13).astype(int), ashes=ash), ("strong", "target", "ashes")
    )


@cache
def _labels() -> tables.ZooTable:
    """The table `wine` with three labels that a row has or has not."""
    frame, targets = tables.wine()
    labels = {"first": frame["target"] == 0, "strong": frame["alcohol"] > 13, "pale": frame["hue"] > 1}
    kept = frame.drop(columns=list(targets))
    return tables.ZooTable(kept.assign(**{name: each.astype(int) for name, each in labels.items()}), (*labels,))


def _scale(head: Any) -> Any:
    return make_pipeline(StandardScaler(), head)


def _list(table: Callable[[], tables.ZooTable], makes: dict[str, Make]) -> tuple[Specimen, ...]:
    return tuple(Specimen(name, FAMILY, table, table().targets, make) for name, make in makes.items())


NUMBERS = _list(
    _several_numbers,
    {
        "linear regression of three targets": LinearRegression,
        "multi-task lasso": lambda: MultiTaskLasso(0.1),
        "partial least squares of three targets": lambda: PLSRegression(2),
        "canonical correlation of three targets": lambda: CCA(2),
        "network of three targets": lambda: _scale(MLPRegressor(hidden_layer_sizes=(8,), max_iter=30, random_state=0)),
        "dummy of three targets": DummyRegressor,
        "tree of three targets": lambda: DecisionTreeRegressor(max_depth=4),
        "forest of three targets": lambda: RandomForestRegressor(**_FOREST),
        "extra trees of three targets": lambda: ExtraTreesRegressor(**_FOREST),
        "bagging of three targets": lambda: BaggingRegressor(Ridge(), n_estimators=3, max_features=0.5, random_state=0),
        "a regressor for each target": lambda: MultiOutputRegressor(_scale(Ridge())),
        "chain of regressors": lambda: RegressorChain(DecisionTreeRegressor(max_depth=3), order=[2, 0, 1]),
        "three powers of targets": lambda: TransformedTargetRegressor(Ridge(), transformer=PowerTransformer()),
        "quantiles of three targets": lambda: TransformedTargetRegressor(
            Ridge(), transformer=QuantileTransformer(n_quantiles=50, output_distribution="normal")
        ),
        "logarithms of three targets": lambda: TransformedTargetRegressor(
            RandomForestRegressor(**_FOREST), func=numpy.log1p, inverse_func=numpy.expm1
        ),
        "XGBoost of three targets": lambda: XGBRegressor(**_XGBOOST),
        "XGBoost with leaves of three targets": lambda: XGBRegressor(**_XGBOOST, multi_strategy="multi_output_tree"),
        "CatBoost of three targets": lambda: CatBoostRegressor(**_CATBOOST, loss_function="MultiRMSE"),
    },
)
CLASSES = _list(
    _several_classes,
    {
        "tree of several classes": lambda: DecisionTreeClassifier(max_depth=3),
        "forest of several classes": lambda: RandomForestClassifier(**_FOREST),
        "dummy of several classes": DummyClassifier,
        "a classifier for each target": lambda: MultiOutputClassifier(_scale(LogisticRegression())),
        "a classifier without probabilities for each target": lambda: MultiOutputClassifier(_scale(LinearSVC())),
    },
)
LABELS = _list(
    _labels,
    {
        "labels of a forest": lambda: RandomForestClassifier(**_FOREST),
        "labels of a network": lambda: _scale(MLPClassifier((8,), max_iter=30, random_state=0)),
        "labels of a ridge classifier": RidgeClassifier,
        "labels, one against the rest": lambda: OneVsRestClassifier(_scale(LogisticRegression())),
        "labels, one against the rest, SVM": lambda: OneVsRestClassifier(_scale(LinearSVC())),
        "labels of a chain": lambda: ClassifierChain(_scale(LogisticRegression()), order=[2, 0, 1]),
        "labels of a chain of probabilities": lambda: ClassifierChain(
            RandomForestClassifier(**_FOREST), chain_method="predict_proba"
        ),
        "labels of a chain of decisions": lambda: ClassifierChain(
            _scale(LogisticRegression()), chain_method="decision_function"
        ),
        "labels of XGBoost": lambda: XGBClassifier(**_XGBOOST),
        "labels of CatBoost": lambda: CatBoostClassifier(**_CATBOOST, loss_function="MultiLogloss"),
    },
)

# How likely a row has not a label is 1 less a share that is nearly 1.
BAYES = Specimen(
    "labels of naive Bayes",
    FAMILY,
    _labels,
    _labels().targets,
    lambda: OneVsRestClassifier(MultinomialNB()),
    tolerance=1e-7,
)

SPECIMENS: tuple[Specimen, ...] = (*NUMBERS, *CLASSES, *LABELS, BAYES)
