"""Messages that name files. A file may bring the function down (by its size, or a fault in a library), and with it the
invocation: whatever that has dealt with then comes again. So each is worked on where nothing else is lost with it.

Where FILES_QUEUE_URL is set, it is handed over to that queue, whose mapping sends one message at a time. Where it is
not, a file's message is handed back while there are others to settle; files alone are worked on one after the other,
and after a death, what was done by then is settled first, without the rest.
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
"""Why a delivery is not dealt with; None where it is."""
type FileOutcome = ReportedFile | DeployerError | None
"""What became of a file: it is done, or why it is not; None where there was nothing to do."""
type Files = Mapping[int, Sequence[SourceObject]]
"""The objects that messages name, by the message's place in its batch."""


def make_retry() -> RetryLater:
    """Why a file's message is handed back before anything was tried."""
    return RetryLater("A file is worked on where no other message can be lost with it: when its message comes again.")


def forward_files(service: Service, url: str, files: Files, remaining_ms: TimeLeft) -> dict[int, DeliveryOutcome]:
    """Sends each file to the queue of files, in a message of its own; that is all there is to do with them here."""
    places = [(index, item) for index, objects in files.items() for item in objects]
    refused = send_documents(service, url, [make_notification(item) for _, item in places], remaining_ms)
    failures: dict[int, DeliveryOutcome] = dict.fromkeys(files)
    for place in refused:
        failures[places[place][0]] = RetryLater("The queue of files did not accept the file.")
    logger.info("files handed over", extra={"files": len(places) - len(refused)})
    return failures


def process_files(
    service: Service, files: Files, received: int, remaining_ms: TimeLeft
) -> dict[int, list[FileOutcome]]:
    """Score the files of messages that came together, the one received most so many times.

    Return for each message what became of its files.
    """
    order = list(files)
    if received > 1 and len(order) > 1:
        # One of them may have brought an earlier invocation down. What was done by then must not share its fate.
        done = [index for index in order if all(_is_scored(service, item) for item in files[index])]
        if 0 < len(done) < len(order):
            return {index: [None if index in done else make_retry()] for index in order}
        # From the other end in its turn: what lies behind the one that kills is reached too.
        order = order[::-1] if received // 2 % 2 else order
    return {index: score_files(service, files[index], remaining_ms) for index in order}


def score_files(service: Service, objects: Sequence[NotifiedObject], remaining_ms: TimeLeft) -> list[FileOutcome]:
    """Score every object, whatever becomes of the others; return one outcome each, in order."""
    from function.files.score_object import score_object  # no other message needs what it imports

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
    """Why the message of these files is not dealt with; None where it is."""
    return next((outcome for outcome in outcomes if isinstance(outcome, DeployerError)), None)


def _is_scored(service: Service, item: SourceObject) -> bool:
    from function.files.score_object import is_scored

    try:
        return is_scored(service, item)
    except Exception:  # noqa: BLE001  # what cannot be known is tried, and then told
        return False
