"""Targets, and outputs as answers have them: described and read again. Touches nothing."""

from typing import Any

import pytest

from function.errors import BundleError
from function.model.target import (
    CLASSIFICATION,
    OUTLIER_CLASSES,
    OUTLIER_DETECTION,
    PROBABILITIES,
    REGRESSION,
    SCORE,
    Label,
    Target,
    describe_prediction,
    describe_scores,
    find_label_type,
    get_predictions,
    read_output,
    read_target,
)
from tests.unit.small_models import manifest, targets_document
from tests.unit.small_targets import CASES, answer, make_model

KIND = Target("kind", classes=("no", "yes"), scores=PROBABILITIES)
GRADE = Target("grade", classes=(3, 5, True), scores=PROBABILITIES)


@pytest.mark.parametrize("name", CASES)
def test_output_is_read_as_it_was_described(name: str) -> None:
    _, targets = CASES[name]
    output = answer(targets, 2.0)
    scores = describe_scores(targets, output) if targets[0].scores else None
    assert read_output(targets, describe_prediction(targets, output), scores) == output
    assert get_predictions(targets, output) == [
        output[sum(target.width for target in targets[:place])] for place in range(len(targets))
    ]


@pytest.mark.parametrize("name", CASES)
def test_manifest_has_the_targets_that_were_written(name: str) -> None:
    _, targets = CASES[name]
    found = make_model(name).manifest
    assert list(found.targets) == targets
    assert found.scores == targets[0].scores
    assert list(found.examples[0].output) == answer(targets, 1.0)
    assert len(found.outputs.values) == sum(target.width for target in targets)


def test_one_target_is_described_without_its_name() -> None:
    output: list[Label] = ["yes", 0.25, 0.75]
    assert describe_prediction([KIND], output) == "yes"
    assert describe_scores([KIND], output) == {"no": 0.25, "yes": 0.75}


def test_several_targets_are_described_by_their_names() -> None:
    output: list[Label] = ["yes", 0.25, 0.75, 5, 0.1, 0.2, 0.7]
    assert describe_prediction([KIND, GRADE], output) == {"kind": "yes", "grade": 5}
    assert describe_scores([KIND, GRADE], output) == {
        "kind": {"no": 0.25, "yes": 0.75},
        "grade": {"3": 0.1, "5": 0.2, "true": 0.7},
    }


def test_score_is_one_number() -> None:
    usual = Target("target", classes=OUTLIER_CLASSES, scores=SCORE)
    assert (usual.width, usual.keys, usual.score_columns) == (2, (), ["score"])
    assert describe_scores([usual], ["outlier", -0.5]) == -0.5


ODD: list[Any] = [None, 0.5, "ab", [0.5, 0.5], {}, {"no": 0.5}, {"no": 0.5, "yes": "0.5"}]
WRONG_ONE: list[tuple[Any, Any]] = [
    (None, {"no": 0.5, "yes": 0.5}),
    ({"kind": "yes"}, {"no": 0.5, "yes": 0.5}),
    (["yes"], {"no": 0.5, "yes": 0.5}),
    *(("yes", scores) for scores in ODD),
    ("yes", {"no": 0.5, "yes": True}),
    ("yes", {"no": 0.5, "yes": 0.5, "other": 0.0}),
    ("yes", {"kind": {"no": 0.5, "yes": 0.5}}),
]
SCORES: dict[str, Any] = {"kind": {"no": 0.5, "yes": 0.5}, "grade": {"3": 0.1, "5": 0.2, "true": 0.7}}
BOTH: dict[str, Any] = {"kind": "yes", "grade": 5}
WRONG_TWO: list[tuple[Any, Any]] = [
    *((prediction, SCORES) for prediction in ("yes", None, ["yes", 5], {}, {"kind": "yes"}, BOTH | {"more": 1})),
    *(({"kind": "yes", "grade": value}, SCORES) for value in ODD[0::3]),
    *((BOTH, scores) for scores in [*ODD, {"kind": SCORES["kind"]}, SCORES | {"more": {}}]),
    *((BOTH, SCORES | {"grade": part}) for part in (None, 1, {}, {"3": 0.1}, {**SCORES["grade"], "x": 1.0})),
    (BOTH, SCORES["kind"]),
]


@pytest.mark.parametrize(
    ("targets", "prediction", "scores"),
    [*(([KIND], *case) for case in WRONG_ONE), *(([KIND, GRADE], *case) for case in WRONG_TWO)],
)
def test_golden_row_of_another_shape_is_refused(targets: list[Target], prediction: Any, scores: Any) -> None:
    whole: list[Label] = ["yes", 0.5, 0.5, 5, 0.1, 0.2, 0.7]
    output = whole[: sum(target.width for target in targets)]
    document = targets_document(CLASSIFICATION, targets, output)
    manifest(document)
    document["examples"][0] |= {"prediction": prediction, "probabilities": scores}
    with pytest.raises(BundleError) as raised:
        manifest(document)
    assert raised.value.code == "manifest_invalid"


@pytest.mark.parametrize("score", [None, "0.5", True, [0.5], {"outlier": 0.5}])
def test_score_that_is_no_number_is_refused(score: Any) -> None:
    usual = Target("target", classes=OUTLIER_CLASSES, scores=SCORE)
    document = targets_document(OUTLIER_DETECTION, [usual], ["inlier", 0.5])
    document["examples"][0]["score"] = score
    with pytest.raises(BundleError) as raised:
        manifest(document)
    assert raised.value.code == "manifest_invalid"


@pytest.mark.parametrize(
    "targets",
    [
        [{"name": "kind", "classes": ["a"]}, {"name": "kind", "classes": ["a"]}],
        [{"name": "kind", "classes": ["a"]}, {"name": "other", "classes": ["a"], "scores": "probabilities"}],
        [{"name": "kind", "classes": ["a"], "scores": "certainty"}],
        [{"name": "kind", "classes": ["a"], "scores": ["probabilities"]}],
        [{"name": "kind", "classes": {"a": 1}}],
        [{"name": "kind", "classes": []}],
        [{"name": ["kind"], "classes": ["a"]}],
        [["kind"]],
        {"name": "kind"},
        "kind",
        None,
    ],
)
def test_targets_that_are_none_are_refused(targets: Any) -> None:
    document = targets_document(CLASSIFICATION, [Target("kind", classes=("a", "b"))], ["a"])
    with pytest.raises(BundleError) as raised:
        manifest(document | {"targets": targets})
    assert raised.value.code == "manifest_invalid"


def test_number_has_no_scores() -> None:
    with pytest.raises(ValueError, match="no scores"):
        read_target({"name": "price", "scores": "probabilities"}, REGRESSION)
    assert read_target({"name": "price", "unit": "€"}, REGRESSION) == Target("price", "€")


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (None, float),
        (("a", "b"), str),
        ((1, 2), int),
        ((False, True), bool),
        ((0.5, 1.5), float),
        ((1, "a"), str),
        ((0, 2**63), str),
    ],
)
def test_predictions_have_the_type_of_all_classes(classes: Any, kind: type) -> None:
    assert find_label_type(Target("t", classes=classes)) is kind
