"""JSON Schemas of which the others are made: references, arrays and objects."""

from typing import Any

type Schema = dict[str, Any]

TEXT_SCHEMA: Schema = {"type": "string"}


def refer_to_schema(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def make_array(items: Schema) -> Schema:
    """Return the schema of an array whose every item matches `items`."""
    return {"type": "array", "items": items}


def make_tuple(items: list[Schema]) -> Schema:
    """Return the schema of an array with exactly these items, in this order."""
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items), "maxItems": len(items)}


def make_object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    """Return the schema of an object with these properties and no others; all are required but the optional ones."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
