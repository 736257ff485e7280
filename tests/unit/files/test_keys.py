"""Formats by the endings of file names, and the keys of results. Touches nothing."""

from hashlib import sha256

import pytest

from function.errors import MalformedInput
from function.files.keys import MAX_KEY_BYTES, find_format, make_predictions_key, make_report_key


@pytest.mark.parametrize(
    ("key", "suffix", "gzip"),
    [
        ("a.csv", ".csv", False),
        ("in/A.CSV", ".csv", False),
        ("a.csv.gz", ".csv", True),
        ("a.Csv.Gz", ".csv", True),
        ("a.jsonl", ".jsonl", False),
        ("a.ndjson", ".jsonl", False),
        ("a.ndjson.gz", ".jsonl", True),
        ("a.parquet", ".parquet", False),
        ("a.csv.parquet", ".parquet", False),
        (".csv", ".csv", False),
    ],
)
def test_format_is_found_by_the_ending_of_the_name(key: str, suffix: str, gzip: bool) -> None:
    found = find_format(key)
    assert (found.suffix, found.gzip) == (suffix, gzip)


@pytest.mark.parametrize(
    "key", ["a", "a.txt", "a.csv.zip", "csv", "a.gz", "a.parquet.gz", "a.csv/b", "a.csv.gz.gz", ""]
)
def test_name_with_an_unknown_ending_is_refused(key: str) -> None:
    with pytest.raises(MalformedInput, match=r"\.parquet: other formats are not read"):
        find_format(key)


@pytest.mark.parametrize("letter", ["a", "é"])
def test_key_is_unchanged_up_to_the_limit_of_s3(letter: str) -> None:
    room = MAX_KEY_BYTES - len("predictions/.report.json")
    fits = letter * (room // len(letter.encode())) + "b" * (room % len(letter.encode()))
    assert MAX_KEY_BYTES == 1024
    assert make_report_key("predictions/", fits) == f"predictions/{fits}.report.json"
    assert len(make_report_key("predictions/", fits).encode()) == MAX_KEY_BYTES
    assert make_predictions_key("predictions/", fits, ".csv") == f"predictions/{fits}.csv"
    longer = fits + "b"
    digest = sha256(longer.encode()).hexdigest()
    assert make_report_key("predictions/", longer) == f"predictions/{digest}.report.json"
    assert make_predictions_key("predictions/", longer, ".csv") == f"predictions/{digest}.csv"
