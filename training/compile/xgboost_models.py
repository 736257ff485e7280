"""Compile models of XGBoost: what is added up, and what its objective makes of the sums.

How, to the bits of float32, is that of XGBoost's src/predictor/cpu_predictor.cc, src/gbm/gblinear.cc and src/objective.
"""

import ctypes
import ctypes.util
from typing import Any, NamedTuple

import numpy

from function.model.dtypes import FLOAT32
from training.compile.answers import answer_labels, answer_values
from training.compile.blocks import Answer, Array, Block, Column, NotCompiled, read_classes
from training.compile.program import Program
from training.compile.trees import add_trees
from training.compile.ubjson import parse_ubjson
from training.compile.xgboost_inputs import prepare_inputs
from training.compile.xgboost_trees import read_trees

_SIGMOID = ("binary:logistic", "reg:logistic")
_EXP = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox")
_SHARES = ("multi:softmax", "multi:softprob")
_HINGE = "binary:hinge"
_IDENTITY = (
    *("reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror"),
    *("reg:quantileerror", "reg:expectileerror", "binary:logitraw", "rank:ndcg", "rank:map", "rank:pairwise"),
)
# XGBoost keeps a base score that is a probability so far from 0 and 1: kRtEps.
_MARGIN = numpy.float32(1e-6)


class Options(NamedTuple):
    """How a model is called.

    - `missing`: the number that is a null
    - `is_best`: whether the best rounds alone predict, where training stopped early
    - `refuses`: whether numbers that are too large for float32 are refused, as a DMatrix does
    - `is_native`: whether the Booster makes the probabilities, not the wrapper
    """

    missing: float
    is_best: bool
    refuses: bool
    is_native: bool = False


def compile_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an XGBRegressor, XGBRFRegressor or XGBRanker."""
    learner = _read_learner(estimator.get_booster())
    return _compile_value(program, learner, block, _read_options(estimator))


def compile_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an XGBClassifier or XGBRFClassifier."""
    learner = _read_learner(estimator.get_booster())
    classes = tuple(numpy.asarray(estimator.classes_).tolist())
    return _compile_classes(program, learner, block, _read_options(estimator), classes)


def compile_native_regressor(program: Program, adapter: Any, block: Block) -> Answer:
    """Compile a Booster in the adapter training.estimators.native_models."""
    learner = _read_learner(adapter.booster)
    return _compile_value(program, learner, block, Options(numpy.nan, adapter.is_best, refuses=True, is_native=True))


def compile_native_classifier(program: Program, adapter: Any, block: Block) -> Answer:
    """Compile a Booster that classifies, in its adapter."""
    learner = _read_learner(adapter.booster)
    options = Options(numpy.nan, adapter.is_best, refuses=True, is_native=True)
    return _compile_classes(program, learner, block, options, read_classes(adapter))


def _read_learner(booster: Any) -> dict[str, Any]:
    learner: dict[str, Any] = parse_ubjson(bytes(booster.save_raw("ubj")))["learner"]
    return learner


def _read_options(estimator: Any) -> Options:
    missing = numpy.nan if estimator.missing is None else float(estimator.missing)
    # XGBModel.predict takes another way for gblinear: DMatrix instead of Booster.inplace_predict.
    return Options(missing, is_best=True, refuses=estimator.booster == "gblinear")


def _compile_value(program: Program, learner: dict[str, Any], block: Block, options: Options) -> Answer:
    margins = _compute_margins(program, learner, block, options)
    objective = learner["objective"]["name"]
    if objective == "multi:softmax":
        return Answer(value=program.make_argmax(margins))
    return answer_values(program, _apply_link(program, objective, margins))


