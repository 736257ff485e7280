"""What the message sources share: files are scored, the records of all messages predicted together, results sent.

The sources import it when they are asked: the start of a function that answers HTTP does not pay for it.
"""

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from function.deadline import RESERVE_MS
from function.errors import DeployerError, RequestError, RetryLater
from function.failures import report
from function.files import SourceObject, notified, score_object
from function.messages import Content, refusal, score
from function.results import send
from function.service import Service

logger = logging.getLogger("function")

type TimeLeft = Callable[[], float]
type Outcome = DeployerError | None
"""What became of a delivery: dealt with, or why it is not."""


class Delivery(NamedTuple):
    """A message: its id, and how to read its document, which raises RequestError where that cannot be done."""

    id: str
    read: Callable[[], Any]


class _Files(NamedTuple):
    """What a message asks for that is S3's notification of objects."""

    objects: list[SourceObject]


class Deliveries:
    """One invocation's messages of one source."""

    def __init__(self, service: Service, source: str, deliveries: Sequence[Delivery], remaining_ms: TimeLeft) -> None:
        self._service = service
        self._source = source
        self._deliveries = deliveries
        self._remaining_ms = remaining_ms
        self._outcomes: list[Outcome] = [None] * len(deliveries)

    def deal(self, *, answer_refused: bool = False, group_of: Callable[[int], Hashable] | None = None) -> list[Outcome]:
        """Deals with all of them and says of each what became of it.

        A message that cannot be predicted fails, so that its source sets it aside; with `answer_refused`, for sources
        that have no way to, its problems are sent as its result. `group_of(i)` names the group of delivery i: after a
        failure the rest of its group is held back.

        Raises SettingError where a result is to be sent and RESULTS_QUEUE_URL is not set.
        """
        if self._remaining_ms() < RESERVE_MS:
            self._outcomes = [RetryLater("There was too little time left.") for _ in self._deliveries]
            return self._counted()
        asked = [_asked(delivery) for delivery in self._deliveries]
        if not all(isinstance(item, _Files) for item in asked):
            self._service.settings.require("results_queue_url")
        contents = self._contents(asked, answer_refused=answer_refused)
        self._hold_back(group_of)
        self._send({index: contents[index] for index in contents if self._outcomes[index] is None}, group_of)
        for index, item in enumerate(asked):
            if isinstance(item, _Files):
                self._outcomes[index] = score_files(self._service, item.objects, self._remaining_ms)
        self._hold_back(group_of)
        return self._counted()

    def _counted(self) -> list[Outcome]:
        for delivery, outcome in zip(self._deliveries, self._outcomes, strict=True):
            if outcome is not None:
                self._service.seen.refused(outcome)
                # The error's text stays out: it may quote the name of a field.
                where = {"source": self._source, "message_id": delivery.id, "code": outcome.code}
                logger.warning("message not dealt with", extra=where)
        return self._outcomes

    def _contents(self, asked: Sequence[object], *, answer_refused: bool) -> dict[int, Content]:
        """What is to be sent, by the index of the delivery; what cannot be predicted fails or is answered too."""
        messages = [index for index, item in enumerate(asked) if not isinstance(item, _Files)]
        contents: dict[int, Content] = {}
        for index, scored in zip(messages, score(self._service, [asked[i] for i in messages]), strict=True):
            if not isinstance(scored, RequestError):
                contents[index] = scored
            elif answer_refused:
                self._service.seen.refused(scored)
                contents[index] = refusal(self._service, scored)
            else:
                self._outcomes[index] = scored
        return contents

    def _send(self, contents: dict[int, Content], group_of: Callable[[int], Hashable] | None) -> None:
        indices = list(contents)
        groups = list(map(group_of, indices)) if group_of else None
        results = [{"source": self._source, "id": self._deliveries[i].id, **contents[i]} for i in indices]
        if not results:
            return
        url = self._service.settings.require("results_queue_url")
        for place in send(self._service, url, results, self._remaining_ms, groups):
            self._outcomes[indices[place]] = RetryLater("The results queue did not accept the result.")

    def _hold_back(self, group_of: Callable[[int], Hashable] | None) -> None:
        if group_of is None:
            return
        stopped: set[Hashable] = set()
        for index, outcome in enumerate(self._outcomes):
            if outcome is not None:
                stopped.add(group_of(index))
            elif group_of(index) in stopped:
                self._outcomes[index] = RetryLater("A message before it was not dealt with, and the order is kept.")


def settled(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The answer to an asynchronous event, which nobody reads. Raises the first failure, so that Lambda tries again."""
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
    return {"done": len(outcomes)}


def score_files(service: Service, objects: Sequence[SourceObject], remaining_ms: TimeLeft) -> Outcome:
    """Scores every object, whatever becomes of the others; the first failure, or None."""
    first: Outcome = None
    for item in objects:
        failure: Outcome = None
        try:
            score_object(service, item, remaining_ms)
        except DeployerError as error:
            failure = error
        except Exception as error:  # noqa: BLE001
            failure = report(error, "-")
        if failure is not None:
            service.seen.refused(failure)
        first = first or failure
    return first


def _asked(delivery: Delivery) -> object:
    """What a message asks for: files, a record (or instances), or nothing that can be read."""
    try:
        document = delivery.read()
    except RequestError as error:
        return error
    objects = notified(document)
    return document if objects is None else _Files(objects)
