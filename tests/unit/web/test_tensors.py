"""What tensors say of themselves is held to: shapes, nesting, datatypes, content types. Touches nothing."""

import base64
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.model.contract import BOOLEAN, NUMBER, STRING, Feature
from function.model.runtime import Model
from function.web.protocols.tensor_datatypes import DATATYPES, find_decoder, list_datatypes
from tests.unit.small_models import classifier, regressor
from tests.unit.web.test_protocols import ask, infer, outputs, problems

ONE = (Feature("x", NUMBER, False, 0, 10),)
NULLABLE = (Feature("x", NUMBER, True, 0, 10),)
TWO = (Feature("x", NUMBER, False, 0, 10), Feature("y", NUMBER, False, 0, 10))
TEXT = (Feature("x", NUMBER, False, 0, 10), Feature("word", STRING, True))
FLAG = (Feature("x", NUMBER, False, 0, 10), Feature("flag", BOOLEAN, False))


def tensor(data: object, shape: object, datatype: object = "FP64", name: object = "x", **others: object) -> Any:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data, **others}


def predict_tensors(model: Model, *tensors: Any) -> Any:
    return outputs(infer(model, {"inputs": list(tensors)}))["prediction"]["data"]


@pytest.mark.parametrize("name", ["x", "predict", ""])
@pytest.mark.parametrize(
    ("shape", "data", "expected"),
    [
        ([2], [0.5, 0.6], [0.5, 0.6]),
        ([2, 1], [0.5, 0.6], [0.5, 0.6]),
        ([2, 1], [[0.5], [0.6]], [0.5, 0.6]),
        ([1], [0.5], [0.5]),
        ([1, 1], [0.5], [0.5]),
        ([1, 1], [[0.5]], [0.5]),
        ([0], [], []),
        ([0, 1], [], []),
    ],
)
def test_tensor_of_one_feature_may_be_a_vector_or_a_column(
    name: str, shape: list[int], data: list[Any], expected: list[float]
) -> None:
    assert predict_tensors(regressor(ONE), tensor(data, shape, name=name)) == expected


@pytest.mark.parametrize(
    ("shape", "data", "expected"),
    [
        ([1, 2], [1, 2], [1.0]),
        ([1, 2], [[1, 2]], [1.0]),
        ([2, 2], [1, 2, 3, 4], [1.0, 3.0]),
        ([2, 2], [[1, 2], [3, 4]], [1.0, 3.0]),
        ([0, 2], [], []),
    ],
)
def test_matrix_has_a_row_for_each_record(shape: list[int], data: list[Any], expected: list[float]) -> None:
    assert predict_tensors(regressor(TWO), tensor(data, shape, name="matrix")) == expected


@pytest.mark.parametrize(
    ("shape", "data", "expected"),
    [
        ([1, 2], [0.5, 0.6], ("/inputs/0/shape", "shape_mismatch")),
        ([2, 1], [[0.5, 0.6]], ("/inputs/0/data", "row_length")),
        ([2, 1], [[0.5], 0.6], ("/inputs/0/data", "row_length")),
        ([2], [[0.5], [0.6]], ("/inputs/0/data/0", "wrong_type")),
        ([2, 1], [[[0.5]], [0.6]], ("/inputs/0/data/0/0", "wrong_type")),
        ([], [], ("/inputs/0/shape", "wrong_type")),
        ([], 0.5, ("/inputs/0/shape", "wrong_type")),
        ([1, 1, 1], [0.5], ("/inputs/0/shape", "wrong_type")),
        ([-1], [0.5], ("/inputs/0/shape", "wrong_type")),
        ([1.0], [0.5], ("/inputs/0/shape", "wrong_type")),
        (1, [0.5], ("/inputs/0/shape", "wrong_type")),
        (None, [0.5], ("/inputs/0/shape", "wrong_type")),
        ([10**30, 0], [], ("/inputs/0/shape", "shape_mismatch")),
        ([1, 0], [[]], ("/inputs/0/shape", "shape_mismatch")),
    ],
)
def test_data_that_are_not_of_the_shape_are_refused(shape: object, data: object, expected: tuple[str, str]) -> None:
    assert problems(infer(regressor(ONE), {"inputs": [tensor(data, shape)]}))[0] == expected


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    shape=st.lists(st.integers(0, 3), max_size=3),
    data=st.recursive(
        st.one_of(
            st.integers(-300, 300),
            st.integers(),
            st.sampled_from([65520, 10**308, 10**400, 1e39]),
            st.floats(allow_nan=False, allow_infinity=False),
            st.none(),
            st.text(),
        ),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=9,
    ),
    datatype=st.sampled_from(list_datatypes()),
    name=st.sampled_from(["x", "y", "other"]),
    count=st.integers(0, 3),
    features=st.sampled_from([ONE, NULLABLE, TWO, TEXT, FLAG]),
    content_type=st.sampled_from([None, "np", "str", "base64", "pd_json", "datetime"]),
)
def test_no_tensor_is_a_fault_of_ours(  # noqa: PLR0917
    shape: list[int],
    data: object,
    datatype: str,
    name: str,
    count: int,
    features: tuple[Feature, ...],
    content_type: str | None,
) -> None:
    sent = tensor(data, shape, datatype, name, parameters={"content_type": content_type})
    response = infer(regressor(features), {"inputs": [sent, {**sent, "name": "y"}, sent][:count]})
    assert response.status in (200, 422)
    if response.status == 200:
        assert outputs(response)["prediction"]["shape"] == shape[:1]


