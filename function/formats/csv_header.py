"""Whether a CSV that may come without a header line has one: no row is taken for a header, and no header for a row."""

from collections.abc import Sequence

from function.errors import UNCLEAR_HEADER, InvalidInput, Problem
from function.model.cells import is_number, parse_cell
from function.model.contract import BOOLEAN, NUMBER, Contract, Feature

_SAY = "say which by the media type: text/csv; header=present, or text/csv; header=absent"


def is_header(contract: Contract, line: Sequence[str], *, has_more: bool) -> bool:
    """Whether the first line is a header: it has the name of every feature, and can be no row.

    A line that could be both is a row where there are no more lines: a header alone would ask for nothing.
    Raises InvalidInput where it could be both, or is neither: a part of the names, and no row.
    """
    has_every_name = set(contract.names).issubset(line)
    may_be_row = _can_be_row(contract, line)
    if has_every_name and not may_be_row:
        return True
    if has_every_name and has_more:
        raise InvalidInput([Problem("", UNCLEAR_HEADER, f"the first line may be a header and may be a row: {_SAY}")])
    # A name that looks like a number is as likely a value.
    named = [cell for cell in line if cell in contract.names and not is_number(cell)]
    if named and not may_be_row:
        missing = ", ".join(name for name in contract.names if name not in line)
        detail = f"the first line has some of the features' names and lacks {missing}: name all, or {_SAY}"
        raise InvalidInput([Problem("", UNCLEAR_HEADER, detail)])
    return False


def _can_be_row(contract: Contract, line: Sequence[str]) -> bool:
    if len(line) != len(contract.features):
        return all(map(is_number, line))  # a row that is too long or too short, in which no name stands
    return all(_can_be_value(contract, feature, cell) for feature, cell in zip(contract.features, line, strict=True))


def _can_be_value(contract: Contract, feature: Feature, cell: str) -> bool:
    if feature.type in (NUMBER, BOOLEAN):
        value = parse_cell(feature, cell)
        return feature.nullable if value is None else not isinstance(value, str)
    # Every cell is a text; one that training never saw, and that is a name, is a name.
    return cell not in contract.names or cell in (feature.categories or ()) or is_number(cell)
