"""CodeDeploy's hooks: botocore checks what is asked of AWS, and a stub answers. Touches files only."""

import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from function.bundle.loading import load
from function.model.runtime import Model
from function.model.target import describe_prediction, describe_scores
from function.release import create_hooks
from tests.bundles import write_manifest

EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"}
VERSIONS = [
    "arn:aws:lambda:eu-west-1:123456789012:function:predict:7",
    "arn:aws:lambda:eu-west-1:123456789012:function:batch:4",
]


class Stubs:
    """AWS's services behind function.aws.Clients, with the answers that they will give."""

    def __init__(self) -> None:
        no_account = {"region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.functions: Any = boto3.client("lambda", **no_account)  # type: ignore[call-overload]
        self.deployments: Any = boto3.client("codedeploy", **no_account)  # type: ignore[call-overload]
        self.lambda_, self.codedeploy = Stubber(self.functions), Stubber(self.deployments)
        self.lambda_.activate()
        self.codedeploy.activate()

    def invokes(self, version: str, answer: object, error: str | None = None) -> None:
        body = json.dumps(answer).encode()
        response: dict[str, Any] = {"Payload": StreamingBody(io.BytesIO(body), len(body)), "StatusCode": 200}
        if error:
            response["FunctionError"] = error
        self.lambda_.add_response("invoke", response, {"FunctionName": version, "Payload": ANY})

    def expects(self, status: str) -> None:
        told = {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "h-1", "status": status}
        self.codedeploy.add_response("put_lifecycle_event_hook_execution_status", {}, told)

    def done(self) -> None:
        self.lambda_.assert_no_pending_responses()
        self.codedeploy.assert_no_pending_responses()


@pytest.fixture
def stubs() -> Stubs:
    return Stubs()


def answer_of(model: Model) -> dict[str, Any]:
    """What a version answers to the golden rows."""
    examples = model.manifest.examples
    targets, scores = model.manifest.targets, model.manifest.scores
    document: dict[str, Any] = {
        "predictions": [describe_prediction(targets, e.output) for e in examples],
        "model": model.manifest.identity,
    }
    if scores is not None:
        document[scores] = [describe_scores(targets, e.output) for e in examples]
    return document


def check(bundle: Path, stubs: Any, versions: str = ",".join(VERSIONS)) -> dict[str, str]:
    check, _ = create_hooks({"MODEL_PATH": str(bundle), "NEW_VERSIONS": versions}, stubs)
    return check(EVENT, None)


def tidy(stubs: Any, functions: str, keep: str = "") -> dict[str, str]:
    _, tidy = create_hooks({"RELEASED_FUNCTIONS": functions, "KEEP_VERSIONS": keep}, stubs)
    return tidy(EVENT, None)


@pytest.mark.parametrize("name", ["houses_bundle", "iris_bundle", "mixed_bundle"])
def test_versions_that_answer_the_golden_rows_pass(name: str, stubs: Stubs, request: pytest.FixtureRequest) -> None:
    bundle = request.getfixturevalue(name)
    for version in VERSIONS:
        stubs.invokes(version, answer_of(load(bundle)))
    stubs.expects("Succeeded")
    assert check(bundle, stubs) == {"status": "Succeeded"}
    stubs.done()


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer | {"predictions": [answer["predictions"][0] * 1.001, *answer["predictions"][1:]]},
        lambda answer: answer | {"predictions": answer["predictions"][:-1]},
        lambda answer: answer | {"model": {"name": "houses", "version": "another"}},
        lambda answer: {},
        lambda answer: answer | {"predictions": ["text"] * len(answer["predictions"])},
    ],
)
def test_other_answer_fails_the_release(change: Any, stubs: Stubs, houses_bundle: Path) -> None:
    stubs.invokes(VERSIONS[0], answer_of(load(houses_bundle)))
    stubs.invokes(VERSIONS[1], change(answer_of(load(houses_bundle))))
    stubs.expects("Failed")
    assert check(houses_bundle, stubs) == {"status": "Failed"}
    stubs.done()


