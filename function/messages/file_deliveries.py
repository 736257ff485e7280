"""Score the files that messages name, without losing the outcome of other messages.

A file may end the process (by its size, or a fault in a library), and with it the invocation: all messages of the
invocation are then delivered again, processed or not. So a file is not scored beside other messages:

- If FILES_QUEUE_URL is set, the file is forwarded to that queue, whose messages are delivered one at a time.
- If it is not set, the file's message fails as long as its batch has other messages to process, and is delivered again.
- A batch of files alone is scored file by file. If the process ended before, the files that were scored by then are
  acknowledged first, without scoring the others.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from function.errors import DeployerError, RetryLater
from function.files.reported_file import ReportedFile
from function.files.s3_events import NotifiedObject, SourceObject, make_notification
from function.messages.results_queue import send_documents
from function.service import Service
from function.telemetry.unexpected_errors import report_error

logger = logging.getLogger("function")

type TimeLeft = Callable[[], float]
type DeliveryOutcome = DeployerError | None
"""Why a delivery failed; None if it did not."""
type FileOutcome = ReportedFile | DeployerError | None
"""The report of a scored file, or why it failed; None if there was nothing to do."""
type Files = Mapping[int, Sequence[SourceObject]]
"""The objects that messages name, by the message's index in its batch."""


def make_retry() -> RetryLater:
    """Return the failure of a message whose file was not tried."""
    return RetryLater("A file is not scored beside other messages: it is scored when its message is delivered again.")


def forward_files(service: Service, url: str, files: Files, remaining_ms: TimeLeft) -> dict[int, DeliveryOutcome]:
    """Send each file to the queue of files, in a message of its own; return the outcome of each delivery."""
    items = [(index, item) for index, objects in files.items() for item in objects]
    refused = send_documents(service, url, [make_notification(item) for _, item in items], remaining_ms)
    failures: dict[int, DeliveryOutcome] = dict.fromkeys(files)
    for position in refused:
        failures[items[position][0]] = RetryLater("The queue of files did not accept the file.")
    logger.info("files handed over", extra={"files": len(items) - len(refused)})
    return failures


def process_files(
    service: Service, files: Files, receive_count: int, remaining_ms: TimeLeft
) -> dict[int, list[FileOutcome]]:
    """Score the files of the messages of one batch; return the outcomes of each message's files.

    `receive_count` is the highest of these messages: how often it was received, including this time.
    """
    order = list(files)
    if receive_count > 1 and len(order) > 1:
        # One of them may have ended an earlier invocation. Acknowledge first what was scored before that.
        done = [index for index in order if all(_is_scored(service, item) for item in files[index])]
        if 0 < len(done) < len(order):
            return {index: [None if index in done else make_retry()] for index in order}
        # Alternate the direction, so that the files after one that ends the process are scored too.
        order = order[::-1] if receive_count // 2 % 2 else order
    return {index: score_files(service, files[index], remaining_ms) for index in order}


def score_files(service: Service, objects: Sequence[NotifiedObject], remaining_ms: TimeLeft) -> list[FileOutcome]:
    """Score every object, even if others fail; return one outcome each, in order."""
    from function.files.score_object import score_object  # other messages do not need its imports

    outcomes: list[FileOutcome] = []
    for item in objects:
        try:
            outcomes.append(score_object(service, item, remaining_ms) if isinstance(item, SourceObject) else item)
        except DeployerError as error:
            outcomes.append(error)
        except Exception as error:  # noqa: BLE001
            outcomes.append(report_error(error, "-"))
    return outcomes


def find_failure(outcomes: Sequence[FileOutcome]) -> DeliveryOutcome:
    """Return why the message of these files failed; None if it did not."""
    return next((outcome for outcome in outcomes if isinstance(outcome, DeployerError)), None)


def _is_scored(service: Service, item: SourceObject) -> bool:
    from function.files.score_object import is_scored

    try:
        return is_scored(service, item)
    except Exception:  # noqa: BLE001  # score it; that reports the cause
        return False
