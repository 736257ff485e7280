"""Delete the predictions of an earlier version of an object whose newer version cannot be scored."""

from typing import TYPE_CHECKING

from function.aws import import_service_errors
from function.errors import RetryLater
from function.files.report import is_later
from function.files.s3_errors import Gone, get_status, translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SEQUENCER = "sequencer"
"""The metadata name under which predictions hold the sequencer of their event."""


def delete_stale_predictions(client: "S3Client", bucket: str, key: str, sequencer: str | None) -> None:
    """Delete the predictions at `key`, unless they come from a later event than that of `sequencer`.

    Call this before the report of the failure is written. A reader then sees the earlier report, with or without its
    predictions, and afterwards the new report; never predictions beside the report of another version.

    Raises Gone if the predictions come from a later event, RetryLater.
    """
    try:
        with translate_errors("HeadObject"):
            try:
                head = client.head_object(Bucket=bucket, Key=key)
            except import_service_errors() as error:
                # S3 answers 403 for a missing object if the role may not list the bucket.
                if get_status(error) == 403:
                    return
                raise
    except Gone:
        return
    if is_later(head.get("Metadata", {}).get(SEQUENCER), sequencer):
        raise Gone
    try:
        with translate_errors("DeleteObject"):
            # Delete only the version that was checked.
            client.delete_object(Bucket=bucket, Key=key, IfMatch=head["ETag"])
    except Gone:
        raise RetryLater("The predictions were replaced while they were being deleted.") from None
