"""Packaging what predicts several targets, outliers or clusters, and asking the bundle. Touches files in tmp_path."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from function.bundle.loading import load
from function.local.command_line import main
from function.model.prediction import predict_document
from tests.unit.training.conftest import Run

GENERATOR = numpy.random.default_rng(0)
X = pandas.DataFrame(GENERATOR.normal(size=(120, 3)).round(3), columns=["a", "b", "c"])
HEIGHT, WIDTH = X["a"] * 2 + X["b"], X["c"] - X["a"]
KIND = numpy.where(X["a"] + X["b"] > 0, "up", "down")
GRADE = numpy.select([X["c"] < -0.5, X["c"] < 0.5], ["low", "middle"], "high")
NUMBERS = X.assign(height=HEIGHT, width=WIDTH)
CLASSES = X.assign(kind=KIND, grade=GRADE)
BOTH = ("--target", "height", "--target", "width")


def make_regressor() -> Any:
    return LinearRegression().fit(X, NUMBERS[["height", "width"]])


def make_classifier() -> Any:
    return RandomForestClassifier(5, random_state=0).fit(X, CLASSES[["kind", "grade"]])


def test_several_numbers_are_packaged(run: Run) -> None:
    done = run(*BOTH, "--unit", "m", frame=NUMBERS, estimator=make_regressor())
    manifest = done.manifest
    assert manifest["task"] == "regression"
    assert manifest["targets"] == [{"name": "height", "unit": "m"}, {"name": "width", "unit": "m"}]
    assert manifest["output_columns"]["values"] == ["prediction_height", "prediction_width"]
    assert {"method", "r2_height", "r2_width"} <= manifest["metrics"].keys()
    assert manifest["metrics"]["r2_height"] == pytest.approx(1)
    assert "height in m: a number" in done.out
    assert "width in m: a number" in done.out
    found = predict_document(load(done.bundle), X.iloc[5].to_dict())
    assert found["prediction"] == pytest.approx({"height": HEIGHT[5], "width": WIDTH[5]})


def test_several_classes_are_packaged(run: Run) -> None:
    estimator = make_classifier()
    done = run("--target", "kind", "--target", "grade", frame=CLASSES, estimator=estimator)
    manifest = done.manifest
    assert manifest["targets"] == [
        {"name": "kind", "classes": ["down", "up"], "scores": "probabilities"},
        {"name": "grade", "classes": ["high", "low", "middle"], "scores": "probabilities"},
    ]
    assert {"accuracy_kind", "accuracy_grade", "f1_macro_kind"} <= manifest["metrics"].keys()
    document: Any = predict_document(load(done.bundle), X.iloc[7].to_dict())
    kind, grade = estimator.predict(X)[7]
    assert document["prediction"] == {"kind": kind, "grade": grade}
    one, two = (part[7].tolist() for part in estimator.predict_proba(X))
    assert document["probabilities"] == {
        "kind": dict(zip(["down", "up"], one, strict=True)),
        "grade": dict(zip(["high", "low", "middle"], two, strict=True)),
    }


def test_labels_are_packaged(run: Run) -> None:
    labels = numpy.column_stack([KIND == "up", GRADE == "high"]).astype(int)
    frame = X.assign(up=labels[:, 0], high=labels[:, 1])
    estimator = OneVsRestClassifier(LinearSVC()).fit(X, labels)
    manifest = run("--target", "up", "--target", "high", frame=frame, estimator=estimator).manifest
    assert manifest["targets"] == [{"name": "up", "classes": [0, 1]}, {"name": "high", "classes": [0, 1]}]
    assert manifest["metrics"]["accuracy_up"] > 0.9


def test_targets_have_numbers_where_no_name_is_given(run: Run) -> None:
    manifest = run(frame=X, estimator=make_regressor()).manifest
    assert [target["name"] for target in manifest["targets"]] == ["target_1", "target_2"]
    assert "metrics" not in manifest


def test_target_that_the_table_does_not_have_is_not_evaluated(run: Run) -> None:
    done = run(*BOTH, frame=NUMBERS.drop(columns="width"), estimator=make_regressor())
    assert {"r2_height"} == {name for name in done.manifest["metrics"] if name.startswith("r2")}
    assert "no column 'width'" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "height"], "predicts 2 targets, but --target names 1"),
        (["--target", "height"] * 2, "but --target names 1: repeat --target for each one, with a name of its own"),
        ([*BOTH, "--target", "depth"], "predicts 2 targets, but --target names 3"),
    ],
)
def test_another_number_of_targets_is_refused(run: Run, arguments: list[str], words: str) -> None:
    assert words in run(*arguments, frame=NUMBERS, estimator=make_regressor()).refusal


def test_two_targets_for_one_are_refused(run: Run) -> None:
    estimator = LinearRegression().fit(X, HEIGHT)
    assert "predicts 1 target, but --target names 2" in run(*BOTH, frame=NUMBERS, estimator=estimator).refusal


def test_several_targets_are_not_trained(run: Run) -> None:
    assert "several need --model" in run(*BOTH, frame=NUMBERS).refusal


@pytest.mark.parametrize("task", ["outlier_detection", "clustering"])
def test_what_needs_an_estimator_is_not_trained(run: Run, task: str) -> None:
    assert "--model" in run("--target", "height", "--task", task, frame=NUMBERS).refusal


@pytest.mark.parametrize(
    ("estimator", "task", "scores"),
    [
        (IsolationForest(n_estimators=10, random_state=0), "outlier_detection", "score"),
        (KMeans(3, n_init=1, random_state=0), "clustering", "distances"),
        (GaussianMixture(2, random_state=0), "clustering", "responsibilities"),
        (GridSearchCV(KMeans(n_init=1, random_state=0), {"n_clusters": [2, 4]}), "clustering", "distances"),
    ],
)
def test_what_has_no_target_is_packaged(run: Run, estimator: Any, task: str, scores: str) -> None:
    done = run(frame=X, estimator=estimator.fit(X))
    manifest = done.manifest
    (target,) = manifest["targets"]
    assert (manifest["task"], target["scores"]) == (task, scores)
    assert "metrics" not in manifest
    assert "metrics" not in done.out
    document: Any = predict_document(load(done.bundle), X.iloc[3].to_dict())
    expected = estimator.predict(X)[3]
    assert document["prediction"] == (("inlier" if expected == 1 else "outlier") if scores == "score" else expected)
    assert document[scores]


def ask(bundle: Path, *arguments: str) -> None:
    assert main(["predict", *arguments], {"MODEL_PATH": str(bundle)}) == 0


def test_command_line_shows_each_target(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    estimator = make_classifier()
    bundle = run("--target", "kind", "--target", "grade", frame=CLASSES, estimator=estimator).bundle
    record = [f"{name}={value}" for name, value in X.iloc[7].items()]
    capsys.readouterr()
    ask(bundle, *record)
    lines = capsys.readouterr().out.splitlines()
    (kind, grade), (one, two) = estimator.predict(X)[7], (part[7] for part in estimator.predict_proba(X))
    assert lines[1:] == [
        f"kind: {kind}",
        *(f"  {key}: {share:.4f}" for key, share in zip(["down", "up"], one, strict=True)),
        f"grade: {grade}",
        *(f"  {key}: {share:.4f}" for key, share in zip(["high", "low", "middle"], two, strict=True)),
    ]
    ask(bundle, "--json", *record)
    assert json.loads(capsys.readouterr().out)["prediction"] == {"kind": kind, "grade": grade}


def test_command_line_shows_a_score(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator = IsolationForest(n_estimators=10, random_state=0).fit(X)
    bundle = run(frame=X, estimator=estimator).bundle
    capsys.readouterr()
    ask(bundle, "a=9", "b=9", "c=9")
    shown = capsys.readouterr().out.splitlines()
    score = float(estimator.decision_function(pandas.DataFrame([[9.0] * 3], columns=list("abc")))[0])
    assert shown[1:] == ["outlier: outlier", f"  score: {score:.4f}"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b,c\n9,9,9\n")))
    ask(bundle, "--csv")
    header, row = capsys.readouterr().out.splitlines()
    assert header == "a,b,c,prediction,score,warnings"
    assert row.startswith(f"9,9,9,outlier,{score!r},")


def test_neighbours_of_several_targets_are_packaged(run: Run) -> None:
    estimator = KNeighborsClassifier(3).fit(X, numpy.column_stack([KIND, KIND[::-1]]))
    manifest = run("--target", "kind", "--target", "back", frame=X.assign(kind=KIND), estimator=estimator).manifest
    assert [target["classes"] for target in manifest["targets"]] == [["down", "up"]] * 2
