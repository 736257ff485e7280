"""Encoders of categories, before simple models."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "categories"
TEXTS = ["kind", "heating", "straße", "level"]
NUMBERS = ["size m²", "distance/km"]
CODES = ["zone", "floor", "balcony"]
EVERY = [*TEXTS, *CODES]


def _encode(
    encoder: Any, columns: Sequence[str] = TEXTS, head: Callable[[], Any] = Ridge, **options: Any
) -> Callable[[], Pipeline]:
    """A model of encoded columns beside two numbers."""
    return lambda: make_pipeline(
        make_column_transformer((encoder, list(columns)), (StandardScaler(), NUMBERS), **options), head()
    )


def _tree() -> DecisionTreeRegressor:
    return DecisionTreeRegressor(max_depth=6, random_state=0)


def _forest() -> RandomForestRegressor:
    return RandomForestRegressor(8, max_depth=6, random_state=0)


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=100)


def _mixed(name: str, make: Callable[[], Any], target: str = "price", features: Sequence[str] = ()) -> Specimen:
    return Specimen(name, FAMILY, tables.mixed, target, make, tuple(features))


def _one_hot(name: str, columns: Sequence[str], head: Callable[[], Any] = Ridge, **options: Any) -> Specimen:
    columns_of_model = (*columns, *NUMBERS)
    return _mixed(f"one-hot, {name}", _encode(OneHotEncoder(**options), columns, head), features=columns_of_model)


def _ordinal(name: str, columns: Sequence[str], **options: Any) -> Specimen:
    columns_of_model = (*columns, *NUMBERS)
    return _mixed(f"ordinal, {name}", _encode(OrdinalEncoder(**options), columns, _tree), features=columns_of_model)


def _target(
    name: str, target: str, columns: Sequence[str], head: Callable[[], Any] = Ridge, **options: Any
) -> Specimen:
    encoder = TargetEncoder(cv=3, **options)
    return _mixed(f"target encoder, {name}", _encode(encoder, columns, head), target, (*columns, *NUMBERS))


def _boost(name: str, target: str, columns: Sequence[str], *, classes: bool = False, **options: Any) -> Specimen:
    """HistGradientBoosting, whose trees split by categories."""
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    features = (*columns, *NUMBERS, "age", "rooms")

    def create() -> Any:
        settings: dict[str, Any] = {"categorical_features": list(columns), "max_iter": 10, "random_state": 0}
        return make(**settings | options)

    return _mixed(f"histogram boosting, {name}", create, target, features)


_LEVELS = ["low", "medium", "high"]
_STREETS = [f"№{number} 🏠" for number in (3, 1, 11, 0, 2, 10, 9, 4, 5, 7, 6, 8)]
_UNKNOWN: dict[str, Any] = {"handle_unknown": "use_encoded_value"}

ONE_HOTS = (
    _one_hot("texts with nulls", TEXTS, handle_unknown="ignore"),
    _one_hot("unknown ones refused", TEXTS),
    _one_hot("unknown ones warned of", TEXTS, handle_unknown="warn", max_categories=3),
    _one_hot("numbers and booleans", CODES, handle_unknown="ignore"),
    _one_hot("texts, numbers and booleans", EVERY, _forest, handle_unknown="ignore", sparse_output=False),
    _one_hot("first dropped", EVERY, drop="first"),
    _one_hot("first dropped, unknown ones ignored", EVERY, drop="first", handle_unknown="ignore"),
    _one_hot("one of two dropped", [*EVERY], drop="if_binary", handle_unknown="ignore"),
    _one_hot("named ones dropped", ["kind", "level", "zone"], drop=["flat", "high", numpy.nan]),
    _one_hot("infrequent ones", EVERY, handle_unknown="infrequent_if_exist", min_frequency=60),
    _one_hot("infrequent share", TEXTS, handle_unknown="infrequent_if_exist", min_frequency=0.1, drop="first"),
    _one_hot("at most three", EVERY, _tree, handle_unknown="infrequent_if_exist", max_categories=3),
    _one_hot("one category", TEXTS, handle_unknown="infrequent_if_exist", max_categories=1, drop="if_binary"),
    _one_hot("infrequent ones refused", TEXTS, min_frequency=50),
    _one_hot("given ones in an odd order", ["level", "straße"], categories=[_LEVELS, _STREETS]),
    _one_hot("some given", ["level", "straße"], categories=[["low"], _STREETS[:5]], handle_unknown="ignore"),
    _one_hot("float32 into a forest", EVERY, _forest, handle_unknown="ignore", dtype=numpy.float32),
    _one_hot("small integers", EVERY, handle_unknown="ignore", dtype=numpy.int8),
    _one_hot("fractions", ["age", "rooms"], handle_unknown="ignore"),
    _one_hot("dates", ["sold on"], handle_unknown="infrequent_if_exist", min_frequency=2),
    _mixed(
        "one-hot of texts whose nulls are a text",
        _encode(make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder())),
        features=(*TEXTS, *NUMBERS),
    ),
    _mixed(
        "one-hot of the most frequent text",
        _encode(make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))),
        "band",
        (*TEXTS, *NUMBERS),
    )._replace(
        make=_encode(
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
            head=_logistic,
        )
    ),
    _mixed(
        "one-hot of imputed numbers",
        _encode(
            make_pipeline(SimpleImputer(strategy="median"), OneHotEncoder(handle_unknown="ignore")), ["zone", "age"]
        ),
        features=("zone", "age", *NUMBERS),
    ),
)

ORDINALS = (
    _ordinal("unknown ones are -1", EVERY, **_UNKNOWN, unknown_value=-1),
    _ordinal("unknown ones are NaN", EVERY, **_UNKNOWN, unknown_value=numpy.nan),
    _ordinal("unknown ones are 999, nulls -2", EVERY, **_UNKNOWN, unknown_value=999, encoded_missing_value=-2),
    _ordinal("unknown ones refused", TEXTS),
    _ordinal("given order", ["level"], categories=[_LEVELS]),
    _ordinal("infrequent ones", EVERY, **_UNKNOWN, unknown_value=-1, min_frequency=60, encoded_missing_value=-5),
    _ordinal("at most three, as float32", EVERY, **_UNKNOWN, unknown_value=-1, max_categories=3, dtype=numpy.float32),
    _ordinal("as integers", TEXTS, **_UNKNOWN, unknown_value=-1, encoded_missing_value=-2, dtype=int),
)

TARGETS = (
    _target("a number", "price", EVERY),
    _target("a number, smooth", "price", EVERY, _tree, smooth=20.0),
    _target("two classes", "is dear", EVERY, _logistic),
    _target("three classes", "band", EVERY, _logistic),
    _target("given categories", "price", ["level", "straße"], categories=[_LEVELS, sorted(_STREETS)]),
)

BOOSTED = (
    _boost("texts", "price", TEXTS),
    _boost("texts, numbers and booleans", "price", EVERY, max_leaf_nodes=12),
    _boost("two classes", "is dear", EVERY, classes=True),
    _boost("three classes", "band", EVERY, classes=True, max_iter=6),
    _boost("counts", "visits", TEXTS, loss="poisson"),
    _boost("gamma", "price", TEXTS, loss="gamma"),
    _boost("quantile", "price", EVERY, loss="quantile", quantile=0.8),
    _boost("absolute error, stopped early", "price", TEXTS, loss="absolute_error", early_stopping=True, max_iter=20),
    Specimen(
        "histogram boosting, a mask of codes after an encoder",
        FAMILY,
        tables.mixed,
        "price",
        lambda: make_pipeline(
            make_column_transformer(
                (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=numpy.nan), TEXTS),
                (FunctionTransformer(), ["zone", "size m²"]),
            ),
            HistGradientBoostingRegressor(
                categorical_features=[True] * 5 + [False], max_iter=10, random_state=0, learning_rate=0.2
            ),
        ),
        (*TEXTS, "zone", "size m²"),
    ),
)


def _fit_typed() -> FrozenEstimator:
    """Histogram boosting that was trained on pandas' categories."""
    frame = tables.mixed().frame
    typed = frame[[*TEXTS, *NUMBERS]].astype(dict.fromkeys(TEXTS, "category"))
    return FrozenEstimator(HistGradientBoostingRegressor(max_iter=10).fit(typed, frame["price"]))


