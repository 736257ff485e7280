"""Damaged flat files whose digest is right: refused, or answered within the file, in no other way. Touches nothing."""

import json
import math
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
import pytest

from function.errors import BundleError
from function.model.runtime import NotPredictable
from function.runtimes import flat
from tests.unit.small_flat import arrays_of, forest, header, pack, random_tree, runtime

ROWS: tuple[tuple[float | None, float | None], ...] = ((0.3, 0.2), (1e30, -1e30), (None, 0.0), (-2.0, 1.0))
STUMP = [(2, 0, 1.0, 1), (0, 0, 10.0, 0), (0, 0, 20.0, 0)]


def grown(outputs: int, trees: int, leaf: Callable[[random.Random], float], **changed: Any) -> bytes:
    generator = random.Random(outputs)
    made = header(outputs=outputs, start=[0.25] * outputs, **changed)
    rows = [generator.random() for _ in range(outputs * 40)] if made["vector"] else None
    arrays = arrays_of([random_tree(generator, 4, 2, lambda: leaf(generator)) for _ in range(trees)], rows)
    if not made["nulls"]:
        del arrays["null_left"]
    return pack(made, arrays)


def number(generator: random.Random) -> float:
    return generator.gauss(0, 9)


def row_of_leaves(generator: random.Random) -> float:
    return float(generator.randrange(40))


def linear(outputs: int, **changed: Any) -> bytes:
    made = header(kind="linear", outputs=outputs, start=[0.5] * outputs, float32=False, nulls=False, **changed)
    return pack(made, {"coefficients": ("d", [0.1 * place - 0.3 for place in range(2 * outputs)])})


SCALES: dict[str, Any] = {"means": [0.3, -0.1], "scales": [1.7, 3.3]}
# By name, with how many classes there are: each form that training writes.
KINDS: dict[str, tuple[int, bytes]] = {
    "forest": (0, forest(trees=3, depth=4)),
    "without nulls": (0, grown(1, 3, number, nulls=False)),
    "scaled": (0, grown(1, 3, number, **SCALES)),
    "float64, exp": (0, grown(1, 3, number, float32=False, link="exp")),
    "vector leaves": (3, grown(3, 3, row_of_leaves, vector=True, classes=3)),
    "boosted, two classes": (2, grown(1, 3, number, link="sigmoid", classes=2, at_zero=1)),
    "boosted, three classes": (3, grown(3, 6, number, link="softmax", classes=3)),
    "linear": (0, linear(1, link="identity")),
    "linear, scaled": (0, linear(1, link="identity", **SCALES)),
    "linear, three classes": (3, linear(3, link="softmax", classes=3)),
}


UNREADABLE = "artifact_unreadable"
# The number of nodes up to which all are checked at load.
FEW_NODES = {"small": flat.FEW_NODES, "large": 0}


def end_call(call: Callable[[], Any]) -> Any:
    """What is returned; the code of a BundleError, and None where the values are refused."""
    try:
        return call()
    except NotPredictable:
        return None
    except BundleError as error:
        return error.code


def outcome(data: bytes, classes: int, size: str = "small") -> str:
    """What became of the file: refused at load, at a walk, or answered, by records and tables alike."""
    made = end_call(lambda: runtime(data, classes=classes, few_nodes=FEW_NODES[size]))
    if isinstance(made, str):
        assert made == UNREADABLE
        return "refused"
    left = False
    for rows in ([ROWS[0]], [ROWS[1]], [ROWS[2]], list(ROWS)):
        records = end_call(partial(made.predict, [list(column) for column in zip(*rows, strict=True)]))
        table = end_call(partial(made.predict_arrays, list(numpy.array(rows, dtype=float).T)))
        left = left or UNREADABLE in (records, table)
        if classes == 0 and UNREADABLE not in (records, table):
            assert (records is None) == (table is None)
            assert records is None or list(map(repr, records.values)) == list(map(repr, table.values.tolist()))
    return "left its bounds" if left else "answered"


