"""What must hold so that a fault is seen by someone, and found. As in deliveries."""

import json
import re
from typing import Any

from tests.template.access import list_fronted
from tests.template.expand import Template
from tests.template.reading import dead_letter_queues, find_by_type, function_of, may, queue_mappings, target


def alarms_tell_someone(template: Template) -> list[str]:
    """Each alarm has an action on a topic of the stack, which CloudWatch may publish to; a gap in data is no alarm."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::CloudWatch::Alarm"):
        actions = [target(action) for action in properties.get("AlarmActions", [])]
        topics = [a for a in actions if template["Resources"].get(a, {}).get("Type") == "AWS::SNS::Topic"]
        if not topics or properties.get("ActionsEnabled") is False:
            complaints.append(f"{name}: tells nobody")
        if properties.get("TreatMissingData") != "notBreaching":
            complaints.append(f"{name}: TreatMissingData")
        for topic in topics:
            key = template["Resources"][topic]["Properties"].get("KmsMasterKeyId")
            policy = json.dumps(template["Resources"].get(target(key), {}).get("Properties", {}).get("KeyPolicy", ""))
            if key is not None and "cloudwatch.amazonaws.com" not in policy:
                complaints.append(f"{topic}: CloudWatch cannot publish under its key")
    return complaints


def list_alarmed(
    template: Template, metric: str, subject: str, dimension: str = "FunctionName"
) -> list[dict[str, Any]]:
    """The alarms on a metric of that subject, directly or in an expression."""
    found = []
    for _, properties in find_by_type(template, "AWS::CloudWatch::Alarm"):
        metrics = [q["MetricStat"]["Metric"] for q in properties.get("Metrics", []) if "MetricStat" in q]
        for one in [properties, *metrics]:
            dimensions = {d["Name"]: target(d["Value"]) for d in one.get("Dimensions", [])}
            if one.get("MetricName") == metric and dimensions == {dimension: subject}:
                found.append(properties)
    return found


def functions_are_watched(template: Template) -> list[str]:
    """Errors of every function; throttles and dropped events of those that are called."""
    complaints = []
    for name, _ in find_by_type(template, "AWS::Lambda::Function"):
        wanted = ["Errors", *(["Throttles", "AsyncEventsDropped"] if name in list_fronted(template) else [])]
        complaints += [
            f"{name}: no alarm on {metric}"
            for metric in wanted
            if not any(map(_fires_at_once, list_alarmed(template, metric, name)))
        ]
    return complaints


def _fires_at_once(alarm: dict[str, Any]) -> bool:
    """Whether one is enough."""
    more = alarm["ComparisonOperator"] == "GreaterThanThreshold" and alarm["Threshold"] == 0
    return bool(more) or (alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold" and alarm["Threshold"] == 1)


def slow_functions_are_seen_before_they_are_stopped(template: Template) -> list[str]:
    """The slowest hundredth of a called function's invocations is held against its own timeout."""
    complaints = []
    for name in sorted(list_fronted(template)):
        timeout = template["Resources"][name]["Properties"]["Timeout"]
        shares = []
        for alarm in list_alarmed(template, "Duration", name):
            if any(query.get("MetricStat", {}).get("Stat") == "p99" for query in alarm.get("Metrics", [])):
                expression = next(q["Expression"] for q in alarm["Metrics"] if "Expression" in q)
                match = re.fullmatch(r"p99 / 10 / (\d+)", expression)
                shares += [alarm["Threshold"]] if match and int(match[1]) == timeout else []
        if not any(0 < share < 100 for share in shares):
            complaints.append(f"{name}: no alarm on p99 against its {timeout} s")
    return complaints


def failures_are_watched(template: Template) -> list[str]:
    """Whatever lies in a dead-letter queue is told at once; and where Lambda cannot even write to one."""
    complaints = [
        f"{queue}: no alarm"
        for queue in sorted(dead_letter_queues(template))
        if not any(
            _fires_at_once(a)
            for a in list_alarmed(template, "ApproximateNumberOfMessagesVisible", queue, dimension="QueueName")
        )
    ]
    for name, properties in find_by_type(template, "AWS::Lambda::EventInvokeConfig"):
        function = function_of(template, properties["FunctionName"])
        if "OnFailure" in properties.get("DestinationConfig", {}) and not list_alarmed(
            template, "DestinationDeliveryFailures", function
        ):
            complaints.append(f"{name}: no alarm on DestinationDeliveryFailures")
    return complaints


def api_errors_are_watched(template: Template) -> list[str]:
    """A 5xx of an API is told."""
    apis = find_by_type(template, "AWS::ApiGatewayV2::Api")
    return [
        f"{n}: no alarm on 5xx"
        for n, _ in apis
        if not any(map(_fires_at_once, list_alarmed(template, "5xx", n, "ApiId")))
    ]


def streams_are_watched(template: Template) -> list[str]:
    """How far a function is behind a stream."""
    queues = {name for name, _, _ in queue_mappings(template)}
    return [
        f"{name}: no alarm on IteratorAge"
        for name, properties in find_by_type(template, "AWS::Lambda::EventSourceMapping")
        if name not in queues
        and not list_alarmed(template, "IteratorAge", function_of(template, properties["FunctionName"]))
    ]


def calls_are_traced(template: Template) -> list[str]:
    """Each function that is called traces, and may send its traces."""
    complaints = []
    for name in sorted(list_fronted(template)):
        if template["Resources"][name]["Properties"].get("TracingConfig", {}).get("Mode") != "Active":
            complaints.append(f"{name}: TracingConfig")
        if not may(template, name, "xray:PutTraceSegments", "*"):
            complaints.append(f"{name}: may not send traces")
    return complaints


def dashboards_show_what_there_is(template: Template) -> list[str]:
    """A dashboard is JSON, its widgets have metrics, and each reference in it is to a resource of the stack."""
    boards = dict(find_by_type(template, "AWS::CloudWatch::Dashboard"))
    complaints = [] if boards else ["there is no dashboard"]
    for name, properties in boards.items():
        try:
            widgets = json.loads(properties["DashboardBody"])["widgets"]
        except (ValueError, KeyError):
            complaints.append(f"{name}: its body is no JSON")
            continue
        complaints += [
            f"{name}: {widget['properties']['title']} is empty"
            for widget in widgets
            if not widget["properties"]["metrics"]
        ]
        references = re.findall(r"\$\{(\w+)", properties["DashboardBody"])
        complaints += [f"{name}: {reference}" for reference in references if reference not in template["Resources"]]
    return complaints
