"""The plain blocks of a CSV, scored as arrays: Arrow parses the features' cells, and the very lines are written again.

A block is plain where its bytes mean what they look like: no quotes, one kind of line end, ASCII, no empty line. What
is not surely the same as when `csv_cells` reads it cell by cell is left to that: `score_block` answers None. Numbers
are the same: Arrow, too, rounds decimal numbers correctly, and what it takes for a number and this project does not
(inf, NAN) is no ordinary value. docs/decisions/0006 has what was measured.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow
from pyarrow import compute, csv

from function.errors import InputTooLarge
from function.files.job import DEFAULT_LIMITS, MAX_LINES, Limits
from function.formats.csv_dialect import Dialect
from function.formats.csv_table import neutralise
from function.model.cells import parse_cell, quote_cell
from function.model.contract import BOOLEAN, NUMBER, PANDAS_NULL_CELLS, Feature
from function.model.dtypes import NARROW
from function.model.manifest import Manifest, format_label
from function.model.runtime import NotPredictable, Runtime

if TYPE_CHECKING:
    from function.model.runtime import Array, ArrayOutputs

_FORMULA = "^[=+\\-@\t]"


class _NotPlain(Exception):
    """A cell is not what it looks like."""


class Layout(NamedTuple):
    """What every block of a file has in common: where the features are, and how it is written."""

    manifest: Manifest
    width: int
    places: list[int]
    dialect: Dialect


class Block(NamedTuple):
    """A scored block: the lines' bytes without their ends, the cells that are added to each, and what is left to do.

    `aside` are rows that are not ordinary; their added cells are still empty.
    """

    lines: Any
    rows: int
    added: list[Any]
    aside: list[int]

    def written(self, dialect: Dialect) -> bytes:
        """The lines with what was added: prediction, probabilities, warnings, error."""
        *cells, last = self.added
        ended = compute.binary_join_element_wise(last, dialect.line_end, "")
        joined = compute.binary_join_element_wise(self.lines, *cells, ended, dialect.separator)
        return _join_texts(joined)


def split_into_blocks(blocks: Iterable[bytes], limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """The same bytes in blocks that end where a line does; how they came decides nothing of where they are cut.

    The last one may lack its line's end, and a line that is longer than a block makes a longer one.
    Raises InputTooLarge.
    """
    waiting = bytearray()
    for piece in blocks:
        waiting += piece
        while len(waiting) > limits.characters:
            end = waiting.find(b"\n", limits.characters) + 1
            if not end and len(waiting) <= limits.characters + limits.row_characters:
                break
            # Old files end their lines with CR alone.
            end = end or waiting.rfind(b"\r", 0, -1) + 1
            if not end:
                raise InputTooLarge(f"A row of the file is longer than {limits.row_characters:,} characters.")
            yield from _split_block(bytes(waiting[:end]))
            del waiting[:end]
    if waiting:
        yield from _split_block(bytes(waiting))


def _split_block(block: bytes) -> Iterator[bytes]:
    """The block in parts of so many lines: what a line takes as arrays is far more than the shortest one's bytes."""
    if block.count(b"\n") <= MAX_LINES:
        yield block
        return
    middle = len(block) // 2
    half = (block.rfind(b"\n", 0, middle) + 1) or (block.find(b"\n", middle) + 1)
    yield from _split_block(block[:half])
    yield from _split_block(block[half:])


def is_plain(block: bytes, line_end: bytes) -> bool:
    """Whether cells and lines of the block can be told apart by separators and line ends alone."""
    ends = block.count(b"\n")
    returns = block.count(b"\r")
    wanted = ends if line_end == b"\r\n" else 0
    return (
        block.isascii()
        and b'"' not in block
        and b"\0" not in block
        and returns == wanted
        and (not wanted or block.count(b"\r\n") == ends)
        and block.endswith(line_end)
        and not block.startswith(line_end)
        and line_end * 2 not in block
    )


def score_block(layout: Layout, runtime: Runtime, block: bytes) -> Block | None:
    """The block's ordinary rows, scored; None where it is not surely as plain as it looks."""
    if not is_plain(block, layout.dialect.line_end.encode()):
        return None
    features = layout.manifest.contract.features
    try:
        table = _parse_cells(layout, block)
        columns, usual = _read_columns(features, [table.column(str(place)) for place in layout.places])
    except (pyarrow.ArrowException, _NotPlain):
        return None
    others = [place for place in range(layout.width) if place not in _find_numbers(layout)]
    if any(_has_formula(table.column(str(place))) for place in others):
        return None
    whole = bool(usual.all())
    try:
        outputs = runtime.predict_arrays(columns if whole else [column[usual] for column in columns])
    except (NotPredictable, MemoryError):  # memory may do for smaller chunks
        return None
    if not _is_finite(outputs):
        return None
    cells = _format_outputs(layout, outputs)
    if not whole:
        cells = [_spread_over_rows(column, usual) for column in cells]
    count = len(usual)
    empty = pyarrow.repeat("", count)
    return Block(
        _split_lines(block, count), count, [*cells, empty, empty], [] if whole else (~usual).nonzero()[0].tolist()
    )


def _find_numbers(layout: Layout) -> set[int]:
    pairs = zip(layout.manifest.contract.features, layout.places, strict=True)
    return {place for feature, place in pairs if feature.type == NUMBER}


