"""Takes back the predictions of an earlier version of an object whose newer version cannot be scored."""

from typing import TYPE_CHECKING

from function.aws import import_service_errors
from function.errors import RetryLater
from function.files.report import is_later
from function.files.s3_errors import Gone, get_status, translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SEQUENCER = "sequencer"
"""Under which name predictions say, in their metadata, which event they come from."""


def delete_stale_predictions(client: "S3Client", bucket: str, key: str, sequencer: str | None) -> None:
    """Deletes the predictions at `key`, but for those of a later event than the one of `sequencer`.

    It is done before the report of the failure is written: who reads sees the earlier report with its predictions or
    without them, then the new one, and never predictions beside a report that they are not of.

    Raises Gone where they are of a later event, RetryLater.
    """
    try:
        with translate_errors("HeadObject"):
            try:
                head = client.head_object(Bucket=bucket, Key=key)
            except import_service_errors() as error:
                # A role that may not list a bucket is told 403 of what is not there.
                if get_status(error) == 403:
                    return
                raise
    except Gone:
        return
    if is_later(head.get("Metadata", {}).get(SEQUENCER), sequencer):
        raise Gone
    try:
        with translate_errors("DeleteObject"):
            # Nothing but what was looked at.
            client.delete_object(Bucket=bucket, Key=key, IfMatch=head["ETag"])
    except Gone:
        raise RetryLater("Predictions were replaced while they were taken back.") from None
