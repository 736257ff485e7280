"""The schema of a CSV body: a regular expression for its header line and its rows."""

from function.model.cells import quote_cell
from function.model.contract import BOOLEAN, NUMBER, TEXTS, Feature
from function.model.manifest import Manifest
from function.web.openapi.schema_parts import Schema

# The cells that function.model.cells.parse_cell accepts; at most 38 digits, so that a 32-bit float can hold them.
_NUMBER_PATTERN = "[+-]?([0-9]{1,38}([.][0-9]*)?|[.][0-9]+|[0-9]{1,28}([.][0-9]*)?[eE][+-]?[0-9])"
_CELL_PATTERNS = {
    NUMBER: f"[ \\t]*{_NUMBER_PATTERN}[ \\t]*",
    BOOLEAN: "[ \\t]*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])[ \\t]*",
}
_TEXT_PATTERN = '([^,"\\r\\n][^,\\r\\n]*|"([^"]|"")+")'


def make_csv_schema(manifest: Manifest) -> Schema:
    """Return the schema of a CSV in its simplest form.

    The API also accepts columns in another order, additional columns, and quoted cells.
    """
    row = ",".join(map(_make_cell_pattern, manifest.contract.features))
    header = _escape(format_header(manifest))
    return {"type": "string", "pattern": f"^\ufeff?{header}([\\r\\n]+{row})*[\\r\\n]*$"}


def _make_cell_pattern(feature: Feature) -> str:
    null_words = "|".join(_escape(cell) for cell in sorted(feature.null_cells) if cell)
    if feature.type not in TEXTS:
        return (
            f"({_CELL_PATTERNS[feature.type]}|[ \\t]*({null_words})?[ \\t]*)"
            if feature.nullable
            else f"({_CELL_PATTERNS[feature.type]})"
        )
    no_null = f'(?!"?({null_words})"?([,\\r\\n]|$))' if null_words and not feature.nullable else ""
    optional = "?" if feature.nullable or "" not in feature.null_cells else ""
    return f"({no_null}{_TEXT_PATTERN}){optional}"


def _escape(text: str) -> str:
    """Escape a text for a regular expression of JSON Schema."""
    return "".join("\\" + sign if sign in r"\^$.|?*+()[]{}/" else sign for sign in text)


def format_header(manifest: Manifest) -> str:
    """Return the names of the features as a CSV line, without its line end."""
    return ",".join(map(quote_cell, manifest.contract.names))
