"""Clients of AWS's services; boto3 is imported when a client is first used."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class Clients:
    """Clients, each created at its first use; boto3 finds the region, the credentials and AWS_ENDPOINT_URL."""

    @cached_property
    def s3(self) -> "S3Client":
        """Return the client of S3."""
        import boto3

        return boto3.client("s3", config=_create_config())

    @cached_property
    def sqs(self) -> "SQSClient":
        """Return the client of SQS."""
        import boto3

        return boto3.client("sqs", config=_create_config())

    @cached_property
    def functions(self) -> "LambdaClient":
        """Return the client of Lambda."""
        import boto3
        from botocore.config import Config

        # The first invocation of a large model takes long, and must not be repeated.
        return boto3.client(
            "lambda", config=Config(connect_timeout=3, read_timeout=120, retries={"total_max_attempts": 2})
        )

    @cached_property
    def deployments(self) -> "CodeDeployClient":
        """Return the client of CodeDeploy."""
        import boto3

        return boto3.client("codedeploy", config=_create_config())


def _create_config() -> "Config":
    from botocore.config import Config

    # boto3's default, a read timeout of 60 s and three tries, is longer than a function's timeout. botocore does not
    # retry a body that breaks off: its reader does.
    return Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4})


def import_service_errors() -> tuple[type[Exception], ...]:
    """Import the classes of the exceptions that a client raises where the service or the network fails."""
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError)
