"""Write a program, step by step: what compile functions call.

Each method adds a step (an operation of function.runtimes.flat) and returns the block that it makes. What is known of
a block's columns tells which steps are needed: a column that holds no null needs none that fills nulls.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import BOOLEAN, NAN, NUMBER, TEXTS, Feature
from function.model.dtypes import FLOAT16, FLOAT32, FLOAT64, NULLABLE_BOOLEAN, NULLABLE_FLOAT32, OBJECT
from function.runtimes.flat.file import MAGIC, TYPE_SIZES
from function.runtimes.flat.functions import EXACT, NEVER_NAN

type Array = numpy.ndarray[Any, Any]
type Arrays = Mapping[str, tuple[str, Any]]
"""Arrays by name, each with its type code of Python's `array`."""

_NUMPY_TYPES = {"B": "<u1", "H": "<u2", "I": "<u4", "Q": "<u8", "d": "<f8"}


class NotCompiled(Exception):
    """The estimator cannot be compiled; the text says why, as the end of a sentence."""


class Column(NamedTuple):
    """What is known of a column of a block.

    - `type`: NUMBER, BOOLEAN, STRING or TEXT
    - `dtype`: the type in which the estimator computes numbers, FLOAT64 or FLOAT32
    - `nullable`: it may hold nulls; `null` is the kind that the estimator has then, NAN or NONE
    - `is_raw`: it is a column of the record, in which nulls are None and booleans are no numbers
    - `is_finite`: no infinity can be in it
    - `is_exact`: its numbers have the estimator's bits, not only nearly its values
    - `name`: the name in training, if the column has one
    """

    type: str = NUMBER
    dtype: str = FLOAT64
    nullable: bool = False
    null: str = NAN
    is_raw: bool = False
    is_finite: bool = True
    is_exact: bool = True
    name: str | None = None


class Block(NamedTuple):
    """The columns that a step makes; `number` is the step's."""

    number: int
    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.columns)

    @property
    def dtype(self) -> str:
        """The type in which numpy computes with all columns together."""
        return FLOAT32 if self.columns and all(column.dtype == FLOAT32 for column in self.columns) else FLOAT64

    @property
    def is_exact(self) -> bool:
        """Whether all numbers have the estimator's bits."""
        return all(column.is_exact for column in self.columns)


class Answer(NamedTuple):
    """The blocks of a compiled regressor or classifier.

    A regressor has `value`, of one column. A classifier has `classes`, its labels in order, and the blocks that it can
    make: `label`, the place of the class, of one column; `probabilities`, a column per class; `decision`, the scores of
    scikit-learn's decision_function, of one column for two classes.
    """

    value: Block | None = None
    classes: tuple[Any, ...] | None = None
    label: Block | None = None
    probabilities: Block | None = None
    decision: Block | None = None


type Transformers = Mapping[str, Callable[[Program, Any, Block], Block]]
type Heads = Mapping[str, Callable[[Program, Any, Block], Answer]]


