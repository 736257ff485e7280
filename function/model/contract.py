"""The contract of a model's inputs: names, types, nulls and ranges, as training writes and the function checks them.

It must not know files or HTTP.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from function.errors import (
    MISSING,
    NULL,
    OUT_OF_RANGE,
    TOO_LARGE,
    UNKNOWN_FIELD,
    UNSEEN_CATEGORY,
    WRONG_TYPE,
    Problem,
    format_pointer,
)
from function.model.dtypes import FLOAT64, NARROW, count_bits, round_to

type Value = float | bool | str | None
type Columns = list[list[Value]]
"""One list of values per feature, in the features' order, all of the same length."""

NUMBER, BOOLEAN, STRING, TEXT = "number", "boolean", "string", "text"
"""Types of features. A `string` is one of a few known categories; a `text` is free text or one of many values."""
TEXTS = (STRING, TEXT)
TYPES = (NUMBER, BOOLEAN, STRING, TEXT)
LONGEST_TEXT = 100_000
"""Free text may have so many characters: what a model computes of a text grows with it."""
_EXPECTED = {NUMBER: "a number", BOOLEAN: "true or false", STRING: "a text", TEXT: "a text"}

# The cells of a CSV that pandas.read_csv reads as nulls (pandas' documentation of `na_values`), and so the nulls of
# most training tables. A feature that had some of these as texts in training has its own list.
PANDAS_NULL_CELLS = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
    | {"NULL", "NaN", "None", "n/a", "nan", "null"}
)
NAN, NONE = "NaN", "None"
"""The two nulls that a column of a training table can hold; an encoder treats them as different values."""


class Feature(NamedTuple):
    """One input column, as it was in training.

    - `minimum`, `maximum`: the range of a number in training.
    - `categories`: the values of a string in training.
    - `integer`: training had only whole numbers. This is a hint for display; 1500.5 is accepted.
    - `null_cells`: the cells of a CSV that are nulls.
    - `null`: the null that the estimator gets, NAN or NONE.
    - `dtype`: the type of the numbers in training, or of booleans that were not plain bools.
    """

    name: str
    type: str
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    integer: bool = False
    null_cells: frozenset[str] = PANDAS_NULL_CELLS
    null: str = NAN
    dtype: str = FLOAT64


class Warning(NamedTuple):
    """A value that is accepted although training had none like it: out of range, or an unseen category."""

    feature: str
    code: str
    detail: str


class CheckedRecords(NamedTuple):
    """The result of a check.

    - `columns`: the values of the records without a problem, in order.
    - `valid`: the indices of these records.
    - `warnings`: one list for each record, valid or not.
    - `problems`: the problems of the other records, by index; their pointers start at the record.
    """

    columns: Columns
    valid: list[int]
    warnings: list[list[Warning]]
    problems: dict[int, list[Problem]]


class Contract:
    """The features of a model, in column order.

    `ignored` are columns of the training table that the estimator does not use: a record may have them, with any value.
    """

    def __init__(self, features: Sequence[Feature], ignored: Sequence[str] = ()) -> None:
        self.features = tuple(features)
        self.ignored = tuple(ignored)
        self.names = tuple(feature.name for feature in features)
        self._known = frozenset(self.names).union(ignored)
        # Built once: a body may have hundreds of thousands of unknown fields.
        self._expected = f"not a feature of the model; its features: {', '.join(self.names)}"
        self._texts = [feature for feature in features if feature.type == TEXT]
        self._categories = {f.name: frozenset(f.categories) for f in features if f.categories is not None}

    def check(self, records: Sequence[object], *, strict: bool = False) -> CheckedRecords:
        """Check every record by itself. Numbers become floats, rounded to the feature's type.

        With `strict`, every warning is a problem too.
        """
        checked = CheckedRecords([[] for _ in self.features], [], [], {})
        for index, record in enumerate(records):
            row: list[Value] = []
            warnings: list[Warning] = []
            problems = self._check_record(record, row, warnings)
            if strict:
                problems += convert_warnings(warnings)
            checked.warnings.append(warnings)
            if problems:
                checked.problems[index] = problems
                continue
            checked.valid.append(index)
            for column, value in zip(checked.columns, row, strict=True):
                column.append(value)
        return checked

    def _check_record(self, record: object, row: list[Value], warnings: list[Warning]) -> list[Problem]:
        """Return the problems of a record; append its values to `row` and its warnings to `warnings`."""
        if not isinstance(record, Mapping):
            return [Problem("", WRONG_TYPE, f"expected an object of features, got {_name_kind(record)}")]
        problems: list[Problem] = []
        for feature in self.features:
            value = record.get(feature.name, _MISSING)
            fault = _find_fault(feature, value)
            if fault is not None:
                problems.append(Problem(format_pointer(feature.name), *fault))
                continue
            if feature.type == NUMBER and value is not None:
                # _find_fault made sure that it is an int or a float, and that it fits.
                value = float(value) if feature.dtype not in NARROW else round_to(feature.dtype, float(value))
            row.append(value)  # _find_fault made sure of the type
            unusual = self._find_unusual(feature, value)
            if unusual is not None:
                warnings.append(Warning(feature.name, *unusual))
        if len(record) != len(self.features) or not self._known.issuperset(record):
            problems += self._find_unknown(record)
        return problems

    def find_long_text(self, records: Sequence[object]) -> tuple[int, Problem] | None:
        """Return the index of the first record with a free text that is too long, and the problem; else None."""
        for index, record in enumerate(records if self._texts else ()):
            for feature in self._texts:
                value = record.get(feature.name) if isinstance(record, Mapping) else None
                if isinstance(value, str) and is_too_long(feature, value):
                    return index, Problem(format_pointer(feature.name), *_describe_length(value))
        return None

    def _find_unusual(self, feature: Feature, value: object) -> tuple[str, str] | None:
        if feature.type == NUMBER and isinstance(value, float):
            if feature.minimum is not None and value < feature.minimum:
                return OUT_OF_RANGE, f"below {format_number(feature.minimum)}, the smallest value in training"
            if feature.maximum is not None and value > feature.maximum:
                return OUT_OF_RANGE, f"above {format_number(feature.maximum)}, the largest value in training"
        elif (
            isinstance(value, str) and feature.name in self._categories and value not in self._categories[feature.name]
        ):
            return UNSEEN_CATEGORY, "not among the categories in training"
        return None

    def _find_unknown(self, record: Mapping[object, object]) -> list[Problem]:
        return [
            Problem(format_pointer(str(name)), UNKNOWN_FIELD, self._expected)
            for name in record
            if name not in self._known
        ]


