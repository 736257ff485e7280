"""The manifest, read strictly. Touches nothing."""

import copy
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from function.errors import BundleError
from function.model.contract import BOOLEAN, NUMBER, STRING, Feature
from function.model.feature_document import write_feature
from function.model.manifest import Artifact, Manifest, derive_version
from function.model.runtime import Model
from function.model.target import PROBABILITIES, Target, format_label
from tests.unit.small_models import classifier_document, document, manifest

type Document = dict[str, Any]

REQUIRED: tuple[tuple[str | int, ...], ...] = (
    ("name",),
    ("version",),
    ("task",),
    ("features",),
    ("features", 0, "name"),
    ("features", 0, "type"),
    ("features", 0, "nullable"),
    ("targets",),
    ("targets", 0, "name"),
    ("targets", 0, "classes"),
    ("environment",),
    ("artifacts",),
    ("artifacts", "model.joblib", "sha256"),
    ("artifacts", "model.joblib", "bytes"),
    ("artifacts", "model.joblib", "runtime"),
    ("artifacts", "model.joblib", "input"),
    ("examples",),
    ("examples", 0, "input"),
    ("examples", 0, "prediction"),
)
OF_ANOTHER_TYPE: tuple[Any, ...] = (None, True, 5, [], [None], [5], ["x"], {"x": 5})
TEXT_NEEDED = {"name", "version", "task", "type", "sha256", "runtime", "input", "features", "environment", "artifacts"}


def whole() -> Document:
    return classifier_document(["no", "yes"])


def get_at(document: Document, path: tuple[str | int, ...]) -> Any:
    found: Any = document
    for key in path:
        found = found[key]
    return found


def code(document: object) -> str:
    return code_of(json.dumps(document).encode())


def code_of(data: bytes) -> str:
    with pytest.raises(BundleError) as raised:
        Manifest.parse(data)
    assert str(raised.value).endswith(": package the model again (python -m training).")
    return raised.value.code


def test_manifest_is_read() -> None:
    found = manifest(whole())
    assert (found.name, found.version, found.task) == ("small", "0123456789ab", "classification")
    assert found.targets == (Target("kind", None, ("no", "yes"), PROBABILITIES),)
    assert found.contract.features == (
        Feature("size", NUMBER, False, 0.0, 10.0),
        Feature("note", STRING, True, categories=("a", "b")),
    )
    assert found.outputs.columns == ["prediction", "probability_no", "probability_yes", "warnings"]
    assert found.artifacts == (Artifact("model.joblib", "0" * 64, 1, "joblib", "array"),)
    assert found.identity == {"name": "small", "version": "0123456789ab"}
    assert found.scores == PROBABILITIES
    assert found.examples[0].output == ["yes", 0.0, 1.0]
    assert found.document == whole()


def test_trained_manifests_are_read_as_they_are(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    for model in (houses, iris, mixed, picky):
        found = manifest(model.manifest.document)
        assert found._replace(contract=model.manifest.contract) == model.manifest
        assert found.contract.features == model.manifest.contract.features


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(map(str, path)))
def test_missing_key_is_named(path: tuple[str | int, ...]) -> None:
    document = whole()
    del get_at(document, path[:-1])[path[-1]]
    with pytest.raises(BundleError, match=f"lacks the key '{path[-1]}'") as raised:
        manifest(document)
    assert raised.value.code == "manifest_invalid"


@pytest.mark.parametrize("wrong", OF_ANOTHER_TYPE, ids=repr)
@pytest.mark.parametrize(
    "path", [path for path in REQUIRED if path[-1] in TEXT_NEEDED], ids=lambda path: ".".join(map(str, path))
)
def test_value_of_another_type_is_refused(path: tuple[str | int, ...], wrong: Any) -> None:
    document = whole()
    get_at(document, path[:-1])[path[-1]] = copy.deepcopy(wrong)
    if (path, wrong) in ((("artifacts",), {}), (("examples", 0, "input"), {"x": 5})):
        return  # an object, as it should be
    assert code(document) == "manifest_invalid"


