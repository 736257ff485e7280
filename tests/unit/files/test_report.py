"""A report: what it counts and lists, and which existing report means that a file is done. Touches nothing."""

import io
import json
from typing import Any

import pytest

from function.errors import InputTooLarge, InvalidInput, Problem, RetryLater
from function.files.chunk import ScoredRows
from function.files.report import (
    MAX_PROBLEMS,
    MAX_REJECTED,
    ReportSubject,
    Tally,
    encode_report,
    format_problems,
    is_done,
    read_report,
)
from function.files.s3_events import SourceObject
from function.files.s3_reader import Version
from function.model.contract import Warning
from tests.unit.files.files import TIMEOUT, make_error

MODEL = {"name": "small", "version": "1"}
PROBLEM = Problem("/size", "missing", "missing")


def make_subject(sequencer: str | None = "0A", etag: str = "e", **changed: Any) -> ReportSubject:
    source = SourceObject("in", "a.csv", None, etag, 3, sequencer)
    return ReportSubject(source, Version(None, etag, 3, None), MODEL, strict=False)._replace(**changed)


def make_report(of: ReportSubject) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(encode_report(of, Tally(), "predictions/a.csv", None, 0.5))
    return document


def test_report_of_the_same_version_means_done() -> None:
    assert is_done(make_report(make_subject()), make_subject())
    assert is_done(make_report(make_subject(None)), make_subject(None))
    assert is_done(make_report(make_subject("0A")), make_subject("0B"))  # the event does not matter


def test_missing_report_means_not_done() -> None:
    assert not is_done({}, make_subject())
    assert not is_done({"sequencer": "F"}, make_subject())


@pytest.mark.parametrize(
    ("newer", "older", "is_settled"),
    [
        ("0B", "0A", True),
        ("0A", "0B", False),
        ("0A", "0A", False),
        ("0A2", "0A1F", True),  # padded with zeros at the right: 0A20 and 0A1F
        ("0A1F", "0A2", False),
        ("0A", "0A00", False),
        ("0A01", "0A", True),
        ("1", "0FFFFFFF", True),
        ("0B", None, False),
        (None, "0A", False),
        (None, None, False),
        (12, "0A", False),
    ],
)
def test_report_of_a_later_version_means_done(newer: Any, older: str | None, is_settled: bool) -> None:
    report = make_report(make_subject(newer, etag="newer"))
    assert is_done(report, make_subject(older, etag="older")) is is_settled


@pytest.mark.parametrize("changed", [{"model": {"name": "small", "version": "2"}}, {"strict": True}])
def test_report_of_another_model_means_not_done(changed: dict[str, Any]) -> None:
    assert not is_done(make_report(make_subject("0F", **changed)), make_subject("0A"))
    assert not is_done(make_report(make_subject("0A", **changed)), make_subject("0A"))


def make_scored_rows(rows: int, *problems: int) -> ScoredRows:
    warnings = {0: [Warning("size", "out_of_range", "above 10")]}
    return ScoredRows([[1.0]] * rows, warnings, {row: [PROBLEM] for row in problems})


def test_rows_are_counted_from_one_over_all_chunks() -> None:
    tally = Tally()
    tally.add(make_scored_rows(3, 1), [2, 3, 5])
    tally.add(make_scored_rows(2, 1, 0), None)
    assert (tally.read, tally.rejected, dict(tally.warnings)) == (5, 3, {"size": 2})
    found = [(rejected["row"], rejected.get("line")) for rejected in tally.first_rejected]
    assert found == [(2, 3), (4, None), (5, None)]


def test_report_lists_the_first_rejected_rows_and_counts_all() -> None:
    tally = Tally()
    for _ in range(3):
        tally.add(make_scored_rows(600, *range(600)), None)
    assert (len(tally.first_rejected), tally.rejected) == (MAX_REJECTED, 1_800)
    assert [rejected["row"] for rejected in tally.first_rejected] == list(range(1, MAX_REJECTED + 1))


def test_report_has_its_members() -> None:
    tally = Tally()
    tally.add(make_scored_rows(4, 2), [2, 3, 4, 5])
    document = json.loads(encode_report(make_subject(), tally, "predictions/a.csv", None, 1.23456))
    assert (document["rows_read"], document["rows_predicted"], document["rows_rejected"]) == (4, 3, 1)
    assert (document["predictions"], document["error"], document["warnings"]) == (
        "predictions/a.csv",
        None,
        {"size": 1},
    )
    assert (document["seconds"], document["sequencer"]) == (1.235, "0A")


def test_refused_file_has_its_error_and_no_rows() -> None:
    tally = Tally()
    tally.add(make_scored_rows(4, 2), None)
    document = json.loads(encode_report(make_subject(), tally, None, InvalidInput([PROBLEM] * 12), 1))
    assert (document["rows_read"], document["rows_rejected"], document["rejected"], document["warnings"]) == (
        0,
        0,
        [],
        {},
    )
    assert document["error"]["code"] == "invalid_input"
    assert document["error"]["problems"] == [PROBLEM._asdict()] * MAX_PROBLEMS
    large = json.loads(encode_report(make_subject(), tally, None, InputTooLarge("It is too large."), 1))
    assert large["error"] == {"code": "too_large", "detail": "It is too large.", "problems": []}


@pytest.mark.parametrize(("count", "more"), [(1, ""), (10, ""), (11, "; and 1 more"), (12, "; and 2 more")])
def test_cell_of_problems_says_how_many_more_there_are(count: int, more: str) -> None:
    shown = min(count, MAX_PROBLEMS)
    assert format_problems([PROBLEM] * count) == "; ".join(["size: missing"] * shown) + more


def test_cell_of_problems_names_features_as_they_are() -> None:
    assert format_problems([Problem("/a~1b~0c", "missing", "missing")]) == "a/b~c: missing"
    assert format_problems([Problem("", "not_finite", "no finite answer")]) == "no finite answer"


class Breaks:
    """A body whose reading fails."""

    def read(self) -> bytes:
        raise TIMEOUT


class Answers:
    """A client with one response, or error."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get_object(self, **_: str) -> dict[str, Any]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Body": self.answer}


def read_earlier(answer: Any) -> dict[str, Any]:
    client: Any = Answers(answer)
    return read_report(client, "results", "a.csv.report.json")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (io.BytesIO(b'{"sequencer": "0A"}'), {"sequencer": "0A"}),
        (io.BytesIO(b""), {}),
        (io.BytesIO(b"[1]"), {}),
        (io.BytesIO(b"\xff"), {}),
        (make_error(404, "NoSuchKey"), {}),
        (make_error(403, "AccessDenied"), {}),
    ],
)
def test_missing_or_unreadable_report_is_empty(answer: Any, found: dict[str, Any]) -> None:
    assert read_earlier(answer) == found


@pytest.mark.parametrize("answer", [make_error(503, "SlowDown"), make_error(500, "InternalError"), Breaks()])
def test_report_that_cannot_be_read_now_raises_retry_later(answer: Any) -> None:
    with pytest.raises(RetryLater):
        read_earlier(answer)
