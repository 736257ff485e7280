"""Where the results of an object go, and which formats are read."""

from hashlib import sha256
from typing import NamedTuple

from function.errors import MalformedInput

MAX_KEY_BYTES = 1024
_REPORT = ".report.json"


class Format(NamedTuple):
    """A format by the name that its results end in."""

    suffix: str
    content_type: str
    gzip: bool


_ENDS = {".csv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl", ".parquet": ".parquet"}
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
}


def find_format(key: str) -> Format:
    """The format that the key's end names, in whatever case. Raises MalformedInput for any other."""
    plain = key.lower().removesuffix(".gz")
    gzip = key.lower() != plain
    for end, suffix in _ENDS.items():
        if plain.endswith(end) and not (gzip and suffix == ".parquet"):
            return Format(suffix, _TYPES[suffix], gzip)
    raise MalformedInput(
        "The file's name ends in none of .csv, .csv.gz, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz and .parquet: no other "
        "format is read."
    )


def make_predictions_key(prefix: str, key: str, suffix: str) -> str:
    """Where the predictions of the object `key` go."""
    return prefix + _make_stem(prefix, key) + suffix


def make_report_key(prefix: str, key: str) -> str:
    """Where its report goes: beside them."""
    return prefix + _make_stem(prefix, key) + _REPORT


def _make_stem(prefix: str, key: str) -> str:
    """The whole key; its SHA-256 where what is made of it would be longer than S3's keys may be."""
    fits = len((prefix + key + _REPORT).encode()) <= MAX_KEY_BYTES
    return key if fits else sha256(key.encode()).hexdigest()
