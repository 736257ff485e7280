"""Extract the numbers that scikit-learn's trees and linear models predict with.

How they are added up is that of scikit-learn 1.9: sklearn/ensemble/_forest.py, _gb.py, _hist_gradient_boosting/ and
linear_model/_base.py. training.parity.gate checks each export against scikit-learn's predictions.
"""

from typing import Any

import numpy
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
    RidgeCV,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from training.compile.blocks import Array
from training.compile.trees import Tree, read_tree
from training.exports.parts import Linear, NotExported, Trees

_SINGLE = (DecisionTreeRegressor, DecisionTreeClassifier, ExtraTreeRegressor, ExtraTreeClassifier)
_FORESTS = (RandomForestRegressor, RandomForestClassifier, ExtraTreesRegressor, ExtraTreesClassifier)
_BOOSTED = (GradientBoostingRegressor, GradientBoostingClassifier)
_HISTOGRAM = (HistGradientBoostingRegressor, HistGradientBoostingClassifier)
_LINEAR = (LinearRegression, Ridge, RidgeCV, Lasso, LassoCV, ElasticNet, ElasticNetCV)
_LOGISTIC = (LogisticRegression, LogisticRegressionCV)
_TREES = (*_SINGLE, *_FORESTS, *_BOOSTED, *_HISTOGRAM)


def extract_parts(estimator: Any) -> Trees | Linear:
    """Extract the numbers of an estimator that is not a pipeline. Raises NotExported."""
    class_ = type(estimator)
    if class_ in _LINEAR:
        return _extract_linear(estimator, "identity")
    if class_ in _LOGISTIC:
        return _extract_linear(estimator, "sigmoid" if len(estimator.classes_) == 2 else "softmax")
    if class_ in _TREES:
        return _extract_trees(estimator)
    raise NotExported(f"{class_.__name__} is not one of the trees and linear models that can be exported")


def _extract_trees(estimator: Any) -> Trees:
    class_ = type(estimator)
    if getattr(estimator, "n_outputs_", 1) != 1:
        raise NotExported("it predicts several targets at once")
    if class_ in _SINGLE:
        return _extract_averaged([estimator])
    if class_ in _FORESTS:
        return _extract_averaged(estimator.estimators_)
    return _extract_boosted(estimator) if class_ in _BOOSTED else _extract_histogram(estimator)


def _extract_averaged(members: list[Any]) -> Trees:
    trees = [read_tree(member) for member in members]
    return Trees(trees, [0.0] * trees[0].values.shape[1], "mean", 0, float32=True)


def _extract_boosted(estimator: Any) -> Trees:
    if not (estimator.init_ == "zero" or isinstance(estimator.init_, (DummyRegressor, DummyClassifier))):
        raise NotExported(f"it starts from the predictions of a {type(estimator.init_).__name__}")
    start = estimator._raw_predict_init(numpy.zeros((1, estimator.n_features_in_), dtype=numpy.float32))[0]
    trees = [read_tree(member, estimator.learning_rate) for stage in estimator.estimators_ for member in stage]
    if not is_classifier(estimator):
        link = "identity"
    elif estimator.loss == "exponential":
        link = "sigmoid2"
    else:
        link = "sigmoid" if len(start) == 1 else "softmax"
    return Trees(trees, start.tolist(), link, 1, float32=True)


def _extract_histogram(estimator: Any) -> Trees:
    if estimator.is_categorical_ is not None and estimator.is_categorical_.any():
        raise NotExported("its trees split by categories (categorical_features)")
    trees = [_extract_histogram_tree(predictor.nodes) for stage in estimator._predictors for predictor in stage]
    start = numpy.ravel(estimator._baseline_prediction).astype(float).tolist()
    if is_classifier(estimator):
        link = "sigmoid" if len(start) == 1 else "softmax"
    else:
        link = {"IdentityLink": "identity", "LogLink": "exp"}.get(type(estimator._loss.link).__name__, "")
        if not link:
            raise NotExported(f"the link function of its loss {estimator.loss!r} is not known")
    return Trees(trees, start, link, 0, float32=False)


def _extract_histogram_tree(nodes: Array) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    left = numpy.where(leaf, -1, nodes["left"].astype(numpy.int64))
    right = numpy.where(leaf, -1, nodes["right"].astype(numpy.int64))
    thresholds = nodes["num_threshold"].astype(float)
    nulls = nodes["missing_go_to_left"].astype(bool)
    return Tree(left, right, nodes["feature_idx"], thresholds, nulls, nodes["value"].astype(float)[:, None])


def _extract_linear(estimator: Any, link: str) -> Linear:
    coefficients = estimator.coef_
    dense = coefficients.toarray() if hasattr(coefficients, "toarray") else coefficients  # sparse after sparsify()
    coefficients = numpy.atleast_2d(numpy.asarray(dense, dtype=float))
    if link == "identity" and len(coefficients) > 1:
        raise NotExported("it predicts several targets at once")
    start = numpy.broadcast_to(numpy.ravel(estimator.intercept_), len(coefficients)).astype(float)
    return Linear(coefficients, start.tolist(), link)
