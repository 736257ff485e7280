"""Exports predict as scikit-learn does or are not kept; the gate refuses exports that differ."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.dummy import DummyRegressor
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
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from function.model.contract import NUMBER, Feature
from function.model.manifest import FLAT, JOBLIB, ONNX, Artifact, Manifest
from function.model.runtime import wrap_bytes
from function.runtimes import flat as flat_runtime
from function.runtimes import joblib as joblib_runtime
from function.runtimes import onnx as onnx_runtime
from tests.conftest import MakeBundle
from training.estimators.extraction import list_thresholds
from training.estimators.parts import NotExported
from training.exports import flat_export, onnx_export
from training.parity.gate import Gate, PredictionsDiffer
from training.parity.probes import ProbeData

type Data = tuple[Any, Any]


def get_arrays(found: Any) -> Data:
    return found.data.to_numpy(), found.target.to_numpy()


DIABETES, CANCER = get_arrays(load_diabetes(as_frame=True)), get_arrays(load_breast_cancer(as_frame=True))
WINE, IRIS = get_arrays(load_wine(as_frame=True)), get_arrays(load_iris(as_frame=True))
COUNTS = (DIABETES[0], DIABETES[1].astype(float))


def add_nulls(data: Data) -> Data:
    values = data[0].copy()
    values[numpy.random.default_rng(0).random(values.shape) < 0.1] = numpy.nan
    return values, data[1]


def add_scaler(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)


EXACT = [
    (DecisionTreeRegressor(random_state=0), DIABETES),
    (DecisionTreeRegressor(max_leaf_nodes=9, random_state=0), add_nulls(DIABETES)),
    (ExtraTreeRegressor(random_state=0), DIABETES),
    (RandomForestRegressor(15, random_state=0), DIABETES),
    (RandomForestRegressor(15, max_leaf_nodes=30, random_state=0), add_nulls(DIABETES)),
    (ExtraTreesRegressor(10, random_state=0), add_nulls(DIABETES)),
    (GradientBoostingRegressor(n_estimators=30, random_state=0), DIABETES),
    (GradientBoostingRegressor(n_estimators=20, loss="huber", init="zero", random_state=0), DIABETES),
    (HistGradientBoostingRegressor(max_iter=30), add_nulls(DIABETES)),
    (HistGradientBoostingRegressor(max_iter=20, loss="absolute_error"), DIABETES),
    (add_scaler(RandomForestRegressor(10, random_state=0)), DIABETES),
    (add_scaler(HistGradientBoostingRegressor(max_iter=20)), add_nulls(DIABETES)),
    (RandomForestRegressor(3, max_depth=1, random_state=0), DIABETES),
    (DecisionTreeRegressor(max_leaf_nodes=2, min_samples_leaf=200, random_state=0), DIABETES),
    (DecisionTreeClassifier(random_state=0), WINE),
    (RandomForestClassifier(15, class_weight="balanced", random_state=0), add_nulls(WINE)),
    (ExtraTreesClassifier(10, random_state=0), CANCER),
]
CLOSE = [
    (HistGradientBoostingRegressor(max_iter=20, loss="poisson"), COUNTS),
    (HistGradientBoostingRegressor(max_iter=20, loss="gamma"), COUNTS),
    (GradientBoostingClassifier(n_estimators=15, random_state=0), IRIS),
    (GradientBoostingClassifier(n_estimators=15, loss="exponential", random_state=0), CANCER),
    (HistGradientBoostingClassifier(max_iter=15), add_nulls(CANCER)),
    (HistGradientBoostingClassifier(max_iter=10), IRIS),
    (LinearRegression(), DIABETES),
    (Ridge(), DIABETES),
    (Lasso(0.1), DIABETES),
    (ElasticNet(0.01), DIABETES),
    (add_scaler(LogisticRegression()), CANCER),
    (add_scaler(LogisticRegression()), IRIS),
    (add_scaler(Ridge()), DIABETES),
]


class Case:
    """A fitted estimator with all that the gate takes."""

    def __init__(self, estimator: Any, data: Data) -> None:
        values, target = data
        self.estimator = estimator.fit(values, target)
        self.has_nulls = bool(numpy.isnan(values).any())
        self.features = [
            Feature(f"x{place}", NUMBER, self.has_nulls, float(numpy.nanmin(column)), float(numpy.nanmax(column)))
            for place, column in enumerate(values.T)
        ]
        columns = [[None if numpy.isnan(value) else value for value in column] for column in values.T.tolist()]
        self.manifest = self._make_manifest(columns)
        golden = [column[:5] for column in columns]
        self.material = ProbeData(self.features, golden, columns, list_thresholds(self.estimator))
        form = Artifact("model.joblib", "0" * 64, 1, JOBLIB, "array")
        self.reference = joblib_runtime.JoblibRuntime(self.estimator, self.manifest, form.input)

    def _make_manifest(self, columns: list[list[float | None]]) -> Manifest:
        from tests.unit.small_models import classifier_document, document

        classes = getattr(self.estimator, "classes_", None)
        record = {feature.name: column[0] or 0.0 for feature, column in zip(self.features, columns, strict=True)}
        if classes is None:
            made = document(self.features, examples=[{"input": record, "prediction": 1.0}])
        else:
            made = classifier_document([str(label) for label in classes], self.features)
            made["targets"] = [{"name": "y", "classes": classes.tolist()}]
            made["examples"] = [{**made["examples"][0], "input": record, "prediction": classes.tolist()[0]}]
        return Manifest.parse(json.dumps(made).encode())

    @property
    def gate(self) -> Gate:
        return Gate(self.reference, self.material)

    def measure_error(self, runtime: str, data: bytes | None = None) -> float:
        """Return the largest error that the gate finds in the export, or in `data`. Raises PredictionsDiffer."""
        artifact = Artifact(f"model.{runtime}", "0" * 64, 1, runtime, "array")
        if runtime == FLAT:
            exported = flat_export.encode_flat(self.estimator, has_nulls=self.has_nulls) if data is None else data
            return self.gate.measure_error(flat_runtime.load(wrap_bytes(exported), self.manifest, artifact))
        exported = onnx_export.encode_onnx(self.estimator, self.features, "array") if data is None else data
        return self.gate.measure_error(onnx_runtime.load(wrap_bytes(exported), self.manifest, artifact))


def get_class_name(value: Any) -> str:
    return type(value[-1] if hasattr(value, "steps") else value).__name__ if isinstance(value, BaseEstimator) else ""


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "data"), EXACT, ids=get_class_name)
def test_trees_are_exported_to_the_last_bit(estimator: Any, data: Data) -> None:
    case = Case(estimator, data)
    assert case.measure_error(FLAT) == 0
    assert case.measure_error(ONNX) < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "data"), CLOSE, ids=get_class_name)
def test_what_ends_in_other_arithmetic_is_exported_within_rounding(estimator: Any, data: Data) -> None:
    case = Case(estimator, data)
    assert case.measure_error(FLAT) < 1e-9
    assert case.measure_error(ONNX) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("data", [CANCER, IRIS], ids=["two classes", "three classes"])
def test_sparse_coefficients_are_exported(data: Data) -> None:
    case = Case(LogisticRegression(max_iter=5000), data)
    case.estimator.sparsify()
    assert case.measure_error(FLAT) < 1e-9
    assert case.measure_error(ONNX) < 1e-9


def test_export_has_the_same_bytes_each_time() -> None:
    case = Case(RandomForestRegressor(5, random_state=0), DIABETES)
    assert flat_export.encode_flat(case.estimator, has_nulls=False) == flat_export.encode_flat(
        case.estimator, has_nulls=False
    )
    written = [onnx_export.encode_onnx(case.estimator, case.features, "array") for _ in range(2)]
    assert written[0] == written[1]


def convert_to_float32(case: Case) -> bytes:
    """Convert the estimator with skl2onnx in float32, as people do."""
    from onnx import TensorProto, helper
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    width = len(case.features)
    model = convert_sklearn(case.estimator, initial_types=[("x", FloatTensorType([None, width]))], target_opset=18)
    given = model.graph.output[0].name
    model.graph.node.insert(0, helper.make_node("Cast", ["X"], ["x"], to=TensorProto.FLOAT))
    model.graph.node.append(helper.make_node("Identity", [given], ["value"]))
    del model.graph.input[:], model.graph.output[:]
    model.graph.input.append(helper.make_tensor_value_info("X", TensorProto.DOUBLE, [None, width]))
    model.graph.output.append(helper.make_tensor_value_info("value", TensorProto.FLOAT, None))
    data: bytes = model.SerializeToString()
    return data


@pytest.mark.parametrize(
    "estimator",
    [
        add_scaler(RandomForestRegressor(10, random_state=0)),
        add_scaler(DecisionTreeRegressor(random_state=0)),
        add_scaler(GradientBoostingRegressor(n_estimators=20, random_state=0)),
    ],
    ids=get_class_name,
)
@pytest.mark.slow
def test_float32_before_trees_is_refused(estimator: Any) -> None:
    case = Case(estimator, DIABETES)
    with pytest.raises(PredictionsDiffer, match=r"differ|refuses"):
        case.measure_error(ONNX, convert_to_float32(case))


def nudge_threshold(data: bytes, case: Case) -> bytes:
    """Change the first threshold of a flat file to the next float32."""
    from function.runtimes.flat_format import parse

    found = parse(memoryview(data)).arrays["thresholds"]
    at = data.index(found.tobytes())
    first = numpy.frombuffer(data[at : at + 8])[0]
    # Trees round inputs to float32, so that a float64 beside it would be the same.
    other = numpy.nextafter(numpy.float32(first), numpy.float32(numpy.inf)).astype(float)
    return data[:at] + numpy.float64(other).tobytes() + data[at + 8 :]


@pytest.mark.parametrize("blind", [False, True])
def test_threshold_that_is_a_bit_off_is_found(blind: bool) -> None:
    case = Case(DecisionTreeRegressor(max_depth=2, random_state=0), DIABETES)
    if blind:  # without being told where the thresholds are
        case.material = case.material._replace(thresholds={})
    data = nudge_threshold(flat_export.encode_flat(case.estimator, has_nulls=False), case)
    with pytest.raises(PredictionsDiffer):
        case.measure_error(FLAT, data)


def test_other_direction_of_nulls_is_found() -> None:
    case = Case(DecisionTreeRegressor(max_depth=3, random_state=0), add_nulls(DIABETES))
    from function.runtimes.flat_format import parse

    data = flat_export.encode_flat(case.estimator, has_nulls=True)
    directions = parse(memoryview(data)).arrays["null_left"]
    turned = bytes(1 - direction for direction in directions)
    at = data.rindex(directions.tobytes())
    with pytest.raises(PredictionsDiffer):
        case.measure_error(FLAT, data[:at] + turned + data[at + len(turned) :])


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (KNeighborsRegressor(), "KNeighborsRegressor is not one of"),
        (make_pipeline(PolynomialFeatures(), LinearRegression()), "something else than a StandardScaler"),
        (GradientBoostingRegressor(n_estimators=2, init=LinearRegression()), "starts from the predictions"),
        (HistGradientBoostingRegressor(max_iter=2, categorical_features=[1]), "split by categories"),
        (DummyRegressor(), "DummyRegressor is not one of"),
    ],
    ids=get_class_name,
)
def test_what_is_not_exported_flat_says_why(estimator: Any, sentence: str) -> None:
    with pytest.raises(NotExported, match=sentence):
        flat_export.encode_flat(estimator.fit(*DIABETES), has_nulls=False)


def test_classifier_of_one_class_is_not_exported_flat() -> None:
    with pytest.raises(NotExported, match="one class"):
        flat_export.encode_flat(DecisionTreeClassifier().fit([[1.0], [2.0]], ["a", "a"]), has_nulls=False)


@pytest.mark.parametrize("name", ["coef_", "intercept_"])
def test_number_that_is_not_finite_is_not_exported_flat(name: str) -> None:
    estimator = LinearRegression().fit(*DIABETES)
    setattr(estimator, name, getattr(estimator, name) * numpy.inf)
    with pytest.raises(NotExported, match="infinite or NaN"):
        flat_export.encode_flat(estimator, has_nulls=False)


def test_scaling_that_is_not_finite_is_not_exported_flat() -> None:
    estimator = add_scaler(Ridge()).fit(*DIABETES)
    estimator[0].mean_ = estimator[0].mean_ * numpy.nan  # as of a column that holds nulls alone
    with pytest.raises(NotExported, match="infinite or NaN"):
        flat_export.encode_flat(estimator, has_nulls=False)


def read_manifest(bundle: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bundle / "manifest.json").read_text())
    return document


def test_bundle_holds_what_passed_with_its_error(houses_bundle: Path) -> None:
    document = read_manifest(houses_bundle)
    errors = {name: item.get("largest_relative_error") for name, item in document["artifacts"].items()}
    assert errors == {"model.joblib": None, "model.flat": 0.0, "model.onnx": 0.0}
    assert "refused_exports" not in document
    assert "onnxruntime" in document["environment"]


def test_mixed_pipeline_is_exported_with_nulls_and_unseen_texts(mixed_bundle: Path) -> None:
    document = read_manifest(mixed_bundle)
    assert document["artifacts"]["model.onnx"]["input"] == "frame"
    assert document["artifacts"]["model.onnx"]["largest_relative_error"] < 1e-12
    assert document["refused_exports"]["flat"].startswith("Not exported: it is a pipeline of something else")


def test_encoder_that_refuses_unseen_texts_does_so_as_onnx(picky_bundle: Path) -> None:
    assert "model.onnx" in read_manifest(picky_bundle)["artifacts"]


def package(make: MakeBundle, folder: Path, estimator: Any, data: Data, dump: Callable[..., Any]) -> dict[str, Any]:
    names = [f"x{place}" for place in range(data[0].shape[1])]
    table = pandas.DataFrame(data[0], columns=names)
    dump(estimator.fit(table, data[1]), folder / "mine.joblib")
    table.assign(y=data[1]).to_csv(folder / "table.csv", index=False)
    arguments = ["--model", str(folder / "mine.joblib"), "--data", str(folder / "table.csv"), "--target", "y"]
    return read_manifest(make(*arguments))


@pytest.mark.parametrize("estimator", [add_scaler(SVC()), add_scaler(KNeighborsClassifier())], ids=get_class_name)
def test_other_estimators_are_converted_or_refused_in_a_sentence(
    make_bundle: MakeBundle, tmp_path: Path, estimator: Any
) -> None:
    import joblib

    document = package(make_bundle, tmp_path, estimator, IRIS, joblib.dump)
    assert "model.joblib" in document["artifacts"]
    assert "model.onnx" in document["artifacts"] or document["refused_exports"]["onnx"].endswith(".")
