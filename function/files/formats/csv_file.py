"""CSV: write the file's rows in their order, with the columns of the predictions and `error` added.

Cells are written unchanged (formulas neutralised), quoted where necessary; a byte order mark is dropped. A row with
more or fewer cells than the header is rejected: a short row is filled with empty cells, a long row loses the cells
that have no column, and `error` says how many. Lines without a cell are skipped. A quote in the wrong place fails the
file, because the cells after it cannot be separated.

The file is read in blocks. Plain blocks are scored as arrays, by one thread for each processor, all others cell by
cell. Blocks are written in their order, and their sizes depend neither on processors nor on the network: the output is
always the same. From the first quote on, all is read cell by cell, because a quoted cell may contain line ends.
"""

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

from function.files.chunk import ScoredRows
from function.files.formats.csv_blocks import Block, score_block, split_into_blocks
from function.files.formats.csv_cells import CellTable, convert_cells, format_value_cell
from function.files.formats.csv_columns import Layout
from function.files.formats.csv_opening import FilePosition, OpenedCsv, open_csv
from function.files.job import MAX_COLUMNS, Job
from function.files.report import format_problems
from function.formats.csv_dialect import read_cell
from function.formats.csv_table import format_warnings
from function.model.prediction import Prediction, predict_each
from function.model.runtime import Runtime

if TYPE_CHECKING:
    import pyarrow

# A block with more odd rows than this many chunks is scored cell by cell.
_MAX_ODD_CHUNKS = 4
type BlockScorer = Callable[[Layout, Runtime, bytes], Block | None]
type PendingBlocks = deque[tuple[bytes, Future[Block | None]]]


def convert(
    job: Job,
    blocks: Iterable[bytes],
    *,
    fast: bool = True,
    threads: int | None = None,
    score: BlockScorer = score_block,
) -> None:
    """Score the CSV. `fast` (score plain blocks as arrays) changes neither the output nor the report.

    `score` scores one block; it is called by `threads` threads (None: one for each processor).
    Raises MalformedInput, InvalidInput, InputTooLarge.
    """
    opened = open_csv(job.features, blocks)
    if not fast:
        convert_cells(job, opened)
        return
    pieces = split_into_blocks(opened.blocks, job.limits)
    first = next(pieces, b"")
    separator = opened.dialect.separator
    header, rest = _split_header(first, separator.encode())
    if header is None:
        convert_cells(job, opened._replace(blocks=chain([first], pieces)))
        return
    table = convert_cells(job, opened._replace(blocks=iter([header])))
    names = header.decode().rstrip("\r\n").split(separator)
    layout = Layout(job.model.manifest, len(names), [names.index(f.name) for f in job.features], opened.dialect)
    position = FilePosition(opened.position.lines + 1, opened.position.bytes + len(header))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # estimators warn about tables; set once here, because all threads share the filters
        workers = threads or os.process_cpu_count() or 1
        _BlockConverter(job, layout, table, position).convert(chain([rest] if rest else [], pieces), workers, score)


def _split_header(first: bytes, separator: bytes) -> tuple[bytes | None, bytes]:
    """Split off the header line. Return None for it if it is not plain."""
    header, end, rest = first.partition(b"\n")
    plain = end and b'"' not in header and b"\r" not in header.removesuffix(b"\r") and header.strip(b" \t\r")
    if not plain or header.count(separator) >= MAX_COLUMNS:
        return None, b""
    try:
        header.decode()
    except UnicodeDecodeError:
        return None, b""
    return header + end, rest


class _BlockConverter:
    """Scores the blocks of one file; `position` is that of the next block to be written."""

    def __init__(self, job: Job, layout: Layout, table: CellTable, position: FilePosition) -> None:
        self._job = job
        self._layout = layout
        self._table = table
        self._position = position

    def convert(self, blocks: Iterator[bytes], workers: int, score: BlockScorer) -> None:
        """Score and write all blocks."""
        runtime = self._job.model.load_for_tables().runtime
        pending: PendingBlocks = deque()
        with ThreadPoolExecutor(workers) as pool:
            for block in blocks:
                if b'"' in block:
                    self._write_oldest(pending, 0)
                    convert_cells(self._job, self._make_rest(chain([block], blocks)), self._table)
                    return
                pending.append((block, pool.submit(score, self._layout, runtime, block)))
                self._write_oldest(pending, workers)
            self._write_oldest(pending, 0)

    def _make_rest(self, blocks: Iterator[bytes]) -> OpenedCsv:
        return OpenedCsv(self._layout.dialect, blocks, self._position)

    def _write_oldest(self, pending: PendingBlocks, max_pending: int) -> None:
        """Write the oldest pending blocks until `max_pending` are left."""
        while len(pending) > max_pending:
            block, future = pending.popleft()
            self._job.check_time()
            scored = future.result()
            if scored is None or len(scored.odd_rows) > _MAX_ODD_CHUNKS * self._job.chunk_rows:
                convert_cells(self._job, self._make_rest(iter([block])), self._table)
            else:
                self._write(block, scored)
            self._position = FilePosition(self._position.lines + block.count(b"\n"), self._position.bytes + len(block))

    def _write(self, block: bytes, scored: Block) -> None:
        outcome = ScoredRows([None] * scored.rows, {}, {})
        if scored.odd_rows:
            scored = scored._replace(added=self._merge_odd_rows(block, scored, outcome))
        self._job.tally.add(outcome, range(self._position.lines + 1, self._position.lines + 1 + scored.rows))
        self._job.write(scored.encode(self._layout.dialect))

    def _merge_odd_rows(self, block: bytes, scored: Block, outcome: ScoredRows) -> "list[pyarrow.Array]":
        """Score the odd rows; return the added columns with their cells. Add warnings and problems to `outcome`."""
        import pyarrow

        lines = block.split(b"\n")
        features, places = self._job.features, self._layout.places
        dialect = self._layout.dialect
        separator = dialect.separator
        cells = [lines[row].rstrip(b"\r").decode().split(separator) for row in scored.odd_rows]
        records = [
            {f.name: read_cell(dialect, f, row[p]) for f, p in zip(features, places, strict=True)} for row in cells
        ]
        model = self._job.model.load_for_tables()
        added = [column.to_pylist() for column in scored.added]
        outcomes = predict_each(model, records, strict=self._job.strict)
        for row, found in zip(scored.odd_rows, outcomes, strict=True):
            if isinstance(found, Prediction):
                for place, value in enumerate(found.output):
                    added[place][row] = format_value_cell(value, separator)
                if found.warnings:
                    outcome.warnings[row] = found.warnings
                    added[-2][row] = format_value_cell(format_warnings(found.warnings), separator)
            else:
                outcome.problems[row] = found
                added[-1][row] = format_value_cell(format_problems(found), separator)
        return [pyarrow.array(column, pyarrow.string()) for column in added]
