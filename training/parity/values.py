"""Choose values of features on which an export may predict otherwise than the estimator.

Each function returns pairs of a feature's position and a value.
"""

from collections.abc import Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any
from unicodedata import normalize

import numpy

from function.model.contract import BOOLEAN, NUMBER, TEXT, TEXTS, Columns, Feature, Value

_MOST_THRESHOLDS = 300
_MOST_CATEGORIES = 200  # of a feature
_MOST_BESIDE = 20  # categories of a feature, with the numbers beside each
_MOST_SPELT = 10  # texts of a feature, each with its other spellings
_NULL_ROWS = 20
TINY = (0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-45, 1e-40)
# What float64 holds apart from their neighbours and float32 does not; past 2**53, float64 holds every other one.
LARGE_WHOLE = (2.0**24 + 1, -(2.0**24) - 1, 2.0**53, 2.0**53 + 2, -(2.0**53) - 2, 2.0**63, 2.0**64)
HUGE = (1e39, -1e39, 1.7e308, -1.7e308)
UNSEEN_TEXTS = ("never seen ✗", "", " ", "\t", "NaN", "None", "null", "true", "0", "1.0", "01", "1e3")

# Free text that is split, folded and stripped of accents otherwise by other programs.
ODD_TEXTS = (
    "İSTANBUL ÇIĞ ﬁn ǅ ẞ ß ΣΊΣΥΦΟΣ σς",
    "e\u0301 é Å a\u0327\u0300 ﷺ ½ ² Ⅳ ㎏ ①",
    "nb\u00a0sp\u2003em\u3000wide\u200bzero\u00adsoft\u2028line\x1cfile\x85next",
    "two  spaces\t\ttabs\r\n\r\nlines a  b",
    "👍🏽 👨‍👩‍👧 🇩🇪 ❤️ 😀😀",
    "שלום עולם مرحبا بالعالم אבג\u05b8",
    "नमस्ते दुनिया สวัสดีชาวโลก 안녕하세요 세계 こんにちは 世界 你好\uff0c世界",
    "it's don't re-do x_y 3.14 1,000 a@b.c #tag http://x.y/z?q=1&r=2 C++ .NET",
    "\x00\x01\x7f \ufeff \ufffd \ud7ff \U0010ffff",
    "a",
    "the the the a an is it",
    "word " * 2_000,
    "x" * 5_000,
)

type Values = list[tuple[int, Value]]


def list_text_features(features: Sequence[Feature]) -> list[int]:
    """List the positions of texts."""
    return [place for place, feature in enumerate(features) if feature.type in TEXTS]


def list_numbers(features: Sequence[Feature], numbers: Sequence[float]) -> Values:
    """Return each number for each feature of numbers."""
    return [(f, number) for f, feature in enumerate(features) if feature.type == NUMBER for number in numbers]


def choose_thresholds(thresholds: Mapping[int, Sequence[float]], features: Sequence[Feature], generator: Any) -> Values:
    """Choose thresholds, as many of each feature, with the neighbouring float64 and float32 on both sides of each."""
    shuffled = [
        [(place, numbers[index]) for index in generator.permutation(len(numbers)).tolist()]
        for place, numbers in thresholds.items()
        if features[place].type == NUMBER
    ]
    in_turns = (pair for turn in zip_longest(*shuffled) for pair in turn if pair is not None)
    chosen = sorted(islice(in_turns, _MOST_THRESHOLDS))
    return [(place, value) for place, threshold in chosen for value in _list_neighbours(threshold)]


def _list_neighbours(threshold: float) -> list[float]:
    single = numpy.float32(threshold)
    directions = (-numpy.inf, numpy.inf)
    doubles = [numpy.nextafter(threshold, end) for end in directions]
    # A threshold that was traced through arithmetic may be a bit beside the number where the estimator decides.
    doubles += [numpy.nextafter(double, end) for double, end in zip(doubles, directions, strict=True)]
    singles = [single, *(numpy.nextafter(single, numpy.float32(end)) for end in directions)]
    middles = [(float(single) + float(other)) / 2 for other in singles[1:]]  # rounding to float32 changes there
    return [float(value) for value in (threshold, *doubles, *singles, *middles) if numpy.isfinite(value)]


