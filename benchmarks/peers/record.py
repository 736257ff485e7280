"""The pydantic model of a bundle's record, like one written by hand."""

import json
import os
from typing import Any

from pydantic import create_model

with open(os.path.join(os.environ["MODEL_PATH"], "manifest.json"), encoding="utf-8") as file:
    manifest: dict[str, Any] = json.load(file)

_TYPES = {"number": float, "boolean": bool, "string": str}
_FIELDS: dict[str, Any] = {
    feature["name"]: (_TYPES[feature["type"]] | None if feature["nullable"] else _TYPES[feature["type"]], ...)
    for feature in manifest["features"]
}
Record = create_model("Record", **_FIELDS)
