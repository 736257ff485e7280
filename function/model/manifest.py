"""The bundle's manifest, `manifest.json`: its format, read strictly.

Raise FORMAT when a reader of the old format would misread the new one, and let `Manifest.parse` name the command that
makes a new bundle; it never guesses at another format.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from function.errors import FORMAT_UNSUPPORTED, MANIFEST_INVALID, BundleError
from function.model.contract import NAN, NONE, NUMBER, PANDAS_NULL_CELLS, TYPES, Contract, Feature
from function.model.dtypes import DTYPES, FLOAT64

FORMAT = 2
FILE_NAME = "manifest.json"
# Beside it: its SHA-256, as `sha256sum -c` reads it.
DIGEST_NAME = "manifest.json.sha256"
REGRESSION, CLASSIFICATION = "regression", "classification"
JOBLIB, ONNX, FLAT = "joblib", "onnx", "flat"
RUNTIMES = (JOBLIB, ONNX, FLAT)

# What an estimator that joblib wrote depends on, by the name that pip knows and the module's.
LIBRARIES = {
    "scikit-learn": "sklearn",
    "numpy": "numpy",
    "scipy": "scipy",
    "joblib": "joblib",
    "pandas": "pandas",
}

# The manifest's word for PANDAS_NULL_CELLS.
PANDAS = "pandas"

type Label = str | int | float | bool
PACKAGE_AGAIN = "package the model again (python -m training)"


class Artifact(NamedTuple):
    """A file of the bundle beside the manifest.

    `input` is how its runtime takes the values: `array` (in column order, one matrix) or `frame` (named columns).
    `largest_error` is the largest relative difference from scikit-learn that packaging found; 0 means equal bits.
    """

    file: str
    sha256: str
    size: int
    runtime: str
    input: str
    largest_error: float = 0.0


class OutputColumns(NamedTuple):
    """The names under which predictions stand beside the features of a table's row: none is a feature's.

    `probabilities` is the one member of JSON lines, `by_class` are the columns of CSV and Parquet, one for each class.
    """

    prediction: str
    probabilities: str
    by_class: tuple[str, ...]
    warnings: str
    error: str

    @property
    def columns(self) -> list[str]:
        """The columns that a table of predictions gets, in their order; a file's has `error` too, as its last."""
        return [self.prediction, *self.by_class, self.warnings]


class Example(NamedTuple):
    """A golden row: a record, and what scikit-learn answered for it."""

    record: dict[str, object]
    prediction: Label
    probabilities: dict[str, float] | None


class Manifest(NamedTuple):
    """A manifest that was checked; `document` is all of it, as `GET /model` shows it."""

    document: dict[str, Any]
    name: str
    version: str
    task: str
    contract: Contract
    target: str
    unit: str | None
    classes: tuple[Label, ...] | None
    environment: dict[str, str]
    artifacts: tuple[Artifact, ...]
    examples: tuple[Example, ...]
    outputs: OutputColumns

    @classmethod
    def parse(cls, data: bytes) -> "Manifest":
        """The manifest in `data`.

        Raises BundleError `format_unsupported` for another format, `manifest_invalid` where a key is missing or wrong.
        """
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            raise _invalid("is not JSON") from None
        if not isinstance(document, dict):
            raise _invalid("is not a JSON object")
        if document.get("format") != FORMAT:
            raise BundleError(
                FORMAT_UNSUPPORTED,
                f"The bundle has format {document.get('format')!r}, this code reads format {FORMAT}: {PACKAGE_AGAIN}.",
            )
        try:
            return cls._of(document)
        except KeyError as error:
            raise _invalid(f"lacks the key {error}") from None
        except (TypeError, ValueError, OverflowError, AttributeError, IndexError) as error:
            raise _invalid(f"has a wrong value: {error}") from None

    @classmethod
    def _of(cls, document: dict[str, Any]) -> "Manifest":
        json.dumps(document, allow_nan=False)  # `GET /model` shows it, and NaN and Infinity are no JSON
        task = _one_of(document["task"], (REGRESSION, CLASSIFICATION))
        if len(document["targets"]) != 1:
            raise ValueError("targets must list exactly one")
        target = document["targets"][0]
        features = [_feature(item) for item in document["features"]]
        if not features or len({f.name for f in features}) != len(features):
            raise ValueError("features must have one name each, and there must be some")
        return cls(
            document=document,
            name=_text(document["name"]),
            version=_text(document["version"]),
            task=task,
            contract=Contract(features, [_text(name) for name in _is(list, document.get("ignored_columns", []))]),
            target=_text(target["name"]),
            unit=None if target.get("unit") is None else _text(target["unit"]),
            classes=tuple(map(_label, _is(list, target["classes"]))) if task == CLASSIFICATION else None,
            environment={_text(k): _text(v) for k, v in document["environment"].items()},
            artifacts=tuple(_artifact(file, item) for file, item in document["artifacts"].items()),
            examples=(examples := tuple(_example(item) for item in _nonempty(document["examples"]))),
            outputs=_outputs(document["output_columns"], [f.name for f in features], examples[0]),
        )

    @property
    def identity(self) -> dict[str, str]:
        """The model's name and version, as each answer carries them."""
        return {"name": self.name, "version": self.version}

    @property
    def probability_keys(self) -> tuple[str, ...]:
        """The classes as an answer's `probabilities` name them; none where the model has no probabilities."""
        return tuple(self.examples[0].probabilities or ())


