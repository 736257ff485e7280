"""A file from its event to its report, in moto's S3: which files are scored, and which reports are written."""

from collections.abc import Callable, Iterator
from math import inf
from typing import TYPE_CHECKING

import boto3
import pytest

from function.aws import Clients
from function.errors import BucketNotAllowed
from function.files.reported_file import ReportedFile
from function.files.s3_events import SourceObject
from function.files.score_object import score_object
from function.service import Service
from function.settings import Settings
from function.sources.outcome_counts import count_outcomes
from function.telemetry.counts import Counts
from tests.cloud import services
from tests.cloud.services import REGION
from tests.unit.small_models import regressor

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INPUT, RESULTS = "files", "results"
GOOD, BAD = b"size,note\n3,a\n", b"rooms\n3\n"


@pytest.fixture(scope="module")
def client() -> "Iterator[S3Client]":
    with services.running() as endpoint:
        s3 = boto3.client(
            "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )
        for bucket in (INPUT, RESULTS):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield s3
        s3.close()


@pytest.fixture
def service(client: "S3Client") -> Service:
    clients = Clients()
    clients.__dict__["s3"] = client
    for bucket in (INPUT, RESULTS):
        for item in client.list_objects_v2(Bucket=bucket).get("Contents", []):
            client.delete_object(Bucket=bucket, Key=item["Key"])
    return Service(regressor(), Settings("", input_bucket=INPUT, results_bucket=RESULTS), clients)


def put(client: "S3Client", key: str, data: bytes, bucket: str = INPUT, sequencer: str | None = None) -> SourceObject:
    etag = client.put_object(Bucket=bucket, Key=key, Body=data)["ETag"].strip('"')
    return SourceObject(bucket, key, None, etag, len(data), sequencer)


def list_keys(client: "S3Client", bucket: str = RESULTS) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def count(outcome: ReportedFile | None) -> Counts:
    counts = Counts()
    count_outcomes(counts, [outcome])
    return counts


def read_report(client: "S3Client") -> bytes:
    return client.get_object(Bucket=RESULTS, Key="predictions/a.csv.report.json")["Body"].read()


@pytest.mark.parametrize("data", [GOOD, BAD], ids=["scored", "refused"])
def test_file_is_scored_once(client: "S3Client", service: Service, data: bytes) -> None:
    source = put(client, "a.csv", data)
    score_object(service, source, lambda: inf)
    first = read_report(client)
    assert ("predictions/a.csv.csv" in list_keys(client)) == (data == GOOD)
    score_object(service, source, lambda: inf)
    assert read_report(client) == first


def test_rows_of_a_scored_file_are_counted(client: "S3Client", service: Service) -> None:
    outcome = score_object(service, put(client, "a.csv", GOOD + b"30,a\nx,a\n,\n"), lambda: inf)
    counts = count(outcome)
    assert (counts.successes, counts.rows, counts.rejections) == (1, 2, {"invalid_input": 2})
    assert counts.out_of_range == {"size": 1}


def test_refused_file_counts_once_and_has_no_rows(client: "S3Client", service: Service) -> None:
    counts = count(score_object(service, put(client, "a.csv", BAD), lambda: inf))
    assert (counts.successes, counts.rows, counts.rejections) == (0, 0, {"invalid_input": 1})
    assert counts.out_of_range == {}


@pytest.mark.parametrize("older", [GOOD + b"4,a\n", BAD], ids=["scored", "refused"])
def test_report_of_a_newer_version_is_not_overwritten(client: "S3Client", service: Service, older: bytes) -> None:
    score_object(service, put(client, "a.csv", GOOD, sequencer="0B"), lambda: inf)
    newer = read_report(client)
    for key in list_keys(client):
        client.delete_object(Bucket=RESULTS, Key=key)
    looks = 0

    def remaining() -> float:
        # The time left is checked before the first read, and then after each piece.
        nonlocal looks
        looks += 1
        if looks == 2:
            client.put_object(Bucket=RESULTS, Key="predictions/a.csv.report.json", Body=newer)
        return inf

    score_object(service, put(client, "a.csv", older, sequencer="0A"), remaining)
    assert looks > 2
    assert read_report(client) == newer
    assert "predictions/a.csv.csv" not in list_keys(client)


def use_input_bucket_for_results(service: Service) -> Service:
    return service._replace(settings=service.settings._replace(results_bucket=INPUT))


@pytest.mark.parametrize(
    ("key", "is_scored"),
    [("predictions/a.csv", False), ("predictions/x/a.csv", False), ("a.csv", True), ("in/predictions/a.csv", True)],
)
def test_results_in_the_input_bucket_are_recognised_by_their_prefix(
    client: "S3Client", service: Service, key: str, is_scored: bool
) -> None:
    score_object(use_input_bucket_for_results(service), put(client, key, GOOD), lambda: inf)
    assert (f"predictions/{key}.report.json" in list_keys(client, INPUT)) == is_scored


def test_prefix_of_results_has_no_meaning_in_another_bucket(client: "S3Client", service: Service) -> None:
    score_object(service, put(client, "predictions/a.csv", GOOD), lambda: inf)
    assert "predictions/predictions/a.csv.report.json" in list_keys(client)


def test_files_in_the_results_bucket_are_not_scored(client: "S3Client", service: Service) -> None:
    score_object(service, put(client, "predictions/a.csv", GOOD, RESULTS), lambda: inf)  # a result
    with pytest.raises(BucketNotAllowed):
        score_object(service, put(client, "a.csv", GOOD, RESULTS), lambda: inf)
    assert list_keys(client) == ["a.csv", "predictions/a.csv"]


@pytest.mark.parametrize(("key", "is_scored"), [("in/", False), ("in/a.csv/", False), ("in/a.csv", True)])
def test_folder_is_skipped(client: "S3Client", service: Service, key: str, is_scored: bool) -> None:
    score_object(service, put(client, key, GOOD if is_scored else b""), lambda: inf)
    assert bool(list_keys(client)) == is_scored


@pytest.mark.parametrize(
    "replaced", [lambda c: put(c, "a.csv", BAD), lambda c: c.delete_object(Bucket=INPUT, Key="a.csv")]
)
def test_version_that_is_gone_has_no_report(
    client: "S3Client", service: Service, replaced: "Callable[[S3Client], object]"
) -> None:
    source = put(client, "a.csv", GOOD)
    replaced(client)
    score_object(service, source, lambda: inf)
    assert list_keys(client) == []
