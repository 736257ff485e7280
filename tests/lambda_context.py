"""The context that Lambda passes to a handler beside the event."""

from collections.abc import Sequence


class LambdaContext:
    """A context with the attributes of awslambdaric's, of which a test says only what varies.

    Of several remaining times, in milliseconds, each call returns the next one; the last one stays.
    """

    def __init__(
        self,
        remaining_ms: int | Sequence[int] = 60_000,
        *,
        aws_request_id: str = "request-1",
        function_name: str = "predict",
    ) -> None:
        self.aws_request_id = aws_request_id
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{function_name}"
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = "2026/01/02/[$LATEST]1"
        self.memory_limit_in_mb = "1024"
        self.client_context = None
        self.identity = None
        self.tenant_id = None
        self._remaining_ms = [remaining_ms] if isinstance(remaining_ms, int) else list(remaining_ms)

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms.pop(0) if len(self._remaining_ms) > 1 else self._remaining_ms[0]
