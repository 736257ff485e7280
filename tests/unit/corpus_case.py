"""What the corpus of raw request bodies is made of: a case, the features of the test models, their good records."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

JSON, CSV = "application/json", "text/csv"
MEGABYTE = 1024 * 1024

MALFORMED, TOO_LARGE, MEDIA_TYPE, INVALID = (
    (400, "malformed_body"),
    (413, "too_large"),
    (415, "unsupported_media_type"),
    (422, "invalid_input"),
)
OK = (200, None)

type Expected = tuple[int, str | None]
type Errors = Sequence[tuple[str, str]]


class Case(NamedTuple):
    """A body, and what the model named `model` answers to it.

    `errors` are the (pointer, code) pairs that a 422 lists; None where the table does not say.
    """

    name: str
    body: bytes
    expected: Expected
    model: str = "houses"
    content_type: str | None = JSON
    errors: Errors | None = None
    headers: Mapping[str, str] = MappingProxyType({})


class Field(NamedTuple):
    """A feature of a test model: its name in JSON, how a pointer spells it, what a CSV header writes, a good value."""

    name: str
    pointer: str
    header: str
    type: str
    nullable: bool
    good: str


FIELDS = {
    "houses": (
        Field('"AreaSqft"', "/AreaSqft", "AreaSqft", "number", False, "1500"),
        Field('"NumBedrooms"', "/NumBedrooms", "NumBedrooms", "number", False, "3"),
    ),
    "iris": tuple(
        Field(f'"{name}"', f"/{name}", name, "number", False, good)
        for name, good in (
            ("sepal length (cm)", "5.8"),
            ("sepal width (cm)", "3"),
            ("petal length (cm)", "4.3"),
            ("petal width (cm)", "1.3"),
        )
    ),
    "mixed": (
        Field('"area/m²"', "/area~1m²", "area/m²", "number", False, "117"),
        Field('"year ~ built"', "/year ~0 built", "year ~ built", "number", True, "1953"),
        Field('"balcony"', "/balcony", "balcony", "boolean", False, "false"),
        Field('"heating \\"type\\""', '/heating "type"', '"heating ""type"""', "string", True, '"gas"'),
        Field('"🏠"', "/🏠", "🏠", "string", False, '"flat"'),
    ),
    "picky": (
        Field('"size"', "/size", "size", "number", False, "2"),
        Field('"colour"', "/colour", "colour", "string", False, '"red"'),
    ),
}


def record(model: str, **changed: str) -> str:
    """The model's good record as JSON text, with the raw text of the values at these positions (`_0`, `_1`) changed."""
    return "{" + ",".join(f"{f.name}:{changed.get(f'_{i}', f.good)}" for i, f in enumerate(FIELDS[model])) + "}"


def shorten_value(text: str) -> str:
    """A text fit for a test's name."""
    text = text if len(text) <= 40 else f"{text[:12]}…{len(text)}"
    return text.encode("ascii", "backslashreplace").decode()


def csv_row(model: str, **changed: str) -> str:
    """A CSV of the model's good record, with the raw text of the cells at these positions changed."""
    fields = FIELDS[model]
    cells = ",".join(changed.get(f"_{index}", field.good) for index, field in enumerate(fields))
    return ",".join(field.header for field in fields) + "\n" + cells + "\n"
