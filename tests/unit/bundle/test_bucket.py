"""A bundle under a prefix of a bucket, in moto's server: only what its digest names is loaded."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from function.bundle.bucket import Prefix
from function.bundle.loading import load
from function.errors import BundleError
from tests.cloud import services
from tests.cloud.services import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "models"


@pytest.fixture(scope="module")
def client() -> "Iterator[S3Client]":
    with services.running() as endpoint:
        s3 = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield s3


class Uploaded:
    """A bundle's files under a prefix of the test's own."""

    def __init__(self, client: "S3Client", folder: Path, prefix: str) -> None:
        self.client, self.prefix = client, prefix
        self.digest = sha256((folder / "manifest.json").read_bytes()).hexdigest()
        self.versions = {path.name: self.put(path.name, path.read_bytes()) for path in sorted(folder.iterdir())}

    def put(self, name: str, data: bytes) -> str:
        return self.client.put_object(Bucket=BUCKET, Key=self.prefix + name, Body=data)["VersionId"]

    def place(self, digest: str = "", version_id: str = "", client: Any = None) -> Prefix:
        uri = f"s3://{BUCKET}/{self.prefix}"
        return Prefix(uri, digest or self.digest, version_id, client or self.client)


@pytest.fixture
def uploaded(client: "S3Client", full_bundle: Path, request: pytest.FixtureRequest) -> Uploaded:
    return Uploaded(client, full_bundle, f"{abs(hash(request.node.name))}/")


@pytest.mark.parametrize("runtime", ["", "flat", "joblib"])
def test_bundle_is_loaded_and_answers(uploaded: Uploaded, runtime: str) -> None:
    model = load(uploaded.place(version_id=uploaded.versions["manifest.json"]), runtime)
    assert model.runtime.predict([[1500.0], [3.0]]) == [[360000.0]]


def test_only_what_is_loaded_is_fetched(uploaded: Uploaded) -> None:
    asked = Asked(uploaded.client)
    load(uploaded.place(client=asked), "flat")
    assert sorted(asked.keys) == [f"{uploaded.prefix}manifest.json", f"{uploaded.prefix}model.flat"]


def test_other_manifest_is_refused_before_anything_else_is_asked_for(uploaded: Uploaded) -> None:
    asked = Asked(uploaded.client)
    with pytest.raises(BundleError, match="MODEL_SHA256") as raised:
        load(uploaded.place(digest="0" * 64, client=asked))
    assert raised.value.code == "digest_mismatch"
    assert asked.keys == [f"{uploaded.prefix}manifest.json"]


@pytest.mark.parametrize("runtime", ["flat", "joblib"])
def test_replaced_artifact_is_never_loaded(uploaded: Uploaded, runtime: str, full_bundle: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    name = f"model.{runtime}"
    size = (full_bundle / name).stat().st_size
    evil = f"cos\nsystem\n(S'touch {marker}'\ntR.".encode()
    uploaded.put(name, evil.ljust(size, b"\0"))
    with pytest.raises(BundleError) as raised:
        load(uploaded.place(), runtime)
    assert raised.value.code == "digest_mismatch"
    assert not marker.exists()


def test_version_id_finds_the_manifest_that_was_meant(uploaded: Uploaded) -> None:
    uploaded.put("manifest.json", b"{}")
    with pytest.raises(BundleError):
        load(uploaded.place())
    load(uploaded.place(version_id=uploaded.versions["manifest.json"]))


@pytest.mark.parametrize(("name", "code"), [("manifest.json", "model_missing"), ("model.flat", "artifact_missing")])
def test_what_is_not_there_is_said(uploaded: Uploaded, name: str, code: str) -> None:
    uploaded.client.delete_object(Bucket=BUCKET, Key=uploaded.prefix + name)
    with pytest.raises(BundleError) as raised:
        load(uploaded.place(), "flat")
    assert raised.value.code == code
    assert BUCKET not in str(raised.value)


def test_larger_file_is_not_read(uploaded: Uploaded) -> None:
    uploaded.put("model.flat", os.urandom(1_000_000))
    with pytest.raises(BundleError, match="larger"):
        load(uploaded.place(), "flat")


@pytest.mark.parametrize(("failures", "loads"), [(1, True), (2, True), (3, False)])
def test_body_that_breaks_off_is_asked_for_again(uploaded: Uploaded, failures: int, loads: bool) -> None:
    place = uploaded.place(client=Asked(uploaded.client, failures))
    if loads:
        load(place, "flat")
        return
    with pytest.raises(BundleError) as raised:
        load(place, "flat")
    assert raised.value.code == "model_unreachable"


class Asked:
    """A client that notes the keys, and whose first bodies break off."""

    def __init__(self, client: "S3Client", failures: int = 0) -> None:
        self.client, self.failures, self.keys = client, failures, list[str]()

    def get_object(self, **request: Any) -> Any:
        self.keys.append(request["Key"])
        answer = self.client.get_object(**request)
        if self.failures:
            self.failures -= 1
            return {**answer, "Body": Breaks()}
        return answer


class Breaks:
    """A body that ends too early."""

    def read(self) -> bytes:
        raise ConnectionResetError
