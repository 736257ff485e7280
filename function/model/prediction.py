"""Predict records: check them, run the model, build the answer. It must not know HTTP, AWS or scikit-learn."""

from collections.abc import Callable, Sequence
from math import copysign, inf, isfinite
from sys import float_info
from typing import NamedTuple

from function.errors import (
    NOT_FINITE,
    NOT_PREDICTABLE,
    UNKNOWN_FIELD,
    WRONG_TYPE,
    InputTooLarge,
    InvalidInput,
    Problem,
    format_pointer,
)
from function.model.contract import Columns, Value, Warning, convert_warnings
from function.model.dtypes import FLOAT32, LARGEST
from function.model.manifest import Label
from function.model.runtime import Model, NotPredictable

MAX_RECORDS = 10_000


class Prediction(NamedTuple):
    """The prediction for one record; `probabilities` by class, if the classifier has them."""

    value: Label
    probabilities: dict[str, float] | None
    warnings: list[Warning]


type Outcome = Prediction | list[Problem]
type OutputRow = tuple[Label, Sequence[float] | None]
type Suspect = tuple[int, Value]
type PointerMaker = Callable[[int, str], str]


class Records(NamedTuple):
    """The records of a body: one, or `many` in an array `instances`."""

    records: list[object]
    many: bool

    def make_pointer(self, index: int, inside: str) -> str:
        """Return the JSON pointer into the body for `inside`, a pointer into record `index`."""
        return f"/instances/{index}{inside}" if self.many else inside


class PredictedDocument[Document](NamedTuple):
    """What the sender of some records gets, and the predictions in it."""

    document: Document
    predictions: Sequence[Prediction]


def predict_document(model: Model, body: object, *, strict: bool = False) -> dict[str, object]:
    """The answer to one record, or to `{"instances": [record, …]}`, as JSON-ready objects.

    Raises InvalidInput with every problem and its JSON pointer, InputTooLarge past 10,000 records.
    """
    return predict_body(model, body, strict=strict).document


def predict_body(model: Model, body: object, *, strict: bool = False) -> PredictedDocument[dict[str, object]]:
    """Return what `predict_document` does, and the predictions in it. Raises as `predict_document` does."""
    records = read_records(model, body)
    predictions = predict(model, records.records, records.make_pointer, strict=strict)
    return PredictedDocument(build_document(model, records, predictions), predictions)


def read_records(model: Model, body: object) -> Records:
    """Return the records in a body. Raises InvalidInput, InputTooLarge."""
    if not isinstance(body, dict) or "instances" not in body or _is_record(model, body):
        return Records([body], many=False)
    records = body["instances"]
    problems = [
        Problem(format_pointer(key), UNKNOWN_FIELD, "only instances may stand here")
        for key in body
        if key != "instances"
    ]
    if not isinstance(records, list):
        problems.append(Problem("/instances", WRONG_TYPE, "expected an array of records"))
    if problems:
        raise InvalidInput(problems)
    _check_count(records)
    return Records(records, many=True)


def _is_record(model: Model, body: dict[str, object]) -> bool:
    """Tell whether `instances` is a feature here: other fields stand beside it, or it is no array."""
    return "instances" in model.manifest.contract.names and (len(body) > 1 or not isinstance(body["instances"], list))


def build_document(model: Model, records: Records, predictions: Sequence[Prediction]) -> dict[str, object]:
    """Build the answer for these records, as JSON-ready objects."""
    if records.many:
        document: dict[str, object] = {"predictions": [p.value for p in predictions]}
        probabilities: object = [p.probabilities for p in predictions]
        warnings: object = [_describe_warnings(p) for p in predictions]
    else:
        (prediction,) = predictions
        document = {"prediction": prediction.value}
        probabilities, warnings = prediction.probabilities, _describe_warnings(prediction)
    if predictions and predictions[0].probabilities is not None:
        document["probabilities"] = probabilities
    return document | {"warnings": warnings, "model": model.manifest.identity}


def _check_count(records: Sequence[object]) -> None:
    if len(records) > MAX_RECORDS:
        raise InputTooLarge(f"More than {MAX_RECORDS:,} records at once: send them in several calls.")


def _describe_warnings(prediction: Prediction) -> list[dict[str, str]]:
    return [warning._asdict() for warning in prediction.warnings]


def predict(
    model: Model, records: Sequence[object], make_pointer: PointerMaker, *, strict: bool = False
) -> list[Prediction]:
    """One prediction per record, in their order, computed together; all or none.

    `make_pointer(i, inside)` is where the body has what `inside` points at in record i.
    Raises InvalidInput, InputTooLarge.
    """
    _check_count(records)
    return require_all(predict_each(model, records, strict=strict), make_pointer)


