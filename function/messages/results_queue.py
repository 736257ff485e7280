"""Send documents to a queue: the results of messages, and the notifications of files."""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from function.deadline import RESERVE_MS
from function.formats import strict_json
from function.service import Service

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# The limits of one SendMessageBatch (AWS, "Amazon SQS message quotas"): messages, and bytes together.
MAX_BATCH = 10
MAX_BATCH_BYTES = 1024 * 1024

logger = logging.getLogger("function")


def send_documents(
    service: Service,
    url: str,
    documents: Sequence[Mapping[str, object]],
    remaining_ms: Callable[[], float],
    groups: Sequence[Hashable] | None = None,
) -> list[int]:
    """Send the documents in order; return the indices of those that were not sent or not accepted.

    `groups` has the group of each document. After a failure in a group, no later batch has a document of that group.
    After a request to the queue fails, or when `remaining_ms()` is below the reserve, nothing more is sent.
    """
    bodies = [_encode_document(document) for document in documents]
    # SQS refuses a whole batch if one document is too large.
    failed = {index for index, body in enumerate(bodies) if not 0 < len(body) <= MAX_BATCH_BYTES}
    for batch in _split_into_batches(bodies):
        stopped = {groups[index] for index in failed} if groups else set()
        indices = [i for i in batch if i not in failed and not (groups and groups[i] in stopped)]
        failed.update(set(batch).difference(indices))
        if remaining_ms() < RESERVE_MS:
            return sorted(failed.union(range(batch[0], len(bodies))))
        try:
            accepted = _send_batch(service, url, indices, bodies) if indices else set()
        except Exception as error:  # noqa: BLE001  # botocore's parser may raise anything if the response is not SQS's
            logger.warning("queue failed", extra={"error_type": type(error).__name__, "documents": len(indices)})
            return sorted(failed.union(range(batch[0], len(bodies))))
        failed.update(set(indices) - accepted)
    return sorted(failed)


def _encode_document(document: Mapping[str, object]) -> str:
    """Encode the document as JSON; return an empty string if that is impossible, so that the others are still sent."""
    try:
        return strict_json.dumps(document)
    except (ValueError, TypeError, RecursionError) as error:
        logger.error("document is no JSON", extra={"error_type": type(error).__name__})  # its text may quote a value
        return ""


def _split_into_batches(bodies: Sequence[str]) -> Iterator[list[int]]:
    """Yield the indices in batches within the limits of SQS."""
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
    """Send one batch; return the indices that the response names as successful and not as failed.

    Raises what botocore raises.
    """
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(index), "MessageBody": bodies[index]} for index in indices
    ]
    response = service.clients.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    successful = {entry.get("Id") for entry in response.get("Successful") or []}
    failed = {entry.get("Id") for entry in response.get("Failed") or []}
    accepted = {index for index in indices if str(index) in successful - failed}
    if len(accepted) < len(indices):
        logger.warning("documents not accepted", extra={"documents": len(indices) - len(accepted)})
    return accepted
