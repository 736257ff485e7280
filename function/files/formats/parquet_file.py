"""Parquet: write the file's columns unchanged, with the prediction, probabilities, warnings and `error` added.

The file is read by ranges, page by page, and decoded in a separate process (`parquet_decoding`). Nothing is written to
the disk: /tmp is small. Columns of lists, structs or maps are left out, and the report names them.
"""

import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from function.errors import WRONG_TYPE, InputTooLarge, InvalidInput, MalformedInput, Problem, format_pointer
from function.files.chunk import ScoredRows, read_values, score_rows
from function.files.formats.parquet_decoding.process import Decoding
from function.files.job import Job
from function.files.report import format_problems
from function.files.s3_reader import ObjectReader, RangeFile
from function.formats.csv_table import check_header, format_warnings
from function.model.contract import NUMBER, Feature
from function.model.manifest import Manifest
from function.model.target import find_label_type, format_label

if TYPE_CHECKING:
    import pyarrow

# The writer keeps about 1.4 kB of metadata for each column of each batch until the end.
MAX_WRITTEN_CHUNKS = 150_000
_OTHER_TYPE = object()


def convert(job: Job, reader: ObjectReader) -> None:
    """Score the table. Raises MalformedInput, InvalidInput, InputTooLarge."""
    import pyarrow

    file = RangeFile(reader)
    try:
        with Decoding(file, reader.version.size, job.memory, job.check_time) as decoding:
            _convert(job, decoding)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
        if file.failure is not None:
            raise file.failure from None
        raise MalformedInput("The file is not Parquet, or is damaged.") from None


def _convert(job: Job, decoding: Decoding) -> None:
    import pyarrow
    from pyarrow import parquet

    head, schema, read_schema = decoding.read_head()
    outputs = job.model.manifest.outputs
    added = [*outputs.columns, outputs.error]
    check_header(job.model.manifest.contract, head["columns"], added)
    left_out = dict(head["left_out"])
    _check_features(job, left_out)
    job.tally.left_out = list(left_out)
    for name, kind in zip(added, _get_added_types(job.model.manifest), strict=True):
        schema = schema.append(pyarrow.field(name, kind))
        read_schema = read_schema.append(pyarrow.field(name, kind))
    chunks = 0
    with parquet.ParquetWriter(
        _Sink(job.write), read_schema, compression="snappy", version="2.6", store_schema=False
    ) as writer:
        # Dictionary columns are a way to read texts fast; the results have the file's own types.
        writer.add_key_value_metadata({**(schema.metadata or {}), b"ARROW:schema": b64encode(schema.serialize())})
        for batch in decoding.read_batches():
            job.check_time()
            chunks += len(read_schema)
            if chunks > MAX_WRITTEN_CHUNKS:
                raise InputTooLarge("The file has too many columns for its number of rows: split it.")
            columns = [*batch.columns, *_add_columns(job, batch)]
            writer.write_batch(pyarrow.RecordBatch.from_arrays(columns, schema=read_schema))


def _check_features(job: Job, left_out: dict[str, str]) -> None:
    """Raise InvalidInput if a feature is one of the columns that are left out."""
    problems = [
        Problem(format_pointer(f.name), WRONG_TYPE, f"expected a column of {f.type}s, got one of {left_out[f.name]}")
        for f in job.features
        if f.name in left_out
    ]
    if problems:
        raise InvalidInput(problems)


class _Sink(io.RawIOBase):
    """A file that passes its bytes to a function."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        super().__init__()
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._write(bytes(data))
        return len(data)


def _add_columns(job: Job, batch: "pyarrow.RecordBatch") -> list[Any]:
    """Score the batch; return the columns to add to it."""
    import pyarrow

    step = job.chunk_rows
    parts = [_score_batch(job, batch.slice(start, step)) for start in range(0, batch.num_rows, step)]
    return [pyarrow.concat_arrays(arrays) for arrays in zip(*parts, strict=True)]


def _score_batch(job: Job, batch: "pyarrow.RecordBatch") -> list[Any]:
    values = [_read_values(feature, batch.column(feature.name)) for feature in job.features]
    scored = score_rows(
        job.model.load_for_tables(),
        [read_values(feature, column) for feature, column in zip(job.features, values, strict=True)],
        lambda row: {feature.name: column[row] for feature, column in zip(job.features, values, strict=True)},
        {},
        strict=job.strict,
    )
    job.tally.add(scored, None)
    return _format_columns(job.model.manifest, scored)


def _read_values(feature: Feature, column: Any) -> list[object]:
    """Read a column as JSON values. NaN in a column of numbers is a null, as in pandas."""
    import pyarrow

    types = pyarrow.types
    if types.is_dictionary(column.type):
        values = _read_values(feature, column.dictionary)
        return [None if index is None else values[index] for index in column.indices.to_pylist()]
    if feature.type == NUMBER and (types.is_decimal(column.type) or types.is_floating(column.type)):
        numbers = column.cast(pyarrow.float64()).to_pylist()
        return numbers if column.null_count == len(column) else [None if v != v else v for v in numbers]  # noqa: PLR0124
    if any(is_type(column.type) for is_type in (types.is_integer, types.is_floating, types.is_boolean, types.is_null)):
        return cast("list[object]", column.to_pylist())
    if any(is_type(column.type) for is_type in (types.is_string, types.is_large_string, types.is_string_view)):
        return cast("list[object]", column.to_pylist())
    # No feature takes dates, times or bytes; decimals are for features that are numbers.
    return [_OTHER_TYPE if valid else None for valid in column.is_valid().to_pylist()]


def _get_added_types(manifest: Manifest) -> list[Any]:
    """Return the types of the added columns, in their order."""
    import pyarrow

    text, number = pyarrow.string(), pyarrow.float64()
    types: dict[type, Any] = {float: number, bool: pyarrow.bool_(), int: pyarrow.int64(), str: text}
    values = [kind for t in manifest.targets for kind in (types[find_label_type(t)], *[number] * (t.width - 1))]
    return [*values, text, text]


def _format_columns(manifest: Manifest, scored: ScoredRows) -> list[Any]:
    import pyarrow

    types = _get_added_types(manifest)
    columns: list[Sequence[object]] = [
        [None if output is None else output[place] for output in scored.outputs] for place in range(len(types) - 2)
    ]
    warned, wrong, rows = scored.warnings, scored.problems, range(len(scored.outputs))
    columns.append([format_warnings(warned[row]) if row in warned else None for row in rows])
    columns.append([format_problems(wrong[row]) if row in wrong else None for row in rows])
    return [
        pyarrow.array(map(_format_text, column) if kind == pyarrow.string() else column, kind)
        for column, kind in zip(columns, types, strict=True)
    ]


def _format_text(value: Any) -> str | None:
    return None if value is None else format_label(value)