def test_answer_that_nobody_foresaw_fails_the_release_at_once(stubs: Stubs, iris_bundle: Path) -> None:
    answer = answer_of(load(iris_bundle))
    stubs.invokes(VERSIONS[0], answer | {"probabilities": ["text"] * len(answer["predictions"])})
    stubs.expects("Failed")
    assert check(iris_bundle, stubs, VERSIONS[0]) == {"status": "Failed"}
    stubs.done()


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: {key: value for key, value in answer.items() if key != "probabilities"},
        lambda answer: answer | {"probabilities": answer["probabilities"][:-1]},
        lambda answer: answer | {"probabilities": [{} for _ in answer["probabilities"]]},
        lambda answer: answer | {"probabilities": [share | {"other": 0.0} for share in answer["probabilities"]]},
        lambda answer: answer | {"probabilities": [[0.5, 0.5, 0.0] for _ in answer["probabilities"]]},
        lambda answer: answer | {"predictions": [{"species": label} for label in answer["predictions"]]},
        lambda answer: answer | {"predictions": [None for _ in answer["predictions"]]},
    ],
)
def test_answer_that_lacks_a_member_is_refused_with_a_reason(
    change: Any, stubs: Stubs, iris_bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stubs.invokes(VERSIONS[0], change(answer_of(load(iris_bundle))))
    stubs.expects("Failed")
    assert check(iris_bundle, stubs, VERSIONS[0]) == {"status": "Failed"}
    assert "golden row" in vars(caplog.records[-1])["reason"]


@pytest.mark.parametrize("expected", [(1e-5, "Succeeded"), (1e-3, "Failed")])
def test_export_may_be_off_by_what_it_was_when_it_was_made(
    expected: tuple[float, str], stubs: Stubs, full_bundle: Path, tmp_path: Path
) -> None:
    off, status = expected
    document = json.loads((full_bundle / "manifest.json").read_text())
    document["artifacts"]["model.joblib"]["largest_relative_error"] = 1e-5
    write_manifest(tmp_path, document)
    answer = answer_of(load(full_bundle))
    stubs.invokes(VERSIONS[0], answer | {"predictions": [value * (1 + off) for value in answer["predictions"]]})
    stubs.expects(status)
    assert check(tmp_path, stubs, VERSIONS[0]) == {"status": status}


def test_other_probability_fails_the_release(stubs: Stubs, iris_bundle: Path) -> None:
    answer = answer_of(load(iris_bundle))
    first = answer["probabilities"][0]
    label = next(iter(first))
    stubs.invokes(
        VERSIONS[0], answer | {"probabilities": [first | {label: first[label] + 0.01}, *answer["probabilities"][1:]]}
    )
    stubs.expects("Failed")
    assert check(iris_bundle, stubs, VERSIONS[0]) == {"status": "Failed"}


def test_version_that_does_not_start_fails_the_release(
    stubs: Stubs, houses_bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stubs.invokes(VERSIONS[0], {"errorType": "BundleError", "errorMessage": "The digest differs."}, "Unhandled")
    stubs.expects("Failed")
    assert check(houses_bundle, stubs, VERSIONS[0]) == {"status": "Failed"}
    assert "The digest differs." in vars(caplog.records[-1])["reason"]


def test_call_that_lambda_refuses_fails_the_release(stubs: Stubs, houses_bundle: Path) -> None:
    stubs.lambda_.add_client_error("invoke", "TooManyRequestsException", http_status_code=429)
    stubs.expects("Failed")
    assert check(houses_bundle, stubs, VERSIONS[0]) == {"status": "Failed"}


def test_nothing_to_check_fails_the_release(stubs: Stubs, houses_bundle: Path) -> None:
    stubs.expects("Failed")
    assert check(houses_bundle, stubs, "") == {"status": "Failed"}


def test_bundle_that_cannot_be_read_fails_the_release(stubs: Stubs, tmp_path: Path) -> None:
    stubs.expects("Failed")
    assert check(tmp_path, stubs) == {"status": "Failed"}


def lists(stubs: Stubs, versions: list[int], used: list[int], function: str = "predict") -> None:
    aliases = [{"Name": "live", "FunctionVersion": str(used[0])}]
    if used[1:]:
        aliases[0]["RoutingConfig"] = {"AdditionalVersionWeights": {str(used[1]): 0.1}}  # type: ignore[assignment]
    stubs.lambda_.add_response("list_aliases", {"Aliases": aliases}, {"FunctionName": function})
    names = ["$LATEST", *map(str, versions)]
    stubs.lambda_.add_response(
        "list_versions_by_function", {"Versions": [{"Version": name} for name in names]}, {"FunctionName": function}
    )


def test_versions_past_those_to_keep_are_deleted_but_for_the_ones_in_use(stubs: Stubs) -> None:
    lists(stubs, [2, 10, 9, 1, 11, 5, 4], used=[11, 2])
    for version in ("1", "4", "5"):
        stubs.lambda_.add_response("delete_function", {}, {"FunctionName": "predict", "Qualifier": version})
    stubs.expects("Succeeded")
    # Kept: 9, 10, 11, and 2, which still gets a tenth of the traffic.
    assert tidy(stubs, "predict", "3") == {"status": "Succeeded"}
    stubs.done()


def test_few_versions_all_stay(stubs: Stubs) -> None:
    lists(stubs, [1, 2, 3], used=[3])
    lists(stubs, [1], used=[1], function="batch")
    stubs.expects("Succeeded")
    tidy(stubs, "predict,batch", "3")
    stubs.done()


def test_what_cannot_be_deleted_undoes_no_release(stubs: Stubs) -> None:
    stubs.lambda_.add_client_error("list_aliases", "AccessDeniedException", http_status_code=403)
    stubs.expects("Succeeded")
    assert tidy(stubs, "predict") == {"status": "Succeeded"}
    stubs.done()
