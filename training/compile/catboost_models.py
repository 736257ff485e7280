"""Compile models of CatBoost, as its own export as JSON tells them.

How they are computed is that of catboost/libs/model/cpu/evaluator_impl.cpp: leaves are added in the trees' order, then
the sum is scaled and the bias is added. What is made of that is in catboost/libs/eval_result/eval_helpers.cpp.
"""

import json
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training.compile.answers import answer_labels, answer_values
from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.catboost_columns import build_columns
from training.compile.catboost_features import Json
from training.compile.catboost_trees import add_leaves, list_splits
from training.compile.program import Program


def compile_base(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a CatBoost, which predicts the sum of its trees whatever its loss function is."""
    raw = _compute_raw(program, estimator, _read_model(estimator), block)
    return answer_values(program, raw)


def compile_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a CatBoostRegressor, which predicts by its loss function."""
    # Old releases have no such method, and predict the sum of the trees.
    choose = getattr(estimator, "_get_default_prediction_type", lambda: "RawFormulaVal")
    kind = choose()
    raw = _compute_raw(program, estimator, _read_model(estimator), block)
    match kind:
        case "Exponent":
            raw = program.apply(raw, "exp")
        case "RMSEWithUncertainty":  # a mean and a variance
            variance = program.apply(program.multiply(program.take(raw, [1]), 2.0), "exp")
            raw = program.join([program.take(raw, [0]), variance])
        case other if other != "RawFormulaVal":
            raise NotCompiled(f"it predicts {other}, which is not known")
    return answer_values(program, raw)


def compile_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a CatBoostClassifier: sigmoid for two classes, or for each class by itself; else softmax."""
    model = _read_model(estimator)
    # CatBoost takes a model without the name of its loss function for one of MultiClass.
    loss = model["model_info"].get("params", {}).get("loss_function", {}).get("type")
    classes = tuple(value.item() if hasattr(value, "item") else value for value in estimator.classes_)
    raw = _compute_raw(program, estimator, model, block)
    if loss in ("MultiLogloss", "MultiCrossEntropy"):
        return answer_labels(program, program.compare(raw, _find_threshold(estimator)), program.make_logistic(raw, 1.0))
    if len(classes) != max(raw.width, 2):
        raise NotCompiled(f"it has {len(classes)} classes, and predicts for {max(raw.width, 2)}")
    if raw.width == 1:
        label = program.compare(raw, _find_threshold(estimator))
        return Answer(None, classes, label, _make_shares(program, raw), raw)
    shares = program.make_logistic(raw, 1.0) if loss == "MultiClassOneVsAll" else program.make_softmax(raw)
    return Answer(None, classes, program.make_argmax(raw), shares, raw)


def _make_shares(program: Program, raw: Block) -> Block:
    """Make [1 - p, p] with p = 1 / (1 + exp(-x)), to CatBoost's bits.

    The operation `sigmoid` may differ in the last one.
    """
    twice = program.take(program.make_logistic(raw, 1.0), [0, 0])
    return program.add_numbers(program.multiply(twice, [-1.0, 1.0]), [1.0, 0.0])


def _find_threshold(estimator: Any) -> float:
    """Find the sum of trees above which the second class is predicted: 0, or what `set_probability_threshold` says."""
    probability = getattr(estimator, "get_probability_threshold", lambda: 0.5)()
    if not 0 < probability < 1:
        raise NotCompiled("its threshold of probability is 0 or 1")
    return -log(1 / probability - 1) if probability != 0.5 else 0.0


def _read_model(estimator: Any) -> Json:
    """Read the model as CatBoost exports it. Raises NotCompiled for what the export does not hold."""
    for kind in ("text", "embedding"):
        if getattr(estimator, f"_get_{kind}_feature_indices", list)():
            raise NotCompiled(f"it has {kind} features, which CatBoost does not export")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        estimator.save_model(str(path), format="json")
        return json.loads(path.read_bytes())


def _compute_raw(program: Program, estimator: Any, model: Json, block: Block) -> Block:
    """Compute the sums of the trees, one for each class where there are more than two."""
    columns = build_columns(program, model, list_splits(model), _order_columns(program, estimator, block))
    raw = add_leaves(program, model, columns)
    scale, biases = model.get("scale_and_bias", (1, [0]))
    # One number in releases before 0.25.
    biases = biases if isinstance(biases, list) else [biases]
    raw = program.multiply(raw, float(scale)) if scale != 1 else raw
    return program.add_numbers(raw, biases) if any(biases) else raw


def _order_columns(program: Program, estimator: Any, block: Block) -> Block:
    """Order the columns as in training; some that the record does not have may be missing there."""
    names = list(estimator.feature_names_)
    if len(names) == block.width:
        return block
    places = {column.name: place for place, column in enumerate(block.columns)}
    if missing := [name for name in names if name not in places]:
        raise NotCompiled(f"it takes columns that are not there: {', '.join(missing)}")
    return program.take(block, [places[name] for name in names])
