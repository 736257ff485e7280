"""Parquet: the file's columns as they are, with the prediction, probabilities, warnings and `error` beside them.

It is read by ranges, page by page, and nothing is put on a disk: /tmp is small. The only module that imports pyarrow.
"""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from function.contract import NUMBER, Feature
from function.csv_table import check_header, warnings_cell
from function.errors import InputTooLarge, MalformedInput
from function.files.chunks import MAX_CHARACTERS, MAX_COLUMNS, MAX_ROWS, Job
from function.files.reader import ObjectReader, RangeFile
from function.files.report import problems_text
from function.files.scored import Scored, of_values, score
from function.manifest import CLASSIFICATION, Manifest, label_text

if TYPE_CHECKING:
    import pyarrow

# What is held of all columns' pages while they are read, shared among them.
_BUFFERS_BYTES = 64 * 1024 * 1024
_LEAST_BUFFER, _LARGEST_BUFFER = 64 * 1024, 4 * 1024 * 1024
_MIN_ROWS = 256


def convert(job: Job, reader: ObjectReader) -> None:
    """Scores the table. Raises MalformedInput, InvalidInput, InputTooLarge where it is none that can be scored."""
    import pyarrow
    from pyarrow import parquet

    file = RangeFile(reader)
    try:
        found = parquet.ParquetFile(file)
        if found.metadata.num_columns > MAX_COLUMNS:
            raise InputTooLarge(f"The file has more than {MAX_COLUMNS:,} columns.")
        # Opened again with a buffer for each column; the metadata is not read again.
        buffer = max(_LEAST_BUFFER, min(_LARGEST_BUFFER, _BUFFERS_BYTES // max(1, found.metadata.num_columns)))
        found = parquet.ParquetFile(file, metadata=found.metadata, buffer_size=buffer, pre_buffer=False)
        schema = found.schema_arrow
        outputs = job.model.manifest.outputs
        added = [*outputs.columns, outputs.error]
        check_header(job.model.manifest.contract, schema.names, added)
        for name, kind in zip(added, _types(job.model.manifest), strict=True):
            schema = schema.append(pyarrow.field(name, kind))
        with parquet.ParquetWriter(_Sink(job.write), schema, compression="snappy", version="2.6") as writer:
            for batch in found.iter_batches(batch_size=_rows_at_once(found.metadata), use_threads=False):
                job.look_at_the_time()
                writer.write_batch(pyarrow.RecordBatch.from_arrays(_columns(job, batch), schema=schema))
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
        if file.failure is not None:
            raise file.failure from None
        raise MalformedInput("The file is not Parquet, or is damaged.") from None


class _Sink(io.RawIOBase):
    """A file that hands what is written to it on."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        super().__init__()
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._write(bytes(data))
        return len(data)


def _rows_at_once(metadata: Any) -> int:
    """Rows whose values are about as large as a chunk's may be; fewer than usual where rows are wide."""
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    wide = max(metadata.num_columns * 8, size // max(1, metadata.num_rows))
    return int(min(MAX_ROWS, max(_MIN_ROWS, 16 * MAX_CHARACTERS // max(1, wide))))


def _columns(job: Job, batch: "pyarrow.RecordBatch") -> list[Any]:
    """The batch's columns and those that are added to them."""
    values = [_values(feature, batch.column(feature.name)) for feature in job.features]
    scored = score(
        job.model._replace(runtime=job.model.bulk()),
        [of_values(feature, column) for feature, column in zip(job.features, values, strict=True)],
        lambda row: {feature.name: column[row] for feature, column in zip(job.features, values, strict=True)},
        {},
        strict=job.strict,
    )
    job.tally.add(scored, None)
    return [*batch.columns, *_added(job.model.manifest, scored)]


def _values(feature: Feature, column: Any) -> list[object]:
    """A column as JSON values; NaN where a number should be is a null, as pandas means it."""
    import pyarrow

    if isinstance(column.type, pyarrow.DictionaryType):
        column = column.dictionary_decode()
    if feature.type == NUMBER and (pyarrow.types.is_decimal(column.type) or pyarrow.types.is_floating(column.type)):
        values = column.cast(pyarrow.float64()).to_pylist()
        return values if column.null_count == len(column) else [None if v != v else v for v in values]  # noqa: PLR0124
    return cast("list[object]", column.to_pylist())


def _types(manifest: Manifest) -> list[Any]:
    """The types of the columns that are added, in their order."""
    import pyarrow

    probabilities = [pyarrow.float64()] * len(manifest.probability_keys)
    return [_label_type(manifest), *probabilities, pyarrow.string(), pyarrow.string()]


def _label_type(manifest: Manifest) -> Any:
    """What holds every label: texts do where they are of several types."""
    import pyarrow

    if manifest.task != CLASSIFICATION:
        return pyarrow.float64()
    kinds = {type(label) for label in manifest.classes or ()}
    if kinds == {bool}:
        return pyarrow.bool_()
    if kinds == {int} and all(-(2**63) <= label < 2**63 for label in manifest.classes or () if isinstance(label, int)):
        return pyarrow.int64()
    return pyarrow.float64() if kinds == {float} else pyarrow.string()


def _added(manifest: Manifest, scored: Scored) -> list[Any]:
    import pyarrow

    count = len(scored.values)
    values: Sequence[object] = scored.values
    types = _types(manifest)
    if types[0] == pyarrow.string():
        values = [None if label is None else label_text(label) for label in scored.values]
    probabilities = [
        [None if row is None else row[place] for row in scored.probabilities]
        for place in range(len(manifest.probability_keys))
    ]
    columns: list[Sequence[object]] = [values, *probabilities]
    warned, wrong = scored.warnings, scored.problems
    columns.append([warnings_cell(warned[row]) if row in warned else None for row in range(count)])
    columns.append([problems_text(wrong[row]) if row in wrong else None for row in range(count)])
    return [pyarrow.array(column, kind) for column, kind in zip(columns, types, strict=True)]
