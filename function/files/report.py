"""The report of a file: count its rows, write the report last, and recognise it when the event is delivered again."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from function.aws import import_service_errors
from function.errors import MAX_SHOWN, InvalidInput, Problem, RequestError, RetryLater, parse_pointer
from function.files.chunk import ScoredRows
from function.files.s3_errors import get_status, translate_errors
from function.files.s3_events import SourceObject
from function.files.s3_reader import Version
from function.formats import strict_json
from function.model.contract import Warning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_REJECTED = 1_000
MAX_PROBLEMS = 10
MAX_LEFT_OUT = 1_000


class Tally:
    """Counts of the rows so far, the first rejected rows, and the names of the columns that are left out."""

    def __init__(self) -> None:
        self.read = 0
        self.rejected = 0
        self.first_rejected: list[dict[str, Any]] = []
        self.warnings: Counter[str] = Counter()
        self.left_out: list[str] = []

    def add(self, scored: ScoredRows, lines: Sequence[int] | None) -> None:
        """Count a chunk. `lines` are the line numbers at which its rows begin, if the format has lines."""
        for row in sorted(scored.problems)[: MAX_REJECTED - len(self.first_rejected)]:
            place = {"row": self.read + row + 1} | ({} if lines is None else {"line": lines[row]})
            self.first_rejected.append({**place, "problems": _make_problem_documents(scored.problems[row])})
        self.read += len(scored.outputs)
        self.rejected += len(scored.problems)
        for warnings in scored.warnings.values():
            self.warnings.update(warning.feature for warning in warnings)


class ReportSubject(NamedTuple):
    """What a report is about: a version of an object, the model that scored it, and whether inputs were strict."""

    source: SourceObject
    version: Version
    model: dict[str, str]
    strict: bool

    def make_document(self) -> dict[str, Any]:
        """Return the report's members by which `is_done` recognises it."""
        return {
            "source": {
                "bucket": self.source.bucket,
                "key": self.source.key,
                "version_id": self.version.version_id,
                "etag": self.version.etag,
                "size": self.version.size,
            },
            "model": self.model,
            "strict_inputs": self.strict,
        }


def encode_report(
    subject: ReportSubject, tally: Tally, predictions: str | None, error: RequestError | None, seconds: float
) -> bytes:
    """Encode the report as JSON. `predictions` is their key, or None if `error` says why there are none."""
    counted = Tally() if error else tally
    document = subject.make_document() | {
        "sequencer": subject.source.sequencer,
        "predictions": predictions,
        "error": None if error is None else _make_error_document(error),
        "rows_read": counted.read,
        "rows_predicted": counted.read - counted.rejected,
        "rows_rejected": counted.rejected,
        "rejected": counted.first_rejected,
        "warnings": dict(sorted(counted.warnings.items())),
        "columns_left_out": [shorten(name) for name in counted.left_out[:MAX_LEFT_OUT]],
        "seconds": round(seconds, 3),
    }
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "replace")


def read_report(client: "S3Client", bucket: str, key: str) -> dict[str, Any]:
    """Read the report at `key`; return {} if there is no readable report. Raises RetryLater."""
    try:
        response = client.get_object(Bucket=bucket, Key=key)
    except import_service_errors() as error:
        # S3 answers 403 for a missing object if the role may not list the bucket.
        if get_status(error) in (403, 404):
            return {}
        with translate_errors("GetObject"):
            raise
    read_errors: tuple[type[Exception], ...] = (OSError, *import_service_errors())
    try:
        document = strict_json.loads(response["Body"].read())
    except read_errors:
        raise RetryLater("The report of an earlier delivery could not be read.") from None
    except RequestError:
        return {}
    return document if isinstance(document, dict) else {}


def is_done(report: dict[str, Any], subject: ReportSubject) -> bool:
    """Tell whether the report is about the subject, or about a later version of its object."""
    if not report:
        return False
    expected = json.loads(json.dumps(subject.make_document()))
    if {name: report.get(name) for name in expected} == expected:
        return True
    same = {**expected, "source": None} == {**{name: report.get(name) for name in expected}, "source": None}
    return same and is_later(report.get("sequencer"), subject.source.sequencer)


def is_later(sequencer: object, other: str | None) -> bool:
    """Tell whether the event of `sequencer` came after that of `other`; False if one of them is missing."""
    # Hexadecimal numbers, to be padded with zeros at the right (AWS, "Event message structure").
    return isinstance(sequencer, str) and other is not None and sequencer.ljust(64, "0") > other.ljust(64, "0")


def format_problems(problems: Sequence[Problem]) -> str:
    """Describe the first problems of a row in one line."""
    shown = [f"{_read_feature_name(p)}: {p.detail}" if p.pointer else p.detail for p in problems[:MAX_PROBLEMS]]
    more = len(problems) - MAX_PROBLEMS
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)


def make_warning_documents(warnings: Sequence[Warning]) -> list[dict[str, str]]:
    """Return the warnings as JSON-ready objects."""
    return [warning._asdict() for warning in warnings]


def shorten(text: str) -> str:
    """Shorten a text from a file to what a report shows of it: a name may be as long as the file."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _read_feature_name(problem: Problem) -> str:
    return "/".join(parse_pointer(problem.pointer))


def _make_problem_documents(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [
        {"pointer": shorten(problem.pointer), "code": problem.code, "detail": shorten(problem.detail)}
        for problem in problems[:MAX_PROBLEMS]
    ]


def _make_error_document(error: RequestError) -> dict[str, Any]:
    problems = error.problems if isinstance(error, InvalidInput) else []
    return {"code": error.code, "detail": str(error), "problems": _make_problem_documents(problems)}
