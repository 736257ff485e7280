"""Predict the records of several messages together; each message has its own outcome."""

from collections.abc import Sequence

from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, RequestError
from function.formats import strict_json
from function.model.prediction import (
    Outcome,
    PredictedDocument,
    Records,
    build_document,
    check_texts,
    predict_each,
    read_records,
    require_all,
)
from function.service import Service
from function.telemetry.unexpected_errors import report_error

type Content = dict[str, object]

# The largest message of a queue (function.messages.results_queue), less room for the source and the id.
MAX_CONTENT_BYTES = 1024 * 1024 - 16 * 1024


def predict_bodies(service: Service, bodies: Sequence[object]) -> list[PredictedDocument[Content] | DeployerError]:
    """Predict the bodies; return for each one the document that an HTTP caller would get, or its error.

    An error in the place of a body that could not be read is returned unchanged.
    """
    read = [_read_records(service, body) for body in bodies]
    outcomes = iter(_predict_records(service, [item for item in read if isinstance(item, Records)]))
    return [_make_content(service, item, next(outcomes)) if isinstance(item, Records) else item for item in read]


def make_refusal(service: Service, error: RequestError) -> Content:
    """Return the result of a message that cannot be predicted, if its source cannot set it aside.

    If the problems do not fit in one message of a queue, it has the first ones and the number of those omitted:
    without a result that fits, the message would be delivered again without end.
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
        records = read_records(service.model, body)
        check_texts(service.model, records.records, records.make_pointer)
        return records
    except RequestError as error:
        return error


def _predict_records(service: Service, read: Sequence[Records]) -> list[list[Outcome] | InternalError]:
    """Predict the records of all messages together. If that raises, find the messages that cause it by halving."""
    try:
        records = [record for item in read for record in item.records]
        outcomes = iter(predict_each(service.model, records, strict=service.settings.strict_inputs))
        return [[next(outcomes) for _ in item.records] for item in read]
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
        return InputTooLarge(
            "The result would be larger than a message of SQS may be (1 MB): send fewer records at once."
        )
    return PredictedDocument(content, predictions)


def _is_small_enough(content: Content) -> bool:
    """Tell whether the content fits in one message of a queue."""
    return len(strict_json.dumps(content)) <= MAX_CONTENT_BYTES
