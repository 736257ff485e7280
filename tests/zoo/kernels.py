"""Models of kernels: support vector machines, Gaussian processes, kernel ridge, projections."""

from collections.abc import Callable
from typing import Any

from sklearn.base import clone
from sklearn.decomposition import KernelPCA
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.kernel_approximation import AdditiveChi2Sampler, Nystroem, PolynomialCountSketch, SkewedChi2Sampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge, SGDOneClassSVM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from tests.zoo import tables
from tests.zoo.specimen import Specimen
from tests.zoo.tables import ZooTable

FAMILY = "kernels"


def _describe(
    name: str, table: Callable[[], ZooTable], *steps: Any, target: str | tuple[str, ...] = "target"
) -> Specimen:
    return Specimen(name, FAMILY, table, target, lambda: make_pipeline(*map(clone, steps)))


def _take_rows(table: Callable[[], ZooTable], step: int) -> Callable[[], ZooTable]:
    """Return a function that makes a table of a part of the rows."""
    return lambda: table()._replace(frame=table().frame.iloc[::step].reset_index(drop=True))


def _take_two_targets() -> ZooTable:
    return _DIABETES()._replace(targets=_TWO)


_DIABETES, _CANCER = _take_rows(tables.diabetes, 8), _take_rows(tables.cancer, 10)
_WINE, _IRIS = _take_rows(tables.wine, 4), _take_rows(tables.iris, 4)
_TWO = ("target", "s6")
_LOGISTIC = LogisticRegression(max_iter=200)
_SCALE, _SHARE = StandardScaler(), MinMaxScaler(clip=True)

_MACHINES = (
    _describe("SVC of two classes", tables.cancer, _SCALE, SVC()),
    _describe("SVC with probabilities", _WINE, _SCALE, SVC(probability=True, random_state=0)),
    _describe("SVC of two classes with probabilities", _CANCER, _SCALE, SVC(probability=True, random_state=0)),
    _describe("SVC of pairs", _IRIS, SVC(kernel="poly", degree=2, coef0=1.0, decision_function_shape="ovo")),
    _describe("SVC that breaks ties", _WINE, _SCALE, SVC(kernel="sigmoid", break_ties=True, gamma=0.02)),
    _describe("linear SVC", _WINE, SVC(kernel="linear", class_weight="balanced")),
    _describe("linear SVC of two classes", _CANCER, SVC(kernel="linear")),
    _describe("NuSVC", _IRIS, NuSVC(nu=0.3, gamma="auto")),
    _describe("SVR", _DIABETES, SVR(C=10.0, epsilon=1.0)),
    _describe("linear SVR", _DIABETES, SVR(kernel="linear", C=10.0)),
    _describe("NuSVR", _DIABETES, _SCALE, NuSVR(kernel="poly", degree=3, coef0=0.5)),
)
_NOISE = WhiteKernel(1.0)
_PROCESSES = (
    *(
        _describe(name, _DIABETES, _SCALE, GaussianProcessRegressor(kernel, normalize_y=True, optimizer=None))
        for name, kernel in (
            ("process of RBF", ConstantKernel(2.0) * RBF(2.0) + _NOISE),
            ("process of scaled RBF and absolute Matern", RBF(range(1, 11)) * Matern(3.0, nu=0.5) + _NOISE),
            ("process of Matern kernels", Matern(3.0, nu=1.5) + Matern(9.0, nu=float("inf")) + _NOISE),
            ("process of Matern and products", Matern(3.0, nu=2.5) * DotProduct(1.0) + _NOISE),
            ("process of rational quadratics", RationalQuadratic(2.0, 0.7) + ConstantKernel(0.1) + _NOISE),
            ("process of squared products", DotProduct(2.0) ** 2 + WhiteKernel(10.0)),
            ("process of pairwise kernels", PairwiseKernel(metric="laplacian", gamma=0.1) + _NOISE),
        )
    ),
    _describe("process of two classes", _CANCER, _SCALE, GaussianProcessClassifier(RBF(5.0), optimizer=None)),
    _describe("process of classes", _IRIS, GaussianProcessClassifier(DotProduct() + Matern(nu=1.5), optimizer=None)),
)
_OTHERS = (
    _describe("kernel ridge", _DIABETES, _SCALE, KernelRidge(kernel="rbf", gamma=0.05)),
    _describe("kernel ridge of cosines", _DIABETES, _SCALE, KernelRidge(kernel="cosine")),
    _describe("kernel ridge of sines", _DIABETES, _SCALE, KernelRidge(kernel=ExpSineSquared(2.0, 5.0))),
    _describe("kernel PCA", _WINE, _SCALE, KernelPCA(4, kernel="rbf"), _LOGISTIC),
    _describe("kernel PCA of products", _DIABETES, KernelPCA(3), Ridge()),
    *(
        _describe(f"Nystroem of {kernel}", _DIABETES, _SHARE, Nystroem(kernel, n_components=9, random_state=0), Ridge())
        for kernel in ("laplacian", "chi2", "additive_chi2")
    ),
    *(
        _describe(f"{type(sampler).__name__}{place}", _DIABETES, _SHARE, sampler, Ridge())
        for place, sampler in enumerate(
            (
                AdditiveChi2Sampler(),
                AdditiveChi2Sampler(sample_steps=1, sample_interval=0.3),
                SkewedChi2Sampler(skewedness=0.5, n_components=20, random_state=0),
                PolynomialCountSketch(gamma=0.5, degree=3, coef0=1, n_components=15, random_state=0),
                PolynomialCountSketch(n_components=20, random_state=0),
            )
        )
    ),
    _describe("label propagation", _WINE, _SCALE, LabelPropagation(gamma=0.5)),
    _describe("label spreading", _IRIS, LabelSpreading(gamma=2.0)),
    _describe("label spreading to neighbours", _IRIS, LabelSpreading("knn", n_neighbors=5)),
    _describe("kernel ridge of two targets", _take_two_targets, _SCALE, KernelRidge(kernel="laplacian"), target=_TWO),
    _describe(
        "process of two targets", _take_two_targets, _SCALE, GaussianProcessRegressor(RBF() + _NOISE), target=_TWO
    ),
)
_DETECTORS = (
    _describe("one-class SVM", _DIABETES, _SCALE, OneClassSVM(nu=0.2), target=()),
    _describe("one-class SVM of products", _DIABETES, _SCALE, OneClassSVM(kernel="poly", degree=2, nu=0.1), target=()),
    _describe("linear one-class SVM", _DIABETES, _SCALE, SGDOneClassSVM(nu=0.2, random_state=0), target=()),
)
SPECIMENS = _DETECTORS + _MACHINES + _PROCESSES + _OTHERS
