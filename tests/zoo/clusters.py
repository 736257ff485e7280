"""Models of clusters and of outliers, which have no target."""

from collections.abc import Callable
from typing import Any

import numpy
from sklearn.base import clone
from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans
from sklearn.compose import make_column_transformer
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.zoo import tables
from tests.zoo.specimen import Specimen
from tests.zoo.tables import ZooTable

CLUSTERS, OUTLIERS = "clusters", "outliers"


def _describe(family: str, name: str, table: Callable[[], ZooTable], *steps: Any, **options: Any) -> Specimen:
    def make() -> Any:
        return make_pipeline(*map(clone, steps)) if len(steps) > 1 else clone(steps[0])

    return Specimen(name, family, table, options.pop("target", ()), make, **options)


def _cluster(name: str, *steps: Any, **options: Any) -> Specimen:
    return _describe(CLUSTERS, name, tables.iris, *steps, **options)


def _detect(name: str, *steps: Any, **options: Any) -> Specimen:
    return _describe(OUTLIERS, name, options.pop("table", tables.wine), *steps, **options)


_SINGLE = make_column_transformer((OneHotEncoder(dtype=numpy.float32, sparse_output=False), ["kind", "level"]))
_KINDS: tuple[Any, ...] = ("full", "tied", "diag", "spherical")

_CLUSTERS = (
    _cluster("k-means", StandardScaler(), KMeans(4, n_init=1, random_state=0)),
    _cluster("k-means of numbers as they are", KMeans(3, n_init=1, random_state=0)),
    _cluster("k-means of batches", MiniBatchKMeans(5, n_init=1, random_state=0)),
    _cluster("k-means that halves", BisectingKMeans(6, random_state=0)),
    _cluster("k-means that halves the largest", BisectingKMeans(5, bisecting_strategy="largest_cluster")),
    _describe(
        CLUSTERS, "k-means in float32", tables.mixed, _SINGLE, KMeans(4, n_init=1, random_state=0), tolerance=1e-5
    ),
    _describe(
        CLUSTERS,
        "distances to clusters as features",
        tables.iris,
        *(KMeans(6, n_init=1, random_state=0), LogisticRegression(max_iter=200)),
        target="target",
    ),
    _cluster("mean shift", MeanShift(bandwidth=0.9)),
    _cluster("affinity propagation", AffinityPropagation(random_state=0)),
    _cluster("birch", Birch(threshold=0.3)),
    _cluster("birch without a last step", Birch(threshold=0.8, n_clusters=None)),
    *(_cluster(f"mixture, {kind}", GaussianMixture(3, covariance_type=kind, random_state=0)) for kind in _KINDS),
    *(
        _cluster(
            f"bayesian mixture, {kind}",
            StandardScaler(),
            BayesianGaussianMixture(n_components=3, covariance_type=kind, max_iter=20, random_state=0),
        )
        for kind in _KINDS
    ),
    _cluster(
        "bayesian mixture of a dirichlet distribution",
        BayesianGaussianMixture(n_components=2, weight_concentration_prior_type="dirichlet_distribution"),
    ),
)

_OUTLIERS = (
    _detect("isolation forest", IsolationForest(n_estimators=20, random_state=0)),
    _detect(
        "isolation forest of some columns and rows",
        IsolationForest(n_estimators=20, max_features=0.5, max_samples=30, contamination=0.1, random_state=0),
    ),
    _detect(
        "isolation forest with nulls", IsolationForest(n_estimators=20, random_state=0), table=tables.wine_with_nulls
    ),
    _detect("isolation forest of single rows", IsolationForest(n_estimators=5, max_samples=1, random_state=0)),
    _detect("local outlier factor", StandardScaler(), LocalOutlierFactor(novelty=True)),
    _detect(
        "local outlier factor by brute force",
        StandardScaler(),
        LocalOutlierFactor(10, novelty=True, contamination=0.05, algorithm="brute"),
    ),
    _detect("local outlier factor by manhattan", LocalOutlierFactor(5, novelty=True, p=1), table=tables.iris),
    _detect("elliptic envelope", EllipticEnvelope(random_state=0)),
    _detect(
        "elliptic envelope without its precision",
        EllipticEnvelope(store_precision=False, contamination=0.02, random_state=0),
        table=tables.iris,
    ),
)

SPECIMENS: tuple[Specimen, ...] = (*_CLUSTERS, *_OUTLIERS)
