"""The created stack, as its own services describe it: where things point, and an event sent the way that they point."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from tests import emulator
from tests.emulator import free_port, wait_for_port
from tests.engine import AS_LAMBDA, run_docker

CSV = b"AreaSqft,NumBedrooms\n1500,3\n"
INVOKERS = ("apigateway.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com")
RECORD = '{"AreaSqft":1500,"NumBedrooms":3}'


class Cloud:
    """moto's services at one endpoint."""

    def __init__(self, endpoint: str, environment: dict[str, str]) -> None:
        self.endpoint, self.environment = endpoint, environment

    def client(self, service: str) -> Any:
        """boto3's client of that service."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


def wrong(cloud: Cloud, outputs: dict[str, str]) -> list[str]:
    """What of the stack points nowhere, or elsewhere than it should."""
    functions = {f["FunctionArn"]: f for f in cloud.client("lambda").list_functions()["Functions"]}
    names = {f["FunctionName"] for f in functions.values()}
    queue_names = {url.rpartition("/")[2] for url in cloud.client("sqs").list_queues().get("QueueUrls", [])}
    topics = {t["TopicArn"] for t in cloud.client("sns").list_topics()["Topics"]}
    buckets = {b["Name"] for b in cloud.client("s3").list_buckets()["Buckets"]}
    complaints = [
        f"output {key}: no such queue {url}"
        for key, url in outputs.items()
        if key.endswith("QueueUrl") and url.rpartition("/")[2] not in queue_names
    ]
    complaints += [
        f"output {key}: no such bucket"
        for key in ("InputBucketName", "ResultsBucketName")
        if outputs[key] not in buckets
    ]
    complaints += [
        f"output {key}: no such function"
        for key in ("PredictFunctionName", "BatchFunctionName")
        if outputs[key] not in functions
    ]
    complaints += [
        f"output {key}: no such topic" for key in ("TopicArn", "AlarmTopicArn") if outputs[key] not in topics
    ]
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    complaints += [] if alarms else ["there is no alarm"]
    for alarm in alarms:
        complaints += [f"{alarm['AlarmName']}: tells {a}" for a in alarm["AlarmActions"] if a not in topics]
        complaints += [] if alarm["AlarmActions"] else [f"{alarm['AlarmName']}: tells nobody"]
        stats = [q["MetricStat"]["Metric"] for q in alarm.get("Metrics", []) if "MetricStat" in q]
        dimensions = [d for m in (alarm, *stats) for d in m.get("Dimensions", [])]
        known = {"FunctionName": names, "QueueName": queue_names}
        complaints += [
            f"{alarm['AlarmName']}: watches {d['Value']}"
            for d in dimensions
            if d["Name"] in known and d["Value"] not in known[d["Name"]]
        ]
    gateway = cloud.client("apigatewayv2")
    for api in gateway.get_apis()["Items"]:
        routes = gateway.get_routes(ApiId=api["ApiId"])["Items"]
        complaints += [
            f"{route['RouteKey']}: anyone may call it" for route in routes if route["AuthorizationType"] == "NONE"
        ]
        uris = [item["IntegrationUri"] for item in gateway.get_integrations(ApiId=api["ApiId"])["Items"]]
        complaints += [f"{api['Name']}: calls {uri}" for uri in uris if not any(f"/{arn}/" in uri for arn in functions)]
        complaints += [] if len(routes) == len(uris) >= 5 else [f"{api['Name']}: has {len(routes)} routes"]
    subscribed = cloud.client("sns").list_subscriptions()["Subscriptions"]
    complaints += [f"{s['TopicArn']}: tells {s['Endpoint']}" for s in subscribed if s["Endpoint"] not in functions]
    rules = cloud.client("events")
    for rule in rules.list_rules()["Rules"]:
        targets = [target["Arn"] for target in rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]]
        complaints += [f"{rule['Name']}: calls {arn}" for arn in targets if arn not in functions]
    for function in names:
        try:
            policy = cloud.client("lambda").get_policy(FunctionName=function)["Policy"]
        except cloud.client("lambda").exceptions.ResourceNotFoundException:
            continue  # nobody but CodeDeploy calls it, whose role lets it
        for statement in json.loads(policy)["Statement"]:
            if statement["Principal"]["Service"] not in INVOKERS:
                complaints.append(f"{function}: {statement['Principal']} may invoke it")
    for mapping in cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        if mapping["FunctionArn"] not in functions:
            complaints.append(f"{mapping['EventSourceArn']}: mapped to {mapping['FunctionArn']}")
    return complaints


def notified_function(cloud: Cloud, bucket: str, key: str) -> str:
    """The ARN of the function that the bucket's notification names for that key."""
    notification = cloud.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    for configuration in notification["LambdaFunctionConfigurations"]:
        rules = configuration["Filter"]["Key"]["FilterRules"]
        if all(key.startswith(rule["Value"]) for rule in rules if rule["Name"].lower() == "prefix"):
            return str(configuration["LambdaFunctionArn"])
    raise AssertionError(f"no notification is sent for {key}")


