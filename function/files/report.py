"""What became of a file: counted row by row, written last, and found again when the event comes again."""

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
    """The rows so far: how many came to what, and the first that were rejected; the columns that are left out."""

    def __init__(self) -> None:
        self.read = 0
        self.rejected = 0
        self.first_rejected: list[dict[str, Any]] = []
        self.warnings: Counter[str] = Counter()
        self.left_out: list[str] = []

    def add(self, scored: ScoredRows, lines: Sequence[int] | None) -> None:
        """Counts a chunk; `lines` are those that its rows begin at, where the format has lines."""
        for row in sorted(scored.problems)[: MAX_REJECTED - len(self.first_rejected)]:
            place = {"row": self.read + row + 1} | ({} if lines is None else {"line": lines[row]})
            self.first_rejected.append({**place, "problems": _make_problem_documents(scored.problems[row])})
        self.read += len(scored.values)
        self.rejected += len(scored.problems)
        for warnings in scored.warnings.values():
            self.warnings.update(warning.feature for warning in warnings)


class ReportSubject(NamedTuple):
    """What a report is about: this version of this object, scored by this model in this way."""

    source: SourceObject
    version: Version
    model: dict[str, str]
    strict: bool

    def document(self) -> dict[str, Any]:
        """As the report says it, and as it is known again by."""
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
    """The report, as JSON; `predictions` is their key, or None where `error` says why there are none."""
    counted = Tally() if error else tally
    document = subject.document() | {
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
    """The report that stands at `key`; empty where there is none that can be read. Raises RetryLater."""
    try:
        answer = client.get_object(Bucket=bucket, Key=key)
    except import_service_errors() as error:
        # A role that may not list a bucket is told 403 of what is not there.
        if get_status(error) in (403, 404):
            return {}
        with translate_errors("GetObject"):
            raise
    breaks_off: tuple[type[Exception], ...] = (OSError, *import_service_errors())
    try:
        document = strict_json.loads(answer["Body"].read())
    except breaks_off:
        raise RetryLater("The report of an earlier delivery could not be read.") from None
    except RequestError:
        return {}
    return document if isinstance(document, dict) else {}


def is_done(report: dict[str, Any], subject: ReportSubject) -> bool:
    """Whether the report is the subject's, or of a version of its object that came after it."""
    if not report:
        return False
    wanted = json.loads(json.dumps(subject.document()))
    if {name: report.get(name) for name in wanted} == wanted:
        return True
    same = {**wanted, "source": None} == {**{name: report.get(name) for name in wanted}, "source": None}
    return same and is_later(report.get("sequencer"), subject.source.sequencer)


def is_later(theirs: object, ours: str | None) -> bool:
    """Whether their event of a key came after ours, as the sequencers say, where both have one."""
    # Hexadecimal, to be filled up with zeros at the right (AWS, "Event message structure").
    return isinstance(theirs, str) and ours is not None and theirs.ljust(64, "0") > ours.ljust(64, "0")


def format_problems(problems: Sequence[Problem]) -> str:
    """The first problems of a row, in words."""
    shown = [f"{_read_feature_name(p)}: {p.detail}" if p.pointer else p.detail for p in problems[:MAX_PROBLEMS]]
    more = len(problems) - MAX_PROBLEMS
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)


def make_warning_documents(warnings: Sequence[Warning]) -> list[dict[str, str]]:
    """The warnings as JSON-ready objects."""
    return [warning._asdict() for warning in warnings]


def shorten(text: str) -> str:
    """What is shown of a name: a file may make one as long as itself."""
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
