"""Make the golden rows: inputs with scikit-learn's predictions, which every load of the bundle repeats."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy
import pandas

from function.model.contract import BOOLEAN, NUMBER, TEXT, Feature
from function.model.runtime import NotPredictable
from function.model.target import Output, Targets, describe_prediction, describe_scores
from function.runtimes.joblib import JoblibRuntime
from training.errors import TrainingError, quote_names
from training.estimators.default_forest import SEED

_DRAWN_ROWS = 15
# In place of free text. Ordinary words, so that vectorizers know some of them.
_MADE_UP_TEXTS = (
    "this is a made-up text",
    "it was good and I would use it again",
    "it was not good at all, and much too late",
    "please call me back about the new order",
    "the house has a garden and a very nice view",
    "great work, thank you",
    "no",
    "free entry, win a prize now",
    "3 of 5, it is what it is",
    "UPPER CASE, commas, and more",
    "",
)

type Positions = numpy.ndarray[Any, Any]
type Example = dict[str, Any]


def make_examples(
    estimator: JoblibRuntime,
    frame: pandas.DataFrame,
    features: Sequence[Feature],
    targets: Targets,
    build_input: Callable[[Positions], Any],
) -> list[Example]:
    """Make the typical record and up to fifteen others, with their predictions.

    `build_input(positions)` builds the estimator's input from an array of shape (records, features), which has the row
    of the table that each value is taken from. Raises TrainingError if the estimator predicts none of the records.
    """
    positions = numpy.vstack([_find_typical_rows(frame, features), _draw_rows(frame, features)])
    examples: list[Example] = []
    for rows in positions:
        record = {f.name: _convert_to_json(f, frame[f.name].iloc[row]) for f, row in zip(features, rows, strict=True)}
        output = _predict_example(estimator, build_input, rows[None, :])
        if output is not None and all(record != example["input"] for example in examples):
            scores = {targets[0].scores: describe_scores(targets, output)} if targets[0].scores else {}
            examples.append({"input": record, "prediction": describe_prediction(targets, output), **scores})
    if not examples:
        texts = [feature.name for feature in features if feature.type == TEXT]
        raise TrainingError(
            f"The estimator refuses every row with made-up text in {quote_names(texts)}, whose own texts are not "
            "published: train it with an encoder that takes unknown texts, or publish the texts with --categories "
            "COLUMN=list."
            if texts
            else "The estimator predicts no finite number for any row like those of the table: train it again."
        )
    return examples


def take_rows(frame: pandas.DataFrame, positions: Positions) -> pandas.DataFrame:
    """Take each column of the frame at its own rows; `positions` has the shape (records, columns)."""
    columns = zip(frame.columns, positions.T, strict=True)
    return pandas.DataFrame({name: frame[name].take(rows).reset_index(drop=True) for name, rows in columns})


def make_up_texts(values: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """Replace a column's texts by made-up ones that it does not hold; nulls stay."""
    own = set(values)
    texts = [text for text in _MADE_UP_TEXTS if text not in own] or [
        f"made-up text {number}" for number in range(_DRAWN_ROWS)
    ]
    made_up = [texts[row % len(texts)] if there else numpy.nan for row, there in enumerate(values.notna())]
    return pandas.Series(made_up, index=values.index, dtype="str")


def _find_typical_rows(frame: pandas.DataFrame, features: Sequence[Feature]) -> Positions:
    return numpy.array(
        [
            _find_median_row(frame[f.name]) if f.type == NUMBER else _find_most_common_row(frame[f.name])
            for f in features
        ]
    )


def _find_median_row(values: "pandas.Series[Any]") -> int:
    """Return the row of the lower median, which is a value of the table and so whole if the others are."""
    order = values.argsort(kind="stable").to_numpy()  # nulls come last
    return int(order[(int(values.notna().sum()) - 1) // 2])


def _find_most_common_row(values: "pandas.Series[Any]") -> int:
    counts = values.value_counts()
    return int((values == counts.index[0]).to_numpy().argmax()) if len(counts) else 0


def _draw_rows(frame: pandas.DataFrame, features: Sequence[Feature]) -> Positions:
    """Draw a row for each value by itself, so that GET /model publishes no record of a real person.

    Among them are the smallest and the largest value of each number, and a null of each nullable column.
    """
    generator = numpy.random.default_rng(SEED)
    positions = generator.integers(len(frame), size=(_DRAWN_ROWS, len(features)))
    for column, feature in enumerate(features):
        values = frame[feature.name]
        special = [int(values.argmin()), int(values.argmax())] if feature.type == NUMBER else []
        if feature.nullable:
            special.append(int(values.isna().to_numpy().argmax()))
        positions[generator.permutation(_DRAWN_ROWS)[: len(special)], column] = special
    return positions


def _predict_example(
    estimator: JoblibRuntime, build_input: Callable[[Positions], Any], rows: Positions
) -> Output | None:
    """Predict a record; return None if a number is not finite, or the estimator refuses it.

    A transformer may refuse values that were never in one row together.
    """
    try:
        (output,) = estimator.predict_table(lambda: build_input(rows))
    except NotPredictable:
        return None
    return output if all(isfinite(value) for value in output if isinstance(value, float)) else None


def _convert_to_json(feature: Feature, value: Any) -> Any:
    if pandas.isna(value):
        return None
    if feature.type == NUMBER:
        return int(value) if feature.integer else float(value)
    return bool(value) if feature.type == BOOLEAN else str(value)
