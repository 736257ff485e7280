"""The events in `events/` and the answers that its README documents."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from tests.cloud import services
from tests.cloud.services import Cloud

HOUSES = Path(__file__).parents[1] / "training" / "data" / "houses.csv"
FOLDER = Path(__file__).parents[1] / "events"
_ROW = re.compile(
    r"^\| `(?P<file>[\w-]+\.json)` \| (?P<source>\w+) \| (?:(?P<status>\d+) )?(?P<raises>raises )?`(?P<answer>.+)` \|$"
)


def read_event(name: str) -> Any:
    """Read the event `name`.json of events/."""
    return json.loads((FOLDER / f"{name}.json").read_text())


class Documented(NamedTuple):
    """An event and its documented answer: a status for HTTP, and the answer (or the error's name)."""

    file: str
    source: str
    status: int | None
    raises: bool
    answer: str

    @property
    def event(self) -> Any:
        """The event itself."""
        return json.loads((FOLDER / self.file).read_text())

    def check(self, answer: Any) -> None:
        """Asserts that the answer is the documented one."""
        if self.status is not None:
            assert answer["statusCode"] == self.status, answer
            answer = answer["body"]
        if not self.answer.startswith("{"):
            assert self.answer in answer
            return
        document = json.loads(answer) if isinstance(answer, str) else answer
        expected = json.loads(self.answer)
        assert {key: document.get(key) for key in expected} == expected


BUCKET = "example-bucket"


def variables(endpoint: str) -> dict[str, str]:
    """The function's variables for what the events name: a results queue, and buckets, which this makes and fills."""
    cloud = Cloud(endpoint)
    for bucket in (BUCKET, "results"):
        cloud.bucket(bucket)
    for key in ("input/houses.csv", "input/houses (January).csv", "input/houses.parquet"):
        cloud.s3.put_object(Bucket=BUCKET, Key=key, Body=HOUSES.read_bytes())
    return {
        **services.environment(endpoint),
        "RESULTS_QUEUE_URL": cloud.queue("results"),
        "INPUT_BUCKET": BUCKET,
        "RESULTS_BUCKET": "results",
    }


def read_documented() -> list[Documented]:
    """The rows of the table in events/README.md."""
    rows = filter(None, map(_ROW.match, (FOLDER / "README.md").read_text().splitlines()))
    return [
        Documented(
            row["file"],
            row["source"],
            int(row["status"]) if row["status"] else None,
            bool(row["raises"]),
            row["answer"],
        )
        for row in rows
    ]
