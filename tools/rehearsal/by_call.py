"""What moto's CloudFormation does not know and its services do: made by a call, as CloudFormation would."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

type Client = Callable[[str], Any]


class Physical:
    """The names and ARNs that the created resources have."""

    def __init__(self, client: Client, stack: str) -> None:
        found = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        self.ids = {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in found}
        self.functions = {f["FunctionName"]: f["FunctionArn"] for f in client("lambda").list_functions()["Functions"]}
        self.sqs = client("sqs")

    def value(self, node: Any) -> Any:
        """The node with every reference in it replaced. Raises KeyError for what was not created."""
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if set(node) == {"Ref"}:
            return self.ids[node["Ref"]]
        if set(node) == {"Fn::GetAtt"}:
            return self._attribute(*node["Fn::GetAtt"])
        if set(node) == {"Fn::Sub"}:
            return re.sub(r"\$\{(\w+)(?:\.(\w+))?\}", self._substituted, node["Fn::Sub"])
        return {key: self.value(item) for key, item in node.items()}

    def _substituted(self, match: re.Match[str]) -> str:
        return self._attribute(match[1], match[2]) if match[2] else str(self.ids[match[1]])

    def _attribute(self, name: str, attribute: str) -> str:
        identity = str(self.ids[name])
        if attribute == "QueueName":
            return identity.rpartition("/")[2]
        if attribute == "Arn" and identity.startswith("http"):
            asked = self.sqs.get_queue_attributes(QueueUrl=identity, AttributeNames=["QueueArn"])
            return str(asked["Attributes"]["QueueArn"])
        if attribute == "Arn" and identity in self.functions:
            return str(self.functions[identity])
        raise KeyError(f"{name}.{attribute}")


def _alarm(client: Client, name: str, properties: dict[str, Any]) -> str:
    client("cloudwatch").put_metric_alarm(AlarmName=name, **properties)
    return name


def _subscription(client: Client, _: str, properties: dict[str, Any]) -> str:
    attributes = {"RedrivePolicy": json.dumps(properties["RedrivePolicy"])} if "RedrivePolicy" in properties else {}
    made = client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(made["SubscriptionArn"])


def _api(client: Client, name: str, properties: dict[str, Any]) -> str:
    """The API, a route for each operation: moto answers 500 where it is to import the OpenAPI document."""
    gateway = client("apigatewayv2")
    api = str(gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"])
    for path, methods in properties["Body"]["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            made = gateway.create_integration(
                ApiId=api,
                IntegrationType="AWS_PROXY",
                IntegrationUri=integration["uri"],
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )
            asks = any("AWS_IAM" in choice for choice in operation["security"])
            gateway.create_route(
                ApiId=api,
                RouteKey=f"{method.upper()} {path}",
                Target=f"integrations/{made['IntegrationId']}",
                AuthorizationType="AWS_IAM" if asks else "NONE",
            )
    return api


MAKERS: Mapping[str, Callable[[Client, str, dict[str, Any]], str]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::SNS::Subscription": _subscription,
    "AWS::ApiGatewayV2::Api": _api,
}


def notify(client: Client, stack: str, created: Mapping[str, Any]) -> list[str]:
    """Gives the created buckets their notifications, which moto's CloudFormation drops; the buckets' names."""
    physical, buckets = Physical(client, stack), []
    for name, resource in created.items():
        wanted = resource.get("Properties", {}).get("NotificationConfiguration")
        if resource["Type"] == "AWS::S3::Bucket" and wanted:
            configurations = [
                {
                    "LambdaFunctionArn": one["Function"],
                    "Events": [one["Event"]],
                    "Filter": {"Key": {"FilterRules": one["Filter"]["S3Key"]["Rules"]}},
                }
                for one in physical.value(wanted)["LambdaConfigurations"]
            ]
            client("s3").put_bucket_notification_configuration(
                Bucket=physical.ids[name], NotificationConfiguration={"LambdaFunctionConfigurations": configurations}
            )
            buckets.append(name)
    return buckets


def make(client: Client, stack: str, resources: Mapping[str, Any]) -> list[str]:
    """Makes those of the resources that have a maker; returns what could not be made, in words."""
    physical, complaints = Physical(client, stack), []
    # The API first: an alarm names it.
    for name in sorted(resources, key=lambda name: resources[name]["Type"] != "AWS::ApiGatewayV2::Api"):
        resource = resources[name]
        try:
            physical.ids[name] = MAKERS[resource["Type"]](client, name, physical.value(resource["Properties"]))
        except KeyError as missing:
            complaints.append(f"{name}: {missing} is not there")
    return complaints
