"""Steps that several families use: curves, powers, shares, functions of numpy by their name."""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.dtypes import FLOAT32, FLOAT64
from function.runtimes.flat.functions import FUNCTIONS
from training.compile.blocks import Array, Block, Column, NotCompiled
from training.compile.program import Program

# The largest float64: a limit that no finite number passes.
LARGEST = float(numpy.finfo(float).max)

type Curve = tuple[Any, Any]
"""The places of a curve's points, which rise, and the values there."""


def interpolate(
    program: Program, block: Block, curves: Sequence[Curve], outside: str = "clip", *, single: bool = False
) -> Block:
    """Look each column's numbers up on its curve: straight lines between points, as numpy.interp computes them.

    `outside`: "clip", "nan" or "refuse". `single`: in float32, as scipy computes there.
    """
    places = numpy.concatenate([numpy.asarray(x, dtype=float) for x, _ in curves])
    values = numpy.concatenate([numpy.asarray(y, dtype=float) for _, y in curves])
    if not (numpy.isfinite(places).all() and numpy.isfinite(values).all()):
        raise NotCompiled("one of the points of its curves is infinite or NaN")
    arrays = {
        "bounds": ("I", numpy.cumsum([0, *(len(x) for x, _ in curves)])),
        "x": ("d", places),
        "y": ("d", values),
    }
    columns = [
        # numpy may compute the lines with fused products, by machine.
        Column(nullable=c.nullable or outside == "nan", is_exact=False, dtype=FLOAT32 if single else FLOAT64)
        for c in block.columns
    ]
    return program.add("curve", [block], columns, arrays, outside=outside, single=single)


def make_shares(program: Program, block: Block, *, uniform: bool) -> Block:
    """Divide by the sum of the row; where it is 0, make equal shares (`uniform`) or leave the numbers."""
    # numpy adds up eight numbers and more in another order.
    is_exact = block.is_exact and block.width < 8 and block.dtype == FLOAT64
    columns = [Column(dtype=block.dtype, nullable=True, is_exact=is_exact)] * block.width
    return program.add("share", [block], columns, {}, uniform=uniform)


def divide_blocks(program: Program, block: Block, other: Block) -> Block:
    """Divide the numbers of a block by those of another one."""
    made = Column(nullable=True, is_finite=False, is_exact=block.is_exact and other.is_exact)
    return program.add("ratio", [block, other], [made] * block.width, {})


def multiply_blocks(program: Program, block: Block, other: Block) -> Block:
    """Multiply the numbers of a block with those of another one."""
    width = block.width
    column = Column(is_finite=False, nullable=True, is_exact=block.is_exact and other.is_exact)
    arrays = {"left": ("I", range(width)), "right": ("I", range(width, 2 * width))}
    return program.add("products", [program.join([block, other])], [column] * width, arrays)


def measure_distances(program: Program, block: Block, rows: Array, metric: str, **options: float) -> Block:
    """Measure the distance to each of these rows; function.runtimes.flat.distances has the metrics."""
    if not (rows.size and numpy.isfinite(rows).all()):
        raise NotCompiled("it knows no row, or one with a number that is not finite")
    column = Column(is_finite=False, nullable=metric == "chi2", is_exact=False)
    arrays = {"rows": ("d", numpy.asarray(rows, dtype=float).T)}
    return program.add("distances", [block], [column] * len(rows), arrays, metric=metric, **options)


def refuse_negative(program: Program, block: Block) -> Block:
    """Refuse numbers below 0."""
    return interpolate(program, block, [((0.0, LARGEST), (0.0, LARGEST))] * block.width, "refuse")


def raise_to(program: Program, block: Block, number: float) -> Block:
    """Raise each number to a power."""
    if not numpy.isfinite(number):
        raise NotCompiled("it raises to a power that is infinite or NaN")
    columns = [c._replace(nullable=True, is_finite=False, is_exact=False) for c in block.columns]
    return program.add("raise", [block], columns, {"numbers": ("d", [number] * block.width)})


def complement(program: Program, block: Block) -> Block:
    """Subtract each number from 1."""
    return program.add_numbers(program.multiply(block, -1.0), 1.0)


def pair_shares(program: Program, share: Block) -> Block:
    """Make [1 - p, p] of a column."""
    return program.join([complement(program, share), share])


def widen(block: Block) -> Block:
    """Return the block as one of float64: the estimator computes in it from here on."""
    return block._replace(columns=block.change_columns(lambda column: column._replace(dtype=FLOAT64)))


def make_sigmoid_of_each(program: Program, block: Block) -> Block:
    """Make 1 / (1 + exp(-x)) of each number x."""
    return program.take(program.make_sigmoid(block), range(1, 2 * block.width, 2))


def apply_function(program: Program, function: Any, arguments: Any, block: Block) -> Block:
    """Apply one of numpy's functions of one number, or none. Raises NotCompiled for another function."""
    if function is None:
        return block
    name = getattr(function, "__name__", "")
    if isinstance(function, numpy.ufunc) and not arguments:
        if name == "expit":
            return make_sigmoid_of_each(program, block)
        if name in FUNCTIONS:
            return program.apply(block, name)
    raise NotCompiled(f"it calls the function {name or function!r}, which is not one of numpy's that are known")
