"""Classifiers of old releases are compiled as those computed; what is not compiled says why. Touches nothing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, TweedieRegressor
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.preprocessing import KBinsDiscretizer

from function.model.contract import NUMBER, Feature
from function.model.dtypes import FLOAT32
from function.runtimes.flat import kinds
from function.runtimes.flat.file import parse
from function.runtimes.flat.program import Program as RunnableProgram
from tests.unit.small_models import make_targets
from training.compile.blocks import Answer, NotCompiled
from training.compile.dummies import compile_constant_predictor
from training.compile.linear import compile_logistic_regression
from training.compile.outputs import choose_outputs
from training.compile.program import Program
from training.compile.registry import HEADS, TRANSFORMERS

FEATURES = [Feature("x0", NUMBER), Feature("x1", NUMBER)]
INPUTS = [0.5, -2.0]
NUMBERS = kinds.NUMBER * 2


def make_program() -> Program:
    return Program(FEATURES, TRANSFORMERS, HEADS)


def compute(program: Program, answer: Answer) -> tuple[float, list[float]]:
    """Compute the class's place and the probabilities of one record."""
    data = program.encode(choose_outputs(answer, make_targets(answer.classes)))
    label, *shares = RunnableProgram(*parse(memoryview(data)), len(data), NUMBERS).run_row(list(INPUTS))
    return label, shares


def create_old(classes: int, **arguments: str) -> Any:
    """A logistic regression of a release before 1.8, which had the argument `multi_class`."""
    rows = 1 if classes == 2 else classes
    return SimpleNamespace(
        coef_=numpy.arange(2.0 * rows).reshape(rows, 2) / 3,
        intercept_=numpy.linspace(-1, 0.5, rows),
        classes_=numpy.arange(classes),
        get_params=lambda deep: {"solver": "lbfgs", "multi_class": "auto", **arguments},
    )


def compute_old_scores(estimator: Any) -> Any:
    return estimator.coef_ @ INPUTS + estimator.intercept_


@pytest.mark.parametrize(
    ("classes", "arguments", "is_softmax"),
    [
        (2, {}, False),
        (2, {"multi_class": "multinomial"}, True),
        (3, {}, True),
        (3, {"multi_class": "multinomial"}, True),
        (3, {"multi_class": "ovr"}, False),
        (3, {"multi_class": "warn"}, False),
        (3, {"solver": "liblinear"}, False),
        (3, {"multi_class": "deprecated", "solver": "liblinear"}, False),
        (2, {"solver": "liblinear"}, False),
    ],
)
def test_logistic_regression_of_an_old_release(classes: int, arguments: dict[str, str], is_softmax: bool) -> None:
    estimator = create_old(classes, **arguments)
    scores = compute_old_scores(estimator)
    both = numpy.array([-scores[0], scores[0]]) if classes == 2 else scores
    sigmoids = 1 / (1 + numpy.exp(-scores))
    if is_softmax:
        expected = numpy.exp(both) / numpy.exp(both).sum()
    else:
        expected = numpy.array([1 - sigmoids[0], sigmoids[0]]) if classes == 2 else sigmoids / sigmoids.sum()
    program = make_program()
    label, shares = compute(program, compile_logistic_regression(program, estimator, program.record))
    assert label == expected.argmax()
    assert shares == pytest.approx(expected.tolist(), rel=1e-14)


@pytest.mark.parametrize("value", [0, 1])
def test_member_that_knows_one_class(value: int) -> None:
    program = make_program()
    answer = compile_constant_predictor(program, SimpleNamespace(y_=numpy.array([value])), program.record)
    assert compute(program, answer) == (value, [1 - value, value])


def test_scores_that_float32_cannot_hold_are_infinite() -> None:
    values, target = take_two(load_diabetes)
    features = [Feature(name, NUMBER, dtype=FLOAT32) for name in ("x0", "x1")]
    estimator = LinearRegression().fit(values.astype(numpy.float32), target.astype(numpy.float32))
    program = Program(features, TRANSFORMERS, HEADS)
    data = program.encode(choose_outputs(program.predict(estimator, program.record), make_targets()))
    records = numpy.array([[3e38, 3e38], [-3e38, -3e38], [1.0, 2.0]], dtype=numpy.float32)
    runnable = RunnableProgram(*parse(memoryview(data)), len(data), NUMBERS)
    (found,) = zip(*(runnable.run_row(record) for record in records.tolist()), strict=True)
    with numpy.errstate(over="ignore"):
        assert list(found) == pytest.approx(estimator.predict(records).tolist(), rel=1e-5)


def test_members_share_the_steps_that_they_begin_with() -> None:
    features = [Feature("x0", NUMBER, nullable=True), Feature("x1", NUMBER, nullable=True)]
    program = Program(features, TRANSFORMERS, HEADS)
    estimator = OneVsRestClassifier(LogisticRegression()).fit(*take_two(load_wine))
    program.predict(estimator, program.record)
    kinds = [step["op"] for step in program._steps]
    assert kinds.count("number") == kinds.count("refuse") == 1


def take_two(load: Callable[..., Any]) -> tuple[Any, Any]:
    values, target = load(return_X_y=True)
    return values[:, :2], target


@pytest.mark.parametrize(
    ("estimator", "data", "sentence"),
    [
        (DummyClassifier(strategy="stratified"), load_wine, "at random"),
        (DummyClassifier(strategy="uniform"), load_wine, "at random"),
        (
            TransformedTargetRegressor(LinearRegression(), func=numpy.log, inverse_func=lambda y: +numpy.exp(y)),
            load_diabetes,
            "<lambda>",
        ),
        (
            TransformedTargetRegressor(
                LinearRegression(), transformer=KBinsDiscretizer(encode="ordinal", subsample=None), check_inverse=False
            ),
            load_diabetes,
            "the inverse of KBinsDiscretizer",
        ),
        (OneVsOneClassifier(LinearRegression()), load_wine, "no classifiers"),
    ],
)
def test_what_is_not_compiled_says_why(estimator: Any, data: Any, sentence: str) -> None:
    fitted = estimator.fit(*take_two(data))
    program = make_program()
    with pytest.raises(NotCompiled, match=sentence):
        program.predict(fitted, program.record)


def test_link_function_that_is_not_known_says_its_name() -> None:
    values, target = take_two(load_diabetes)
    estimator = TweedieRegressor(power=0).fit(values, target)
    estimator._base_loss.link = SimpleNamespace()
    program = make_program()
    with pytest.raises(NotCompiled, match="SimpleNamespace"):
        program.predict(estimator, program.record)


def test_score_that_is_not_compiled_is_not_replaced_by_another() -> None:
    # A classifier decides by its scores first: where only its probabilities are compiled, it must not use them.
    values, target = take_two(load_wine)
    calibrated = CalibratedClassifierCV(LogisticRegression()).fit(values, target)
    name = "sklearn.linear_model.LogisticRegression"
    heads = {**HEADS, name: lambda *arguments: HEADS[name](*arguments)._replace(decision=None)}
    program = Program(FEATURES, TRANSFORMERS, heads)
    with pytest.raises(NotCompiled, match="decision_function of its LogisticRegression"):
        program.predict(calibrated, program.record)


def test_infinite_threshold_is_not_compiled() -> None:
    values, target = take_two(load_wine)
    estimator = FixedThresholdClassifier(LogisticRegression(), threshold=float("inf")).fit(values, target > 0)
    program = make_program()
    with pytest.raises(NotCompiled, match="threshold is infinite"):
        program.predict(estimator, program.record)
