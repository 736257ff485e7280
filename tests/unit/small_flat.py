"""Flat artifacts written by hand, byte by byte as flat/file.py says, without the project's own writer."""

import json
import random
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from function.model.contract import NUMBER, Feature
from function.model.manifest import FLAT, Artifact, Manifest
from function.model.runtime import NotPredictable, wrap_bytes
from function.runtimes.flat import runtime as flat
from function.runtimes.flat.city_hash import compute_city_hash
from tests.unit import small_models

type Arrays = dict[str, tuple[str, list[Any]]]
type Steps = list[dict[str, Any]]
type Tree = list[tuple[int, int, float, int]]
"""Nodes in pre-order: skip (0 at a leaf), feature, threshold (at a leaf its number), and whether null goes left."""

CLASSES = ["a", "b", "c"]
BEGIN = 4_096
"""Where the arrays of `write_program` begin."""


def write_program(
    steps: Steps,
    outputs: Mapping[str, Any],
    arrays: Sequence[tuple[str, list[Any]]],
    inputs: int = 2,
    classes: int = 0,
) -> bytes:
    """Write a flat file. The steps name arrays by their place; `outputs` names the blocks of the only target."""
    places: list[list[Any]] = []
    body, at = b"", BEGIN
    for code, values in arrays:
        data = struct.pack(f"<{len(values)}{code}", *values)
        places.append([code, at, len(values)])
        body += data + b"\0" * (-len(data) % 8)
        at = BEGIN + len(body)
    target = {"classes": classes, "scores": None, **outputs}
    document = {"inputs": inputs, "steps": steps, "targets": [target], "arrays": places}
    text = json.dumps(document).encode().ljust(BEGIN - 12)
    assert len(text) == BEGIN - 12
    return b"MLFLAT3\n" + len(text).to_bytes(4, "little") + text + body


class _Writer:
    """Steps and their arrays, one after another; `last` is the block that the last step makes."""

    def __init__(self) -> None:
        self.steps: Steps = []
        self.arrays: list[tuple[str, list[Any]]] = []

    @property
    def last(self) -> int:
        return len(self.steps)

    def add(self, op: str, arrays: Arrays | None = None, inputs: Sequence[int] | None = None, **options: Any) -> int:
        named = {}
        for name, array in (arrays or {}).items():
            named[name] = len(self.arrays)
            self.arrays.append(array)
        taken = [self.last] if inputs is None else list(inputs)
        self.steps.append({"op": op, "inputs": taken, "arrays": named, **options})
        return self.last


def pack(header: dict[str, Any], arrays: Arrays) -> bytes:
    """Write the program of a tree model or a linear one that the header describes; see `header`."""
    made = _Writer()
    width, outputs, start = header["features"], header["outputs"], header["start"]
    made.add("number")
    if not header["nulls"]:
        made.add("refuse", nan=True, infinity=False)
    if header["means"] is not None:
        made.add("subtract", {"numbers": ("d", header["means"])})
        made.add("divide", {"numbers": ("d", header["scales"])})
    if header["means"] is not None and (header["float32"] or header["kind"] == "linear"):
        made.add("refuse", nan=False, infinity=True)
    if header["float32"]:
        made.add("round")
    if header["kind"] == "linear":
        rows = [arrays["coefficients"][1][output * width : (output + 1) * width] for output in range(outputs)]
        numbers = [number for column in zip(*rows, strict=True) for number in column]
        raw = made.add("matrix", {"numbers": ("d", numbers), "start": ("d", start)})
    else:
        options = {"outputs": outputs, "start": start, "vector": header["vector"], "single": False}
        raw = made.add("trees", arrays, **options)
        if header["link"] == "mean":
            raw = made.add("divide", {"numbers": ("d", [float(len(arrays["roots"][1]))] * outputs)})
    return write_program(made.steps, _add_link(made, header, raw), made.arrays, width, header["classes"])


def _add_link(made: _Writer, header: dict[str, Any], raw: int) -> dict[str, int | None]:
    """Add the steps from the sums to the answer."""
    link = header["link"]
    if not header["classes"]:
        return {"prediction": made.add("apply", function="exp") if link == "exp" else raw}
    if header["outputs"] == 1:
        label = made.add("sign", inputs=[raw], above=0.0, equal=bool(header["at_zero"]))
        doubled = made.add("multiply", {"numbers": ("d", [2.0])}, [raw]) if link == "sigmoid2" else raw
        return {"prediction": label, "scores": None if link == "label" else made.add("sigmoid", inputs=[doubled])}
    label = made.add("argmax", inputs=[raw])
    shares = {"label": None, "mean": raw}
    return {"prediction": label, "scores": shares[link] if link in shares else made.add("softmax", inputs=[raw])}


