"""What a fitted estimator has learned of one of its columns; training.estimators.column_walk finds it out."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from function.model.contract import PANDAS_NULL_CELLS


class FittedColumn(NamedTuple):
    """What a fitted estimator has learned of a column. None means that it has not learned it.

    - `is_used`: whether some step passes the column on to a prediction
    - `type`: the feature type (NUMBER, BOOLEAN, STRING or TEXT)
    - `categories`: the values that encoders have learned, nulls among them
    - `takes_nulls`: whether a step expects nulls
    - `null`: the null of training, NONE or NAN
    - `replaced_texts`: texts that an imputer replaces
    - `fill_texts`: texts that an imputer puts in the place of nulls
    - `dtype`: the dtype of the step's numpy array of the column, OBJECT or FLOAT64
    - `is_category`: whether the column holds categories, which are not known: texts, or whole numbers
    """

    is_used: bool = False
    type: str | None = None
    categories: tuple[Any, ...] | None = None
    takes_nulls: bool = False
    null: str | None = None
    replaced_texts: frozenset[str] = frozenset()
    fill_texts: frozenset[str] = frozenset()
    dtype: str | None = None
    is_category: bool = False

    @property
    def has_learned_texts(self) -> bool:
        """Whether some texts are known that were not read as nulls in training."""
        return self.categories is not None or bool(self.replaced_texts)

    @property
    def null_cells(self) -> frozenset[str]:
        """The CSV cells that were nulls in training, inferred from the categories; by default pandas' list."""
        categories = {category for category in self.categories or () if isinstance(category, str)}
        # An imputer's fill text is a category, too, even if no cell of the table held it.
        texts = categories - self.fill_texts | self.replaced_texts
        return infer_null_cells(texts, has_nulls=self.null is not None or self.takes_nulls)

    def merge(self, other: "FittedColumn") -> "FittedColumn":
        """Join what two steps have learned of the same column."""
        categories = self.categories
        if other.categories is not None:
            categories = tuple(dict.fromkeys([*(categories or ()), *other.categories]))
        return FittedColumn(
            self.is_used or other.is_used,
            self.type or other.type,
            categories,
            self.takes_nulls or other.takes_nulls,
            self.null or other.null,
            self.replaced_texts | other.replaced_texts,
            self.fill_texts | other.fill_texts,
            self.dtype or other.dtype,
            self.is_category or other.is_category,
        )


def infer_null_cells(texts: Iterable[str], *, has_nulls: bool) -> frozenset[str]:
    """Infer which CSV cells were nulls in training, from the texts that it had; `has_nulls`: whether it had nulls."""
    found = PANDAS_NULL_CELLS.intersection(texts)
    if not found:
        return PANDAS_NULL_CELLS
    if found == {"None"}:  # pandas up to 1.5 reads it as a text, and the other ones as nulls
        return PANDAS_NULL_CELLS - found
    # A text of pandas' list shows that the table was read without that list (keep_default_na=False).
    return frozenset({""}) - found if has_nulls else frozenset()
