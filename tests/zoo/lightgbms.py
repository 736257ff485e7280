"""Models of LightGBM."""

from functools import cache, partial
from typing import Any

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.zoo import tables
from tests.zoo.specimen import Specimen
from tests.zoo.tables import ZooTable

FAMILY = "LightGBM"


@cache
def mixed_categories() -> ZooTable:
    """The table `mixed`, whose texts are pandas' categories."""
    table = tables.mixed()
    return table._replace(frame=table.frame.astype(dict.fromkeys(tables.TEXTS, "category")))


def regressor(**options: Any) -> LGBMRegressor:
    """Make a small regressor."""
    return LGBMRegressor(**{"n_estimators": 12, "n_jobs": 1, "verbosity": -1, "random_state": 0} | options)


def classifier(**options: Any) -> LGBMClassifier:
    """Make a small classifier."""
    return LGBMClassifier(**{"n_estimators": 12, "n_jobs": 1, "verbosity": -1, "random_state": 0} | options)


def encode(encoder: Any) -> ColumnTransformer:
    """Make a transformer that encodes texts, and leaves numbers as they are."""
    texts = make_column_selector(dtype_exclude=["number", "bool"])
    return ColumnTransformer([("texts", encoder, texts)], remainder="passthrough")


def _prepare() -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return ColumnTransformer([("numbers", numbers, list(tables.NUMBERS)), ("texts", texts, list(tables.TEXTS))])


_FOREST = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
_ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
_OF_NUMBERS = (*tables.NUMBERS, "balcony")

_REGRESSIONS: dict[str, dict[str, Any]] = {
    "regression": {},
    "l1": {"objective": "regression_l1"},
    "huber": {"objective": "huber"},
    "quantile": {"objective": "quantile", "alpha": 0.8},
    "mape": {"objective": "mape"},
    "gamma": {"objective": "gamma"},
    "square roots": {"reg_sqrt": True},
    "dart": {"boosting_type": "dart"},
    "goss": {"data_sample_strategy": "goss"},
    "random forest": _FOREST,
    "linear trees": {"linear_tree": True},
    "zeros that are missing": {"zero_as_missing": True},
}
_WITH_NULLS: dict[str, dict[str, Any]] = {
    "lightgbm with nulls": {},
    "lightgbm with nulls that are zeros": {"use_missing": False},
    "lightgbm linear trees with nulls": {"linear_tree": True},
    "lightgbm extra trees with nulls": {"extra_trees": True},
}

SPECIMENS: tuple[Specimen, ...] = (
    *(
        Specimen(f"lightgbm {name}", FAMILY, tables.diabetes, "target", partial(regressor, **options))
        for name, options in _REGRESSIONS.items()
    ),
    *(
        Specimen(name, FAMILY, tables.diabetes_with_nulls, "target", partial(regressor, **options))
        for name, options in _WITH_NULLS.items()
    ),
    *(
        Specimen(f"lightgbm {name}", FAMILY, tables.mixed, "visits", partial(regressor, objective=name), _OF_NUMBERS)
        for name in ("poisson", "tweedie")
    ),
    Specimen("lightgbm two classes", FAMILY, tables.cancer, "target", classifier),
    Specimen("lightgbm two classes, steep", FAMILY, tables.cancer, "target", partial(classifier, sigmoid=2.5)),
    Specimen("lightgbm three classes", FAMILY, tables.iris, "target", classifier),
    Specimen("lightgbm whole numbers as classes", FAMILY, tables.wine, "target", classifier),
    Specimen("lightgbm one against all", FAMILY, tables.wine, "target", partial(classifier, objective="multiclassova")),
    Specimen("lightgbm forest of classes", FAMILY, tables.iris, "target", partial(classifier, **_FOREST)),
    Specimen("lightgbm mixed numbers", FAMILY, tables.mixed, "is dear", classifier, _OF_NUMBERS),
    Specimen(
        "lightgbm class weights",
        FAMILY,
        tables.mixed,
        "band",
        partial(classifier, class_weight="balanced"),
        _OF_NUMBERS,
    ),
    Specimen(
        "lightgbm search",
        FAMILY,
        tables.iris,
        "target",
        lambda: GridSearchCV(classifier(), {"num_leaves": [3, 7]}, cv=2),
    ),
    Specimen(
        "lightgbm after scaler", FAMILY, tables.diabetes, "target", lambda: make_pipeline(StandardScaler(), regressor())
    ),
    Specimen("lightgbm after imputers", FAMILY, tables.mixed, "price", lambda: make_pipeline(_prepare(), regressor())),
    Specimen("lightgbm after one-hot", FAMILY, tables.mixed, "band", lambda: make_pipeline(_prepare(), classifier())),
    Specimen(
        "lightgbm after ordinals", FAMILY, tables.mixed, "price", lambda: make_pipeline(encode(_ORDINAL), regressor())
    ),
    Specimen(
        "lightgbm ordinals as categories",
        FAMILY,
        tables.mixed,
        "price",
        lambda: make_pipeline(encode(_ORDINAL), regressor(categorical_feature=[0, 1, 2, 3, 4], min_data_per_group=5)),
    ),
    Specimen(
        "lightgbm whole numbers as categories",
        FAMILY,
        tables.mixed,
        "price",
        partial(regressor, categorical_feature=[0, 1], min_data_per_group=5, cat_smooth=1),
        (*tables.CODES, *tables.NUMBERS),
    ),
    Specimen(
        "lightgbm categories of pandas", FAMILY, mixed_categories, "price", partial(regressor, min_data_per_group=5)
    ),
    Specimen("lightgbm categories, two classes", FAMILY, mixed_categories, "is dear", classifier),
)
