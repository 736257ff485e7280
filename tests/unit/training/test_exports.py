"""Exports predict as scikit-learn does or are not kept; the gate refuses exports that differ."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from function.model.manifest import ONNX
from tests.conftest import MakeBundle
from tests.unit.training.parity_case import (
    CANCER,
    DIABETES,
    IRIS,
    WINE,
    Case,
    Data,
    add_nulls,
    add_scaler,
    get_class_name,
)
from training.exports import onnx_export
from training.parity.gate import PredictionsDiffer

ESTIMATORS = [
    (RandomForestRegressor(15, random_state=0), DIABETES),
    (RandomForestRegressor(15, max_leaf_nodes=30, random_state=0), add_nulls(DIABETES)),
    (GradientBoostingRegressor(n_estimators=30, random_state=0), DIABETES),
    (HistGradientBoostingRegressor(max_iter=30), add_nulls(DIABETES)),
    (add_scaler(RandomForestRegressor(10, random_state=0)), DIABETES),
    (add_scaler(HistGradientBoostingRegressor(max_iter=20)), add_nulls(DIABETES)),
    (RandomForestClassifier(15, class_weight="balanced", random_state=0), add_nulls(WINE)),
    (GradientBoostingClassifier(n_estimators=15, random_state=0), IRIS),
    (HistGradientBoostingClassifier(max_iter=15), add_nulls(CANCER)),
    (Ridge(), DIABETES),
    (add_scaler(LogisticRegression()), CANCER),
    (add_scaler(LogisticRegression()), IRIS),
]


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "data"), ESTIMATORS, ids=get_class_name)
def test_estimator_is_exported_within_rounding(estimator: Any, data: Data) -> None:
    assert Case(estimator, data).measure_error(ONNX) < 1e-9


def test_export_has_the_same_bytes_each_time() -> None:
    case = Case(RandomForestRegressor(5, random_state=0), DIABETES)
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


def read_manifest(bundle: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bundle / "manifest.json").read_text())
    return document


def test_bundle_holds_what_passed_with_its_error(houses_bundle: Path) -> None:
    document = read_manifest(houses_bundle)
    errors = {name: item["largest_relative_error"] for name, item in document["artifacts"].items()}
    assert errors == {"model.flat": 0.0}
    assert "refused_exports" not in document


def test_bundle_holds_every_export_if_asked(make_bundle: MakeBundle) -> None:
    document = read_manifest(make_bundle("--keep-joblib"))
    errors = {name: item.get("largest_relative_error") for name, item in document["artifacts"].items()}
    assert errors == {"model.joblib": None, "model.flat": 0.0, "model.onnx": 0.0}
    assert "onnxruntime" in document["environment"]


def test_mixed_pipeline_is_exported_with_nulls_and_unseen_texts(mixed_bundle: Path) -> None:
    document = read_manifest(mixed_bundle)
    assert document["artifacts"]["model.flat"]["largest_relative_error"] < 1e-12


def test_encoder_that_refuses_unseen_texts_does_so_flat(picky_bundle: Path) -> None:
    assert "model.flat" in read_manifest(picky_bundle)["artifacts"]


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
