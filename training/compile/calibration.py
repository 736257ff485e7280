"""Compile calibrated classifiers, isotonic regressions and thresholds.

How scores become probabilities is that of sklearn/calibration.py, isotonic.py and
model_selection/_classification_threshold.py.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Answer, Block, NotCompiled, read_classes
from training.compile.curves import complement, interpolate, make_shares, make_sigmoid_of_each, pair_shares, widen
from training.compile.program import Program

_DECISION, _PROBABILITIES = "decision_function", "predict_proba"


def compile_isotonic(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an IsotonicRegression, which takes one column."""
    if block.width != 1:
        raise NotCompiled("its IsotonicRegression takes several columns")
    return Answer(value=read_curves(program, program.make_numbers(block), [estimator]))


def compile_calibrated(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a CalibratedClassifierCV: the mean of its calibrated classifiers."""
    classes = read_classes(estimator)
    members = estimator.calibrated_classifiers_
    made = [_calibrate(program, member, classes, block) for member in members]
    mean = program.sum(made)
    if len(made) > 1:
        mean = program.divide(mean, float(len(made)))
    return Answer(None, classes, program.make_argmax(mean), mean)


def compile_fixed_threshold(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a FixedThresholdClassifier."""
    inner = getattr(estimator, "estimator_", None) or estimator.estimator
    return _apply_threshold(program, inner, _Threshold(estimator.threshold, estimator.pos_label, estimator), block)


def compile_tuned_threshold(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a TunedThresholdClassifierCV."""
    label = estimator._curve_scorer._get_pos_label()
    threshold = _Threshold(estimator.best_threshold_, label, estimator)
    return _apply_threshold(program, estimator.estimator_, threshold, block)


def choose_response(estimator: Any, answer: Answer, methods: Sequence[str]) -> tuple[str, Block]:
    """Choose the first of these methods that the classifier has, and its block. Raises NotCompiled."""
    for method in methods:
        if hasattr(estimator, method):
            block = answer.decision if method == _DECISION else answer.probabilities
            if block is None:
                raise NotCompiled(f"the {method} of its {type(estimator).__name__} is not compiled")
            return method, block
    raise NotCompiled(f"its {type(estimator).__name__} has neither of {' and '.join(methods)}")


def read_curves(program: Program, block: Block, regressions: Sequence[Any]) -> Block:
    """Look each column up on the curve of its IsotonicRegression."""
    block = program.refuse(block)
    single = regressions[0].X_thresholds_.dtype == numpy.float32
    # Scores that are computed in float32 are here in float64.
    block = program.round(widen(block)) if single else widen(block)
    curves = [(regression.X_thresholds_, regression.y_thresholds_) for regression in regressions]
    # With a single point, any number is answered with its value.
    outside = (
        "clip"
        if len(curves[0][0]) == 1
        else {"raise": "refuse"}.get(regressions[0].out_of_bounds, regressions[0].out_of_bounds)
    )
    return interpolate(program, block, curves, outside, single=single)


def _calibrate(program: Program, member: Any, classes: Sequence[Any], block: Block) -> Block:
    """Compile a classifier and its calibrators to a column per class."""
    # `base_estimator` in releases before 1.2.
    inner = member.estimator if hasattr(member, "estimator") else member.base_estimator
    answer = program.predict(inner, block)
    method, scores = choose_response(inner, answer, (_DECISION, _PROBABILITIES))
    is_binary = len(answer.classes or ()) == 2
    if method == _PROBABILITIES and is_binary:
        scores = program.take(scores, [1])
    match member.method:
        case "temperature":
            return _calibrate_by_temperature(program, member, scores, is_share=method == _PROBABILITIES)
        case "sigmoid" | "isotonic" as kind:
            made = _calibrate_each(program, kind, member.calibrators, scores)
        case other:
            raise NotCompiled(f"the calibration {other!r} is not known")
    if len(classes) == 2:
        return pair_shares(program, made)
    places = [classes.index(label) for label in (answer.classes or ())][: made.width]
    if places != list(range(len(classes))):
        # A fold of the training had not all classes: those that it lacks get 0.
        none = program.make_constants([0.0])
        made = program.take(program.join([made, none]), [_find(place, places) for place in range(len(classes))])
    return make_shares(program, made, uniform=True)


def _find(place: int, places: Sequence[int]) -> int:
    return places.index(place) if place in places else len(places)


def _calibrate_each(program: Program, kind: str, calibrators: Sequence[Any], scores: Block) -> Block:
    scores = program.take(scores, range(len(calibrators)))
    if kind == "isotonic":
        # The end of a line may be a bit above its last point.
        return program.clip(widen(read_curves(program, scores, calibrators)), -1.0, 1.0)
    scaled = program.multiply(widen(scores), [calibrator.a_ for calibrator in calibrators])
    moved = program.add_numbers(scaled, [calibrator.b_ for calibrator in calibrators])
    return make_sigmoid_of_each(program, program.multiply(moved, -1.0))


def _calibrate_by_temperature(program: Program, member: Any, scores: Block, *, is_share: bool) -> Block:
    scores = program.refuse(scores)
    if scores.width == 1:
        first = complement(program, scores) if is_share else program.multiply(scores, -1.0)
        scores = program.join([first, scores])
    logits = program.apply(program.add_numbers(scores, 1e-12), "log") if is_share else scores
    if logits.width != len(member.classes):
        raise NotCompiled("one of its classifiers has not all classes")
    return program.make_softmax(program.multiply(logits, float(member.calibrators[0].beta_)))


class _Threshold(NamedTuple):
    """From which number on a score is the label's, which is None for the second class; and who says which score."""

    number: Any
    label: Any
    chooser: Any


def _apply_threshold(program: Program, inner: Any, threshold: _Threshold, block: Block) -> Answer:
    """Compile a classifier of two classes whose label is chosen by a threshold."""
    answer = program.predict(inner, block)
    wanted = threshold.chooser.response_method
    methods = (_PROBABILITIES, _DECISION) if wanted == "auto" else (wanted,)
    method, scores = choose_response(inner, answer, methods)
    positive = 1 if threshold.label is None else (answer.classes or ()).index(threshold.label)
    if method == _PROBABILITIES:
        scores = program.take(scores, [positive])
    elif positive == 0:
        scores = program.multiply(scores, -1.0)
    number = threshold.number
    if isinstance(number, str):  # auto
        number = 0.5 if method == _PROBABILITIES else 0.0
    if not numpy.isfinite(number):
        raise NotCompiled("its threshold is infinite or NaN")
    if scores.dtype == FLOAT32 and type(number) is float:
        number = numpy.float32(number)  # numpy rounds Python's numbers to the type of the array
    above = program.compare(scores, float(number), equal=True)
    return answer._replace(label=above if positive else complement(program, above))
