"""Score files without S3: convert bytes with a format's module, and fake a bucket that fails on request."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from function.files.formats import csv_file, json_lines_file, parquet_file
from function.files.job import DEFAULT_LIMITS, Job, Limits
from function.files.report import Tally
from function.files.s3_events import SourceObject
from function.files.s3_reader import ObjectReader
from function.model.runtime import Model

SOURCE = SourceObject("in", "a.csv", None, "e", None)


def cut_blocks(data: bytes, size: int) -> Iterator[bytes]:
    """Cut the bytes into blocks of that size."""
    return (data[at : at + size] for at in range(0, len(data), size))


def convert_bytes(
    convert: Callable[[Job, Iterable[bytes]], None],
    model: Model,
    data: bytes,
    *,
    block: int = 7,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[bytes, Tally]:
    """Convert the bytes with the format's module; return the output and the counts."""
    out: list[bytes] = []
    tally = Tally()
    convert(Job(model, strict, tally, out.append, lambda: None, limits=limits), cut_blocks(data, block))
    return b"".join(out), tally


def score_csv(model: Model, data: bytes, **options: Any) -> tuple[str, Tally]:
    found, tally = convert_bytes(csv_file.convert, model, data, **options)
    return found.decode(), tally


def score_json_lines(model: Model, data: bytes, **options: Any) -> tuple[list[bytes], Tally]:
    found, tally = convert_bytes(json_lines_file.convert, model, data, **options)
    return found.splitlines(), tally


def score_parquet(model: Model, data: bytes) -> tuple[bytes, Tally]:
    out: list[bytes] = []
    tally = Tally()
    client: Any = Bucket(data)
    parquet_file.convert(Job(model, False, tally, out.append, lambda: None), ObjectReader(client, SOURCE))
    return b"".join(out), tally


def make_error(status: int, code: str, operation: str = "GetObject") -> ClientError:
    """Make the error that boto3 raises for such a response."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)  # type: ignore[typeddict-item]


class Body(io.BytesIO):
    """A body that ends after `whole` bytes, with an error or as if it were complete."""

    def __init__(self, data: bytes, whole: int, error: Exception | None) -> None:
        super().__init__(data[:whole])
        self._error = error if whole < len(data) else None

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data and self._error:
            raise self._error
        return data


TIMEOUT = ReadTimeoutError(endpoint_url="http://s3")


class Bucket:
    """A fake S3 with one object; each response ends after `whole` bytes, with `error` if it is given."""

    def __init__(self, data: bytes, whole: int | None = None, error: Exception | None = None, **head: Any) -> None:
        self.data = data
        self.whole = len(data) if whole is None else whole
        self.error = error
        self.head = head
        self.asked: list[dict[str, Any]] = []
        self.refuses: list[Exception] = []

    def head_object(self, **place: Any) -> dict[str, Any]:
        self.asked.append(place)
        return {"ETag": '"e"', "ContentLength": len(self.data), **self.head}

    def get_object(self, **place: Any) -> dict[str, Any]:
        self.asked.append(place)
        if self.refuses:
            raise self.refuses.pop(0)
        if "Range" not in place:
            return {"Body": Body(self.data, self.whole, self.error)}
        start, end = map(int, place["Range"].removeprefix("bytes=").split("-"))
        found = self.data[start : end + 1]
        return {"Body": Body(found, self.whole, self.error), "ContentRange": f"bytes {start}-{end}/{len(self.data)}"}
