"""Decide whether the first line of a CSV is its header. A line that could be both is refused if others follow."""

from collections.abc import Sequence

from function.errors import UNCLEAR_HEADER, InvalidInput, Problem
from function.model.cells import is_number, parse_cell
from function.model.contract import BOOLEAN, NUMBER, Contract, Feature

_SAY = "say which by the media type: text/csv; header=present, or text/csv; header=absent"


def is_header(contract: Contract, line: Sequence[str], *, has_more: bool) -> bool:
    """Tell whether the first line is a header: it has the name of every feature, and cannot be a row.

    `has_more` is true if other lines follow. If none does, a line that could be both is a row, because a CSV with only
    a header has no record. Raises InvalidInput if it could be both, or if it has some of the names and cannot be a row.
    """
    has_every_name = set(contract.names).issubset(line)
    may_be_row = _can_be_row(contract, line)
    if has_every_name and not may_be_row:
        return True
    if has_every_name and has_more:
        raise InvalidInput([Problem("", UNCLEAR_HEADER, f"the first line can be a header and can be a row: {_SAY}")])
    # A feature's name that looks like a number does not count: the cell may be a value.
    named = [cell for cell in line if cell in contract.names and not is_number(cell)]
    if named and not may_be_row:
        missing = ", ".join(name for name in contract.names if name not in line)
        detail = f"the first line has the names of some features and lacks {missing}: add these, or {_SAY}"
        raise InvalidInput([Problem("", UNCLEAR_HEADER, detail)])
    return False


def _can_be_row(contract: Contract, line: Sequence[str]) -> bool:
    if len(line) != len(contract.features):
        return all(map(is_number, line))  # a row with too many or too few cells, and without a name
    return all(_can_be_value(contract, feature, cell) for feature, cell in zip(contract.features, line, strict=True))


def _can_be_value(contract: Contract, feature: Feature, cell: str) -> bool:
    if feature.type in (NUMBER, BOOLEAN):
        value = parse_cell(feature, cell)
        return feature.nullable if value is None else not isinstance(value, str)
    # Any cell can be a string value. A feature's name counts as a name, unless it is a category of training too.
    return cell not in contract.names or cell in (feature.categories or ()) or is_number(cell)