def _compile_classes(
    program: Program, learner: dict[str, Any], block: Block, options: Options, classes: tuple[Any, ...]
) -> Answer:
    margins = _compute_margins(program, learner, block, options)
    objective = learner["objective"]["name"]
    if objective in _SHARES and margins.width == len(classes) > 2:
        is_softmax = objective == "multi:softmax"
        columns = [column._replace(is_exact=column.is_exact and options.is_native) for column in margins.columns]
        shares = program.add("single_softmax", [margins], columns if is_softmax else margins.columns, {})
        # The label of softmax is that of the margins, which may differ where two shares are rounded to the same. Its
        # wrapper computes the shares with numpy's exp, which is not that of XGBoost.
        return Answer(None, classes, program.make_argmax(margins if is_softmax else shares), shares)
    if len(classes) != 2:
        raise NotCompiled(f"it makes {margins.width} numbers for {len(classes)} classes")
    value = _apply_link(program, objective, margins)
    label = program.compare(value, above=0.5)
    if margins.width > 1:
        return answer_labels(program, label, value)
    return Answer(None, classes, label, program.add("single_complement", [value], [*value.columns] * 2, {}))


def _apply_link(program: Program, objective: str, margins: Block) -> Block:
    if objective in _SIGMOID:
        return program.add("single_sigmoid", [margins], margins.columns, {})
    if objective in _EXP:
        return program.add("single_exp", [margins], margins.columns, {})
    if objective == _HINGE:
        return program.compare(margins)
    if objective not in _IDENTITY:
        raise NotCompiled(f"the objective {objective!r} is not known")
    return margins


def _compute_margins(program: Program, learner: dict[str, Any], block: Block, options: Options) -> Block:
    """Compile the sums before the link: trees or a linear function, after the base score."""
    start = _read_start(learner)
    block = prepare_inputs(program, learner, block, options.missing, refuses=options.refuses)
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        return _add_linear(program, booster["model"], start, block)
    trees = read_trees(learner, len(start), is_best=options.is_best)
    numbers = start.tolist()
    made = add_trees(program, block, trees, numbers, single=True) if trees else program.make_constants(numbers)
    return made._replace(columns=tuple(column._replace(dtype=FLOAT32) for column in made.columns))


def _add_linear(program: Program, model: dict[str, Any], start: Array, block: Block) -> Block:
    outputs = len(start)
    weights = numpy.asarray(model["weights"], dtype=numpy.float32).reshape(-1, outputs)
    if len(weights) != block.width + 1 or not numpy.isfinite(weights).all():
        raise NotCompiled("it has weights of other columns, or weights that are infinite")
    # The base score of the first output is that of all: GBLinear::PredictBatchInternal.
    begin = weights[-1] + start[0]
    columns = [Column(dtype=FLOAT32, is_finite=False, is_exact=block.is_exact)] * outputs
    arrays = {"numbers": ("d", weights[:-1]), "start": ("d", begin)}
    return program.add("single_matrix", [block], columns, arrays)


def _read_start(learner: dict[str, Any]) -> Array:
    """Read the base score of each output, as a margin: ProbToMargin of its objective."""
    parameters = learner["learner_model_param"]
    outputs = max(1, int(parameters["num_class"]), int(parameters.get("num_target", "1")))
    # A number until 3.0, a list since then.
    numbers = [float(text) for text in str(parameters["base_score"]).strip("[]").split(",")]
    score = numpy.broadcast_to(numpy.array(numbers, dtype=numpy.float32), outputs)
    objective = learner["objective"]["name"]
    if objective in _SIGMOID:
        limited = numpy.clip(score, _MARGIN, numpy.float32(1) - _MARGIN)
        return -_compute_log(numpy.float32(1) / limited - numpy.float32(1))
    return _compute_log(score) if objective in _EXP else score


def _compute_log(numbers: Array) -> Array:
    """Compute logf of the system's library, which XGBoost calls as well; numpy's differs in the last bit."""
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    library.logf.restype, library.logf.argtypes = ctypes.c_float, [ctypes.c_float]
    return numpy.array([library.logf(number) for number in numbers.tolist()], dtype=numpy.float32)
