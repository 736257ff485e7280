"""Estimators that training.exports.onnx_export does not write itself, by skl2onnx."""

from collections.abc import Sequence
from typing import Any

from onnx import ModelProto, TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.base import is_classifier

from function.model.contract import TEXTS, Feature
from training.estimators.input_forms import ARRAY
from training.estimators.parts import NotExported

_OPSETS = {"": 20, "ai.onnx.ml": 3}


def convert_estimator(estimator: Any, features: Sequence[Feature], form: str) -> ModelProto:
    """skl2onnx's model with the outputs that are expected of it. Raises whatever skl2onnx raises."""
    if any(feature.type in TEXTS and feature.nullable for feature in features):
        raise NotExported("skl2onnx has no null among texts that no text could be")
    if form == ARRAY:
        inputs = [("X", DoubleTensorType([None, len(features)]))]
    else:
        kinds = [StringTensorType if feature.type in TEXTS else DoubleTensorType for feature in features]
        inputs = [(feature.name, kind([None, 1])) for feature, kind in zip(features, kinds, strict=True)]
    classifies = is_classifier(estimator)
    options = {id(estimator): {"zipmap": False}} if classifies else None
    model: ModelProto = convert_sklearn(
        estimator, initial_types=inputs, target_opset=_OPSETS, options=options, name="model"
    )
    given = [output.name for output in model.graph.output]
    if classifies:
        keys = _make_label_keys(estimator.classes_.tolist())
        place = helper.make_node(
            "LabelEncoder",
            [given[0]],
            ["place"],
            domain="ai.onnx.ml",
            values_int64s=list(range(len(estimator.classes_))),
            **keys,
        )
        _set_outputs(model, [place], {"probabilities": given[1]} if hasattr(estimator, "predict_proba") else {})
    else:
        _set_outputs(model, [], {"value": given[0]})
    return model


def _make_label_keys(labels: list[Any]) -> dict[str, Any]:
    if all(isinstance(label, str) for label in labels):
        return {"keys_strings": [label.encode() for label in labels]}
    if all(isinstance(label, int) for label in labels):
        return {"keys_int64s": [int(label) for label in labels]}
    raise NotExported("its classes are neither texts nor whole numbers")


def _set_outputs(model: ModelProto, nodes: list[Any], outputs: dict[str, str]) -> None:
    """Makes these the graph's outputs: those of `nodes`, and others by new name and old."""
    kinds = {output.name: output.type.tensor_type.elem_type for output in model.graph.output}
    model.graph.node.extend(nodes)
    model.graph.node.extend(helper.make_node("Identity", [old], [new]) for new, old in outputs.items())
    del model.graph.output[:]
    infos = [helper.make_tensor_value_info(node.output[0], TensorProto.INT64, None) for node in nodes]
    infos += [helper.make_tensor_value_info(new, kinds[old], None) for new, old in outputs.items()]
    model.graph.output.extend(infos)
