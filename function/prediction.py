"""Predicts records: validation, the runtime, the answer's form. Knows no HTTP, no AWS and no scikit-learn."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import NamedTuple

from function.contract import Columns, Warning, as_problems, pointer
from function.errors import InputTooLarge, InvalidInput, Problem
from function.manifest import Label
from function.model import Model, NotPredictable, Outputs

MAX_RECORDS = 10_000
# Records that the estimator refuses are found by halving; past so many the rest is not searched for.
MAX_REFUSED = 100


class Prediction(NamedTuple):
    """The answer for one record; probabilities by class, of classifiers that have them."""

    value: Label
    probabilities: dict[str, float] | None
    warnings: list[Warning]


def answer(model: Model, body: object, *, strict: bool = False) -> dict[str, object]:
    """The answer to one record, or to `{"instances": [record, …]}`, as JSON-ready objects.

    Raises InvalidInput with every problem and its JSON pointer, InputTooLarge past 10,000 records.
    """
    if isinstance(body, dict) and "instances" in body and "instances" not in model.manifest.contract.names:
        return _answer_instances(model, body, strict=strict)
    (prediction,) = predict(model, [body], lambda _: "", strict=strict)
    document: dict[str, object] = {"prediction": prediction.value}
    if prediction.probabilities is not None:
        document["probabilities"] = prediction.probabilities
    return document | {"warnings": _documents(prediction), "model": model.manifest.identity}


def _answer_instances(model: Model, body: dict[str, object], *, strict: bool) -> dict[str, object]:
    records = body["instances"]
    problems = [
        Problem(pointer(key), "unknown_field", "only instances may stand here") for key in body if key != "instances"
    ]
    if not isinstance(records, list):
        problems.append(Problem("/instances", "wrong_type", "expected an array of records"))
    if problems or not isinstance(records, list):
        raise InvalidInput(problems)
    predictions = predict(model, records, lambda index: f"/instances/{index}", strict=strict)
    document: dict[str, object] = {"predictions": [p.value for p in predictions]}
    if predictions and predictions[0].probabilities is not None:
        document["probabilities"] = [p.probabilities for p in predictions]
    return document | {"warnings": [_documents(p) for p in predictions], "model": model.manifest.identity}


def _documents(prediction: Prediction) -> list[dict[str, str]]:
    return [warning._asdict() for warning in prediction.warnings]


def predict(
    model: Model, records: Sequence[object], pointer_of: Callable[[int], str], *, strict: bool = False
) -> list[Prediction]:
    """One prediction per record, in their order, computed together.

    `pointer_of(i)` is the JSON pointer of record i, for problems. Raises InvalidInput, InputTooLarge.
    """
    if len(records) > MAX_RECORDS:
        raise InputTooLarge(f"More than {MAX_RECORDS:,} records at once: send them in several calls.")
    columns, warnings = model.manifest.contract.columns(records, pointer_of, strict=strict)
    try:
        outputs = model.runtime.predict(columns)
    except NotPredictable:
        raise InvalidInput(_problems_of_refused(model, columns, warnings, pointer_of)) from None
    classes = model.manifest.probability_keys
    predictions = [
        Prediction(
            value,
            dict(zip(classes, outputs.probabilities[index], strict=True)) if outputs.probabilities else None,
            warnings[index],
        )
        for index, value in enumerate(outputs.values)
    ]
    problems = [
        Problem(pointer_of(index), "not_finite", "the model has no finite answer for these values")
        for index, prediction in enumerate(predictions)
        if not _is_finite(prediction)
    ]
    if problems:
        raise InvalidInput(problems)
    return predictions


def _is_finite(prediction: Prediction) -> bool:
    if isinstance(prediction.value, float) and not isfinite(prediction.value):
        return False
    return prediction.probabilities is None or all(map(isfinite, prediction.probabilities.values()))


def _problems_of_refused(
    model: Model, columns: Columns, warnings: list[list[Warning]], pointer_of: Callable[[int], str]
) -> list[Problem]:
    """What is wrong with the records that the estimator refuses: the values unseen in training, where there are any."""
    problems: list[Problem] = []
    for index in _refused(model, columns, 0, len(columns[0])):
        problems += as_problems(warnings[index], pointer_of(index)) or [
            Problem(pointer_of(index), "not_predictable", "the model cannot predict these values")
        ]
    return problems


def _refused(model: Model, columns: Columns, start: int, stop: int) -> list[int]:
    """The indices, from start to stop, of records that the estimator refuses on their own; the first MAX_REFUSED."""
    if _attempt(model, [column[start:stop] for column in columns]) is not None:
        return []
    if stop - start == 1:
        return [start]
    middle = (start + stop) // 2
    left = _refused(model, columns, start, middle)
    return left if len(left) >= MAX_REFUSED else left + _refused(model, columns, middle, stop)


def _attempt(model: Model, columns: Columns) -> Outputs | None:
    try:
        return model.runtime.predict(columns)
    except NotPredictable:
        return None
