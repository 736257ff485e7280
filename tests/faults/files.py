"""Files in the input bucket, and what becomes of them in the results bucket."""

import json
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

from tests.cloud.event_factories import object_event
from tests.cloud.proxy import Proxy
from tests.cloud.requests_seen import WRITES, Call
from tests.cloud.services import Cloud
from tests.faults.conftest import Stage

# The size of the function's parts is its own affair; this makes two of them.
_NOTE = "x" * 1000
LARGE_ROWS = 9_500


def csv(rows: int, note: str = "") -> bytes:
    """A table of the example's inputs; each row has another area (the first has an unusual one) and an echoed note."""
    random = Random(rows)
    lines = [f"{1000 + row / 16 if row else 500.0},{random.randrange(2, 4)},{note}" for row in range(rows)]
    return "\n".join(["AreaSqft,NumBedrooms,note", *lines, ""]).encode()


SMALL = csv(40)
LARGE = csv(LARGE_ROWS, _NOTE)


class Outcome(NamedTuple):
    """What is visible: the predictions and the report, None where it is not."""

    predictions: bytes | None
    report: dict[str, Any] | None

    @property
    def lasting(self) -> dict[str, Any]:
        """The report without what differs between two runs that did the same."""
        assert self.report is not None
        return {key: value for key, value in self.report.items() if key not in ("seconds", "source", "predictions")}


class File:
    """An object of the input bucket, under a key of its own."""

    def __init__(self, cloud: Cloud, stage: Stage, body: bytes, suffix: str = ".csv") -> None:
        self._cloud = cloud
        self._stage = stage
        self.key = f"in/{uuid4()} ü+%2F{suffix}"
        self._versions = 0
        self.event = self.replace(body)
        # By key, what could be seen of it: an ETag for each content, in the order of its appearance.
        self.seen: dict[str, list[str]] = {}

    def replace(self, body: bytes) -> dict[str, Any]:
        """Stores a new version; its event."""
        self._versions += 1
        stored = self._cloud.s3.put_object(Bucket=self._stage.inputs, Key=self.key, Body=body)
        return object_event(self._stage.inputs, self.key, {**stored, "Size": len(body)}, self._versions)

    def is_read(self, call: Call) -> bool:
        """Whether the request reads the object."""
        return call.bucket == self._stage.inputs and call.key == self.key

    def watch(self, proxy: Proxy) -> None:
        """From now on notes what can be seen, after each request that may change it."""
        proxy.after_each = self._look

    def _look(self, call: Call) -> None:
        if call.operation in WRITES:
            for key, etag in self._objects().items():
                etags = self.seen.setdefault(key, [])
                if etags[-1:] != [etag]:
                    etags.append(etag)

    def _objects(self) -> dict[str, str]:
        listed = self._cloud.s3.list_objects_v2(Bucket=self._stage.results, Prefix=f"predictions/{self.key}")
        return {found["Key"]: found["ETag"] for found in listed.get("Contents", [])}

    def outcome(self) -> Outcome:
        """What is visible now; nothing else is."""
        found = {key: self._cloud.read(self._stage.results, key) for key in self._objects()}
        report = found.pop(f"predictions/{self.key}.report.json", None)
        (predictions,) = found.values() if found else [None]
        return Outcome(predictions, json.loads(report) if report is not None else None)

    def unfinished(self) -> list[str]:
        """Its uploads that were neither completed nor aborted."""
        return [key for key in self._cloud.unfinished_uploads(self._stage.results) if self.key in key]

    def never_changed(self) -> bool:
        """Whether each object that was seen had one content from the first moment on."""
        return all(len(etags) == 1 for key, etags in self.seen.items() if not key.endswith(".report.json"))
