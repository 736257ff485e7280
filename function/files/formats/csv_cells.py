"""Read, score and write a CSV cell by cell: the way for tables and blocks that are not plain."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from function.errors import ROW_LENGTH, InputTooLarge, MalformedInput, Problem
from function.files.chunk import Column, read_cells, read_values, score_rows
from function.files.formats.csv_lines import Lines, make_width_error
from function.files.formats.csv_opening import OpenedCsv
from function.files.job import MAX_CELLS, MAX_COLUMNS, Job
from function.files.report import format_problems
from function.formats.csv_dialect import Dialect, is_blank, read_cell
from function.formats.csv_table import FORMULA_STARTS, check_header, format_warnings, neutralise
from function.model.cells import quote_cell
from function.model.contract import NUMBER, Feature
from function.model.target import Label, format_label


def convert_cells(job: Job, opened: OpenedCsv, table: "CellTable | None" = None) -> "CellTable":
    """Score the CSV cell by cell; return its table.

    If `table` is given, its header was read before, and `opened` continues with rows. Raises MalformedInput,
    InvalidInput, InputTooLarge.
    """
    dialect, position, limits = opened.dialect, opened.position, job.limits
    lines = Lines(opened.blocks, dialect.separator, position.bytes, limits)
    csv.field_size_limit(limits.row_characters)
    reader = csv.reader(lines, delimiter=dialect.separator, strict=True)
    try:
        if table is None:
            header = next((row for row in reader if not is_blank(row, 2)), None)
            if header is None:
                raise MalformedInput("The CSV is empty: it needs a header line with the names of the features.")
            if len(header) > MAX_COLUMNS:
                raise make_width_error()
            table = CellTable(job, header, dialect)
        before = reader.line_num
        for row in reader:
            if not is_blank(row, table.width):
                table.rows.append(row)
                table.lines.append(position.lines + before + 1)
                if len(table.rows) == table.chunk_rows or lines.characters > limits.characters:
                    table.flush()
                    lines.characters = 0
            before = reader.line_num
    except csv.Error as error:
        if "field limit" in str(error):
            line = position.lines + reader.line_num
            raise InputTooLarge(
                f"A cell of the file is longer than {limits.row_characters:,} characters; it ends in or after line "
                f"{line:,}."
            ) from None
        raise MalformedInput(f"The file is not CSV: {error} (line {position.lines + reader.line_num}).") from None
    table.flush()
    return table


class CellTable:
    """The table of a file. `rows` are those of the chunk that is being read, `lines` the lines at which they begin."""

    def __init__(self, job: Job, header: list[str], dialect: Dialect) -> None:
        outputs = job.model.manifest.outputs
        added = [*outputs.columns, outputs.error]
        check_header(job.model.manifest.contract, header, added)
        self._job = job
        self.width = len(header)
        # Short rows are filled up to the width, so that rows times width is what takes memory.
        self.chunk_rows = min(job.chunk_rows, max(1, MAX_CELLS // self.width))
        self._places = [header.index(feature.name) for feature in job.features]
        self._values = len(outputs.values)
        self._dialect = dialect
        self._start_chunk()
        job.write(dialect.preamble.encode())
        self._write([[neutralise(name) for name in header + added]])

    def _start_chunk(self) -> None:
        self.rows: list[list[str]] = []
        self.lines: list[int] = []

    def flush(self) -> None:
        """Score the chunk and write it."""
        self._job.check_time()
        if not self.rows:
            return
        features, rows = self._job.features, self.rows
        faults = self._fit_to_width()
        cells: list[Sequence[str]] = list(zip(*rows, strict=True))
        columns = [self._read_column(f, cells[place]) for f, place in zip(features, self._places, strict=True)]
        scored = score_rows(
            self._job.model.load_for_tables(),
            columns,
            lambda row: {
                f.name: read_cell(self._dialect, f, rows[row][p]) for f, p in zip(features, self._places, strict=True)
            },
            faults,
            strict=self._job.strict,
        )
        self._job.tally.add(scored, self.lines)
        numbers = self._find_number_columns(columns)
        shown: list[Sequence[str]] = [
            column if place in numbers else _neutralise_cells(column) for place, column in enumerate(cells)
        ]
        shown += [
            ["" if output is None else _format_value(output[place]) for output in scored.outputs]
            for place in range(self._values)
        ]
        shown.append(_fill_cells(len(rows), {row: format_warnings(found) for row, found in scored.warnings.items()}))
        shown.append(_fill_cells(len(rows), {row: format_problems(found) for row, found in scored.problems.items()}))
        self._write(zip(*shown, strict=True))
        self._start_chunk()

    def _read_column(self, feature: Feature, cells: Sequence[str]) -> Column:
        if feature.type == NUMBER and self._dialect.decimal == ",":
            return read_values(feature, [read_cell(self._dialect, feature, cell) for cell in cells])
        return read_cells(feature, cells)

    def _fit_to_width(self) -> dict[int, list[Problem]]:
        """Fit all rows to the header's width; return a problem for each row of another width."""
        faults: dict[int, list[Problem]] = {}
        if set(map(len, self.rows)) == {self.width}:
            return faults
        for index, row in enumerate(self.rows):
            if len(row) != self.width:
                lost = f"; cells left out here: {len(row) - self.width:,}" if len(row) > self.width else ""
                detail = f"{len(row):,} cells where the header line has {self.width:,}{lost}"
                faults[index] = [Problem("", ROW_LENGTH, detail)]
                self.rows[index] = (row + [""] * self.width)[: self.width]
        return faults

    def _find_number_columns(self, columns: Sequence[Column]) -> set[int]:
        """Return the places of the columns that hold numbers only: none of their cells is a formula."""
        found = zip(self._job.features, self._places, columns, strict=True)
        return {place for feature, place, column in found if feature.type == NUMBER and not column.unusual}

    def _write(self, rows: Iterable[Sequence[str]]) -> None:
        text = StringIO(newline="")
        csv.writer(text, delimiter=self._dialect.separator, lineterminator=self._dialect.line_end).writerows(rows)
        self._job.write(text.getvalue().encode())


def _format_value(value: Label) -> str:
    return repr(value) if type(value) is float else neutralise(format_label(value))


def format_value_cell(value: Label, separator: str) -> str:
    """Format a value of an output, or any text, as a CSV cell, quoted if necessary."""
    return quote_cell(_format_value(value), separator)


def _neutralise_cells(cells: Sequence[str]) -> Sequence[str]:
    return [neutralise(cell) if cell[:1] in FORMULA_STARTS else cell for cell in cells]


def _fill_cells(count: int, texts: dict[int, str]) -> list[str]:
    column = [""] * count
    for row, text in texts.items():
        column[row] = neutralise(text)
    return column
