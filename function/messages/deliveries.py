"""What the message sources share: the records of all messages are predicted together, results sent, files worked on.

The sources import it when they are asked: the start of a function that answers HTTP does not pay for it.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from function.deadline import RESERVE_MS
from function.errors import DeployerError, MalformedInput, RequestError, RetryLater
from function.files.reported_file import ReportedFile
from function.files.s3_events import SourceObject, read_notification
from function.messages.file_deliveries import (
    DeliveryOutcome,
    TimeLeft,
    find_failure,
    forward_files,
    make_retry,
    process_files,
)
from function.messages.record_prediction import Content, make_refusal, predict_bodies
from function.messages.results_queue import send_documents
from function.model.prediction import PredictedDocument, Prediction
from function.service import Service
from function.telemetry.unexpected_errors import report_error

logger = logging.getLogger("function")

type Redelivery = Literal["each", "rest", "all"]
"""What a source can be told to deliver again: each message by itself, the rest from one on, or only all of them."""
type MessageOutcome = Sequence[Prediction] | ReportedFile | DeployerError | None
"""What became of a message or of one of its files: predicted, done, or why not; None where there was nothing to do."""


class Delivery(NamedTuple):
    """A message: its id (None where it has none), how to read its document, and how often it has been received.

    Reading raises where it cannot be done. `part` is its place among those that came under one id.
    """

    id: str | None
    read: Callable[[], Any]
    received: int = 1
    part: int | None = None


class _Files(NamedTuple):
    """What a message asks for that is S3's notification of objects."""

    objects: list[SourceObject]


class BatchOutcome(NamedTuple):
    """What became of a batch.

    `failures` has one item for each delivery, in order. `outcomes` has what came of each message and each file; a
    message that was predicted and whose result was not sent has both there, a failure may stand there more than once.
    """

    failures: list[DeliveryOutcome]
    outcomes: list[MessageOutcome]


