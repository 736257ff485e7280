"""Writes an estimator as the ONNX artifact that `function.runtimes.onnx` runs.

Trees and linear models, bare or behind scalers, encoders and imputers, are written here, in float64; anything else is
skl2onnx's, in float64 where it has that. Nothing is taken on trust: training.parity.gate compares what comes out.
"""

from collections.abc import Sequence
from typing import Any

import numpy
from onnx import ModelProto, TensorProto, helper
from sklearn.pipeline import Pipeline

from function.model.contract import TEXTS, Feature
from function.runtimes.onnx import name_null_input
from training.estimators.extraction import extract_parts
from training.estimators.input_forms import ARRAY
from training.estimators.parts import Linear, NotExported
from training.exports.call_budget import CallBudgetExceeded, run_within_budget
from training.exports.onnx_columns import add_columns
from training.exports.onnx_graph import Graph, add_linear, add_outputs, add_trees

_OPSETS = {"": 20, "ai.onnx.ml": 5}
_IR_VERSION = 10
# Of skl2onnx, which takes 8 s for 1.5 million: a stack of 800 trees. It walks the graph of a QuantileTransformer along
# every path, which takes minutes.
_MOST_CALLS = 1_500_000
_TYPES = {"value": TensorProto.DOUBLE, "place": TensorProto.INT64, "probabilities": TensorProto.DOUBLE}


def encode_onnx(estimator: Any, features: Sequence[Feature], form: str) -> bytes:
    """The artifact; `form` says whether it takes one matrix (array) or named columns (frame).

    Raises NotExported, and whatever skl2onnx raises.
    """
    if form == ARRAY and any(feature.type in TEXTS for feature in features):
        raise NotExported("texts in a matrix have no type that ONNX knows")
    try:
        model = _write_model(estimator, features, form)
    except NotExported as reason:
        if "nodes" in str(reason) or "classes" in str(reason):
            raise
        from training.exports.onnx_conversion import convert_estimator

        try:
            model = run_within_budget(lambda: convert_estimator(estimator, features, form), _MOST_CALLS)
        except CallBudgetExceeded as error:
            raise NotExported(f"skl2onnx takes too long to convert it ({error})") from None
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _write_model(estimator: Any, features: Sequence[Feature], form: str) -> ModelProto:
    before, last = _split_steps(estimator)
    parts = extract_parts(last)
    graph = Graph()
    inputs = _declare_inputs(features, form)
    x = _add_matrix(graph, before, features, form)
    raw = add_linear(graph, x, parts) if isinstance(parts, Linear) else add_trees(graph, x, parts)
    classes = len(last.classes_) if hasattr(last, "classes_") else 0
    at_zero = 0 if isinstance(parts, Linear) else parts.at_zero
    outputs = add_outputs(graph, raw, parts.link, at_zero, classes)
    outputs |= {f"refused_{number}": name for number, name in enumerate(graph.refusals)}
    return _build_model(graph, inputs, outputs)


def _split_steps(estimator: Any) -> tuple[list[Any], Any]:
    """The transformers before the last step, and that step; pipelines within pipelines are unfolded."""
    if not isinstance(estimator, Pipeline):
        return [], estimator
    steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
    before, last = _split_steps(steps[-1])
    return [*steps[:-1], *before], last


def _declare_inputs(features: Sequence[Feature], form: str) -> list[Any]:
    if form == ARRAY:
        return [helper.make_tensor_value_info("X", TensorProto.DOUBLE, [None, len(features)])]
    kinds = {f.name: TensorProto.STRING if f.type in TEXTS else TensorProto.DOUBLE for f in features}
    nulls = {name_null_input(f.name): TensorProto.BOOL for f in features if f.type in TEXTS and f.nullable}
    if nulls.keys() & kinds:
        raise NotExported("a feature has the name of another one's input for nulls")
    return [helper.make_tensor_value_info(name, kind, [None, 1]) for name, kind in (kinds | nulls).items()]


def _add_matrix(graph: Graph, before: Sequence[Any], features: Sequence[Feature], form: str) -> str:
    """What the last step is given."""
    chain = Pipeline([(str(number), step) for number, step in enumerate(before)] or [("none", None)])
    if form != ARRAY:
        return add_columns(graph, chain, [feature.name for feature in features], features)
    if not before:
        return "X"
    columns = [
        graph.add("Slice", "X", *(graph.add_constant([at], numpy.int64) for at in (place, place + 1, 1)))
        for place in range(len(features))
    ]
    return add_columns(graph, chain, columns, features)


def _build_model(graph: Graph, inputs: list[Any], outputs: dict[str, str]) -> ModelProto:
    named = [helper.make_node("Identity", [name], [output]) for output, name in outputs.items()]
    infos = [helper.make_tensor_value_info(output, _TYPES.get(output, TensorProto.BOOL), None) for output in outputs]
    made = helper.make_graph([*graph.nodes, *named], "model", inputs, infos, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
    return helper.make_model(made, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="ml-model-deployer")
