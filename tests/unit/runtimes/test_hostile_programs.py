"""Flat programs that are meant to do harm, with every operation: refused or answered, soon. Touches nothing."""

import ast
import inspect
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

import numpy
import pytest

from function.errors import ARTIFACT_UNREADABLE, BundleError
from function.model.contract import BOOLEAN, NUMBER, TEXT, Feature
from function.model.manifest import FLAT, Artifact
from function.model.runtime import NotPredictable, wrap_bytes
from function.runtimes.flat import operations
from function.runtimes.flat import runtime as flat
from tests.unit import small_models
from tests.unit.small_flat import Arrays, write_program
from tests.unit.step_cases import BEFORE, CASES, MADE, MAKE_PACKED, TERMS, WORD, Case

FEATURES = (Feature("x", NUMBER, nullable=True), Feature("y", NUMBER, nullable=True), Feature("t", TEXT, nullable=True))
ROWS: list[tuple[float | None, float | None, str | None]] = [
    (0.3, 0.2, "a"),
    (0.0, -0.0, "b"),
    (None, 1.0, None),
    (-2.0, None, ""),
    (-0.5, 2.0**32, "a"),
    (7.0, -0.5, "b"),
    (1e308, -1e308, "é" * 9),
    (5e-324, 3e38, "a" * 200),
    (math.inf, -math.inf, "c"),
    (None, None, "b"),
]


def describe(case: Case) -> dict[str, Any]:
    """The step, with its arrays in it."""
    return {"op": case.op, "inputs": list(case.inputs), "arrays": dict(case.arrays), **case.options}


def write(step: dict[str, Any], column: int = 0) -> bytes:
    """The file of a regression whose answer is a column of what the step makes, or the hash of that text."""
    is_packed = step.get("op") in MAKE_PACKED
    made = MADE + is_packed
    unpacked = [{"op": "unpack", "inputs": [MADE], "by_null": False}] * is_packed
    place = {"op": "take", "inputs": [made], "arrays": {"places": ("H", [column])}}
    last = {"op": "hash" if step.get("inputs") == [WORD] and not is_packed else "number", "inputs": [made + 1]}
    return write_steps(deepcopy([*BEFORE, step, *unpacked, place, last]), made + 2, len(FEATURES))


def write_steps(steps: list[dict[str, Any]], value: int, inputs: int) -> bytes:
    """The file of steps which hold their arrays."""
    arrays: list[tuple[str, list[Any]]] = []
    for each in steps:
        if isinstance(each.get("arrays"), dict):
            named = each["arrays"]
            each["arrays"] = {name: len(arrays) + place for place, name in enumerate(named)}
            arrays += named.values()
    return write_program(steps, {"prediction": value}, arrays, inputs=inputs)


def load(data: bytes, features: Sequence[Feature] = FEATURES, **limits: int) -> flat.FlatRuntime:
    """Load a file of a regression. Raises BundleError."""
    manifest = small_models.manifest(small_models.document(list(features)))
    return flat.load(wrap_bytes(data), manifest, Artifact("model.flat", "0" * 64, len(data), FLAT, "array"), **limits)


REFUSED = "refused"


def answer(call: Callable[[], Any]) -> Any:
    """The values' bits; "refused" where the file or the record is refused."""
    try:
        # The only value of each record, or the only column of a table.
        return [repr(float(value)) for part in call() for value in part]
    except NotPredictable:
        return REFUSED
    except BundleError as error:
        return REFUSED if error.code == ARTIFACT_UNREADABLE else error.code


