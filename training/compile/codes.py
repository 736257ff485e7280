"""Write the categories that an encoder has learned, and look values up among them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import NONE, NUMBER, TEXTS
from training.compile.blocks import Block, Column, NotCompiled
from training.compile.program import Program


class _Categories(NamedTuple):
    """The categories of a column: its values, sorted as the file has them, their codes, and the code of its null."""

    is_text: bool
    values: list[Any]
    codes: list[int]
    null: int | None


def make_codes(program: Program, block: Block, categories: Sequence[Any], *, refuses: bool) -> Block:
    """Replace each value by the number of its category in its column, -1 for an unknown one, or refuse that."""
    if not any(column.type in TEXTS for column in block.columns):
        block = program.refuse(block, nan=False)
    columns = [_sort(column, values) for column, values in zip(block.columns, categories, strict=True)]
    texts = [value.encode("utf-8", "surrogatepass") for each in columns if each.is_text for value in each.values]
    arrays = {
        "bounds": ("I", numpy.cumsum([0, *(len(each.values) for each in columns)])),
        "codes": ("I", [code for each in columns for code in each.codes]),
        "ends": ("I", numpy.cumsum([len(text) for text in texts])),
        "bytes": ("B", numpy.frombuffer(b"".join(texts), dtype=numpy.uint8)),
        "numbers": ("d", [value for each in columns if not each.is_text for value in each.values]),
    }
    return program.add(
        "code",
        [block],
        [Column()] * block.width,
        arrays,
        kinds=["text" if each.is_text else "number" for each in columns],
        nulls=[each.null for each in columns],
        refuses=[refuses] * block.width,
    )


def map_codes(program: Program, coded: Block, tables: Sequence[Any], columns: Sequence[Column]) -> Block:
    """Replace the codes of each column by the numbers of its table, whose last number is that of an unknown value."""
    arrays = {
        "bounds": ("I", numpy.cumsum([0, *map(len, tables)])),
        "numbers": ("d", numpy.concatenate(tables)),
    }
    return program.add("map", [coded], columns, arrays)


def _sort(column: Column, categories: Any) -> _Categories:
    """Sort a column's categories. Raises NotCompiled if they are of different kinds."""
    named = list(enumerate(categories.tolist()))
    is_text = column.type in TEXTS
    nulls = {value is None: code for code, value in named if value is None or value != value}  # noqa: PLR0124
    # A column of numbers has learned None in an array of objects; a frame holds NaN even so.
    default = nulls.get(False) if column.type == NUMBER else None
    null = nulls.get(True, default) if column.null == NONE else nulls.get(False)
    present = [(value, code) for code, value in named if value is not None and value == value]  # noqa: PLR0124
    if any(isinstance(value, str) != is_text for value, _ in present):
        raise NotCompiled("an encoder has learned texts of a column of numbers, or numbers of a column of texts")
    present.sort()
    return _Categories(is_text, [value for value, _ in present], [code for _, code in present], null)
