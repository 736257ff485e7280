"""Compile CatBoost's CTR: numbers by combinations of categories, which training has counted.

How counts become numbers is that of catboost/libs/model/static_ctr_provider.cpp and online_ctr.h, in float32.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from training.compile.blocks import Array, Block, Column, NotCompiled
from training.compile.catboost_features import Features, Json, Split
from training.compile.program import Program

# The key of an empty place in CatBoost's tables.
_EMPTY = 2**64 - 1


class Bits(NamedTuple):
    """A column for each split that combinations have among their elements, and the splits' places."""

    block: Block
    places: Mapping[Split, int]


def build_counts(
    program: Program, model: Json, numbers: Sequence[int], hashes: Block, bits: Bits | None
) -> tuple[Block, list[int]]:
    """Make the columns of the counts with these numbers; return them, and the number of each.

    `hashes` has a column per categorical feature, sorted by their index.
    """
    _check_targets(model["model_info"].get("params", {}).get("cat_feature_params", {}))
    features = Features.read(model)
    order = sorted(features.categories)

    def find_place(element: Json) -> int:
        if element["combination_element"] == "cat_feature_value":
            return order.index(element["cat_feature_index"])
        assert bits is not None  # for mypy
        return hashes.width + bits.places[features.read_split(element)]

    groups: dict[tuple[int, ...], list[int]] = {}
    for number in numbers:
        # CatBoost combines categories, numbers and exact categories in this order, which is that of the JSON.
        groups.setdefault(tuple(map(find_place, features.counts[number]["elements"])), []).append(number)
    tables = model["ctr_data"]
    parts = [_build_table([features.counts[number] for number in group], tables) for group in groups.values()]
    joined = program.join([hashes, bits.block]) if bits else hashes
    arrays = {
        "places": ("I", [place for places in groups for place in places]),
        "place_ends": ("I", numpy.cumsum([len(places) for places in groups])),
        "keys": ("Q", numpy.concatenate([keys for keys, _ in parts])),
        "key_ends": ("I", numpy.cumsum([len(keys) for keys, _ in parts])),
        "widths": ("H", [len(group) for group in groups.values()]),
        "numbers": ("d", numpy.concatenate([rows.ravel() for _, rows in parts])),
    }
    made = program.add("ctr", [joined], [Column()] * len(numbers), arrays)
    return made, [number for group in groups.values() for number in group]


def _check_targets(settings: Json) -> None:
    """Check that each combination is counted by one division of the target into classes. Raises NotCompiled.

    Of several, CatBoost exports one alone: its tables have the names of the combination and of the way of counting.
    """
    groups = [settings.get("simple_ctrs"), settings.get("combinations_ctrs")]
    for group in [*groups, *(settings.get("per_feature_ctrs") or {}).values()]:
        divisions: dict[str, Json] = {}
        for each in group or []:
            division = each.get("target_binarization")
            if divisions.setdefault(each["ctr_type"], division) != division:
                raise NotCompiled(
                    "it counts categories by several divisions of the target, which CatBoost does not export"
                )


def _build_table(counts: Sequence[Json], tables: Mapping[str, Json]) -> tuple[Array, Array]:
    """Return the sorted keys of counts of one combination; and the rows of their numbers, the last for unknown keys."""
    computed = [_compute_numbers(count, tables[count["identifier"]]) for count in counts]
    keys = numpy.unique(numpy.concatenate([own for own, _ in computed]))
    rows = numpy.empty((len(keys) + 1, len(counts)))
    for place, (own, numbers) in enumerate(computed):
        rows[:, place] = numbers[-1]
        rows[numpy.searchsorted(keys, own), place] = numbers[:-1]
    return keys, rows


def _compute_numbers(count: Json, table: Json) -> tuple[Array, Array]:
    """Return the keys of a count, and its number for each of them and for unknown keys."""
    stride, flat = table["hash_stride"], table["hash_map"]
    entries = [(int(flat[at]), flat[at + 1 : at + stride]) for at in range(0, len(flat), stride)]
    entries = [entry for entry in entries if entry[0] != _EMPTY]
    keys = numpy.array([key for key, _ in entries], dtype=numpy.uint64)
    counted = numpy.array([*(values for _, values in entries), [0] * (stride - 1)])
    kind, border = count["ctr_type"], count["target_border_idx"]
    if kind in ("Counter", "FeatureFreq"):
        good, total = counted[:, 0], numpy.full(len(counted), table["counter_denominator"])
    elif kind == "Borders":
        good, total = counted[:, border + 1 :].sum(axis=1), counted.sum(axis=1)
    elif kind == "Buckets":
        good, total = counted[:, border], counted.sum(axis=1)
    elif kind in ("BinarizedTargetMeanValue", "FloatTargetMeanValue"):
        good, total = counted[:, 0], counted[:, 1]
    else:
        raise NotCompiled(f"it counts categories in an unknown way, {kind}")
    names = ("prior_numerator", "prior_denomerator", "shift", "scale")
    prior, weight, shift, scale = (numpy.float32(count[name]) for name in names)
    shares = (good.astype(numpy.float32) + prior) / (total.astype(numpy.float32) + weight)
    return keys, ((shares + shift) * scale).astype(float)
