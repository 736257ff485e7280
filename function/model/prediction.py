"""Predict records: check them, run the model, build the document for the caller.

This module must not know HTTP, AWS or scikit-learn.
"""

from collections.abc import Callable, Sequence
from math import copysign, inf, isfinite
from sys import float_info
from typing import Any, NamedTuple

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
from function.model.runtime import Model, NotPredictable
from function.model.target import Output, describe_prediction, describe_scores

MAX_RECORDS = 10_000


class Prediction(NamedTuple):
    """The prediction for one record: the model's output, and what is unusual in the record."""

    output: Output
    warnings: list[Warning]


type Outcome = Prediction | list[Problem]
"""The outcome for one record. A list of problems is not empty."""
type Suspect = tuple[int, Value]
"""A value that the estimator may refuse, after the index of its feature."""
type PointerMaker = Callable[[int, str], str]


class Records(NamedTuple):
    """The records of a body: one record, or with `many` the records of an array `instances`."""

    records: list[object]
    many: bool

    def make_pointer(self, index: int, inside: str) -> str:
        """Return the JSON pointer into the body for `inside`, a pointer into record `index`."""
        return f"/instances/{index}{inside}" if self.many else inside


class PredictedDocument[Document](NamedTuple):
    """The document for the sender of some records, and the predictions in it."""

    document: Document
    predictions: Sequence[Prediction]


def predict_document(model: Model, body: object, *, strict: bool = False) -> dict[str, object]:
    """Predict one record, or `{"instances": [record, …]}`; return the document for the caller as JSON-ready objects.

    Raises InvalidInput with every problem and its JSON pointer, InputTooLarge for more than 10,000 records.
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
        Problem(format_pointer(key), UNKNOWN_FIELD, "no other member is allowed beside instances: remove it")
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
    """Tell whether `instances` is a feature in this body: there are other fields, or it is not an array."""
    return "instances" in model.manifest.contract.names and (len(body) > 1 or not isinstance(body["instances"], list))


def build_document(model: Model, records: Records, predictions: Sequence[Prediction]) -> dict[str, object]:
    """Build the document for the sender of these records, as JSON-ready objects."""
    targets, scores = model.manifest.targets, model.manifest.scores
    columns: dict[str, list[Any]] = {"prediction": [describe_prediction(targets, p.output) for p in predictions]}
    if scores and predictions:
        columns[scores] = [describe_scores(targets, p.output) for p in predictions]
    columns["warnings"] = [_describe_warnings(p) for p in predictions]
    if records.many:
        document = {"predictions" if name == "prediction" else name: column for name, column in columns.items()}
    else:
        document = {name: column[0] for name, column in columns.items()}
    return {**document, "model": model.manifest.identity}


def _check_count(records: Sequence[object]) -> None:
    if len(records) > MAX_RECORDS:
        raise InputTooLarge(f"More than {MAX_RECORDS:,} records at once: send them in several calls.")


def check_texts(model: Model, records: Sequence[object], make_pointer: PointerMaker) -> None:
    """Raise InputTooLarge, with the place of the text, if a free text is too long."""
    if (found := model.manifest.contract.find_long_text(records)) is not None:
        index, problem = found
        raise InputTooLarge(f"{make_pointer(index, problem.pointer)}: {problem.detail}")


def _describe_warnings(prediction: Prediction) -> list[dict[str, str]]:
    return [warning._asdict() for warning in prediction.warnings]


def predict(
    model: Model, records: Sequence[object], make_pointer: PointerMaker, *, strict: bool = False
) -> list[Prediction]:
    """Predict the records together; return one prediction for each, in order.

    `make_pointer(i, inside)` returns the JSON pointer into the body for `inside`, a pointer into record i.
    Raises InvalidInput if any record cannot be predicted, InputTooLarge for more than 10,000 records or a text that is
    too long.
    """
    _check_count(records)
    check_texts(model, records, make_pointer)
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
    outputs = _predict_rows(model, checked.columns, warnings)
    for index, output, row_warnings in zip(checked.valid, outputs, warnings, strict=True):
        outcomes[index] = _build_outcome(output, row_warnings)
    return outcomes


def _build_outcome(output: Output | None, warnings: list[Warning]) -> Outcome:
    if output is None:
        # If the record has values unseen in training, they are the cause.
        return convert_warnings(warnings) or [Problem("", NOT_PREDICTABLE, "the model cannot predict these values")]
    if not all(isfinite(value) for value in output if isinstance(value, float)):
        return [Problem("", NOT_FINITE, "the model's prediction for these values is not a finite number")]
    return Prediction(output, warnings)


def _predict_rows(model: Model, columns: Columns, warnings: list[list[Warning]]) -> list[Output | None]:
    """Return the runtime's output for each row of the columns; None for a row that the estimator refuses."""
    if (outputs := _attempt(model, columns)) is not None:
        return outputs
    # The cause is mostly a string unseen in training, or a number that float32 cannot hold: the estimator refuses every
    # row with it. Try each such value once, in the example record. Halve only the rows without a refused value.
    suspects = [_find_suspects(model, columns, position, found) for position, found in enumerate(warnings)]
    refused = {
        suspect
        for suspect in {s for row in suspects for s in row}
        if _attempt(model, _insert_suspect(model, suspect)) is None
    }
    rest = [position for position, row in enumerate(suspects) if refused.isdisjoint(row)]
    by_position = dict(zip(rest, _bisect(model, _select_rows(columns, rest)), strict=True))
    return [by_position.get(position) for position in range(len(warnings))]


def _find_suspects(model: Model, columns: Columns, position: int, warnings: list[Warning]) -> list[Suspect]:
    """Return the values of a row that an estimator may refuse by themselves, each with the index of its feature."""
    names = model.manifest.contract.names
    indices = [names.index(warning.feature) for warning in warnings]
    return [
        (index, copysign(inf, value) if isinstance(value, float) else value)
        for index, value in ((index, columns[index][position]) for index in indices)
        if not isinstance(value, float) or abs(value) > LARGEST[FLOAT32]
    ]


def _insert_suspect(model: Model, suspect: Suspect) -> Columns:
    """Return the example record with the suspect in it. The largest float represents every number beyond float32."""
    columns = model.manifest.contract.check([model.manifest.examples[0].record]).columns
    index, value = suspect
    columns[index] = [copysign(float_info.max, value) if isinstance(value, float) else value]
    return columns


def _bisect(model: Model, columns: Columns) -> list[Output | None]:
    """Predict the rows; find the refused ones by halving."""
    count = len(columns[0])
    if (outputs := _attempt(model, columns)) is not None:
        return outputs
    if count == 1:
        return [None]
    half = count // 2
    return _bisect(model, [column[:half] for column in columns]) + _bisect(model, [column[half:] for column in columns])


def _select_rows(columns: Columns, positions: Sequence[int]) -> Columns:
    return [[column[position] for position in positions] for column in columns]


def _attempt(model: Model, columns: Columns) -> list[Output | None] | None:
    """Predict all rows; return None if the estimator refuses one of them."""
    try:
        return [*model.runtime.predict(columns)]
    except NotPredictable:
        return None
