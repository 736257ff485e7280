"""Choose the keys of an object's results, and its format by its key."""

from hashlib import sha256
from typing import NamedTuple

from function.errors import MalformedInput

MAX_KEY_BYTES = 1024
_REPORT = ".report.json"


class Format(NamedTuple):
    """A file format. `suffix` is the ending of the results' key; `gzip` is True if the object's key ends in .gz."""

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
    """Find the format by the ending of the key, in upper or lower case. Raises MalformedInput for an unknown ending."""
    plain = key.lower().removesuffix(".gz")
    gzip = key.lower() != plain
    for end, suffix in _ENDS.items():
        if plain.endswith(end) and not (gzip and suffix == ".parquet"):
            return Format(suffix, _TYPES[suffix], gzip)
    raise MalformedInput(
        "The file's name must end in .csv, .csv.gz, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz or .parquet: other formats "
        "are not read."
    )


def make_predictions_key(prefix: str, key: str, suffix: str) -> str:
    """Return the key of the predictions for the object `key`."""
    return prefix + _make_stem(prefix, key) + suffix


def make_report_key(prefix: str, key: str) -> str:
    """Return the key of the report for the object `key`: beside the predictions."""
    return prefix + _make_stem(prefix, key) + _REPORT


def _make_stem(prefix: str, key: str) -> str:
    """Return the key itself, or its SHA-256 if a key made from it would be longer than S3 allows."""
    fits = len((prefix + key + _REPORT).encode()) <= MAX_KEY_BYTES
    return key if fits else sha256(key.encode()).hexdigest()
