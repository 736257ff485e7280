"""Files without S3: formats fed with bytes, and a bucket that breaks as it is told to."""

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


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """The bytes in blocks of that size."""
    return (data[at : at + size] for at in range(0, len(data), size))


def converted(
    convert: Callable[[Job, Iterable[bytes]], None],
    model: Model,
    data: bytes,
    *,
    block: int = 7,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[bytes, Tally]:
    """What the format's module makes of the bytes, and its count."""
    out: list[bytes] = []
    tally = Tally()
    convert(Job(model, strict, tally, out.append, lambda: None, limits=limits), cut(data, block))
    return b"".join(out), tally


def csv_of(model: Model, data: bytes, **options: Any) -> tuple[str, Tally]:
    found, tally = converted(csv_file.convert, model, data, **options)
    return found.decode(), tally


def json_lines_of(model: Model, data: bytes, **options: Any) -> tuple[list[bytes], Tally]:
    found, tally = converted(json_lines_file.convert, model, data, **options)
    return found.splitlines(), tally


def parquet_of(model: Model, data: bytes) -> tuple[bytes, Tally]:
    out: list[bytes] = []
    tally = Tally()
    client: Any = Bucket(data)
    parquet_file.convert(Job(model, False, tally, out.append, lambda: None), ObjectReader(client, SOURCE))
    return b"".join(out), tally


def failed(status: int, code: str, operation: str = "GetObject") -> ClientError:
    """What boto3 raises for such an answer."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)  # type: ignore[typeddict-item]


class Body(io.BytesIO):
    """A body that breaks off after so many bytes, with an error or as if it were whole."""

    def __init__(self, data: bytes, whole: int, error: Exception | None) -> None:
        super().__init__(data[:whole])
        self._error = error if whole < len(data) else None

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, as long as there are."""
        data = super().read(size)
        if not data and self._error:
            raise self._error
        return data


TIMEOUT = ReadTimeoutError(endpoint_url="http://s3")


class Bucket:
    """One object in the place of S3; each answer breaks off after `whole` bytes (then with `error`)."""

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
