"""Asks a deployed API for the golden rows of its manifest: `python -m tools.smoke --stack NAME`, or `--url URL`.

It ends with 0 where every answer is right; else with 1 and one sentence for each that is not.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from typing import Any, NamedTuple

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from requests.auth import AuthBase

from function.bundle.loading import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from function.errors import BundleError
from function.model.manifest import CLASSIFICATION, FILE_NAME, Manifest

# A little longer than the API itself waits.
SECONDS_PER_REQUEST = 35
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0


class Failed(Exception):
    """What is wrong, as one sentence."""


class Endpoint(NamedTuple):
    """Where the API answers, and how it is to be asked."""

    url: str
    auth: str


class Nobody(AuthBase):
    """Sends no proof of who asks; requests would otherwise look for one in ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Bearer(AuthBase):
    """Sends a token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Signature(AuthBase):
    """Signs as AWS does, for API Gateway (Signature Version 4, service execute-api)."""

    def __init__(self, credentials: ReadOnlyCredentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Of the headers the signature covers the host and its own; those that requests adds may change on the way.
        signed = AWSRequest(method=request.method, url=request.url, data=request.body or b"")
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


class Api:
    """The API; asks again for up to `patience` seconds in all where it does not answer, or answers 429 or 5xx."""

    def __init__(self, url: str, auth: AuthBase, patience: float) -> None:
        self._url = url.rstrip("/")
        self._auth = auth
        self._deadline = time.monotonic() + patience

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        """The answer, which is a 200. Raises Failed."""
        pause = FIRST_PAUSE
        while True:
            try:
                response = requests.request(
                    method,
                    self._url + path,
                    json=body,
                    auth=self._auth,
                    timeout=SECONDS_PER_REQUEST,
                    # A signature holds for one address, and a token is meant for no other.
                    allow_redirects=False,
                )
            except (requests.ConnectionError, requests.Timeout) as error:
                said = f"does not answer ({type(error).__name__})"
            except requests.RequestException as error:
                raise Failed(f"{self._url} cannot be asked ({type(error).__name__}).") from None
            else:
                if response.status_code == 200:
                    return response
                said = f"answers {response.status_code}"
                if response.status_code != 429 and response.status_code < 500:
                    raise Failed(f"{method} {path} {said}.")
            if time.monotonic() + pause > self._deadline:
                raise Failed(f"{method} {path} {said}, however often it is asked.")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def failures(api: Api, version: str | None = None) -> Iterator[str]:
    """One sentence for everything that is not as the manifest has it, or is not the version asked for.

    Raises Failed where nothing can be compared.
    """
    try:
        manifest = Manifest.parse(api.ask("GET", "/model").content)
    except BundleError:
        raise Failed(f"GET /model does not answer with a {FILE_NAME} that can be read.") from None
    if version is not None and manifest.version != version:
        yield f"GET /model shows the model's version {manifest.version}, not {version}."
    records = [example.record for example in manifest.examples]
    answer = _document(api.ask("POST", "/predict", {"instances": records}))
    if answer.get("model") != manifest.identity:
        yield "POST /predict answers with another model than GET /model shows."
    predictions = answer.get("predictions")
    if not isinstance(predictions, list) or len(predictions) != len(records):
        raise Failed(f"POST /predict does not answer {len(records)} records with as many predictions.")
    # Any artifact may be the one that answers.
    tolerance = max(RELATIVE_TOLERANCE, *(2 * artifact.largest_error for artifact in manifest.artifacts))
    for number, (found, example) in enumerate(zip(predictions, manifest.examples, strict=True), 1):
        if not _same(found, example.prediction, None if manifest.task == CLASSIFICATION else tolerance):
            yield f"Example {number} of {len(records)} is predicted {found!r}, not {example.prediction!r}."


def _document(response: requests.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Failed("POST /predict does not answer with a JSON object.")
    return document


def _same(found: object, expected: object, tolerance: float | None) -> bool:
    """Whether two numbers are within the tolerance; without one, whether two labels are equal, and of one type."""
    if tolerance is None:
        return type(found) is type(expected) and found == expected
    numbers = isinstance(found, (int, float)) and isinstance(expected, (int, float)) and not isinstance(found, bool)
    return numbers and isclose(found, expected, rel_tol=tolerance, abs_tol=ABSOLUTE_TOLERANCE)  # type: ignore[arg-type]


def find_endpoint(stack: str, session: boto3.Session) -> Endpoint:
    """What the stack's outputs say. Raises Failed."""
    (description,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {output.get("OutputKey"): output.get("OutputValue", "") for output in description.get("Outputs", [])}
    if "Url" not in outputs or "ApiAuth" not in outputs:
        raise Failed(f"The stack {stack} has no outputs Url and ApiAuth.")
    return Endpoint(outputs["Url"], outputs["ApiAuth"].lower())


def proof(auth: str, session: boto3.Session, environment: Mapping[str, str]) -> AuthBase:
    """What shows the API who asks. Raises Failed."""
    if auth == "none":
        return Nobody()
    if auth == "jwt":
        if not environment.get("SMOKE_TOKEN"):
            raise Failed("The API wants a token: set SMOKE_TOKEN.")
        return Bearer(environment["SMOKE_TOKEN"])
    credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        raise Failed("The API wants signed requests: set up AWS credentials and a region.")
    return Signature(credentials.get_frozen_credentials(), session.region_name)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.smoke", description="Asks a deployed API for its golden rows."
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="where the API answers")
    where.add_argument("--stack", help="the CloudFormation stack whose outputs say where and how")
    parser.add_argument(
        "--auth", choices=("iam", "none", "jwt"), default="iam", help="with --url, who may call it (iam)"
    )
    parser.add_argument("--region", help="the AWS region, if it is not the one that is set up")
    parser.add_argument("--version", help="the model's version that must answer")
    parser.add_argument("--patience", type=float, default=60, help="seconds to ask again for, where it does not answer")
    options = parser.parse_args(arguments)
    try:
        session = boto3.Session(region_name=options.region)
        endpoint = find_endpoint(options.stack, session) if options.stack else Endpoint(options.url, options.auth)
        api = Api(endpoint.url, proof(endpoint.auth, session, environment), options.patience)
        found = list(failures(api, options.version))
    except Failed as error:
        found = [str(error)]
    except (BotoCoreError, ClientError) as error:
        found = [f"AWS cannot be asked: {error}"]
    sys.stderr.writelines(f"{sentence}\n" for sentence in found)
    if not found:
        sys.stdout.write(f"{endpoint.url} answers every golden row rightly\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
