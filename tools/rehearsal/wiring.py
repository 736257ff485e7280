"""Check that the created resources refer to each other correctly, and send events along these references."""

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
    """The endpoint of moto's services, and the environment for functions that use it."""

    def __init__(self, endpoint: str, environment: dict[str, str]) -> None:
        self.endpoint, self.environment = endpoint, environment

    def make_client(self, service: str) -> Any:
        """Return a boto3 client of a service."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


def find_errors(cloud: Cloud, outputs: dict[str, str]) -> list[str]:
    """Return a sentence for each wrong or missing reference in the stack."""
    functions = {f["FunctionArn"]: f for f in cloud.make_client("lambda").list_functions()["Functions"]}
    names = {f["FunctionName"] for f in functions.values()}
    queue_names = {url.rpartition("/")[2] for url in cloud.make_client("sqs").list_queues().get("QueueUrls", [])}
    topics = {t["TopicArn"] for t in cloud.make_client("sns").list_topics()["Topics"]}
    buckets = {b["Name"] for b in cloud.make_client("s3").list_buckets()["Buckets"]}
    errors = [
        f"output {key}: no such queue {url}"
        for key, url in outputs.items()
        if key.endswith("QueueUrl") and url.rpartition("/")[2] not in queue_names
    ]
    errors += [
        f"output {key}: no such bucket"
        for key in ("InputBucketName", "ResultsBucketName")
        if outputs[key] not in buckets
    ]
    errors += [
        f"output {key}: no such function"
        for key in ("PredictFunctionName", "BatchFunctionName")
        if outputs[key] not in functions
    ]
    errors += [f"output {key}: no such topic" for key in ("TopicArn", "AlarmTopicArn") if outputs[key] not in topics]
    alarms = cloud.make_client("cloudwatch").describe_alarms()["MetricAlarms"]
    errors += [] if alarms else ["there is no alarm"]
    for alarm in alarms:
        errors += [f"{alarm['AlarmName']}: notifies {a}" for a in alarm["AlarmActions"] if a not in topics]
        errors += [] if alarm["AlarmActions"] else [f"{alarm['AlarmName']}: notifies nobody"]
        stats = [q["MetricStat"]["Metric"] for q in alarm.get("Metrics", []) if "MetricStat" in q]
        dimensions = [d for m in (alarm, *stats) for d in m.get("Dimensions", [])]
        existing = {"FunctionName": names, "QueueName": queue_names}
        errors += [
            f"{alarm['AlarmName']}: watches {d['Value']}"
            for d in dimensions
            if d["Name"] in existing and d["Value"] not in existing[d["Name"]]
        ]
    gateway = cloud.make_client("apigatewayv2")
    for api in gateway.get_apis()["Items"]:
        routes = gateway.get_routes(ApiId=api["ApiId"])["Items"]
        errors += [
            f"{route['RouteKey']}: anyone may call it" for route in routes if route["AuthorizationType"] == "NONE"
        ]
        uris = [item["IntegrationUri"] for item in gateway.get_integrations(ApiId=api["ApiId"])["Items"]]
        errors += [f"{api['Name']}: calls {uri}" for uri in uris if not any(f"/{arn}/" in uri for arn in functions)]
        errors += [] if len(routes) == len(uris) >= 5 else [f"{api['Name']}: has {len(routes)} routes"]
    subscriptions = cloud.make_client("sns").list_subscriptions()["Subscriptions"]
    errors += [f"{s['TopicArn']}: notifies {s['Endpoint']}" for s in subscriptions if s["Endpoint"] not in functions]
    rules = cloud.make_client("events")
    for rule in rules.list_rules()["Rules"]:
        targets = [target["Arn"] for target in rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]]
        errors += [f"{rule['Name']}: calls {arn}" for arn in targets if arn not in functions]
    for function in names:
        try:
            policy = cloud.make_client("lambda").get_policy(FunctionName=function)["Policy"]
        except cloud.make_client("lambda").exceptions.ResourceNotFoundException:
            continue  # only CodeDeploy calls this function, with its own role
        for statement in json.loads(policy)["Statement"]:
            if statement["Principal"]["Service"] not in INVOKERS:
                errors.append(f"{function}: {statement['Principal']} may invoke it")
    for mapping in cloud.make_client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        if mapping["FunctionArn"] not in functions:
            errors.append(f"{mapping['EventSourceArn']}: mapped to {mapping['FunctionArn']}")
    return errors


def find_notified_function(cloud: Cloud, bucket: str, key: str) -> str:
    """Return the ARN of the function that the bucket notifies about the key."""
    notification = cloud.make_client("s3").get_bucket_notification_configuration(Bucket=bucket)
    for configuration in notification["LambdaFunctionConfigurations"]:
        rules = configuration["Filter"]["Key"]["FilterRules"]
        if all(key.startswith(rule["Value"]) for rule in rules if rule["Name"].lower() == "prefix"):
            return str(configuration["LambdaFunctionArn"])
    raise AssertionError(f"no notification is sent for {key}")


def find_mapped_function(cloud: Cloud, queue_url: str) -> str:
    """Return the ARN of the function that the queue's event source mapping names.

    Disables the mapping, because moto would run the function in an image of its own.
    """
    attributes = cloud.make_client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    mappings = cloud.make_client("lambda").list_event_source_mappings(
        EventSourceArn=attributes["Attributes"]["QueueArn"]
    )
    (mapping,) = mappings["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping
    cloud.make_client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    return str(mapping["FunctionArn"])


@contextmanager
def run_function(cloud: Cloud, arn: str, folder: Path) -> Iterator[int]:
    """Run a function's image under Lambda's emulator with the function's own variables; yield its port."""
    function = cloud.make_client("lambda").get_function(FunctionName=arn)
    image = function["Code"]["ImageUri"]
    variables = {**function["Configuration"]["Environment"]["Variables"], **cloud.environment}
    port, runtime_port = free_port(), free_port()
    flags = [flag for flag in AS_LAMBDA if flag != "--network=none"]
    environment_flags = [flag for name, value in variables.items() for flag in ("--env", f"{name}={value}")]
    mount = ("--volume", f"{emulator.binary(folder)}:/aws-lambda-rie:ro")
    addresses = (
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{runtime_port}",
    )
    command = ("--entrypoint", "/aws-lambda-rie", image, *addresses, "python", "-m", "function")
    container = run_docker(
        "run", "--detach", "--network=host", *flags, *mount, *environment_flags, *command
    ).stdout.strip()
    try:
        wait_for_port(port)
        yield port
    finally:
        run_docker("rm", "--force", container)


