"""Detect the dialect of a CSV from its beginning: separator, decimal mark, line ends, and the lines above the header.

Every reader of CSV uses this module, so that a file means the same in training, over HTTP and in a bucket. A CSV that
can be read in two ways is not guessed at: its cells are then no numbers, or its header lacks columns, and the error
says why.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from function.errors import MalformedInput
from function.formats.csv_text import check_text
from function.model.cells import parse_cell
from function.model.contract import NUMBER, Feature

# Only these first characters decide. A file is read as a stream, and all readers must decide from the same characters.
HEAD_CHARACTERS = 256 * 1024
COMMA, SEMICOLON, TAB = ",", ";", "\t"
SEPARATORS = (COMMA, SEMICOLON, TAB)
_OTHER_SEPARATORS = {
    "|": "'|'",
    ":": "colons",
    " ": "spaces",
    "^": "'^'",
    "~": "'~'",
    "\x01": "the control character 1",
}

_LINE = re.compile(r"[^\r\n]*(\r\n|\r|\n|$)")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
# Excel's first line for a separator other than the computer's list separator.
_DECLARED = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
# 1,500 may mean 1500 or 1.5.
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


class Dialect(NamedTuple):
    """How a CSV is written.

    `declared` is true if a line such as `sep=;` names the separator. `start` is the number of characters before the
    header, `lines` the number of lines.
    """

    separator: str = COMMA
    decimal: str = "."
    line_end: str = "\n"
    declared: bool = False
    start: int = 0
    lines: int = 0

    @property
    def preamble(self) -> str:
        """The line above the header that belongs to the table: Excel's `sep=;`, or nothing."""
        return f"sep={self.separator}{self.line_end}" if self.declared else ""


def detect_dialect(text: str, features: Sequence[Feature] | None, subject: str) -> Dialect:
    """Detect the dialect of a CSV from its text, or the beginning of it, without a byte order mark.

    `features` is None if the columns are not known. `subject` names the CSV in errors: "The body".
    Raises MalformedInput if the text is another format than CSV, or has a separator that is not supported.
    """
    head = text[:HEAD_CHARACTERS]
    # The limit is global to the process. Never lower it: a reader in another thread may need a higher one.
    csv.field_size_limit(max(csv.field_size_limit(), HEAD_CHARACTERS))
    start = _find_end(_BLANK_LINES, head, 0)
    declared = _DECLARED.match(head, start)
    if declared:
        start = _find_end(_BLANK_LINES, head, declared.end())
    line = _LINE.match(head, start)
    names = None if features is None else [feature.name for feature in features]
    separator = declared[1] if declared else _detect_separator(head[start:], names, subject)
    decimal = "."
    if separator != COMMA and features is not None:
        decimal = _detect_decimal(head[start:], separator, features, cut=len(text) > len(head))
    line_end = "\r\n" if line and line[1] == "\r\n" else "\n"
    before = head[:start].replace("\r\n", "\n").replace("\r", "\n")
    return Dialect(separator, decimal, line_end, declared is not None, start, before.count("\n"))


def _find_end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _detect_separator(head: str, names: Sequence[str] | None, subject: str) -> str:
    """Return the separator that finds every feature in the header; else a comma, if the header has one; else the other
    separator that the header has.
    """
    headers = {mark: next(_read_rows(head, mark), []) for mark in SEPARATORS}
    if names is not None:
        for mark in SEPARATORS:
            if set(names) <= set(headers[mark]):
                return mark
    if len(headers[COMMA]) > 1:
        check_text(head, subject)
        return COMMA
    check_text(head, subject)
    others = sorted((mark for mark in SEPARATORS[1:] if len(headers[mark]) > 1), key=lambda mark: -len(headers[mark]))
    if others and (names is None or len(names) > 1):
        if names is None and len(others) > 1:
            raise MalformedInput(
                f"{subject} has both semicolons and tabs in its header: separate the columns by commas."
            )
        return others[0]
    for mark, called in _OTHER_SEPARATORS.items():
        header = next(_read_rows(head, mark), [])
        if len(header) > 1 and (mark == "|" if names is None else set(names) <= set(header)):
            raise MalformedInput(
                f"{subject} has columns separated by {called}: separate them by commas, semicolons or tabs."
            )
    return COMMA


def name_hidden_separator(header: str, names: Sequence[str]) -> str | None:
    """Return the name of a separator that finds all names in a header; None if there is none.

    `header` was read with another separator, as one column.
    """
    called = {SEMICOLON: "semicolons", TAB: "tabs", COMMA: "commas", **_OTHER_SEPARATORS}
    fitting = (name for mark, name in called.items() if set(names) <= set(next(_read_rows(header, mark), [])))
    return None if [header] == list(names) else next(fitting, None)


def _read_rows(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the rows, without empty ones, up to the first error."""
    try:
        yield from (row for row in csv.reader(StringIO(text, newline=""), delimiter=separator) if row)
    except csv.Error:
        return


def _detect_decimal(head: str, separator: str, features: Sequence[Feature], *, cut: bool) -> str:
    header, *rows = list(_read_rows(head, separator)) or [[]]
    places = [header.index(f.name) for f in features if f.type == NUMBER and f.name in header]
    whole = rows[:-1] if cut else rows
    return detect_decimal_mark([row[place] for row in whole if len(row) == len(header)] for place in places)


def detect_decimal_mark(columns: Iterable[Sequence[str]]) -> str:
    """Return the decimal mark of columns of numbers.

    It is a comma if some cell has one that can only be a decimal comma, and no number has a point.
    """
    commas, number = False, Feature("", NUMBER)
    for cells in columns:
        for cell in map(str.strip, cells):
            if "." in cell and isinstance(parse_cell(number, cell), float):
                return "."
            commas = commas or is_comma_number(cell, unambiguous=True)
    return "," if commas else "."


def is_comma_number(cell: str, *, unambiguous: bool = False) -> bool:
    """Tell whether the cell is a number with a comma.

    With `unambiguous`, numbers such as 1,500 do not count: their comma may separate thousands.
    """
    cell = cell.strip()
    return _WITH_COMMA.fullmatch(cell) is not None and not (unambiguous and _AMBIGUOUS.fullmatch(cell))


def is_blank(row: Sequence[str], width: int) -> bool:
    """Tell whether the row is a blank line: empty or, in a table of several columns, only spaces and tabs."""
    return not row or (len(row) == 1 < width and not row[0].strip(" \t"))


def read_cell(dialect: Dialect, feature: Feature, cell: str) -> object:
    """Return the JSON value of a cell in a CSV of this dialect. A cell that is no number stays a string.

    If the decimal mark is a comma, a point may separate thousands: a cell with a point is no number then.
    """
    value = parse_cell(feature, cell)
    if dialect.decimal == "." or feature.type != NUMBER:
        return value
    if isinstance(value, float):
        return cell if "." in cell else value
    return parse_cell(feature, cell.replace(",", ".")) if is_comma_number(cell) else value
