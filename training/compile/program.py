"""Write a program, step by step: what compile functions call.

Each method adds a step (an operation of function.runtimes.flat) and returns the block that it makes, with what is known
of its columns (training.compile.blocks.Column). That tells which steps are needed: a column that holds no null needs
none that fills nulls. A function that adds a step by `program.add` describes the columns itself:

- `nullable` and `is_finite` of a number that may become NaN or infinite, also by an overflow
- `dtype=FLOAT32` where the estimator computes in float32: such a step is followed by one of `round`
- `is_exact=False` where the last bits may be others, as of sums by BLAS, or of exp and log in numpy. Arithmetic in the
  estimator's order is exact; trees behind it then see the same numbers

Where scikit-learn checks its input, call `make_numbers` and `refuse` first, in this order.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy

from function.model.contract import BOOLEAN, NAN, NUMBER, TEXTS, Feature
from function.model.dtypes import FLOAT32, FLOAT64, SMALL_INTEGERS
from function.runtimes.flat.functions import EXACT, NEVER_NAN, OF_STORED
from training.compile.blocks import Answer, Block, Column, NotCompiled, describe_together, find_common_dtype
from training.compile.class_names import find_class
from training.compile.steps import Steps

type Transformers = Mapping[str, Callable[[Program, Any, Block], Block]]
type Heads = Mapping[str, Callable[[Program, Any, Block], Answer]]


class Program(Steps):
    """A program that is being written, for records of these features.

    `transformers` and `heads` are the compile functions by the public name of a class.
    """

    def __init__(self, features: Sequence[Feature], transformers: Transformers, heads: Heads) -> None:
        super().__init__(features)
        self._transformers = transformers
        self._heads = heads

    # --- other estimators ---

    def transform(self, transformer: Any, block: Block) -> Block:
        """Compile a fitted transformer. Raises NotCompiled."""
        return self._transformers[find_class(transformer, self._transformers)](self, transformer, block)

    def predict(self, estimator: Any, block: Block) -> Answer:
        """Compile a fitted regressor or classifier. Raises NotCompiled."""
        return self._heads[find_class(estimator, self._heads)](self, estimator, block)

    # --- columns ---

    def take(self, block: Block, places: Sequence[int]) -> Block:
        """Take some columns, in this order."""
        if list(places) == list(range(block.width)):
            return block
        if block.is_packed and any(after <= before for before, after in pairwise(places)):
            block = self.unpack(block)
        columns = [block.columns[place] for place in places]
        op, inputs = self.get_step(block)
        if op == "take":
            # What takes of what was taken before takes it itself.
            places = self.get_array(block, "places")[list(places)].tolist()
            (block,) = inputs
        code = "H" if max(places, default=0) < 2**16 else "I"
        return self.add("take", [block], columns, {"places": (code, places)})

    def join(self, blocks: Sequence[Block]) -> Block:
        """Put blocks beside one another; a single one stays as it is."""
        # A block without columns counts where its step may refuse the record: an encoder that drops all that it makes.
        filled = [block for block in blocks if block.width or self.get_step(block)[0] != "take"] or list(blocks[:1])
        if len(filled) == 1:
            return filled[0]
        columns = [column for block in filled for column in block.columns]
        if any(block.is_packed for block in filled):
            filled = [self.pack(self.make_numbers(block)) for block in filled]
            columns = [describe_together([block.columns[0] for block in filled])] * len(columns)
        return self.add("join", filled, columns, {})

    def make_numbers(self, block: Block) -> Block:
        """Make numbers of columns of the record. Raises NotCompiled for texts and for float16."""
        if block.is_packed:
            return block
        if any(column.type in TEXTS for column in block.columns):
            raise NotCompiled("it reads texts as numbers")
        dtype = find_common_dtype(block.columns)
        columns = [
            c._replace(type=NUMBER, dtype=dtype, null=NAN, is_raw=False, is_wide=c.is_wide or c.dtype in SMALL_INTEGERS)
            for c in block.columns
        ]
        if not any(c.is_raw and (c.nullable or c.type == BOOLEAN) for c in block.columns):
            return block._replace(columns=tuple(columns))
        return self.add("number", [block], columns, {})

    def refuse(self, block: Block, *, nan: bool = True, infinity: bool = True) -> Block:
        """Refuse NaN or infinity, as scikit-learn does, where the columns may have them."""
        nan = nan and any(column.nullable for column in block.columns)
        infinity = infinity and not all(column.is_finite for column in block.columns)
        if not (nan or infinity):
            return block
        columns = block.change_columns(
            lambda c: c._replace(nullable=c.nullable and not nan, is_finite=c.is_finite or infinity)
        )
        return self.add("refuse", [block], columns, {}, nan=nan, infinity=infinity)

    def fill(self, block: Block, values: Sequence[float | str | None]) -> Block:
        """Replace nulls by the number or text of their column; None leaves a column as it is."""
        wanted = [value if column.nullable else None for column, value in zip(block.columns, values, strict=True)]
        if all(value is None for value in wanted):
            return block
        columns = [
            column if value is None else column._replace(nullable=False)
            for column, value in zip(block.columns, wanted, strict=True)
        ]
        return self.add("fill", [block], columns, {}, values=wanted)

    def make_indicators_of_nulls(self, block: Block) -> Block:
        """Make a column for each, 1 where it has a null, else 0."""
        return self.add("is_null", [block], [Column() for _ in block.columns], {})

    def round(self, block: Block) -> Block:
        """Round numbers to float32, and refuse those that are too large; numbers of float32 stay as they are."""
        if block.dtype == FLOAT32 and not any(column.is_wide for column in block.columns):
            return block
        columns = block.change_columns(lambda column: column._replace(dtype=FLOAT32, is_wide=False))
        return self.add("round", [block], columns, {})

    # --- arithmetic ---

    def subtract(self, block: Block, numbers: Any) -> Block:
        """Subtract a number from each column."""
        return self._compute("subtract", block, numbers)

    def divide(self, block: Block, numbers: Any) -> Block:
        """Divide each column by a number that is not 0."""
        return self._compute("divide", block, numbers)

    def multiply(self, block: Block, numbers: Any) -> Block:
        """Multiply each column with a number."""
        return self._compute("multiply", block, numbers)

    def add_numbers(self, block: Block, numbers: Any) -> Block:
        """Add a number to each column."""
        return self._compute("add", block, numbers)

    def _compute(self, op: str, block: Block, numbers: Any) -> Block:
        spread = numpy.broadcast_to(numpy.asarray(numbers, dtype=float), block.width)
        if not numpy.isfinite(spread).all():
            raise NotCompiled("one of the numbers that it computes with is infinite or NaN")
        dtype = block.dtype
        columns = block.change_columns(lambda c: c._replace(is_finite=False, name=None, dtype=dtype))
        made = self.add(op, [block], columns, {"numbers": ("d", spread)})
        # numpy computes with a float32 and a float64 in float64, and rounds where it writes into the float32.
        return self.add("round", [made], columns, {}) if block.dtype == FLOAT32 else made

    def apply(self, block: Block, function: str) -> Block:
        """Apply a function of function.runtimes.flat.functions to each number."""
        if function not in OF_STORED:
            block = self.unpack(block)
        dtype = block.dtype
        columns = block.change_columns(
            lambda column: column._replace(
                is_finite=False,
                is_exact=column.is_exact and function in EXACT,
                nullable=column.nullable or function not in NEVER_NAN,
                name=None,
                dtype=dtype,
            )
        )
        made = self.add("apply", [block], columns, {}, function=function)
        return self.add("round", [made], columns, {}) if block.dtype == FLOAT32 else made

    def clip(self, block: Block, low: float, high: float | None) -> Block:
        """Limit each number; without `high`, infinity stays."""
        columns = [column._replace(is_finite=column.is_finite or high is not None) for column in block.columns]
        return self.add("clip", [block], columns, {}, low=float(low), high=high if high is None else float(high))

    def sum(self, blocks: Sequence[Block]) -> Block:
        """Add blocks of the same width, column by column, in their order; a single one stays as it is."""
        total, *others = blocks
        if not others:
            return total
        # Sums of numbers of float32 are rounded to it, one by one.
        single = all(block.dtype == FLOAT32 for block in blocks)
        column = Column(
            dtype=FLOAT32 if single else FLOAT64, is_finite=False, is_exact=all(block.is_exact for block in blocks)
        )
        columns = [column] * total.width
        if not single:
            return self.add("sum", blocks, columns, {})
        for block in others:
            total = self.add("round", [self.add("sum", [total, block], columns, {})], columns, {})
        return total

    def multiply_matrix(self, block: Block, matrix: Any, start: Any = None) -> Block:
        """Multiply with a matrix of shape (inputs, outputs), and add a number to each output."""
        numbers = numpy.asarray(matrix, dtype=float).reshape(block.width, -1)
        outputs = numbers.shape[1]
        added = numpy.broadcast_to(numpy.zeros(1) if start is None else numpy.asarray(start, dtype=float), outputs)
        if not (numpy.isfinite(numbers).all() and numpy.isfinite(added).all()):
            raise NotCompiled("one of the numbers that it computes with is infinite or NaN")
        is_wide = any(column.is_wide for column in block.columns)
        columns = [Column(dtype=block.dtype, is_finite=False, is_exact=False, is_wide=is_wide)] * outputs
        return self.add("matrix", [block], columns, {"numbers": ("d", numbers), "start": ("d", added)})

    def make_constants(self, numbers: Any) -> Block:
        """Make the same numbers for every record."""
        first = self.make_indicators_of_nulls(self.take(self.record, [0]))
        made = self.multiply_matrix(first, numpy.zeros((1, len(numbers))), numbers)
        return made._replace(columns=tuple(Column() for _ in numbers))

    # --- answers ---

    def make_argmax(self, block: Block) -> Block:
        """Find the place of the first largest number."""
        return self.add("argmax", [block], [Column(is_exact=block.is_exact)], {})

    def compare(self, block: Block, above: float = 0.0, *, equal: bool = False) -> Block:
        """Make 1 of each number that is above `above`, or with `equal` the same, else 0."""
        if above < 0 or (equal and above == 0):
            block = self.unpack(block)
        return self.add(
            "sign", [block], [Column(is_exact=block.is_exact)] * block.width, {}, above=float(above), equal=equal
        )

    def make_sigmoid(self, block: Block) -> Block:
        """Make [1 - p, p] with p = 1 / (1 + exp(-x)) of each number x."""
        return self.add("sigmoid", [block], [Column(is_exact=False)] * (2 * block.width), {})

    def make_logistic(self, block: Block, scale: float) -> Block:
        """Make 1 / (1 + exp(-scale * x)) of each number x, computed just so."""
        return self.add("logistic", [block], [Column(is_exact=False)] * block.width, {}, scale=scale)

    def make_softmax(self, block: Block) -> Block:
        """Make shares that add up to 1: exp of each number, divided by their sum."""
        # Of infinity, the shares are NaN.
        nullable = not all(column.is_finite for column in block.columns)
        return self.add("softmax", [block], [Column(is_exact=False, nullable=nullable)] * block.width, {})
