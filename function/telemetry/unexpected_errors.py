"""Report unexpected errors: to the log without any feature value, to the caller with only the request id."""

import logging
import traceback

from function.errors import DeployerError, InternalError

logger = logging.getLogger("function")


def report_error(error: Exception, request_id: str) -> InternalError:
    """Log where the error was raised; return the error for the caller.

    Neither has the message of a library's error, which may quote a value (`could not convert string to float: '…'`).
    """
    ours = {"code": error.code, "reason": str(error)} if isinstance(error, DeployerError) else {}
    # The limit is explicit, because app.py sets sys.tracebacklimit to 0 for the errors that Lambda sends to callers.
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
    return InternalError(
        f"The request failed because of an error in this function: see the log under the id {request_id}."
    )
