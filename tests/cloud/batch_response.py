"""How an event source mapping with ReportBatchItemFailures reads what a function returned.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from collections.abc import Sequence
from typing import Any

from tests.cloud.function import Verdict


def list_failed_items(verdict: Verdict, identifiers: Sequence[str]) -> set[str]:
    """Which of the batch's identifiers count as failed.

    None, `{}` and an empty, missing or null `batchItemFailures` are full success. An error, an empty, null or unknown
    identifier and another name of its key are full failure. Of an answer that is no object the page says nothing but
    "invalid JSON": full failure here.
    """
    everything = set(identifiers)
    if verdict.error is not None:
        return everything
    if verdict.answer is None:
        return set()
    if not isinstance(verdict.answer, dict):
        return everything
    failures: Any = verdict.answer.get("batchItemFailures")
    if not failures:
        return set()
    if not isinstance(failures, list):
        return everything
    failed = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    return {str(identifier) for identifier in failed} if everything.issuperset(failed) else everything