OBJECTS = (
    _mixed(
        "one-hot of texts, numbers and booleans that one imputer fills",
        _encode(
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
            ["kind", "zone", "heating", "floor"],
        ),
        features=("kind", "zone", "heating", "floor", *NUMBERS),
    ),
    _mixed(
        "texts and numbers that are passed on to histogram boosting",
        lambda: make_pipeline(
            make_column_transformer(
                ("passthrough", ["kind", "zone", "level", "balcony"]), (SimpleImputer(), ["age", "size m²"])
            ),
            HistGradientBoostingRegressor(categorical_features=[0, 1, 2, 3], max_iter=10),
        ),
        features=("kind", "zone", "level", "balcony", "age", "size m²"),
    ),
    _mixed(
        "ordinal of an array of texts and numbers",
        lambda: make_pipeline(
            make_column_transformer(("passthrough", ["level", "zone", "balcony", "floor"])),
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
            _tree(),
        ),
        features=("level", "zone", "balcony", "floor"),
    ),
    _mixed("pandas' categories into histogram boosting", _fit_typed, features=(*TEXTS, *NUMBERS)),
    _mixed(
        "one-hot frame into an ordinal of its columns",
        lambda: make_pipeline(
            make_column_transformer(
                (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["kind", "level"]),
                ("passthrough", ["zone"]),
                verbose_feature_names_out=False,
            ),
            make_column_transformer((OrdinalEncoder(), ["kind_flat", "level_low"]), remainder="passthrough"),
            _tree(),
        ).set_output(transform="pandas"),
        features=("kind", "level", "zone"),
    ),
)

SPECIMENS: tuple[Specimen, ...] = (*OBJECTS, *ONE_HOTS, *ORDINALS, *TARGETS, *BOOSTED)
