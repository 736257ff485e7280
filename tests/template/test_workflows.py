"""The workflows on GitHub and the stacks beside the template pass linters and checks, and each notices what it is for.

Runs zizmor and check-jsonschema, both offline, and the workflows' own scripts; files only.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint  # type: ignore[import-untyped]  # it ships no types
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # it ships no types

from tests.emulator import REPOSITORY

type Workflow = dict[str, Any]

CHECK, DEPLOY = ".github/workflows/check.yaml", ".github/workflows/deploy.yaml"
DEPENDABOT = ".github/dependabot.yml"
REGISTRY, GITHUB = "stacks/registry.yaml", "stacks/github.yaml"
ACTION = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OF_THIS_REPOSITORY = re.compile(r"\$/\.github/workflows/[\w-]+\.yaml")
RIGHTS = {"contents": "read", "id-token": "write"}
# As stacks/github.yaml says at its head.
WITHOUT_RESOURCE = {"Login", "Subscriptions", "AccessLogs", "EventSourceMappings", "KeyCreation", "StopDeployments"}


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text()


def jobs_end(text: str) -> list[str]:
    """A job without a limit may run for six hours. What only calls another workflow has the limits there."""
    return [name for name, job in jobs(text).items() if "uses" not in job and "timeout-minutes" not in job]


def little_is_allowed(text: str) -> list[str]:
    """A workflow reads the repository at most; a token for AWS is for jobs of an environment, whose rules guard it."""
    document = yaml.safe_load(text)
    complaints = [] if document.get("permissions") in ({}, {"contents": "read"}) else ["the workflow"]
    for name, job in jobs(text).items():
        allowed = job.get("permissions", {})
        if not isinstance(allowed, dict) or not allowed.items() <= RIGHTS.items():
            complaints.append(name)
        elif "id-token" in allowed and "environment" not in job:
            complaints.append(f"{name}: a token without an environment")
    return complaints


def no_key_lasts(text: str) -> list[str]:
    """AWS is entered with a role alone."""
    return re.findall(
        r"secrets\.\w*AWS\w*|secrets\.\w*ACCESS_KEY\w*|aws-(?:access-key-id|secret-access-key)", text, re.I
    )


def actions_are_pinned(text: str) -> list[str]:
    """Each action is a commit, its release beside it, or of this repository."""
    used = [line.partition("uses:")[2].strip() for line in text.splitlines() if re.match(r"\s*(- )?uses:", line)]
    return [one for one in used if not ACTION.fullmatch(one) and not OF_THIS_REPOSITORY.fullmatch(one)]


def scripts_are_constant(text: str) -> list[str]:
    """What others can write comes to a script as a variable, never as a part of it."""
    return [step["run"] for step in steps(text) if "${{" in step.get("run", "")]


def checkouts_forget(text: str) -> list[str]:
    """No token of GitHub's stays in the working directory."""
    checkouts = [step for step in steps(text) if step.get("uses", "").startswith("actions/checkout@")]
    return [step["uses"] for step in checkouts if step.get("with", {}).get("persist-credentials") is not False]


def jobs(text: str) -> dict[str, Workflow]:
    found: dict[str, Workflow] = yaml.safe_load(text)["jobs"]
    return found


def steps(text: str) -> list[Workflow]:
    return [step for job in jobs(text).values() for step in job.get("steps", [])]


CHECKS: tuple[Callable[[str], list[str]], ...] = (
    jobs_end,
    little_is_allowed,
    no_key_lasts,
    actions_are_pinned,
    scripts_are_constant,
    checkouts_forget,
)
MUTATIONS: tuple[tuple[Callable[[str], list[str]], str, str, str], ...] = (
    (jobs_end, CHECK, "    timeout-minutes: 60\n", ""),
    (jobs_end, DEPLOY, "    timeout-minutes: 45\n", ""),
    (little_is_allowed, CHECK, "permissions:\n  contents: read\n", ""),
    (little_is_allowed, CHECK, "permissions:\n  contents: read\n", "permissions: write-all\n"),
    (little_is_allowed, DEPLOY, "permissions: {}", "permissions:\n  contents: write"),
    (little_is_allowed, DEPLOY, "      id-token: write", "      id-token: write\n      packages: write"),
    (little_is_allowed, DEPLOY, "      contents: read\n", "      contents: write\n"),
    (little_is_allowed, DEPLOY, "    environment: dev\n", ""),
    (no_key_lasts, DEPLOY, "secrets.SMOKE_TOKEN", "secrets.AWS_SECRET_ACCESS_KEY"),
    (no_key_lasts, DEPLOY, "secrets.SMOKE_TOKEN", "secrets.PROD_ACCESS_KEY_ID"),
    (no_key_lasts, DEPLOY, "          role-to-assume:", "          aws-access-key-id:"),
    (actions_are_pinned, CHECK, "@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0", "@v6"),
    (actions_are_pinned, CHECK, "@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0", "@main"),
    (actions_are_pinned, CHECK, " # v6.0.0", ""),
    (actions_are_pinned, DEPLOY, "$/.github/workflows/check.yaml", "someone/else/.github/workflows/check.yaml@main"),
    (
        scripts_are_constant,
        DEPLOY,
        'run: python -m tools.smoke --stack "$STACK_NAME"',
        "run: echo ${{ vars.STACK_NAME }}",
    ),
    (checkouts_forget, CHECK, "          persist-credentials: false\n", "          fetch-depth: 1\n"),
    (checkouts_forget, DEPLOY, "          persist-credentials: false\n", "          persist-credentials: true\n"),
)


