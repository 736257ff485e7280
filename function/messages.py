"""Scores messages that nobody waits on: the records of all in one prediction, each message with its own outcome."""

from collections.abc import Sequence

from function.errors import InvalidInput, RequestError
from function.prediction import Outcome, Records, all_or_none, answer_document, predict_each, records_of
from function.service import Service

type Content = dict[str, object]


def score(service: Service, bodies: Sequence[object]) -> list[Content | RequestError]:
    """The answer to each body, as an HTTP caller would get it, or what is wrong with it.

    A body that is a RequestError, since it could not be read, comes back as it is.
    """
    read = [_records(service, body) for body in bodies]
    records = [record for item in read if isinstance(item, Records) for record in item.records]
    outcomes = iter(predict_each(service.model, records, strict=service.settings.strict_inputs))
    return [
        _content(service, item, [next(outcomes) for _ in item.records]) if isinstance(item, Records) else item
        for item in read
    ]


def refusal(service: Service, error: RequestError) -> Content:
    """What the results queue gets of a message that cannot be predicted, where its source cannot set it aside."""
    problems = error.problems if isinstance(error, InvalidInput) else []
    return {
        "code": error.code,
        "detail": str(error),
        "problems": [problem._asdict() for problem in problems],
        "model": service.model.manifest.identity,
    }


def _records(service: Service, body: object) -> Records | RequestError:
    if isinstance(body, RequestError):
        return body
    try:
        return records_of(service.model, body)
    except RequestError as error:
        return error


def _content(service: Service, records: Records, outcomes: Sequence[Outcome]) -> Content | RequestError:
    try:
        predictions = all_or_none(outcomes, records.pointer_of)
    except InvalidInput as error:
        return error
    service.seen.predicted([prediction.warnings for prediction in predictions])
    return answer_document(service.model, records, predictions)
