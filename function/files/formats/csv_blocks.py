"""Score plain blocks of a CSV as arrays: Arrow parses the features' cells, and the lines are written unchanged.

A block is plain if separators and line ends alone tell its cells apart: no quotes, one kind of line end, UTF-8, no
empty line. `score_block` returns None for a block that `csv_cells`, which reads cell by cell, might read differently.
Numbers are equal in both: Arrow, too, rounds decimal numbers correctly, and what only Arrow takes for a number (inf,
NAN) is not an ordinary value. docs/decisions/0006 has the measurements.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow

from function.errors import InputTooLarge
from function.files.formats.csv_columns import Layout, NotPlain, has_formula, parse_cells, read_columns
from function.files.formats.csv_output import format_outputs, join_cells, split_lines, spread_over_rows
from function.files.job import DEFAULT_LIMITS, MAX_LINES, Limits
from function.formats.csv_dialect import Dialect
from function.model.runtime import NotPredictable, Runtime


class Block(NamedTuple):
    """A scored block: its lines without line ends, and the columns that are added to them.

    `odd_rows` are the rows that are not ordinary: they are not scored yet, and their added cells are empty.
    """

    lines: Any
    rows: int
    added: list[Any]
    odd_rows: list[int]

    def encode(self, dialect: Dialect) -> bytes:
        """Return the lines with the added cells: predictions with their scores, warnings, error."""
        return join_cells(self.lines, self.added, dialect)


def split_into_blocks(pieces: Iterable[bytes], limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """Yield the same bytes in blocks that end at a line end. The sizes of the pieces do not change the blocks.

    The last block may lack its line end; a line longer than a block makes a longer block. Raises InputTooLarge.
    """
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) > limits.characters:
            end = waiting.find(b"\n", limits.characters) + 1
            if not end and len(waiting) <= limits.characters + limits.row_characters:
                break
            # Old files end their lines with CR alone.
            end = end or waiting.rfind(b"\r", 0, -1) + 1
            if not end:
                raise InputTooLarge(f"A row of the file is longer than {limits.row_characters:,} characters.")
            yield from _split_by_lines(bytes(waiting[:end]))
            del waiting[:end]
    if waiting:
        yield from _split_by_lines(bytes(waiting))


def _split_by_lines(block: bytes) -> Iterator[bytes]:
    """Yield parts of at most MAX_LINES lines: a short line takes far more memory in arrays than its bytes."""
    if block.count(b"\n") <= MAX_LINES:
        yield block
        return
    middle = len(block) // 2
    half = (block.rfind(b"\n", 0, middle) + 1) or (block.find(b"\n", middle) + 1)
    yield from _split_by_lines(block[:half])
    yield from _split_by_lines(block[half:])


def is_plain(block: bytes, line_end: bytes) -> bool:
    """Tell whether separators and line ends alone tell the block's cells apart."""
    ends = block.count(b"\n")
    returns = block.count(b"\r")
    expected = ends if line_end == b"\r\n" else 0
    return (
        _is_utf_8(block)
        and b'"' not in block
        and b"\0" not in block
        and returns == expected
        and (not expected or block.count(b"\r\n") == ends)
        and block.endswith(line_end)
        and not block.startswith(line_end)
        and line_end * 2 not in block
    )


def _is_utf_8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def score_block(layout: Layout, runtime: Runtime, block: bytes) -> Block | None:
    """Score the block's ordinary rows. Return None if the block must be scored cell by cell."""
    if not is_plain(block, layout.dialect.line_end.encode()):
        return None
    try:
        table = parse_cells(layout, block)
        columns, usual = read_columns(layout, table)
    except (pyarrow.ArrowException, NotPlain):
        return None
    if not usual.any() or has_formula(layout, table):
        return None
    import numpy

    whole = bool(usual.all())
    try:
        outputs = runtime.predict_arrays(columns if whole else [column[usual] for column in columns])
    except (NotPredictable, MemoryError):  # smaller chunks may fit into memory
        return None
    if not all(numpy.isfinite(column).all() for column in outputs):
        return None
    cells = format_outputs(layout, outputs)
    if not whole:
        cells = [spread_over_rows(column, usual) for column in cells]
    count = len(usual)
    empty = pyarrow.repeat("", count)
    odd_rows = [] if whole else (~usual).nonzero()[0].tolist()
    return Block(split_lines(block, count), count, [*cells, empty, empty], odd_rows)
