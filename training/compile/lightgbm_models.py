"""Compile models of LightGBM, which all are read from their text.

How a tree decides is that of include/LightGBM/tree.h, how sums are averaged that of src/boosting/gbdt_prediction.cpp,
and the links those of src/objective.
"""

from collections.abc import Sequence
from typing import Any

from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.curves import pair_shares
from training.compile.lightgbm_text import TextModel, parse_model
from training.compile.lightgbm_trees import add_text_trees, prepare_columns
from training.compile.program import Program

_IDENTITIES = (
    "custom",
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
    "lambdarank",
    "rank_xendcg",
)
_EXPONENTIALS = ("poisson", "gamma", "tweedie")
_LOGISTICS = ("binary", "multiclassova", "cross_entropy", "xentropy")  # the last one in releases before 3
_LOGARITHMS = ("cross_entropy_lambda", "xentlambda")


def compile_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an LGBMRegressor, an LGBMRanker, an LGBMModel, or a Booster of numbers in its adapter."""
    model = _read(estimator)
    return _answer(_predict(program, model, _add_trees(program, model, block)))


def compile_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an LGBMClassifier, or a Booster of classes in its adapter."""
    model = _read(estimator)
    if not model.objective:
        raise NotCompiled("its objective is a function of its own, with which it predicts scores instead of classes")
    raw = _add_trees(program, model, block)
    answer = _classify(program, _predict(program, model, raw), estimator.classes_.tolist())
    # Its scores are the sums, also in a random forest, whose predictions are made of means.
    return answer._replace(decision=raw) if hasattr(estimator, "decision_function") else answer


def compile_booster(program: Program, booster: Any, block: Block) -> Answer:
    """Compile a Booster; one with several sums predicts shares of classes, which are numbered."""
    model = parse_model(booster.model_to_string())
    value = _predict(program, model, _add_trees(program, model, block))
    return _answer(value) if value.width == 1 else _classify(program, value, range(value.width))


def _read(estimator: Any) -> TextModel:
    if estimator.get_params().get("pred_early_stop"):
        raise NotCompiled("it may stop before the last tree (pred_early_stop)")
    # The text ends with the best iteration, if training has found one; so do the predictions.
    return parse_model(estimator.booster_.model_to_string())


def _add_trees(program: Program, model: TextModel, block: Block) -> Block:
    return add_text_trees(program, model, prepare_columns(program, model, block))


def _answer(value: Block) -> Answer:
    if value.width != 1:
        raise NotCompiled("it predicts several numbers at once")
    return Answer(value=value)


def _classify(program: Program, shares: Block, classes: Sequence[Any]) -> Answer:
    """Answer with the class of the largest share; a single share is that of the second of two classes."""
    if shares.width == 1:
        shares = pair_shares(program, shares)
    if shares.width != len(classes):
        raise NotCompiled("it has another number of classes than its trees")
    return Answer(None, tuple(classes), program.make_argmax(shares), shares)


def _predict(program: Program, model: TextModel, raw: Block) -> Block:
    """Make predictions of the sums."""
    if model.is_average:
        raw = program.divide(raw, float(len(model.trees) // model.per_iteration))
    return _link(program, model.objective, raw) if model.objective else raw


def _link(program: Program, objective: Sequence[str], raw: Block) -> Block:
    """Convert sums as the objective does. Raises NotCompiled."""
    name, *words = objective
    options = dict(word.partition(":")[::2] for word in words)
    if name == "regression" and "sqrt" in options:
        return program.apply(raw, "signed_square")
    if name in _IDENTITIES:
        return raw
    if name in _EXPONENTIALS:
        return program.apply(raw, "exp")
    if name in _LOGISTICS:
        return program.make_logistic(raw, float(options.get("sigmoid", 1)))
    if name in _LOGARITHMS:
        return program.apply(program.apply(raw, "exp"), "log1p")
    if name == "multiclass":
        return program.make_softmax(raw)
    raise NotCompiled(f"its objective {name} is not known")
