"""What a model predicts: its targets, and how their predictions and scores stand in an answer.

The output of a model for one record is a flat list, in the order of the targets: of each target its prediction, then
its scores, which are numbers. Tables have a column for each; a JSON answer has objects by name.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from function.model.manifest_values import expect, expect_label, expect_number, expect_one_of, expect_text

type Label = str | int | float | bool
type Output = Sequence[Label]
"""Of each target the prediction, then its scores."""

REGRESSION, CLASSIFICATION = "regression", "classification"
OUTLIER_DETECTION, CLUSTERING = "outlier_detection", "clustering"
TASKS = (REGRESSION, CLASSIFICATION, OUTLIER_DETECTION, CLUSTERING)
OUTLIER_CLASSES = ("outlier", "inlier")

PROBABILITIES, SCORE, DISTANCES, RESPONSIBILITIES = "probabilities", "score", "distances", "responsibilities"
"""The scores that a prediction may have, by their name in an answer: a number for each class; for SCORE one alone."""
_COLUMN_NAMES = {PROBABILITIES: "probability", DISTANCES: "distance", RESPONSIBILITIES: "responsibility"}


class Target(NamedTuple):
    """One thing that a model predicts.

    `classes` are the labels of a classifier, the two words of an outlier detector, or the numbers of clusters; None for
    a regression. `scores` is the name of the scores that the prediction has, if it has any.
    """

    name: str
    unit: str | None = None
    classes: tuple[Label, ...] | None = None
    scores: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the scores in an answer; empty if there are none, or one without a key."""
        return tuple(map(format_label, self.classes or ())) if self.scores in _COLUMN_NAMES else ()

    @property
    def width(self) -> int:
        """How many values of an output are the target's."""
        return 1 + (1 if self.scores == SCORE else len(self.keys))

    @property
    def score_columns(self) -> list[str]:
        """The names of the columns that a table has for the scores."""
        return [SCORE] if self.scores == SCORE else [f"{_COLUMN_NAMES[self.scores or '']}_{key}" for key in self.keys]


type Targets = Sequence[Target]


def read_target(item: dict[str, Any], task: str) -> Target:
    """Read a target of a manifest. Raises KeyError, TypeError, ValueError or OverflowError."""
    scores = item.get("scores")
    classes = None if task == REGRESSION else tuple(map(expect_label, expect(list, item["classes"])))
    if classes is None and scores is not None:
        raise ValueError("a number has no scores")
    if classes == ():
        raise ValueError("classes must not be empty")
    return Target(
        name=expect_text(item["name"]),
        unit=None if item.get("unit") is None else expect_text(item["unit"]),
        classes=classes,
        scores=None if scores is None else expect_one_of(scores, (*_COLUMN_NAMES, SCORE)),
    )


def format_label(label: Label) -> str:
    """Format a class as a JSON key or the name of a column: a text unchanged, another value as JSON writes it."""
    return label if isinstance(label, str) else json.dumps(label)


def find_label_type(target: Target) -> type[Label]:
    """Return the type of the predictions: float, that of all classes, or str if they have several."""
    kinds = {type(label) for label in target.classes or (0.0,)}
    is_wide = kinds == {int} and not all(-(2**63) <= label < 2**63 for label in target.classes or ())  # type: ignore[operator]
    return kinds.pop() if len(kinds) == 1 and not is_wide else str


def list_class_places(targets: Targets) -> list[tuple[int, tuple[Label, ...]]]:
    """List the places of an output that are classes, each with its labels."""
    starts = accumulate((target.width for target in targets), initial=0)
    return [(at, target.classes) for at, target in zip(starts, targets, strict=False) if target.classes is not None]


def get_predictions(targets: Targets, output: Output) -> list[Label]:
    """Return the predictions in an output, one for each target."""
    return [part[0] for _, part in split_output(targets, output)]


def describe_prediction(targets: Targets, output: Output) -> object:
    """Return the prediction in an output; that of several targets is an object by their names."""
    if len(targets) == 1:
        return output[0]
    return {target.name: part[0] for target, part in split_output(targets, output)}


def describe_scores(targets: Targets, output: Output) -> object:
    """Return the scores in an output: by class, or one number; those of several targets in an object by their names."""
    described = {
        target.name: part[1] if target.scores == SCORE else dict(zip(target.keys, part[1:], strict=True))
        for target, part in split_output(targets, output)
    }
    return described if len(targets) > 1 else described[targets[0].name]


def read_output(targets: Targets, prediction: Any, scores: Any) -> list[Label]:
    """Read what `describe_prediction` and `describe_scores` make. Raises KeyError, TypeError, ValueError."""
    names = [target.name for target in targets]
    predictions = _list_members(prediction, names) if len(targets) > 1 else [prediction]
    has_scores = len(targets) > 1 and targets[0].scores is not None
    parts = _list_members(scores, names) if has_scores else [scores] * len(targets)
    output: list[Label] = []
    for target, label, part in zip(targets, predictions, parts, strict=True):
        output.append(expect_label(label))
        if target.scores is not None:
            numbers = [part] if target.scores == SCORE else _list_members(part, target.keys)
            output += map(expect_number, numbers)
    return output


def _list_members(item: Any, keys: Sequence[str]) -> list[Any]:
    """List the members of an object by their keys. Raises KeyError, TypeError; ValueError if it has others too."""
    members = [expect(dict, item)[key] for key in keys]
    if len(item) != len(members):
        raise ValueError("expected no other members than " + ", ".join(keys))
    return members


def split_output(targets: Targets, output: Output) -> Iterator[tuple[Target, Output]]:
    """Yield each target with its part of the output: its prediction, then its scores."""
    at = 0
    for target in targets:
        yield target, output[at : at + target.width]
        at += target.width