class Program:
    """A program that is being written, for records of these features.

    `transformers` and `heads` are the compile functions by the public name of a class.
    """

    def __init__(self, features: Sequence[Feature], transformers: Transformers, heads: Heads) -> None:
        self.record = Block(0, tuple(map(_describe_feature, features)))
        self._known: dict[str, int] = {}
        self._transformers = transformers
        self._heads = heads
        self._steps: list[dict[str, Any]] = []
        self._arrays: list[dict[str, tuple[str, Array]]] = []
        self._inputs: list[tuple[Block, ...]] = []

    # --- other estimators ---

    def transform(self, transformer: Any, block: Block) -> Block:
        """Compile a fitted transformer. Raises NotCompiled."""
        return self._transformers[_find(transformer, self._transformers)](self, transformer, block)

    def predict(self, estimator: Any, block: Block) -> Answer:
        """Compile a fitted regressor or classifier. Raises NotCompiled."""
        return self._heads[_find(estimator, self._heads)](self, estimator, block)

    # --- any operation ---

    def add(self, op: str, inputs: Sequence[Block], columns: Sequence[Column], arrays: Arrays, **options: Any) -> Block:
        """Add a step of the operation `op`, which makes `columns` of the blocks `inputs`.

        Members of one estimator often begin with the same steps: one without arrays that is there is used again.
        """
        step = {"op": op, "inputs": [block.number for block in inputs], **options}
        key = json.dumps(step)
        if not arrays and key in self._known:
            return Block(self._known[key], tuple(columns))
        self._known[key] = len(self._steps) + 1
        self._steps.append(step)
        self._arrays.append({name: (code, _flatten(values, code)) for name, (code, values) in arrays.items()})
        self._inputs.append(tuple(inputs))
        return Block(len(self._steps), tuple(columns))

    # --- columns ---

    def take(self, block: Block, places: Sequence[int]) -> Block:
        """Take some columns, in this order."""
        if list(places) == list(range(block.width)):
            return block
        columns = [block.columns[place] for place in places]
        if block.number and self._find_op(block) == "take":
            # What takes of what was taken before takes it itself.
            earlier = self._arrays[block.number - 1]["places"][1]
            block, places = self._inputs[block.number - 1][0], earlier[list(places)].tolist()
        code = "H" if max(places, default=0) < 2**16 else "I"
        return self.add("take", [block], columns, {"places": (code, places)})

    def join(self, blocks: Sequence[Block]) -> Block:
        """Put blocks beside one another; a single one stays as it is."""
        # A block without columns counts where its step may refuse the record: an encoder that drops all that it makes.
        filled = [block for block in blocks if block.width or self._find_op(block) != "take"] or list(blocks[:1])
        if len(filled) == 1:
            return filled[0]
        return self.add("join", filled, [column for block in filled for column in block.columns], {})

    def _find_op(self, block: Block) -> str:
        return str(self._steps[block.number - 1]["op"]) if block.number else "take"

    def make_numbers(self, block: Block) -> Block:
        """Make numbers of columns of the record. Raises NotCompiled for texts and for float16."""
        if any(column.type in TEXTS for column in block.columns):
            raise NotCompiled("it reads texts as numbers")
        dtype = _find_common_dtype(block.columns)
        columns = [column._replace(type=NUMBER, dtype=dtype, null=NAN, is_raw=False) for column in block.columns]
        if not any(c.is_raw and (c.nullable or c.type == BOOLEAN) for c in block.columns):
            return block._replace(columns=tuple(columns))
        return self.add("number", [block], columns, {})

    def refuse(self, block: Block, *, nan: bool = True, infinity: bool = True) -> Block:
        """Refuse NaN or infinity, as scikit-learn does, where the columns may have them."""
        nan = nan and any(column.nullable for column in block.columns)
        infinity = infinity and not all(column.is_finite for column in block.columns)
        if not (nan or infinity):
            return block
        columns = [
            c._replace(nullable=c.nullable and not nan, is_finite=c.is_finite or infinity) for c in block.columns
        ]
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
        """1 where there is a null, else 0."""
        return self.add("is_null", [block], [Column() for _ in block.columns], {})

    def round(self, block: Block) -> Block:
        """Round numbers to float32, and refuse those that are too large; numbers of float32 stay as they are."""
        if block.dtype == FLOAT32 and all(column.dtype == FLOAT32 for column in block.columns):
            return block
        columns = [column._replace(dtype=FLOAT32) for column in block.columns]
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
        columns = [c._replace(is_finite=False, name=None, dtype=block.dtype) for c in block.columns]
        made = self.add(op, [block], columns, {"numbers": ("d", spread)})
        # numpy computes with a float32 and a float64 in float64, and rounds where it writes into the float32.
        return self.add("round", [made], columns, {}) if block.dtype == FLOAT32 else made

    def apply(self, block: Block, function: str) -> Block:
        """Apply a function of function.runtimes.flat.functions to each number."""
        columns = [
            column._replace(
                is_finite=False,
                is_exact=column.is_exact and function in EXACT,
                nullable=column.nullable or function not in NEVER_NAN,
                name=None,
                dtype=block.dtype,
            )
            for column in block.columns
        ]
        made = self.add("apply", [block], columns, {}, function=function)
        return self.add("round", [made], columns, {}) if block.dtype == FLOAT32 else made

    def clip(self, block: Block, low: float, high: float) -> Block:
        """Limit each number."""
        columns = [column._replace(is_finite=True) for column in block.columns]
        return self.add("clip", [block], columns, {}, low=float(low), high=float(high))

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
        columns = [Column(dtype=block.dtype, is_finite=False, is_exact=False)] * outputs
        return self.add("matrix", [block], columns, {"numbers": ("d", numbers), "start": ("d", added)})

    def make_constants(self, numbers: Any) -> Block:
        """The same numbers for every record."""
        first = self.make_indicators_of_nulls(self.take(self.record, [0]))
        made = self.multiply_matrix(first, numpy.zeros((1, len(numbers))), numbers)
        return made._replace(columns=tuple(Column() for _ in numbers))

    # --- answers ---

    def make_argmax(self, block: Block) -> Block:
        """The place of the first largest number."""
        return self.add("argmax", [block], [Column(is_exact=block.is_exact)], {})

    def compare(self, block: Block, above: float = 0.0, *, equal: bool = False) -> Block:
        """1 where a number is above, else 0; with `equal`, 1 for that number itself as well."""
        return self.add(
            "sign", [block], [Column(is_exact=block.is_exact)] * block.width, {}, above=float(above), equal=equal
        )

    def make_sigmoid(self, block: Block) -> Block:
        """[1 - p, p] with p = 1 / (1 + exp(-x)) of each number x."""
        return self.add("sigmoid", [block], [Column(is_exact=False)] * (2 * block.width), {})

    def make_logistic(self, block: Block, scale: float) -> Block:
        """1 / (1 + exp(-scale * x)) of each number x, computed just so."""
        return self.add("logistic", [block], [Column(is_exact=False)] * block.width, {}, scale=scale)

    def make_softmax(self, block: Block) -> Block:
        """Shares that add up to 1."""
        return self.add("softmax", [block], [Column(is_exact=False)] * block.width, {})

    # --- the file ---

    def get_step(self, block: Block) -> tuple[str, tuple[Block, ...]]:
        """Return the operation that makes the block, and the blocks that it takes; "" and none for the record.

        The operation `apply` is named with its function: "apply exp".
        """
        if not block.number:
            return "", ()
        step = self._steps[block.number - 1]
        name = f"apply {step['function']}" if step["op"] == "apply" else step["op"]
        return name, self._inputs[block.number - 1]

    def encode(self, answer: Answer, classes: int) -> bytes:
        """Encode the steps that the answer needs as a flat artifact. Raises NotCompiled if it is not of this task."""
        first = answer.label if classes else answer.value
        if first is None or len(answer.classes or ()) != classes:
            raise NotCompiled("it predicts something else than its task says")
        if classes == 1:
            raise NotCompiled("it knows one class only")
        wanted = {"label": first, "probabilities": answer.probabilities} if classes else {"value": first}
        kept = self._list_needed([block.number for block in wanted.values() if block is not None])
        renumbered = {0: 0, **{number: place for place, number in enumerate(kept, 1)}}
        arrays: list[tuple[str, Array]] = []
        steps = []
        for number in kept:
            step, named = self._steps[number - 1], self._arrays[number - 1]
            places = {name: len(arrays) + place for place, name in enumerate(named)}
            arrays += named.values()
            steps.append({**step, "inputs": [renumbered[block] for block in step["inputs"]], "arrays": places})
        header = {
            "inputs": self.record.width,
            "classes": classes,
            "steps": steps,
            **dict.fromkeys(("value", "label", "probabilities")),
            **{name: None if block is None else renumbered[block.number] for name, block in wanted.items()},
        }
        return _pack(header, arrays)

    def _list_needed(self, outputs: Sequence[int]) -> list[int]:
        """List the steps that these blocks need, in order."""
        needed: set[int] = set()
        waiting = [number for number in outputs if number]
        while waiting:
            number = waiting.pop()
            if number not in needed:
                needed.add(number)
                waiting += [block for block in self._steps[number - 1]["inputs"] if block]
        return sorted(needed)