def numbers(low: int, high: int) -> tuple[list[float], list[float]]:
    return [low, high, 0, -0.0, 3.0], [low - 1, high + 1, 0.5, high + 0.5 if high < 2**50 else 1e300]


@pytest.mark.parametrize(
    ("datatype", "low", "high"),
    [
        ("UINT8", 0, 255),
        ("INT8", -128, 127),
        ("UINT16", 0, 65535),
        ("INT16", -32768, 32767),
        ("UINT32", 0, 2**32 - 1),
        ("INT32", -(2**31), 2**31 - 1),
        ("UINT64", 0, 2**64 - 1),
        ("INT64", -(2**63), 2**63 - 1),
    ],
)
def test_whole_numbers_are_whole_and_within_their_range(datatype: str, low: int, high: int) -> None:
    good, bad = numbers(low, high)
    model = regressor(ONE)
    assert predict_tensors(model, tensor(good, [len(good)], datatype)) == [float(number) for number in good]
    for number in bad:
        found = problems(infer(model, {"inputs": [tensor([1, number], [2], datatype)]}))
        assert found == [("/inputs/0/data/1", "datatype_mismatch")]


def test_floats_are_rounded_to_the_declared_precision() -> None:
    model = regressor(ONE)
    assert predict_tensors(model, tensor([0.1, 1], [2], "FP64")) == [0.1, 1.0]
    assert predict_tensors(model, tensor([0.1, 1, 16777217], [3], "FP32")) == [
        struct.unpack("f", b"\xcd\xcc\xcc\x3d")[0],
        1,
        2**24,
    ]
    assert predict_tensors(model, tensor([0.1, 2049, 65504], [3], "FP16")) == [0.0999755859375, 2048.0, 65504.0]
    assert predict_tensors(model, tensor([0.1, 257, -1.0], [3], "BF16")) == [0.10009765625, 256.0, -1.0]


@pytest.mark.parametrize(
    ("datatype", "number"),
    [("FP32", 3.5e38), ("FP16", 65520), ("FP16", -1e5), ("BF16", 3.4e38), ("FP16", 10**308), ("FP32", -(10**308))],
)
def test_float_past_the_declared_width_is_refused(datatype: str, number: float) -> None:
    found = problems(infer(regressor(ONE), {"inputs": [tensor([[1], [number]], [2, 1], datatype)]}))
    assert found == [("/inputs/0/data/1/0", "datatype_mismatch")]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_that_the_width_holds_stays_as_it_is(number: float) -> None:
    decode = find_decoder("FP32", None)
    assert decode is not None
    assert math.copysign(1, decode(number)) == math.copysign(1, number)  # type: ignore[arg-type]
    assert decode(number) == number


