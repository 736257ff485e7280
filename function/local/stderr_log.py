"""Write the log to stderr outside Lambda, one line per log record with its fields; in Lambda awslambdaric writes it."""

import logging
import sys

_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({})))


class _FieldsFormatter(logging.Formatter):
    """Format a log record as its level, its message and its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS}
        return " ".join([f"{record.levelname}:", record.getMessage(), *(f"{k}={v}" for k, v in fields.items())])


def log_to_stderr() -> None:
    """Send the log of the `function` package to stderr, at level INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FieldsFormatter())
    logger = logging.getLogger("function")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
