"""Write one line to the log for each invocation: its outcome, its ids and its metrics for CloudWatch.

The line is JSON in the embedded metric format. CloudWatch makes metrics from it without an API call:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
The dimensions are the function's name alone, or with an error code or a feature's name. So their number is limited by
the number of codes and features (at most MAX_FEATURES), whatever callers send. The line has no feature value, and
nothing else that a caller wrote, except a correlation id that is a UUID.

Powertools' Logger and Metrics do this too. They add 25 ms to each cold start, this module 0.6 ms (docs/decisions/0008).
"""

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from time import time
from typing import NamedTuple

from function.telemetry.counts import Counts

MAX_FEATURES = 50
OTHER_FEATURES = "(other features)"
_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_:.-")
_MAX_ID = 128

_correlation: ContextVar[str] = ContextVar("correlation", default="-")


class Invocation(NamedTuple):
    """A finished invocation: its ids, the name of its source, its duration in seconds, and if it was a cold start."""

    function: str
    request_id: str
    source: str
    model: Mapping[str, str]
    seconds: float
    cold: bool


class _CorrelationFilter(logging.Filter):
    """Add the invocation's correlation id to every record of the function's log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = _correlation.get()
        return True


def add_correlation_ids() -> None:
    """Add the correlation id to the records of the function's log from now on. A second call does nothing."""
    logger = logging.getLogger("function")
    if not any(isinstance(known, _CorrelationFilter) for known in logger.filters):
        logger.addFilter(_CorrelationFilter())


def begin_invocation(correlation_id: object) -> None:
    """Set the correlation id of the log lines that follow; a dash if the value does not look like an id."""
    _correlation.set(correlation_id if isinstance(correlation_id, str) and _is_id(correlation_id) else "-")


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _MAX_ID and _ID_CHARACTERS.issuperset(text)


def write_lines(namespace: str, invocation: Invocation, counts: Counts) -> None:
    """Write the invocation's lines to standard output, from where Lambda copies them to the log.

    The metrics belong to `namespace`; if it is empty, there are none.
    """
    # One call, so that no other output can split a line.
    sys.stdout.write("".join(f"{json.dumps(line)}\n" for line in make_lines(namespace, invocation, counts)))
    sys.stdout.flush()


def make_lines(namespace: str, invocation: Invocation, counts: Counts) -> list[dict[str, object]]:
    """Return the lines: one for the invocation and, with a namespace, one for each error code and each feature."""
    common: dict[str, object] = {
        "level": "INFO",
        "message": "invocation",
        "logger": "function",
        "requestId": invocation.request_id,
        "correlation_id": _correlation.get(),
        "trace_id": _read_trace_id(os.environ.get("_X_AMZN_TRACE_ID", "")),
        "source": invocation.source,
        "model_name": invocation.model["name"],
        "model_version": invocation.model["version"],
        "FunctionName": invocation.function,
    }
    numbers = {
        "Predictions": counts.successes,
        "Rows": counts.rows,
        "Rejections": sum(counts.rejections.values()),
        "OutOfRange": sum(counts.out_of_range.values()),
        "ColdStarts": int(invocation.cold),
        "Latency": round(invocation.seconds * 1000, 3),
    }
    if not namespace:
        return [common | numbers | {"rejections": counts.rejections}]
    first = (
        _make_metrics(namespace, ["FunctionName"], list(numbers)) | common | numbers | {"rejections": counts.rejections}
    )
    by_code = [
        _make_metrics(namespace, ["FunctionName", "Code"], ["Rejections"])
        | common
        | {"Code": code, "Rejections": count}
        for code, count in counts.rejections.items()
    ]
    by_feature = [
        _make_metrics(namespace, ["FunctionName", "Feature"], ["OutOfRange"])
        | common
        | {"Feature": name, "OutOfRange": count}
        for name, count in _limit_features(counts.out_of_range).items()
    ]
    return [first, *by_code, *by_feature]


def _make_metrics(namespace: str, dimensions: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    metrics = [{"Name": name, "Unit": "Milliseconds" if name == "Latency" else "Count"} for name in names]
    directive = {"Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics}
    return {"_aws": {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [directive]}}


def _limit_features(out_of_range: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of the first MAX_FEATURES features in alphabetical order, and the sum of the others."""
    counts: dict[str, int] = {}
    for name in sorted(out_of_range):
        dimension = _make_dimension(name) if len(counts) < MAX_FEATURES else OTHER_FEATURES
        counts[dimension] = counts.get(dimension, 0) + out_of_range[name]
    return counts


def _make_dimension(name: str) -> str:
    """Return the name in the form that CloudWatch accepts: printable ASCII, at most 250 characters, not blank."""
    text = "".join(c if c.isprintable() else "?" for c in name.encode("ascii", "backslashreplace").decode())
    return text[:250] if text.strip() else "(blank)"


def _read_trace_id(header: str) -> str:
    """Return the trace id in the header of X-Ray."""
    root = header.partition("Root=")[2].partition(";")[0]
    return root if _is_id(root) else "-"
