"""Scores messages that nobody waits on: the records of all in one prediction, each message with its own outcome."""

from collections.abc import Sequence

from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, RequestError
from function.formats import strict_json
from function.model.prediction import (
    Outcome,
    PredictedDocument,
    Records,
    build_document,
    predict_each,
    read_records,
    require_all,
)
from function.service import Service
from function.telemetry.unexpected_errors import report_error

type Content = dict[str, object]

# What a queue takes as one message (function.messages.results_queue), with room for the source and the id.
MAX_CONTENT_BYTES = 1024 * 1024 - 16 * 1024


def predict_bodies(service: Service, bodies: Sequence[object]) -> list[PredictedDocument[Content] | DeployerError]:
    """The answer to each body, as an HTTP caller would get it, or what is wrong with it.

    A body that is an error, since it could not be read, comes back as it is.
    """
    read = [_read_records(service, body) for body in bodies]
    outcomes = iter(_predict_records(service, [item for item in read if isinstance(item, Records)]))
    return [_make_content(service, item, next(outcomes)) if isinstance(item, Records) else item for item in read]


def make_refusal(service: Service, error: RequestError) -> Content:
    """What the results queue gets of a message that cannot be predicted, where its source cannot set it aside.

    Of more problems than it takes the first ones, and how many are left out: it would come again for ever.
    """
    problems = [problem._asdict() for problem in error.problems] if isinstance(error, InvalidInput) else []
    content: Content = {
        "code": error.code,
        "detail": str(error),
        "problems": problems,
        "model": service.model.manifest.identity,
    }
    kept = problems
    while kept and not _is_small_enough(content):
        kept = kept[: len(kept) // 2]
        content |= {"problems": kept, "problems_omitted": len(problems) - len(kept)}
    return content


def _read_records(service: Service, body: object) -> Records | DeployerError:
    if isinstance(body, DeployerError):
        return body
    try:
        return read_records(service.model, body)
    except RequestError as error:
        return error


def _predict_records(service: Service, read: Sequence[Records]) -> list[list[Outcome] | InternalError]:
    """What the records of each come to, computed together; where that fails as such, halving finds for whom."""
    try:
        records = [record for item in read for record in item.records]
        found = iter(predict_each(service.model, records, strict=service.settings.strict_inputs))
        return [[next(found) for _ in item.records] for item in read]
    except Exception as error:  # noqa: BLE001
        if len(read) <= 1:
            return [report_error(error, "-") for _ in read]
        half = len(read) // 2
        return _predict_records(service, read[:half]) + _predict_records(service, read[half:])


def _make_content(
    service: Service, records: Records, outcomes: Sequence[Outcome] | InternalError
) -> PredictedDocument[Content] | DeployerError:
    if isinstance(outcomes, InternalError):
        return outcomes
    try:
        predictions = require_all(outcomes, records.make_pointer)
    except InvalidInput as error:
        return error
    content = build_document(service.model, records, predictions)
    if not _is_small_enough(content):
        return InputTooLarge("The answer would be larger than a message of a queue may be: send fewer records at once.")
    return PredictedDocument(content, predictions)


def _is_small_enough(content: Content) -> bool:
    """Whether a queue takes it: what it does not take once, it never takes."""
    return len(strict_json.dumps(content)) <= MAX_CONTENT_BYTES
