"""Turn the packaged template into a stack that moto can create, and list what is replaced or left out, and why."""

import copy
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from moto.cloudformation.parsing import resource_class_from_type

from tests.template.expand import PSEUDO, Template, resolve
from tools.rehearsal.by_call import MAKERS

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

NAME = PSEUDO["AWS::StackName"]


class Plan:
    """How each part of the template is handled.

    `template` is created by CloudFormation and `by_call` by direct calls. `replaced` and `left_out` name the reasons.
    """

    def __init__(self) -> None:
        self.template: Template = {}
        self.by_call: dict[str, Any] = {}
        self.replaced: dict[str, str] = {}
        self.left_out: dict[str, str] = {}


def make_plan(expanded: Template) -> Plan:
    """Plan each resource of the expanded template, with the default values of its parameters."""
    plan = Plan()
    plan.replaced["parameters, conditions, mappings"] = "resolved in advance: moto finds no number in a mapping"
    plan.left_out["Rules"] = "moto does not check them; tests/template does"
    resolved = resolve(copy.deepcopy(expanded))
    resources = resolved["Resources"]
    # Replace versions and aliases by their functions: moto's CloudFormation has no attributes of either.
    replacements = {
        name: resource["Properties"]["FunctionName"]["Ref"]
        for name, resource in resources.items()
        if resource["Type"] in ("AWS::Lambda::Alias", "AWS::Lambda::Version")
    }
    for name, function in replacements.items():
        plan.replaced[name] = f"{resources[name]['Type']}: moto cannot refer to it; {function} is used instead"
    remaining = _transform(
        {n: r for n, r in resources.items() if n not in replacements},
        lambda node: _convert_reference(node, replacements),
    )
    unknown = {n: r for n, r in remaining.items() if resource_class_from_type(r["Type"]) is None}
    plan.by_call = {name: resource for name, resource in unknown.items() if resource["Type"] in MAKERS}
    for name in unknown.keys() - plan.by_call.keys():
        plan.left_out[name] = f"{unknown[name]['Type']}: moto's CloudFormation does not know it"
    created = {name: resource for name, resource in remaining.items() if name not in unknown}
    for name, resource in created.items():
        resource.pop("UpdatePolicy", None)
        needed = resource.pop("DependsOn", [])
        resource["DependsOn"] = [n for n in (needed if isinstance(needed, list) else [needed]) if n in created]
        for other in sorted(_find_references(resource) & unknown.keys()):
            plan.replaced[f"{other} in {name}"] = (
                "it does not exist yet when CloudFormation creates this; its name is used instead"
            )
    outputs = _transform(resolved["Outputs"], lambda node: _convert_reference(node, replacements))
    for name in [name for name, output in outputs.items() if _find_references(output) & unknown.keys()]:
        plan.left_out[f"output {name}"] = (
            f"it refers to {', '.join(sorted(_find_references(outputs.pop(name)) & unknown.keys()))}"
        )
    created = _transform(created, lambda node: _replace_missing(node, set(unknown)))
    plan.template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": created, "Outputs": outputs}
    return plan


def _convert_reference(node: Any, replacements: dict[str, str]) -> Any:
    """Replace versions and aliases in the node by functions, and wrap texts with ${references} in Fn::Sub."""
    if isinstance(node, str) and re.search(r"\$\{\w+(\.\w+)?\}", node):
        for name, function in replacements.items():
            node = node.replace(f"${{{name}}}", f"${{{function}.Arn}}")
        return {"Fn::Sub": node}
    if isinstance(node, dict) and len(node) == 1:
        ((function, argument),) = node.items()
        if function == "Ref" and argument in replacements:
            return {"Fn::GetAtt": [replacements[argument], "Arn"]}
    return node


def _replace_missing(node: Any, missing: set[str]) -> Any:
    """Replace each reference to a missing resource in the node by the resource's name."""
    if isinstance(node, dict) and len(node) == 1:
        ((function, argument),) = node.items()
        resource = argument if function == "Ref" else argument[0] if function == "Fn::GetAtt" else None
        if resource in missing:
            return resource
        if function == "Fn::Sub":
            return {"Fn::Sub": re.sub(r"\$\{(\w+)(\.\w+)?\}", lambda m: m[1] if m[1] in missing else m[0], argument)}
    return node


def _transform(node: Any, change: Callable[[Any], Any]) -> Any:
    changed = change(node)
    if changed is not node:
        return changed
    if isinstance(node, dict):
        return {key: _transform(value, change) for key, value in node.items()}
    return [_transform(value, change) for value in node] if isinstance(node, list) else node


def _find_references(node: Any) -> set[str]:
    """Return the names of the resources that the node refers to."""
    text = json.dumps(node)
    references = re.findall(r'"Ref": "(\w+)"|"Fn::GetAtt": \["(\w+)"|\$\{(\w+)', text)
    return {name for groups in references for name in groups if name}


def create_stack(client: "CloudFormationClient", template: Template) -> dict[str, str]:
    """Create the stack and return its outputs. Raises AssertionError if it cannot be created."""
    client.create_stack(StackName=NAME, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    (stack,) = client.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack["StackStatus"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
