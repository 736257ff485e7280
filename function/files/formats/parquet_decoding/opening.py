"""Open a Parquet file. Refuse a file whose metadata shows that it is too large, before any row is decoded."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import pyarrow
from pyarrow import parquet

from function.errors import InputTooLarge, MalformedInput
from function.files.formats.parquet_decoding.frames import MAX_PIECE_BYTES
from function.files.formats.parquet_decoding.source import Source
from function.files.job import MAX_COLUMNS, MAX_ROW_CHARACTERS, MAX_ROWS
from function.files.report import shorten

# The footer takes about eight times as much memory.
MAX_FOOTER_BYTES = 16 * 1024 * 1024
# Any file may have FREE_VALUES; a larger file, MAX_VALUES_PER_BYTE. So work and results are in proportion to the file.
FREE_VALUES = 50_000_000
MAX_VALUES_PER_BYTE = 100
# The buffers for reading pages, of all columns together, and of each column.
_BUFFERS_BYTES = 64 * 1024 * 1024
_LEAST_BUFFER, _LARGEST_BUFFER = 64 * 1024, 4 * 1024 * 1024
_MIN_ROWS = 256
# The least that a text takes outside of a dictionary: its length.
_LENGTH_BYTES = 4
_ENDS = {b"PAR1": "", b"PARE": " It is encrypted."}


class OpenedParquet(NamedTuple):
    """A file and what is read of it: its flat columns.

    `columns` are all names. `leaves` are the places of the flat columns among the file's leaf columns, which include
    those inside nested columns. `left_out` are the nested columns, with their types: the size of a list, a struct or a
    map has no limit. `schema` is the file's, `read_schema` that of the rows as they are read: columns of texts with a
    dictionary are read as dictionaries. `starts` has the number of rows before each row group and, last, of all rows.
    """

    file: parquet.ParquetFile
    columns: list[str]
    leaves: list[int]
    left_out: list[tuple[str, str]]
    schema: pyarrow.Schema
    read_schema: pyarrow.Schema
    starts: list[int]
    batch_rows: int


def open_parquet(source: Source, size: int, budget: int) -> OpenedParquet:
    """Open the file. Raises InputTooLarge, MalformedInput, ArrowException, MemoryError."""
    _check_footer(source, size)
    metadata = parquet.ParquetFile(source).metadata
    if metadata.num_columns > MAX_COLUMNS:
        raise InputTooLarge(f"The file has more than {MAX_COLUMNS:,} columns.")
    schema = parquet.ParquetFile(source, metadata=metadata).schema_arrow
    flat = [place for place, field in enumerate(schema) if not _is_nested(field.type)]
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    _check_values(metadata.num_rows, len(flat), size)
    leaves = _find_flat_columns(schema, metadata)
    dictionary_columns = _check_columns(
        [(place, schema.field(at).type) for place, at in zip(leaves, flat, strict=True)], metadata, groups
    )
    # Open it again with a buffer for each column; the metadata is not read again.
    buffer = min(_BUFFERS_BYTES, budget // 4) // max(1, metadata.num_columns)
    file = parquet.ParquetFile(
        source,
        metadata=metadata,
        buffer_size=max(_LEAST_BUFFER, min(_LARGEST_BUFFER, buffer)),
        pre_buffer=False,
        read_dictionary=dictionary_columns,
    )
    read_schema = file.schema_arrow  # a property that builds a new schema each time
    return OpenedParquet(
        file=file,
        columns=schema.names,
        leaves=leaves,
        left_out=[(f.name, shorten(str(f.type))) for f in schema if _is_nested(f.type)],
        schema=pyarrow.schema([schema.field(place) for place in flat], schema.metadata),
        read_schema=pyarrow.schema([read_schema.field(place) for place in flat]),
        starts=[0, *accumulate(group.num_rows for group in groups)],
        batch_rows=_choose_batch_rows(groups, metadata.num_rows, len(flat)),
    )


def _check_footer(source: Source, size: int) -> None:
    """Check the footer. Raises MalformedInput if the file is not Parquet, InputTooLarge if the footer is too large."""
    if size < 12:
        raise MalformedInput("The file is not Parquet, or is damaged.")
    source.seek(size - 8)
    end = source.read(8)
    hint = _ENDS.get(end[4:])
    if hint != "":
        raise MalformedInput(f"The file is not Parquet, or is damaged.{hint or ''}")
    footer = int.from_bytes(end[:4], "little")
    if footer > MAX_FOOTER_BYTES:
        raise InputTooLarge(
            f"The file's metadata takes {footer:,} bytes, more than {MAX_FOOTER_BYTES:,}: write the file with fewer "
            f"columns or larger row groups."
        )


def _check_values(rows: int, columns: int, size: int) -> None:
    if rows * max(1, columns) > max(FREE_VALUES, MAX_VALUES_PER_BYTE * size):
        raise InputTooLarge(
            f"The file's {size:,} bytes hold {rows:,} rows of {columns:,} columns, more than "
            f"{MAX_VALUES_PER_BYTE:,} values for each byte: split it."
        )


def _find_flat_columns(schema: pyarrow.Schema, metadata: Any) -> list[int]:
    """Find the places of the flat columns among the leaf columns. Names do not tell: `a.b` may be flat or nested."""
    leaves: list[int] = []
    place = 0
    for field in schema:
        if not _is_nested(field.type):
            leaves.append(place)
        place += _count_leaves(field.type)
    if place != metadata.num_columns:
        raise MalformedInput("The file is not Parquet, or is damaged.")
    return leaves


def _count_leaves(kind: Any) -> int:
    """Count the leaf columns that hold the values of the type."""
    storage = getattr(kind, "storage_type", kind)
    if not _is_nested(storage):
        return 1
    return sum(_count_leaves(storage.field(place).type) for place in range(storage.num_fields))


def _check_columns(leaves: Sequence[tuple[int, Any]], metadata: Any, groups: Sequence[Any]) -> list[str]:
    """Return the names of the text columns with dictionaries. Raises InputTooLarge for a column of huge values."""
    dictionary_columns: list[str] = []
    for place, kind in leaves:
        name = metadata.schema.column(place).path
        chunks = [group.column(place) for group in groups]
        for number, chunk in enumerate(chunks, 1):
            if chunk.total_uncompressed_size > MAX_ROW_CHARACTERS * (chunk.num_values + 1) + MAX_PIECE_BYTES:
                raise InputTooLarge(
                    f"The column {shorten(name)} takes {chunk.total_uncompressed_size:,} bytes for "
                    f"{chunk.num_values:,} values of row group {number:,}: the limit is {MAX_ROW_CHARACTERS:,} a value."
                )
        size = sum(chunk.total_uncompressed_size for chunk in chunks)
        values = sum(chunk.num_values for chunk in chunks)
        if _is_text(kind) and size < _LENGTH_BYTES * values and all(map(_has_dictionary, chunks)):
            dictionary_columns.append(name)
    return dictionary_columns


def _has_dictionary(chunk: Any) -> bool:
    return bool({"RLE_DICTIONARY", "PLAIN_DICTIONARY"}.intersection(chunk.encodings))


def _choose_batch_rows(groups: Sequence[Any], rows: int, columns: int) -> int:
    """Choose the rows of a batch so that it is about as large as a piece may be: fewer rows if rows are wide."""
    size = sum(group.total_byte_size for group in groups)
    wide = max(columns * 8, size // max(1, rows))
    return int(min(MAX_ROWS, max(_MIN_ROWS, MAX_PIECE_BYTES // max(1, wide))))


def _is_text(kind: Any) -> bool:
    types = pyarrow.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind))


def _is_nested(kind: Any) -> bool:
    storage = getattr(kind, "storage_type", kind)
    return bool(pyarrow.types.is_nested(storage))