def test_null_may_stand_in_a_tensor_of_any_datatype() -> None:
    for datatype in DATATYPES[NUMBER]:
        assert predict_tensors(regressor(NULLABLE), tensor([None, 2], [2], datatype)) == [0.0, 2.0]


@pytest.mark.parametrize("flag", ["true", 1, 0, 1.0, "", [True], None])
def test_boolean_tensor_takes_booleans_alone(flag: object) -> None:
    model = regressor(FLAG)
    size = tensor([1], [1])
    assert predict_tensors(model, size, tensor([True], [1], "BOOL", "flag")) == [1.0]
    found = problems(infer(model, {"inputs": [size, tensor([flag], [1], "BOOL", "flag")]}))
    assert found[0][0] == "/inputs/1/data/0"


def test_texts_are_decoded_as_their_content_type_says() -> None:
    model = classifier(
        ["no", "yes"], (Feature("x", NUMBER, False, 0, 10), Feature("word", STRING, True, categories=("é",)))
    )
    sent = {
        None: ["é", None],
        "str": ["é", None],
        "np": ["é", None],
        "base64": [base64.b64encode("é".encode()).decode(), None],
        "pd_json": ['"\\u00e9"', "null"],
    }
    for content_type, words in sent.items():
        for parameters in ({"content_type": content_type}, {"content_type": content_type, "headers": None}):
            word = tensor(words, [2], "BYTES", "word", parameters=parameters)
            # A text that training never saw would be warned of.
            assert outputs(infer(model, {"inputs": [tensor([1, 1], [2]), word]}))["warnings"]["data"] == ["", ""]


@pytest.mark.parametrize(
    ("content_type", "word"),
    [
        ("base64", "é"),
        ("base64", "not base64"),
        ("base64", "YWI"),
        ("base64", "YW Jj"),
        ("base64", base64.b64encode(b"\xff").decode()),
        ("pd_json", "é"),
        ("pd_json", "NaN"),
        ("pd_json", '"\\ud800"'),
    ],
)
def test_text_that_is_not_what_its_content_type_says_is_refused(content_type: str, word: str) -> None:
    sent = tensor([word], [1, 1], "BYTES", "word", parameters={"content_type": content_type})
    found = problems(infer(regressor(TEXT), {"inputs": [tensor([None], [1]), sent]}))
    assert found == [("/inputs/1/data/0", "datatype_mismatch"), ("/inputs/0/data/0", "null")]


@pytest.mark.parametrize(
    ("datatype", "parameters", "place"),
    [
        ("FP64", {"content_type": "str"}, "content_type"),
        ("FP64", {"content_type": "base64"}, "content_type"),
        ("FP64", {"content_type": ["np"]}, "content_type"),
        ("FP64", {"content_type": "datetime"}, "content_type"),
        ("FP64", {"binary_data_size": 8}, "binary_data_size"),
        ("FP64", {"shared_memory_region": "a", "shared_memory_byte_size": 8}, "shared_memory_region"),
    ],
)
def test_what_is_declared_and_not_done_is_refused_by_name(datatype: str, parameters: Any, place: str) -> None:
    model = regressor(ONE)
    sent = tensor([1], [1], datatype, parameters=parameters)
    assert problems(infer(model, {"inputs": [sent]}))[0] == (f"/inputs/0/parameters/{place}", "unsupported")
    del sent["data"]
    assert (f"/inputs/0/parameters/{place}", "unsupported") in problems(infer(model, {"inputs": [sent]}))


def test_content_type_of_the_whole_request_is_known_or_refused() -> None:
    model, sent = regressor(ONE), [tensor([1], [1])]
    for known in ("pd", "np", None):
        assert infer(model, {"inputs": sent, "parameters": {"content_type": known}}).status == 200
    others: list[object] = ["base64", "datetime", 5, []]
    for unknown in others:
        found = problems(infer(model, {"inputs": sent, "parameters": {"content_type": unknown}}))
        assert found == [("/parameters/content_type", "unsupported")]


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/json"])
def test_raw_tensors_are_refused_by_name(content_type: str) -> None:
    headers = {"inference-header-content-length": "2"} if content_type == "application/json" else {}
    response = infer(regressor(ONE), b"{}\0\0\0\0", content_type=content_type, **headers)
    assert response.status == 415
    assert "binary tensor extension" in json.loads(response.body)["detail"]


