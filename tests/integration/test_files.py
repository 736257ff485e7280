"""Files from S3 to S3, against moto's server in a process of its own. Touches the loopback interface."""

import csv
import gzip
import io
import json
import logging
from collections.abc import Iterator
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow
import pytest
from pyarrow import parquet

from function.aws import Clients
from function.errors import BucketNotAllowed, DeployerError, RetryLater
from function.files.keys import make_report_key
from function.files.s3_events import SourceObject, read_notification
from function.files.s3_writer import PART_BYTES
from function.files.score_object import score_object
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources import s3
from function.telemetry.counts import Counts
from tests.cloud import services
from tests.cloud.event_factories import object_event

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INPUT, RESULTS = "input-bucket", "results-bucket"
# The smallest part that S3 accepts, except for the last one.
SMALL_PART_BYTES = 5 * 1024 * 1024
TABLE = b"AreaSqft,NumBedrooms\n1500,3\n1800,4\n"


@pytest.fixture(scope="module")
def client() -> Iterator["S3Client"]:
    """A client of a server that runs while the module does."""
    with services.running() as endpoint:
        cloud = services.Cloud(endpoint)
        cloud.bucket(INPUT)
        cloud.bucket(RESULTS)
        yield cloud.s3
        cloud.s3.close()
        cloud.sqs.close()


@pytest.fixture
def service(client: "S3Client", houses: Model) -> Service:
    """The example model between the two buckets."""
    clients = Clients()
    clients.__dict__["s3"] = client
    return Service(houses, Settings("", input_bucket=INPUT, results_bucket=RESULTS), clients)


def put(client: "S3Client", key: str, body: bytes) -> SourceObject:
    """Puts the object, and returns it as an event names it."""
    etag = client.put_object(Bucket=INPUT, Key=key, Body=body)["ETag"].strip('"')
    return SourceObject(INPUT, key, None, etag, len(body))


def result(client: "S3Client", key: str) -> bytes:
    return client.get_object(Bucket=RESULTS, Key=f"predictions/{key}")["Body"].read()


def report(client: "S3Client", key: str) -> dict[str, Any]:
    found = client.get_object(Bucket=RESULTS, Key=make_report_key("predictions/", key))
    document: dict[str, Any] = json.loads(found["Body"].read())
    return document


def there(client: "S3Client", prefix: str) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=RESULTS, Prefix=prefix).get("Contents", [])]


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def score_file(service: Service, key: str, body: bytes, *, part_bytes: int = PART_BYTES) -> dict[str, Any]:
    """The report of the object, put and scored."""
    client = service.clients.s3
    score_object(service, put(client, key, body), lambda: inf, part_bytes=part_bytes)
    return report(client, key)


def test_csv_is_scored_and_reported(service: Service) -> None:
    body = b"id,AreaSqft,NumBedrooms\na,1500,3\nb,x,3\nc,9000,3\n"
    document = score_file(service, "in/a.csv", body)
    assert result(service.clients.s3, "in/a.csv.csv").decode() == (
        "id,AreaSqft,NumBedrooms,prediction,warnings,error\n"
        "a,1500,3,360000.0,,\n"
        'b,x,3,,,"AreaSqft: expected a number, got a text"\n'
        'c,9000,3,412500.0,"AreaSqft: above 2000, the largest value in training",\n'
    )
    assert document["predictions"] == "predictions/in/a.csv.csv"
    assert (document["rows_read"], document["rows_predicted"], document["rows_rejected"]) == (3, 2, 1)
    assert [(row["row"], row["line"]) for row in document["rejected"]] == [(2, 3)]
    assert document["warnings"] == {"AreaSqft": 1}
    assert document["model"] == service.model.manifest.identity
    assert document["source"]["bucket"] == INPUT
    assert document["seconds"] >= 0


