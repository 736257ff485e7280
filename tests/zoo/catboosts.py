"""Models of CatBoost."""

from typing import Any

from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "CatBoost"
# The columns of the table `mixed` that CatBoost takes as they are: it refuses nulls and fractions as categories.
NUMBERS = ("size m²", "age", "rooms", "distance/km", "income")
CATEGORIES = ("straße", "level", "floor", "balcony")
MIXED = NUMBERS + CATEGORIES


def name_settings(**changed: Any) -> dict[str, Any]:
    """Settings of a small model that trains in one thread and writes no files."""
    return {"iterations": 20, "verbose": 0, "thread_count": 1, "allow_writing_files": False} | changed


def with_categories(**changed: Any) -> dict[str, Any]:
    """Settings of a small model with categories."""
    return name_settings(cat_features=list(CATEGORIES), **changed)


SPECIMENS: tuple[Specimen, ...] = (
    Specimen("catboost", FAMILY, tables.diabetes, "target", lambda: CatBoostRegressor(**name_settings())),
    Specimen(
        "catboost with nulls",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: CatBoostRegressor(**name_settings()),
    ),
    Specimen(
        "catboost with nulls above all numbers",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: CatBoostRegressor(**name_settings(nan_mode="Max")),
    ),
    Specimen(
        "catboost depthwise",
        FAMILY,
        tables.diabetes_with_nulls,
        "target",
        lambda: CatBoostRegressor(**name_settings(grow_policy="Depthwise")),
    ),
    Specimen(
        "catboost lossguide of three classes",
        FAMILY,
        tables.wine,
        "target",
        lambda: CatBoostClassifier(**name_settings(grow_policy="Lossguide")),
    ),
    Specimen("catboost of two classes", FAMILY, tables.cancer, "target", lambda: CatBoostClassifier(**name_settings())),
    Specimen("catboost of three classes", FAMILY, tables.iris, "target", lambda: CatBoostClassifier(**name_settings())),
    Specimen(
        "catboost of each class by itself",
        FAMILY,
        tables.iris,
        "target",
        lambda: CatBoostClassifier(**name_settings(loss_function="MultiClassOneVsAll")),
    ),
    Specimen(
        "catboost of a number of visits",
        FAMILY,
        tables.mixed,
        "visits",
        lambda: CatBoostRegressor(**name_settings(loss_function="Poisson")),
        features=NUMBERS,
    ),
    Specimen(
        "catboost of a median",
        FAMILY,
        tables.mixed,
        "price",
        lambda: CatBoostRegressor(**name_settings(loss_function="MAE")),
        features=NUMBERS,
    ),
    Specimen(
        "catboost by its base class", FAMILY, tables.mixed, "price", lambda: CatBoost(name_settings()), features=NUMBERS
    ),
    Specimen(
        "catboost with categories",
        FAMILY,
        tables.mixed,
        "price",
        lambda: CatBoostRegressor(**with_categories()),
        features=MIXED,
    ),
    Specimen(
        "catboost with exact categories",
        FAMILY,
        tables.mixed,
        "price",
        lambda: CatBoostRegressor(**with_categories(one_hot_max_size=50)),
        features=MIXED,
    ),
    Specimen(
        "catboost with combined categories",
        FAMILY,
        tables.mixed,
        "is dear",
        lambda: CatBoostClassifier(**with_categories(one_hot_max_size=2, max_ctr_complexity=3)),
        features=MIXED,
    ),
    Specimen(
        "catboost with categories of three classes",
        FAMILY,
        tables.mixed,
        "band",
        lambda: CatBoostClassifier(**with_categories(simple_ctr=["Buckets", "Counter"])),
        features=MIXED,
    ),
    Specimen(
        "catboost after a scaler",
        FAMILY,
        tables.cancer,
        "target",
        lambda: make_pipeline(StandardScaler(), CatBoostClassifier(**name_settings())),
    ),
    Specimen(
        "catboost after a one-hot encoder",
        FAMILY,
        tables.mixed,
        "price",
        lambda: make_pipeline(
            make_column_transformer(
                (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["kind", "heating", "straße"]),
                (SimpleImputer(), ["size m²", "age"]),
            ),
            CatBoostRegressor(**name_settings()),
        ),
        features=("size m²", "age", "kind", "heating", "straße"),
    ),
    Specimen(
        "catboost with filled categories",
        FAMILY,
        tables.mixed,
        "is dear",
        lambda: make_pipeline(
            make_column_transformer(
                (SimpleImputer(strategy="constant", fill_value="none"), ["kind", "heating"]),
                (SimpleImputer(), ["size m²", "age"]),
            ),
            CatBoostClassifier(**name_settings(cat_features=[0, 1])),
        ),
        features=("size m²", "age", "kind", "heating"),
    ),
)
