"""Convert estimators with skl2onnx that training.exports.onnx_export does not write itself."""

from collections.abc import Sequence
from typing import Any

from onnx import ModelProto, TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.base import is_classifier

from function.model.contract import TEXTS, Feature
from training.estimators.input_forms import ARRAY
from training.exports.parts import NotExported

_OPSETS = {"": 20, "ai.onnx.ml": 3}


def convert_estimator(estimator: Any, features: Sequence[Feature], input_form: str) -> ModelProto:
    """Convert the estimator, and name the outputs as function.runtimes.onnx expects.

    Raises NotExported, and any exception of skl2onnx.
    """
    if any(feature.type in TEXTS and feature.nullable for feature in features):
        raise NotExported("skl2onnx cannot tell a null from a text")
    if input_form == ARRAY:
        inputs = [("X", DoubleTensorType([None, len(features)]))]
    else:
        types = [StringTensorType if feature.type in TEXTS else DoubleTensorType for feature in features]
        inputs = [(feature.name, type_([None, 1])) for feature, type_ in zip(features, types, strict=True)]
    has_classes = is_classifier(estimator)
    options = {id(estimator): {"zipmap": False}} if has_classes else None
    model: ModelProto = convert_sklearn(
        estimator, initial_types=inputs, target_opset=_OPSETS, options=options, name="model"
    )
    names = [output.name for output in model.graph.output]
    if has_classes:
        keys = _make_label_keys(estimator.classes_.tolist())
        place = helper.make_node(
            "LabelEncoder",
            [names[0]],
            ["place"],
            domain="ai.onnx.ml",
            values_int64s=list(range(len(estimator.classes_))),
            **keys,
        )
        _set_outputs(model, [place], {"probabilities": names[1]} if hasattr(estimator, "predict_proba") else {})
    else:
        _set_outputs(model, [], {"value": names[0]})
    return model


def _make_label_keys(labels: list[Any]) -> dict[str, Any]:
    if all(isinstance(label, str) for label in labels):
        return {"keys_strings": [label.encode() for label in labels]}
    if all(isinstance(label, int) for label in labels):
        return {"keys_int64s": [int(label) for label in labels]}
    raise NotExported("its classes are neither texts nor whole numbers")


def _set_outputs(model: ModelProto, nodes: list[Any], outputs: dict[str, str]) -> None:
    """Set the graph's outputs to those of `nodes`, and to old outputs under new names (`outputs`: new to old)."""
    types = {output.name: output.type.tensor_type.elem_type for output in model.graph.output}
    model.graph.node.extend(nodes)
    model.graph.node.extend(helper.make_node("Identity", [old], [new]) for new, old in outputs.items())
    del model.graph.output[:]
    infos = [helper.make_tensor_value_info(node.output[0], TensorProto.INT64, None) for node in nodes]
    infos += [helper.make_tensor_value_info(new, types[old], None) for new, old in outputs.items()]
    model.graph.output.extend(infos)