def version_of(artifacts: Sequence[Artifact]) -> str:
    """The version of a bundle with these artifacts: equal bytes are an equal version."""
    from hashlib import sha256

    lines = sorted(f"{artifact.sha256}  {artifact.file}\n" for artifact in artifacts)
    return sha256("".join(lines).encode()).hexdigest()[:12]


def label_text(label: Label) -> str:
    """A class as the key of a JSON object or the name of a column: texts as they are, others as JSON writes them."""
    return label if isinstance(label, str) else json.dumps(label)


def free_columns(names: Sequence[str], probability_keys: Sequence[str]) -> OutputColumns:
    """The usual names of the predictions' columns, with `model_` before those that features have already."""
    taken = set(names)

    def free(name: str) -> str:
        while name in taken:
            name = f"model_{name}"
        taken.add(name)
        return name

    by_class = tuple(free(f"probability_{key}") for key in probability_keys)
    return OutputColumns(free("prediction"), free("probabilities"), by_class, free("warnings"), free("error"))


def feature_document(feature: Feature) -> dict[str, Any]:
    """A feature as the manifest writes it: what is unknown of it, or says nothing of its type, is left out."""
    is_pandas = feature.null_cells == PANDAS_NULL_CELLS
    fields = {
        **feature._asdict(),
        "categories": None if feature.categories is None else list(feature.categories),
        "null_cells": PANDAS if is_pandas else sorted(feature.null_cells),
        "null": feature.null if feature.nullable else None,
        "integer": feature.integer if feature.type == NUMBER else None,
        "dtype": feature.dtype if feature.type == NUMBER or feature.dtype != FLOAT64 else None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _feature(item: dict[str, Any]) -> Feature:
    categories = item.get("categories")
    return Feature(
        name=_text(item["name"]),
        type=_one_of(item["type"], TYPES),
        nullable=_is(bool, item["nullable"]),
        minimum=None if item.get("minimum") is None else _number(item["minimum"]),
        maximum=None if item.get("maximum") is None else _number(item["maximum"]),
        categories=None if categories is None else tuple(_text(category) for category in _is(list, categories)),
        integer=_is(bool, item.get("integer", False)),
        null_cells=_null_cells(item["null_cells"]),
        null=_one_of(item.get("null", NAN), (NAN, NONE)),
        dtype=_one_of(item.get("dtype", FLOAT64), DTYPES),
    )


def _null_cells(item: object) -> frozenset[str]:
    return PANDAS_NULL_CELLS if item == PANDAS else frozenset(map(_text, _is(list, item)))


def _outputs(item: dict[str, Any], names: Sequence[str], example: Example) -> OutputColumns:
    columns = OutputColumns(
        prediction=_text(item["prediction"]),
        probabilities=_text(item["probabilities"]),
        by_class=tuple(map(_text, _is(list, item["by_class"]))),
        warnings=_text(item["warnings"]),
        error=_text(item["error"]),
    )
    every = [*columns.columns, columns.probabilities, columns.error, *names]
    if len(set(every)) != len(every) or len(columns.by_class) != len(example.probabilities or ()):
        raise ValueError("output_columns must have one name each, none of them a feature's, and one for each class")
    return columns


def _artifact(file: str, item: dict[str, Any]) -> Artifact:
    if "/" in file or "\0" in file or file in ("", ".", "..", FILE_NAME, DIGEST_NAME):
        raise ValueError("an artifact must be a file beside the manifest")
    return Artifact(
        file=file,
        sha256=_text(item["sha256"]),
        size=_is(int, item["bytes"]),
        runtime=_text(item["runtime"]),
        input=_one_of(item["input"], ("array", "frame")),
        largest_error=_number(item.get("largest_relative_error", 0.0)),
    )


def _example(item: dict[str, Any]) -> Example:
    probabilities = item.get("probabilities")
    return Example(
        record=_is(dict, item["input"]),
        prediction=_label(item["prediction"]),
        probabilities=None if probabilities is None else {k: _number(v) for k, v in _is(dict, probabilities).items()},
    )


def _is[T](kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, (bool, str)):
        raise TypeError(f"expected a number, found {type(value).__name__}")
    return float(value)


def _label(value: Any) -> Label:
    if not isinstance(value, (str, int, float)):
        raise TypeError(f"expected a class or a number, found {type(value).__name__}")
    if not isinstance(value, str):
        float(value)  # raises OverflowError for what no float holds
    return value


def _text(value: object) -> str:
    return _is(str, value)


def _one_of(value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"expected one of {', '.join(allowed)}")
    return _text(value)


def _nonempty(items: list[Any]) -> list[Any]:
    if not items:
        raise ValueError("examples must not be empty")
    return items


def _invalid(why: str) -> BundleError:
    return BundleError(MANIFEST_INVALID, f"The bundle's {FILE_NAME} {why}: {PACKAGE_AGAIN}.")