def test_what_clients_leave_out_may_be_null() -> None:
    sent = {
        "id": None,
        "model_name": "small",
        "model_version": None,
        "parameters": None,
        "inputs": [tensor([1], [1], parameters=None)],
        "outputs": None,
    }
    answer = json.loads(infer(regressor(ONE), sent).body)
    assert "id" not in answer
    assert answer["outputs"][0]["data"] == [1.0]


def test_request_for_another_model_than_the_path_names_is_refused() -> None:
    sent = {"inputs": [tensor([1], [1])], "model_name": "other", "model_version": "1"}
    assert problems(infer(regressor(ONE), sent)) == [("/model_name", "other_model"), ("/model_version", "other_model")]


def test_classes_are_ranked_as_triton_ranks_them(iris: Model) -> None:
    records = [example.record for example in iris.manifest.examples]
    sent = [
        tensor([record[name] for record in records], [len(records)], "FP64", name)
        for name in iris.manifest.contract.names
    ]
    plain = outputs(infer(iris, {"inputs": sent}))["probabilities"]
    keys = json.loads(plain["parameters"]["classes"])
    for count in (1, 2, 3, 9):
        wanted = [
            {
                "name": "probabilities",
                "parameters": {"classification": float(count) if count == 2 else count, "binary_data": False},
            }
        ]
        ranked = outputs(infer(iris, {"inputs": sent, "outputs": wanted}))["probabilities"]
        assert (ranked["datatype"], ranked["shape"]) == ("BYTES", [len(records), min(count, 3)])
        rows = [ranked["data"][start : start + min(count, 3)] for start in range(0, len(ranked["data"]), min(count, 3))]
        for place, row in enumerate(rows):
            values = plain["data"][place * 3 : place * 3 + 3]
            told = [text.split(":") for text in row]
            assert [float(value) for value, _, _ in told] == sorted(values, reverse=True)[:count]
            assert all(values[int(index)] == float(value) and keys[int(index)] == key for value, index, key in told)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"name": "prediction", "parameters": {"classification": 1}}, ("parameters/classification", "unsupported")),
        ({"name": "probabilities", "parameters": {"classification": 0}}, ("parameters/classification", "wrong_type")),
        ({"name": "probabilities", "parameters": {"classification": "2"}}, ("parameters/classification", "wrong_type")),
        (
            {"name": "probabilities", "parameters": {"classification": True}},
            ("parameters/classification", "wrong_type"),
        ),
        (
            {"name": "prediction", "parameters": {"shared_memory_region": "a"}},
            ("parameters/shared_memory_region", "unsupported"),
        ),
        ({"name": "prediction", "parameters": {"content_type": "base64"}}, ("parameters/content_type", "unsupported")),
        ({"name": "prediction", "parameters": 5}, ("parameters", "wrong_type")),
        ({"name": "prediction", "more": 5}, ("more", "unknown_field")),
    ],
)
def test_output_that_is_not_written_is_refused_by_name(output: Any, expected: tuple[str, str], iris: Model) -> None:
    place, code = expected
    sent = [tensor([1.0], [1], "FP64", name) for name in iris.manifest.contract.names]
    assert problems(infer(iris, {"inputs": sent, "outputs": [output]})) == [(f"/outputs/0/{place}", code)]


def test_invocations_take_one_feature_in_every_form() -> None:
    model = regressor(ONE)
    for body in (
        [0.5, [0.6]],
        {"inputs": [0.5, 0.6]},
        {"inputs": [[0.5], [0.6]]},
        {"inputs": {"x": [0.5, 0.6]}},
        {"instances": [0.5, {"x": 0.6}]},
        {"dataframe_split": {"columns": ["x"], "data": [[0.5], [0.6]]}},
        {"dataframe_split": {"columns": ["x"], "data": [0.5, 0.6]}},
    ):
        assert json.loads(ask(model, "/invocations", body).body)["predictions"] == [0.5, 0.6], body
