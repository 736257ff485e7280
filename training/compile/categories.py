"""Compile encoders of categories."""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.contract import NONE, TEXTS
from training.compile.program import Block, Column, NotCompiled, Program


def compile_one_hot(program: Program, encoder: Any, block: Block) -> Block:
    """Compile a OneHotEncoder: a code per column, then an indicator per category that is kept."""
    refuses = encoder.handle_unknown == "error"
    coded = make_codes(program, block, encoder.categories_, refuses=refuses)
    groups = getattr(encoder, "_default_to_infrequent_mappings", None) or [None] * block.width
    dropped = getattr(encoder, "_drop_idx_after_grouping", None)
    places: list[list[int]] = []
    width = 0
    for column, categories in enumerate(encoder.categories_):
        group = groups[column]
        mapped = list(range(len(categories))) if group is None else group.tolist()
        count = max(mapped) + 1
        # A value that is unknown is infrequent, if there is such a group; else it has no indicator.
        unknown = count - 1 if group is not None and encoder.handle_unknown in ("infrequent_if_exist", "warn") else None
        drop = None if dropped is None else dropped[column]
        kept = [number for number in range(count) if number != drop]
        indicator = {number: width + place + 1 for place, number in enumerate(kept)}
        places.append([indicator.get(number, 0) for number in [*mapped, unknown]])
        width += len(kept)
    bounds = numpy.cumsum([0, *map(len, places)])
    flat = [place for each in places for place in each]
    arrays = {"bounds": ("I", bounds), "places": ("I", flat)}
    return program.add("indicate", [coded], [Column()] * width, arrays, width=width)


def make_codes(program: Program, block: Block, categories: Sequence[Any], *, refuses: bool) -> Block:
    """Replace each value by the number of its category in its column, -1 for an unknown one, or refuse that."""
    kinds: list[str] = []
    nulls: list[int | None] = []
    texts: list[str] = []
    numbers: list[float] = []
    sizes, codes = [0], []
    for column, values in zip(block.columns, categories, strict=True):
        named = dict(enumerate(values.tolist()))
        null = {code for code, value in named.items() if value is None or value != value}  # noqa: PLR0124
        wanted = {code for code in null if (named[code] is None) == (column.null == NONE)}
        nulls.append(min(wanted, default=None))
        is_text = column.type in TEXTS
        fitting = {code: value for code, value in named.items() if isinstance(value, str) == is_text}
        present = sorted((value, code) for code, value in fitting.items() if code not in null)
        if len(present) < len(named) - len(null):
            raise NotCompiled("an encoder has learned texts and numbers in one column")
        kinds.append("text" if is_text else "number")
        codes += [code for _, code in present]
        sizes.append(len(present))
        (texts if is_text else numbers).extend(value for value, _ in present)
    encoded = [text.encode() for text in texts]
    arrays = {
        "bounds": ("I", numpy.cumsum(sizes)),
        "codes": ("I", codes),
        "ends": ("I", numpy.cumsum([len(text) for text in encoded])),
        "bytes": ("B", numpy.frombuffer(b"".join(encoded), dtype=numpy.uint8)),
        "numbers": ("d", numbers),
    }
    made = [Column()] * block.width
    return program.add("code", [block], made, arrays, kinds=kinds, nulls=nulls, refuses=[refuses] * block.width)
