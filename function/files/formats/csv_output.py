"""Format the cells that are added to a block of CSV, and join them to the block's lines, as Arrow arrays."""

from typing import TYPE_CHECKING, Any

import pyarrow
from pyarrow import compute

from function.files.formats.csv_columns import Layout
from function.formats.csv_dialect import Dialect
from function.formats.csv_table import neutralise
from function.model.cells import quote_cell
from function.model.target import Target, format_label

if TYPE_CHECKING:
    from function.model.runtime import Array, ArrayOutputs


def format_outputs(layout: Layout, outputs: "ArrayOutputs") -> list[Any]:
    """Return the columns of the outputs, as text."""
    columns: list[Any] = []
    for target in layout.manifest.targets:
        prediction, *scores = outputs[len(columns) : len(columns) + target.width]
        is_number = target.classes is None
        columns.append(_format_numbers(prediction) if is_number else _format_labels(layout, target, prediction))
        columns += map(_format_numbers, scores)
    return columns


def _format_labels(layout: Layout, target: Target, places: "Array") -> Any:
    cells = [quote_cell(neutralise(format_label(label)), layout.dialect.separator) for label in target.classes or ()]
    return pyarrow.array(cells).take(pyarrow.array(places))


def _format_numbers(numbers: "Array") -> Any:
    """Write the numbers as Python's `repr` does, each distinct one once."""
    encoded = pyarrow.array(numbers).dictionary_encode()
    return pyarrow.array(list(map(repr, encoded.dictionary.to_pylist())), pyarrow.string()).take(encoded.indices)


def spread_over_rows(column: Any, usual: "Array") -> Any:
    """Put the cells of the column into the rows that `usual` marks, and empty cells into all other rows."""
    import numpy

    places = numpy.cumsum(usual) - 1
    taken = column.take(pyarrow.array(numpy.where(usual, places, 0))) if len(column) else None
    empty = pyarrow.repeat("", len(usual))
    return empty if taken is None else compute.if_else(pyarrow.array(usual), taken, empty)


def split_lines(block: bytes, count: int) -> Any:
    """Return the `count` lines of the block, without their line ends."""
    import numpy

    ends = numpy.flatnonzero(numpy.frombuffer(block, dtype=numpy.uint8) == ord("\n")) + 1
    offsets = numpy.concatenate([[0], ends]).astype(numpy.int32)
    lines = pyarrow.StringArray.from_buffers(count, pyarrow.py_buffer(offsets), pyarrow.py_buffer(block))
    return compute.ascii_rtrim(lines, "\r\n")


def join_cells(lines: Any, added: list[Any], dialect: Dialect) -> bytes:
    """Return the lines, each with its cell of every column in `added` and with a line end."""
    *cells, last = added
    ended = compute.binary_join_element_wise(last, dialect.line_end, "")
    return _join_texts(compute.binary_join_element_wise(lines, *cells, ended, dialect.separator))


def _join_texts(texts: Any) -> bytes:
    """Join all texts of the array without a separator."""
    if isinstance(texts, pyarrow.ChunkedArray):
        return b"".join(map(_join_texts, texts.chunks))
    data = texts.buffers()[2]
    first = int.from_bytes(texts.buffers()[1][texts.offset * 4 : texts.offset * 4 + 4], "little")
    at = (texts.offset + len(texts)) * 4
    last = int.from_bytes(texts.buffers()[1][at : at + 4], "little")
    return bytes(data[first:last])
