"""Operations in float32, to the bits of XGBoost, which computes its margins and links so (src/common/math.h).

A sum, product or quotient of two float32 in float64, rounded to float32, is that in float32 (Figueroa, 1995). `expf` is
that of glibc, numpy's differs from it in one number of five.
"""

from collections.abc import Callable
from math import copysign, inf, ldexp, nan
from struct import Struct
from typing import TYPE_CHECKING, Any

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    import numpy

    from function.runtimes.flat.operation import Column, Table

_SINGLE = Struct("<f")
# exp(x) = 2^(k / 32) * 2^r, with k the nearest whole number to 32 x / log 2. The polynomial is that of
# https://github.com/ARM-software/optimized-routines (math/expf.c), which glibc took over in 2.27.
_STEPS = 32
_POWERS = tuple(2.0 ** (step / _STEPS) for step in range(_STEPS))
_FACTOR = float.fromhex("0x1.71547652b82fep+0") * _STEPS
_CUBIC = float.fromhex("0x1.c6af84b912394p-5") / _STEPS**3
_SQUARE = float.fromhex("0x1.ebfce50fac4f3p-3") / _STEPS**2
_LINEAR = float.fromhex("0x1.62e42ff0c52d6p-1") / _STEPS
_LEAST, _MOST = -104.0, 89.0  # below and above, the answer is 0 and infinity
_LARGEST_NEGATED = 88.69999694824219  # 88.7 as float32: XGBoost's limit, against an infinite exp


def round_single(value: float) -> float:
    """Round to float32; what is too large becomes infinity."""
    try:
        rounded: float = _SINGLE.unpack(_SINGLE.pack(value))[0]
    except OverflowError:
        return copysign(inf, value)
    return rounded


def compute_exp(value: float) -> float:
    """Compute expf of a float32."""
    if not _LEAST < value < _MOST:
        return value if value != value else 0.0 if value < 0 else inf  # noqa: PLR0124  (only NaN is not itself)
    scaled = _FACTOR * value
    whole = round(scaled)
    rest = scaled - whole
    power = (_CUBIC * rest + _SQUARE) * (rest * rest) + (_LINEAR * rest + 1)
    return round_single(power * ldexp(_POWERS[whole % _STEPS], whole // _STEPS))


def compute_exp_of_column(column: "Column") -> "Column":
    """Compute expf of each number of a column, float32 numbers in float64."""
    import numpy

    limited = numpy.clip(column, _LEAST, _MOST)
    scaled = _FACTOR * numpy.where(numpy.isnan(column), 0.0, limited)
    nearest = numpy.rint(scaled)
    rest = scaled - nearest
    power = (_CUBIC * rest + _SQUARE) * (rest * rest) + (_LINEAR * rest + 1)
    whole = nearest.astype(numpy.intp)
    grown = round_column(power * numpy.ldexp(numpy.array(_POWERS)[whole % _STEPS], whole // _STEPS))
    return numpy.where(numpy.isnan(column), column, numpy.where(column <= _LEAST, 0.0, grown))


def round_column(column: "numpy.ndarray[Any, Any]") -> "Column":
    import numpy

    return column.astype(numpy.float32).astype(float)


class Single:
    """Round numbers to float32, also to infinity; the option `null` is null, or a number that becomes NaN."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.null: float | None = step.options["null"]
        if type(self.null) not in (float, type(None)):
            raise ValueError("the option null is no number")

    def run_row(self, row: Row) -> Row:
        rounded = list(map(round_single, row))
        return rounded if self.null is None else [nan if value == self.null else value for value in rounded]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        rounded = [round_column(column) for column in table]
        if self.null is None:
            return rounded
        return [numpy.where(column == self.null, nan, column) for column in rounded]


class SingleMatrix:
    """Add to each number of `start` the terms with a matrix, the array `numbers` of shape (inputs, outputs).

    The terms are added in the order of the inputs; NaN has none.
    """

    def __init__(self, step: Step) -> None:
        self.width = len(step.arrays["start"])
        self.start = step.get_numbers("start", self.width)
        self.numbers = step.get_array("numbers", "d", step.width * self.width)
        self.work = step.width + len(self.numbers)
        if not step.width:
            raise ValueError("a matrix without rows")

    def run_row(self, row: Row) -> Row:
        width, totals = self.width, list(self.start)
        for place, value in enumerate(row):
            if value == value:  # noqa: PLR0124
                factors = self.numbers[place * width : (place + 1) * width]
                totals = [
                    round_single(total + round_single(value * factor))
                    for total, factor in zip(totals, factors, strict=True)
                ]
        return totals

    def run_table(self, table: "Table") -> "Table":
        import numpy

        matrix = numpy.asarray(self.numbers).reshape(len(table), self.width)
        totals = [numpy.full(len(table[0]), start) for start in self.start]
        for factors, column in zip(matrix, table, strict=True):
            absent = numpy.isnan(column)
            totals = [
                numpy.where(absent, total, round_column(total + round_column(column * factor)))
                for total, factor in zip(totals, factors, strict=True)
            ]
        return totals


class SingleExp:
    """The function exp of each number."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def run_row(self, row: Row) -> Row:
        return list(map(compute_exp, row))

    def run_table(self, table: "Table") -> "Table":
        return list(map(compute_exp_of_column, table))


class SingleSigmoid:
    """1 / (1 + exp(-x)) of each number x."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width

    def run_row(self, row: Row) -> Row:
        limited = [_LARGEST_NEGATED if -value > _LARGEST_NEGATED else -value for value in row]
        return [round_single(1 / round_single(compute_exp(value) + 1)) for value in limited]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        limited = [numpy.minimum(-column, _LARGEST_NEGATED) for column in table]
        return [round_column(1 / round_column(compute_exp_of_column(column) + 1)) for column in limited]


class SingleSoftmax:
    """Shares that add up to 1: exp of each number less the largest, divided by the sum, which is added in float64."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        if not step.width:
            raise ValueError("no numbers")

    def run_row(self, row: Row) -> Row:
        largest = max((value for value in row if value == value), default=nan)  # noqa: PLR0124  (as fmaxf, without NaN)
        grown = [compute_exp(round_single(value - largest)) for value in row]
        total = 0.0
        for value in grown:
            total += value
        total = round_single(total)
        return [round_single(value / total) for value in grown]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        largest = numpy.fmax.reduce(table)
        grown = [compute_exp_of_column(round_column(column - largest)) for column in table]
        total = numpy.zeros(len(largest))
        for column in grown:
            total = total + column
        total = round_column(total)
        return [round_column(column / total) for column in grown]


class SingleComplement:
    """[1 - p, p] of each number p."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = 2 * step.width

    def run_row(self, row: Row) -> Row:
        return [made for value in row for made in (round_single(1 - value), value)]

    def run_table(self, table: "Table") -> "Table":
        return [made for column in table for made in (round_column(1 - column), column)]


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "single": Single,
    "single_matrix": SingleMatrix,
    "single_exp": SingleExp,
    "single_sigmoid": SingleSigmoid,
    "single_softmax": SingleSoftmax,
    "single_complement": SingleComplement,
}