def put(*path: str | int, value: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        get_at(document, path[:-1])[path[-1]] = value

    return change


WRONG: dict[str, Callable[[Document], None]] = {
    "another task": put("task", value="ranking"),
    "no target": put("targets", value=[]),
    "two targets": put("targets", value=[{"name": "a", "classes": []}, {"name": "b", "classes": []}]),
    "target without a name": put("targets", value=[{}]),
    "target of a number": put("targets", value=[5]),
    "classes as a text": put("targets", 0, "classes", value="ab"),
    "classes as null": put("targets", 0, "classes", value=None),
    "unit of a number": put("targets", 0, "unit", value=5),
    "no features": put("features", value=[]),
    "two features of one name": lambda document: document["features"].append(document["features"][0]),
    "feature of another type": put("features", 0, "type", value="datetime"),
    "nullable as a text": put("features", 0, "nullable", value="no"),
    "nullable as a number": put("features", 0, "nullable", value=0),
    "integer as a number": put("features", 0, "integer", value=1),
    "minimum as a text": put("features", 0, "minimum", value="5"),
    "minimum as a boolean": put("features", 0, "minimum", value=True),
    "minimum past a float": put("features", 0, "minimum", value=10**400),
    "minimum as NaN": put("features", 0, "minimum", value=math.nan),
    "maximum as a list": put("features", 0, "maximum", value=[5]),
    "maximum as infinity": put("features", 0, "maximum", value=math.inf),
    "categories as a text": put("features", 1, "categories", value="ab"),
    "categories of numbers": put("features", 1, "categories", value=[1, 2]),
    "environment of numbers": put("environment", "python", value=3.13),
    "bytes as a text": put("artifacts", "model.joblib", "bytes", value="1"),
    "another input": put("artifacts", "model.joblib", "input", value="matrix"),
    "artifact above": lambda document: document["artifacts"].update({"../model.joblib": artifact(document)}),
    "artifact at the root": lambda document: document["artifacts"].update({"/model.joblib": artifact(document)}),
    "artifact below": lambda document: document["artifacts"].update({"a/model.joblib": artifact(document)}),
    "artifact is the manifest": lambda document: document["artifacts"].update({"manifest.json": artifact(document)}),
    "artifact is the folder": lambda document: document["artifacts"].update({".": artifact(document)}),
    "artifact without a name": lambda document: document["artifacts"].update({"": artifact(document)}),
    "artifact with a NUL": lambda document: document["artifacts"].update({"a\0b": artifact(document)}),
    "no examples": put("examples", value=[]),
    "example of a text": put("examples", value=["x"]),
    "example's input as a list": put("examples", 0, "input", value=[1, 2]),
    "probabilities as a list": put("examples", 0, "probabilities", value=[0.5, 0.5]),
    "probabilities as a number": put("examples", 0, "probabilities", value=1),
    "probabilities of texts": put("examples", 0, "probabilities", value={"no": "0", "yes": "1"}),
    "prediction as null": put("examples", 0, "prediction", value=None),
    "prediction as a list": put("examples", 0, "prediction", value=[1.0]),
    "prediction past a float": put("examples", 0, "prediction", value=10**400),
    "class as null": put("targets", 0, "classes", value=["no", None]),
    "class as an object": put("targets", 0, "classes", value=["no", {}]),
    "NaN in what is only shown": put("metrics", value={"r2": math.nan}),
    "infinity in what is only shown": put("training", value={"rows": math.inf}),
}


def artifact(document: Document) -> Any:
    return document["artifacts"]["model.joblib"]


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_wrong_value_is_refused(change: Callable[[Document], None]) -> None:
    document = whole()
    change(document)
    assert code(document) == "manifest_invalid"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b"[]", b"5", b'"x"', b"\xff", b"[" * 100_000, b'{"format":1,}', b"{'format':1}", b"9" * 5000],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    assert code_of(data) == "manifest_invalid"


@pytest.mark.parametrize("found", [0, 1, 2, 4, "3", None, [], {}, 2.5])
def test_another_format_is_refused_before_its_keys_are_read(found: object) -> None:
    assert code({"format": found}) == "format_unsupported"


def test_document_without_a_format_is_of_another() -> None:
    assert code({}) == "format_unsupported"


def test_unknown_keys_are_shown_and_do_not_matter() -> None:
    assert manifest(document(licence="MIT")).document["licence"] == "MIT"


def test_regressor_has_no_classes_and_no_probabilities() -> None:
    found = manifest(document())
    assert (found.targets, found.scores) == ((Target("size again"),), None)


def test_equal_bytes_are_an_equal_version() -> None:
    one, two = (Artifact(name, digest * 64, 1, "joblib", "array") for name, digest in (("a", "1"), ("b", "2")))
    assert derive_version([one, two]) == derive_version([two, one])
    assert derive_version([one]) == derive_version([one._replace(size=5, runtime="flat")])
    bundles = ([one], [two], [one, two], [one._replace(file="c")])
    assert len(set(map(derive_version, bundles))) == 4


def test_version_is_the_artifacts(houses: Model, iris: Model) -> None:
    for model in (houses, iris):
        assert model.manifest.version == derive_version(model.manifest.artifacts)


@pytest.mark.parametrize(("label", "text"), [("a b", "a b"), ("1", "1"), (1, "1"), (1.5, "1.5"), (True, "true")])
def test_label_as_a_text(label: Any, text: str) -> None:
    assert format_label(label) == text


@pytest.mark.parametrize(
    "feature",
    [
        Feature("a", NUMBER),
        Feature("a", NUMBER, True, -1.5, 2.0, integer=True),
        Feature("a", BOOLEAN, True),
        Feature("a", STRING, False, categories=()),
        Feature("a", STRING, True, categories=("x", "")),
    ],
)
def test_feature_is_read_as_it_was_written(feature: Feature) -> None:
    assert manifest(document([feature])).contract.features == (feature,)
    assert None not in write_feature(feature).values()
