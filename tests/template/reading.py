"""How the checks read an expanded and resolved template: resources by type, references, and what a role may do."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from tests.template.expand import Template


def find_by_type(template: Template, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and properties of each resource of these types."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in types:
            yield name, resource.get("Properties", {})


def target(reference: Any) -> str:
    """The name of the resource that a Ref or a GetAtt names, or the text that it is."""
    if isinstance(reference, dict):
        return str(reference.get("Ref") or reference.get("Fn::GetAtt", [""])[0])
    return str(reference)


def function_of(template: Template, reference: Any) -> str:
    """The function that a reference leads to, directly, by its alias or by a version."""
    name = target(reference)
    resource = template["Resources"].get(name, {"Type": ""})
    if resource["Type"] in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
        return target(resource["Properties"]["FunctionName"])
    return name


def make_list(value: Any) -> list[Any]:
    """The value, in a list if it is none."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A resource in a policy as text: an ARN, or GetAtt and Ref as name.attribute."""
    if isinstance(value, dict):
        return ".".join(value["Fn::GetAtt"]) if "Fn::GetAtt" in value else f"{target(value)}.Ref"
    return str(value)


def statements(template: Template, role: str) -> Iterator[dict[str, Any]]:
    """What the role is allowed or denied, inline or by policies attached to it."""
    for policy in template["Resources"][role]["Properties"].get("Policies", []):
        yield from make_list(policy["PolicyDocument"]["Statement"])
    for _, properties in find_by_type(template, "AWS::IAM::Policy"):
        if role in map(target, properties.get("Roles", [])):
            yield from make_list(properties["PolicyDocument"]["Statement"])


def rights(template: Template, function: str) -> set[tuple[str, str]]:
    """Action and resource of everything that the function is allowed."""
    role = target(template["Resources"][function]["Properties"]["Role"])
    return {
        (action, text(resource))
        for statement in statements(template, role)
        if statement["Effect"] == "Allow"
        for action in make_list(statement.get("Action", []))
        for resource in make_list(statement.get("Resource", []))
    }


def may(template: Template, function: str, action: str, resource: str) -> bool:
    """Whether the function is allowed that, perhaps by a wildcard."""
    granted = rights(template, function)
    return any(fnmatchcase(action, actions) and fnmatchcase(resource, resources) for actions, resources in granted)


def resource_policies(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each bucket, queue and topic that has a policy of its own, with a statement of it."""
    kinds = {"AWS::S3::BucketPolicy": "Bucket", "AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}
    buckets = {p["BucketName"]: name for name, p in find_by_type(template, "AWS::S3::Bucket") if "BucketName" in p}
    for _, properties in find_by_type(template, *kinds):
        (holder,) = (properties[key] for key in kinds.values() if key in properties)
        for held in make_list(holder):
            for statement in make_list(properties["PolicyDocument"]["Statement"]):
                yield buckets.get(target(held), target(held)), statement


def queue_mappings(template: Template) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each mapping of a queue: its name, its properties, and the queue's name."""
    for name, properties in find_by_type(template, "AWS::Lambda::EventSourceMapping"):
        source = target(properties["EventSourceArn"])
        if template["Resources"].get(source, {}).get("Type") == "AWS::SQS::Queue":
            yield name, properties, source


def dead_letter_queues(template: Template) -> set[str]:
    """Every queue that something failed is put into."""
    found = set()
    for _, properties in find_by_type(template, "AWS::SQS::Queue", "AWS::SNS::Subscription"):
        if "RedrivePolicy" in properties:
            found.add(target(properties["RedrivePolicy"]["deadLetterTargetArn"]))
    for _, properties in find_by_type(template, "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"):
        if "OnFailure" in properties.get("DestinationConfig", {}):
            found.add(target(properties["DestinationConfig"]["OnFailure"]["Destination"]))
    for _, properties in find_by_type(template, "AWS::Events::Rule"):
        found |= {target(t["DeadLetterConfig"]["Arn"]) for t in properties["Targets"] if "DeadLetterConfig" in t}
    return found
