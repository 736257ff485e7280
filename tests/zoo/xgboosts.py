"""Models of XGBoost."""

from functools import cache, partial
from typing import Any

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import KBinsDiscretizer, MaxAbsScaler, OneHotEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen
from tests.zoo.tables import CODES, NUMBERS, TEXTS, ZooTable

FAMILY = "XGBoost"
_FEW: dict[str, Any] = {"n_estimators": 12, "max_depth": 4, "n_jobs": 1}
_PLAIN = (*NUMBERS, *CODES, "balcony")
_CATEGORIES = ("kind", "heating", "straße")


@cache
def mixed() -> ZooTable:
    """The table `mixed`, with classes as XGBoost takes them: 0, 1, 2."""
    table = tables.mixed()
    frame = table.frame.assign(
        dear=(table.frame["is dear"] == "yes").astype(int),
        bands=pandas.factorize(table.frame["band"], sort=True)[0],
        share=table.frame["price"].rank(pct=True),
    )
    return ZooTable(frame, (*table.targets, "dear", "bands", "share"))


@cache
def categorical() -> ZooTable:
    """The table `mixed` with texts, and a number, as pandas' categories."""
    table = mixed()
    frame = table.frame.astype(dict.fromkeys(_CATEGORIES, "category"))
    return table._replace(frame=frame.assign(floor=frame["floor"].astype("category")))


def _encode(*steps: Any, sparse_threshold: float = 0.0) -> Any:
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), [*NUMBERS]),
            (
                "texts",
                make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
                [*TEXTS[:4]],
            ),
        ],
        remainder="passthrough",
        sparse_threshold=sparse_threshold,
    )
    return make_pipeline(columns, *steps)


class _Stopped(XGBClassifier):
    """Fits with the last rows of the table for early stopping."""

    def fit(self, table: Any, target: Any, **_: Any) -> Any:
        """Fit, and return an instance of the class that users have."""
        stopped = XGBClassifier(**{**_FEW, "n_estimators": 200}, learning_rate=0.9, early_stopping_rounds=2)
        rest = [(table.iloc[300:], target.iloc[300:])]
        return stopped.fit(table.iloc[:300], target.iloc[:300], eval_set=rest, verbose=False)


class _Ranked(XGBRanker):
    """Fits with all rows in one group."""

    def fit(self, table: Any, target: Any, **_: Any) -> Any:
        """Fit, and return an instance of the class that users have."""
        return XGBRanker(**_FEW).fit(table, target, qid=numpy.zeros(len(table)))


