"""Models without scikit-learn of several targets, of outliers and of clusters, whose answers follow from a rule."""

from collections.abc import Sequence

from function.model.contract import Columns, Feature
from function.model.runtime import Model, Outputs
from function.model.target import (
    CLASSIFICATION,
    CLUSTERING,
    DISTANCES,
    OUTLIER_CLASSES,
    OUTLIER_DETECTION,
    PROBABILITIES,
    REGRESSION,
    RESPONSIBILITIES,
    SCORE,
    Label,
    Target,
    Targets,
)
from tests.unit.small_models import NUMBER_AND_TEXT, ByRecords, manifest, targets_document

CASES: dict[str, tuple[str, list[Target]]] = {
    "two numbers": (REGRESSION, [Target("height", "m"), Target("width", "m")]),
    "two classes": (
        CLASSIFICATION,
        [
            Target("kind", classes=("no", "=yes"), scores=PROBABILITIES),
            Target("grade", classes=(3, 5, 8), scores=PROBABILITIES),
        ],
    ),
    "two labels": (
        CLASSIFICATION,
        [Target("red", classes=(0, 1), scores=PROBABILITIES), Target("blue", classes=(0, 1), scores=PROBABILITIES)],
    ),
    "two classes alone": (
        CLASSIFICATION,
        [Target("kind", classes=("no", "yes")), Target("is it", classes=(False, True))],
    ),
    "outliers": (OUTLIER_DETECTION, [Target("target", classes=OUTLIER_CLASSES, scores=SCORE)]),
    "clusters": (CLUSTERING, [Target("cluster", classes=(0, 1, 2), scores=DISTANCES)]),
    "mixture": (CLUSTERING, [Target("component", classes=(0, 1), scores=RESPONSIBILITIES)]),
    "clusters alone": (CLUSTERING, [Target("cluster", classes=(0, 1, 2))]),
}


class ByRule(ByRecords):
    """Answers each target from the record's first value: the value, or the class at that place, and scores of it."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets

    def predict(self, columns: Columns) -> Outputs:
        """What `answer` says of each record."""
        return [answer(self.targets, float(value or 0)) for value in columns[0]]


def answer(targets: Targets, number: float) -> list[Label]:
    """The output for a record that begins with this number."""
    output: list[Label] = []
    for place, target in enumerate(targets):
        classes = target.classes
        output.append(number + place if classes is None else classes[(int(number) + place) % len(classes)])
        output += [number / 7 + 0.1 * score for score in range(target.width - 1)]
    return output


def make_model(name: str, features: Sequence[Feature] = NUMBER_AND_TEXT) -> Model:
    """The model of a case."""
    task, targets = CASES[name]
    return Model(manifest(targets_document(task, targets, answer(targets, 1.0), features)), ByRule(targets))
