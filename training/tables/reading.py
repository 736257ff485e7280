"""Read a table from a CSV or Parquet file."""

import csv
import gzip
import io
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pandas

from function.errors import MalformedInput
from function.formats.csv_dialect import Dialect, detect_dialect, is_blank
from function.formats.csv_text import check_bytes, decode_blocks
from function.formats.gzip_stream import GZIP_MAGIC
from training.errors import TrainingError, describe_error, quote_names
from training.tables.columns import make_unusable_column
from training.tables.decimal_commas import replace_decimal_commas
from training.tables.table import RawColumn, Table

_CSV = (".csv", ".csv.gz")
_PARQUET = (".parquet", ".pq")


def load_table(path: Path) -> Table:
    """Read the table in the file. Raises TrainingError if it cannot be read, has no rows or a faulty header."""
    data = _read_bytes(path)
    name = path.name.lower()
    if name.endswith(_CSV):
        is_compressed = name.endswith(".gz") or data.startswith(GZIP_MAGIC)
        dialect, header, rows = _parse_csv(path, _decompress(path, data) if is_compressed else data)
        _check_rows(path, len(rows))
        return Table(_name_columns(dialect, header, rows), len(rows), sha256(data).hexdigest())
    if name.endswith(_PARQUET):
        frame = _parse_parquet(path, data)
        header = [str(key) for key in frame.columns]
        _check_header(path, header)
        _check_rows(path, len(frame))
        series = {key: frame.iloc[:, index] for index, key in enumerate(header)}
        return Table(series, len(frame), sha256(data).hexdigest())
    raise TrainingError(f"{path} cannot be read as a table: its name must end with {', '.join(_CSV + _PARQUET)}.")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TrainingError(f"There is no file {path}: check the path after --data.") from None
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror}): give a readable file after --data.") from None


def _decompress(path: Path, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise TrainingError(f"{path} is not a complete gzip file: compress the CSV again.") from None


def _parse_csv(path: Path, data: bytes) -> tuple[Dialect, list[str], list[list[str]]]:
    """Return the dialect, the header and the other rows."""
    try:
        check_bytes(data, str(path))
        text = "".join(decode_blocks([data], str(path)))
        dialect = detect_dialect(text, None, str(path))
    except MalformedInput as error:
        raise TrainingError(str(error)) from None
    if "\0" in text:
        raise TrainingError(f"{path} is not a CSV file, because it holds zero bytes: save the table as CSV.")
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(text[dialect.start :], newline=""), delimiter=dialect.separator, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if is_blank(row, len(rows[0]) if rows else 2):
                continue
            if rows and len(row) != len(rows[0]):
                raise TrainingError(
                    f"{path}, line {dialect.lines + reader.line_num}, has {len(row)} cells, but the header has "
                    f"{len(rows[0])}: correct that line. A cell that holds a separator needs double quotes around it."
                )
            rows.append(row)
    except csv.Error as error:
        line = dialect.lines + reader.line_num
        raise TrainingError(f"{path}, line {line}, is not valid CSV ({error}): correct that line.") from None
    if not rows:
        raise TrainingError(f"{path} is empty: add a header and the rows to learn from.")
    return dialect, rows[0], rows[1:]


def _name_columns(dialect: Dialect, header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, RawColumn]:
    """Return the columns by name. One without a name of its own is unusable, and so refused unless it is dropped."""
    cells: list[Sequence[str]] = list(zip(*rows, strict=True))
    if dialect.separator != ",":
        cells = replace_decimal_commas(cells)
    counts = Counter(header)
    columns: dict[str, RawColumn] = {}
    for number, (name, column) in enumerate(zip(header, cells, strict=True), 1):
        if not name.strip():
            # A separator at the end of each line makes an empty column without a name: it is left out.
            if any(column):
                fault = (
                    f"(number {number} in the table) has no name: add one to the header, or leave the column out with "
                    f"--drop '{name}'. pandas writes such a column unless to_csv is called with index=False"
                )
                columns.setdefault(name, make_unusable_column(column, fault))
        elif counts[name] > 1:
            fault = (
                f"is in the header {counts[name]} times: give each column its own name, or leave all of them out "
                "with --drop"
            )
            columns[name] = make_unusable_column(column, fault)
        else:
            columns[name] = column
    return columns


def _parse_parquet(path: Path, data: bytes) -> pandas.DataFrame:
    try:
        return pandas.read_parquet(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # pyarrow raises errors of its own, OSError, ValueError and more, depending on what is wrong.
        raise TrainingError(
            f"{path} cannot be read as Parquet ({describe_error(error)}): write the file again."
        ) from None


def _check_header(path: Path, header: Sequence[str]) -> None:
    nameless = next((number for number, name in enumerate(header, 1) if not name.strip()), None)
    if nameless is not None:
        raise TrainingError(
            f"Column {nameless} of {path} has no name: give it a name, or remove the column. pandas writes such a "
            "column unless to_csv is called with index=False."
        )
    duplicates = sorted({name for name in header if header.count(name) > 1})
    if duplicates:
        raise TrainingError(
            f"{path} has several columns with the name {quote_names(duplicates)}: give each column its own name."
        )


def _check_rows(path: Path, count: int) -> None:
    if not count:
        raise TrainingError(f"{path} has a header but no rows: add the rows to learn from.")
