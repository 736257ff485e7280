"""The log outside of Lambda, where awslambdaric writes it: one line per record on stderr, with its fields."""

import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class _FieldsFormatter(logging.Formatter):
    """The message, and the fields that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return " ".join([f"{record.levelname}:", record.getMessage(), *(f"{k}={v}" for k, v in fields.items())])


def log_to_stderr() -> None:
    """Sends the function's log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FieldsFormatter())
    logger = logging.getLogger("function")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
