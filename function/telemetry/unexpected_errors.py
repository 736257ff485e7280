"""Unforeseen errors: told to the log without any value, to the caller with nothing but the request's id."""

import logging
import traceback

from function.errors import DeployerError, InternalError

logger = logging.getLogger("function")


def report_error(error: Exception, request_id: str) -> InternalError:
    """Logs where the error came from, and returns what to tell the caller.

    A foreign error's own text stays out of both: a library's message may quote a value (`could not convert string to
    float: '…'`).
    """
    ours = {"code": error.code, "reason": str(error)} if isinstance(error, DeployerError) else {}
    # The limit is explicit since app.py cuts sys.tracebacklimit for what Lambda sends to callers.
    frames = traceback.extract_tb(error.__traceback__, limit=64)
    logger.error(
        "unforeseen error",
        extra={
            "code": InternalError.code,
            "error_type": type(error).__name__,
            "frames": [f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in frames],
            "request_id": request_id,
            **ours,
        },
    )
    return InternalError(f"The request failed for a reason of ours; the log has it under the id {request_id}.")
