"""Names of what the results of a table have beside what was sent: columns, or the members of JSON lines."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.model.manifest_values import expect, expect_text
from function.model.target import Targets


class OutputColumns(NamedTuple):
    """Names of the columns of results; no feature has one of these names.

    JSON lines have the members `prediction` and, if there are scores, `scores`, as an answer over HTTP has them.
    CSV and Parquet have the columns `values` instead: of each target its prediction, then its scores.
    """

    prediction: str
    scores: str | None
    values: tuple[str, ...]
    warnings: str
    error: str

    @property
    def columns(self) -> list[str]:
        """The columns that are added to a table, in order. A file has `error` too, as the last one."""
        return [*self.values, self.warnings]

    @property
    def members(self) -> list[str]:
        """The members that are added to a JSON line."""
        return [self.prediction, *([self.scores] if self.scores else []), self.warnings, self.error]


def choose_output_columns(names: Sequence[str], targets: Targets) -> OutputColumns:
    """Choose the usual names; put `model_` before a name that a feature, or an earlier column, has already."""
    taken = set(names)

    def choose(name: str, *, is_column: bool = True) -> str:
        while name in taken:
            name = f"model_{name}"
        if is_column:
            taken.add(name)
        return name

    warnings, error = choose("warnings"), choose("error")
    prediction = choose("prediction", is_column=False)
    scores = choose(targets[0].scores, is_column=False) if targets[0].scores else None
    values = [choose(name) for target in targets for name in _name_values(target.name, target.score_columns, targets)]
    return OutputColumns(prediction, scores, tuple(values), warnings, error)


def _name_values(target: str, score_columns: Sequence[str], targets: Targets) -> list[str]:
    """Name the columns of a target; those of several targets have their names at the end."""
    return [name if len(targets) == 1 else f"{name}_{target}" for name in ("prediction", *score_columns)]


def read_output_columns(item: dict[str, Any], names: Sequence[str], targets: Targets) -> OutputColumns:
    """Read the names. Raises ValueError if two columns have one name, or there is not one for each value."""
    columns = OutputColumns(
        prediction=expect_text(item["prediction"]),
        scores=None if item["scores"] is None else expect_text(item["scores"]),
        values=tuple(map(expect_text, expect(list, item["values"]))),
        warnings=expect_text(item["warnings"]),
        error=expect_text(item["error"]),
    )
    fits = len(columns.values) == sum(target.width for target in targets)
    for every in ([*columns.columns, columns.error, *names], [*columns.members, *names]):
        fits = fits and len(set(every)) == len(every)
    if not fits or (columns.scores is None) != (targets[0].scores is None):
        raise ValueError("output_columns must have one name each, none of them a feature's, and one for each value")
    return columns
