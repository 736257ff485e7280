"""One line of the log for each invocation: what was done, under which ids, and for CloudWatch the metrics in it.

The line is JSON in the embedded metric format, out of which CloudWatch makes metrics without being called:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Dimensions are the function's name, and beside it an error's code or a feature's name: as many as there are codes and
features (of these MAX_FEATURES), whatever is sent. No value of a feature is in it, nor anything else that a caller
wrote but a correlation id that is a UUID.

Powertools' Logger and Metrics would do this too. They cost 25 ms of each cold start, this 0.6 (docs/decisions/0008).
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
    """An invocation that is over: its ids, its source's name, how long it took (seconds), whether it was the first."""

    function: str
    request_id: str
    source: str
    model: Mapping[str, str]
    seconds: float
    cold: bool


class _CorrelationFilter(logging.Filter):
    """Gives every record of the function's log the invocation's correlation id."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = _correlation.get()
        return True


def add_correlation_ids() -> None:
    """Has the function's log name the correlation id from here on."""
    logger = logging.getLogger("function")
    if not any(isinstance(known, _CorrelationFilter) for known in logger.filters):
        logger.addFilter(_CorrelationFilter())


def begin_invocation(correlation_id: object) -> None:
    """An invocation begins: its log is found by this id from here on; by a dash where it has not the form of an id."""
    _correlation.set(correlation_id if isinstance(correlation_id, str) and _is_id(correlation_id) else "-")


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _MAX_ID and _ID_CHARACTERS.issuperset(text)


def write_lines(namespace: str, invocation: Invocation, counts: Counts) -> None:
    """Writes the invocation's lines to standard output, which Lambda puts into the log; metrics under `namespace`."""
    # In one piece: nothing comes between two halves of a line.
    sys.stdout.write("".join(f"{json.dumps(line)}\n" for line in make_lines(namespace, invocation, counts)))
    sys.stdout.flush()


def make_lines(namespace: str, invocation: Invocation, counts: Counts) -> list[dict[str, object]]:
    """What is written: the invocation's own line and, with a namespace, one for each code and each feature."""
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
    """At most MAX_FEATURES of one invocation by name, those that come first in the alphabet, the rest together."""
    found: dict[str, int] = {}
    for name in sorted(out_of_range):
        shown = _make_dimension(name) if len(found) < MAX_FEATURES else OTHER_FEATURES
        found[shown] = found.get(shown, 0) + out_of_range[name]
    return found


def _make_dimension(name: str) -> str:
    """The name as CloudWatch takes it: printable ASCII, up to 250 characters, not blank."""
    text = "".join(c if c.isprintable() else "?" for c in name.encode("ascii", "backslashreplace").decode())
    return text[:250] if text.strip() else "(blank)"


def _read_trace_id(header: str) -> str:
    """The trace's id in X-Ray's header."""
    root = header.partition("Root=")[2].partition(";")[0]
    return root if _is_id(root) else "-"
