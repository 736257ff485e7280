"""Add predictions to a CSV: the same rows, with unchanged cells and more columns.

The result is UTF-8, and has the separator of the input. A cell that a spreadsheet would run as a formula gets a quote
in front.
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
from function.model.prediction import MAX_RECORDS, PredictedDocument, Prediction, predict
from function.model.runtime import Model
from function.model.target import format_label

# A spreadsheet runs a cell with such a start as a formula (OWASP, "CSV Injection"). A quote in front prevents that.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ParsedTable(NamedTuple):
    """A CSV as it was read: its dialect, header and rows."""

    dialect: Dialect
    header: list[str]
    rows: list[list[str]]


def predict_csv_document(model: Model, body: bytes, *, strict: bool = False) -> str:
    """Predict the rows of a CSV with a header line; return the CSV with the columns of the predictions.

    `csv_dialect` says which CSVs are read. Columns that are no features are kept. Raises MalformedInput if the body
    cannot be read, InvalidInput with every problem (its pointer is /<row, from 0>/<column>), InputTooLarge if it has
    more than 10,000 rows.
    """
    return add_predictions(model, body, strict=strict).document


def add_predictions(model: Model, body: bytes, *, strict: bool = False) -> PredictedDocument[str]:
    """Return the CSV of `predict_csv_document`, and the predictions in it. Raises the same errors."""
    dialect, header, rows = read_table(model.manifest.contract, body)
    added = model.manifest.outputs.columns
    check_header(model.manifest.contract, header, added)
    predicted = _predict_table(model, ParsedTable(dialect, header, rows), strict=strict)
    table = [header + added, *(row + format_cells(prediction) for row, prediction in zip(rows, predicted, strict=True))]
    return PredictedDocument(dialect.preamble + write_rows(table, dialect.line_end, dialect.separator), predicted)


def predict_csv(
    model: Model, body: bytes, *, has_header: bool | None, strict: bool = False
) -> tuple[list[Prediction], int]:
    """Predict the rows of a CSV; return the predictions, and the number of columns that are no features.

    `has_header` is what the media type says (RFC 4180, parameter `header`). If it says nothing (None), the first line
    decides (`is_header`). Without a header the columns are in the order of the features.
    Raises the errors of `predict_csv_document`.
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
    """Return the cells of one prediction, in the order of the manifest's output columns."""
    return [*map(format_label, prediction.output), format_warnings(prediction.warnings)]


def format_warnings(warnings: Sequence[Warning]) -> str:
    """Return the cell of the warnings: sentences separated by semicolons, or nothing."""
    return "; ".join(f"{warning.feature}: {warning.detail}" for warning in warnings)


def neutralise(cell: str) -> str:
    """Return the cell with a quote in front if a spreadsheet would run it as a formula.

    Numbers such as -1.5 and -1,5, and nulls such as -NaN, are not changed.
    """
    is_harmless = (
        not cell.startswith(FORMULA_STARTS) or is_comma_number(cell) or cell in PANDAS_NULL_CELLS or is_number(cell)
    )
    return cell if is_harmless else "'" + cell


def read_table(contract: Contract, body: bytes) -> ParsedTable:
    """Read a CSV; skip blank lines. Raises MalformedInput, InputTooLarge."""
    text = decode_text(body, "The body")
    dialect = detect_dialect(text, contract.features, "The body")
    csv.field_size_limit(sys.maxsize)  # the body's size is limited already; the module's default is 128 kB for a cell
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
    """Check that each feature has exactly one column, and that no column has the name of an added one.

    Other columns may have no name, or share a name. Raises InvalidInput with every problem.
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
        Problem(
            format_pointer(name),
            RESERVED_COLUMN,
            f"the predictions add a column {name}: rename the column of that name",
        )
        for name in added
        if name in counts
    ]
    if problems:
        raise InvalidInput(problems)


def _check_lengths(header: list[str], rows: list[list[str]]) -> None:
    problems = [
        Problem(f"/{index}", ROW_LENGTH, f"the row has {len(row)} cells and the header line has {len(header)}")
        for index, row in enumerate(rows)
        if len(row) != len(header)
    ]
    if problems:
        raise InvalidInput(problems)


def write_rows(rows: list[list[str]], line_end: str, separator: str = ",") -> str:
    """Write the rows as CSV; neutralise each cell."""
    # The writer quotes cells that contain CR or LF, whichever line end is used.
    text = StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(
        [neutralise(cell) for cell in row] for row in rows
    )
    return text.getvalue()
