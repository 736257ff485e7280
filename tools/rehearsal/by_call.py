"""Create by direct calls the resources that moto's services support and its CloudFormation does not."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

type ClientFactory = Callable[[str], Any]


class PhysicalResources:
    """The physical names and ARNs of the created resources."""

    def __init__(self, make_client: ClientFactory, stack: str) -> None:
        resources = make_client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        self.ids = {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in resources}
        self.functions = {
            f["FunctionName"]: f["FunctionArn"] for f in make_client("lambda").list_functions()["Functions"]
        }
        self.sqs = make_client("sqs")

    def resolve(self, node: Any) -> Any:
        """Replace every reference in the node. Raises KeyError for a resource that was not created."""
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if set(node) == {"Ref"}:
            return self.ids[node["Ref"]]
        if set(node) == {"Fn::GetAtt"}:
            return self._get_attribute(*node["Fn::GetAtt"])
        if set(node) == {"Fn::Sub"}:
            return re.sub(r"\$\{(\w+)(?:\.(\w+))?\}", self._substitute, node["Fn::Sub"])
        return {key: self.resolve(item) for key, item in node.items()}

    def _substitute(self, match: re.Match[str]) -> str:
        return self._get_attribute(match[1], match[2]) if match[2] else str(self.ids[match[1]])

    def _get_attribute(self, name: str, attribute: str) -> str:
        identity = str(self.ids[name])
        if attribute == "QueueName":
            return identity.rpartition("/")[2]
        if attribute == "Arn" and identity.startswith("http"):
            response = self.sqs.get_queue_attributes(QueueUrl=identity, AttributeNames=["QueueArn"])
            return str(response["Attributes"]["QueueArn"])
        if attribute == "Arn" and identity in self.functions:
            return str(self.functions[identity])
        raise KeyError(f"{name}.{attribute}")


def _make_alarm(make_client: ClientFactory, name: str, properties: dict[str, Any]) -> str:
    make_client("cloudwatch").put_metric_alarm(AlarmName=name, **properties)
    return name


def _make_subscription(make_client: ClientFactory, _: str, properties: dict[str, Any]) -> str:
    attributes = {"RedrivePolicy": json.dumps(properties["RedrivePolicy"])} if "RedrivePolicy" in properties else {}
    response = make_client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(response["SubscriptionArn"])


def _make_api(make_client: ClientFactory, name: str, properties: dict[str, Any]) -> str:
    """Create the API with a route for each operation: moto responds with 500 when it imports an OpenAPI document."""
    gateway = make_client("apigatewayv2")
    api = str(gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"])
    for path, methods in properties["Body"]["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            response = gateway.create_integration(
                ApiId=api,
                IntegrationType="AWS_PROXY",
                IntegrationUri=integration["uri"],
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )
            is_signed = any("AWS_IAM" in choice for choice in operation["security"])
            gateway.create_route(
                ApiId=api,
                RouteKey=f"{method.upper()} {path}",
                Target=f"integrations/{response['IntegrationId']}",
                AuthorizationType="AWS_IAM" if is_signed else "NONE",
            )
    return api


MAKERS: Mapping[str, Callable[[ClientFactory, str, dict[str, Any]], str]] = {
    "AWS::CloudWatch::Alarm": _make_alarm,
    "AWS::SNS::Subscription": _make_subscription,
    "AWS::ApiGatewayV2::Api": _make_api,
}


def add_notifications(make_client: ClientFactory, stack: str, created: Mapping[str, Any]) -> list[str]:
    """Add the notifications of the created buckets, which moto's CloudFormation drops; return the buckets' names."""
    physical, buckets = PhysicalResources(make_client, stack), []
    for name, resource in created.items():
        notification = resource.get("Properties", {}).get("NotificationConfiguration")
        if resource["Type"] == "AWS::S3::Bucket" and notification:
            configurations = [
                {
                    "LambdaFunctionArn": configuration["Function"],
                    "Events": [configuration["Event"]],
                    "Filter": {"Key": {"FilterRules": configuration["Filter"]["S3Key"]["Rules"]}},
                }
                for configuration in physical.resolve(notification)["LambdaConfigurations"]
            ]
            make_client("s3").put_bucket_notification_configuration(
                Bucket=physical.ids[name], NotificationConfiguration={"LambdaFunctionConfigurations": configurations}
            )
            buckets.append(name)
    return buckets


def make_resources(make_client: ClientFactory, stack: str, resources: Mapping[str, Any]) -> list[str]:
    """Create the resources by their makers; return a sentence for each one that could not be created."""
    physical, errors = PhysicalResources(make_client, stack), []
    # Create the API first, because an alarm refers to it.
    for name in sorted(resources, key=lambda name: resources[name]["Type"] != "AWS::ApiGatewayV2::Api"):
        resource = resources[name]
        try:
            physical.ids[name] = MAKERS[resource["Type"]](make_client, name, physical.resolve(resource["Properties"]))
        except KeyError as missing:
            errors.append(f"{name}: {missing} does not exist")
    return errors