@pytest.mark.parametrize(
    "key",
    [
        "in/a b+c é%2F..//x.csv",
        "in/100%.CSV",
        "in//a.csv",
        "..//x.csv",
        "in/" + "k" * (1024 - 7) + ".csv",
        "in/🏠" + "é" * 490 + ".csv",
    ],
)
def test_odd_keys_are_decoded_once(service: Service, key: str) -> None:
    source = put(service.clients.s3, key, TABLE)
    event = object_event(INPUT, key, {"ETag": source.etag})
    assert s3.handle(event, None, service, Counts()) == {"done": 1}
    document = report(service.clients.s3, key)
    assert document["source"]["key"] == key
    found = service.clients.s3.get_object(Bucket=RESULTS, Key=document["predictions"])["Body"].read()
    assert [row[2] for row in rows(found)] == ["prediction", "360000.0", "470000.0"]


def test_gzip_is_read_and_the_answer_is_plain(service: Service) -> None:
    body = gzip.compress(TABLE) + gzip.compress(b"1500,4\n") + b"\0" * 100
    assert score_file(service, "in/g.csv.GZ", body)["rows_read"] == 3
    assert len(rows(result(service.clients.s3, "in/g.csv.GZ.csv"))) == 4


@pytest.mark.parametrize(
    ("key", "body", "code"),
    [
        ("bad/empty.csv", b"", "malformed_body"),
        ("bad/blank.csv", b"\n\r\n\n", "malformed_body"),
        ("bad/latin.csv", b"AreaSqft,NumBedrooms\n1,\xe9\n", "malformed_body"),
        ("bad/cut.csv", b"AreaSqft,NumBedrooms\n1,\xc3", "malformed_body"),
        ("bad/missing.csv", b"AreaSqft\n1\n", "invalid_input"),
        ("bad/twice.csv", b"AreaSqft,NumBedrooms,AreaSqft\n1,2,3\n", "invalid_input"),
        ("bad/reserved.csv", b"AreaSqft,NumBedrooms,error\n1,2,3\n", "invalid_input"),
        ("bad/quote.csv", b'AreaSqft,NumBedrooms\n"1"x,2\n', "malformed_body"),
        ("bad/open.csv", b'AreaSqft,NumBedrooms\n"1,2\n', "malformed_body"),
        ("bad/wide.csv", b",".join(b"c%d" % i for i in range(200_000)) + b"\n", "too_large"),
        ("bad/long.csv", b"x" * 9_000_000, "too_large"),
        ("bad/no.csv.gz", TABLE, "malformed_body"),
        ("bad/half.csv.gz", gzip.compress(TABLE)[:-9], "malformed_body"),
        ("bad/no.parquet", TABLE, "malformed_body"),
        ("bad/empty.parquet", b"", "malformed_body"),
        ("bad/long.jsonl", b"[" * 9_000_000, "too_large"),
        ("bad/file.txt", TABLE, "malformed_body"),
        ("bad/file.parquet.gz", TABLE, "malformed_body"),
        ("bad/none", TABLE, "malformed_body"),
    ],
)
def test_bad_file_gets_its_report_and_no_predictions(service: Service, key: str, body: bytes, code: str) -> None:
    document = score_file(service, key, body)
    assert document["error"]["code"] == code, document["error"]
    assert document["predictions"] is None
    assert there(service.clients.s3, f"predictions/{key}") == [f"predictions/{key}.report.json"]
    assert "Uploads" not in service.clients.s3.list_multipart_uploads(Bucket=RESULTS)


def test_header_alone_is_no_bad_file(service: Service) -> None:
    assert score_file(service, "in/header.csv", b"AreaSqft,NumBedrooms\r\n")["rows_read"] == 0
    assert result(service.clients.s3, "in/header.csv.csv") == b"AreaSqft,NumBedrooms,prediction,warnings,error\r\n"


