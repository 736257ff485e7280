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
from function.runtimes.flat import runtime as flat
from tests.unit.small_flat import (
    BEGIN,
    arrays_of,
    counts,
    forest,
    header,
    oblivious,
    pack,
    random_tree,
    runtime,
    write_program,
)

ROWS: tuple[tuple[float | None, float | None], ...] = ((0.3, 0.2), (1e30, -1e30), (None, 0.0), (-2.0, 1.0))
STUMP = [(2, 0, 1.0, 1), (0, 0, 10.0, 0), (0, 0, 20.0, 0)]


def grown(outputs: int, trees: int, leaf: Callable[[random.Random], float], **changed: Any) -> bytes:
    generator = random.Random(outputs)
    made = header(outputs=outputs, start=[0.25] * outputs, **changed)
    rows = [generator.random() for _ in range(outputs * 40)] if made["vector"] else None
    arrays = arrays_of([random_tree(generator, 4, 2, lambda: leaf(generator)) for _ in range(trees)], rows)
    if not made["nulls"]:
        del arrays["flags"]
    return pack(made, arrays)


def number(generator: random.Random) -> float:
    return generator.gauss(0, 9)


def row_of_leaves(generator: random.Random) -> float:
    return float(generator.randrange(40))


def linear(outputs: int, **changed: Any) -> bytes:
    made = header(kind="linear", outputs=outputs, start=[0.5] * outputs, float32=False, nulls=False, **changed)
    return pack(made, {"coefficients": ("d", [0.1 * place - 0.3 for place in range(2 * outputs)])})


def linear_leaves() -> bytes:
    """Trees whose leaves hold linear functions, after zeros were replaced by NaN."""
    generator = random.Random(3)
    trees = [random_tree(generator, 3, 2, iter(map(float, range(9 * tree, 99))).__next__) for tree in range(2)]
    leaves = 18
    arrays = arrays_of(trees) | {
        "constants": ("d", [number(generator) for _ in range(leaves)]),
        "ends": ("I", [2 * (leaf + 1) for leaf in range(leaves)]),
        "places": ("H", [0, 1] * leaves),
        "coefficients": ("d", [number(generator) for _ in range(2 * leaves)]),
        "values": ("d", [number(generator) for _ in range(leaves)]),
    }
    named = {name: place for place, name in enumerate(arrays)}
    steps: list[dict[str, Any]] = [
        {"op": "number", "inputs": [0]},
        {"op": "replace_zeros", "inputs": [1], "size": 1e-35, "by_null": True},
        {"op": "linear_trees", "inputs": [2], "arrays": named, "outputs": 1, "start": [0.0], "terms": 2}
        | {"vector": False, "single": False},
        {"op": "logistic", "inputs": [3], "scale": 0.7},
    ]
    return write_program(steps, {"prediction": 4}, list(arrays.values()))


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
    "linear leaves": (0, linear_leaves()),
    "linear": (0, linear(1, link="identity")),
    "linear, scaled": (0, linear(1, link="identity", **SCALES)),
    "oblivious": (0, oblivious(random.Random(1), [2, 0, 3, 1])),
    "oblivious, deep": (0, oblivious(random.Random(1), [9])),
    "oblivious, three classes": (3, oblivious(random.Random(1), [2, 3], outputs=3)),
    "counts": (0, counts(random.Random(1))),
    "linear, three classes": (3, linear(3, link="softmax", classes=3)),
}


UNREADABLE = "artifact_unreadable"
# The number of entries up to which all are checked at load.
FEW_ENTRIES = {"small": flat.FEW_ENTRIES, "large": 0}


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
    made = end_call(lambda: runtime(data, classes=classes, few_entries=FEW_ENTRIES[size]))
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
            assert records is None or [list(map(repr, row)) for row in records] == [
                [repr(value)] for value in table[0].tolist()
            ]
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
    made = runtime(
        pack(header(), arrays_of([[(3, 0, 1.0, 1), (0, 0, 10.0, 0), (0, 0, 20.0, 0)], STUMP])), few_entries=0
    )
    assert made.predict([[0.0], [0.0]]) == [[10.0]]
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
            runtime(data, classes=3, few_entries=FEW_ENTRIES[size]).predict([[1.0], [1.0]])


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


