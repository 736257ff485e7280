"""Replace decimal commas in a CSV that is separated by semicolons or tabs."""

from collections.abc import Sequence

from function.formats.csv_dialect import detect_decimal_mark, is_comma_number
from function.model.cells import parse_cell
from function.model.contract import NUMBER, Feature


def replace_decimal_commas(columns: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Write the numbers of a CSV's columns with decimal points, if their decimal mark is a comma.

    Columns that hold anything but numbers and nulls are returned unchanged.
    """
    numeric = {index for index, cells in enumerate(columns) if all(map(_is_number_or_null, cells))}
    if detect_decimal_mark(columns[index] for index in sorted(numeric)) == ".":
        return list(columns)
    return [
        [cell.replace(",", ".") if is_comma_number(cell) else cell for cell in cells] if index in numeric else cells
        for index, cells in enumerate(columns)
    ]


def _is_number_or_null(cell: str) -> bool:
    return is_comma_number(cell) or not isinstance(parse_cell(Feature("", NUMBER), cell), str)
