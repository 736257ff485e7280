"""A CSV in, the same CSV with predictions out: rows in equal rows out, and cells come back as they came.

What comes out is UTF-8, in the separator that came in.
"""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from typing import NamedTuple

from function.errors import (
    MISSING,
    REPEATED_COLUMN,
    RESERVED_COLUMN,
    ROW_LENGTH,
    InputTooLarge,
    InvalidInput,
    MalformedInput,
    Problem,
    format_pointer,
)
from function.formats.csv_dialect import Dialect, detect_dialect, is_blank, is_comma_number, read_cell
from function.formats.csv_header import is_header
from function.formats.csv_text import decode_text
from function.model.cells import is_number
from function.model.contract import PANDAS_NULL_CELLS, Contract, Warning
from function.model.manifest import format_label
from function.model.prediction import MAX_RECORDS, PredictedDocument, Prediction, predict
from function.model.runtime import Model

# A spreadsheet runs a cell that starts so as a formula (OWASP, "CSV Injection"); a quote before it keeps it a text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ParsedTable(NamedTuple):
    """A CSV that was read: how it is written, its header, its rows."""

    dialect: Dialect
    header: list[str]
    rows: list[list[str]]


def predict_csv_document(model: Model, body: bytes, *, strict: bool = False) -> str:
    """The CSV in `body` (it has a header line; `csv_dialect` says what is read) with the predictions' columns added.

    Columns that are no features come back untouched. Raises MalformedInput where it is no such CSV, InvalidInput with
    every problem (its pointer is /<row, from 0>/<column>), InputTooLarge past 10,000 rows.
    """
    return add_predictions(model, body, strict=strict).document


def add_predictions(model: Model, body: bytes, *, strict: bool = False) -> PredictedDocument[str]:
    """Return what `predict_csv_document` does, and the predictions in it. Raises as `predict_csv_document` does."""
    dialect, header, rows = read_table(model.manifest.contract, body)
    added = model.manifest.outputs.columns
    check_header(model.manifest.contract, header, added)
    predicted = _predict_table(model, ParsedTable(dialect, header, rows), strict=strict)
    table = [header + added, *(row + format_cells(prediction) for row, prediction in zip(rows, predicted, strict=True))]
    return PredictedDocument(dialect.preamble + write_rows(table, dialect.line_end, dialect.separator), predicted)


def predict_csv(
    model: Model, body: bytes, *, has_header: bool | None, strict: bool = False
) -> tuple[list[Prediction], int]:
    """The predictions alone, of a CSV with or without a header line (RFC 4180 has a parameter that says which).

    With them comes how many columns are no features.

    Where nothing says so (None), the first line itself tells; without one, cells stand in the features' order.
    Raises as `predict_csv_document` does.
    """
    contract = model.manifest.contract
    dialect, header, rows = read_table(contract, body)
    if not (is_header(contract, header, has_more=bool(rows)) if has_header is None else has_header):
        header, rows = list(contract.names), [header, *rows]
    check_header(contract, header, ())
    return _predict_table(model, ParsedTable(dialect, header, rows), strict=strict), len(header) - len(contract.names)


def _predict_table(model: Model, table: ParsedTable, *, strict: bool) -> list[Prediction]:
    dialect, header, rows = table
    _check_lengths(header, rows)
    places = [(feature, header.index(feature.name)) for feature in model.manifest.contract.features]
    records = [{feature.name: read_cell(dialect, feature, row[place]) for feature, place in places} for row in rows]
    return predict(model, records, lambda index, inside: f"/{index}{inside}", strict=strict)


def format_cells(prediction: Prediction) -> list[str]:
    """The cells of the manifest's output columns for one prediction."""
    return [
        format_label(prediction.value),
        *map(repr, (prediction.probabilities or {}).values()),
        format_warnings(prediction.warnings),
    ]


def format_warnings(warnings: Sequence[Warning]) -> str:
    """The last of them: the warnings in words, or nothing."""
    return "; ".join(f"{warning.feature}: {warning.detail}" for warning in warnings)


def neutralise(cell: str) -> str:
    """The cell, kept from being run by a spreadsheet; numbers such as -1.5 and -1,5 and nulls (-NaN) are left alone."""
    is_harmless = (
        not cell.startswith(FORMULA_STARTS) or is_comma_number(cell) or cell in PANDAS_NULL_CELLS or is_number(cell)
    )
    return cell if is_harmless else "'" + cell


def read_table(contract: Contract, body: bytes) -> ParsedTable:
    """The CSV; lines without a cell are passed over. Raises MalformedInput, InputTooLarge."""
    text = decode_text(body, "The body")
    dialect = detect_dialect(text, contract.features, "The body")
    csv.field_size_limit(sys.maxsize)  # the body's size has its cap; the module's own is 128 kB a cell
    reader = csv.reader(StringIO(text[dialect.start :], newline=""), delimiter=dialect.separator, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if not is_blank(row, len(rows[0]) if rows else 2):
                rows.append(row)
            if len(rows) > MAX_RECORDS + 1:
                raise InputTooLarge(f"More than {MAX_RECORDS:,} rows at once: send them in several calls.")
    except csv.Error as error:
        line = dialect.lines + reader.line_num
        raise MalformedInput(f"The body is not CSV: {error} (line {line}).") from None
    if not rows:
        raise MalformedInput("The CSV is empty: it needs a header line with the names of the features.")
    return ParsedTable(dialect, rows[0], rows[1:])


def check_header(contract: Contract, header: Sequence[str], added: Sequence[str]) -> None:
    """Raises InvalidInput unless every feature has its one column, and none has a name of those that are added.

    Other columns may have no name, or one that others have too.
    """
    counts = Counter(header)
    problems = [
        Problem(format_pointer(name), MISSING, f"the header line lacks the column {name}")
        for name in contract.names
        if name not in counts
    ]
    problems += [
        Problem(format_pointer(name), REPEATED_COLUMN, f"the header line has the column {name} {count} times")
        for name in contract.names
        if (count := counts[name]) > 1
    ]
    problems += [
        Problem(format_pointer(name), RESERVED_COLUMN, f"the answer adds a column {name}: rename the one that is there")
        for name in added
        if name in counts
    ]
    if problems:
        raise InvalidInput(problems)


def _check_lengths(header: list[str], rows: list[list[str]]) -> None:
    problems = [
        Problem(f"/{index}", ROW_LENGTH, f"{len(row)} cells where the header line has {len(header)}")
        for index, row in enumerate(rows)
        if len(row) != len(header)
    ]
    if problems:
        raise InvalidInput(problems)


def write_rows(rows: list[list[str]], line_end: str, separator: str = ",") -> str:
    """The rows as CSV, kept from being run by a spreadsheet."""
    # Fields with any line end in them are quoted, a lone CR too, whichever of the two ends the lines.
    text = StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(
        [neutralise(cell) for cell in row] for row in rows
    )
    return text.getvalue()
