"""Neural networks, naive Bayes, quadratic discriminants and partial least squares of the zoo."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy
from sklearn.compose import make_column_transformer
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "networks, naive Bayes, discriminants"
type Make = Callable[[], Any]
type Table = Callable[[], tables.ZooTable]


@cache
def _single_wine() -> tables.ZooTable:
    """The table `wine` in float32."""
    frame, targets = tables.wine()
    kinds = dict.fromkeys(tables.wine().features, numpy.float32)
    return tables.ZooTable(frame.astype(kinds), targets)


def _scale(head: Any) -> Any:
    return make_pipeline(StandardScaler(), head)


def _network(kind: Any, *sizes: int, **options: Any) -> Make:
    return lambda: _scale(kind(hidden_layer_sizes=sizes, max_iter=30, random_state=0, **options))


def _cut(head: Any) -> Any:
    """Columns as the numbers of categories, before a head that takes such."""
    encode = OrdinalEncoder(encoded_missing_value=9)
    bins = KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf")
    return make_pipeline(make_column_transformer((encode, ["kind", "level"]), (bins, ["size m²", "rooms"])), head)


def _indicate(head: Any) -> Any:
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), head)


_CUT = ("kind", "level", "size m²", "rooms")

NETWORKS = (
    *(
        Specimen(
            f"network, {activation}, {name}", FAMILY, table, "target", _network(kind, 12, 5, activation=activation)
        )
        for activation in ("identity", "logistic", "tanh", "relu")
        for name, kind, table in (
            ("regression", MLPRegressor, tables.diabetes),
            ("two classes", MLPClassifier, tables.cancer),
            ("three classes", MLPClassifier, tables.iris),
        )
    ),
    Specimen("network without a hidden layer", FAMILY, tables.diabetes, "target", _network(MLPRegressor)),
    Specimen("network of a count", FAMILY, tables.diabetes, "target", _network(MLPRegressor, 3, loss="poisson")),
    Specimen("network of wide layers", FAMILY, tables.cancer, "target", _network(MLPClassifier, 64, 64)),
    Specimen("network in float32", FAMILY, _single_wine, "target", _network(MLPClassifier, 8), tolerance=1e-5),
    Specimen(
        "restricted Boltzmann machine",
        FAMILY,
        tables.iris,
        "target",
        lambda: make_pipeline(MinMaxScaler(), BernoulliRBM(5, n_iter=3, random_state=0), LogisticRegression()),
    ),
)
BAYES = (
    *(
        Specimen(f"{name} naive Bayes of {of}", FAMILY, table, "target", make)
        for of, table in (("two classes", tables.cancer), ("three classes", tables.wine))
        for name, make in (
            ("Gaussian", GaussianNB),
            ("multinomial", MultinomialNB),
            ("multinomial, uniform", partial(MultinomialNB, alpha=0.1, fit_prior=False)),
            ("complement", ComplementNB),
            ("normalized complement", partial(ComplementNB, norm=True)),
            ("Bernoulli", partial(BernoulliNB, binarize=2.0)),
        )
    ),
    Specimen("multinomial naive Bayes of float32", FAMILY, _single_wine, "target", MultinomialNB),
    Specimen("Gaussian naive Bayes of one column", FAMILY, tables.iris, "target", GaussianNB, ("petal width (cm)",)),
    *(
        Specimen(f"{name} of texts and nulls", FAMILY, tables.mixed, "band", make, features)
        for name, make, features in (
            ("categorical naive Bayes", lambda: _cut(CategoricalNB()), _CUT),
            (
                "categories that are sure",
                lambda: _cut(CategoricalNB(alpha=0.1, min_categories=12)),
                _CUT,
            ),
            ("multinomial naive Bayes", lambda: _indicate(MultinomialNB()), ("kind", "level", "zone")),
            ("Bernoulli naive Bayes", lambda: _indicate(BernoulliNB(binarize=None)), ("kind", "level", "zone")),
        )
    ),
)
DISCRIMINANTS = tuple(
    Specimen(f"quadratic discriminants, {name}", FAMILY, table, "target", make)
    for name, table, make in (
        ("two classes", tables.cancer, partial(QuadraticDiscriminantAnalysis, reg_param=0.1)),
        ("three classes", tables.wine, QuadraticDiscriminantAnalysis),
        ("shrunk", tables.iris, partial(QuadraticDiscriminantAnalysis, solver="eigen", shrinkage="auto")),
        ("priors", tables.wine, partial(QuadraticDiscriminantAnalysis, priors=[0.5, 0.3, 0.2], reg_param=0.01)),
    )
)
PARTIAL_SQUARES = tuple(
    Specimen(name, FAMILY, tables.diabetes, "target", make)
    for name, make in (
        ("partial least squares", partial(PLSRegression, 3)),
        ("partial least squares, not scaled", partial(PLSRegression, 1, scale=False)),
        ("canonical partial least squares", partial(PLSCanonical, 1)),
        ("canonical correlation", partial(CCA, 1)),
    )
)

SPECIMENS: tuple[Specimen, ...] = (*NETWORKS, *BAYES, *DISCRIMINANTS, *PARTIAL_SQUARES)