def mutate(name: str, old: str, new: str) -> str:
    """The file's text with the first such place changed."""
    text = text_of(name)
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [CHECK, DEPLOY])
def test_workflow_passes(name: str, check: Callable[[str], list[str]]) -> None:
    assert check(text_of(name)) == []


@pytest.mark.parametrize(("check", "name", "old", "new"), MUTATIONS)
def test_check_notices(check: Callable[[str], list[str]], name: str, old: str, new: str) -> None:
    assert check(mutate(name, old, new)) != []


def test_each_check_is_proven() -> None:
    assert {check for check, *_ in MUTATIONS} == set(CHECKS)


def run_tool(tool: str, *arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """A linter that is installed beside this Python."""
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    # Without --strict-collection what cannot be read passes unread.
    return run_tool(
        "zizmor", "--offline", "--strict-collection", "--persona", "regular", "--no-ignores", ".", cwd=folder
    )


def copy_workflow(folder: Path, changed: str, text: str) -> Path:
    """A repository of these files alone, one of them changed."""
    for name in (CHECK, DEPLOY, DEPENDABOT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text if name == changed else text_of(name))
    return folder


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    done = zizmor(copy_workflow(tmp_path, "", ""))
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"completed ./{name}" in done.stderr for name in (CHECK, DEPLOY, DEPENDABOT)), done.stderr


@pytest.mark.parametrize(
    ("name", "old", "new", "audit"),
    [
        (CHECK, "run: make rehearse", "run: echo '${{ github.event.pull_request.title }}'", "template-injection"),
        (CHECK, "  pull_request:", "  pull_request_target:", "dangerous-triggers"),
        (CHECK, "          persist-credentials: false\n", "          fetch-depth: 1\n", "artipacked"),
        (CHECK, "@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0", "@v6.0.0", "unpinned-uses"),
        (CHECK, "permissions:\n  contents: read\n", "permissions: write-all\n", "excessive-permissions"),
        (DEPENDABOT, "    cooldown: { default-days: 7 }\n", "", "dependabot-cooldown"),
    ],
)
def test_zizmor_notices(name: str, old: str, new: str, audit: str, tmp_path: Path) -> None:
    done = zizmor(copy_workflow(tmp_path, name, mutate(name, old, new)))
    assert done.returncode != 0
    assert f"[{audit}]" in done.stdout


def schema_complaint(schema: str, *files: str) -> str:
    done = run_tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
    assert (done.returncode == 0) == ("ok --" in done.stdout)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_schemas_hold() -> None:
    assert schema_complaint("github-workflows", CHECK, DEPLOY) == ""
    assert schema_complaint("dependabot", DEPENDABOT) == ""


@pytest.mark.parametrize(
    ("schema", "name", "old", "new"),
    [
        ("github-workflows", CHECK, "runs-on:", "run-on:"),
        ("github-workflows", DEPLOY, "    needs: build\n", "    need: build\n"),
        ("dependabot", DEPENDABOT, "interval: weekly", "interval: hourly"),
    ],
)
def test_schema_notices(schema: str, name: str, old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / "changed.yaml").write_text(mutate(name, old, new))
    assert "changed.yaml" in schema_complaint(schema, str(tmp_path / "changed.yaml"))


def test_dependabot_knows_every_lock() -> None:
    (pip,) = (
        update for update in yaml.safe_load(text_of(DEPENDABOT))["updates"] if update["package-ecosystem"] == "pip"
    )
    locks = [path for path in REPOSITORY.glob("[!.]*/**/*.txt") if "--hash=" in path.read_text()]
    assert {f"/{path.parent.relative_to(REPOSITORY)}" for path in locks} == set(pip["directories"])


