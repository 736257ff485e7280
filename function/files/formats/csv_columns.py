"""Parse a plain block of CSV into the features' columns, as arrays."""

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow
from pyarrow import compute, csv

from function.formats.csv_dialect import Dialect
from function.formats.csv_table import neutralise
from function.model.cells import parse_cell
from function.model.contract import BOOLEAN, NUMBER, PANDAS_NULL_CELLS, Feature, is_too_long
from function.model.dtypes import NARROW
from function.model.manifest import Manifest

if TYPE_CHECKING:
    from function.model.runtime import Array

_FORMULA = "^[=+\\-@\t]"


class NotPlain(Exception):
    """Arrow reads some cell of the block differently than `csv_cells` does."""


class Layout(NamedTuple):
    """What all blocks of a file share. `width` is the number of columns, `places` are those of the features."""

    manifest: Manifest
    width: int
    places: list[int]
    dialect: Dialect


def parse_cells(layout: Layout, block: bytes) -> Any:
    """Parse the block into an Arrow table: numbers for the features that are numbers, text for all other columns.

    Raises ArrowException where a row has another number of cells, or where a cell is not a number.
    """
    numbers = _find_number_places(layout)
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


def read_columns(layout: Layout, table: Any) -> "tuple[list[Array], Array]":
    """Return the features' values, and an array that is True for each row with ordinary values only.

    Raises NotPlain.
    """
    import numpy

    usual = numpy.ones(table.num_rows, dtype=bool)
    columns: list[Array] = []
    for feature, place in zip(layout.manifest.contract.features, layout.places, strict=True):
        column = table.column(str(place))
        values, fits = _read_numbers(feature, column) if feature.type == NUMBER else _read_distinct(feature, column)
        columns.append(values)
        usual &= fits
    return columns, usual


def has_formula(layout: Layout, table: Any) -> bool:
    """Tell whether a spreadsheet would run a cell of the block, so that the cell cannot be written unchanged."""
    numbers = _find_number_places(layout)
    return any(_has_formula(table.column(str(place))) for place in range(layout.width) if place not in numbers)


def _find_number_places(layout: Layout) -> set[int]:
    pairs = zip(layout.manifest.contract.features, layout.places, strict=True)
    return {place for feature, place in pairs if feature.type == NUMBER}


def _has_formula(column: Any) -> bool:
    starts = compute.match_substring_regex(column, _FORMULA)
    return any(neutralise(cell) != cell for cell in column.filter(starts).unique().to_pylist())


def _read_numbers(feature: Feature, column: Any) -> "tuple[Array, Array]":
    import numpy

    values = _round_numbers(feature, column.to_numpy())
    low = -numpy.inf if feature.minimum is None else feature.minimum
    high = numpy.inf if feature.maximum is None else feature.maximum
    fits = (values >= low) & (values <= high)
    missing = column.is_null().to_numpy()
    if not (missing | numpy.isfinite(values)).all():
        raise NotPlain  # Arrow reads "inf" and "NAN" as numbers; `parse_cell` does not
    return values, fits | missing if feature.nullable else fits


def _round_numbers(feature: Feature, numbers: "Array") -> "Array":
    """Round to the number type of training. A number that is too large for it becomes infinite."""
    import numpy

    if feature.dtype not in NARROW:
        return numbers
    with numpy.errstate(over="ignore"):
        return numbers.astype(feature.dtype.lower()).astype(float)  # pandas' nullable floats are as wide as numpy's


def _read_distinct(feature: Feature, column: Any) -> "tuple[Array, Array]":
    """Read a column of texts or booleans; parse each distinct cell once."""
    import numpy

    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if hasattr(encoded, "combine_chunks") else encoded
    distinct = [parse_cell(feature, cell) for cell in encoded.dictionary.to_pylist()]
    fits = numpy.array([_is_usual(feature, value) for value in distinct], dtype=bool)
    if feature.type == BOOLEAN:
        values = numpy.array([float(value) if isinstance(value, bool) else numpy.nan for value in distinct])
    else:
        values = numpy.array([*distinct, None], dtype=object)[:-1]
    indices = encoded.indices.to_numpy()
    return values[indices], fits[indices]


def _is_usual(feature: Feature, value: object) -> bool:
    if value is None:
        return feature.nullable
    if feature.type == BOOLEAN:
        return isinstance(value, bool)
    return not is_too_long(feature, str(value)) and (feature.categories is None or value in feature.categories)