def send_file(cloud: Cloud, outputs: dict[str, str], folder: Path) -> str:
    """Put a file into the input bucket, send the event to the notified function, and return the predictions."""
    bucket, key = outputs["InputBucketName"], "input/houses.csv"
    version = cloud.make_client("s3").put_object(Bucket=bucket, Key=key, Body=CSV)
    described = {"key": key, "size": len(CSV), "eTag": version["ETag"].strip('"'), "sequencer": "01"}
    described |= {"versionId": version["VersionId"]} if "VersionId" in version else {}
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": described},
    }
    with run_function(cloud, find_notified_function(cloud, bucket, key), folder) as port:
        payload = emulator.invoke(port, {"Records": [record]}).payload
    assert payload == {"done": 1}, payload
    listed = cloud.make_client("s3").list_objects_v2(Bucket=outputs["ResultsBucketName"])["Contents"]
    results = next(item["Key"] for item in listed if item["Key"].endswith(".csv"))
    body = cloud.make_client("s3").get_object(Bucket=outputs["ResultsBucketName"], Key=results)["Body"].read()
    return str(body.decode())


def send_messages(cloud: Cloud, outputs: dict[str, str], folder: Path) -> tuple[list[Any], int]:
    """Send a valid and an invalid message; return the results and the number of messages that failed."""
    sqs, url = cloud.make_client("sqs"), outputs["QueueUrl"]
    function = find_mapped_function(cloud, url)
    for body in (RECORD, "no JSON"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)["Messages"]
    records = [{"eventSource": "aws:sqs", "messageId": m["MessageId"], "body": m["Body"]} for m in received]
    with run_function(cloud, function, folder) as port:
        response = emulator.invoke(port, {"Records": records}).payload
    failed = {item["itemIdentifier"] for item in response["batchItemFailures"]}
    for message in received:
        if message["MessageId"] not in failed:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    time.sleep(0.1)
    results = sqs.receive_message(QueueUrl=outputs["ResultsQueueUrl"], MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(result["Body"]) for result in results], len(failed)
