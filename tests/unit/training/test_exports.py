"""What a bundle holds: the program that passed the gate, with its error, or the estimator and why it has none."""

import json
from pathlib import Path
from typing import Any

import joblib
from scipy.special import gammaln
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.conftest import MakeBundle
from tests.unit.training.parity_case import IRIS


def read_manifest(bundle: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bundle / "manifest.json").read_text())
    return document


def test_bundle_holds_what_passed_with_its_error(houses_bundle: Path) -> None:
    document = read_manifest(houses_bundle)
    errors = {name: item["largest_relative_error"] for name, item in document["artifacts"].items()}
    assert errors == {"model.flat": 0.0}
    assert "refused_exports" not in document


def test_bundle_holds_the_estimator_too_if_asked(make_bundle: MakeBundle) -> None:
    document = read_manifest(make_bundle("--keep-joblib"))
    errors = {name: item.get("largest_relative_error") for name, item in document["artifacts"].items()}
    assert errors == {"model.joblib": None, "model.flat": 0.0}
    assert "scikit-learn" in document["environment"]


def test_mixed_pipeline_is_exported_with_nulls_and_unseen_texts(mixed_bundle: Path) -> None:
    document = read_manifest(mixed_bundle)
    assert document["artifacts"]["model.flat"]["largest_relative_error"] < 1e-12


def test_encoder_that_refuses_unseen_texts_does_so_flat(picky_bundle: Path) -> None:
    assert "model.flat" in read_manifest(picky_bundle)["artifacts"]


def test_other_estimator_is_served_itself_with_a_sentence_that_says_why(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    estimator = make_pipeline(FunctionTransformer(gammaln), LogisticRegression())  # a function that nothing compiles
    joblib.dump(estimator.fit(*IRIS), tmp_path / "mine.joblib")
    rows = [",".join(map(str, [*values, label])) for values, label in zip(*map(list, IRIS), strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,c,d,y", *rows]) + "\n")
    arguments = ("--model", str(tmp_path / "mine.joblib"), "--data", str(tmp_path / "table.csv"), "--target", "y")
    document = read_manifest(make_bundle(*arguments))
    assert list(document["artifacts"]) == ["model.joblib"]
    assert document["refused_exports"]["flat"].endswith(".")
    assert "scikit-learn" in document["environment"]
