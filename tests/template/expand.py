"""The SAM template as CloudFormation gets it: expanded by aws-sam-translator, and with its functions worked out.

`expand` does what the service does with `Transform: AWS::Serverless-2016-10-31`; no network. `resolve` does what
CloudFormation does before it creates anything: parameters, mappings and conditions get their values. References to
resources stay as they are, but for buckets, whose names are known.
"""

import copy
import re
from collections.abc import Mapping
from typing import Any

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]  # it ships no types
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]  # it ships no types
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # it ships no types

from tests.emulator import REPOSITORY

type Template = dict[str, Any]

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "eu-central-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
    "AWS::StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/stack/0",
}
_NOTHING = object()


def source() -> Template:
    """template.yaml; the short functions (`!Ref`) in their long form."""
    document: Template = yaml_parse((REPOSITORY / "template.yaml").read_text())
    return document


def expand(
    document: Template, parameters: Mapping[str, object] | None = None, *, keep_images: bool = False
) -> Template:
    """The document without SAM, as after `sam package`: the functions' image is in a registry.

    With `keep_images` it has been packaged, and names its images.

    SAM itself looks at the values of `parameters`, or of their defaults, in some places.
    """
    document = copy.deepcopy(document)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and not keep_images:
            resource["Properties"]["ImageUri"] = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/image:tag"
    session = boto3.Session(region_name=PSEUDO["AWS::Region"])
    # AWS's managed policies, whose names SAM would ask IAM for, are not used.
    translator = Translator({}, Parser(), boto_session=session)
    expanded: Template = translator.translate(
        document, parameter_values={k: str(v) for k, v in (parameters or {}).items()}, get_managed_policy_map=dict
    )
    return expanded


def resolve(expanded: Template, parameters: Mapping[str, object] | None = None) -> Template:
    """The resources and outputs for these parameters (text as in the console, or numbers), defaults for the others.

    Resources whose condition does not hold are left out. Raises KeyError for a parameter that there is not, Refused
    where one of the template's rules is broken.
    """
    resolver = _Resolver(expanded, {**PSEUDO, **_values(expanded["Parameters"], parameters or {})})
    for rule in expanded.get("Rules", {}).values():
        if resolver.value(rule.get("RuleCondition", True)):
            for assertion in rule["Assertions"]:
                if not resolver.value(assertion["Assert"]):
                    raise Refused(assertion["AssertDescription"])
    kept = {
        name: resource
        for name, resource in expanded["Resources"].items()
        if "Condition" not in resource or resolver.holds(resource["Condition"])
    }
    return {
        "Resources": {name: resolver.value(resource) for name, resource in kept.items()},
        "Outputs": resolver.value(expanded.get("Outputs", {})),
    }


class Refused(Exception):
    """The parameters break a rule of the template."""


def of(document: Template, parameters: Mapping[str, object] | None = None) -> Template:
    """The document as it is created with these parameters. Raises Refused."""
    return resolve(expand(document, parameters), parameters)


def _values(declared: Mapping[str, Any], given: Mapping[str, object]) -> dict[str, Any]:
    """The value of each parameter: numbers as int, lists as list, anything else as text."""
    unknown = given.keys() - declared.keys()
    if unknown:
        raise KeyError(unknown)
    values: dict[str, Any] = {}
    for name, declaration in declared.items():
        value = given.get(name, declaration.get("Default"))
        if declaration["Type"] == "Number":
            values[name] = int(str(value))
        elif declaration["Type"] == "CommaDelimitedList":
            values[name] = str(value).split(",")
        else:
            values[name] = str(value)
    return values


class _Resolver:
    """CloudFormation's functions, those of them that the template uses."""

    def __init__(self, expanded: Template, values: Mapping[str, Any]) -> None:
        self._conditions = expanded.get("Conditions", {})
        self._mappings = expanded.get("Mappings", {})
        self._values = values
        self._buckets: dict[str, str] = {}
        self._buckets = {
            name: self.value(resource["Properties"]["BucketName"])
            for name, resource in expanded["Resources"].items()
            if resource["Type"] == "AWS::S3::Bucket" and "BucketName" in resource["Properties"]
        }

    def holds(self, condition: str) -> bool:
        """Whether the condition holds."""
        return bool(self.value(self._conditions[condition]))

    def value(self, node: Any) -> Any:
        """The node with every function in it worked out, without what comes to AWS::NoValue."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        values = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not _NOTHING}

    def _call(self, function: str, argument: Any) -> Any:  # noqa: PLR0912  # one branch for each function
        match function:
            case "Ref":
                return self._reference(argument)
            case "Fn::GetAtt":
                return self._attribute(".".join(argument) if isinstance(argument, list) else argument)
            case "Fn::Sub":
                return self._substituted(argument)
            case "Fn::FindInMap":
                name, first, second = (str(self.value(part)) for part in argument)
                return self.value(self._mappings[name][first][second])
            case "Fn::If":
                condition, then, otherwise = argument
                return self.value(then if self.holds(condition) else otherwise)
            case "Fn::Equals":
                left, right = (str(self.value(part)) for part in argument)
                return left == right
            case "Fn::Not":
                return not self.value(argument[0])
            case "Fn::And":
                return all(map(self.value, argument))
            case "Fn::Or":
                return any(map(self.value, argument))
            case "Fn::Contains":
                values, value = (self.value(part) for part in argument)
                return value in values
            case "Fn::Join":
                separator, parts = (self.value(part) for part in argument)
                return self._joined(separator, parts)
            case "Fn::Split":
                separator, text = (self.value(part) for part in argument)
                return text.split(separator)
            case "Fn::Select":
                index, parts = (self.value(part) for part in argument)
                return parts[int(index)]
        raise NotImplementedError(function)

    @staticmethod
    def _joined(separator: str, parts: list[Any]) -> Any:
        """The text, or the function as it is where something in it is only known once it is created."""
        if any(isinstance(part, dict) for part in parts):
            return {"Fn::Join": [separator, parts]}
        return separator.join(parts)

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._buckets:
            return self._buckets[name]
        return self._values.get(name, {"Ref": name})

    def _attribute(self, path: str) -> Any:
        name, _, attribute = path.partition(".")
        if name in self._buckets and attribute == "Arn":
            return f"arn:aws:s3:::{self._buckets[name]}"
        return {"Fn::GetAtt": [name, attribute]}

    def _substituted(self, argument: Any) -> str:
        text, local = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            found = self.value(local[name]) if name in local else None
            found = found or (self._attribute(name) if "." in name else self._reference(name))
            if not isinstance(found, dict):
                return str(found)
            # A resource, perhaps under a name of this text's own.
            return f"${{{found['Ref'] if 'Ref' in found else '.'.join(found['Fn::GetAtt'])}}}"

        return re.sub(r"\$\{([^}]+)\}", replace, text)
