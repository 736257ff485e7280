"""Models without scikit-learn: a manifest of any features, and runtimes that answer by a rule one can see."""

import json
from collections.abc import Sequence
from typing import Any

import numpy

from function.model.contract import NUMBER, STRING, TEXT, Columns, Feature
from function.model.feature_document import write_feature
from function.model.manifest import FORMAT, Manifest
from function.model.output_columns import choose_output_columns
from function.model.runtime import ArrayOutputs, Model, NotPredictable, Outputs
from function.model.target import (
    CLASSIFICATION,
    PROBABILITIES,
    Label,
    Output,
    Target,
    Targets,
    describe_prediction,
    describe_scores,
    list_class_places,
)

NUMBER_AND_TEXT = (Feature("size", NUMBER, False, 0, 10), Feature("note", STRING, True, categories=("a", "b")))


def get_values(outputs: Outputs) -> list[Any]:
    """The prediction in each output of one target."""
    return [output[0] for output in outputs]


def get_scores(outputs: Outputs) -> list[list[Any]]:
    """The scores in each output of one target."""
    return [list(output[1:]) for output in outputs]


def make_targets(classes: Sequence[Label] | None = None, *, has_probabilities: bool = True) -> list[Target]:
    """The target of a regression, or of a classifier if there are classes."""
    if classes is None:
        return [Target("size again")]
    return [Target("kind", classes=tuple(classes), scores=PROBABILITIES if has_probabilities else None)]


class ByRecords:
    """Answers tables as it answers records."""

    targets: Targets = (Target("size again"),)

    def predict(self, columns: Columns) -> Outputs:
        """What a model of this kind answers."""
        raise NotImplementedError

    def predict_arrays(self, columns: Sequence[Any]) -> ArrayOutputs:
        """The same as arrays."""
        plain = [[None if value != value else value for value in column.tolist()] for column in columns]  # noqa: PLR0124
        # Of a table without rows there are empty columns.
        listed = list(zip(*self.predict(plain), strict=True)) or [()] * sum(target.width for target in self.targets)
        for at, classes in list_class_places(self.targets):
            listed[at] = tuple(map(classes.index, listed[at]))
        return [numpy.array(values) for values in listed]


class FirstColumn(ByRecords):
    """Answers each record's first value; refuses a record in which a number is `refused`."""

    def __init__(self, refused: float | None = None) -> None:
        self.refused = refused
        self.calls = 0

    def predict(self, columns: Columns) -> Outputs:
        """The first column."""
        self.calls += 1
        if any(isinstance(value, float) and value == self.refused for column in columns for value in column):
            raise NotPredictable("ValueError")
        return [[value or 0.0] for value in columns[0]]


class Classes(ByRecords):
    """Answers the label at each record's first value, with all probability on it."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels
        self.targets = make_targets(labels)

    def predict(self, columns: Columns) -> Outputs:
        """A label and its probabilities for each record."""
        places = [int(value or 0) for value in columns[0]]
        return [[self.labels[at], *(float(at == index) for index in range(len(self.labels)))] for at in places]


class Failing(ByRecords):
    """Fails in a way that nobody foresaw, with a text that quotes a value."""

    def __init__(self, text: str) -> None:
        self.text = text

    def predict(self, columns: Columns) -> Outputs:
        """Never answers."""
        raise RuntimeError(self.text)


def document(features: Sequence[Feature] = NUMBER_AND_TEXT, **changed: Any) -> dict[str, Any]:
    """A manifest's document with these features; `changed` keys replace its own."""
    record = {feature.name: {NUMBER: 1.0, STRING: "a", TEXT: "a"}.get(feature.type, True) for feature in features}
    return {
        "format": FORMAT,
        "name": "small",
        "version": "0123456789ab",
        "task": "regression",
        "features": [write_feature(feature) for feature in features],
        "targets": [{"name": "size again"}],
        "training": {"rows": 2},
        "environment": {"python": "3.13.0"},
        "artifacts": {"model.joblib": {"sha256": "0" * 64, "bytes": 1, "runtime": "joblib", "input": "array"}},
        "output_columns": output_columns(features, make_targets()),
        "examples": [{"input": record, "prediction": 1.0}],
    } | changed


def output_columns(features: Sequence[Feature], targets: Targets) -> dict[str, Any]:
    """The names of what is added, as JSON has them."""
    columns = choose_output_columns([feature.name for feature in features], targets)
    return {**columns._asdict(), "values": list(columns.values)}


def targets_document(
    task: str, targets: Targets, output: Output, features: Sequence[Feature] = NUMBER_AND_TEXT
) -> dict[str, Any]:
    """The document of a model of these targets; `output` is its answer to the golden row."""
    items = [{key: value for key, value in target._asdict().items() if value is not None} for target in targets]
    made = document(features, task=task, targets=json.loads(json.dumps(items)))
    made["examples"][0]["prediction"] = describe_prediction(targets, output)
    if targets[0].scores:
        made["examples"][0][targets[0].scores] = describe_scores(targets, output)
    made["output_columns"] = output_columns(features, targets)
    return made


def classifier_document(
    labels: Sequence[Label], features: Sequence[Feature] = NUMBER_AND_TEXT, *, has_probabilities: bool = True
) -> dict[str, Any]:
    """The document of a classifier."""
    place = min(1, len(labels) - 1)
    shares = [float(place == index) for index in range(len(labels))] if has_probabilities else []
    targets = make_targets(labels, has_probabilities=has_probabilities)
    return targets_document(CLASSIFICATION, targets, [labels[place], *shares], features)


def manifest(document: dict[str, Any]) -> Manifest:
    """The document, read."""
    return Manifest.parse(json.dumps(document).encode())


def regressor(features: Sequence[Feature] = NUMBER_AND_TEXT, refused: float | None = None) -> Model:
    """A model that answers the first feature."""
    return Model(manifest(document(features)), FirstColumn(refused))


def classifier(labels: Sequence[str], features: Sequence[Feature] = NUMBER_AND_TEXT) -> Model:
    """A model that answers the label at the first feature."""
    return Model(manifest(classifier_document(labels, features)), Classes(labels))


def failing(text: str) -> Model:
    """A model that fails with this text."""
    return Model(manifest(document()), Failing(text))