_MISSING = object()


def _find_fault(feature: Feature, value: object) -> tuple[str, str] | None:
    """Return the code and the sentence of what is wrong with a value; None if nothing is."""
    if value is None:
        return None if feature.nullable else (NULL, f"null; training saw none here: expected {_EXPECTED[feature.type]}")
    if value is _MISSING:
        hint = ", or null" if feature.nullable else ""
        return MISSING, f"missing: expected {_EXPECTED[feature.type]}{hint}"
    kind = type(value)
    if feature.type == NUMBER:
        # Not isinstance: a bool is an int in Python.
        if kind is float or kind is int:
            try:
                finite = isfinite(value)  # type: ignore[arg-type]
            except OverflowError:  # an integer that no float holds
                finite = False
            if not finite and value != value:  # noqa: PLR0124  (only NaN is not itself)
                return WRONG_TYPE, "expected a number, got NaN"
            if not finite:
                return TOO_LARGE, "too large for a 64-bit floating-point number"
            return None if feature.dtype not in NARROW else _find_width_fault(feature.dtype, float(value))  # type: ignore[arg-type]
    elif feature.type == BOOLEAN:
        if kind is bool:
            return None
    elif isinstance(value, str):
        if is_too_long(feature, value):
            return _describe_length(value)
        return None if is_unicode(value) else (WRONG_TYPE, "not valid Unicode: it holds half of a surrogate pair")
    comma = feature.type == NUMBER and isinstance(value, str) and _is_number_with_comma(value)
    advice = " with a comma: write numbers with a decimal point, and nothing between thousands" if comma else ""
    return WRONG_TYPE, f"expected {_EXPECTED[feature.type]}, got {_name_kind(value)}{advice}"


def is_too_long(feature: Feature, text: str) -> bool:
    """Tell whether the text is free text that has more characters than a model takes."""
    return feature.type == TEXT and len(text) > LONGEST_TEXT


def _describe_length(text: str) -> tuple[str, str]:
    return TOO_LARGE, f"{len(text):,} characters: a text may have at most {LONGEST_TEXT:,}"


def _is_number_with_comma(text: str) -> bool:
    return "," in text and text.replace(",", "").replace(".", "").strip(" +-").isdecimal()


def _find_width_fault(dtype: str, number: float) -> tuple[str, str] | None:
    try:
        round_to(dtype, number)
    except OverflowError:
        return TOO_LARGE, f"too large for a {count_bits(dtype)}-bit floating-point number, which training had here"
    return None


def _name_kind(value: object) -> str:
    """Return the name of the value's type in JSON."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (str, "a text"),
        (list, "an array"),
        (Mapping, "an object"),
    )
    return "null" if value is None else next((name for kind, name in names if isinstance(value, kind)), "another type")


def is_unicode(text: str) -> bool:
    """Tell whether the text can be encoded as UTF-8. JSON can hold half of a surrogate pair, which cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def convert_warnings(warnings: Sequence[Warning]) -> list[Problem]:
    """Convert the warnings of a record to problems (strict mode). Their pointers start at the record."""
    return [Problem(format_pointer(w.feature), w.code, w.detail) for w in warnings]


def format_number(number: float) -> str:
    """Format a number for a sentence: 3, not 3.0."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
