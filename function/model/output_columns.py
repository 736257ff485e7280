"""Names of the columns that a table of predictions has beside the columns that were sent."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.model.manifest_values import expect, expect_text


class OutputColumns(NamedTuple):
    """Names of the columns of predictions; no feature has one of these names.

    JSON lines have all probabilities in one member, `probabilities`; CSV and Parquet have one column for each class,
    `by_class`.
    """

    prediction: str
    probabilities: str
    by_class: tuple[str, ...]
    warnings: str
    error: str

    @property
    def columns(self) -> list[str]:
        """The columns that are added to a table, in order. A file has `error` too, as the last one."""
        return [self.prediction, *self.by_class, self.warnings]


def choose_output_columns(names: Sequence[str], probability_keys: Sequence[str]) -> OutputColumns:
    """Choose the usual names; put `model_` before a name that a feature has already."""
    taken = set(names)

    def choose(name: str) -> str:
        while name in taken:
            name = f"model_{name}"
        taken.add(name)
        return name

    by_class = tuple(choose(f"probability_{key}") for key in probability_keys)
    return OutputColumns(choose("prediction"), choose("probabilities"), by_class, choose("warnings"), choose("error"))


def read_output_columns(item: dict[str, Any], names: Sequence[str], class_count: int) -> OutputColumns:
    """Read the names. Raises ValueError if two columns have one name, or if `by_class` has not one for each class."""
    columns = OutputColumns(
        prediction=expect_text(item["prediction"]),
        probabilities=expect_text(item["probabilities"]),
        by_class=tuple(map(expect_text, expect(list, item["by_class"]))),
        warnings=expect_text(item["warnings"]),
        error=expect_text(item["error"]),
    )
    every = [*columns.columns, columns.probabilities, columns.error, *names]
    if len(set(every)) != len(every) or len(columns.by_class) != class_count:
        raise ValueError("output_columns must have one name each, none of them a feature's, and one for each class")
    return columns
