"""What a fitted estimator says of the columns that it is given: their kinds, their nulls, and whether it uses them.

Read from what its steps have learned (scikit-learn's attributes that end with an underscore); nothing is predicted.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from function.model.contract import PANDAS_NULL_CELLS


class FittedColumn(NamedTuple):
    """What is known of one column; None, and no categories, where nothing tells.

    `categories` are those that encoders learned, nulls among them; `takes_nulls` says that a step expects some.
    `sought` are texts that an imputer replaces, `filled` those that it puts in the place of nulls; `dtype` is OBJECT or
    FLOAT64, as the step's numpy array of the column was.
    """

    used: bool = False
    kind: str | None = None
    categories: tuple[Any, ...] | None = None
    takes_nulls: bool = False
    null: str | None = None
    sought: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    dtype: str | None = None

    @property
    def tells_null_cells(self) -> bool:
        """Whether the texts that were no nulls in training are known, or some of them."""
        return self.categories is not None or bool(self.sought)

    @property
    def null_cells(self) -> frozenset[str]:
        """The cells of a CSV that were nulls in training, as the categories tell; pandas' list where they do not."""
        learned = {category for category in self.categories or () if isinstance(category, str)}
        # What an imputer has filled in was a null: of such a text the table may have had none.
        return infer_null_cells(learned - self.filled | self.sought, nulls=self.null is not None or self.takes_nulls)

    def merged(self, other: "FittedColumn") -> "FittedColumn":
        """What both say together."""
        categories = self.categories
        if other.categories is not None:
            categories = tuple(dict.fromkeys([*(categories or ()), *other.categories]))
        return FittedColumn(
            self.used or other.used,
            self.kind or other.kind,
            categories,
            self.takes_nulls or other.takes_nulls,
            self.null or other.null,
            self.sought | other.sought,
            self.filled | other.filled,
            self.dtype or other.dtype,
        )


def infer_null_cells(texts: Iterable[str], *, nulls: bool) -> frozenset[str]:
    """The cells of a CSV that were nulls in a training that had these texts; `nulls` is whether it had any null."""
    found = PANDAS_NULL_CELLS.intersection(texts)
    if not found:
        return PANDAS_NULL_CELLS
    if found == {"None"}:  # a text to pandas up to 1.5, which takes the others for nulls
        return PANDAS_NULL_CELLS - found
    # Who has one of them as a text has read the table without pandas' list.
    return frozenset({""}) - found if nulls else frozenset()
