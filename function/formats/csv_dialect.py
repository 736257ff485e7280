"""How a CSV is written, told from its beginning: separator, decimal mark, line ends, what stands above its header.

Every reader of CSV asks here, so that a file means the same in training, over HTTP and in a bucket. What could be meant
in two ways is not read: its cells are then no numbers, or its header lacks columns, and sentences say why.
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

# No more than so much is looked at: a file is read as it comes, and no reader may know more of it than another.
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
# Excel's own word for a separator that is not the computer's.
_DECLARED = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
# 1,500 may be 1500 or 1.5.
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


class Dialect(NamedTuple):
    """How a CSV is written. `start` characters, in `lines` lines, stand before its header."""

    separator: str = COMMA
    decimal: str = "."
    line_end: str = "\n"
    declared: bool = False
    start: int = 0
    lines: int = 0

    @property
    def preamble(self) -> str:
        """What stands above the header and belongs to the table: Excel's line `sep=;`."""
        return f"sep={self.separator}{self.line_end}" if self.declared else ""


def detect_dialect(text: str, features: Sequence[Feature] | None, subject: str) -> Dialect:
    """The dialect of a CSV that begins so (without a byte order mark); without `features`, of one of unknown columns.

    `subject` is how sentences call it. Raises MalformedInput where it is of another kind than CSV, or separated by what
    is not read.
    """
    head = text[:HEAD_CHARACTERS]
    # It is the process's: a reader in another thread may be at work on longer cells than this head can have.
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
    """A comma, where the header can be read so; else what finds every feature; else what alone is in the line."""
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
            raise MalformedInput(f"{subject} has both semicolons and tabs in its header: separate columns by commas.")
        return others[0]
    for mark, called in _OTHER_SEPARATORS.items():
        header = next(_read_rows(head, mark), [])
        if len(header) > 1 and (mark == "|" if names is None else set(names) <= set(header)):
            raise MalformedInput(f"{subject} is separated by {called}: separate columns by commas, semicolons or tabs.")
    return COMMA


def name_hidden_separator(header: str, names: Sequence[str]) -> str | None:
    """How the separator is called that would find all names in a header which was read by another; None for none."""
    called = {SEMICOLON: "semicolons", TAB: "tabs", COMMA: "commas", **_OTHER_SEPARATORS}
    found = (name for mark, name in called.items() if set(names) <= set(next(_read_rows(header, mark), [])))
    return None if [header] == list(names) else next(found, None)


def _read_rows(text: str, separator: str) -> Iterator[list[str]]:
    """The rows as far as they can be told apart."""
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
    """The decimal mark of columns of numbers: a comma, where some cell has one beyond doubt and none has a point."""
    commas, number = False, Feature("", NUMBER)
    for cells in columns:
        for cell in map(str.strip, cells):
            if "." in cell and isinstance(parse_cell(number, cell), float):
                return "."
            commas = commas or is_comma_number(cell, surely=True)
    return "," if commas else "."


def is_comma_number(cell: str, *, surely: bool = False) -> bool:
    """Whether the cell is a number that is written with a comma, for its decimals or (unless `surely`) thousands."""
    cell = cell.strip()
    return _WITH_COMMA.fullmatch(cell) is not None and not (surely and _AMBIGUOUS.fullmatch(cell))


def is_blank(row: Sequence[str], width: int) -> bool:
    """Whether the row is a line without a cell: an empty one or, among rows of several cells, one of spaces alone."""
    return not row or (len(row) == 1 < width and not row[0].strip(" \t"))


def read_cell(dialect: Dialect, feature: Feature, cell: str) -> object:
    """The cell as the JSON value that it stands for in a file of this dialect, as `parse_cell` says it.

    Where decimals have commas, a point may separate thousands: a cell with one is no number.
    """
    value = parse_cell(feature, cell)
    if dialect.decimal == "." or feature.type != NUMBER:
        return value
    if isinstance(value, float):
        return cell if "." in cell else value
    return parse_cell(feature, cell.replace(",", ".")) if is_comma_number(cell) else value
