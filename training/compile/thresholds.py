"""Find the numbers of a record at which a compiled program decides: thresholds of trees, and numbers as categories.

Each is traced backwards, from the step that decides to the record, through steps of arithmetic; any other step ends
the trace. It needs the artifact only.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy

from function.runtimes.flat.file import Array, Header, Step, read_step
from function.runtimes.flat.operations import create_operation
from function.runtimes.flat.tree_nodes import BY_SET

type Numbers = numpy.ndarray[Any, Any]
type ByFeature = dict[int, list[float]]
"""Numbers by the position of their feature, in the unit of the record."""

_ARITHMETIC = ("subtract", "add", "divide", "multiply")
# More of a column would only cost time: the gate chooses some hundred of all.
_MOST_OF_COLUMN = 2_000


class Decisions(NamedTuple):
    """Where a program decides by a number of the record: at thresholds, and by whether it is a category."""

    thresholds: ByFeature
    categories: ByFeature


def find_decisions(header: Header, arrays: Sequence[Array]) -> Decisions:
    """Find the decisions of a parsed artifact of ours."""
    steps = _read_steps(header, arrays)
    found = Decisions({}, {})
    for step in steps:
        for is_category, column, numbers in _list_decisions(step):
            kept = numpy.unique(numbers[numpy.isfinite(numbers)])
            if len(kept) > _MOST_OF_COLUMN:
                kept = kept[numpy.linspace(0, len(kept) - 1, _MOST_OF_COLUMN).astype(int)]
            feature, traced = _trace(steps, step.inputs[0], column, kept)
            if feature is not None and len(traced):
                by_feature = found.categories if is_category else found.thresholds
                by_feature.setdefault(feature, []).extend(traced.tolist())
    return Decisions(*({feature: sorted({*numbers}) for feature, numbers in each.items()} for each in found))


def _read_steps(header: Header, arrays: Sequence[Array]) -> list[Step]:
    widths, steps = [header.inputs], []
    for description in header.steps:
        steps.append(read_step(description, arrays, widths))
        widths.append(create_operation(steps[-1]).width)
    return steps


def _list_decisions(step: Step) -> Iterator[tuple[bool, int, Numbers]]:
    """Yield the numbers by which the step decides, whether they are categories, and the column that it compares."""
    if step.op == "trees":
        yield from _list_splits(step.arrays)
    elif step.op == "code":
        bounds = step.arrays["bounds"].tolist()
        begin = 0
        for column, kind in enumerate(step.options["kinds"]):
            if kind == "number":
                end = begin + bounds[column + 1] - bounds[column]
                yield True, column, numpy.asarray(step.arrays["numbers"][begin:end], dtype=float)
                begin = end


def _list_splits(arrays: dict[str, Array]) -> Iterator[tuple[bool, int, Numbers]]:
    inner = numpy.flatnonzero(numpy.asarray(arrays["skips"]))
    features = numpy.asarray(arrays["features"])[inner]
    thresholds = numpy.asarray(arrays["thresholds"], dtype=float)[inner]
    by_set = numpy.zeros(len(inner), dtype=bool)
    if "flags" in arrays:
        by_set = (numpy.asarray(arrays["flags"])[inner] & BY_SET) != 0
    order = numpy.lexsort((by_set, features))
    for places in numpy.split(order, numpy.flatnonzero(numpy.diff(features[order])) + 1) if len(order) else ():
        column = int(features[places[0]])
        yield False, column, thresholds[places[~by_set[places]]]
        sets = numpy.unique(thresholds[places[by_set[places]]])[:_MOST_OF_COLUMN]
        if len(sets):
            yield True, column, numpy.concatenate([_read_set(arrays, int(number)) for number in sets])


def _read_set(arrays: dict[str, Array], number: int) -> Numbers:
    """List the whole numbers of a set of a node, and the one behind its largest."""
    begin = arrays["set_ends"][number - 1] if number else 0
    words = numpy.array(arrays["sets"][begin : arrays["set_ends"][number]], dtype="<u4")
    members = numpy.flatnonzero(numpy.unpackbits(words.view(numpy.uint8), bitorder="little"))
    return numpy.append(members, members[-1:] + 1).astype(float)


def _trace(steps: Sequence[Step], block: int, column: int, numbers: Numbers) -> tuple[int | None, Numbers]:
    """Trace numbers of a block's column back to the record; return the feature and its numbers, or None."""
    with numpy.errstate(all="ignore"):
        while block:
            step = steps[block - 1]
            place = 0
            if step.op == "join":
                while column >= step.widths[place]:
                    column -= step.widths[place]
                    place += 1
            elif step.op == "take":
                column = step.arrays["places"][column]
            else:
                inverted = _invert(step, column, numbers)
                if inverted is None:
                    return None, numbers
                numbers = inverted
            block = step.inputs[place]
    return column, numpy.unique(numbers[numpy.isfinite(numbers)])


def _invert(step: Step, column: int, numbers: Numbers) -> Numbers | None:
    """Return the numbers of which the step makes these, or None for a step that is not inverted."""
    number = float(step.arrays["numbers"][column]) if step.op in _ARITHMETIC else 0.0
    inverted: Numbers
    match step.op:
        case "number" | "refuse" | "fill":
            inverted = numbers
        case "round" | "single":
            inverted = numpy.append(numbers, _find_rounding_edges(numbers))
        case "clip":
            inverted = numbers[(numbers >= step.options["low"]) & (numbers <= step.options["high"])]
        case "subtract":
            inverted = numbers + number
        case "add":
            inverted = numbers - number
        case "divide":
            inverted = numbers * number
        case "multiply":
            inverted = numbers / number
        case _:
            return None
    return inverted


def _find_rounding_edges(numbers: Numbers) -> Numbers:
    """Find, for each number, the one above which rounding to float32 gives more than the number."""
    nearest = numbers.astype(numpy.float32)
    up, down = (numpy.nextafter(nearest, numpy.float32(end)) for end in (numpy.inf, -numpy.inf))
    below = numpy.where(nearest.astype(float) <= numbers, nearest, down)
    above = numpy.where(nearest.astype(float) <= numbers, up, nearest)
    edges: Numbers = below.astype(float) / 2 + above.astype(float) / 2
    return edges
