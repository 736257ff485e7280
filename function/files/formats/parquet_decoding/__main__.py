"""The decoding process: `python -m function.files.formats.parquet_decoding SIZE BUDGET`.

SIZE is the size of the file, BUDGET the memory that decoding may take, both in bytes.
"""

import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow
from pyarrow import compute

from function.errors import InputTooLarge, MalformedInput, RequestError
from function.files.formats.parquet_decoding.frames import BATCH, END, HEAD, MAX_PIECE_BYTES, REFUSAL, SCHEMA
from function.files.formats.parquet_decoding.opening import OpenedParquet, open_parquet
from function.files.formats.parquet_decoding.source import Channel, Source
from function.files.report import shorten
from function.formats import strict_json

# The decoded rows of any file may take FREE_BYTES; those of a larger file, MAX_GROWTH bytes for each of its bytes.
FREE_BYTES = 4 * 1024**3
MAX_GROWTH = 1_000
_TRIED_COLUMNS = 100
# A batch that does not fit into memory is divided by this.
_STEP = 16


def main(size: int, budget: int) -> None:
    """Decode the file at the other end of the pipes."""
    channel = Channel(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # anything else that is printed must not mix with the frames
    # The other pools reserve address space, and RLIMIT_DATA leaves little of it.
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    limit_memory(budget)
    try:
        decode(channel, size, budget)
    except (RequestError, MemoryError, pyarrow.ArrowException, OSError, UnicodeDecodeError, ValueError) as error:
        refusal = _make_refusal(error, budget)
        channel.send(REFUSAL, strict_json.dumps({"code": refusal.code, "text": str(refusal)}).encode())


def limit_memory(budget: int) -> None:
    """Let the process take `budget` bytes more than it has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        present = int(file.read().split()[5]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (present + budget, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def decode(channel: Channel, size: int, budget: int) -> None:
    """Send the file's description and its rows. Raises RequestError, MemoryError, ArrowException."""
    file = open_parquet(Source(channel, size), size, budget)
    channel.send(HEAD, strict_json.dumps({"columns": file.columns, "left_out": file.left_out}).encode())
    for schema in (file.schema, file.read_schema):
        channel.send(SCHEMA, memoryview(schema.serialize()))
    rows = sent = 0
    for batch in read_batches(file):
        for piece in split_batch(batch):
            counted = pyarrow.MockOutputStream()
            _write(piece, counted)
            rows, sent = rows + piece.num_rows, sent + counted.size()
            if sent > max(FREE_BYTES, MAX_GROWTH * size):
                raise InputTooLarge(
                    f"The file's first {rows:,} rows take {sent:,} bytes, more than {MAX_GROWTH:,} for each of its "
                    f"own {size:,}: split it."
                )
            channel.begin(BATCH, counted.size())
            _write(piece, channel.file)
    if rows != file.starts[-1]:
        raise MalformedInput("The file is not Parquet, or is damaged.")
    channel.send(END)


def _write(piece: Any, sink: Any) -> None:
    with pyarrow.ipc.new_stream(sink, piece.schema) as writer:
        writer.write_batch(piece)


def read_batches(file: OpenedParquet) -> Iterator[Any]:
    """Yield the rows in order. If a batch does not fit into memory, use smaller ones from there on.

    Raises InputTooLarge if a single row does not fit, ArrowException.
    """
    batch_rows, rows = file.batch_rows, 0
    while rows < file.starts[-1]:
        group = max(place for place, start in enumerate(file.starts) if start <= rows)
        skipped = rows - file.starts[group]
        try:
            for batch in _read_group(file, batch_rows, group, file.leaves):
                fresh = batch.slice(min(skipped, batch.num_rows))
                skipped -= batch.num_rows - fresh.num_rows
                if fresh.num_rows:
                    yield fresh
                    rows += fresh.num_rows
            return
        except (MemoryError, pyarrow.ArrowException, OSError) as error:
            if not is_out_of_memory(error):
                raise
            if batch_rows == 1:
                raise InputTooLarge(_describe_large_row(file, group, rows)) from None
            batch_rows = max(1, batch_rows // _STEP)


def _read_group(file: OpenedParquet, batch_rows: int, group: int, leaves: list[int]) -> Iterator[Any]:
    groups = range(group, len(file.starts) - 1)
    # ParquetFile.iter_batches takes names only.
    iter_batches = file.file.reader.iter_batches
    return iter(iter_batches(batch_rows, row_groups=groups, column_indices=leaves, use_threads=False))


def _describe_large_row(file: OpenedParquet, group: int, rows: int) -> str:
    """Describe a row that does not fit; name the first column whose value alone does not fit."""
    where = "A row"
    for leaf, name in list(zip(file.leaves, file.schema.names, strict=True))[:_TRIED_COLUMNS]:
        try:
            next(_read_group(file, 1, group, [leaf]), None)
        except (MemoryError, pyarrow.ArrowException, OSError):
            where = f"A value of the column {shorten(name)}"
            break
    place = f"row group {group + 1:,}, at or after row {rows + 1:,}"
    return f"{where} takes more memory than the function has for it ({place})."


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out. Arrow raises other errors than MemoryError if the allocation for a page fails."""
    text = str(error)
    return isinstance(error, MemoryError) or "malloc" in text or "ut of memory" in text or "bad_alloc" in text


def split_batch(batch: Any) -> Iterator[Any]:
    """Yield the batch in pieces of at most MAX_PIECE_BYTES. Raises InputTooLarge if a row takes more."""
    if batch.nbytes <= MAX_PIECE_BYTES:
        yield batch
        return
    batch = _compact(batch)
    if batch.nbytes <= MAX_PIECE_BYTES:
        yield batch
        return
    if batch.num_rows == 1:
        widest = max(zip(batch.schema.names, batch.columns, strict=True), key=lambda pair: pair[1].nbytes)[0]
        raise InputTooLarge(
            f"A row takes {batch.nbytes:,} bytes, more than {MAX_PIECE_BYTES:,}; most of them in {shorten(widest)}."
        )
    half = batch.num_rows // 2
    yield from split_batch(batch.slice(0, half))
    yield from split_batch(batch.slice(half))


def _compact(batch: Any) -> Any:
    """Drop the texts of dictionaries that no row of the batch refers to."""
    columns = [_compact_column(c) if pyarrow.types.is_dictionary(c.type) else c for c in batch.columns]
    return pyarrow.RecordBatch.from_arrays(columns, schema=batch.schema)


def _compact_column(column: Any) -> Any:
    used = compute.unique(column.indices).drop_null()
    indices = compute.index_in(column.indices, used).cast(column.type.index_type)
    return pyarrow.DictionaryArray.from_arrays(indices, column.dictionary.take(used), ordered=column.type.ordered)


def _make_refusal(error: BaseException, budget: int) -> RequestError:
    if isinstance(error, RequestError):
        return error
    if is_out_of_memory(error):
        return InputTooLarge(f"Reading the file takes more than {budget // 1024**2:,} MB of memory.")
    return MalformedInput("The file is not Parquet, or is damaged.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
