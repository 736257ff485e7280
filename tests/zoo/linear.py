"""Linear models of the zoo, and what is made of classifiers' scores: calibration, thresholds, several classes."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
from scipy.special import expit, logit
from sklearn import linear_model as lm
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC, LinearSVR
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "linear models"
type Make = Callable[[], Any]

_NUMBERS, _CATEGORIES = ("size m²", "age", "rooms", "income"), ("kind", "heating", "zone")
_COLUMNS = _NUMBERS + _CATEGORIES


def _scale(make: Make) -> Make:
    return lambda: make_pipeline(StandardScaler(), make())


def _prepare(make: Make) -> Make:
    """A model of the mixed table behind imputers, a scaler and an encoder."""
    return lambda: make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(_NUMBERS)),
            (OneHotEncoder(handle_unknown="ignore"), list(_CATEGORIES)),
        ),
        make(),
    )


def _calibrate(make: Make, method: str) -> Any:
    return CalibratedClassifierCV(make(), method=method, cv=3)


def _make_isotonic(outside: str) -> Any:
    take = make_column_transformer(("passthrough", ["bmi"]))
    return make_pipeline(take, IsotonicRegression(out_of_bounds=outside))


def _make_tree() -> Any:
    return _prepare(lambda: DecisionTreeClassifier(max_depth=4, random_state=0))()


def _fit_frozen(make: Make, table: Callable[[], tables.ZooTable]) -> FrozenEstimator:
    frame = table().frame
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return FrozenEstimator(make().fit(frame[table().features], frame["target"]))


def _regress(name: str, make: Make) -> Specimen:
    return Specimen(name, FAMILY, tables.diabetes, "target", make)


def _classify(name: str, table: Callable[[], tables.ZooTable], make: Make) -> Specimen:
    return Specimen(name, FAMILY, table, "target", make)


def _transform_target(name: str, make: Callable[[], BaseEstimator]) -> Specimen:
    """A regressor whose target is transformed by a fitted transformer."""
    return _regress(f"target behind {name}", lambda: TransformedTargetRegressor(LinearRegression(), transformer=make()))


MIXED = tuple(
    Specimen(f"mixed columns, {name}", FAMILY, tables.mixed, target, make, _COLUMNS)
    for name, target, make in (
        ("ridge", "price", _prepare(Ridge)),
        ("lasso", "price", _prepare(lambda: lm.Lasso(5.0))),
        ("Poisson", "visits", _prepare(lm.PoissonRegressor)),
        ("logistic", "is dear", _prepare(LogisticRegression)),
        ("three classes", "band", _prepare(LogisticRegression)),
        ("ridge classifier", "band", _prepare(lm.RidgeClassifier)),
        ("calibrated SVM", "band", _prepare(lambda: CalibratedClassifierCV(LinearSVC(random_state=0), cv=3))),
        ("calibrated pipeline", "is dear", lambda: CalibratedClassifierCV(_make_tree(), cv=3)),
        ("tuned threshold", "is dear", lambda: TunedThresholdClassifierCV(_prepare(LogisticRegression)(), cv=3)),
        ("one against the rest", "band", lambda: OneVsRestClassifier(_prepare(LogisticRegression)())),
        (
            "log of the target",
            "visits",
            lambda: TransformedTargetRegressor(_prepare(Ridge)(), func=numpy.log1p, inverse_func=numpy.expm1),
        ),
    )
)

REGRESSORS = (
    _regress("linear regression", LinearRegression),
    _regress("linear regression, positive", lambda: LinearRegression(positive=True)),
    _regress("linear regression without intercept", lambda: LinearRegression(fit_intercept=False)),
    _regress("ridge after a scaler", _scale(Ridge)),
    _regress("ridge, cross-validated", lm.RidgeCV),
    _regress("lasso", lambda: lm.Lasso(0.1)),
    _regress("lasso, cross-validated", lambda: lm.LassoCV(cv=3)),
    _regress("elastic net", lambda: lm.ElasticNet(0.01)),
    _regress("elastic net, cross-validated", lambda: lm.ElasticNetCV(cv=3)),
    _regress("least angles", lm.Lars),
    _regress("least angles, cross-validated", lm.LarsCV),
    _regress("lasso by least angles", lambda: lm.LassoLars(0.01)),
    _regress("lasso by least angles, cross-validated", lm.LassoLarsCV),
    _regress("lasso by least angles, information criterion", lm.LassoLarsIC),
    _regress("orthogonal matching pursuit", lm.OrthogonalMatchingPursuit),
    _regress("orthogonal matching pursuit, cross-validated", lm.OrthogonalMatchingPursuitCV),
    _regress("Bayesian ridge", lm.BayesianRidge),
    _regress("automatic relevance", lm.ARDRegression),
    _regress("Huber", lambda: lm.HuberRegressor(max_iter=1_000)),
    _regress("Theil-Sen", lambda: lm.TheilSenRegressor(random_state=0, max_subpopulation=200)),
    _regress("RANSAC", lambda: lm.RANSACRegressor(random_state=0)),
    _regress("quantile", lambda: lm.QuantileRegressor(quantile=0.8, alpha=0.01)),
    _regress("stochastic gradient", _scale(lambda: lm.SGDRegressor(random_state=0))),
    _regress("passive-aggressive regression", lambda: lm.PassiveAggressiveRegressor(random_state=0)),
    _regress("linear support vectors", _scale(lambda: LinearSVR(random_state=0))),
    _regress("Poisson", lm.PoissonRegressor),
    _regress("gamma", _scale(lm.GammaRegressor)),
    _regress("Tweedie", _scale(lambda: lm.TweedieRegressor(power=1.5))),
    _regress("Tweedie, identity", _scale(lambda: lm.TweedieRegressor(power=0))),
    _regress("dummy, mean", DummyRegressor),
    _regress("dummy, quantile", lambda: DummyRegressor(strategy="quantile", quantile=0.9)),
)

ISOTONIC = tuple(
    _regress(f"isotonic, {outside} outside", partial(_make_isotonic, outside))._replace(features=("bmi",))
    for outside in ("nan", "clip", "raise")
)

TARGETS = (
    *(
        _regress(
            f"target through {name}",
            partial(TransformedTargetRegressor, Ridge(alpha), func=func, inverse_func=inverse),
        )
        for name, alpha, func, inverse in (
            ("log1p", 0.1, numpy.log1p, numpy.expm1),
            ("log", 0.1, numpy.log, numpy.exp),
            ("square root", 0.1, numpy.sqrt, numpy.square),
            # No prediction is so near to 0 that its root depends on the last bits.
            ("square", 100.0, numpy.square, numpy.sqrt),
        )
    ),
    _regress("target of itself", lambda: TransformedTargetRegressor(Ridge())),
    _regress(
        "target through logit, scaled",
        lambda: TransformedTargetRegressor(
            Ridge(),
            transformer=make_pipeline(
                MinMaxScaler(feature_range=(0.1, 0.9)), FunctionTransformer(logit, inverse_func=expit)
            ),
        ),
    ),
    _transform_target("a standard scaler", StandardScaler),
    _transform_target("a scaler to a range", MinMaxScaler),
    _transform_target("a scaler to the largest", MaxAbsScaler),
    _transform_target("a robust scaler", RobustScaler),
    _transform_target("a Yeo-Johnson power", PowerTransformer),
    _transform_target("a Yeo-Johnson power, not scaled", lambda: PowerTransformer(standardize=False)),
    _transform_target("a Box-Cox power", lambda: PowerTransformer("box-cox")),
    _transform_target("quantiles", lambda: QuantileTransformer(n_quantiles=100)),
    _transform_target(
        "quantiles of a normal distribution",
        lambda: QuantileTransformer(n_quantiles=100, output_distribution="normal"),
    ),
    _regress(
        "forest of a scaled target",
        lambda: TransformedTargetRegressor(
            RandomForestRegressor(10, max_depth=5, random_state=0), transformer=StandardScaler()
        ),
    ),
)

CLASSIFIERS = (
    _classify("logistic regression of three classes", tables.wine, lambda: LogisticRegression(max_iter=200)),
    _classify("logistic regression of two classes", tables.cancer, _scale(LogisticRegression)),
    _classify("logistic regression by liblinear", tables.cancer, lambda: LogisticRegression(solver="liblinear")),
    _classify(
        "logistic regression, L1", tables.cancer, _scale(lambda: LogisticRegression(l1_ratio=1, C=0.1, solver="saga"))
    ),
    _classify("logistic regression, cross-validated", tables.iris, lambda: lm.LogisticRegressionCV(cv=3)),
    _classify("linear discriminants of two classes", tables.cancer, LinearDiscriminantAnalysis),
    _classify("linear discriminants of three classes", tables.wine, LinearDiscriminantAnalysis),
    _classify(
        "linear discriminants, shrunk", tables.iris, lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    ),
    _classify("ridge classifier", tables.cancer, lm.RidgeClassifier),
    _classify("ridge classifier, cross-validated", tables.wine, lm.RidgeClassifierCV),
    *(
        _classify(
            f"stochastic gradient, {loss}, {name}",
            table,
            _scale(partial(lm.SGDClassifier, loss, random_state=0)),
        )
        for name, table in (("two classes", tables.cancer), ("three classes", tables.wine))
        for loss in ("hinge", "log_loss", "modified_huber", "perceptron")
    ),
    _classify("perceptron", tables.iris, lambda: lm.Perceptron(random_state=0)),
    _classify("passive-aggressive", tables.wine, lambda: lm.PassiveAggressiveClassifier(random_state=0)),
    _classify("linear support vectors, two classes", tables.cancer, _scale(lambda: LinearSVC(random_state=0))),
    _classify("linear support vectors, three classes", tables.wine, lambda: LinearSVC(random_state=0)),
    _classify("dummy, prior", tables.iris, DummyClassifier),
    _classify("dummy, most frequent", tables.wine, lambda: DummyClassifier(strategy="most_frequent")),
    _classify("dummy, constant", tables.wine, lambda: DummyClassifier(strategy="constant", constant=2)),
)

CALIBRATED = (
    *(
        _classify(
            f"{method} calibration of {name}",
            table,
            partial(_calibrate, make, method),
        )
        for method in ("sigmoid", "isotonic", "temperature")
        for name, table, make in (
            ("a forest, two classes", tables.cancer, lambda: RandomForestClassifier(5, max_depth=4, random_state=0)),
            ("a forest, three classes", tables.iris, lambda: RandomForestClassifier(5, max_depth=4, random_state=0)),
            ("linear support vectors, two classes", tables.cancer, _scale(lambda: LinearSVC(random_state=0))),
            ("linear support vectors, three classes", tables.wine, _scale(lambda: LinearSVC(random_state=0))),
        )
    ),
    _classify(
        "calibration without an ensemble",
        tables.wine,
        lambda: CalibratedClassifierCV(lm.RidgeClassifier(), cv=3, ensemble=False),
    ),
    _classify(
        "calibration of boosting",
        tables.cancer,
        lambda: CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=5), method="isotonic", cv=3),
    ),
    _classify(
        "calibration of a frozen classifier",
        tables.cancer,
        lambda: CalibratedClassifierCV(_fit_frozen(_scale(LogisticRegression), tables.cancer)),
    ),
)

THRESHOLDS = (
    _classify(
        "fixed threshold of a probability",
        tables.cancer,
        lambda: FixedThresholdClassifier(_scale(LogisticRegression)(), threshold=0.2),
    ),
    _classify(
        "fixed threshold of the first class",
        tables.cancer,
        lambda: FixedThresholdClassifier(_scale(LogisticRegression)(), threshold=0.8, pos_label="benign"),
    ),
    _classify(
        "fixed threshold of a forest",
        tables.cancer,
        lambda: FixedThresholdClassifier(
            RandomForestClassifier(10, random_state=0), threshold=0.8, pos_label="malignant"
        ),
    ),
    _classify(
        "fixed threshold of the first class's decision",
        tables.cancer,
        lambda: FixedThresholdClassifier(
            _scale(LinearSVC)(), threshold=-0.1, pos_label="benign", response_method="decision_function"
        ),
    ),
    _classify("threshold by itself", tables.cancer, lambda: FixedThresholdClassifier(_scale(LinearSVC)())),
    _classify(
        "tuned threshold of a decision",
        tables.cancer,
        lambda: TunedThresholdClassifierCV(_scale(LinearSVC)(), cv=3),
    ),
    _classify(
        "tuned threshold of a forest",
        tables.cancer,
        lambda: TunedThresholdClassifierCV(RandomForestClassifier(10, random_state=0), cv=3),
    ),
)

SEVERAL_CLASSES = (
    _classify("one against the rest, logistic", tables.iris, lambda: OneVsRestClassifier(_scale(LogisticRegression)())),
    _classify("one against the rest, SVM", tables.wine, lambda: OneVsRestClassifier(_scale(LinearSVC)())),
    _classify("one against the rest, two classes", tables.cancer, lambda: OneVsRestClassifier(LogisticRegression())),
    _classify(
        "one against the rest, trees",
        tables.iris,
        lambda: OneVsRestClassifier(RandomForestClassifier(4, max_depth=2, random_state=0)),
    ),
    _classify("one against the rest, ridge", tables.wine, lambda: OneVsRestClassifier(Ridge())),
    _classify(
        "one against the rest, forest of two classes",
        tables.cancer,
        lambda: OneVsRestClassifier(RandomForestClassifier(4, max_depth=2, random_state=0)),
    ),
    _classify("one against one, SVM", tables.wine, lambda: OneVsOneClassifier(_scale(LinearSVC)())),
    _classify(
        "one against one, trees",
        tables.iris,
        lambda: OneVsOneClassifier(DecisionTreeClassifier(max_depth=2, random_state=0)),
    ),
    _classify("one against one, two classes", tables.cancer, lambda: OneVsOneClassifier(_scale(LinearSVC)())),
    _classify("one against one, ridge", tables.iris, lambda: OneVsOneClassifier(lm.RidgeClassifier())),
    _classify(
        "output codes, SVM", tables.wine, lambda: OutputCodeClassifier(_scale(LinearSVC)(), code_size=2, random_state=1)
    ),
    _classify(
        "output codes, trees",
        tables.iris,
        lambda: OutputCodeClassifier(DecisionTreeClassifier(max_depth=3, random_state=0), code_size=3, random_state=3),
    ),
    _classify("self-training", tables.wine, lambda: SelfTrainingClassifier(_scale(LogisticRegression)())),
    _classify(
        "calibration of one against one", tables.wine, lambda: CalibratedClassifierCV(OneVsOneClassifier(LinearSVC()))
    ),
)

# Their numbers are of float32, in which some of the steps behind them compute as well.
BOOSTED = (
    *(
        _classify(
            f"{method} calibration of XGBoost",
            *(tables.wine, partial(_calibrate, partial(XGBClassifier, n_estimators=5, max_depth=2), method)),
        )
        for method in ("sigmoid", "isotonic", "temperature")
    ),
    _classify(
        "one against the rest, XGBoost",
        tables.iris,
        lambda: make_pipeline(OneVsRestClassifier(XGBClassifier(n_estimators=5, max_depth=2))),
    ),
    _regress(
        "target behind quantiles, XGBoost",
        lambda: TransformedTargetRegressor(
            XGBRegressor(n_estimators=5, max_depth=2),
            transformer=QuantileTransformer(n_quantiles=100, output_distribution="normal"),
        ),
    ),
    _regress(
        "target through log1p, XGBoost",
        lambda: TransformedTargetRegressor(
            XGBRegressor(n_estimators=5, max_depth=2), func=numpy.log1p, inverse_func=numpy.expm1
        ),
    ),
)

SPECIMENS: tuple[Specimen, ...] = (
    *MIXED,
    *REGRESSORS,
    *ISOTONIC,
    *TARGETS,
    *CLASSIFIERS,
    *CALIBRATED,
    *THRESHOLDS,
    *SEVERAL_CLASSES,
    *(specimen._replace(tolerance=1e-6) for specimen in BOOSTED),
)