def test_prod_is_deployed_as_dev_is() -> None:
    dev, prod = (jobs(text_of(DEPLOY))[name] for name in ("dev", "prod"))
    different = {key for key in dev.keys() | prod.keys() if dev.get(key) != prod.get(key)}
    assert different == {"needs", "environment", "env"}
    assert (prod["needs"], prod["environment"], prod["env"]["CONFIG_ENV"]) == ("dev", "prod", "prod")


# Answers as the command line does that the workflow calls, from a file, and notes how it was called.
AWS = f"""#!{sys.executable}
import json, os, sys
import jmespath
with open("calls", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
answer = json.loads(os.environ["ANSWERS"]).get(sys.argv[2])
if isinstance(answer, str):
    sys.exit(answer)
found = jmespath.search(sys.argv[sys.argv.index("--query") + 1], answer)
if found is None or isinstance(found, str):
    print(found)
else:
    print("\\t".join(found))
"""
STACK = {
    "Stacks": [
        {
            "Outputs": [
                {"OutputKey": "Url", "OutputValue": "https://api"},
                {
                    "OutputKey": "PredictFunctionName",
                    "OutputValue": "arn:aws:lambda:eu-central-1:1:function:a-predict:live",
                },
                {
                    "OutputKey": "BatchFunctionName",
                    "OutputValue": "arn:aws:lambda:eu-central-1:1:function:a-batch:live",
                },
            ]
        }
    ]
}
BEFORE = """\
arn:aws:lambda:eu-central-1:1:function:a-predict 7
arn:aws:lambda:eu-central-1:1:function:a-batch 7
"""


def script(step: str, folder: Path, answers: object) -> subprocess.CompletedProcess[str]:
    """Runs a step of the job dev as GitHub does, with a command `aws` that answers so."""
    (command,) = (one["run"] for one in jobs(text_of(DEPLOY))["dev"]["steps"] if one.get("name") == step)
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "aws").write_text(AWS)
    (folder / "bin" / "aws").chmod(0o755)
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "STACK_NAME": "a", "ANSWERS": json.dumps(answers)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def calls(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def test_versions_before_are_remembered(tmp_path: Path) -> None:
    done = script("Remember", tmp_path, {"describe-stacks": STACK, "get-alias": {"FunctionVersion": "7"}})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "before").read_text() == BEFORE


@pytest.mark.parametrize("answer", ["Stack with id a does not exist", {"Stacks": [{}]}, {"Stacks": [{"Outputs": []}]}])
def test_first_deployment_has_no_version_to_remember(answer: object, tmp_path: Path) -> None:
    assert script("Remember", tmp_path, {"describe-stacks": answer}).returncode == 0
    assert not (tmp_path / "before").exists()


@pytest.mark.parametrize(
    "answers",
    [{"describe-stacks": "AccessDenied"}, {"describe-stacks": STACK, "get-alias": "ResourceNotFoundException"}],
)
def test_nothing_is_deployed_where_nothing_can_be_remembered(answers: object, tmp_path: Path) -> None:
    assert script("Remember", tmp_path, answers).returncode != 0


def test_aliases_go_back(tmp_path: Path) -> None:
    (tmp_path / "before").write_text(BEFORE)
    assert script("Go back", tmp_path, {"update-alias": {"AliasArn": "arn"}}).returncode == 0
    there = [
        (call[call.index("--function-name") + 1], call[call.index("--function-version") + 1])
        for call in calls(tmp_path)
    ]
    assert there == [tuple(line.split()) for line in BEFORE.splitlines()]


def test_second_alias_goes_back_where_the_first_does_not(tmp_path: Path) -> None:
    (tmp_path / "before").write_text(BEFORE)
    assert script("Go back", tmp_path, {"update-alias": "TooManyRequestsException"}).returncode == 1
    assert len(calls(tmp_path)) == 2


def test_first_deployment_cannot_go_back(tmp_path: Path) -> None:
    done = script("Go back", tmp_path, {})
    assert (done.returncode, done.stdout.startswith("::error::")) == (1, True)


@pytest.mark.parametrize("name", [REGISTRY, GITHUB])
def test_cfn_lint_finds_nothing(name: str) -> None:
    assert [str(match) for match in lint(text_of(name), regions=["eu-central-1"])] == []


def test_cfn_lint_notices() -> None:
    wrong = mutate(REGISTRY, "ImageTagMutability: IMMUTABLE", "ImageTagMutability: FIXED")
    assert [match.rule.id for match in lint(wrong, regions=["eu-central-1"])] == ["E3030"]