def list_columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The columns of rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def make_arrays(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Arrays as files give them."""
    *numbers, texts = list_columns(rows)
    return [*(numpy.array(column, dtype=float) for column in numbers), numpy.array(texts, dtype=object)]


def judge(data: bytes) -> str:
    """What became of the file: refused at load, or answered: by records and by tables alike, where it was checked."""
    begun = time.process_time()
    for few_entries in (0, flat.FEW_ENTRIES):
        try:
            by_record = load(data, few_entries=few_entries, many_values=2**62)
        except BundleError as error:
            return REFUSED if error.code == ARTIFACT_UNREADABLE else error.code
        # A file whose entries nobody looked at may answer wrongly, in no other way.
        one_by_one = [answer(partial(by_record.predict, list_columns([row]))) for row in ROWS]
    by_table = load(data, many_values=-1)
    assert [answer(partial(by_table.predict, list_columns([row]))) for row in ROWS] == one_by_one
    assert [answer(partial(by_record.predict_arrays, make_arrays([row]))) for row in ROWS] == one_by_one
    right = [row for row, found in zip(ROWS, one_by_one, strict=True) if found != REFUSED]
    expected = [value for found in one_by_one if found != REFUSED for value in found]
    assert answer(partial(by_record.predict, list_columns(right) or [[]])) == expected
    assert answer(partial(by_record.predict_arrays, make_arrays(right or ROWS))) == (expected or REFUSED)
    assert time.process_time() - begun < 1
    return "answered"


NUMBERS_OF: dict[str, list[Any]] = {
    "B": [0, 1, 2, 3, 255],
    "H": [0, 1, 2, 3, 2**16 - 1],
    "I": [0, 1, 2, 3, 7, 2**31, 2**32 - 1],
    "Q": [0, 1, 2**63, 2**64 - 1],
    "d": [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 5e-324, 1e-30, 1e39, 1e308, -1e308, math.inf, -math.inf, math.nan],
}
ODD: list[Any] = [
    *(10**30, -(10**30), 2**20, 2**31, 0, 1, 2, 3, -1, True, False, None, "", "2", "exp", "l1", "linear", "periodic"),
    *(0.0, -0.0, 0.5, 1.0, -1.0, 1e308, 5e-324, math.nan, math.inf),
    *([], {}, [None], [0.5], [[0.5]], [0.5, 0.5], [0.5, math.nan], ["a"], ["a", "b"], [None, None], {"a": 1}),
    *([10**30], [[[[]]]], [0.5] * 99),
]


def mutate(generator: random.Random, step: dict[str, Any]) -> None:
    """Change one thing of the step."""
    arrays: Arrays = step.get("arrays") or {}
    kind = (
        generator.choice(["array"] * 6 + ["option"] * 3 + ["inputs", "key"])
        if arrays
        else generator.choice(["option", "option", "inputs", "key"])
    )
    options = [name for name in step if name not in ("op", "inputs", "arrays")]
    if kind == "array":
        mutate_array(generator, arrays)
    elif kind == "option" and options:
        step[generator.choice(options)] = generator.choice(ODD)
    elif kind == "key":
        del step[generator.choice(list(step))]
    else:
        step["inputs"] = [generator.randrange(-1, MADE + 3) for _ in range(generator.randrange(4))]


def mutate_array(generator: random.Random, arrays: Arrays) -> None:
    """Change an array: a number of it, its length, its type, its name."""
    name = generator.choice(list(arrays))
    code, values = arrays[name][0], list(arrays[name][1])
    match generator.randrange(9):
        case 0:
            values = values[: generator.randrange(len(values) + 1)]
        case 1:
            values += [generator.choice(NUMBERS_OF[code])] * generator.choice([1, 2, 40])
        case 2:
            other = generator.choice(list(arrays))
            arrays[other], (code, values) = (code, values), arrays[other]
        case 3:
            code = generator.choice("BHIQd")
            values = [generator.choice(NUMBERS_OF[code]) for _ in values]
        case 4:
            generator.shuffle(values)
        case _ if values:
            for _ in range(generator.choice([1, 1, 2, 5])):
                values[generator.randrange(len(values))] = generator.choice(NUMBERS_OF[code])
    arrays[name] = (code, values)


def list_operations() -> set[str]:
    """All names of operations: the texts that `create_operation` matches."""
    tree = ast.parse(inspect.getsource(operations))
    return {
        str(node.value.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant)
    }


def list_ids() -> Iterator[str]:
    """A name for each case."""
    for place, case in enumerate(CASES):
        yield f"{case.op}-{place}"


def test_each_operation_has_a_case() -> None:
    assert {case.op for case in CASES} == list_operations()


@pytest.mark.parametrize("case", CASES, ids=list_ids())
def test_right_step_is_answered_alike_by_records_and_tables(case: Case) -> None:
    assert judge(write(describe(case))) == "answered"


@pytest.mark.parametrize("case", CASES, ids=list_ids())
def test_changed_step_is_refused_or_answered(case: Case) -> None:
    generator = random.Random(case.op)
    for _ in range(40):
        step = deepcopy(describe(case))
        for _ in range(generator.choice([1, 1, 2, 3])):
            mutate(generator, step)
        assert judge(write(step, generator.choice([0, 0, 0, 1, 2]))) in (REFUSED, "answered")


# --- what a short file must not do ---


def run(data: bytes, features: Sequence[Feature], values: Sequence[Any]) -> Any:
    """The answer to one record."""
    return answer(lambda: load(data, features).predict([[value] for value in values]))


def test_texts_are_not_added() -> None:
    steps = [{"op": "sum", "inputs": [block, block]} for block in range(30)]
    assert run(write_steps(steps, 30, 1), [Feature("t", TEXT)], ["a" * 100]) == REFUSED


def test_booleans_do_not_grow_to_whole_numbers_of_any_size() -> None:
    square = {"left": ("H", [0]), "right": ("H", [0])}
    steps: list[dict[str, Any]] = [{"op": "sum", "inputs": [0, 0]}]
    steps += [{"op": "products", "inputs": [block], "arrays": square} for block in range(1, 26)]
    assert run(write_steps(deepcopy(steps), 26, 1), [Feature("b", BOOLEAN)], [True]) == REFUSED
    assert run(write_steps(deepcopy(steps), 26, 1), [Feature("b", NUMBER)], [1.0]) == ["inf"]


@pytest.mark.parametrize("feature", [Feature("t", TEXT), Feature("b", BOOLEAN), Feature("n", NUMBER, nullable=True)])
def test_answer_is_a_number(feature: Feature) -> None:
    data = write_steps([{"op": "join", "inputs": [0]}], 1, 1)
    assert run(data, [feature], ["1.5"]) == REFUSED
    assert run(data, [Feature("n", NUMBER)], [1.5]) == ["1.5"]


@pytest.mark.parametrize(("feature", "value"), [(FEATURES[0], "a"), (FEATURES[2], 0.5), (Feature("b", BOOLEAN), "a")])
def test_null_is_not_replaced_by_a_value_of_another_kind(feature: Feature, value: float | str) -> None:
    steps = [{"op": "fill", "inputs": [0], "values": [value]}, {"op": "is_null", "inputs": [1]}]
    assert run(write_steps(steps, 2, 1), [feature], [None]) == REFUSED


def test_array_is_read_by_one_step() -> None:
    for shared, found in (([0, 0], REFUSED), ([0, 1], ["3.0"])):
        steps = [{"op": "add", "inputs": [b], "arrays": {"numbers": place}} for b, place in enumerate(shared)]
        data = write_program(steps, {"prediction": 2}, [("d", [1.0]), ("d", [1.0])], inputs=1)
        assert run(data, [Feature("n", NUMBER)], [1.0]) == found


def test_step_counts_the_columns_that_it_takes() -> None:
    doubled = [{"op": "join", "inputs": [block, block]} for block in range(12)]
    flags = [{"op": "is_null", "inputs": [12]}] * 60
    data = write_steps([*doubled, *flags, {"op": "argmax", "inputs": [13]}], 12 + 61, 1)
    assert run(data, [Feature("n", NUMBER)], [1.0]) == REFUSED


def test_packed_block_is_not_made_to_columns_without_end() -> None:
    hashed = {"op": "hashed_terms", "inputs": [0], **TERMS, "count": 2**31 - 1, "signs": False}
    answer_of_one = {"op": "take", "inputs": [2], "arrays": {"places": ("H", [0])}}
    for last in ({"op": "unpack", "inputs": [1], "by_null": False}, {"op": "fill", "inputs": [1], "values": []}):
        data = write_steps(deepcopy([hashed, last, answer_of_one]), 3, 1)
        assert run(data, [Feature("t", TEXT)], ["a b"]) == REFUSED


def test_packed_block_is_no_answer() -> None:
    hashed = {"op": "hashed_terms", "inputs": [0], **TERMS, "count": 1, "signs": False}
    assert run(write_steps(deepcopy([hashed]), 1, 1), [Feature("t", TEXT)], ["a b"]) == REFUSED


@pytest.mark.parametrize("length", [0, 2**31, 2**32 - 1])
def test_header_of_another_length_is_refused(length: int) -> None:
    data = write_steps([{"op": "join", "inputs": [0]}], 1, 1)
    assert run(data[:8] + length.to_bytes(4, "little") + data[12:], [Feature("n", NUMBER)], [1.0]) == REFUSED


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "[" + "9" * 5_000 + "]"])
def test_header_of_many_levels_or_digits_is_refused(text: str) -> None:
    data = b"MLFLAT3\n" + len(text).to_bytes(4, "little") + text.encode()
    assert run(data, [Feature("n", NUMBER)], [1.0]) == REFUSED


def test_table_without_rows_has_an_empty_answer() -> None:
    for case in CASES:
        made = load(write(describe(case)))
        (answers,) = made.predict_arrays([column[:0] for column in make_arrays(ROWS)])
        assert answers.shape == (0,), case


@pytest.mark.parametrize("case", [case for case in CASES if WORD in case.inputs], ids=lambda case: case.op)
def test_long_texts_are_not_remembered(case: Case) -> None:
    made = load(write(describe(case)))
    begun = time.process_time()
    assert len(answer(partial(made.predict, [[0.0] * 3, [0.0] * 3, ["a" * 1_000_000, "b" * 1_000_000, "\udcff"]]))) > 0
    assert time.process_time() - begun < 5
    operations = made._program._operations
    remembered = [value for each in operations for value in getattr(each, "remembered", {}) if isinstance(value, str)]
    assert all(len(value) < 1_000 for value in remembered)


@pytest.mark.parametrize("case", CASES, ids=list_ids())
def test_threads_answer_alike(case: Case) -> None:
    made = load(write(describe(case)))
    rows = [row for row in ROWS if answer(partial(made.predict, list_columns([row]))) != REFUSED] * 5
    expected = answer(partial(made.predict, list_columns(rows)))
    shared = load(write(describe(case)))
    found: list[Any] = []

    def predict() -> None:
        for _ in range(3):
            found.append(answer(partial(shared.predict_arrays, make_arrays(rows))))
            found.append(answer(partial(shared.predict, list_columns(rows))))

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 24
    assert all(each == expected for each in found)