SPECIMENS: tuple[Specimen, ...] = (
    Specimen("XGBoost regressor", FAMILY, mixed, "price", lambda: XGBRegressor(**_FEW), _PLAIN),
    Specimen("XGBoost classifier of two classes", FAMILY, mixed, "dear", lambda: XGBClassifier(**_FEW), _PLAIN),
    Specimen("XGBoost classifier of three classes", FAMILY, mixed, "bands", lambda: XGBClassifier(**_FEW), _PLAIN),
    Specimen(
        *("XGBoost with dropped trees", FAMILY, mixed, "price"),
        lambda: XGBRegressor(booster="dart", rate_drop=0.4, **_FEW),
        _PLAIN,
    ),
    Specimen(
        *("XGBoost with dropped trees, three classes", FAMILY, mixed, "bands"),
        lambda: XGBClassifier(booster="dart", rate_drop=0.4, num_parallel_tree=2, **_FEW),
        _PLAIN,
    ),
    Specimen("XGBoost linear", FAMILY, mixed, "price", lambda: XGBRegressor(booster="gblinear", **_FEW), _PLAIN),
    Specimen(
        *("XGBoost linear, three classes", FAMILY, mixed, "bands"),
        lambda: XGBClassifier(booster="gblinear", **_FEW),
        _PLAIN,
    ),
    Specimen(
        *("XGBoost with categories", FAMILY, categorical, "price"),
        lambda: XGBRegressor(enable_categorical=True, **_FEW),
        (*NUMBERS, *_CATEGORIES, "floor", "balcony"),
    ),
    Specimen(
        *("XGBoost with categories one by one, three classes", FAMILY, categorical, "bands"),
        lambda: XGBClassifier(enable_categorical=True, max_cat_to_onehot=20, **_FEW),
        (*_CATEGORIES, "floor", "age"),
    ),
    Specimen(
        *("XGBoost with leaves of three numbers", FAMILY, mixed, "bands"),
        lambda: XGBClassifier(multi_strategy="multi_output_tree", **_FEW),
        _PLAIN,
    ),
    Specimen("XGBoost stopped early", FAMILY, mixed, "bands", _Stopped, _PLAIN),
    Specimen("XGBoost forest", FAMILY, mixed, "price", lambda: XGBRFRegressor(**_FEW), _PLAIN),
    Specimen("XGBoost forest, three classes", FAMILY, mixed, "bands", lambda: XGBRFClassifier(**_FEW), _PLAIN),
    Specimen("XGBoost ranker", FAMILY, mixed, "bands", _Ranked, _PLAIN),
    Specimen(
        *("XGBoost with another null", FAMILY, mixed, "price"),
        lambda: XGBRegressor(missing=3, base_score=411.3, **_FEW),
        _PLAIN,
    ),
    Specimen("XGBoost hinge", FAMILY, mixed, "dear", lambda: XGBClassifier(objective="binary:hinge", **_FEW), _PLAIN),
    *(
        Specimen(
            f"XGBoost {objective}",
            FAMILY,
            mixed,
            target,
            partial(XGBRegressor, objective=objective, **_FEW),
            _PLAIN,
        )
        for objective, target in (
            ("count:poisson", "visits"),
            ("reg:gamma", "price"),
            ("reg:tweedie", "visits"),
            ("reg:logistic", "share"),
            ("reg:squaredlogerror", "price"),
            ("reg:absoluteerror", "price"),
            ("reg:pseudohubererror", "price"),
            ("survival:cox", "price"),
            ("binary:logitraw", "dear"),
        )
    ),
    Specimen(
        *("XGBoost quantile", FAMILY, mixed, "price"),
        lambda: XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.8, **_FEW),
        _PLAIN,
    ),
    Specimen(
        *("XGBoost behind imputers, a scaler and one-hot columns", FAMILY, mixed, "dear"),
        lambda: _encode(XGBClassifier(**_FEW)),
        (*NUMBERS, *TEXTS[:4], "zone"),
    ),
    Specimen(
        *("XGBoost regressor behind one-hot columns", FAMILY, mixed, "price"),
        lambda: _encode(XGBRegressor(**_FEW)),
        (*NUMBERS, *TEXTS[:4], "floor"),
    ),
    Specimen(
        *("XGBoost behind a sparse matrix, whose zeros are nulls to it", FAMILY, mixed, "price"),
        lambda: _encode(XGBRegressor(**_FEW), sparse_threshold=1.0),
        (*NUMBERS, *TEXTS[:4], "floor"),
    ),
    Specimen(
        *("XGBoost behind a sparse matrix that is scaled", FAMILY, mixed, "dear"),
        lambda: _encode(MaxAbsScaler(), StandardScaler(with_mean=False), XGBClassifier(**_FEW), sparse_threshold=1.0),
        (*NUMBERS, *TEXTS[:4], "zone"),
    ),
    Specimen(
        *("XGBoost behind bins and a union", FAMILY, mixed, "price"),
        lambda: make_pipeline(make_union(KBinsDiscretizer(4), StandardScaler()), XGBRegressor(**_FEW)),
        ("size m²", "distance/km"),
    ),
    Specimen(
        *("XGBoost in a bag, three classes", FAMILY, mixed, "bands"),
        lambda: BaggingClassifier(XGBClassifier(**_FEW), n_estimators=3, max_features=0.7, random_state=0),
        _PLAIN,
    ),
    Specimen(
        *("XGBoost in a grid search", FAMILY, mixed, "bands"),
        lambda: GridSearchCV(XGBClassifier(**_FEW), {"learning_rate": [0.1, 0.5]}, cv=2),
        _PLAIN,
    ),
)