class Deliveries:
    """One invocation's messages of one source."""

    def __init__(
        self,
        service: Service,
        source: str,
        deliveries: Sequence[Delivery],
        remaining_ms: TimeLeft,
        takes_back: Redelivery,
    ) -> None:
        self._service = service
        self._source = source
        self._deliveries = deliveries
        self._remaining_ms = remaining_ms
        self._takes_back = takes_back
        self._failures: list[DeliveryOutcome] = [None] * len(deliveries)
        self._outcomes: list[MessageOutcome] = []

    def process(self, group_of: Callable[[int], Hashable] | None = None, queue: str = "") -> BatchOutcome:
        """Process every delivery; return what became of each.

        A message that cannot be predicted fails, so that its source sets it aside; where that takes back only all, its
        problems are sent as its result. `group_of(i)` names the group of delivery i: after a failure the rest of its
        group is held back. Files have no place in the order of a source that takes back each: what comes of them goes
        elsewhere. `queue` is the ARN of the queue that the messages came from.

        Raises SettingError where a result is to be sent and RESULTS_QUEUE_URL is not set.
        """
        if self._remaining_ms() < RESERVE_MS:
            self._failures = [RetryLater("There was too little time left.") for _ in self._deliveries]
            return self._finish()
        asked = [_read_delivery(delivery) for delivery in self._deliveries]
        named = {index: item.objects for index, item in enumerate(asked) if isinstance(item, _Files)}
        if len(named) < len(asked):
            self._service.settings.require("results_queue_url")
        files = self._hand_over_files({index: objects for index, objects in named.items() if objects}, queue)
        contents = self._predict(asked)
        ordered = [i for i in range(len(asked)) if self._takes_back == "rest" or i not in named]
        self._hold_back(ordered, group_of)
        self._send({index: contents[index] for index in contents if self._failures[index] is None}, group_of)
        self._hold_back(ordered, group_of)
        self._process_files(files)
        return self._finish()

    def _finish(self) -> BatchOutcome:
        for delivery, failure in zip(self._deliveries, self._failures, strict=True):
            if failure is not None:
                # The error's text stays out: it may quote the name of a field.
                where = {"source": self._source, "message_id": delivery.id, "code": failure.code}
                logger.warning("message not dealt with", extra=where)
        return BatchOutcome(self._failures, [*self._outcomes, *self._failures])

    def _predict(self, asked: Sequence[object]) -> dict[int, Content]:
        """What is to be sent, by the index of the delivery; what cannot be predicted fails or is answered too."""
        messages = [index for index, item in enumerate(asked) if not isinstance(item, _Files)]
        contents: dict[int, Content] = {}
        for index, scored in zip(messages, predict_bodies(self._service, [asked[i] for i in messages]), strict=True):
            if isinstance(scored, PredictedDocument):
                self._outcomes.append(scored.predictions)
                contents[index] = scored.document
            elif self._takes_back == "all" and isinstance(scored, RequestError):
                self._outcomes.append(scored)
                contents[index] = make_refusal(self._service, scored)
            else:
                self._failures[index] = scored
        return contents

    def _send(self, contents: dict[int, Content], group_of: Callable[[int], Hashable] | None) -> None:
        if not contents:
            return
        indices = list(contents)
        groups = list(map(group_of, indices)) if group_of else None
        results = [{"source": self._source, **_identify(self._deliveries[i]), **contents[i]} for i in indices]
        url = self._service.settings.require("results_queue_url")
        for place in send_documents(self._service, url, results, self._remaining_ms, groups):
            self._failures[indices[place]] = RetryLater("The results queue did not accept the result.")

    def _hold_back(self, ordered: Iterable[int], group_of: Callable[[int], Hashable] | None) -> None:
        if group_of is None:
            return
        stopped: dict[Hashable, str | None] = {}
        for index in ordered:
            group, name = group_of(index), self._deliveries[index].id
            if self._failures[index] is not None:
                stopped.setdefault(group, name)
            # What came under one id comes again, or is given up, together: of that, what can be answered is.
            elif group in stopped and stopped[group] != name:
                self._failures[index] = RetryLater("A message before it was not dealt with, and the order is kept.")

    def _hand_over_files(self, files: dict[int, list[SourceObject]], queue: str) -> dict[int, list[SourceObject]]:
        """Hands over to the queue of files what must not be worked on in this company; the files that stay."""
        url = self._service.settings.files_queue_url
        alone = len(self._deliveries) == 1 and sum(map(len, files.values())) == 1
        if not files or alone:
            return files
        # What that very queue sends in batches must not go round in it.
        if url and url.split("/")[-2:] != queue.split(":")[-2:]:
            self._settle(forward_files(self._service, url, files, self._remaining_ms))
            return {}
        if self._takes_back == "rest":
            self._settle(dict.fromkeys(files, make_retry()))
        return files

    def _process_files(self, files: dict[int, list[SourceObject]]) -> None:
        """Works on the files that stay, as far as nothing that was dealt with can be lost with them."""
        first = next((i for i, o in enumerate(self._failures) if o is not None and self._deliveries[i].id), None)
        # What came under one id with a file cannot be settled without it.
        own = None if first is None or self._takes_back != "rest" else self._deliveries[first].id
        settled = [
            index
            for index, failure in enumerate(self._failures)
            if failure is None and index not in files and (own is None or self._deliveries[index].id != own)
        ]
        if self._takes_back == "rest" and len(self._deliveries) > 1:
            # Behind what comes before it, it will be the first; then it is worked on, and nothing behind it.
            is_first = first in files and not settled
            files = {index: files[index] for index in files if is_first and self._deliveries[index].id == own}
        elif self._takes_back == "each" and settled:
            self._settle(dict.fromkeys(files, make_retry()))
            return
        received = max((self._deliveries[index].received for index in files), default=1)
        processed = process_files(self._service, files, received, self._remaining_ms)
        self._outcomes += (outcome for outcomes in processed.values() for outcome in outcomes)
        self._settle({index: find_failure(outcomes) for index, outcomes in processed.items()})

    def _settle(self, failures: Mapping[int, DeliveryOutcome]) -> None:
        for index, failure in failures.items():
            self._failures[index] = failure


def raise_first_failure(failures: Sequence[DeliveryOutcome]) -> dict[str, Any]:
    """The answer to an asynchronous event, which nobody reads. Raises the first failure, so that Lambda tries again."""
    for failure in failures:
        if failure is not None:
            raise failure
    return {"done": len(failures)}


def _identify(delivery: Delivery) -> dict[str, object]:
    return {"id": delivery.id} if delivery.part is None else {"id": delivery.id, "part": delivery.part}


def _read_delivery(delivery: Delivery) -> object:
    """What a message asks for: files, a record (or instances), or nothing that can be read."""
    try:
        document = delivery.read()
        objects = read_notification(document)
    except RequestError as error:
        return error
    except Exception as error:  # noqa: BLE001
        return report_error(error, "-")
    if objects is None:
        return document
    malformed = next((item for item in objects if isinstance(item, MalformedInput)), None)
    return malformed or _Files([item for item in objects if isinstance(item, SourceObject)])
