"""`python -m tools.smoke` against the function's own server, and against servers that answer wrongly. Loopback only."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from moto import mock_aws

from tests.emulator import free_port
from tests.integration.test_serve import serving
from tools import smoke

type Seen = list[dict[str, Any]]
type Answer = Callable[[int, str, dict[str, Any]], tuple[int, dict[str, Any]]]

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, Seen]]:
    """A server's address, and what it was asked: `answer` gets the request's number, its path and its body."""
    seen: Seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.append({"path": self.path, "headers": dict(self.headers), "body": body, "method": self.command})
            status, document = answer(len(seen), self.path, json.loads(body or b"{}"))
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}", seen
        finally:
            listening.shutdown()
            thread.join()


def right(manifest: dict[str, Any], path: str) -> dict[str, Any]:
    """What the API answers where all is well."""
    if path == "/model":
        return manifest
    identity = {"name": manifest["name"], "version": manifest["version"]}
    return {"predictions": [example["prediction"] for example in manifest["examples"]], "model": identity}


def run(url: str, *arguments: str) -> int:
    """The exit code for an API that asks nobody who they are."""
    return smoke.main(["--url", url, "--auth", "none", "--patience", "2", *arguments], {})


@pytest.fixture
def houses_manifest(houses_bundle: Path) -> dict[str, Any]:
    """The example's: numbers are predicted."""
    document: dict[str, Any] = json.loads((houses_bundle / "manifest.json").read_bytes())
    return document


@pytest.fixture
def iris_manifest(iris_bundle: Path) -> dict[str, Any]:
    """The classifier's: labels are predicted."""
    document: dict[str, Any] = json.loads((iris_bundle / "manifest.json").read_bytes())
    return document