def _parse_cells(layout: Layout, block: bytes) -> Any:
    """The columns as text, those of numbers as numbers. Raises ArrowException where a row or a number is none."""
    numbers = _find_numbers(layout)
    names = [str(place) for place in range(layout.width)]
    types = {name: pyarrow.float64() if place in numbers else pyarrow.string() for place, name in enumerate(names)}
    return csv.read_csv(
        pyarrow.BufferReader(block),
        csv.ReadOptions(use_threads=False, column_names=names, block_size=2 * len(block) + 1),
        csv.ParseOptions(
            delimiter=layout.dialect.separator, quote_char=False, double_quote=False, ignore_empty_lines=False
        ),
        csv.ConvertOptions(
            column_types=types,
            null_values=sorted(PANDAS_NULL_CELLS),
            strings_can_be_null=False,
            decimal_point=layout.dialect.decimal,
        ),
    ).combine_chunks()


def _read_columns(features: Sequence[Feature], cells: Sequence[Any]) -> "tuple[list[Array], Array]":
    """The features' values, and which rows are ordinary in all of them. Raises _NotPlain."""
    import numpy

    usual = numpy.ones(len(cells[0]), dtype=bool)
    columns: list[Array] = []
    for feature, column in zip(features, cells, strict=True):
        if feature.type == NUMBER:
            values = _round_numbers(feature, column.to_numpy())
            low = -numpy.inf if feature.minimum is None else feature.minimum
            high = numpy.inf if feature.maximum is None else feature.maximum
            fits = (values >= low) & (values <= high)
            missing = column.is_null().to_numpy()
            if not (missing | numpy.isfinite(values)).all():
                raise _NotPlain  # Arrow takes for a number what this project takes for a text
            if feature.nullable:
                fits |= missing
        else:
            values, fits = _read_distinct_cells(feature, column)
        columns.append(values)
        usual &= fits
    return columns, usual


def _round_numbers(feature: Feature, numbers: "Array") -> "Array":
    """The numbers as training's type holds them; one that does not fit becomes infinite, which is no plain number."""
    import numpy

    if feature.dtype not in NARROW:
        return numbers
    with numpy.errstate(over="ignore"):
        return numbers.astype(feature.dtype.lower()).astype(float)  # pandas' nullable floats are as wide as numpy's


def _read_distinct_cells(feature: Feature, column: Any) -> "tuple[Array, Array]":
    """A column of texts or booleans, by what each distinct cell stands for."""
    import numpy

    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if hasattr(encoded, "combine_chunks") else encoded
    distinct = [parse_cell(feature, cell) for cell in encoded.dictionary.to_pylist()]
    fits = numpy.array([_is_usual(feature, value) for value in distinct], dtype=bool)
    if feature.type == BOOLEAN:
        meant = numpy.array([float(value) if isinstance(value, bool) else numpy.nan for value in distinct])
    else:
        meant = numpy.array([*distinct, None], dtype=object)[:-1]
    indices = encoded.indices.to_numpy()
    return meant[indices], fits[indices]


def _is_usual(feature: Feature, value: object) -> bool:
    if value is None:
        return feature.nullable
    if feature.type == BOOLEAN:
        return isinstance(value, bool)
    return feature.categories is None or value in feature.categories


def _has_formula(column: Any) -> bool:
    """Whether a spreadsheet would run some cell of the column, so that it is not written as it came."""
    starts = compute.match_substring_regex(column, _FORMULA)
    return any(neutralise(cell) != cell for cell in column.filter(starts).unique().to_pylist())


def _is_finite(outputs: "ArrayOutputs") -> bool:
    import numpy

    numbers = [outputs.values] if outputs.probabilities is None else [outputs.probabilities]
    return all(bool(numpy.isfinite(array).all()) for array in numbers)


def _format_outputs(layout: Layout, outputs: "ArrayOutputs") -> list[Any]:
    """The cells of the predictions and of the probabilities, a column each."""
    classes, separator = layout.manifest.classes, layout.dialect.separator
    if classes is None:
        return [_format_numbers(outputs.values)]
    labels = pyarrow.array([quote_cell(neutralise(format_label(label)), separator) for label in classes])
    columns = [labels.take(pyarrow.array(outputs.values))]
    shares = outputs.probabilities
    return (
        columns if shares is None else columns + [_format_numbers(shares[:, place]) for place in range(shares.shape[1])]
    )


def _format_numbers(numbers: "Array") -> Any:
    """The numbers as Python writes them, each distinct one written once."""
    encoded = pyarrow.array(numbers).dictionary_encode()
    return pyarrow.array(list(map(repr, encoded.dictionary.to_pylist())), pyarrow.string()).take(encoded.indices)


def _spread_over_rows(column: Any, usual: "Array") -> Any:
    """The column with empty cells for the rows that are not usual."""
    import numpy

    places = numpy.cumsum(usual) - 1
    taken = column.take(pyarrow.array(numpy.where(usual, places, 0))) if len(column) else None
    empty = pyarrow.repeat("", len(usual))
    return empty if taken is None else compute.if_else(pyarrow.array(usual), taken, empty)


def _split_lines(block: bytes, count: int) -> Any:
    """The lines, without their ends."""
    import numpy

    ends = numpy.flatnonzero(numpy.frombuffer(block, dtype=numpy.uint8) == ord("\n")) + 1
    offsets = numpy.concatenate([[0], ends]).astype(numpy.int32)
    lines = pyarrow.StringArray.from_buffers(count, pyarrow.py_buffer(offsets), pyarrow.py_buffer(block))
    return compute.ascii_rtrim(lines, "\r\n")


def _join_texts(texts: Any) -> bytes:
    """All texts of the array, one behind the other."""
    if isinstance(texts, pyarrow.ChunkedArray):
        return b"".join(map(_join_texts, texts.chunks))
    data = texts.buffers()[2]
    first = int.from_bytes(texts.buffers()[1][texts.offset * 4 : texts.offset * 4 + 4], "little")
    at = (texts.offset + len(texts)) * 4
    last = int.from_bytes(texts.buffers()[1][at : at + 4], "little")
    return bytes(data[first:last])
