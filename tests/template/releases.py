"""What must hold of how a new version comes to answer, and how it goes again. As in deliveries."""

import json
from typing import Any

from tests.template.access import list_fronted, operations
from tests.template.expand import Template
from tests.template.reading import find_by_type, function_of, may, target


def aliases(template: Template) -> dict[str, tuple[str, dict[str, Any]]]:
    """By function: its alias's name and whole resource."""
    found = {}
    for name, properties in find_by_type(template, "AWS::Lambda::Alias"):
        found[target(properties["FunctionName"])] = (name, template["Resources"][name])
    return found


def callers_go_through_the_alias(template: Template) -> list[str]:
    """What calls a function calls its alias: a version that was not released answers nobody."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping"):
        called = target(properties["FunctionName"])
        if template["Resources"].get(called, {}).get("Type") != "AWS::Lambda::Alias":
            complaints.append(f"{name}: calls {called}")
    for name, operation, _ in operations(template):
        uri = json.dumps(operation.get("x-amazon-apigateway-integration", {}).get("uri", ""))
        if not any(f"${{{alias}}}" in uri for alias, _ in aliases(template).values()):
            complaints.append(f"{name}: calls no alias")
    for name, properties in find_by_type(template, "AWS::Lambda::EventInvokeConfig"):
        if properties.get("Qualifier") != "live":
            complaints.append(f"{name}: Qualifier")
    return complaints


def every_release_is_a_version(template: Template) -> list[str]:
    """Each function that is called has the alias `live`, at a published version of it."""
    complaints = []
    for function in sorted(list_fronted(template)):
        if function not in aliases(template):
            complaints.append(f"{function}: no alias")
            continue
        name, resource = aliases(template)[function]
        properties = resource["Properties"]
        version = template["Resources"].get(target(properties.get("FunctionVersion")), {"Type": ""})
        if properties["Name"] != "live":
            complaints.append(f"{name}: is not called live")
        if version["Type"] != "AWS::Lambda::Version" or target(version["Properties"]["FunctionName"]) != function:
            complaints.append(f"{name}: is at no version of {function}")
    return complaints


def releases_go_back(template: Template) -> list[str]:
    """CodeDeploy moves each alias, asks a hook of the same image before, tidies after, and goes back on an alarm."""
    complaints = []
    alarms = dict(find_by_type(template, "AWS::CloudWatch::Alarm"))
    for function, (name, resource) in aliases(template).items():
        policy = resource.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})
        before, after = (target(policy.get(f"{when}AllowTrafficHook", "")) for when in ("Before", "After"))
        group = template["Resources"].get(target(policy.get("DeploymentGroupName", "")), {}).get("Properties", {})
        functions = dict(find_by_type(template, "AWS::Lambda::Function"))
        for hook in (before, after):
            if hook not in functions:
                complaints.append(f"{name}: no hook")
            elif functions[hook]["Code"] != functions[function]["Code"]:
                complaints.append(f"{name}: {hook} is of another image")
        watched = [target(alarm["Name"]) for alarm in group.get("AlarmConfiguration", {}).get("Alarms", [])]
        if not group.get("AlarmConfiguration", {}).get("Enabled") or not any(
            alarms.get(alarm, {}).get("MetricName") == "Errors" and function in json.dumps(alarms[alarm])
            for alarm in watched
        ):
            complaints.append(f"{name}: no alarm on errors of {function} stops its deployment")
        rollback = group.get("AutoRollbackConfiguration", {})
        if not rollback.get("Enabled") or not {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(
            rollback.get("Events", [])
        ):
            complaints.append(f"{name}: does not go back")
        role = target(group.get("ServiceRoleArn", ""))
        if template["Resources"].get(role, {}).get("Type") != "AWS::IAM::Role":
            complaints.append(f"{name}: CodeDeploy has no role of the stack")
    return complaints


def hooks_may_do_their_work(template: Template) -> list[str]:
    """The hook before may invoke each new version, the one after list and delete old ones, and both tell CodeDeploy."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::Lambda::Function"):
        variables = properties.get("Environment", {}).get("Variables", {})
        versions = json.dumps(variables.get("NEW_VERSIONS", ""))
        for function, (_, alias) in aliases(template).items():
            pattern = f"${{{function}.Arn}}:*"
            if "NEW_VERSIONS" in variables:
                if f'"{target(alias["Properties"]["FunctionVersion"])}"' not in versions:
                    complaints.append(f"{name}: is not told of the version of {function}")
                if not may(template, name, "lambda:InvokeFunction", pattern):
                    complaints.append(f"{name}: may not invoke {pattern}")
            if "RELEASED_FUNCTIONS" in variables:
                if function not in json.dumps(variables["RELEASED_FUNCTIONS"]):
                    complaints.append(f"{name}: does not tidy {function}")
                complaints += [
                    f"{name}: may not {action}"
                    for action, resource in (
                        ("lambda:ListVersionsByFunction", f"{function}.Arn"),
                        ("lambda:ListAliases", f"{function}.Arn"),
                        ("lambda:DeleteFunction", pattern),
                    )
                    if not may(template, name, action, resource)
                ]
        if {"NEW_VERSIONS", "RELEASED_FUNCTIONS"} & variables.keys():
            group = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:${ServerlessDeploymentApplication}/*"
            if not may(template, name, "codedeploy:PutLifecycleEventHookExecutionStatus", group):
                complaints.append(f"{name}: may not tell CodeDeploy")
            if properties.get("ImageConfig", {}).get("Command", [""])[0] not in HOOKS:
                complaints.append(f"{name}: its command is no hook")
    return complaints


HOOKS = ("function.release.check", "function.release.tidy")


def old_versions_are_few(template: Template) -> list[str]:
    """Two to twenty versions of a function are kept: one to go back to, and fewer than images are."""
    kept = [
        (name, p["Environment"]["Variables"]["KEEP_VERSIONS"])
        for name, p in find_by_type(template, "AWS::Lambda::Function")
        if "KEEP_VERSIONS" in p.get("Environment", {}).get("Variables", {})
    ]
    return [f"{n}: keeps {count}" for n, count in kept if not 2 <= int(count) <= 20] if kept else ["versions stay"]


def snapshots_and_provisioned_concurrency_exclude_each_other(template: Template) -> list[str]:
    """Lambda takes one or the other."""
    functions = dict(find_by_type(template, "AWS::Lambda::Function"))
    return [
        f"{name}: both"
        for name, properties in find_by_type(template, "AWS::Lambda::Alias")
        if "ProvisionedConcurrencyConfig" in properties
        and functions[function_of(template, properties["FunctionName"])].get("SnapStart", {}).get("ApplyOn", "None")
        != "None"
    ]
