"""Records to predictions, with small runtimes in place of scikit-learn's and with the real ones. Touches nothing."""

import math
from collections.abc import Callable

import pytest

from function.aws import Clients
from function.dispatch import create_handler
from function.errors import InputTooLarge, InvalidInput
from function.formats import csv_table
from function.model.contract import NUMBER, Columns, Feature
from function.model.prediction import MAX_RECORDS, Prediction, predict, predict_document, predict_each
from function.model.runtime import Model, Outputs, Runtime
from function.service import Service
from function.settings import Settings
from tests.unit.small_models import ByRecords, FirstColumn, classifier, document, manifest, regressor

MODEL = {"name": "small", "version": "0123456789ab"}
RECORD = {"size": 3, "note": "a"}
FAR = {"size": 30, "note": "c"}


class Constant(ByRecords):
    """Answers the same for each record."""

    def __init__(self, value: float, probabilities: list[float] | None = None) -> None:
        self.value = value
        self.probabilities = probabilities

    def predict(self, columns: Columns) -> Outputs:
        return [[self.value, *(self.probabilities or ())] for _ in columns[0]]


class Counting(ByRecords):
    """Another runtime, and how often it was called."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.calls = 0

    def predict(self, columns: Columns) -> Outputs:
        """What the other answers."""
        self.calls += 1
        return self.runtime.predict(columns)


def problems(predicted: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as raised:
        predicted()
    return [(problem.pointer, problem.code) for problem in raised.value.problems]


def test_one_record_gets_one_prediction() -> None:
    assert predict_document(regressor(), RECORD) == {"prediction": 3.0, "warnings": [], "model": MODEL}


def test_instances_get_predictions_in_their_order() -> None:
    records = [{"size": size, "note": None} for size in (5, 1, 4)]
    assert predict_document(regressor(), {"instances": records}) == {
        "predictions": [5.0, 1.0, 4.0],
        "warnings": [[], [], []],
        "model": MODEL,
    }


def test_no_instances_get_no_predictions() -> None:
    for model in (regressor(), classifier(["no", "yes"])):
        assert predict_document(model, {"instances": []}) == {"predictions": [], "warnings": [], "model": MODEL}


def test_classifier_names_its_probabilities() -> None:
    found = predict_document(classifier(["no", "yes"]), {"size": 1, "note": "a"})
    assert found == {"prediction": "yes", "probabilities": {"no": 0.0, "yes": 1.0}, "warnings": [], "model": MODEL}
    many = predict_document(
        classifier(["no", "yes"]), {"instances": [{"size": 0, "note": "a"}, {"size": 1, "note": "a"}]}
    )
    assert many["predictions"] == ["no", "yes"]
    assert many["probabilities"] == [{"no": 1.0, "yes": 0.0}, {"no": 0.0, "yes": 1.0}]


def test_warnings_stand_beside_their_prediction() -> None:
    found = predict_document(regressor(), {"instances": [RECORD, FAR]})
    assert found["warnings"] == [
        [],
        [
            {"feature": "size", "code": "out_of_range", "detail": "above 10, the largest value in training"},
            {"feature": "note", "code": "unseen_category", "detail": "not among the categories in training"},
        ],
    ]


def test_strict_refuses_what_would_be_a_warning() -> None:
    strict = problems(lambda: predict_document(regressor(), {"instances": [RECORD, FAR]}, strict=True))
    assert strict == [("/instances/1/size", "out_of_range"), ("/instances/1/note", "unseen_category")]
    assert predict_document(regressor(), RECORD, strict=True)["prediction"] == 3.0


def test_what_training_never_saw_is_a_warning_unless_it_is_asked_otherwise() -> None:
    model, unusual = regressor(), {"size": 30, "note": "zzz"}
    codes = ["out_of_range", "unseen_category"]
    (prediction,) = predict(model, [unusual], lambda _, inside: inside)
    assert [warning.code for warning in prediction.warnings] == codes
    (outcome,) = predict_each(model, [unusual])
    assert isinstance(outcome, Prediction)
    assert [warning.code for warning in model.manifest.contract.check([unusual]).warnings[0]] == codes
    assert csv_table.predict_csv_document(model, b"size,note\n30,zzz\n").count("the largest value in training") == 1


def test_feature_named_instances_is_a_feature() -> None:
    model = regressor([Feature("instances", NUMBER)])
    assert predict_document(model, {"instances": 5})["prediction"] == 5.0
    assert predict_document(model, {"instances": [{"instances": 5}, {"instances": 6}]})["predictions"] == [5.0, 6.0]
    assert problems(lambda: predict_document(model, {"instances": "5"})) == [("/instances", "wrong_type")]


def test_feature_named_instances_may_stand_beside_others() -> None:
    model = regressor([Feature("instances", NUMBER), Feature("size", NUMBER)])
    assert predict_document(model, {"instances": 5, "size": 1})["prediction"] == 5.0
    assert predict_document(model, {"instances": [{"instances": 5, "size": 1}]})["predictions"] == [5.0]
    assert problems(lambda: predict_document(model, {"instances": [], "size": 1})) == [("/instances", "wrong_type")]


def test_cap_on_records_is_inclusive() -> None:
    model = regressor()
    assert len(predict(model, [RECORD] * MAX_RECORDS, lambda index, inside: f"{index}{inside}")) == MAX_RECORDS
    with pytest.raises(InputTooLarge, match="10,000"):
        predict(model, [RECORD] * (MAX_RECORDS + 1), lambda index, inside: f"{index}{inside}")


def test_records_are_predicted_in_one_call() -> None:
    runtime = FirstColumn()
    predict(Model(manifest(document()), runtime), [RECORD] * 50, lambda index, inside: f"{index}{inside}")
    assert runtime.calls == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_answer_that_is_not_finite_is_refused(value: float) -> None:
    model = Model(manifest(document()), Constant(value))
    assert problems(lambda: predict_document(model, RECORD)) == [("", "not_finite")]
    assert problems(lambda: predict_document(model, {"instances": [RECORD, RECORD]})) == [
        ("/instances/0", "not_finite"),
        ("/instances/1", "not_finite"),
    ]


def test_probability_that_is_not_finite_is_refused() -> None:
    template = classifier(["no", "yes"])
    model = Model(template.manifest, Constant(1.0, [math.nan, 0.5]))
    assert problems(lambda: predict_document(model, RECORD)) == [("", "not_finite")]


def test_refused_record_among_many_is_found() -> None:
    model = regressor(refused=7.0)
    records = [{"size": size, "note": "a"} for size in (1, 7, 2, 3, 7)]
    assert problems(lambda: predict_document(model, {"instances": records})) == [
        ("/instances/1", "not_predictable"),
        ("/instances/4", "not_predictable"),
    ]


def test_refused_record_with_unseen_values_is_told_those() -> None:
    model = regressor(refused=77.0)
    found = problems(lambda: predict_document(model, {"instances": [RECORD, {"size": 77, "note": "c"}, FAR]}))
    assert found == [("/instances/1/size", "out_of_range"), ("/instances/1/note", "unseen_category")]


def test_category_that_is_refused_is_asked_once(picky: Model) -> None:
    runtime = Counting(picky.runtime)
    records = [{"size": 2, "colour": "green"}, {"size": 2, "colour": "red"}] * (MAX_RECORDS // 2)
    outcomes = predict_each(picky._replace(runtime=runtime), records)
    assert [type(outcome) for outcome in outcomes] == [list, Prediction] * (MAX_RECORDS // 2)
    assert runtime.calls == 3


def test_each_record_gets_its_own_outcome() -> None:
    model = regressor(refused=7.0)
    outcomes = predict_each(model, [RECORD, {"size": "x", "note": "a"}, {"size": 7, "note": "a"}, FAR])
    codes = [outcome[0].code if isinstance(outcome, list) else None for outcome in outcomes]
    assert codes == [None, "wrong_type", "not_predictable", None]


def test_refusal_holds_no_value() -> None:
    model = regressor(refused=9876.5)
    with pytest.raises(InvalidInput) as raised:
        predict_document(model, {"size": 9876.5, "note": "canary"})
    text = str(raised.value) + str(raised.value.problems)
    assert "9876" not in text
    assert "canary" not in text


def test_article_forest_answers_360000(houses: Model) -> None:
    assert predict_document(houses, {"AreaSqft": 1500, "NumBedrooms": 3})["prediction"] == 360000.0


def test_order_of_fields_does_not_matter(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    for model in (houses, iris, mixed, picky):
        record = model.manifest.examples[0].record
        assert predict_document(model, dict(reversed(record.items()))) == predict_document(model, record)


def test_examples_are_predicted_as_the_manifest_says(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    for model in (houses, iris, mixed, picky):
        examples = model.manifest.examples
        found = predict(model, [example.record for example in examples], lambda index, inside: f"{index}{inside}")
        for prediction, example in zip(found, examples, strict=True):
            assert prediction.output[0] == pytest.approx(example.output[0])
            assert prediction.output[1:] == pytest.approx(example.output[1:])


def test_record_is_predicted_alone_as_among_others(iris: Model, mixed: Model) -> None:
    for model in (iris, mixed):
        records = [example.record for example in model.manifest.examples]
        together = predict(model, records, lambda index, inside: f"{index}{inside}")
        assert together == [predict(model, [record], lambda index, inside: f"{index}{inside}")[0] for record in records]


def test_earlier_request_leaves_nothing_behind(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    for model in (houses, iris, mixed, picky):
        handler = create_handler(Service(model, Settings(model_path=""), Clients()))
        first, second = (example.record for example in model.manifest.examples[:2])
        before = handler(first, None)
        handler(second, None)
        refused: tuple[object, ...] = ({}, {"instances": [{}]}, {"instances": 5}, "no,such,columns\n1,2,3\n")
        for bad in refused:
            with pytest.raises(InvalidInput):
                handler(bad, None)
        handler({"instances": [second] * 100}, None)
        assert handler(first, None) == before