def name_class(estimator: Any) -> str:
    """Return the public name of an estimator's class: sklearn.linear_model.Ridge, also of sklearn.linear_model._ridge.

    Classes are found by name, because the library may be another release, in which modules of that kind have moved.
    """
    parts = type(estimator).__module__.split(".")
    public = next((place for place, part in enumerate(parts) if part.startswith("_")), len(parts))
    return ".".join([*parts[:public], type(estimator).__name__])


def _find(estimator: Any, names: Mapping[str, Any]) -> str:
    name = name_class(estimator)
    if name not in names:
        raise NotCompiled(f"{type(estimator).__name__} is not one of the classes that are compiled")
    return name


def _flatten(values: Any, code: str) -> Array:
    return numpy.ascontiguousarray(numpy.asarray(values).ravel(), dtype=_NUMPY_TYPES[code])


def _describe_feature(feature: Feature) -> Column:
    dtype = FLOAT64 if feature.type == BOOLEAN and feature.dtype == FLOAT64 else feature.dtype
    return Column(
        type=feature.type,
        dtype=dtype,
        nullable=feature.nullable,
        null=feature.null,
        is_raw=True,
        name=feature.name,
    )


def _find_common_dtype(columns: Sequence[Column]) -> str:
    """Return the type in which numpy holds these columns together, FLOAT64 or FLOAT32. Raises NotCompiled."""
    # Beside a column of pandas' nullable types scikit-learn computes in float64.
    plain = {NULLABLE_BOOLEAN: FLOAT64, NULLABLE_FLOAT32: FLOAT64, OBJECT: FLOAT64}
    names = ["bool" if c.type == BOOLEAN and c.dtype == FLOAT64 else plain.get(c.dtype, c.dtype) for c in columns]
    found = numpy.result_type(*names) if names else numpy.dtype(FLOAT64)
    if found.name == FLOAT16:
        raise NotCompiled("it computes in float16")
    return FLOAT32 if found.name == FLOAT32 else FLOAT64


def _pack(header: dict[str, Any], arrays: Sequence[tuple[str, Array]]) -> bytes:
    """Write the header, padded to a multiple of 8 bytes, and the arrays after it."""
    # The header holds the arrays' offsets, which depend on its own length: it gets the length for the widest offsets.
    widest = [[code, 10**15, len(values)] for code, values in arrays]
    begin = 12 + len(json.dumps({**header, "arrays": widest}))
    begin += -begin % 8
    offsets: list[list[Any]] = []
    offset = begin
    for code, values in arrays:
        offsets.append([code, offset, len(values)])
        offset += TYPE_SIZES[code] * len(values)
        offset += -offset % 8
    text = json.dumps({**header, "arrays": offsets}).ljust(begin - 12).encode()
    parts = [MAGIC, len(text).to_bytes(4, "little"), text]
    for _, values in arrays:
        data = values.tobytes()
        parts += [data, b"\0" * (-len(data) % 8)]
    return b"".join(parts)
