"""Replace decimal commas of a CSV whose separator is no comma."""

from collections.abc import Sequence

from function.formats.csv_dialect import detect_decimal_mark, is_comma_number
from function.model.cells import parse_cell
from function.model.contract import NUMBER, Feature


def replace_decimal_commas(columns: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The columns of a CSV whose separator is no comma, with decimal points where its numbers have decimal commas."""
    numbers = {place for place, cells in enumerate(columns) if all(map(_is_number_or_null, cells))}
    if detect_decimal_mark(columns[place] for place in sorted(numbers)) == ".":
        return list(columns)
    return [
        [cell.replace(",", ".") if is_comma_number(cell) else cell for cell in cells] if place in numbers else cells
        for place, cells in enumerate(columns)
    ]


def _is_number_or_null(cell: str) -> bool:
    return is_comma_number(cell) or not isinstance(parse_cell(Feature("", NUMBER), cell), str)
