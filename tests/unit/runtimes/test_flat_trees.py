"""Sums of trees and weighted medians: the same bits for the first records, later ones and tables. Touches nothing."""

import math
import random
from array import array
from typing import Any

import numpy
import pytest

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Row
from function.runtimes.flat.operations import create_operation

COLUMNS = 3
NUMBERS = (0.0, -0.0, 1.0, 0.5, -0.5, -1.5, 3.0, 40.0, math.inf, -math.inf)


class Forest:
    """Random trees of one kind, with the arrays of their operation, and a walk that is as plain as can be."""

    def __init__(self, seed: int, *, nulls: bool, sets: bool, vector: bool, single: bool, begun: bool) -> None:
        generator = random.Random(seed)
        self.generator, self.vector, self.single, self.nulls = generator, vector, single, nulls
        self.nodes: list[list[Any]] = []  # [skip, feature, threshold, flags]
        self.roots: list[int] = []
        self.words = [[generator.getrandbits(32) for _ in range(count)] for count in (1, 0, 2)] if sets else []
        for _ in range(6):
            self.roots.append(len(self.nodes))
            self._grow(generator.choice([0, 2, 5]))
        # A chain, whose rows reach their leaves after steps of very different numbers.
        self.roots.append(len(self.nodes))
        for _ in range(40):
            self.nodes += [[2, generator.randrange(COLUMNS), generator.choice(NUMBERS), 0], self._make_leaf()]
        self.nodes.append(self._make_leaf())
        self.width = 7 if not vector else 2
        leaves = [node for node in self.nodes if not node[0]]
        self.values = [[self._draw() for _ in range(2)] for _ in leaves]
        if vector:
            for number, leaf in enumerate(leaves):
                leaf[2] = float(number)
        self.start = [] if begun else [self._draw() for _ in range(self.width)]
        self.step = self._make_step()

    def _draw(self) -> float:
        number = self.generator.gauss(0, 3)
        return float(numpy.float32(number)) if self.single else number

    def _make_leaf(self) -> list[Any]:
        return [0, 0, self._draw(), 0]

    def _grow(self, depth: int) -> None:
        if not depth:
            self.nodes.append(self._make_leaf())
            return
        generator, here = self.generator, len(self.nodes)
        flags = generator.randrange(2) if self.nulls else 0
        node: list[Any] = [0, generator.randrange(COLUMNS), generator.choice(NUMBERS), flags]
        if self.words and generator.random() < 0.4:
            node[2:] = [float(generator.randrange(len(self.words))), flags | 2]
        self.nodes.append(node)
        self._grow(depth - 1)
        node[0] = len(self.nodes) - here
        self._grow(depth - 1)

    def _make_step(self) -> Step:
        skips, features, thresholds, flags = zip(*self.nodes, strict=True)
        arrays = {"roots": ("I", self.roots), "skips": ("I", skips), "features": ("H", features)}
        arrays |= {"thresholds": ("d", thresholds)}
        if self.nulls or self.words:
            arrays["flags"] = ("B", flags)
        if self.words:
            ends = numpy.cumsum([len(words) for words in self.words]).tolist()
            arrays |= {"set_ends": ("I", ends), "sets": ("I", [word for words in self.words for word in words])}
        if self.vector:
            arrays["leaves"] = ("d", [number for row in self.values for number in row])
        options = {"outputs": self.width, "start": self.start, "vector": self.vector, "single": self.single}
        widths = (COLUMNS,) if self.start else (COLUMNS, self.width)
        held = {name: memoryview(array(code, values)) for name, (code, values) in arrays.items()}
        return Step("trees", tuple(range(len(widths))), widths, options, held)

    def add_up(self, row: Row, start: Row) -> Row:
        sums = list(start)
        for tree, root in enumerate(self.roots):
            node = root
            while self.nodes[node][0]:
                node += 1 if self._goes_left(self.nodes[node], row) else self.nodes[node][0]
            number = self.nodes[node][2]
            for place, value in enumerate(self.values[int(number)]) if self.vector else [(tree % self.width, number)]:
                sums[place] += value
                if self.single:
                    sums[place] = float(numpy.float32(sums[place]))
        return sums

    def _goes_left(self, node: list[Any], row: Row) -> bool:
        _, feature, threshold, flags = node
        value = row[feature]
        if math.isnan(value):
            return bool(flags & 1)
        if flags & 2:
            words = self.words[int(threshold)]
            return -1 < value < 32 * len(words) and bool(words and words[int(value) // 32] >> int(value) % 32 & 1)
        return bool(value <= threshold)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize(("nulls", "sets"), [(False, False), (True, False), (True, True), (False, True)])
def test_trees_add_up_the_same_at_first_later_and_in_tables(
    nulls: bool, sets: bool, vector: bool, single: bool, begun: bool
) -> None:
    forest = Forest(5, nulls=nulls, sets=sets, vector=vector, single=single, begun=begun)
    operation: Any = create_operation(forest.step)
    operation.check()
    choices = [*NUMBERS, math.nan] if nulls else NUMBERS
    rows = [[forest.generator.choice(choices) for _ in range(COLUMNS)] for _ in range(150)]
    starts = [forest.start or [forest._draw() for _ in range(forest.width)] for _ in rows]
    expected = [forest.add_up(row, start) for row, start in zip(rows, starts, strict=True)]
    more = [[start] if begun else [] for start in starts]
    assert [operation.run_row(row, *other) for row, other in zip(rows, more, strict=True)] == expected
    tables = [[numpy.array(column) for column in zip(*each, strict=True)] for each in ([rows, starts][: 1 + begun])]
    assert numpy.column_stack(operation.run_table(*tables)).tolist() == expected


@pytest.mark.parametrize(
    ("row", "weights", "median"),
    [
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([3.0, 1.0, 2.0], [9.0, 1.0, 1.0], 3.0),
        ([3.0, 1.0], [1.0, 1.0], 1.0),
        ([3.0, 1.0, 1.0], [0.0, 0.0, 0.0], 1.0),
        ([7.0], [2.0], 7.0),
    ],
)
def test_weighted_median_is_the_smallest_number_with_half_of_the_weights(
    row: Row, weights: list[float], median: float
) -> None:
    step = Step("median", (0,), (len(row),), {}, {"weights": memoryview(array("d", weights))})
    operation = create_operation(step)
    assert operation.run_row(row) == [median]
    assert [column.tolist() for column in operation.run_table([numpy.array([number] * 2) for number in row])] == [
        [median] * 2
    ]


@pytest.mark.parametrize("weights", [[], [-1.0, 1.0], [math.nan, 1.0], [1.0]])
def test_damaged_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"weight|array"):
        create_operation(Step("median", (0,), (2,), {}, {"weights": memoryview(array("d", weights))}))


@pytest.mark.parametrize(("widths", "start"), [((3, 6), []), ((3, 7), [0.0] * 7), ((3,), []), ((3, 7, 7), [])])
def test_sums_begin_with_numbers_or_with_a_block_of_their_width(widths: tuple[int, ...], start: list[float]) -> None:
    made = Forest(1, nulls=False, sets=False, vector=False, single=False, begun=False).step
    with pytest.raises(ValueError, match=r"begin|start|numbers"):
        create_operation(made._replace(widths=widths, options=made.options | {"start": start}))