def flip_bit(whole: bytes, place: int) -> bytes:
    changed = bytearray(whole)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest) -> str:
    """Whether nodes are checked when they are loaded, or before the first table."""
    return str(request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_file_is_answered(kind: str, size: str) -> None:
    classes, whole = KINDS[kind]
    assert outcome(whole, classes, size) == "answered"


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_file_is_refused(kind: str) -> None:
    classes, whole = KINDS[kind]
    for length in [*range(0, len(whole), 7), len(whole) - 1]:
        assert outcome(whole[:length], classes) == "refused"
    assert outcome(whole + b"\0" * 8, classes) == "refused"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bit_is_refused_or_answered(kind: str, size: str) -> None:
    classes, whole = KINDS[kind]
    begin = 12 + int.from_bytes(whole[8:12], "little")
    text_end = len(whole[:begin].rstrip())
    places = [*range(text_end * 8), *range(begin * 8, len(whole) * 8)]
    found = {outcome(flip_bit(whole, place), classes, size) for place in random.Random(7).sample(places, 500)}
    assert found <= ({"refused", "answered"} if size == "small" else {"refused", "answered", "left its bounds"})
    assert {"refused", "answered"} <= found


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_are_overwritten_are_refused_or_answered(kind: str, size: str) -> None:
    classes, whole = KINDS[kind]
    generator = random.Random(11)
    begin = 12 + int.from_bytes(whole[8:12], "little")
    for _ in range(150):
        changed = bytearray(whole)
        for _ in range(generator.randrange(1, 5)):
            at = generator.randrange(begin, len(whole) - 8)
            changed[at : at + 8] = generator.choice([b"\0" * 8, b"\xff" * 8, generator.randbytes(8), b"\1" + bytes(7)])
        outcome(bytes(changed), classes, size)


@pytest.mark.parametrize("skip", [1, 2, 2**32 - 1])
def test_skips_lead_forward_and_end(skip: int, size: str) -> None:
    data = pack(header(), arrays_of([[(skip, 0, 0.5, 0)] * 50]))
    assert outcome(data, 0, size) == ("refused" if size == "small" else "left its bounds")


def test_nodes_of_a_large_model_are_looked_at_before_its_first_table() -> None:
    # Left of the threshold is well; right of it, the walk would go to the next tree.
    made = runtime(pack(header(), arrays_of([[(3, 0, 1.0, 1), (0, 0, 10.0, 0), (0, 0, 20.0, 0)], STUMP])), few_nodes=0)
    assert made.predict([[0.0], [0.0]]).values == [10.0]
    with pytest.raises(BundleError):
        made.check()
    with pytest.raises(BundleError):
        made.predict_arrays([numpy.zeros(1), numpy.zeros(1)])
    with pytest.raises(BundleError):
        made.predict([[0.0] * 30_000, [0.0] * 30_000])


@pytest.mark.parametrize("leaf", [-1.0, 0.5, 2.0, 1e300, math.inf, -math.inf, math.nan])
def test_leaf_of_no_row_is_refused_and_never_counted_from_the_end(leaf: float, size: str) -> None:
    made = header(vector=True, outputs=3, classes=3, start=[0.0] * 3)
    data = pack(made, arrays_of([[(0, 0, leaf, 0)]], [0.1, 0.2, 0.7, 0.7, 0.2, 0.1]))
    assert outcome(data, 3, size) == ("refused" if size == "small" else "left its bounds")
    if size == "large" and leaf != 0.5:  # which would be rounded down, to a row of leaves
        with pytest.raises(BundleError):
            runtime(data, classes=3, few_nodes=FEW_NODES[size]).predict([[1.0], [1.0]])


@pytest.mark.parametrize("leaf", [math.inf, -math.inf, math.nan])
def test_leaf_that_is_no_number_is_refused(leaf: float) -> None:
    assert outcome(pack(header(), arrays_of([[(0, 0, leaf, 0)]])), 0) == "refused"
    made = header(vector=True, outputs=3, classes=3, start=[0.0] * 3)
    assert outcome(pack(made, arrays_of([[(0, 0, 0.0, 0)]], [0.1, leaf, 0.7])), 3) == "refused"


@pytest.mark.parametrize(
    "nodes",
    [
        [(1, 0, 0.5, 0), (0, 0, 1.0, 0)],  # the left child is the right one
        [(2, 2, 0.5, 0), (0, 0, 1.0, 0), (0, 0, 2.0, 0)],  # a feature that there is not
        [(2, 0, 0.5, 2), (0, 0, 1.0, 0), (0, 0, 2.0, 0)],  # null goes neither left nor right
        [(3, 0, 0.5, 0), (0, 0, 1.0, 0), (0, 0, 2.0, 0), (0, 0, 3.0, 0)],  # a node that no way leads to
        [(4, 0, 0.5, 0), (2, 0, 0.1, 0), (0, 0, 1.0, 0), (0, 0, 2.0, 0)],  # the right child is behind the end
        [(0, 0, 1.0, 0), (0, 0, 2.0, 0)],  # two trees, of which one has a root
    ],
)
def test_nodes_that_are_no_tree_are_refused(nodes: list[tuple[int, int, float, int]]) -> None:
    assert outcome(pack(header(), arrays_of([nodes])), 0) == "refused"


@pytest.mark.parametrize("roots", [[0, 0], [3, 0], [1, 3], [0, 6], [0, 2**32 - 1], [], [0], [0, 3, 5]])
def test_roots_that_are_not_those_of_the_trees_are_refused(roots: list[int]) -> None:
    arrays = arrays_of([STUMP, STUMP])
    assert outcome(pack(header(), arrays | {"roots": ("I", roots)}), 0) == "refused"


ODD: list[Any] = [
    10**30,
    -(10**30),
    2**63,
    1e400,
    -1,
    0,
    True,
    False,
    None,
    "2",
    2.0,
    0.5,
    [],
    {},
    [None],
    math.nan,
    math.inf,
]


@pytest.mark.parametrize("kind", KINDS)
def test_header_with_another_value_is_refused(kind: str) -> None:
    classes, whole = KINDS[kind]
    end = 12 + int.from_bytes(whole[8:12], "little")
    document = json.loads(whole[12:end])
    edits: list[tuple[str, Any]] = [(key, value) for key in document for value in ODD if value != document[key]]
    for key in ("start", "means", "scales"):
        odd = [math.nan, math.inf, -math.inf, 1e400, 10**400, "1", None, True, 0, [0.0]]
        edits += [(key, [*(document[key] or [0.5])[1:], value]) for value in odd]
    edits += [("scales", [1.0] * 1), ("scales", [1.0, 0.0]), ("scales", [1.0, -0.0]), ("means", [0.0] * 3)]
    edits += [("outputs", document["outputs"] + 1), ("classes", document["classes"] + 1), ("features", 1)]
    edits += [("kind", "pickle"), ("link", "eval"), ("at_zero", 2), ("unknown", 1), ("float32", 1), ("start", [])]
    for key, value in edits:
        text = json.dumps(document | {key: value})
        if len(text) > end - 12:
            continue
        changed = whole[:12] + text.encode().ljust(end - 12) + whole[end:]
        if key in ("float32", "at_zero") and type(value) is type(document[key]) and value in (0, 1):
            assert outcome(changed, classes) == "answered"  # another model, and a whole one
        else:
            assert outcome(changed, classes) == "refused", (key, value)
    for key in document:
        text = json.dumps({name: value for name, value in document.items() if name != key})
        assert outcome(whole[:12] + text.encode().ljust(end - 12) + whole[end:], classes) == "refused"


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", "[" * 1_500, '{"arrays": {}}', "\xff", "1" * 1_900])
def test_header_that_is_none_is_refused(text: str) -> None:
    whole = KINDS["forest"][1]
    end = 12 + int.from_bytes(whole[8:12], "little")
    assert outcome(whole[:12] + text.encode("latin-1").ljust(end - 12) + whole[end:], 0) == "refused"


@pytest.mark.parametrize(
    "place",
    [
        *(["d", 0, 2**60], ["d", -8, 1], ["d", 2_064, -1], ["x", 2_064, 1], ["d", 2_065, 1], []),
        *(["d", 2_096, 3.0], ["d", 2_096.0, 3], ["d", 2_096, True], ["I", 2_096, 3], ["d", 2_096, 2], ["d"]),
    ],
)
def test_array_outside_of_its_place_is_refused(place: list[Any]) -> None:
    data = pack(header(), arrays_of([STUMP]))
    length = int.from_bytes(data[8:12], "little")
    document = json.loads(data[12 : 12 + length])
    assert document["arrays"]["thresholds"] == ["d", 2_096, 3]
    document["arrays"]["thresholds"] = place
    changed = data[:12] + json.dumps(document).encode().ljust(length) + data[12 + length :]
    assert outcome(changed, 0) == "refused"


@pytest.mark.parametrize("name", ["means", "scales"])
def test_half_of_a_scaling_is_refused(name: str) -> None:
    assert outcome(pack(header(**{name: [1.0, 1.0]}), arrays_of([STUMP])), 0) == "refused"