@pytest.mark.parametrize("bundle", ["houses_bundle", "iris_bundle", "mixed_bundle"])
def test_function_answers_rightly(
    bundle: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    folder: Path = request.getfixturevalue(bundle)
    version = json.loads((folder / "manifest.json").read_bytes())["version"]
    with serving(folder) as url:
        assert run(url, "--version", version) == 0
    assert capsys.readouterr().out.endswith(f"{url} predicts every golden row correctly\n")


def test_version_that_was_not_asked_for_is_told(
    houses_manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with server(lambda _, path, __: (200, right(houses_manifest, path))) as (url, _):
        assert run(url, "--version", "0123456789ab") == 1
    assert "not 0123456789ab." in capsys.readouterr().err


def test_number_may_differ_in_its_last_bits(houses_manifest: dict[str, Any]) -> None:
    def answer(_: int, path: str, __: object) -> tuple[int, dict[str, Any]]:
        document = right(houses_manifest, path)
        if path == "/predict":
            document["predictions"][0] *= 1 + 5e-7
        return 200, document

    with server(answer) as (url, _):
        assert run(url) == 0


@pytest.mark.parametrize("wrong", [1.00001, None, "360000.0", True])
def test_wrong_number_is_told(
    wrong: object, houses_manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = houses_manifest["examples"][1]["prediction"]

    def answer(_: int, path: str, __: object) -> tuple[int, dict[str, Any]]:
        document = right(houses_manifest, path)
        if path == "/predict":
            document["predictions"][1] = expected * wrong if isinstance(wrong, float) else wrong
        return 200, document

    with server(answer) as (url, _):
        assert run(url) == 1
    told = capsys.readouterr().err
    assert told.startswith("The prediction of example 2 of 8 is ")
    assert told.endswith(f", not {expected}.\n")
    assert told.count("\n") == 1


def test_wrong_label_is_told(iris_manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    def answer(_: int, path: str, __: object) -> tuple[int, dict[str, Any]]:
        document = right(iris_manifest, path)
        if path == "/predict":
            document["predictions"][0] = "tulip"
        return 200, document

    with server(answer) as (url, _):
        assert run(url) == 1
    assert "The prediction of example 1 of " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "document", "told"),
    [
        ("/model", {"format": 0}, "GET /model does not return a valid manifest.json"),
        ("/predict", {"predictions": [1.0]}, "does not return 8 predictions for 8 records"),
        ("/predict", {}, "does not return 8 predictions for 8 records"),
        ("/predict", [], "does not return a JSON object"),
    ],
)
def test_answer_of_another_form_is_told(
    path: str, document: Any, told: str, houses_manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with server(lambda _, at, __: (200, document if at == path else right(houses_manifest, at))) as (url, _):
        assert run(url) == 1
    assert told in capsys.readouterr().err


def test_another_model_behind_predict_is_told(
    houses_manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(_: int, path: str, __: object) -> tuple[int, dict[str, Any]]:
        document = right(houses_manifest, path)
        return 200, document if path == "/model" else document | {"model": {"name": "old", "version": "old"}}

    with server(answer) as (url, _):
        assert run(url) == 1
    assert "another model" in capsys.readouterr().err


@pytest.mark.parametrize("status", [429, 503])
def test_what_passes_is_asked_again(status: int, houses_manifest: dict[str, Any]) -> None:
    with server(lambda n, path, _: (status if n in (1, 3) else 200, right(houses_manifest, path))) as (url, seen):
        assert run(url) == 0
    assert [request["path"] for request in seen] == ["/model", "/model", "/predict", "/predict"]


def test_fault_that_stays_is_told_once_patience_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with server(lambda *_: (500, {})) as (url, seen):
        assert run(url) == 1
    assert capsys.readouterr().err == "GET /model got status 500 in every attempt.\n"
    assert len(seen) > 1


def test_nobody_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"http://127.0.0.1:{free_port()}", "--patience", "0.1") == 1
    assert capsys.readouterr().err == "GET /model got no response (ConnectionError) in every attempt.\n"


def test_refusal_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with server(lambda *_: (403, {})) as (url, seen):
        assert run(url) == 1
    assert capsys.readouterr().err == "GET /model got status 403.\n"
    assert len(seen) == 1


def test_address_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ftp://127.0.0.1") == 1
    assert capsys.readouterr().err == "ftp://127.0.0.1 cannot be requested (InvalidSchema): correct the URL.\n"


def test_requests_are_signed(houses_manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with server(lambda _, path, __: (200, right(houses_manifest, path))) as (url, seen):
        assert smoke.main(["--url", url, "--region", "eu-central-1"], {}) == 0
    for request in seen:
        headers = request["headers"]
        assert "/eu-central-1/execute-api/aws4_request" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "session"
        # As API Gateway does: the signature must come out of what arrived.
        again = AWSRequest(
            request["method"], url + request["path"], {"X-Amz-Security-Token": "session"}, request["body"]
        )
        again.context["timestamp"] = headers["X-Amz-Date"]
        again.headers["X-Amz-Date"] = headers["X-Amz-Date"]
        auth = SigV4Auth(ReadOnlyCredentials("AKIDEXAMPLE", "secret", "session"), "execute-api", "eu-central-1")
        signature = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
        assert headers["Authorization"].endswith(f"Signature={signature}")


def test_token_is_sent(houses_manifest: dict[str, Any]) -> None:
    with server(lambda _, path, __: (200, right(houses_manifest, path))) as (url, seen):
        assert smoke.main(["--url", url, "--auth", "jwt"], {"SMOKE_TOKEN": "abc"}) == 0
    assert {request["headers"]["Authorization"] for request in seen} == {"Bearer abc"}


def test_token_that_is_missing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main(["--url", "http://127.0.0.1", "--auth", "jwt"], {}) == 1
    assert capsys.readouterr().err == "The API requires a token: set SMOKE_TOKEN.\n"


def make_stack(outputs: dict[str, str]) -> None:
    """A stack named `app` with these outputs."""
    document = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="app", TemplateBody=json.dumps(document))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account without anything in it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_stack_says_where_and_how(houses_manifest: dict[str, Any]) -> None:
    with server(lambda _, path, __: (200, right(houses_manifest, path))) as (url, seen):
        make_stack({"Url": url, "ApiAuth": "IAM"})
        assert smoke.main(["--stack", "app"], {}) == 0
    assert all("/eu-central-1/execute-api/" in request["headers"]["Authorization"] for request in seen)


@pytest.mark.usefixtures("aws")
def test_stack_without_outputs_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    make_stack({})
    assert smoke.main(["--stack", "app"], {}) == 1
    assert capsys.readouterr().err == "The stack app has no outputs Url and ApiAuth: name a stack of this project.\n"


@pytest.mark.usefixtures("aws")
def test_stack_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main(["--stack", "app"], {}) == 1
    assert capsys.readouterr().err.startswith("AWS cannot be reached: ")
