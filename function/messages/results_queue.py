"""Sends what nobody waits on to a queue: the results of messages, and the notifications of files."""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from function.deadline import RESERVE_MS
from function.formats import strict_json
from function.service import Service

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# What SQS takes in one SendMessageBatch (AWS, "Amazon SQS message quotas").
MAX_BATCH = 10
MAX_BATCH_BYTES = 1024 * 1024

logger = logging.getLogger("function")


def send_documents(
    service: Service,
    url: str,
    documents: Sequence[Mapping[str, object]],
    time_left: Callable[[], float],
    groups: Sequence[Hashable] | None = None,
) -> list[int]:
    """Sends the documents in their order and returns the indices of those that were not sent or not accepted.

    Where there are `groups`, one per document, nothing of a group is sent in a later batch than a failure of its own.
    Once the queue fails as such, or `time_left()` (milliseconds) runs out, nothing more is sent.
    """
    bodies = [_encode_document(document) for document in documents]
    # Its size would have the queue refuse the whole batch that it is in.
    failed = {index for index, body in enumerate(bodies) if not 0 < len(body) <= MAX_BATCH_BYTES}
    for batch in _split_into_batches(bodies):
        stopped = {groups[index] for index in failed} if groups else set()
        sent = [i for i in batch if i not in failed and not (groups and groups[i] in stopped)]
        failed.update(set(batch).difference(sent))
        if time_left() < RESERVE_MS:
            return sorted(failed.union(range(batch[0], len(bodies))))
        try:
            accepted = _send_batch(service, url, sent, bodies) if sent else set()
        except Exception as error:  # noqa: BLE001  # botocore's parser raises anything on an answer of another protocol
            logger.warning("queue failed", extra={"error_type": type(error).__name__, "documents": len(sent)})
            return sorted(failed.union(range(batch[0], len(bodies))))
        failed.update(set(sent) - accepted)
    return sorted(failed)


def _encode_document(document: Mapping[str, object]) -> str:
    """The document as JSON; empty where it is none, which costs no other document its way."""
    try:
        return strict_json.dumps(document)
    except (ValueError, TypeError, RecursionError) as error:
        logger.error("document is no JSON", extra={"error_type": type(error).__name__})  # its text may hold a value
        return ""


def _split_into_batches(bodies: Sequence[str]) -> Iterator[list[int]]:
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


def _send_batch(service: Service, url: str, indices: Sequence[int], bodies: Sequence[str]) -> set[int]:
    """The indices that the queue says it has: named as successful, and not as failed. Raises what botocore raises."""
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(index), "MessageBody": bodies[index]} for index in indices
    ]
    answer = service.clients.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    successful = {entry.get("Id") for entry in answer.get("Successful") or []}
    failed = {entry.get("Id") for entry in answer.get("Failed") or []}
    accepted = {index for index in indices if str(index) in successful - failed}
    if len(accepted) < len(indices):
        logger.warning("documents not accepted", extra={"documents": len(indices) - len(accepted)})
    return accepted
