"""Read the features and splits of a model of CatBoost from its JSON."""

from typing import Any, NamedTuple

import numpy

from training.compile.blocks import NotCompiled

type Json = Any
# What a split compares: ("number", feature), ("category", feature, hash) or ("count", its place among the model's).
type Key = tuple[str, int] | tuple[str, int, int]

NUMBER, CATEGORY, COUNT = "number", "category", "count"


class Split(NamedTuple):
    """A column, and the largest float64 in it that is not above the split's border."""

    key: Key
    border: float


class Features(NamedTuple):
    """The features of a model, read from its JSON."""

    numbers: dict[int, Json]
    categories: dict[int, Json]
    counts: list[Json]

    @classmethod
    def read(cls, model: Json) -> "Features":
        """Read them."""
        info = model["features_info"]
        numbers = {feature["feature_index"]: feature for feature in info.get("float_features") or []}
        categories = {feature["feature_index"]: feature for feature in info.get("categorical_features") or []}
        return cls(numbers, categories, info.get("ctrs") or [])

    def read_split(self, split: Json) -> Split:
        """Read a split of a tree, or an element of a combination of features."""
        if "float_feature_index" in split:
            return Split((NUMBER, split["float_feature_index"]), round_up(split["border"]))
        if "cat_feature_index" in split:
            return Split((CATEGORY, split["cat_feature_index"], split["value"] % 2**32), 0.5)
        return Split((COUNT, self._find_count(split)), float(split["border"]))

    def _find_count(self, split: Json) -> int:
        """Find which count a split compares: all borders of numbers, values and borders of counts are numbered."""
        place = split["split_index"]
        place -= sum(len(feature.get("borders") or []) for feature in self.numbers.values())
        place -= sum(len(feature.get("values") or []) for feature in self.categories.values())
        for number, count in enumerate(self.counts):
            if place < len(count["borders"]):
                if place < 0 or count["borders"][place] != split["border"]:
                    break
                return number
            place -= len(count["borders"])
        raise NotCompiled("a split of its trees is not among its features")


def round_up(border: float) -> float:
    """Return the largest float64 that, rounded to float32, is not above the border.

    CatBoost rounds numbers to float32 first. So they need not be rounded here, nor refused where they are too large.
    """
    single = numpy.float32(border)
    with numpy.errstate(over="ignore"):
        above = numpy.nextafter(single, numpy.float32(numpy.inf))
    # What rounds to infinity begins in the middle between the largest float32 and the next power of 2.
    middle = (float(single) + (float(above) if numpy.isfinite(above) else 2.0**128)) / 2
    with numpy.errstate(over="ignore"):
        is_below = numpy.float32(middle) <= single
    return middle if is_below else float(numpy.nextafter(middle, -numpy.inf))
