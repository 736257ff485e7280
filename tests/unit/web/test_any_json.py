"""Whatever JSON comes to whatever route, the fault is never ours. Touches nothing."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.model.contract import BOOLEAN, NUMBER, STRING, Feature
from tests.unit.small_models import classifier, regressor
from tests.unit.web.test_protocols import ask

X = Feature("x", NUMBER, False, 0, 10)
MODELS = {
    "one": regressor((X,)),
    "numbered": regressor((Feature("0", NUMBER), Feature("1", NUMBER, True))),
    "mixed": classifier(
        ["no", "yes"], (Feature("x", NUMBER, False, 0, 1), Feature("b", BOOLEAN, True), Feature("s", STRING, True))
    ),
}
# What stands in bodies that mean something, so that chance puts some of it at its place.
WORDS = (
    *(
        "x",
        "b",
        "s",
        "0",
        "1",
        "a/b",
        "",
        "inputs",
        "outputs",
        "instances",
        "dataframe_split",
        "dataframe_records",
        "columns",
    ),
    *(
        "data",
        "index",
        "params",
        "name",
        "shape",
        "datatype",
        "parameters",
        "FP64",
        "INT8",
        "BYTES",
        "BOOL",
        "prediction",
    ),
    *("probabilities", "classification", "content_type", "base64", "id", "model_name", "small", "é", "\\ud800"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([1e308, -0.0, 0.5, 10**400, 2**63]),
    st.sampled_from(WORDS),
)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)),
    max_leaves=12,
)
TENSOR = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", "b", "s", "0", "1"]),
        "shape": st.one_of(st.lists(st.integers(0, 2), max_size=3), ANY),
        "datatype": st.one_of(st.sampled_from(["FP64", "FP16", "INT8", "BOOL", "BYTES"]), ANY),
        "data": ANY,
    },
    optional={"parameters": ANY, "id": ANY},
)
BODIES = st.one_of(
    ANY,
    st.fixed_dictionaries(
        {"inputs": st.one_of(ANY, st.lists(TENSOR, max_size=3))},
        optional={"id": ANY, "outputs": ANY, "parameters": ANY},
    ),
    st.fixed_dictionaries(
        {"dataframe_split": st.fixed_dictionaries({"columns": ANY, "data": ANY}, optional={"index": ANY})}
    ),
    st.fixed_dictionaries({"dataframe_records": st.lists(ANY, max_size=2)}),
    st.fixed_dictionaries({"instances": st.lists(ANY, max_size=2)}),
    st.fixed_dictionaries({"inputs": st.dictionaries(st.sampled_from(["x", "b", "s", "0", "1", "y"]), ANY)}),
)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(
    body=BODIES,
    model=st.sampled_from(list(MODELS)),
    path=st.sampled_from(["/predict", "/invocations", "/v2/models/small/infer"]),
    accept=st.sampled_from(["application/json", "text/csv"]),
)
def test_no_json_is_a_fault_of_ours(body: Any, model: str, path: str, accept: str) -> None:
    assert ask(MODELS[model], path, body, accept=accept).status in (200, 400, 422)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(
        st.lists(st.sampled_from(["0", "1", "x", "b", "s", "true", "", "NA", "5", '"', "é", "1e999"]), max_size=4),
        max_size=4,
    ),
    model=st.sampled_from(list(MODELS)),
    path=st.sampled_from(["/predict", "/invocations"]),
    header=st.sampled_from(["", "; header=present", "; header=absent"]),
)
def test_no_csv_is_a_fault_of_ours(lines: list[list[str]], model: str, path: str, header: str) -> None:
    body = "\n".join(",".join(line) for line in lines).encode()
    assert ask(MODELS[model], path, body, content_type=f"text/csv{header}").status in (200, 400, 415, 422)
