"""Transformers of numbers, before simple models."""

from collections.abc import Callable
from typing import Any

import numpy
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (IterativeImputer needs it)
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    f_regression,
)
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import AdditiveChi2Sampler, Nystroem, RBFSampler, SkewedChi2Sampler
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen
from tests.zoo.tables import ZooTable

FAMILY = "numbers"


def _chain(*steps: Any) -> Callable[[], Any]:
    """Return a function that makes a pipeline of new copies of the steps: each is fitted once only."""
    from sklearn.base import clone

    return lambda: make_pipeline(*map(clone, steps))


def _describe(name: str, table: Callable[[], ZooTable], *steps: Any, features: tuple[str, ...] = ()) -> Specimen:
    return Specimen(name, FAMILY, table, "target", _chain(*steps), features)


def _make_forest() -> RandomForestRegressor:
    return RandomForestRegressor(5, max_depth=6, random_state=0)


_TREE = DecisionTreeRegressor(max_depth=6, random_state=0)
_LOGISTIC = LogisticRegression(max_iter=200)
_STUMP = DecisionTreeClassifier(max_depth=2, random_state=0)
_MEDIAN = SimpleImputer(strategy="median")
_QUESTION = SimpleImputer(missing_values="?", strategy="most_frequent")

_SCALERS = (
    _describe("min-max scaler that clips", tables.diabetes, MinMaxScaler((-1, 2), clip=True), Ridge()),
    _describe("max-abs scaler before a tree", tables.diabetes, MaxAbsScaler(), _TREE),
    _describe("robust scaler before a tree", tables.diabetes, RobustScaler(unit_variance=True), _TREE),
    _describe("robust scaler lets nulls pass", tables.diabetes_with_nulls, RobustScaler(), _MEDIAN, Ridge()),
    _describe("standard scaler lets nulls pass", tables.diabetes_with_nulls, StandardScaler(), _make_forest()),
    _describe("normalizer", tables.wine, Normalizer(), _LOGISTIC),
    _describe("normalizer by the largest before a tree", tables.wine, Normalizer("max"), DecisionTreeClassifier()),
    _describe("normalizer by the sum", tables.wine, Normalizer("l1"), _LOGISTIC),
    _describe("power transformer", tables.diabetes_with_nulls, PowerTransformer(), _MEDIAN, Ridge()),
    _describe("box-cox", tables.cancer_above_zero, PowerTransformer("box-cox"), _LOGISTIC),
    _describe("quantile transformer", tables.diabetes_with_nulls, QuantileTransformer(n_quantiles=99), _make_forest()),
    _describe(
        "quantile transformer to a normal distribution",
        tables.diabetes,
        QuantileTransformer(n_quantiles=50, output_distribution="normal"),
        Ridge(),
    ),
    _describe("binarizer", tables.diabetes, Binarizer(threshold=0.01), Ridge()),
)
_EXPANSIONS = (
    _describe("bins as indicators", tables.diabetes, KBinsDiscretizer(5), Ridge()),
    _describe(
        "bins of equal width before a tree",
        tables.wine,
        KBinsDiscretizer(6, encode="ordinal", strategy="uniform"),
        DecisionTreeClassifier(max_depth=5, random_state=0),
    ),
    _describe("bins of k-means", tables.iris, KBinsDiscretizer(4, strategy="kmeans"), _LOGISTIC),
    _describe("polynomials", tables.diabetes, PolynomialFeatures(2), StandardScaler(), Ridge()),
    _describe("polynomials before a tree", tables.diabetes, PolynomialFeatures((2, 3), include_bias=False), _TREE),
    _describe("interactions", tables.iris, PolynomialFeatures(3, interaction_only=True), _LOGISTIC),
    _describe("splines", tables.diabetes, SplineTransformer(), Ridge()),
    _describe("splines at quantiles", tables.wine, SplineTransformer(4, 2, knots="quantile"), _LOGISTIC),
    _describe("splines that go on linearly", tables.diabetes, SplineTransformer(extrapolation="linear"), _TREE),
    _describe("periodic splines", tables.diabetes, SplineTransformer(extrapolation="periodic"), Ridge()),
    _describe("logarithms", tables.wine, FunctionTransformer(numpy.log1p), _LOGISTIC),
    _describe("square roots before a tree", tables.cancer, FunctionTransformer(numpy.sqrt), DecisionTreeClassifier()),
    _describe("hyperbolic tangents", tables.diabetes, FunctionTransformer(numpy.tanh, validate=True), Ridge()),
)
_IMPUTERS = (
    _describe("means and indicators", tables.diabetes_with_nulls, SimpleImputer(add_indicator=True), Ridge()),
    _describe("medians before a forest", tables.diabetes_with_nulls, _MEDIAN, _make_forest()),
    _describe("most frequent numbers", tables.diabetes_with_nulls, SimpleImputer(strategy="most_frequent"), Ridge()),
    _describe(
        "a constant, before a forest",
        tables.diabetes_with_nulls,
        SimpleImputer(strategy="constant", fill_value=-9.0, add_indicator=True),
        _make_forest(),
    ),
    _describe(
        "-1 is a null",
        tables.codes_of_nulls,
        SimpleImputer(missing_values=-1, add_indicator=True),
        _TREE,
        features=("age", "size", "rooms"),
    ),
    _describe("indicators beside values", tables.diabetes_with_nulls, make_union(_MEDIAN, MissingIndicator()), Ridge()),
    _describe(
        "nearest neighbours impute", tables.wine_with_nulls, KNNImputer(n_neighbors=3), StandardScaler(), _LOGISTIC
    ),
    _describe(
        "trees impute",
        tables.wine_with_nulls,
        IterativeImputer(_TREE, max_iter=2, random_state=0),
        StandardScaler(),
        _LOGISTIC,
    ),
    _describe("regressions impute", tables.diabetes_with_nulls, IterativeImputer(max_iter=5), Ridge()),
    _describe(
        "regressions impute within limits",
        tables.diabetes_with_nulls,
        IterativeImputer(Ridge(), max_iter=3, min_value=-0.05, max_value=0.05, n_nearest_features=4, random_state=0),
        StandardScaler(),
        Ridge(),
    ),
    _describe(
        "? is a null",
        tables.codes_of_nulls,
        ColumnTransformer(
            [
                ("texts", make_pipeline(_QUESTION, OneHotEncoder(handle_unknown="ignore")), ["kind"]),
                ("numbers", SimpleImputer(), ["size"]),
            ]
        ),
        Ridge(),
        features=("kind", "size"),
    ),
)
_SELECTORS = (
    _describe("best features", tables.diabetes, SelectKBest(f_regression, k=4), Ridge()),
    _describe("best share of features", tables.wine, SelectPercentile(percentile=40), DecisionTreeClassifier()),
    _describe("features by false positives", tables.wine, SelectFpr(), _LOGISTIC),
    _describe("features by false discoveries", tables.cancer, SelectFdr(), StandardScaler(), _LOGISTIC),
    _describe("features by family-wise error", tables.cancer, SelectFwe(), StandardScaler(), _LOGISTIC),
    _describe("features by any test", tables.iris, GenericUnivariateSelect(mode="k_best", param=2), _LOGISTIC),
    _describe("features of a model", tables.diabetes, SelectFromModel(_make_forest()), _TREE),
    _describe("features that are left", tables.diabetes, RFE(Ridge(), n_features_to_select=5), Ridge()),
    _describe("features that vary, with nulls", tables.diabetes_with_nulls, VarianceThreshold(0.001), _make_forest()),
    _describe(
        "features one by one", tables.diabetes, SequentialFeatureSelector(Ridge(), n_features_to_select=3), _TREE
    ),
    Specimen(
        "elimination predicts", FAMILY, tables.wine, "target", lambda: RFECV(DecisionTreeClassifier(), step=4, cv=3)
    ),
)
_REDUCTIONS = (
    _describe("principal components", tables.cancer, StandardScaler(), PCA(6), _LOGISTIC),
    _describe("white components", tables.wine, PCA(5, whiten=True), _LOGISTIC),
    _describe("components in batches", tables.diabetes, IncrementalPCA(4, batch_size=100), Ridge()),
    _describe("truncated decomposition", tables.diabetes, TruncatedSVD(4, random_state=0), Ridge()),
    _describe("factors", tables.iris, FactorAnalysis(2), _LOGISTIC),
    _describe("independent components", tables.iris, FastICA(3, random_state=0), _LOGISTIC),
    _describe("random projection", tables.diabetes, GaussianRandomProjection(6, random_state=0), Ridge()),
    _describe("sparse projection", tables.cancer, SparseRandomProjection(6, random_state=0), _LOGISTIC),
    _describe("discriminants", tables.wine, LinearDiscriminantAnalysis(), _LOGISTIC),
    _describe("groups of features", tables.diabetes, FeatureAgglomeration(4), Ridge()),
    _describe("neighbourhoods", tables.iris, NeighborhoodComponentsAnalysis(2, max_iter=9), _LOGISTIC),
    *(
        _describe(name, tables.iris, MinMaxScaler(clip=True), sampler, _LOGISTIC)
        for name, sampler in (
            ("random cosines", RBFSampler(n_components=20, random_state=0)),
            ("random cosines of logarithms", SkewedChi2Sampler(n_components=8, random_state=0)),
            ("roots with cosines of logarithms", AdditiveChi2Sampler(sample_steps=3)),
        )
    ),
    *(
        _describe(name, table, MinMaxScaler(clip=True), Nystroem(random_state=0, **arguments), model)
        for name, table, model, arguments in (
            ("kernel of rows", tables.wine, _LOGISTIC, {"n_components": 20}),
            ("linear kernel of rows", tables.diabetes, Ridge(), {"kernel": "linear", "n_components": 8}),
            ("polynomial kernel of rows", tables.diabetes, Ridge(), {"kernel": "poly", "n_components": 15}),
            (
                "sigmoid kernel of rows",
                tables.iris,
                _LOGISTIC,
                {"kernel": "sigmoid", "kernel_params": {"gamma": 0.01}, "n_components": 10},
            ),
        )
    ),
)
SPECIMENS: tuple[Specimen, ...] = (*_SCALERS, *_EXPANSIONS, *_IMPUTERS, *_SELECTORS, *_REDUCTIONS)
