"""What compile functions take and make: blocks of columns, and answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import BOOLEAN, NAN, NUMBER, Feature
from function.model.dtypes import FLOAT16, FLOAT32, FLOAT64, NULLABLE_BOOLEAN, NULLABLE_FLOAT32, OBJECT

type Array = numpy.ndarray[Any, Any]
type Arrays = Mapping[str, tuple[str, Any]]
"""Arrays by name, each with its type code of Python's `array`."""


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
    - `is_wide`: it was of small integers, which are float32 beside float32, but a record may hold any number there
    - `stored`: if the estimator has it in a sparse matrix, which holds no zeros, the number of the block and the place
      where its numbers came into that matrix
    - `name`: the name in training, if the column has one
    """

    type: str = NUMBER
    dtype: str = FLOAT64
    nullable: bool = False
    null: str = NAN
    is_raw: bool = False
    is_finite: bool = True
    is_exact: bool = True
    is_wide: bool = False
    stored: tuple[int, int] | None = None
    name: str | None = None


class Block(NamedTuple):
    """The columns that a step makes; `number` is the step's.

    `is_packed`: its zeros are left out (function.runtimes.flat.packed). All columns are one and the same `Column` then.
    """

    number: int
    columns: tuple[Column, ...]
    is_packed: bool = False

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.columns)

    @property
    def dtype(self) -> str:
        """The type in which numpy computes with all columns together."""
        return FLOAT32 if self.columns and all(column.dtype == FLOAT32 for column in self.columns) else FLOAT64

    @property
    def is_sparse(self) -> bool:
        """Whether the estimator has the columns in a sparse matrix."""
        return self.is_packed or any(column.stored for column in self.columns)

    def change_columns(self, change: Callable[[Column], Column]) -> tuple[Column, ...]:
        """Change each column; one that stands at many places, as in packed blocks, is changed once."""
        changed = {id(column): change(column) for column in {id(column): column for column in self.columns}.values()}
        return tuple(changed[id(column)] for column in self.columns)

    def mark_sparse(self, *, is_sparse: bool) -> "Block":
        """Return the block with columns that are, or are not, those of a sparse matrix."""
        if self.is_packed:
            return self
        return self._replace(
            columns=tuple(
                column._replace(stored=(column.stored or (self.number, place)) if is_sparse else None)
                for place, column in enumerate(self.columns)
            )
        )

    @property
    def is_exact(self) -> bool:
        """Whether all numbers have the estimator's bits."""
        return all(column.is_exact for column in self.columns)


class Answer(NamedTuple):
    """The blocks of a compiled estimator.

    A regressor has `value`, of one column. A classifier has `classes`, its labels in order, and the blocks that it can
    make: `label`, the place of the class, of one column; `probabilities`, a column per class; `decision`, the scores of
    scikit-learn's decision_function, of one column for two classes.

    An outlier detector has the two classes of function.model.target, a `label`, and as `scores` the one column of
    decision_function. A cluster model has the clusters' numbers as classes, a `label`, and as `scores` a column for
    each cluster: the distances of `transform`, or the responsibilities of `predict_proba`.

    What predicts several targets has nothing but `targets`, an answer for each.
    """

    value: Block | None = None
    classes: tuple[Any, ...] | None = None
    label: Block | None = None
    probabilities: Block | None = None
    decision: Block | None = None
    scores: Block | None = None
    targets: "tuple[Answer, ...]" = ()


def describe_feature(feature: Feature) -> Column:
    """Describe the column of the record that holds a feature."""
    dtype = FLOAT64 if feature.type == BOOLEAN and feature.dtype == FLOAT64 else feature.dtype
    return Column(
        type=feature.type,
        dtype=dtype,
        nullable=feature.nullable,
        null=feature.null,
        is_raw=True,
        name=feature.name,
    )


def describe_together(columns: Sequence[Column]) -> Column:
    """Describe a column that may be any of these columns of numbers: those of a packed block are one."""
    return Column(
        dtype=find_common_dtype(columns),
        nullable=any(column.nullable for column in columns),
        is_finite=all(column.is_finite for column in columns),
        is_exact=all(column.is_exact for column in columns),
    )


def find_common_dtype(columns: Sequence[Column]) -> str:
    """Return the type in which numpy holds these columns together, FLOAT64 or FLOAT32. Raises NotCompiled."""
    # Beside a column of pandas' nullable types scikit-learn computes in float64.
    plain = {NULLABLE_BOOLEAN: FLOAT64, NULLABLE_FLOAT32: FLOAT64, OBJECT: FLOAT64}
    names = ["bool" if c.type == BOOLEAN and c.dtype == FLOAT64 else plain.get(c.dtype, c.dtype) for c in columns]
    found = numpy.result_type(*names) if names else numpy.dtype(FLOAT64)
    if found.name == FLOAT16:
        raise NotCompiled("it computes in float16")
    return FLOAT32 if found.name == FLOAT32 else FLOAT64


def make_dense(matrix: Any) -> Array:
    """Make an array of numbers that an estimator keeps, which may be a sparse matrix."""
    return numpy.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)


def read_classes(estimator: Any) -> tuple[Any, ...]:
    """Read the labels of a classifier of one target. Raises NotCompiled."""
    if isinstance(estimator.classes_, list):
        raise NotCompiled("it predicts several targets at once")
    return tuple(estimator.classes_.tolist())


def list_classes(estimator: Any) -> list[tuple[Any, ...]]:
    """List the labels of each target of a classifier."""
    found = estimator.classes_
    return [tuple(each.tolist()) for each in (found if isinstance(found, list) else [found])]
