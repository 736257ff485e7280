"""The golden rows: inputs with what scikit-learn answers for them, which every load of the bundle repeats."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pandas

from function.model.contract import BOOLEAN, NUMBER, TEXT, Feature
from function.model.manifest import REGRESSION, format_label
from training.errors import TrainingError, quote_names
from training.estimators.default_forest import SEED

_DRAWN_ROWS = 15
# In the place of free text. Ordinary words, so that those who count words find some.
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
    estimator: Any, frame: pandas.DataFrame, features: Sequence[Feature], task: str, form: Callable[[Positions], Any]
) -> list[Example]:
    """The typical record and up to fifteen others with their predictions.

    `form(positions)` is the table with each column taken at its own row positions, as the estimator was trained on it.
    Raises TrainingError where the estimator answers none of them with a finite number.
    """
    positions = numpy.vstack([_find_typical_rows(frame, features), _draw_rows(frame, features)])
    found: list[Example] = []
    for row in positions:
        inputs = {f.name: _convert_to_json(f, frame[f.name].iloc[at]) for f, at in zip(features, row, strict=True)}
        answer = _predict_example(estimator, task, form(row[None, :]))
        if answer is not None and all(inputs != example["input"] for example in found):
            found.append({"input": inputs, **answer})
    if not found:
        texts = [feature.name for feature in features if feature.type == TEXT]
        raise TrainingError(
            f"The estimator refuses every row with made-up text in {quote_names(texts)}, and what is free text is not "
            "published: let its encoder take unknown texts, or say --categories COLUMN=list."
            if texts
            else "The estimator answers no row like the table's with a finite number: train it again."
        )
    return found


def take_rows(frame: pandas.DataFrame, positions: Positions) -> pandas.DataFrame:
    """Each column of the frame at its own row positions."""
    columns = zip(frame.columns, positions.T, strict=True)
    return pandas.DataFrame({name: frame[name].take(at).reset_index(drop=True) for name, at in columns})


def make_up_texts(values: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """Texts in the place of a column's own, none of which it holds, and nulls where it has some."""
    held = set(values)
    texts = [text for text in _MADE_UP_TEXTS if text not in held] or [
        f"made-up text {number}" for number in range(_DRAWN_ROWS)
    ]
    invented = [texts[row % len(texts)] if there else numpy.nan for row, there in enumerate(values.notna())]
    return pandas.Series(invented, index=values.index, dtype="str")


def _find_typical_rows(frame: pandas.DataFrame, features: Sequence[Feature]) -> Positions:
    return numpy.array(
        [
            _find_median_row(frame[f.name]) if f.type == NUMBER else _find_most_common_row(frame[f.name])
            for f in features
        ]
    )


def _find_median_row(values: "pandas.Series[Any]") -> int:
    """Where the lower median is: a value that the table holds, whole where the others are."""
    order = values.argsort(kind="stable").to_numpy()  # nulls come last
    return int(order[(int(values.notna().sum()) - 1) // 2])


def _find_most_common_row(values: "pandas.Series[Any]") -> int:
    counts = values.value_counts()
    return int((values == counts.index[0]).to_numpy().argmax()) if len(counts) else 0


def _draw_rows(frame: pandas.DataFrame, features: Sequence[Feature]) -> Positions:
    """Rows whose columns are drawn one by one, so that GET /model publishes no record of a real person.

    Among them are the smallest and the largest value of each number, and a null of each column that has one.
    """
    generator = numpy.random.default_rng(SEED)
    positions = generator.integers(len(frame), size=(_DRAWN_ROWS, len(features)))
    for column, feature in enumerate(features):
        values = frame[feature.name]
        wanted = [int(values.argmin()), int(values.argmax())] if feature.type == NUMBER else []
        if feature.nullable:
            wanted.append(int(values.isna().to_numpy().argmax()))
        positions[generator.permutation(_DRAWN_ROWS)[: len(wanted)], column] = wanted
    return positions


def _predict_example(estimator: Any, task: str, row: Any) -> Example | None:
    try:
        value = numpy.asarray(estimator.predict(row)).ravel().tolist()[0]
        shares = estimator.predict_proba(row)[0].tolist() if _has_probabilities(estimator, task) else []
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        # Values that never stood in one row may be refused, with whatever some transformer raises.
        return None
    if not numpy.isfinite([value] if task == REGRESSION else shares).all():
        return None
    if task == REGRESSION:
        return {"prediction": float(value)}
    named = dict(zip(map(format_label, estimator.classes_.tolist()), shares, strict=False))
    return {"prediction": value, "probabilities": named} if shares else {"prediction": value}


def _has_probabilities(estimator: Any, task: str) -> bool:
    return task != REGRESSION and hasattr(estimator, "predict_proba")


def _convert_to_json(feature: Feature, value: Any) -> Any:
    """The value as JSON has it."""
    if pandas.isna(value):
        return None
    if feature.type == NUMBER:
        return int(value) if feature.integer else float(value)
    return bool(value) if feature.type == BOOLEAN else str(value)