def mapped_function(cloud: Cloud, queue_url: str) -> str:
    """The ARN of the function that the queue's mapping names.

    The mapping is switched off: moto would run the function itself, in an image of its own.
    """
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    mappings = cloud.client("lambda").list_event_source_mappings(EventSourceArn=attributes["Attributes"]["QueueArn"])
    (mapping,) = mappings["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping
    cloud.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    return str(mapping["FunctionArn"])


@contextmanager
def running(cloud: Cloud, arn: str, folder: Path) -> Iterator[int]:
    """The port of that function: its own image from the registry, with its own variables, under Lambda's emulator."""
    described = cloud.client("lambda").get_function(FunctionName=arn)
    image = described["Code"]["ImageUri"]
    variables = {**described["Configuration"]["Environment"]["Variables"], **cloud.environment}
    port, runtime_port = free_port(), free_port()
    flags = [flag for flag in AS_LAMBDA if flag != "--network=none"]
    given = [flag for name, value in variables.items() for flag in ("--env", f"{name}={value}")]
    mount = ("--volume", f"{emulator.binary(folder)}:/aws-lambda-rie:ro")
    addresses = (
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{runtime_port}",
    )
    command = ("--entrypoint", "/aws-lambda-rie", image, *addresses, "python", "-m", "function")
    container = run_docker("run", "--detach", "--network=host", *flags, *mount, *given, *command).stdout.strip()
    try:
        wait_for_port(port)
        yield port
    finally:
        run_docker("rm", "--force", container)


def send_file(cloud: Cloud, outputs: dict[str, str], folder: Path) -> str:
    """Puts a file into the input bucket, lets the notified function have the event, and returns the predictions."""
    bucket, key = outputs["InputBucketName"], "input/houses.csv"
    version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=CSV)
    described = {"key": key, "size": len(CSV), "eTag": version["ETag"].strip('"'), "sequencer": "01"}
    described |= {"versionId": version["VersionId"]} if "VersionId" in version else {}
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": described},
    }
    with running(cloud, notified_function(cloud, bucket, key), folder) as port:
        payload = emulator.invoke(port, {"Records": [record]}).payload
    assert payload == {"done": 1}, payload
    listed = cloud.client("s3").list_objects_v2(Bucket=outputs["ResultsBucketName"])["Contents"]
    results = next(item["Key"] for item in listed if item["Key"].endswith(".csv"))
    body = cloud.client("s3").get_object(Bucket=outputs["ResultsBucketName"], Key=results)["Body"].read()
    return str(body.decode())


def send_messages(cloud: Cloud, outputs: dict[str, str], folder: Path) -> tuple[list[Any], int]:
    """Sends a good and a bad message; returns the results and how many messages came back to the queue."""
    sqs, url = cloud.client("sqs"), outputs["QueueUrl"]
    function = mapped_function(cloud, url)
    for body in (RECORD, "no JSON"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)["Messages"]
    records = [{"eventSource": "aws:sqs", "messageId": m["MessageId"], "body": m["Body"]} for m in received]
    with running(cloud, function, folder) as port:
        answer = emulator.invoke(port, {"Records": records}).payload
    failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
    for message in received:
        if message["MessageId"] not in failed:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    time.sleep(0.1)
    results = sqs.receive_message(QueueUrl=outputs["ResultsQueueUrl"], MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(result["Body"]) for result in results], len(failed)