def list_categories(features: Sequence[Feature], data: Columns, categories: Mapping[int, Sequence[float]]) -> Values:
    """List all texts of each feature, and all numbers that are categories, up to a bound."""
    chosen: Values = []
    for place in list_text_features(features):
        chosen += [(place, text) for text in _list_texts(features[place], data[place])[:_MOST_CATEGORIES]]
    for place, numbers in categories.items():
        if features[place].type == NUMBER:
            chosen += [(place, number) for number in numbers[:_MOST_CATEGORIES]]
    return chosen


def _list_texts(feature: Feature, column: Sequence[Value]) -> list[str]:
    if feature.categories is not None:
        return list(feature.categories)
    return sorted({value for value in column if isinstance(value, str)})


def list_beside_categories(features: Sequence[Feature], categories: Mapping[int, Sequence[float]]) -> Values:
    """List numbers beside those that are categories: the next floats, what is cut or rounded to them, the opposite."""
    by_feature: list[Values] = []
    for place, numbers in categories.items():
        if features[place].type == NUMBER:
            step = -(-len(numbers) // _MOST_BESIDE)
            by_feature.append([(place, value) for number in numbers[::step] for value in _list_beside(number)])
    # Values that an encoder may refuse come in turns, because rows of a feature after a refusal are skipped.
    return [value for turn in zip_longest(*by_feature) for value in turn if value is not None]


def _list_beside(number: float) -> list[float]:
    near = [float(numpy.nextafter(number, end)) for end in (-numpy.inf, numpy.inf)]
    return [*near, number + 0.5, number - 0.5, number + 0.999, -number - 1.0]


def list_booleans(features: Sequence[Feature]) -> Values:
    """List true and false of each feature of booleans."""
    return [(f, value) for f, feature in enumerate(features) if feature.type == BOOLEAN for value in (True, False)]


def list_range_ends(features: Sequence[Feature]) -> Values:
    """List the ends of each number's range in training, numbers outside of it, and zeros."""
    by_feature: list[Values] = []
    for place, feature in enumerate(features):
        low, high = feature.minimum, feature.maximum
        if feature.type == NUMBER and low is not None and high is not None:
            width = (high - low) or 1.0
            by_feature.append([(place, float(value)) for value in (low, high, 0.0, -0.0, low - width, high + width)])
    # Values that an encoder may refuse come last, because rows after a refusal are skipped.
    return [value for values in zip(*by_feature, strict=True) for value in values]


def list_unseen_texts(features: Sequence[Feature]) -> Values:
    """List texts that training did not have, or that mean something else elsewhere, for each feature of texts."""
    return [(place, text) for place in list_text_features(features) for text in UNSEEN_TEXTS]


def list_odd_texts(features: Sequence[Feature]) -> Values:
    """Return each odd text for each feature of free text."""
    return [(f, text) for f, feature in enumerate(features) if feature.type == TEXT for text in ODD_TEXTS]


def list_other_spellings(features: Sequence[Feature], data: Columns) -> Values:
    """List known texts in other cases, with spaces, and in other forms of Unicode."""
    chosen: Values = []
    for place in list_text_features(features):
        texts = _list_texts(features[place], data[place])
        # Texts with letters that Unicode can spell in two ways come first.
        texts = sorted(texts, key=lambda text: normalize("NFD", text) == normalize("NFC", text))[:_MOST_SPELT]
        chosen += [(place, spelt) for text in texts for spelt in _spell(text) if spelt not in texts]
    return chosen


def _spell(text: str) -> list[str]:
    cases = [text.upper(), text.lower(), text.title(), text.casefold()]
    forms = [normalize("NFC", text), normalize("NFD", text), normalize("NFKC", text)]
    return sorted({*cases, *forms, f"{text} ", f" {text}", f"{text}\0", text[:-1]} - {text})


def list_nulls(features: Sequence[Feature]) -> Values:
    """List nulls for each feature that may have them."""
    return [(f, None) for f, feature in enumerate(features) if feature.nullable for _ in range(_NULL_ROWS)]
