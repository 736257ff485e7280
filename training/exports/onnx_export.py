"""Encode an estimator as the ONNX artifact that function.runtimes.onnx runs.

Trees and linear models, bare or after scalers, encoders and imputers, are written here, in float64. skl2onnx converts
the others, in float64 where it can. training.parity.gate compares each result with scikit-learn's predictions.
"""

from collections.abc import Sequence
from typing import Any

import numpy
from onnx import ModelProto, TensorProto, helper
from sklearn.pipeline import Pipeline

from function.model.contract import TEXTS, Feature
from function.runtimes.onnx import name_null_input
from training.estimators.input_forms import ARRAY
from training.exports.call_budget import CallBudgetExceeded, run_within_budget
from training.exports.extraction import extract_parts
from training.exports.onnx_columns import add_columns
from training.exports.onnx_graph import Graph, TooLarge, add_linear, add_outputs, add_trees
from training.exports.parts import Linear, NotExported

_OPSETS = {"": 20, "ai.onnx.ml": 5}
_IR_VERSION = 10
# The budget of skl2onnx. It makes 1.5 million calls in 8 s, for a stack of 800 trees. For a QuantileTransformer it
# follows every path of a graph, which would take minutes.
_MOST_CALLS = 1_500_000
_TYPES = {"value": TensorProto.DOUBLE, "place": TensorProto.INT64, "probabilities": TensorProto.DOUBLE}


def encode_onnx(estimator: Any, features: Sequence[Feature], input_form: str) -> bytes:
    """Encode the estimator, with one matrix (ARRAY) or named columns (FRAME) as its input.

    Raises NotExported, and any exception of skl2onnx.
    """
    if input_form == ARRAY and any(feature.type in TEXTS for feature in features):
        raise NotExported("ONNX has no matrix of texts and numbers")
    try:
        model = _write_model(estimator, features, input_form)
    except TooLarge:
        raise
    except NotExported:
        from training.exports.onnx_conversion import convert_estimator

        try:
            model = run_within_budget(lambda: convert_estimator(estimator, features, input_form), _MOST_CALLS)
        except CallBudgetExceeded as error:
            raise NotExported(f"skl2onnx takes too long to convert it ({error})") from None
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _write_model(estimator: Any, features: Sequence[Feature], input_form: str) -> ModelProto:
    transformers, last = _split_steps(estimator)
    parts = extract_parts(last)
    graph = Graph()
    inputs = _declare_inputs(features, input_form)
    x = _add_matrix(graph, transformers, features, input_form)
    raw = add_linear(graph, x, parts) if isinstance(parts, Linear) else add_trees(graph, x, parts)
    classes = len(last.classes_) if hasattr(last, "classes_") else 0
    at_zero = 0 if isinstance(parts, Linear) else parts.at_zero
    outputs = add_outputs(graph, raw, parts.link, at_zero, classes)
    outputs |= {f"refused_{number}": name for number, name in enumerate(graph.refusals)}
    return _build_model(graph, inputs, outputs)


def _split_steps(estimator: Any) -> tuple[list[Any], Any]:
    """Return the transformers and the last step of a pipeline, and of a pipeline in its last step."""
    if not isinstance(estimator, Pipeline):
        return [], estimator
    steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
    transformers, last = _split_steps(steps[-1])
    return [*steps[:-1], *transformers], last


def _declare_inputs(features: Sequence[Feature], input_form: str) -> list[Any]:
    if input_form == ARRAY:
        return [helper.make_tensor_value_info("X", TensorProto.DOUBLE, [None, len(features)])]
    types = {f.name: TensorProto.STRING if f.type in TEXTS else TensorProto.DOUBLE for f in features}
    nulls = {name_null_input(f.name): TensorProto.BOOL for f in features if f.type in TEXTS and f.nullable}
    if nulls.keys() & types:
        raise NotExported("a feature has the same name as another feature's input for nulls")
    return [helper.make_tensor_value_info(name, type_, [None, 1]) for name, type_ in (types | nulls).items()]


def _add_matrix(graph: Graph, transformers: Sequence[Any], features: Sequence[Feature], input_form: str) -> str:
    """Add the transformers, and return the name of the matrix that the last step takes."""
    pipeline = Pipeline([(str(number), step) for number, step in enumerate(transformers)] or [("none", None)])
    if input_form != ARRAY:
        return add_columns(graph, pipeline, [feature.name for feature in features], features)
    if not transformers:
        return "X"
    columns = [
        graph.add("Slice", "X", *(graph.add_constant([value], numpy.int64) for value in (index, index + 1, 1)))
        for index in range(len(features))
    ]
    return add_columns(graph, pipeline, columns, features)


def _build_model(graph: Graph, inputs: list[Any], outputs: dict[str, str]) -> ModelProto:
    named = [helper.make_node("Identity", [name], [output]) for output, name in outputs.items()]
    infos = [helper.make_tensor_value_info(output, _TYPES.get(output, TensorProto.BOOL), None) for output in outputs]
    model_graph = helper.make_graph([*graph.nodes, *named], "model", inputs, infos, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
    return helper.make_model(
        model_graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="ml-model-deployer"
    )
