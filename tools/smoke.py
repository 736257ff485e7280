"""Test a deployed API with the golden rows of its manifest: `python -m tools.smoke --stack NAME`, or `--url URL`.

The exit code is 0 if every prediction is correct; else it is 1, and each error is printed as one sentence.
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
from function.model.manifest import FILE_NAME, Manifest
from function.model.target import REGRESSION, describe_prediction

# A little more than the timeout of the API itself.
SECONDS_PER_REQUEST = 35
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0


class SmokeFailure(Exception):
    """The test cannot go on; the text is one sentence that says why."""


class Endpoint(NamedTuple):
    """The API's URL and its kind of authorization: iam, jwt or none."""

    url: str
    auth: str


class NoAuth(AuthBase):
    """Send no credentials. Without this class, requests would use those of ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class BearerAuth(AuthBase):
    """Send a bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class SignatureAuth(AuthBase):
    """Sign requests for API Gateway (AWS Signature Version 4, service execute-api)."""

    def __init__(self, credentials: ReadOnlyCredentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # The signature covers only Host and its own headers, because proxies may change those that requests adds.
        signed = AWSRequest(method=request.method, url=request.url, data=request.body or b"")
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


class Api:
    """A client of the API. It retries for up to `patience` seconds in total after no response, a 429 or a 5xx."""

    def __init__(self, url: str, auth: AuthBase, patience: float) -> None:
        self._url = url.rstrip("/")
        self._auth = auth
        self._deadline = time.monotonic() + patience

    def request(self, method: str, path: str, body: object = None) -> requests.Response:
        """Return the response, whose status is 200. Raises SmokeFailure."""
        pause = FIRST_PAUSE
        while True:
            try:
                response = requests.request(
                    method,
                    self._url + path,
                    json=body,
                    auth=self._auth,
                    timeout=SECONDS_PER_REQUEST,
                    # A signature is valid for one address only, and a token must not go to another one.
                    allow_redirects=False,
                )
            except (requests.ConnectionError, requests.Timeout) as error:
                fault = f"got no response ({type(error).__name__})"
            except requests.RequestException as error:
                raise SmokeFailure(
                    f"{self._url} cannot be requested ({type(error).__name__}): correct the URL."
                ) from None
            else:
                if response.status_code == 200:
                    return response
                fault = f"got status {response.status_code}"
                if response.status_code != 429 and response.status_code < 500:
                    raise SmokeFailure(f"{method} {path} {fault}.")
            if time.monotonic() + pause > self._deadline:
                raise SmokeFailure(f"{method} {path} {fault} in every attempt.")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def find_failures(api: Api, version: str | None = None) -> Iterator[str]:
    """Yield a sentence for each response that differs from the manifest or from the expected version.

    Raises SmokeFailure if there is nothing to compare.
    """
    try:
        manifest = Manifest.parse(api.request("GET", "/model").content)
    except BundleError:
        raise SmokeFailure(f"GET /model does not return a valid {FILE_NAME}.") from None
    if version is not None and manifest.version != version:
        yield f"GET /model returns the model's version {manifest.version}, not {version}."
    records = [example.record for example in manifest.examples]
    document = _parse_object(api.request("POST", "/predict", {"instances": records}))
    if document.get("model") != manifest.identity:
        yield "POST /predict names another model than GET /model does."
    predictions = document.get("predictions")
    if not isinstance(predictions, list) or len(predictions) != len(records):
        raise SmokeFailure(f"POST /predict does not return {len(records)} predictions for {len(records)} records.")
    # The API may use any artifact, so allow for the largest error of all.
    tolerance = max(RELATIVE_TOLERANCE, *(2 * artifact.largest_error for artifact in manifest.artifacts))
    for number, (found, example) in enumerate(zip(predictions, manifest.examples, strict=True), 1):
        expected = describe_prediction(manifest.targets, example.output)
        if not _is_same(found, expected, tolerance if manifest.task == REGRESSION else None):
            yield f"The prediction of example {number} of {len(records)} is {found!r}, not {expected!r}."


def _parse_object(response: requests.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SmokeFailure("POST /predict does not return a JSON object.")
    return document


def _is_same(found: object, expected: object, tolerance: float | None) -> bool:
    """Tell whether two numbers are within the tolerance or, without one, whether two labels have one type and value.

    The predictions of several targets are objects.
    """
    if isinstance(expected, dict):
        same_keys = isinstance(found, dict) and found.keys() == expected.keys()
        return same_keys and all(_is_same(found[name], expected[name], tolerance) for name in expected)  # type: ignore[index]
    if tolerance is None:
        return type(found) is type(expected) and found == expected
    numbers = isinstance(found, (int, float)) and isinstance(expected, (int, float)) and not isinstance(found, bool)
    return numbers and isclose(found, expected, rel_tol=tolerance, abs_tol=ABSOLUTE_TOLERANCE)  # type: ignore[arg-type]


def find_endpoint(stack: str, session: boto3.Session) -> Endpoint:
    """Read the endpoint from the stack's outputs. Raises SmokeFailure."""
    (description,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {output.get("OutputKey"): output.get("OutputValue", "") for output in description.get("Outputs", [])}
    if "Url" not in outputs or "ApiAuth" not in outputs:
        raise SmokeFailure(f"The stack {stack} has no outputs Url and ApiAuth: name a stack of this project.")
    return Endpoint(outputs["Url"], outputs["ApiAuth"].lower())


def choose_auth(auth: str, session: boto3.Session, environment: Mapping[str, str]) -> AuthBase:
    """Return the authorization for requests. Raises SmokeFailure if its credentials are missing."""
    if auth == "none":
        return NoAuth()
    if auth == "jwt":
        if not environment.get("SMOKE_TOKEN"):
            raise SmokeFailure("The API requires a token: set SMOKE_TOKEN.")
        return BearerAuth(environment["SMOKE_TOKEN"])
    credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        raise SmokeFailure("The API requires signed requests: configure AWS credentials and a region.")
    return SignatureAuth(credentials.get_frozen_credentials(), session.region_name)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.smoke", description="Test a deployed API with the golden rows of its manifest."
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="the API's URL")
    where.add_argument("--stack", help="the CloudFormation stack whose outputs have the URL and the authorization")
    parser.add_argument(
        "--auth",
        choices=("iam", "none", "jwt"),
        default="iam",
        help="the API's authorization, with --url (default: iam)",
    )
    parser.add_argument("--region", help="the AWS region (default: the configured one)")
    parser.add_argument("--version", help="the expected version of the model")
    parser.add_argument("--patience", type=float, default=60, help="seconds to retry without a response (default: 60)")
    options = parser.parse_args(arguments)
    try:
        session = boto3.Session(region_name=options.region)
        endpoint = find_endpoint(options.stack, session) if options.stack else Endpoint(options.url, options.auth)
        api = Api(endpoint.url, choose_auth(endpoint.auth, session, environment), options.patience)
        sentences = list(find_failures(api, options.version))
    except SmokeFailure as error:
        sentences = [str(error)]
    except (BotoCoreError, ClientError) as error:
        sentences = [f"AWS cannot be reached: {error}"]
    sys.stderr.writelines(f"{sentence}\n" for sentence in sentences)
    if not sentences:
        sys.stdout.write(f"{endpoint.url} predicts every golden row correctly\n")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
