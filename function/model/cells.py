"""Read cells of a CSV as JSON values, and quote cells."""

from math import isfinite

from function.model.contract import BOOLEAN, TEXTS, Feature

_BOOLEAN_CELLS = {"true": True, "false": False}


def parse_number(cell: str) -> float:
    """Return the number in a cell.

    Raises ValueError for anything else, and for what only Python reads as a number: underscores, digits of other
    scripts, inf, nan.
    """
    number = float(cell)
    if not isfinite(number) or "_" in cell or not cell.isascii():
        raise ValueError("not a finite decimal number")
    return number


def is_number(cell: str) -> bool:
    """Tell whether `parse_number` reads the cell."""
    try:
        parse_number(cell)
    except ValueError:
        return False
    return True


def parse_cell(feature: Feature, cell: str) -> object:
    """Return the value of a cell: null, or a value of the feature's type; else the cell unchanged."""
    if feature.type in TEXTS:
        return None if cell in feature.null_cells else cell
    text = cell.strip()
    if text in feature.null_cells:
        return None
    if feature.type == BOOLEAN:
        return _BOOLEAN_CELLS.get(text.lower(), cell)
    try:
        return parse_number(text)
    except ValueError:
        return cell


def quote_cell(text: str, separator: str = ",") -> str:
    """Quote a cell if it needs quotes (RFC 4180): if it has the separator, a quote or a line end in it."""
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in (separator, *'"\r\n')) else text
