"""Clients of AWS's services; the only module that imports boto3, and it does so when a client is first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class Clients:
    """Clients, made once each; region, credentials and AWS_ENDPOINT_URL are those that boto3 finds."""

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        import boto3

        return boto3.client("s3", config=_config())

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        import boto3

        return boto3.client("sqs", config=_config())

    @cached_property
    def functions(self) -> "LambdaClient":
        """Lambda."""
        import boto3
        from botocore.config import Config

        # A first invocation of a large model takes long, and is not to be asked for twice.
        return boto3.client(
            "lambda", config=Config(connect_timeout=3, read_timeout=120, retries={"total_max_attempts": 2})
        )

    @cached_property
    def deployments(self) -> "CodeDeployClient":
        """CodeDeploy."""
        import boto3

        return boto3.client("codedeploy", config=_config())


def _config() -> "Config":
    from botocore.config import Config

    # boto3's own read timeout of 60 s, tried three times, outlasts a function's; bodies that break off are not retried
    # by botocore at all, and are by who reads them.
    return Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4})


def service_errors() -> tuple[type[Exception], ...]:
    """What a call of a client raises where the service, or the way to it, fails."""
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError)