def registry_keeps_images_safe(text: str) -> list[str]:
    """Scanned, not to be replaced, encrypted, kept for every version that may run, and read by Lambda alone."""
    template = yaml_parse(text)
    repository = template["Resources"]["Repository"]
    properties = repository["Properties"]
    policy = json.loads(properties["LifecyclePolicy"]["LifecyclePolicyText"]["Fn::Sub"].replace("${KeepImages}", "20"))
    chosen = [rule["selection"] for rule in policy["rules"]]
    (statement,) = properties["RepositoryPolicyText"]["Statement"]
    holds = {
        "scanned": properties.get("ImageScanningConfiguration") == {"ScanOnPush": True},
        "immutable": properties.get("ImageTagMutability") == "IMMUTABLE",
        "encrypted": properties.get("EncryptionConfiguration", {}).get("EncryptionType") == "KMS",
        "enough": template["Parameters"]["KeepImages"]["MinValue"]
        >= 20
        < template["Parameters"]["KeepImages"]["Default"],
        "newest": chosen == [{"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 20}],
        "retained": (repository.get("DeletionPolicy"), repository.get("UpdateReplacePolicy")) == ("Retain", "Retain"),
        "Lambda": statement["Principal"] == {"Service": "lambda.amazonaws.com"} and "Condition" in statement,
    }
    return [what for what, held in holds.items() if not held]


def test_registry_keeps_images_safe() -> None:
    assert registry_keeps_images_safe(text_of(REGISTRY)) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("ScanOnPush: true", "ScanOnPush: false", "scanned"),
        ("ImageTagMutability: IMMUTABLE", "ImageTagMutability: MUTABLE", "immutable"),
        ("EncryptionType: KMS", "EncryptionType: AES256", "encrypted"),
        ("MinValue: 21", "MinValue: 5", "enough"),
        ("Default: 30", "Default: 20", "enough"),
        ('"countType": "imageCountMoreThan"', '"countType": "sinceImagePushed"', "newest"),
        ("    DeletionPolicy: Retain\n", "", "retained"),
        ("Principal: { Service: lambda.amazonaws.com }", 'Principal: "*"', "Lambda"),
    ],
)
def test_registry_check_notices(old: str, new: str, what: str) -> None:
    assert registry_keeps_images_safe(mutate(REGISTRY, old, new)) == [what]


def roles_are_bounded(text: str) -> list[str]:
    """One environment's jobs and CloudFormation take the roles, which cannot reach each other."""
    resources = yaml_parse(text)["Resources"]
    roles = {
        name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"
    }
    (trust,) = roles["DeployRole"]["AssumeRolePolicyDocument"]["Statement"]
    expected = {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${GitHubRepository}:environment:${Environment}"},
    }
    complaints = [] if trust["Condition"] == {"StringEquals": expected} else ["trust"]
    for name, role in roles.items():
        if role["RoleName"]["Fn::Sub"].startswith("${StackName}"):
            complaints.append(f"{name}: names itself as the stack's roles are named")
        statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
        complaints += [
            one["Sid"] for one in statements if one["Resource"] == "*" and one["Sid"] not in WITHOUT_RESOURCE
        ]
        for one in statements:
            actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
            if any(action in ("*", "iam:*") for action in actions):
                complaints.append(f"{one['Sid']}: every action")
            if "iam:PassRole" in actions and "iam:PassedToService" not in json.dumps(one.get("Condition", {})):
                complaints.append(f"{one['Sid']}: to any service")
            if any(action.startswith("iam:") for action in actions) and one["Resource"] not in (
                {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${StackName}-*"},
                {"Fn::GetAtt": ["CloudFormationRole", "Arn"]},
            ):
                complaints.append(f"{one['Sid']}: other roles")
    return complaints


def test_roles_are_bounded() -> None:
    assert roles_are_bounded(text_of(GITHUB)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("              StringEquals:\n", "              StringLike:\n"),
        (":environment:${Environment}", ":*"),
        ("token.actions.githubusercontent.com:aud: sts.amazonaws.com", "aws:SecureTransport: true"),
        ("RoleName: !Sub changes-${StackName}", "RoleName: !Sub ${StackName}-changes"),
        ("Resource: !Sub ${Artifacts.Arn}/*", 'Resource: "*"'),
        ("Action: lambda:*", 'Action: "*"'),
        ("                Condition: { StringEquals: { iam:PassedToService: cloudformation.amazonaws.com } }\n", ""),
        ("role/${StackName}-*", "role/*"),
    ],
)
def test_roles_check_notices(old: str, new: str) -> None:
    assert roles_are_bounded(mutate(GITHUB, old, new)) != []


def test_wildcards_are_explained() -> None:
    explained = text_of(GITHUB).partition("and why:\n")[2].partition("# And which")[0]
    assert all(sid in explained for sid in WITHOUT_RESOURCE)
