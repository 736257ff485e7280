"""Models that compare a record with rows of training."""

from collections.abc import Callable
from typing import Any

import numpy
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.zoo import tables
from tests.zoo.specimen import Specimen
from tests.zoo.tables import ZooTable

FAMILY = "neighbours"
_WHOLE = ("rooms", "floor")
# Parameters of metrics of three columns.
_VARIANCES = numpy.array([0.002, 0.003, 0.001])
_NEARLY_ONE = numpy.eye(3) + 0.2


def _describe(
    name: str,
    table: Callable[[], ZooTable],
    *steps: Any,
    target: str | tuple[str, ...] = "target",
    features: tuple[str, ...] = (),
    tolerance: float = 1e-9,
    is_flat: bool = True,
) -> Specimen:
    def make() -> Any:
        return make_pipeline(*map(clone, steps)) if len(steps) > 1 else clone(steps[0])

    return Specimen(name, FAMILY, table, target, make, features, is_flat, tolerance=tolerance)


def _regressor(name: str, *steps: Any, tolerance: float = 1e-9, is_flat: bool = True, **options: Any) -> Specimen:
    head = KNeighborsRegressor(**options)
    return _describe(
        name, tables.diabetes, *steps, head, features=("bmi", "bp", "s5"), tolerance=tolerance, is_flat=is_flat
    )


_SINGLE = make_column_transformer((OneHotEncoder(dtype=numpy.float32, sparse_output=False), ["kind", "level"]))
_MIXED = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), ["size m²", "age"]),
    (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["kind", "level"]),
)

_REGRESSORS = (
    _regressor("nearest neighbours"),
    _regressor("one nearest neighbour", n_neighbors=1),
    _regressor("neighbours weighed by distances", weights="distance"),
    _regressor("neighbours by brute force", StandardScaler(), algorithm="brute"),
    _regressor(
        "neighbours by brute force, weighed", StandardScaler(), algorithm="brute", weights="distance", tolerance=1e-5
    ),
    _regressor("neighbours in a ball tree", algorithm="ball_tree", leaf_size=5),
    _regressor("neighbours in a ball tree, by a power", algorithm="ball_tree", p=3, weights="distance"),
    _regressor("neighbours by a power", p=1.5, n_neighbors=20, leaf_size=10),
    _regressor("manhattan neighbours", metric="manhattan"),
    _regressor("chebyshev neighbours by brute force", metric="chebyshev", algorithm="brute"),
    _regressor("neighbours by direction", metric="cosine", n_neighbors=3),
    _regressor("neighbours by squared distances", metric="sqeuclidean", weights="distance", tolerance=1e-5),
    _regressor("neighbours by weighed columns", p=3, metric_params={"w": numpy.array([2.0, 0.5, 1.0])}),
    _regressor("standardized neighbours", metric="seuclidean", metric_params={"V": _VARIANCES}, weights="distance"),
    _regressor("mahalanobis neighbours", metric="mahalanobis", metric_params={"V": _NEARLY_ONE}),
    _regressor(
        "mahalanobis neighbours by brute force",
        metric="mahalanobis",
        metric_params={"VI": numpy.linalg.inv(_NEARLY_ONE)},
        algorithm="brute",
        weights="distance",
    ),
    _regressor("neighbours by a metric that is not compiled", metric="canberra", is_flat=False),
    *(
        _describe(name, tables.mixed, KNeighborsRegressor(**options), target="price", features=_WHOLE)
        for name, options in (
            ("equal neighbours", {}),
            ("equal neighbours in a ball tree", {"algorithm": "ball_tree", "n_neighbors": 7}),
            ("equal neighbours, weighed", {"weights": "distance", "n_neighbors": 3, "leaf_size": 4}),
            ("equal neighbours by manhattan", {"p": 1, "n_neighbors": 9}),
        )
    ),
    _describe("neighbours of a sparse matrix", tables.mixed, _MIXED, KNeighborsRegressor(10), target="price"),
    _describe("neighbours in float32", tables.mixed, _SINGLE, KNeighborsRegressor(), target="price"),
)

_CLASSIFIERS = (
    _describe("neighbours vote", tables.iris, KNeighborsClassifier()),
    _describe("neighbours vote, weighed", tables.wine, StandardScaler(), KNeighborsClassifier(7, weights="distance")),
    _describe("neighbours of many columns", tables.cancer, StandardScaler(), KNeighborsClassifier()),
    _describe("manhattan neighbours vote", tables.cancer, KNeighborsClassifier(metric="manhattan", n_neighbors=3)),
    _describe("equal neighbours vote", tables.mixed, KNeighborsClassifier(), target="band", features=_WHOLE),
)

_SEVERAL = (
    _describe(
        "neighbours of two targets",
        tables.mixed,
        KNeighborsRegressor(weights="distance"),
        target=("price", "visits"),
        features=_WHOLE,
    ),
    _describe(
        "neighbours vote for two targets",
        tables.mixed,
        KNeighborsClassifier(),
        target=("is dear", "band"),
        features=_WHOLE,
    ),
    _describe(
        "near rows of two targets",
        tables.mixed,
        RadiusNeighborsRegressor(),
        target=("price", "visits"),
        features=_WHOLE,
    ),
)

_CENTERS = (
    _describe("nearest center", tables.iris, NearestCentroid()),
    _describe("nearest median", tables.iris, NearestCentroid("manhattan")),
    _describe("nearest center that shrinks", tables.wine, StandardScaler(), NearestCentroid(shrink_threshold=0.5)),
    _describe("nearest center with priors", tables.iris, NearestCentroid(priors=[0.5, 0.3, 0.2])),
    _describe("nearest median with priors", tables.wine, NearestCentroid("manhattan", priors="empirical")),
)

_RADIUS = (
    _describe(
        "near rows", tables.diabetes, StandardScaler(), RadiusNeighborsRegressor(1.5), features=("bmi", "bp", "s5")
    ),
    _describe(
        "near rows, weighed",
        tables.diabetes,
        StandardScaler(),
        RadiusNeighborsRegressor(1.5, weights="distance"),
        features=("bmi", "bp", "s5"),
    ),
    _describe(
        "near rows by power",
        tables.diabetes,
        StandardScaler(),
        RadiusNeighborsRegressor(1.5, p=3),
        features=("bmi", "bp", "s5"),
    ),
    _describe("near rows vote", tables.iris, RadiusNeighborsClassifier(0.9)),
    _describe(
        "near rows vote, else the most frequent",
        tables.wine,
        StandardScaler(),
        RadiusNeighborsClassifier(2.5, outlier_label="most_frequent", weights="distance"),
    ),
    _describe(
        "near rows vote, else a label",
        tables.iris,
        RadiusNeighborsClassifier(0.55, outlier_label="virginica", algorithm="brute"),
    ),
)

SPECIMENS: tuple[Specimen, ...] = (*_REGRESSORS, *_CLASSIFIERS, *_SEVERAL, *_CENTERS, *_RADIUS)
