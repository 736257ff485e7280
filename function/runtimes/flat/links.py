"""Operations that make probabilities and classes of scores."""

from collections.abc import Callable, Iterable
from itertools import combinations
from math import exp, log
from operator import mul
from typing import TYPE_CHECKING

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation, Row

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table


_MOST_OBJECTS = 2**18
# Of probabilities that are coupled: how near those of pairs may be to 0 and 1, and how many classes there may be.
_LEAST_SHARE, _MOST_COUPLED = 1e-7, 256


class _ByRow:
    """An operation whose table is computed row by row: numpy's exp may differ from math.exp in the last bit."""

    width: int
    work: int
    run_row: Callable[[Row], Row]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        if not table:
            return []
        made = numpy.empty((self.width, len(table[0])))
        # Some rows at a time: as objects of Python, numbers take four times the memory.
        size = max(1, _MOST_OBJECTS // self.width)
        for at in range(0, len(table[0]), size):
            rows = zip(*(column[at : at + size].tolist() for column in table), strict=True)
            made[:, at : at + size] = numpy.array([self.run_row(list(row)) for row in rows]).T
        return list(made)


class Sigmoid(_ByRow):
    """Make [1 - p, p] of each number x, with p = 1 / (1 + exp(-x))."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = 2 * step.width

    def run_row(self, row: Row) -> Row:
        made: Row = []
        for value in row:
            if value >= 0:
                share = 1 / (1 + exp(-value))
            else:
                grown = exp(value)
                share = grown / (1 + grown)
            made += (1 - share, share)
        return made


class Logistic(_ByRow):
    """Make p = 1 / (1 + exp(-scale * x)) of each number x, computed just so; `scale` is an option.

    Sigmoid differs from it in the last bits, where x is negative.
    """

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.scale = step.get_number("scale")

    def run_row(self, row: Row) -> Row:
        scale, made = -self.scale, []
        for value in row:
            try:
                made.append(1 / (1 + exp(scale * value)))
            except OverflowError:
                made.append(0.0)
        return made


class Softmax(_ByRow):
    """Make shares that add up to 1: exp of each number, divided by the sum of all."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        if not step.width:
            raise ValueError("no numbers")

    def run_row(self, row: Row) -> Row:
        largest = max(row)
        grown = [exp(value - largest) for value in row]
        total = 0.0
        for value in grown:
            total += value
        return [value / total for value in grown]


class LogSoftmax(Softmax):
    """Make the logarithms of such shares: each number less the logarithm of the sum of exp of all."""

    def run_row(self, row: Row) -> Row:
        largest = max(row)
        total = 0.0
        for value in row:
            total += exp(value - largest)
        whole = largest + log(total)
        return [value - whole for value in row]


class Argmax:
    """The place of the first largest number, or of the first NaN."""

    def __init__(self, step: Step) -> None:
        self.width, self.work = 1, step.width
        if not step.width:
            raise ValueError("no numbers")

    def run_row(self, row: Row) -> Row:
        total = sum(row)
        if total != total:  # noqa: PLR0124  (NaN, or infinities of both signs)
            for place, value in enumerate(row):
                if value != value:  # noqa: PLR0124
                    return [float(place)]
        return [float(row.index(max(row)))]

    def run_table(self, table: "Table") -> "Table":
        import numpy

        return [numpy.argmax(numpy.array(table), axis=0).astype(float)]


class Sign:
    """1 for a number above the option `above`, else 0; with the option `equal`, 1 for that number itself as well."""

    def __init__(self, step: Step) -> None:
        self.width = self.work = step.width
        self.above, self.equal = step.get_number("above"), step.get_flag("equal")

    def run_row(self, row: Row) -> Row:
        if self.equal:
            return [1.0 if value >= self.above else 0.0 for value in row]
        return [1.0 if value > self.above else 0.0 for value in row]

    def run_table(self, table: "Table") -> "Table":
        return [(column >= self.above if self.equal else column > self.above).astype(float) for column in table]


class Couple(_ByRow):
    """Make probabilities of `classes` (an option) of those of each pair of classes, that the first of the pair wins.

    As libsvm's multiclass_probability does, which stops when they are nearly right: the second method of T.-F. Wu,
    C.-J. Lin and R. C. Weng, "Probability estimates for multi-class classification by pairwise coupling", Journal of
    Machine Learning Research 5 (2004).
    """

    def __init__(self, step: Step) -> None:
        self.width = step.get_whole("classes", 2, _MOST_COUPLED)
        if step.width != self.width * (self.width - 1) // 2:
            raise ValueError("another number of pairs")
        self.rounds = max(100, self.width)
        self.work = self.rounds * self.width * self.width

    def run_row(self, row: Row) -> Row:
        count = self.width
        wins = [[0.0] * count for _ in range(count)]
        for (i, j), share in zip(combinations(range(count), 2), row, strict=True):
            wins[i][j] = min(max(_LEAST_SHARE, share), 1 - _LEAST_SHARE)
            wins[j][i] = 1 - wins[i][j]
        table = [[-wins[j][i] * wins[i][j] for j in range(count)] for i in range(count)]
        for i in range(count):
            table[i][i] = _add_up(wins[j][i] * wins[j][i] for j in range(count) if j != i)
        shares = [1 / count] * count
        for _ in range(self.rounds):
            slopes = [_add_up(map(mul, line, shares)) for line in table]
            mean = _add_up(map(mul, shares, slopes))
            if max(abs(slope - mean) for slope in slopes) < 0.005 / count:
                break
            for i, line in enumerate(table):
                step = (mean - slopes[i]) / line[i]
                shares[i] += step
                mean = (mean + step * (step * line[i] + 2 * slopes[i])) / (1 + step) / (1 + step)
                slopes = [(slope + step * number) / (1 + step) for slope, number in zip(slopes, line, strict=True)]
                shares = [share / (1 + step) for share in shares]
        return shares


def _add_up(numbers: Iterable[float]) -> float:
    total = 0.0
    for number in numbers:
        total += number
    return total


OPERATIONS: dict[str, Callable[[Step], Operation]] = {
    "sigmoid": Sigmoid,
    "logistic": Logistic,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
    "argmax": Argmax,
    "sign": Sign,
    "couple": Couple,
}