def header(**changed: Any) -> dict[str, Any]:
    """Describe a forest for regression on two features; `changed` keys replace its own.

    `means` and `scales`: what is subtracted and divided by. `float32`: whether inputs are rounded. `nulls`: whether NaN
    is taken. `start`: what each output begins with. `link`: identity, mean, exp; sigmoid, sigmoid2 (of the double),
    softmax, label. `at_zero`: the class of a row whose only output is 0. `vector`: leaves hold all outputs.
    """
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


def oblivious(generator: random.Random, depths: Sequence[int], outputs: int = 1) -> bytes:
    """The file of oblivious trees of these depths on two features, of a regression or of so many classes."""
    borders = [sorted(generator.gauss(0, 1) for _ in range(3)) for _ in range(2)]
    levels = [6 if level >= depth else generator.randrange(6) for level in range(max(depths)) for depth in depths]
    ends = [sum(outputs << depth for depth in depths[: tree + 1]) for tree in range(len(depths))]
    arrays: Arrays = {
        "bounds": ("I", [0, 3, 6]),
        "borders": ("d", [*borders[0], *borders[1]]),
        "levels": ("H", levels),
        "ends": ("I", ends),
        "leaves": ("d", [generator.gauss(0, 1) for _ in range(ends[-1])]),
    }
    made = _Writer()
    made.add("number")
    raw = made.add("oblivious", arrays, outputs=outputs, depth=max(depths))
    answer = _add_link(made, header(outputs=outputs, classes=outputs if outputs > 1 else 0, link="softmax"), raw)
    return write_program(made.steps, answer, made.arrays, classes=outputs if outputs > 1 else 0)


def counts(generator: random.Random) -> bytes:
    """The file of a sum of numbers by categories, which are 0 and 1: whether each of two features is null."""
    made = _Writer()
    made.add("hash", inputs=[made.add("is_null")])
    hashes = [compute_city_hash(text) % 2**32 for text in (b"0", b"1")]
    keys = [sorted(generator.randrange(2**64) for _ in range(3)), sorted({combine([h]) for h in hashes})]
    arrays: Arrays = {
        "places": ("I", [0, 1, 1]),
        "place_ends": ("I", [2, 3]),
        "keys": ("Q", [*keys[0], *keys[1]]),
        "key_ends": ("I", [3, 5]),
        "widths": ("H", [1, 2]),
        "numbers": ("d", [generator.gauss(0, 1) for _ in range(4 + 6)]),
    }
    made.add("ctr", arrays)
    value = made.add("matrix", {"numbers": ("d", [1.0, 10.0, 100.0]), "start": ("d", [0.5])})
    return write_program(made.steps, {"prediction": value}, made.arrays)


def combine(hashes: Sequence[int]) -> int:
    """The key of hashes together, as catboost/libs/model/hash.h makes it."""
    key, factor = 0, 0x4906BA494954CB65
    for number in hashes:
        signed = number - 2**32 if number >= 2**31 else number
        key = factor * (key + factor * signed) % 2**64
    return key


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
        "flags": ("B", null_left),
    }
    return arrays if leaves is None else arrays | {"leaves": ("d", leaves)}


def forest(seed: int = 0, trees: int = 5, depth: int = 6, **changed: Any) -> bytes:
    """A random forest's file."""
    generator = random.Random(seed)
    made = header(**changed)
    grown = [random_tree(generator, depth, made["features"], lambda: generator.gauss(0, 9)) for _ in range(trees)]
    return pack(made, arrays_of(grown))


def runtime(
    data: bytes, features: int = 2, *, classes: int = 0, has_probabilities: bool = True, **limits: int
) -> flat.FlatRuntime:
    """Load a runtime from these bytes, of a classifier if there are classes. Raises BundleError."""
    named = [Feature(f"x{place}", NUMBER, nullable=True) for place in range(features)]
    labels = CLASSES[:classes]
    of_classes = small_models.classifier_document(labels, named, has_probabilities=has_probabilities) if labels else {}
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
