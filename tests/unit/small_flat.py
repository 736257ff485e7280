"""Flat artifacts written by hand, byte by byte as flat_format says, without the project's own writer."""

import json
import random
import struct
from typing import Any

from function.model.contract import NUMBER, Feature
from function.model.manifest import FLAT, Artifact, Manifest
from function.model.runtime import NotPredictable, wrap_bytes
from function.runtimes import flat
from tests.unit import small_models

type Arrays = dict[str, tuple[str, list[Any]]]
type Tree = list[tuple[int, int, float, int]]
"""Nodes in pre-order: skip (0 at a leaf), feature, threshold (at a leaf its number), and whether null goes left."""

CLASSES = ["a", "b", "c"]


def pack(header: dict[str, Any], arrays: Arrays) -> bytes:
    """A flat file."""
    sizes = {name: struct.calcsize(f"<{len(values)}{code}") for name, (code, values) in arrays.items()}
    begin = 2_064
    places: dict[str, list[Any]] = {}
    at = begin
    for name, (code, values) in arrays.items():
        places[name] = [code, at, len(values)]
        at += sizes[name] + -sizes[name] % 8
    text = json.dumps(header | {"arrays": places}).encode().ljust(begin - 12)
    assert len(text) == begin - 12
    body = b"".join(
        struct.pack(f"<{len(values)}{code}", *values) + b"\0" * (-sizes[name] % 8)
        for name, (code, values) in arrays.items()
    )
    return b"MLFLAT1\n" + len(text).to_bytes(4, "little") + text + body


def header(**changed: Any) -> dict[str, Any]:
    """The header of a forest for regression on two features; `changed` keys replace its own."""
    return {
        "kind": "trees",
        "features": 2,
        "outputs": 1,
        "classes": 0,
        "means": None,
        "scales": None,
        "float32": True,
        "nulls": True,
        "start": [0.0],
        "link": "mean",
        "at_zero": 0,
        "vector": False,
    } | changed


def random_tree(generator: random.Random, depth: int, features: int, leaf: Any) -> Tree:
    """A tree; `leaf()` makes the number of a leaf."""
    if depth == 0 or generator.random() < 0.2:
        return [(0, 0, leaf(), 0)]
    left = random_tree(generator, depth - 1, features, leaf)
    right = random_tree(generator, depth - 1, features, leaf)
    threshold = generator.choice([0.1, 0.5, 2.0, -1.0, 1 / 3, generator.gauss(0, 2)])
    return [(len(left) + 1, generator.randrange(features), threshold, generator.randrange(2)), *left, *right]


def arrays_of(trees: list[Tree], leaves: list[float] | None = None) -> Arrays:
    """The arrays of these trees."""
    nodes = [node for tree in trees for node in tree]
    roots = [sum(map(len, trees[:number])) for number in range(len(trees))]
    skips, features, thresholds, null_left = map(list, zip(*nodes, strict=True))
    arrays: Arrays = {
        "roots": ("I", roots),
        "skips": ("I", skips),
        "features": ("H", features),
        "thresholds": ("d", thresholds),
        "null_left": ("B", null_left),
    }
    return arrays if leaves is None else arrays | {"leaves": ("d", leaves)}


def forest(seed: int = 0, trees: int = 5, depth: int = 6, **changed: Any) -> bytes:
    """A random forest's file."""
    generator = random.Random(seed)
    made = header(**changed)
    grown = [random_tree(generator, depth, made["features"], lambda: generator.gauss(0, 9)) for _ in range(trees)]
    return pack(made, arrays_of(grown))


def runtime(data: bytes, features: int = 2, *, classes: int = 0, **limits: int) -> flat.FlatRuntime:
    """Load a runtime from these bytes, of a classifier if there are classes. Raises BundleError."""
    named = [Feature(f"x{place}", NUMBER, nullable=True) for place in range(features)]
    of_classes = small_models.classifier_document(CLASSES[:classes], named) if classes else None
    document = of_classes or small_models.document(named)
    manifest: Manifest = small_models.manifest(document)
    artifact = Artifact("model.flat", "0" * 64, len(data), FLAT, "array")
    return flat.load(wrap_bytes(data), manifest, artifact, **limits)


def is_refused(runtime: flat.FlatRuntime, row: list[float | None]) -> bool:
    """Whether the runtime refuses the row."""
    try:
        runtime.predict([[value] for value in row])
    except NotPredictable:
        return True
    return False
