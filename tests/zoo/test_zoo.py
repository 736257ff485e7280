"""Each model of the zoo is packaged as a user would, and answers each row of its table as its estimator does."""

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy
import pandas
import pytest
from threadpoolctl import threadpool_limits

from function.model.manifest import FLAT, JOBLIB, RUNTIMES, Manifest
from function.model.runtime import wrap_bytes
from function.model.target import (
    CLASSIFICATION,
    DISTANCES,
    OUTLIER_DETECTION,
    PROBABILITIES,
    REGRESSION,
    SCORE,
)
from function.runtimes.flat import runtime as flat
from tests.zoo import (
    catboosts,
    categories,
    clusters,
    ensembles,
    heads,
    kernels,
    lightgbms,
    linear,
    neighbours,
    numbers,
    structures,
    targets,
    texts,
    trees,
    xgboosts,
)
from tests.zoo.conftest import KEY
from tests.zoo.report import DOCUMENT, MEASURES_JOBLIB, Result, measure_start_ms
from tests.zoo.specimen import Specimen
from training.parity.candidates import ALWAYS_RECORDS, ALWAYS_TABLES

MODULES = (
    linear,
    trees,
    numbers,
    categories,
    texts,
    structures,
    ensembles,
    heads,
    kernels,
    neighbours,
    targets,
    clusters,
    xgboosts,
    lightgbms,
    catboosts,
)
SPECIMENS: tuple[Specimen, ...] = tuple(specimen for module in MODULES for specimen in module.SPECIMENS)

# Models of the zoo are trained for a second, not until they converge.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_names_are_unique() -> None:
    names = [specimen.name for specimen in SPECIMENS]
    assert len({*names}) == len(names)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_model_is_answered_flat_as_its_estimator_answers(
    specimen: Specimen,
    tmp_path: Path,
    make_bundle: Callable[..., Path],
    record_property: Callable[[str, object], None],
) -> None:
    table = specimen.table()
    names = list(specimen.features) or table.features
    answers = table.frame[specimen.target if isinstance(specimen.target, str) else specimen.targets]
    inputs = table.frame[names[0] if specimen.takes_texts else names]
    estimator = specimen.make()
    estimator = estimator.fit(inputs, answers) if specimen.targets else estimator.fit(inputs)
    joblib.dump(estimator, tmp_path / "model.joblib")
    table.frame[[*names, *specimen.targets]].to_csv(tmp_path / "table.csv", index=False)
    measures_joblib = MEASURES_JOBLIB in os.environ
    bundle = make_bundle(
        *("--model", str(tmp_path / "model.joblib"), "--data", str(tmp_path / "table.csv")),
        *(f"--target={name}" for name in specimen.targets),
        *specimen.arguments,
        *(["--keep-joblib"] if measures_joblib else []),
    )
    document = json.loads((bundle / "manifest.json").read_bytes())
    refused = document.get("refused_exports", {}).get(FLAT)
    assert (refused is None) == specimen.is_flat, refused
    # The libraries of boosting are not served as they are.
    has_joblib = any(artifact["runtime"] == JOBLIB for artifact in document["artifacts"].values())
    joblib_ms = measure_start_ms(bundle, JOBLIB) if measures_joblib and has_joblib else 0.0
    result = Result(specimen.family, *_read_runtime(document), measure_start_ms(bundle), joblib_ms)
    record_property(KEY, list(result))
    if not specimen.is_flat:
        return
    manifest = Manifest.parse((bundle / "manifest.json").read_bytes())
    (artifact,) = [artifact for artifact in manifest.artifacts if artifact.runtime == FLAT]
    content = wrap_bytes((bundle / artifact.file).read_bytes())
    columns = [_list_values(table.frame[feature.name]) for feature in manifest.contract.features]
    # Which of equally near neighbours count may depend on the number of threads. Packaging compares with one, too.
    with threadpool_limits(1):
        expected = _predict(estimator, inputs, manifest)
    for many_values in (ALWAYS_RECORDS, ALWAYS_TABLES):
        runtime = flat.load(content, manifest, artifact, many_values=many_values)
        outputs = runtime.predict(columns)
        for found, wanted in zip(zip(*outputs, strict=True), expected, strict=True):
            _compare(found, wanted, specimen.tolerance)


def _predict(estimator: Any, frame: pandas.DataFrame, manifest: Manifest) -> list[list[Any]]:
    """Predict as users of the estimator do; return a column for each value of an output."""
    predicted = numpy.asarray(estimator.predict(frame)).reshape(len(frame), -1)
    columns: list[list[Any]] = []
    for place, target in enumerate(manifest.targets):
        labels = predicted[:, place].tolist()
        if manifest.task == OUTLIER_DETECTION:
            labels = ["inlier" if label == 1 else "outlier" for label in labels]
        columns.append(labels)
        if target.scores is not None:
            columns += numpy.asarray(
                _compute_scores(estimator, frame, target.scores, place, is_multilabel=len(manifest.targets) > 1)
            ).T.tolist()
    if manifest.task in (REGRESSION, CLASSIFICATION):
        has_shares = hasattr(estimator, "predict_proba") and manifest.task == CLASSIFICATION
        assert {target.scores for target in manifest.targets} == {PROBABILITIES if has_shares else None}
    return columns


def _compute_scores(estimator: Any, frame: pandas.DataFrame, scores: str, place: int, *, is_multilabel: bool) -> Any:
    """Compute the scores of a target, of shape (rows, scores)."""
    if scores == SCORE:
        return estimator.decision_function(frame).reshape(-1, 1)
    if scores == DISTANCES:
        return estimator.transform(frame)
    shares = estimator.predict_proba(frame)
    if isinstance(shares, list):
        return shares[place]
    return numpy.column_stack([1 - shares[:, place], shares[:, place]]) if is_multilabel else shares


def test_document_has_each_family_with_the_number_of_its_models() -> None:
    text = DOCUMENT.read_text()
    counts = Counter(specimen.family for specimen in SPECIMENS)
    assert [family for family, count in counts.items() if f"| {family} | {count} |" not in text] == []


def _read_runtime(document: dict[str, Any]) -> tuple[str, float]:
    """Return the runtime that answers records, and its largest error."""
    artifacts = {artifact["runtime"]: artifact for artifact in document["artifacts"].values()}
    runtime = next(name for name in reversed(RUNTIMES) if name in artifacts)
    return runtime, artifacts[runtime].get("largest_relative_error", 0.0)


def _compare(found: Sequence[Any], expected: Sequence[Any], tolerance: float) -> None:
    floor = 1e-6 * max((abs(value) for value in expected if isinstance(value, float)), default=0.0)
    for one, other in zip(found, expected, strict=True):
        if isinstance(other, float):
            assert math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * floor), (one, other)
        else:
            assert one == other


def _list_values(column: "pandas.Series[Any]") -> list[Any]:
    kinds = {numpy.dtype(bool): bool}
    if pandas.api.types.is_numeric_dtype(column.dtype) and column.dtype not in kinds:
        return [None if pandas.isna(value) else float(value) for value in column]
    return [None if pandas.isna(value) else value for value in column.tolist()]
