"""CSV: the file comes back with the predictions' columns and `error` added, rows in equal rows out, in order.

Cells come back as they came (formulas neutralised), quoted anew where they need it; a byte order mark does not. A row
whose cells are not as many as the header's is rejected in its place: one that is short is filled with empty cells, of
one that is long the cells that have a column are shown, and `error` says how many are not. Lines without a cell are no
rows. A quote in the wrong place ends it all: nothing behind it can be told apart any more.

It is read by blocks: plain ones are scored as arrays, by a thread for each processor, the others cell by cell. Blocks
are written in their order, and where they are cut does not depend on processors or network: neither does what comes
out. From the first quote on, which may hold line ends, all is read cell by cell.
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
from function.files.formats.csv_cells import CellTable, convert_cells, format_label_cell
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

# Chunks of rows that may be set aside of a block; past that, all of it is worked on by chunks.
_ASIDE = 4
type BlockScorer = Callable[[Layout, Runtime, bytes], Block | None]
type Waiting = deque[tuple[bytes, Future[Block | None]]]


def convert(
    job: Job,
    blocks: Iterable[bytes],
    *,
    fast: bool = True,
    threads: int | None = None,
    score: BlockScorer = score_block,
) -> None:
    """Scores the CSV; the same bytes come out, and the same report, whether `fast` or not.

    `threads` score blocks (None: one for each processor) with `score`.

    Raises MalformedInput, InvalidInput, InputTooLarge where it is no such table.
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
    done = FilePosition(opened.place.lines + 1, opened.place.bytes + len(header))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what estimators say of tables; once for all threads, which share the filters
        workers = threads or os.process_cpu_count() or 1
        _Blocks(job, layout, table, done).convert(chain([rest] if rest else [], pieces), workers, score)


def _split_header(first: bytes, separator: bytes) -> tuple[bytes | None, bytes]:
    """The header's line, where it is plain, and what follows it."""
    header, end, rest = first.partition(b"\n")
    plain = end and b'"' not in header and b"\r" not in header.removesuffix(b"\r") and header.strip(b" \t\r")
    if not plain or header.count(separator) >= MAX_COLUMNS:
        return None, b""
    try:
        header.decode()
    except UnicodeDecodeError:
        return None, b""
    return header + end, rest


class _Blocks:
    """The blocks of one file on their way."""

    def __init__(self, job: Job, layout: Layout, table: CellTable, done: FilePosition) -> None:
        self._job = job
        self._layout = layout
        self._table = table
        self._done = done

    def convert(self, blocks: Iterator[bytes], workers: int, score: BlockScorer) -> None:
        """Scores and writes all of them."""
        runtime = self._job.model.load_for_tables().runtime
        waiting: Waiting = deque()
        with ThreadPoolExecutor(workers) as pool:
            for block in blocks:
                if b'"' in block:
                    self._settle(waiting, 0)
                    convert_cells(self._job, self._find_rest(chain([block], blocks)), self._table)
                    return
                waiting.append((block, pool.submit(score, self._layout, runtime, block)))
                self._settle(waiting, workers)
            self._settle(waiting, 0)

    def _find_rest(self, blocks: Iterator[bytes]) -> OpenedCsv:
        return OpenedCsv(self._layout.dialect, blocks, self._done)

    def _settle(self, waiting: Waiting, allowed: int) -> None:
        """Writes what is done until no more than so many blocks are under way."""
        while len(waiting) > allowed:
            block, future = waiting.popleft()
            self._job.look_at_the_time()
            scored = future.result()
            if scored is None or len(scored.odd_rows) > _ASIDE * self._job.rows_at_once:
                convert_cells(self._job, self._find_rest(iter([block])), self._table)
            else:
                self._write(block, scored)
            self._done = FilePosition(self._done.lines + block.count(b"\n"), self._done.bytes + len(block))

    def _write(self, block: bytes, scored: Block) -> None:
        outcome = ScoredRows([None] * scored.rows, [], {}, {})
        if scored.odd_rows:
            scored = scored._replace(added=self._merge_odd_rows(block, scored, outcome))
        self._job.tally.add(outcome, range(self._done.lines + 1, self._done.lines + 1 + scored.rows))
        self._job.write(scored.encode(self._layout.dialect))

    def _merge_odd_rows(self, block: bytes, scored: Block, outcome: ScoredRows) -> "list[pyarrow.Array]":
        """The added cells with those of the rows that were set aside, each with warnings or problems of its own."""
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
                added[0][row] = format_label_cell(found.value, separator)
                for place, share in enumerate((found.probabilities or {}).values(), 1):
                    added[place][row] = repr(share)
                if found.warnings:
                    outcome.warnings[row] = found.warnings
                    added[-2][row] = format_label_cell(format_warnings(found.warnings), separator)
            else:
                outcome.problems[row] = found
                added[-1][row] = format_label_cell(format_problems(found), separator)
        return [pyarrow.array(column, pyarrow.string()) for column in added]