def test_event_delivered_again_rewrites_nothing(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    client = service.clients.s3
    source = put(client, "in/again.csv", TABLE)
    score_object(service, source, lambda: inf)
    before = [
        client.head_object(Bucket=RESULTS, Key=key)["LastModified"] for key in there(client, "predictions/in/again")
    ]
    client.put_object(Bucket=RESULTS, Key="predictions/in/again.csv.csv", Body=b"touched")
    with caplog.at_level(logging.INFO):
        score_object(service, source, lambda: inf)
    assert result(client, "in/again.csv.csv") == b"touched"
    assert len(before) == 2
    assert "file already scored" in caplog.messages


def test_death_before_the_report_is_made_good_with_equal_bytes(service: Service) -> None:
    client = service.clients.s3
    table = pyarrow.table({"AreaSqft": [1500.0] * 40_000, "NumBedrooms": [3] * 40_000})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    for key, body in (("in/dead.csv", TABLE), ("in/dead.parquet", sink.getvalue())):
        source = put(client, key, body)
        score_object(service, source, lambda: inf)
        name = report(client, key)["predictions"].removeprefix("predictions/")
        first = result(client, name)
        client.delete_object(Bucket=RESULTS, Key=f"predictions/{key}.report.json")
        score_object(service, source, lambda: inf)
        assert result(client, name) == first


def test_replaced_or_deleted_object_is_left_to_its_own_event(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client = service.clients.s3
    source = put(client, "in/replaced.csv", TABLE)
    put(client, "in/replaced.csv", TABLE + b"1500,4\n")
    score_object(service, source, lambda: inf)
    client.delete_object(Bucket=INPUT, Key="in/replaced.csv")
    score_object(service, source, lambda: inf)
    assert there(client, "predictions/in/replaced") == []
    assert caplog.messages.count("object replaced or deleted before it was scored") == 2


def test_version_that_the_event_names_is_read(service: Service) -> None:
    client = service.clients.s3
    client.create_bucket(
        Bucket="versioned-bucket",
        CreateBucketConfiguration={"LocationConstraint": services.REGION},  # type: ignore[typeddict-item]
    )
    client.put_bucket_versioning(Bucket="versioned-bucket", VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket="versioned-bucket", Key="v.csv", Body=TABLE)
    client.put_object(Bucket="versioned-bucket", Key="v.csv", Body=TABLE + b"1500,4\n")
    versioned = service._replace(settings=service.settings._replace(input_bucket="versioned-bucket"))
    source = SourceObject("versioned-bucket", "v.csv", first["VersionId"], first["ETag"].strip('"'), None)
    score_object(versioned, source, lambda: inf)
    document = report(client, "v.csv")
    assert (document["rows_read"], document["source"]["version_id"]) == (2, first["VersionId"])


def test_older_version_does_not_overwrite_a_newer_ones_results(service: Service) -> None:
    client = service.clients.s3
    newer = put(client, "in/order.csv", TABLE)._replace(sequencer="0A2")
    score_object(service, newer, lambda: inf)
    older = put(client, "in/order.csv", TABLE + b"1500,4\n")._replace(sequencer="0A1F")
    score_object(service, older, lambda: inf)
    assert report(client, "in/order.csv")["rows_read"] == 2
    score_object(service, older._replace(sequencer="0A21"), lambda: inf)
    assert report(client, "in/order.csv")["rows_read"] == 3


def test_own_results_are_not_scored(service: Service) -> None:
    client = service.clients.s3
    one = service._replace(settings=service.settings._replace(results_bucket=INPUT))
    client.put_object(Bucket=INPUT, Key="predictions/x.csv", Body=TABLE)
    for asked in (one, service):
        bucket = asked.settings.results_bucket
        score_object(asked, SourceObject(bucket, "predictions/x.csv", None, None, None), lambda: inf)
    assert [i["Key"] for i in client.list_objects_v2(Bucket=INPUT, Prefix="predictions/")["Contents"]] == [
        "predictions/x.csv"
    ]


def test_other_bucket_is_refused_without_a_call(service: Service) -> None:
    silent = service._replace(clients=Clients())  # it has no credentials to make a client with
    silent.clients.__dict__["s3"] = SimpleNamespace()
    with pytest.raises(BucketNotAllowed):
        score_object(silent, SourceObject("other-bucket", "a.csv", None, None, None), lambda: inf)


@pytest.mark.parametrize("left", [2000, 0, -5])
def test_too_little_time_raises_before_anything_is_visible(service: Service, left: int) -> None:
    source = put(service.clients.s3, f"in/late{left}.csv", TABLE)
    with pytest.raises(RetryLater):
        score_object(service, source, lambda: left)
    answers = iter([9e9, 9e9])
    with pytest.raises(RetryLater):
        score_object(service, source, lambda: next(answers, left))
    assert there(service.clients.s3, f"predictions/in/late{left}") == []


def test_large_result_is_uploaded_in_parts(service: Service) -> None:
    body = b"pad,AreaSqft,NumBedrooms\n" + (b"x" * 100 + b",1500,3\n") * 100_000
    assert score_file(service, "in/large.csv", body, part_bytes=SMALL_PART_BYTES)["rows_read"] == 100_000
    found = service.clients.s3.head_object(Bucket=RESULTS, Key="predictions/in/large.csv.csv")
    assert found["ETag"].endswith('-3"')
    answered = result(service.clients.s3, "in/large.csv.csv")
    assert answered.count(b"\n") == 100_001
    assert answered.endswith(b",1500,3,360000.0,,\n")


def test_large_result_that_cannot_be_finished_leaves_nothing(service: Service) -> None:
    body = b"pad,AreaSqft,NumBedrooms\n" + (b"x" * 100 + b",1500,3\n") * 100_000 + b'"1"x'
    assert score_file(service, "in/spoilt.csv", body, part_bytes=SMALL_PART_BYTES)["error"]["code"] == "malformed_body"
    assert "Uploads" not in service.clients.s3.list_multipart_uploads(Bucket=RESULTS)


def test_json_lines_are_scored(service: Service) -> None:
    body = b'{"AreaSqft": 1500, "NumBedrooms": 3, "id": 1e999}\nnonsense\n\n{"AreaSqft": 9e3, "NumBedrooms": 3}'
    document = score_file(service, "in/a.ndjson", body)
    lines = result(service.clients.s3, "in/a.ndjson.jsonl").splitlines()
    assert lines[0] == (
        b'{"AreaSqft": 1500, "NumBedrooms": 3, "id": 1e999, "prediction": 360000.0, "warnings": [], "error": null}'
    )
    assert json.loads(lines[1])["line"] == 2
    assert json.loads(lines[2])["warnings"][0]["code"] == "out_of_range"
    assert (document["rows_read"], document["rows_rejected"]) == (3, 1)


def test_parquet_is_scored(service: Service) -> None:
    table = pyarrow.table({"id": ["a", "b", "c"], "AreaSqft": [1500.0, float("nan"), 9000.0], "NumBedrooms": [3, 3, 3]})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    document = score_file(service, "in/a.parquet", sink.getvalue())
    found = parquet.read_table(io.BytesIO(result(service.clients.s3, "in/a.parquet.parquet"))).to_pydict()
    assert found["id"] == ["a", "b", "c"]
    assert found["prediction"] == [360000.0, None, 412500.0]
    assert found["error"] == [None, "AreaSqft: null; training saw none here: expected a number", None]
    assert found["warnings"][2] == "AreaSqft: above 2000, the largest value in training"
    assert (document["rows_read"], document["rows_rejected"]) == (3, 1)


def test_one_failure_does_not_keep_the_others_of_a_batch_back(service: Service) -> None:
    good = put(service.clients.s3, "in/batch.csv", TABLE)
    events = [object_event(bucket, "in/batch.csv", {"ETag": good.etag}) for bucket in ("other-bucket", INPUT)]
    event = {"Records": [record for event in events for record in event["Records"]]}
    assert len(read_notification(event) or []) == 2
    with pytest.raises(DeployerError):
        s3.handle(event, None, service, Counts())
    assert report(service.clients.s3, "in/batch.csv")["rows_read"] == 2


def test_missing_results_bucket_is_worth_another_delivery(service: Service) -> None:
    source = put(service.clients.s3, "in/nowhere.csv", TABLE)
    nowhere = service._replace(settings=service.settings._replace(results_bucket="no-such-bucket"))
    with pytest.raises(RetryLater):
        score_object(nowhere, source, lambda: inf)
