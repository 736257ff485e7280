"""Process the messages of one invocation: predict their records together, send the results, score the files they name.

Sources import it at their first event, so that the cold start of a function that answers HTTP skips it.
"""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from function.deadline import RESERVE_MS
from function.errors import DeployerError, RequestError, RetryLater
from function.files.reported_file import ReportedFile
from function.files.s3_events import SourceObject
from function.messages.delivery import Body, Delivery, Notification, Redelivery, read_delivery
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

logger = logging.getLogger("function")

type MessageOutcome = Sequence[Prediction] | ReportedFile | DeployerError | None
"""The outcome of a message or of one of its files: predictions, a report, an error; None if there was nothing to do."""
type GetGroup = Callable[[int], Hashable]
"""A function from the index of a delivery to its group. The order is kept within a group."""
type Files = dict[int, list[SourceObject]]
"""The objects that messages name, by the index of the delivery."""


class BatchOutcome(NamedTuple):
    """The outcome of a batch.

    `failures` has one item for each delivery, in order. `outcomes` has the outcomes of all messages and files, to be
    counted: a message that was predicted and whose result was not sent has two, and a failure may be there twice.
    """

    failures: list[DeliveryOutcome]
    outcomes: list[MessageOutcome]


class Deliveries:
    """The messages of one invocation, all of one source."""

    def __init__(
        self,
        service: Service,
        source: str,
        deliveries: Sequence[Delivery],
        remaining_ms: TimeLeft,
        redelivery: Redelivery,
    ) -> None:
        self._service = service
        self._source = source
        self._deliveries = deliveries
        self._remaining_ms = remaining_ms
        self._redelivery = redelivery
        self._failures: list[DeliveryOutcome] = [None] * len(deliveries)
        self._outcomes: list[MessageOutcome] = []

    def process(self, get_group: GetGroup | None = None, queue_arn: str = "") -> BatchOutcome:
        """Process every delivery; return one outcome each, in order.

        A message that cannot be predicted fails, so that its source sets it aside. If the source can only deliver the
        whole batch again, the message's problems are sent as its result instead.
        After a failure, later messages of its group fail too, and no result of them is sent. Files are not part of
        this order if the source delivers each message again by itself: their predictions do not go to the queue.
        `queue_arn` is the ARN of the queue that the messages come from.

        Raises SettingError if there is a result to send and RESULTS_QUEUE_URL is not set.
        """
        if self._remaining_ms() < RESERVE_MS:
            self._failures = [RetryLater("There was too little time left.") for _ in self._deliveries]
            return self._make_outcome()
        files, bodies = self._read()
        if bodies:
            self._service.settings.require("results_queue_url")
        waiting_files = self._forward({index: objects for index, objects in files.items() if objects}, queue_arn)
        results = self._predict(bodies)
        ordered = range(len(self._deliveries)) if self._redelivery == "rest" else list(bodies)
        self._keep_order(ordered, get_group)
        self._send({index: results[index] for index in results if self._failures[index] is None}, get_group)
        self._keep_order(ordered, get_group)
        self._score(self._choose_files(waiting_files))
        return self._make_outcome()

    def _read(self) -> tuple[Files, dict[int, object]]:
        """Read every message; return the files and the bodies, by the index of the delivery."""
        files: Files = {}
        bodies: dict[int, object] = {}
        for index, content in enumerate(map(read_delivery, self._deliveries)):
            match content:
                case Notification(objects):
                    files[index] = objects
                case Body(document):
                    bodies[index] = document
        return files, bodies

    def _forward(self, files: Files, queue_arn: str) -> Files:
        """Forward files that must not be scored beside other messages to the queue of files; return those that stay."""
        is_only_file = len(self._deliveries) == 1 and sum(map(len, files.values())) == 1
        if not files or is_only_file:
            return files
        url = self._service.settings.files_queue_url
        # Messages that come from the queue of files itself, in a batch, must not go back to it without end.
        if url and url.split("/")[-2:] != queue_arn.split(":")[-2:]:
            self._set_failures(forward_files(self._service, url, files, self._remaining_ms))
            return {}
        if self._redelivery == "rest":
            self._set_failures(dict.fromkeys(files, make_retry()))
        return files

    def _predict(self, bodies: Mapping[int, object]) -> dict[int, Content]:
        """Predict the bodies together; return the results to send, by the index of the delivery."""
        results: dict[int, Content] = {}
        predicted = predict_bodies(self._service, list(bodies.values()))
        for index, prediction in zip(bodies, predicted, strict=True):
            if isinstance(prediction, PredictedDocument):
                self._outcomes.append(prediction.predictions)
                results[index] = prediction.document
            elif self._redelivery == "all" and isinstance(prediction, RequestError):
                self._outcomes.append(prediction)
                results[index] = make_refusal(self._service, prediction)
            else:
                self._failures[index] = prediction
        return results

    def _keep_order(self, ordered: Sequence[int], get_group: GetGroup | None) -> None:
        """Fail the messages that follow a failure in their group."""
        if get_group is None:
            return
        failed_ids: dict[Hashable, str | None] = {}
        for index in ordered:
            group, message_id = get_group(index), self._deliveries[index].id
            if self._failures[index] is not None:
                failed_ids.setdefault(group, message_id)
            # Messages with the same id are delivered again, or given up, together: send the results that there are.
            elif group in failed_ids and failed_ids[group] != message_id:
                self._failures[index] = RetryLater("A message before it was not processed, and the order is kept.")

    def _send(self, results: Mapping[int, Content], get_group: GetGroup | None) -> None:
        if not results:
            return
        indices = list(results)
        groups = list(map(get_group, indices)) if get_group else None
        documents = [{"source": self._source, **self._deliveries[i].identify(), **results[i]} for i in indices]
        url = self._service.settings.require("results_queue_url")
        for position in send_documents(self._service, url, documents, self._remaining_ms, groups):
            self._failures[indices[position]] = RetryLater("The results queue did not accept the result.")

    def _choose_files(self, files: Files) -> Files:
        """Return the files to score now; fail the others.

        A file may end the process, and then every message of the invocation is delivered again. So no file is scored
        beside a message that is processed already.
        """
        if self._redelivery == "rest" and len(self._deliveries) > 1:
            # All files have failed so far. One is scored when it is the first message of its batch, and with it only
            # those of the same id.
            first_failed = next(
                (i for i, failure in enumerate(self._failures) if failure is not None and self._deliveries[i].id), None
            )
            if first_failed is None or first_failed not in files:
                return {}
            failed_id = self._deliveries[first_failed].id
            own_files = {index: objects for index, objects in files.items() if self._deliveries[index].id == failed_id}
            is_first = all(self._deliveries[index].id == failed_id for index in self._list_processed(files))
            return own_files if is_first else {}
        if self._redelivery == "each" and self._list_processed(files):
            self._set_failures(dict.fromkeys(files, make_retry()))
            return {}
        return files

    def _list_processed(self, files: Files) -> list[int]:
        return [i for i, failure in enumerate(self._failures) if failure is None and i not in files]

    def _score(self, files: Files) -> None:
        receive_count = max((self._deliveries[index].receive_count for index in files), default=1)
        processed = process_files(self._service, files, receive_count, self._remaining_ms)
        self._outcomes += (outcome for outcomes in processed.values() for outcome in outcomes)
        self._set_failures({index: find_failure(outcomes) for index, outcomes in processed.items()})

    def _set_failures(self, failures: Mapping[int, DeliveryOutcome]) -> None:
        for index, failure in failures.items():
            self._failures[index] = failure

    def _make_outcome(self) -> BatchOutcome:
        """Log the failures, without the errors' sentences: they may quote the name of a field."""
        for delivery, failure in zip(self._deliveries, self._failures, strict=True):
            if failure is not None:
                fields = {"source": self._source, "message_id": delivery.id, "code": failure.code}
                logger.warning("message not processed", extra=fields)
        return BatchOutcome(self._failures, [*self._outcomes, *self._failures])


def raise_first_failure(failures: Sequence[DeliveryOutcome]) -> dict[str, Any]:
    """Raise the first failure, so that Lambda tries the asynchronous event again; else return how many there were."""
    for failure in failures:
        if failure is not None:
            raise failure
    return {"done": len(failures)}