def require_all(outcomes: Sequence[Outcome], make_pointer: PointerMaker) -> list[Prediction]:
    """Return the predictions if there is one for each record. Raises InvalidInput with all problems."""
    predictions: list[Prediction] = []
    problems: list[Problem] = []
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Prediction):
            predictions.append(outcome)
        else:
            problems += [problem._replace(pointer=make_pointer(index, problem.pointer)) for problem in outcome]
    if problems:
        raise InvalidInput(problems)
    return predictions


def predict_each(model: Model, records: Sequence[object], *, strict: bool = False) -> list[Outcome]:
    """Return a prediction or a list of problems for each record. Valid records are computed together.

    The pointers of problems start at the record.
    """
    checked = model.manifest.contract.check(records, strict=strict)
    outcomes: list[Outcome] = [checked.problems.get(index, []) for index in range(len(records))]
    warnings = [checked.warnings[index] for index in checked.valid]
    answers = _predict_rows(model, checked.columns, warnings)
    for index, answer, noticed in zip(checked.valid, answers, warnings, strict=True):
        outcomes[index] = _build_outcome(model.manifest.probability_keys, answer, noticed)
    return outcomes


def _build_outcome(classes: Sequence[str], answer: OutputRow | None, warnings: list[Warning]) -> Outcome:
    if answer is None:
        # The cause is a value that training never had, if there is one.
        return convert_warnings(warnings) or [Problem("", NOT_PREDICTABLE, "the model cannot predict these values")]
    value, row = answer
    probabilities = None if row is None else dict(zip(classes, row, strict=True))
    if (isinstance(value, float) and not isfinite(value)) or not all(map(isfinite, row or ())):
        return [Problem("", NOT_FINITE, "the model has no finite answer for these values")]
    return Prediction(value, probabilities, warnings)


def _predict_rows(model: Model, columns: Columns, warnings: list[list[Warning]]) -> list[OutputRow | None]:
    """Return the runtime's answer to each row of the columns; None for a row that the estimator refuses."""
    if (answers := _attempt(model, columns)) is not None:
        return answers
    # The estimator mostly refuses a text that training never had, or a number that float32 cannot hold, in every row.
    # Try each such value once, in an ordinary record. Search by halving only for what is refused after that.
    suspects = [_find_suspects(model, columns, position, noticed) for position, noticed in enumerate(warnings)]
    refused = {
        suspect
        for suspect in {s for row in suspects for s in row}
        if _attempt(model, _insert_suspect(model, suspect)) is None
    }
    rest = [position for position, row in enumerate(suspects) if refused.isdisjoint(row)]
    found = dict(zip(rest, _bisect(model, _select_rows(columns, rest)), strict=True))
    return [found.get(position) for position in range(len(warnings))]


def _find_suspects(model: Model, columns: Columns, position: int, warnings: list[Warning]) -> list[Suspect]:
    """Return the values of a row that an estimator may refuse by themselves, each with the index of its feature."""
    names = model.manifest.contract.names
    values = [(place, columns[place][position]) for place in (names.index(warning.feature) for warning in warnings)]
    return [
        (place, copysign(inf, value) if isinstance(value, float) else value)
        for place, value in values
        if not isinstance(value, float) or abs(value) > LARGEST[FLOAT32]
    ]


def _insert_suspect(model: Model, suspect: Suspect) -> Columns:
    """Return the example record with the suspect in it. The largest float stands for every number beyond float32."""
    columns = model.manifest.contract.check([model.manifest.examples[0].record]).columns
    place, value = suspect
    columns[place] = [copysign(float_info.max, value) if isinstance(value, float) else value]
    return columns


def _bisect(model: Model, columns: Columns) -> list[OutputRow | None]:
    """Answer the rows; find the refused ones by halving."""
    count = len(columns[0])
    if (answers := _attempt(model, columns)) is not None:
        return answers
    if count == 1:
        return [None]
    half = count // 2
    return _bisect(model, [column[:half] for column in columns]) + _bisect(model, [column[half:] for column in columns])


def _select_rows(columns: Columns, positions: Sequence[int]) -> Columns:
    return [[column[position] for position in positions] for column in columns]


def _attempt(model: Model, columns: Columns) -> list[OutputRow | None] | None:
    try:
        outputs = model.runtime.predict(columns)
    except NotPredictable:
        return None
    if outputs.probabilities is None:
        return [(value, None) for value in outputs.values]
    return list(zip(outputs.values, outputs.probabilities, strict=True))
