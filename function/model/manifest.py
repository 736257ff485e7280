"""The manifest of a bundle, `manifest.json`, read strictly.

Raise FORMAT when a reader of the old format would misread the new one. `Manifest.parse` refuses every other format with
a sentence that names the command to make a new bundle; it never guesses.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from function.errors import FORMAT_UNSUPPORTED, MANIFEST_INVALID, BundleError
from function.model.contract import Contract
from function.model.feature_document import read_feature
from function.model.manifest_values import (
    expect,
    expect_examples,
    expect_number,
    expect_one_of,
    expect_text,
)
from function.model.output_columns import OutputColumns, read_output_columns
from function.model.target import TASKS, Output, Target, Targets, read_output, read_target

FORMAT = 3
FILE_NAME = "manifest.json"
# The file with the SHA-256 of the manifest, in the form that `sha256sum -c` reads.
DIGEST_NAME = "manifest.json.sha256"
JOBLIB, FLAT = "joblib", "flat"
RUNTIMES = (JOBLIB, FLAT)

# The libraries that a joblib artifact depends on: name of the package on PyPI to name of its module.
LIBRARIES = {
    "scikit-learn": "sklearn",
    "numpy": "numpy",
    "scipy": "scipy",
    "joblib": "joblib",
    "pandas": "pandas",
}

PACKAGE_AGAIN = "package the model again (python -m training)"


class Artifact(NamedTuple):
    """A file of the bundle beside the manifest; `size` is in bytes.

    `input` is what the runtime gives to the model: `array` (one matrix, in column order), `frame` (named
    columns) or `texts` (a list of texts).
    `largest_error` is the largest relative difference from scikit-learn that packaging measured; 0 means equal bits.
    `token_patterns` are the regular expressions that find the words of texts, for people who review the bundle.
    """

    file: str
    sha256: str
    size: int
    runtime: str
    input: str
    largest_error: float = 0.0
    token_patterns: tuple[str, ...] = ()


class Example(NamedTuple):
    """A golden row: a record with the output that the estimator gave for it."""

    record: dict[str, object]
    output: Output


class Manifest(NamedTuple):
    """A valid manifest; `document` is the whole JSON object, as `GET /model` returns it."""

    document: dict[str, Any]
    name: str
    version: str
    task: str
    contract: Contract
    targets: tuple[Target, ...]
    environment: dict[str, str]
    artifacts: tuple[Artifact, ...]
    examples: tuple[Example, ...]
    outputs: OutputColumns

    @classmethod
    def parse(cls, data: bytes) -> "Manifest":
        """Parse the bytes of `manifest.json`.

        Raises BundleError `format_unsupported` for another format, `manifest_invalid` if a key is missing or wrong.
        """
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            raise _build_error("is not JSON") from None
        if not isinstance(document, dict):
            raise _build_error("is not a JSON object")
        if document.get("format") != FORMAT:
            raise BundleError(
                FORMAT_UNSUPPORTED,
                f"The bundle has format {document.get('format')!r}, this code reads format {FORMAT}: {PACKAGE_AGAIN}.",
            )
        try:
            return cls._read(document)
        except KeyError as error:
            raise _build_error(f"lacks the key {error}") from None
        except (TypeError, ValueError, OverflowError, AttributeError, IndexError) as error:
            raise _build_error(f"has a wrong value: {error}") from None

    @classmethod
    def _read(cls, document: dict[str, Any]) -> "Manifest":
        json.dumps(document, allow_nan=False)  # GET /model returns it: refuse NaN and Infinity
        task = expect_one_of(document["task"], TASKS)
        targets = tuple(read_target(item, task) for item in document["targets"])
        if not targets or len({t.name for t in targets}) != len(targets) or len({t.scores for t in targets}) != 1:
            raise ValueError("targets must have one name each and all the same scores, and there must be some")
        features = [read_feature(item) for item in document["features"]]
        if not features or len({f.name for f in features}) != len(features):
            raise ValueError("features must have one name each, and there must be some")
        return cls(
            document=document,
            name=expect_text(document["name"]),
            version=expect_text(document["version"]),
            task=task,
            contract=Contract(
                features, [expect_text(name) for name in expect(list, document.get("ignored_columns", []))]
            ),
            targets=targets,
            environment={expect_text(k): expect_text(v) for k, v in document["environment"].items()},
            artifacts=tuple(_read_artifact(file, item) for file, item in document["artifacts"].items()),
            examples=tuple(_read_example(targets, item) for item in expect_examples(document["examples"])),
            outputs=read_output_columns(document["output_columns"], [f.name for f in features], targets),
        )

    @property
    def identity(self) -> dict[str, str]:
        """The name and version of the model, as every answer has them."""
        return {"name": self.name, "version": self.version}

    @property
    def scores(self) -> str | None:
        """The name of the scores in an answer; None if the predictions have none."""
        return self.targets[0].scores


def derive_version(artifacts: Sequence[Artifact]) -> str:
    """Derive the version of a bundle from the digests of its artifacts: equal bytes give an equal version."""
    from hashlib import sha256

    lines = sorted(f"{artifact.sha256}  {artifact.file}\n" for artifact in artifacts)
    return sha256("".join(lines).encode()).hexdigest()[:12]


def _read_artifact(file: str, item: dict[str, Any]) -> Artifact:
    if "/" in file or "\0" in file or file in ("", ".", "..", FILE_NAME, DIGEST_NAME):
        raise ValueError("an artifact must be a file beside the manifest")
    return Artifact(
        file=file,
        sha256=expect_text(item["sha256"]),
        size=expect(int, item["bytes"]),
        runtime=expect_text(item["runtime"]),
        input=expect_one_of(item["input"], ("array", "frame", "texts")),
        largest_error=expect_number(item.get("largest_relative_error", 0.0)),
        token_patterns=tuple(map(expect_text, expect(list, item.get("token_patterns", [])))),
    )


def _read_example(targets: Targets, item: dict[str, Any]) -> Example:
    output = read_output(targets, item["prediction"], item.get(targets[0].scores or ""))
    return Example(expect(dict, item["input"]), output)


def _build_error(why: str) -> BundleError:
    return BundleError(MANIFEST_INVALID, f"The bundle's {FILE_NAME} {why}: {PACKAGE_AGAIN}.")
