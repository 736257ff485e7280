"""Pipelines, column transformers and other wrappers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
from scipy.stats import loguniform
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "structure"
NUMBERS = ["size m²", "age", "rooms", "distance/km", "income"]
TEXTS = ["kind", "heating", "level"]


def _number_steps() -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler())


def _text_steps() -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))


def _columns(**options: Any) -> ColumnTransformer:
    return ColumnTransformer([("numbers", _number_steps(), NUMBERS), ("texts", _text_steps(), TEXTS)], **options)


def _tree() -> DecisionTreeRegressor:
    return DecisionTreeRegressor(max_depth=6, random_state=0)


def _mixed(name: str, make: Callable[[], Any], target: str = "price", features: Sequence[str] = ()) -> Specimen:
    return Specimen(name, FAMILY, tables.mixed, target, make, tuple(features))


def _diabetes(name: str, make: Callable[[], Any]) -> Specimen:
    return Specimen(name, FAMILY, tables.diabetes, "target", make)


def _train_on_array(make: Callable[[], Any]) -> Any:
    """An estimator that was trained on an array, whose columns have no names."""
    frame = tables.diabetes().frame
    return FrozenEstimator(make().fit(frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()))


COLUMNS = (
    _mixed("mixed columns into a forest", lambda: make_pipeline(_columns(), RandomForestRegressor(8, max_depth=6))),
    _mixed("a part of the columns, others dropped", lambda: make_pipeline(_columns(), Ridge())),
    _mixed(
        "remainder is passed on",
        lambda: make_pipeline(_columns(remainder="passthrough"), GradientBoostingRegressor(n_estimators=10)),
        features=[*NUMBERS[:1], "age", "rooms", "distance/km", "income", *TEXTS, "floor", "balcony"],
    ),
    _mixed(
        "remainder is scaled, and is not one place of columns",
        lambda: make_pipeline(
            make_column_transformer((_text_steps(), TEXTS), remainder=_number_steps(), sparse_threshold=0), _tree()
        ),
        features=["rooms", "kind", "age", "heating", "size m²", "level", "balcony"],
    ),
    _mixed(
        "selectors by type",
        lambda: make_pipeline(
            make_column_transformer(
                (_number_steps(), make_column_selector(dtype_include="number")),
                (_text_steps(), make_column_selector(dtype_exclude="number", pattern="kind|heat|level")),
            ),
            LinearRegression(),
        ),
    ),
    _mixed(
        "selectors by name",
        lambda: make_pipeline(
            make_column_transformer((_number_steps(), make_column_selector("size|age|rooms|dist|inc"))), Ridge()
        ),
    ),
    _mixed(
        "positions, a slice and a mask",
        lambda: make_pipeline(
            make_column_transformer(
                (_number_steps(), slice(0, 3)),
                (_text_steps(), [5, -1]),
                (MinMaxScaler(), [False, False, False, True, False, False, False]),
            ),
            Ridge(),
        ),
        features=[*NUMBERS, "kind", "level"],
    ),
    _mixed(
        "a slice of names",
        lambda: make_pipeline(make_column_transformer((_number_steps(), slice("age", "income"))), _tree()),
        features=[*NUMBERS, "kind"],
    ),
    _mixed(
        "weights, and a scalar of one column",
        lambda: make_pipeline(
            ColumnTransformer(
                [
                    ("numbers", _number_steps(), NUMBERS),
                    ("texts", _text_steps(), TEXTS),
                    ("flag", "passthrough", ["balcony"]),
                ],
                transformer_weights={"numbers": 0.3, "texts": 2.5, "flag": 7.0},
            ),
            Ridge(),
        ),
        features=[*NUMBERS, *TEXTS, "balcony"],
    ),
    _mixed(
        "nested column transformers",
        lambda: make_pipeline(
            make_column_transformer(
                (
                    make_pipeline(
                        make_column_transformer(
                            ("passthrough", ["age", "rooms"]), (MinMaxScaler(), ["size m²"]), remainder="drop"
                        ),
                        _number_steps(),
                    ),
                    NUMBERS,
                ),
                (_text_steps(), TEXTS),
                ("drop", ["zone"]),
            ),
            Ridge(),
        ),
    ),
    _mixed(
        "frames between the steps",
        lambda: make_pipeline(
            _columns(verbose_feature_names_out=False, remainder="passthrough").set_params(
                texts__onehotencoder__sparse_output=False
            ),
            make_column_transformer((MinMaxScaler(), ["age", "income"]), ("passthrough", ["kind_flat", "floor"])),
            Ridge(),
        ).set_output(transform="pandas"),
        features=[*NUMBERS, *TEXTS, "floor"],
    ),
    _mixed(
        "empty choice and dropped columns",
        lambda: make_pipeline(
            make_column_transformer((StandardScaler(), []), ("drop", TEXTS), (_number_steps(), NUMBERS)), _tree()
        ),
        features=[*NUMBERS, *TEXTS],
    ),
    _mixed(
        "the same column twice",
        lambda: make_pipeline(
            make_column_transformer((StandardScaler(), ["size m²"]), (MinMaxScaler(), ["size m²", "rooms"])), Ridge()
        ),
        features=["size m²", "rooms"],
    ),
)

UNIONS = (
    _diabetes("a union of scalers", lambda: make_pipeline(make_union(StandardScaler(), MinMaxScaler()), Ridge())),
    _diabetes(
        "a union with weights, words and a nested one",
        lambda: make_pipeline(
            FeatureUnion(
                [
                    ("scaled", StandardScaler()),
                    ("none", "drop"),
                    ("same", "passthrough"),
                    (
                        "nested",
                        make_union(MinMaxScaler(), make_pipeline(StandardScaler(), FunctionTransformer(numpy.square))),
                    ),
                ],
                transformer_weights={"scaled": 0.5, "nested": 3.0},
            ),
            Ridge(),
        ),
    ),
    _mixed(
        "a union of column transformers",
        lambda: make_pipeline(
            make_union(
                make_column_transformer((_number_steps(), NUMBERS)),
                make_column_transformer((OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), TEXTS)),
            ),
            RandomForestRegressor(8, max_depth=6, random_state=0),
        ),
    ),
    _diabetes(
        "a union of frames",
        lambda: make_pipeline(make_union(StandardScaler(), MinMaxScaler()), _tree()).set_output(transform="pandas"),
    ),
)

SEARCHES = (
    _mixed(
        "a grid search of a pipeline",
        lambda: GridSearchCV(make_pipeline(_columns(), Ridge()), {"ridge__alpha": [0.1, 10.0]}, cv=2),
    ),
    _diabetes(
        "a grid search in a pipeline",
        lambda: make_pipeline(StandardScaler(), GridSearchCV(Ridge(), {"alpha": [0.1, 10.0]}, cv=2)),
    ),
    _mixed(
        "a random search of a classifier",
        lambda: RandomizedSearchCV(
            make_pipeline(_columns(), LogisticRegression(max_iter=50)),
            {"logisticregression__C": loguniform(0.01, 10)},
            n_iter=2,
            cv=2,
            random_state=0,
        ),
        "band",
    ),
    _diabetes(
        "a halving search",
        lambda: HalvingGridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=2, min_resources=100),
    ),
    _diabetes(
        "a halving random search",
        lambda: HalvingRandomSearchCV(
            DecisionTreeRegressor(random_state=0), {"max_depth": [2, 3, 4]}, cv=2, min_resources=100, random_state=0
        ),
    ),
)

WRAPPERS = (
    _diabetes("a frozen estimator", lambda: FrozenEstimator(_fit_ridge())),
    _diabetes(
        "a frozen transformer and a frozen head",
        lambda: make_pipeline(FrozenEstimator(_fit_scaler()), FrozenEstimator(_fit_ridge())),
    ),
    _diabetes("trained on an array", lambda: _train_on_array(lambda: make_pipeline(StandardScaler(), Ridge()))),
    _diabetes(
        "positions, trained on an array",
        lambda: _train_on_array(
            lambda: make_pipeline(
                make_column_transformer((StandardScaler(), [0, 3, -1]), ("passthrough", slice(4, 7))), _tree()
            )
        ),
    ),
    _diabetes(
        "steps that are words",
        lambda: Pipeline([("one", None), ("two", "passthrough"), ("three", StandardScaler()), ("four", Ridge())]),
    ),
    _diabetes("a pipeline of one step", lambda: make_pipeline(_tree())),
    _diabetes(
        "a pipeline in a pipeline in a pipeline",
        lambda: make_pipeline(make_pipeline(make_pipeline(StandardScaler())), make_pipeline(make_pipeline(Ridge()))),
    ),
    Specimen(
        "a pipeline of two scalers and classes",
        FAMILY,
        tables.iris,
        "target",
        lambda: make_pipeline(MinMaxScaler(), StandardScaler(), DecisionTreeClassifier(max_depth=3, random_state=0)),
    ),
    _mixed(
        "mixed columns into a forest of classes",
        lambda: make_pipeline(_columns(), RandomForestClassifier(8, max_depth=6, random_state=0)),
        "is dear",
    ),
)


def _fit_ridge() -> Ridge:
    frame = tables.diabetes().frame
    return Ridge().fit(frame.drop(columns="target"), frame["target"])


def _fit_scaler() -> StandardScaler:
    return StandardScaler().fit(tables.diabetes().frame.drop(columns="target"))


SPECIMENS: tuple[Specimen, ...] = (*COLUMNS, *UNIONS, *SEARCHES, *WRAPPERS)
