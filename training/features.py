"""What the manifest says of each input: its type, nulls and the values that training saw."""

from collections.abc import Sequence
from typing import Any

import pandas

from function.contract import BOOLEAN, NUMBER, STRING, Feature, show
from training.table import Table

MOST_CATEGORIES = 1_000
# Below so many rows, texts that differ in nearly every row say nothing.
_FEWEST_ROWS = 20
# Past it, neighbouring whole numbers are the same float.
_EXACT = 2**53


def features_of(table: Table, names: Sequence[str]) -> list[Feature]:
    """The features in the order of `names`. Raises TrainingError where a column is none that a model can have."""
    return [_feature(name, (column := table.usable(name)).kind, column.values) for name in names]


def _feature(name: str, kind: str, values: "pandas.Series[Any]") -> Feature:
    present = values.dropna()
    feature = Feature(name, kind, nullable=len(present) < len(values))
    if kind == NUMBER:
        low, high = float(present.min()), float(present.max())
        whole = bool((present % 1 == 0).all()) and max(-low, high) <= _EXACT
        return feature._replace(minimum=int(low) if whole else low, maximum=int(high) if whole else high, integer=whole)
    if kind == STRING:
        categories = sorted(present.unique().tolist())
        return feature._replace(categories=tuple(categories) if len(categories) <= MOST_CATEGORIES else None)
    return feature


def notices(table: Table, features: Sequence[Feature]) -> list[str]:
    """What of the columns is probably not meant so."""
    found = [f"{f.name!r} {notice}" for f in features if (notice := table.columns[f.name].notice)]
    identifiers = [f.name for f in features if f.type == STRING and _is_identifier(table.columns[f.name].values)]
    found += [
        f"{name!r} has another text in nearly every row or more than {MOST_CATEGORIES:,} of them, as an identifier or "
        "free text has: a model learns little from it, --drop leaves it out"
        for name in identifiers
    ]
    return found


def _is_identifier(values: "pandas.Series[Any]") -> bool:
    distinct = values.nunique()
    return distinct > MOST_CATEGORIES or (len(values) >= _FEWEST_ROWS and distinct >= 0.95 * len(values))


def described(feature: Feature) -> str:
    """The feature's type and range, for the summary."""
    nulls = ", or null" if feature.nullable else ""
    if feature.type == BOOLEAN:
        return f"boolean{nulls}"
    if feature.type == STRING:
        shown = feature.categories
        if shown is None:
            return f"text, more than {MOST_CATEGORIES:,} different ones{nulls}"
        more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
        return f"text: {', '.join(shown[:6])}{more}{nulls}"
    if feature.minimum is None or feature.maximum is None:
        return f"number{nulls}"
    return f"number, {show(float(feature.minimum))} to {show(float(feature.maximum))}{nulls}"
