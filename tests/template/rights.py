"""What must hold of roles and of who may call whom: all that is needed, and nothing more. As in deliveries."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.template.expand import Template
from tests.template.reading import (
    find_by_type,
    function_of,
    make_list,
    may,
    resource_policies,
    rights,
    statements,
    target,
    text,
)

# Actions that may name every resource, and why.
WILDCARDS = {
    "xray:PutTraceSegments": "X-Ray has no resources to name",
    "xray:PutTelemetryRecords": "the same",
    "cloudwatch:DescribeAlarms": "CodeDeploy asks for several at once, as AWS's own policy for it lets it",
}
# Managed policies that a role may hold, and why. None does: each allows more than one resource of one stack.
MANAGED: dict[str, str] = {}


def rights_are_few(template: Template) -> list[str]:
    """No wildcard in an action, none as a resource, no managed policy, nobody let in without a name."""
    complaints = []
    for role, properties in find_by_type(template, "AWS::IAM::Role"):
        managed = map(text, properties.get("ManagedPolicyArns", []))
        complaints += [f"{role}: {policy}" for policy in managed if policy not in MANAGED]
        for statement in statements(template, role):
            actions = make_list(statement.get("Action", "*"))
            resources = list(map(text, make_list(statement.get("Resource", "*"))))
            if resources == ["*"] and set(actions) <= WILDCARDS.keys():
                continue
            for one in (*actions, *resources):
                if statement["Effect"] == "Allow" and re.search(r"[*?]", _drop_end(one)):
                    complaints.append(f"{role}: {one}")
    for name, statement in resource_policies(template):
        principal = statement.get("Principal", "*")
        if statement["Effect"] == "Allow" and (
            "*" in str(principal) or "aws:SourceArn" not in json.dumps(statement.get("Condition", {}))
        ):
            complaints.append(f"{name}: lets in {principal}")
    return complaints


def _drop_end(text_of_arn: str) -> str:
    """The text without a wildcard where one may stand, at the end: after an object's prefix, a function or a group."""
    ends = (r"(arn:aws:s3:::[^*?/]+/[^*?]+/)\*", r"(\$\{\w+\.Arn\}:)\*", r"(arn:aws:codedeploy:[^*?]+/)\*")
    return re.sub(f"^(?:{'|'.join(ends)})$", "", text_of_arn)


def invokers_are_named(template: Template) -> list[str]:
    """Only this account's bucket, topic, rule or API may invoke a function."""
    permissions = find_by_type(template, "AWS::Lambda::Permission")
    return [n for n, p in permissions if not {"SourceArn", "SourceAccount"} & p.keys()]


def rights_are_enough(template: Template) -> list[str]:
    """The role allows what the function's variables and mappings ask of it, and on files no more than that."""
    complaints = []
    for function, _ in find_by_type(template, "AWS::Lambda::Function"):
        needed = set(needs(template, function))
        complaints += [
            f"{function}: may not {' '.join(need)}" for need in sorted(needed) if not may(template, function, *need)
        ]
        # What may be done with the model is access.model_is_read_and_no_more's matter.
        uri = template["Resources"][function]["Properties"]["Environment"]["Variables"].get("MODEL_URI") or "none"
        model = f"arn:aws:s3:::{uri.removeprefix('s3://')}*"
        on_files = {(a, r) for a, r in rights(template, function) if a.startswith("s3:") and (r != model or "Put" in a)}
        complaints += [f"{function}: may {' '.join(right)}" for right in sorted(on_files - needed)]
        complaints += [
            f"{function}: may not {action} {text(p['EventSourceArn'])}"
            for _, p in find_by_type(template, "AWS::Lambda::EventSourceMapping")
            if function_of(template, p["FunctionName"]) == function
            for action in reading(p["EventSourceArn"])
            if not may(template, function, action, text(p["EventSourceArn"]))
        ]
    return complaints


def needs(template: Template, function: str) -> Iterator[tuple[str, str]]:
    """What the function asks of buckets and queues."""
    variables = template["Resources"][function]["Properties"]["Environment"]["Variables"]
    if "INPUT_BUCKET" in variables:
        bucket = f"arn:aws:s3:::{variables['INPUT_BUCKET']}"
        (properties,) = (
            p for _, p in find_by_type(template, "AWS::S3::Bucket") if p["BucketName"] == variables["INPUT_BUCKET"]
        )
        for configuration in properties.get("NotificationConfiguration", {}).get("LambdaConfigurations", []):
            prefix = configuration.get("Filter", {}).get("S3Key", {}).get("Rules", [{"Value": ""}])[0]["Value"]
            yield from ((action, f"{bucket}/{prefix}*") for action in ("s3:GetObject", "s3:GetObjectVersion"))
        yield "s3:ListBucket", bucket
    if "RESULTS_BUCKET" in variables:
        bucket = f"arn:aws:s3:::{variables['RESULTS_BUCKET']}"
        for action in ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"):
            yield action, f"{bucket}/{variables['RESULTS_PREFIX']}*"
    if "RESULTS_QUEUE_URL" in variables:
        yield "sqs:SendMessage", f"{target(variables['RESULTS_QUEUE_URL'])}.Arn"
    if "FILES_QUEUE_URL" in variables:
        yield "sqs:SendMessage", f"{target(variables['FILES_QUEUE_URL'])}.Arn"
    for _, config in find_by_type(template, "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"):
        if function_of(template, config["FunctionName"]) == function and "OnFailure" in config.get(
            "DestinationConfig", {}
        ):
            yield "sqs:SendMessage", text(config["DestinationConfig"]["OnFailure"]["Destination"])


def reading(source: Any) -> tuple[str, ...]:
    """What Lambda does on a queue or stream in the function's name (AWS, "Configuring ... event source")."""
    if isinstance(source, str) and ":kinesis:" in source:
        return (
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        )
    return ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
