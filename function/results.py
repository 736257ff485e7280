"""Sends the results of messages that nobody waits on to the results queue, and says which were not accepted."""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from function import strict_json
from function.aws import service_errors
from function.deadline import RESERVE_MS
from function.service import Service

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# What SQS takes in one SendMessageBatch (AWS, "Amazon SQS message quotas").
MAX_BATCH = 10
MAX_BATCH_BYTES = 1024 * 1024

logger = logging.getLogger("function")


def send(
    service: Service,
    results: Sequence[Mapping[str, object]],
    time_left: Callable[[], float],
    groups: Sequence[Hashable] | None = None,
) -> list[int]:
    """Sends the results in their order and returns the indices of those that were not sent or not accepted.

    Where there are `groups`, one per result, nothing of a group is sent in a later batch than a failure of its own.
    Once the queue fails as such, or `time_left()` (milliseconds) runs out, nothing more is sent.

    Raises SettingError where RESULTS_QUEUE_URL is not set.
    """
    url = service.settings.require("results_queue_url")
    bodies = [strict_json.dumps(result) for result in results]
    # Its size would have the queue refuse the whole batch that it is in.
    failed = {index for index, body in enumerate(bodies) if len(body) > MAX_BATCH_BYTES}
    for batch in _batches(bodies):
        stopped = {groups[index] for index in failed} if groups else set()
        sent = [i for i in batch if i not in failed and not (groups and groups[i] in stopped)]
        failed.update(set(batch).difference(sent))
        if time_left() < RESERVE_MS:
            return sorted(failed.union(range(batch[0], len(bodies))))
        try:
            failed.update(_refused(service, url, sent, bodies) if sent else ())
        except service_errors() as error:
            logger.warning("results queue failed", extra={"error_type": type(error).__name__, "results": len(sent)})
            return sorted(failed.union(range(batch[0], len(bodies))))
    return sorted(failed)


def _batches(bodies: Sequence[str]) -> Iterator[list[int]]:
    """The indices in batches that SQS takes."""
    batch: list[int] = []
    size = 0
    for index, body in enumerate(bodies):
        if batch and (len(batch) == MAX_BATCH or size + len(body) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += len(body)
    if batch:
        yield batch


def _refused(service: Service, url: str, indices: Sequence[int], bodies: Sequence[str]) -> list[int]:
    """The indices that the queue did not accept. Raises what `service_errors` names."""
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(index), "MessageBody": bodies[index]} for index in indices
    ]
    answer = service.clients.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    failed = [int(entry["Id"]) for entry in answer.get("Failed", [])]
    if failed:
        logger.warning("results not accepted", extra={"results": len(failed)})
    return failed
