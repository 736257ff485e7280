"""Read and write one feature of the manifest."""

from typing import Any

from function.model.contract import NAN, NONE, NUMBER, PANDAS_NULL_CELLS, TYPES, Feature
from function.model.dtypes import DTYPES, FLOAT64
from function.model.manifest_values import expect, expect_number, expect_one_of, expect_text

# What the manifest writes for PANDAS_NULL_CELLS.
PANDAS = "pandas"


def write_feature(feature: Feature) -> dict[str, Any]:
    """Return the feature as a JSON object, without the fields that are unknown or do not apply to its type."""
    is_pandas = feature.null_cells == PANDAS_NULL_CELLS
    fields = {
        **feature._asdict(),
        "categories": None if feature.categories is None else list(feature.categories),
        "null_cells": PANDAS if is_pandas else sorted(feature.null_cells),
        "null": feature.null if feature.nullable else None,
        "integer": feature.integer if feature.type == NUMBER else None,
        "dtype": feature.dtype if feature.type == NUMBER or feature.dtype != FLOAT64 else None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def read_feature(item: dict[str, Any]) -> Feature:
    """Read a feature. Raises KeyError, TypeError, ValueError or OverflowError."""
    categories = item.get("categories")
    return Feature(
        name=expect_text(item["name"]),
        type=expect_one_of(item["type"], TYPES),
        nullable=expect(bool, item["nullable"]),
        minimum=None if item.get("minimum") is None else expect_number(item["minimum"]),
        maximum=None if item.get("maximum") is None else expect_number(item["maximum"]),
        categories=None
        if categories is None
        else tuple(expect_text(category) for category in expect(list, categories)),
        integer=expect(bool, item.get("integer", False)),
        null_cells=_read_null_cells(item["null_cells"]),
        null=expect_one_of(item.get("null", NAN), (NAN, NONE)),
        dtype=expect_one_of(item.get("dtype", FLOAT64), DTYPES),
    )


def _read_null_cells(item: object) -> frozenset[str]:
    return PANDAS_NULL_CELLS if item == PANDAS else frozenset(map(expect_text, expect(list, item)))