def read_header(whole: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(whole[12 : 12 + int.from_bytes(whole[8:12], "little")])
    return document


def write_header(whole: bytes, document: Any) -> bytes:
    length = int.from_bytes(whole[8:12], "little")
    text = json.dumps(document).encode()
    assert len(text) <= length
    return whole[:12] + text.ljust(length) + whole[12 + length :]


@pytest.mark.parametrize("kind", KINDS)
def test_header_with_another_value_is_refused(kind: str) -> None:
    classes, whole = KINDS[kind]
    document = read_header(whole)
    for key, right in document.items():
        for value in [value for value in ODD if value != right or type(value) is not type(right)]:
            assert outcome(write_header(whole, document | {key: value}), classes) == "refused", (key, value)
        fewer = {name: value for name, value in document.items() if name != key}
        assert outcome(write_header(whole, fewer), classes) == "refused"
    assert outcome(write_header(whole, document | {"unknown": 1}), classes) == "refused"


@pytest.mark.parametrize("kind", KINDS)
def test_target_with_another_value_is_refused(kind: str) -> None:
    classes, whole = KINDS[kind]
    document = read_header(whole)
    (right,) = document["targets"]
    wrong: list[Any] = [right | {key: value} for key in right for value in [*ODD, 99, "1", [1]]]
    wrong = [target for target in wrong if list(map(repr, target.values())) != list(map(repr, right.values()))]
    wrong += [{name: value for name, value in right.items() if name != key} for key in right]
    wrong += [right | {"unknown": 1}, list(right.values()), *ODD]
    for targets in [[], right, [right, right], [right] * 9, *([target] for target in wrong)]:
        assert outcome(write_header(whole, document | {"targets": targets}), classes) == "refused", targets


@pytest.mark.parametrize("kind", KINDS)
def test_step_with_another_value_is_refused_or_another_program(kind: str) -> None:
    classes, whole = KINDS[kind]
    document = read_header(whole)
    for number, step in enumerate(document["steps"]):
        for key, right in step.items():
            for value in ODD:
                steps = [*document["steps"][:number], step | {key: value}, *document["steps"][number + 1 :]]
                found = outcome(write_header(whole, document | {"steps": steps}), classes)
                same = value == right and type(value) is type(right)
                could_be = (type(right) in (bool, float) and type(value) is type(right)) or same
                could_be = could_be or (key == "arrays" and value == {} and not right)
                assert found == "refused" or could_be, (step["op"], key, value)
            fewer = {name: value for name, value in step.items() if name != key}
            steps = [*document["steps"][:number], fewer, *document["steps"][number + 1 :]]
            found = outcome(write_header(whole, document | {"steps": steps}), classes)
            assert found == "refused" or (key == "arrays" and not right), (step["op"], key)


@pytest.mark.parametrize(
    "step",
    [
        {"op": "eval", "inputs": [0]},
        {"op": "number", "inputs": []},
        {"op": "number", "inputs": [1]},
        {"op": "number", "inputs": [-1]},
        {"op": "number", "inputs": [0, 0]},
        {"op": "join", "inputs": [2**70]},
        {"op": "fill", "inputs": [0], "values": [1.0]},
        {"op": "fill", "inputs": [0], "values": [1.0, []]},
        {"op": "take", "inputs": [0], "arrays": {"places": 99}},
        {"op": "take", "inputs": [0], "arrays": {"places": -1}},
        {"op": "take", "inputs": [0], "arrays": {"places": 0}},
    ],
)
def test_step_that_is_none_is_refused(step: dict[str, Any]) -> None:
    arrays: list[tuple[str, list[Any]]] = [("I", [5, 7]), ("I", [1, 0])]
    answers = [{"op": "is_null", "inputs": [0]}, {"op": "argmax", "inputs": [1]}]
    right = {"op": "take", "inputs": [0], "arrays": {"places": 1}}
    for first, found in ((right, "answered"), (step, "refused")):
        steps = [first, *({**each, "inputs": [place]} for place, each in enumerate(answers, 1))]
        assert outcome(write_program(steps, {"prediction": 3}, arrays), 0) == found


def test_program_that_doubles_its_width_with_each_step_is_refused() -> None:
    steps = [{"op": "join", "inputs": [block, block]} for block in range(40)]
    assert outcome(write_program([*steps, {"op": "argmax", "inputs": [40]}], {"prediction": 41}, []), 0) == "refused"


@pytest.mark.parametrize("block", [0, 1, 3, -1, True, 2.0, "2", None])
def test_answer_of_a_block_that_is_not_there_is_refused(block: Any) -> None:
    steps = [{"op": "is_null", "inputs": [0]}, {"op": "argmax", "inputs": [1]}]
    assert outcome(write_program(steps, {"prediction": 2}, []), 0) == "answered"
    assert outcome(write_program(steps, {"prediction": block}, []), 0) == "refused"


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", "[" * 1_500, '{"arrays": {}}', "\xff", "1" * 1_900])
def test_header_that_is_none_is_refused(text: str) -> None:
    whole = KINDS["forest"][1]
    end = 12 + int.from_bytes(whole[8:12], "little")
    assert outcome(whole[:12] + text.encode("latin-1").ljust(end - 12) + whole[end:], 0) == "refused"


@pytest.mark.parametrize(
    "place",
    [
        *(["d", 0, 2**60], ["d", -8, 1], ["d", BEGIN, -1], ["x", BEGIN, 1], ["d", BEGIN + 1, 1], []),
        *(["d", BEGIN + 32, 3.0], ["d", BEGIN + 32.0, 3], ["d", BEGIN + 32, True], ["I", BEGIN + 32, 3]),
        *(["d", BEGIN + 32, 2], ["d"], None, 7),
    ],
)
def test_array_outside_of_its_place_is_refused(place: Any) -> None:
    data = pack(header(), arrays_of([STUMP]))
    document = read_header(data)
    (thresholds,) = [step["arrays"]["thresholds"] for step in document["steps"] if step["op"] == "trees"]
    assert document["arrays"][thresholds] == ["d", BEGIN + 32, 3]
    document["arrays"][thresholds] = place
    assert outcome(write_header(data, document), 0) == "refused"


@pytest.mark.parametrize("numbers", [[1.0], [1.0, 0.0], [1.0, -0.0], [1.0, math.nan], [1.0, math.inf], [1.0] * 3])
def test_scale_that_is_none_is_refused(numbers: list[float]) -> None:
    assert outcome(pack(header(means=[0.0, 0.0], scales=numbers), arrays_of([STUMP])), 0) == "refused"


DAMAGED: dict[str, tuple[str, list[Any]]] = {
    "borders of a column that are not sorted": ("borders", [2.0, 1.0, 3.0, 0.0, 1.0, 2.0]),
    "a border that is no number": ("borders", [1.0, 2.0, math.inf, 0.0, 1.0, 2.0]),
    "bounds that go back": ("bounds", [0, 7, 6]),
    "bounds that begin behind": ("bounds", [1, 3, 6]),
    "a border that is not there": ("levels", [7, 1]),
    "a leaf that no answer leads to": ("levels", [0, 6]),
    "a tree without leaves": ("ends", [0, 4]),
    "a leaf that is no number": ("leaves", [1.0, 2.0, 3.0, math.nan]),
    "leaves that are missing": ("leaves", [1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_oblivious_trees_that_are_none_are_refused(damage: str) -> None:
    whole = oblivious(random.Random(1), [2])
    document = read_header(whole)
    (step,) = [step for step in document["steps"] if step["op"] == "oblivious"]
    arrays: list[tuple[str, list[Any]]] = [
        ("I", [0, 3, 6]),
        ("d", [1.0, 2.0, 3.0, 0.0, 1.0, 2.0]),
        ("H", [0, 1]),
        ("I", [4]),
        ("d", [1.0, 2.0, 3.0, 4.0]),
    ]
    assert list(step["arrays"].values()) == list(range(5))
    assert outcome(write_program(document["steps"], {"prediction": 2}, arrays), 0) == "answered"
    name, values = DAMAGED[damage]
    place = step["arrays"][name]
    changed = [*arrays[:place], (arrays[place][0], values), *arrays[place + 1 :]]
    assert outcome(write_program(document["steps"], {"prediction": 2}, changed), 0) == "refused"
