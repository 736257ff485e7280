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

NUMBER_AND_TEXT = (Feature("size", NUMBER, False, 0, 10), Feature("note", STRING, True, categories=("a", "b")))


class ByRecords:
    """Answers tables as it answers records."""

    labels: Sequence[str] = ()

    def predict(self, columns: Columns) -> Outputs:
        """What a model of this kind answers."""
        raise NotImplementedError

    def predict_arrays(self, columns: Sequence[Any]) -> ArrayOutputs:
        """The same as arrays."""
        plain = [[None if value != value else value for value in column.tolist()] for column in columns]  # noqa: PLR0124
        outputs = self.predict(plain)
        places = [self.labels.index(str(value)) for value in outputs.values] if self.labels else outputs.values
        shares = None if outputs.probabilities is None else numpy.array(outputs.probabilities)
        return ArrayOutputs(numpy.array(places), shares)


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
        return Outputs([value or 0.0 for value in columns[0]], None)


class Classes(ByRecords):
    """Answers the label at each record's first value, with all probability on it."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels

    def predict(self, columns: Columns) -> Outputs:
        """A label and its probabilities for each record."""
        places = [int(value or 0) for value in columns[0]]
        rows = [[float(place == index) for index in range(len(self.labels))] for place in places]
        return Outputs([self.labels[place] for place in places], rows)


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
        "output_columns": output_columns(features, ()),
        "examples": [{"input": record, "prediction": 1.0}],
    } | changed


def output_columns(features: Sequence[Feature], labels: Sequence[str]) -> dict[str, Any]:
    """The names of what is added, as JSON has them."""
    columns = choose_output_columns([feature.name for feature in features], labels)
    return {**columns._asdict(), "by_class": list(columns.by_class)}


def classifier_document(labels: Sequence[str], features: Sequence[Feature] = NUMBER_AND_TEXT) -> dict[str, Any]:
    """The document of a classifier that has probabilities."""
    made = document(features, task="classification", targets=[{"name": "kind", "classes": list(labels)}])
    made["examples"][0] |= {
        "prediction": labels[1],
        "probabilities": {label: float(label == labels[1]) for label in labels},
    }
    made["output_columns"] = output_columns(features, labels)
    return made


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
