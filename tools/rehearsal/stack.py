"""The packaged template as a stack in moto: what it knows is created, all else is resolved or left out by name."""

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
    """What becomes of the template: created, made by calls, replaced or left out; of the latter two, why."""

    def __init__(self) -> None:
        self.template: Template = {}
        self.by_call: dict[str, Any] = {}
        self.replaced: dict[str, str] = {}
        self.left_out: dict[str, str] = {}


def plan(expanded: Template) -> Plan:
    """What is done with each resource of the expanded template, under its parameters' defaults."""
    made = Plan()
    made.replaced["parameters, conditions, mappings"] = "worked out here: moto finds no number in a mapping"
    made.left_out["Rules"] = "moto does not look at them; tests/template does"
    resolved = resolve(copy.deepcopy(expanded))
    resources = resolved["Resources"]
    # A version or an alias stands for its function: moto's CloudFormation has no attribute of either.
    stands_for = {
        name: resource["Properties"]["FunctionName"]["Ref"]
        for name, resource in resources.items()
        if resource["Type"] in ("AWS::Lambda::Alias", "AWS::Lambda::Version")
    }
    for name, function in stands_for.items():
        made.replaced[name] = f"{resources[name]['Type']}: moto cannot refer to it; {function} stands for it"
    rest = _each({n: r for n, r in resources.items() if n not in stands_for}, lambda node: _reference(node, stands_for))
    unknown = {n: r for n, r in rest.items() if resource_class_from_type(r["Type"]) is None}
    made.by_call = {name: resource for name, resource in unknown.items() if resource["Type"] in MAKERS}
    for name in unknown.keys() - made.by_call.keys():
        made.left_out[name] = f"{unknown[name]['Type']}: moto's CloudFormation does not know it"
    created = {name: resource for name, resource in rest.items() if name not in unknown}
    for name, resource in created.items():
        resource.pop("UpdatePolicy", None)
        needed = resource.pop("DependsOn", [])
        resource["DependsOn"] = [n for n in (needed if isinstance(needed, list) else [needed]) if n in created]
        for other in sorted(_named(resource) & unknown.keys()):
            made.replaced[f"{other} in {name}"] = "not there when CloudFormation makes it; its name stands for it"
    outputs = _each(resolved["Outputs"], lambda node: _reference(node, stands_for))
    for name in [name for name, output in outputs.items() if _named(output) & unknown.keys()]:
        made.left_out[f"output {name}"] = f"it names {', '.join(sorted(_named(outputs.pop(name)) & unknown.keys()))}"
    created = _each(created, lambda node: _without(node, set(unknown)))
    made.template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": created, "Outputs": outputs}
    return made


def _reference(node: Any, stands_for: dict[str, str]) -> Any:
    """The node with functions in the place of versions and aliases, and texts that name resources as Fn::Sub."""
    if isinstance(node, str) and re.search(r"\$\{\w+(\.\w+)?\}", node):
        for name, function in stands_for.items():
            node = node.replace(f"${{{name}}}", f"${{{function}.Arn}}")
        return {"Fn::Sub": node}
    if isinstance(node, dict) and len(node) == 1:
        ((function, argument),) = node.items()
        if function == "Ref" and argument in stands_for:
            return {"Fn::GetAtt": [stands_for[argument], "Arn"]}
    return node


def _without(node: Any, gone: set[str]) -> Any:
    """The node with the plain name of a resource that is not created in the place of a reference to it."""
    if isinstance(node, dict) and len(node) == 1:
        ((function, argument),) = node.items()
        named = argument if function == "Ref" else argument[0] if function == "Fn::GetAtt" else None
        if named in gone:
            return named
        if function == "Fn::Sub":
            return {"Fn::Sub": re.sub(r"\$\{(\w+)(\.\w+)?\}", lambda m: m[1] if m[1] in gone else m[0], argument)}
    return node


def _each(node: Any, change: Callable[[Any], Any]) -> Any:
    changed = change(node)
    if changed is not node:
        return changed
    if isinstance(node, dict):
        return {key: _each(value, change) for key, value in node.items()}
    return [_each(value, change) for value in node] if isinstance(node, list) else node


def _named(node: Any) -> set[str]:
    """The resources that are referred to in it."""
    text = json.dumps(node)
    references = re.findall(r'"Ref": "(\w+)"|"Fn::GetAtt": \["(\w+)"|\$\{(\w+)', text)
    return {name for found in references for name in found if name}


def create(client: "CloudFormationClient", template: Template) -> dict[str, str]:
    """Creates the stack and returns its outputs. Raises AssertionError where it does not come to be."""
    client.create_stack(StackName=NAME, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    (stack,) = client.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack["StackStatus"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
