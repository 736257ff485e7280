"""Models of LightGBM are answered to the bit as LightGBM answers, at thresholds, zeros, nulls and infinities too."""

import pickle
from collections.abc import Callable, Sequence
from math import inf, nextafter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightgbm
import numpy
import pandas
import pytest

from function.model.contract import NUMBER, STRING, Feature
from function.model.manifest import FLAT, Artifact
from function.model.target import Targets
from function.runtimes.flat.file import parse
from function.runtimes.flat.kinds import list_kinds
from function.runtimes.flat.program import Program
from function.runtimes.flat.runtime import FlatRuntime
from tests.unit.small_models import get_scores, get_values, make_targets
from training.compile import lightgbm_models
from training.compile.blocks import NotCompiled
from training.compile.compiling import compile_estimator
from training.compile.lightgbm_text import parse_model
from training.compile.outputs import TargetOutput, choose_outputs
from training.compile.program import Program as CompiledProgram
from training.compile.registry import HEADS, TRANSFORMERS
from training.parity.candidates import ALWAYS_RECORDS, ALWAYS_TABLES

type Frame = pandas.DataFrame

ZERO = float(numpy.float32(1e-35))
SMALL: dict[str, Any] = {
    "n_estimators": 6,
    "num_leaves": 6,
    "min_child_samples": 5,
    "n_jobs": 1,
    "verbosity": -1,
    "random_state": 0,
}
FOREST = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
ROWS = 500

# LightGBM warns that parameters are also spelt otherwise.
pytestmark = pytest.mark.filterwarnings("ignore")


def make_frame() -> Frame:
    """Numbers with and without nulls, many zeros, whole numbers as categories, and pandas' categories."""
    generator = numpy.random.default_rng(5)
    frame = pandas.DataFrame(
        {
            "plain": generator.normal(size=ROWS),
            "holes": numpy.where(generator.random(ROWS) < 0.2, numpy.nan, generator.normal(size=ROWS)),
            "zeros": numpy.where(generator.random(ROWS) < 0.5, 0, generator.normal(size=ROWS)),
            "code": generator.integers(0, 70, ROWS).astype(float),
            "text": pandas.Categorical(generator.choice(["flat", "house", "Hütte", "loft", "ω"], ROWS)),
            "size": pandas.Categorical(generator.choice(["s", "m", "l"], ROWS), ["s", "m", "l"], ordered=True),
        }
    )
    frame.loc[generator.random(ROWS) < 0.1, "text"] = None
    return frame


FRAME = make_frame()
NUMBERS = FRAME[["plain", "holes", "zeros", "code"]]
FEATURES = [Feature(str(name), NUMBER, nullable=True) for name in NUMBERS]
SCORE = (
    FRAME["plain"]
    + FRAME["holes"].fillna(2)
    + 2 * (FRAME["zeros"] > 0)
    + (FRAME["code"] % 3)
    + (FRAME["text"] == "house") * 2
    + FRAME["size"].cat.codes
)
BINARY = numpy.where(SCORE.gt(SCORE.median()), "yes", "no")
THREE = pandas.qcut(SCORE, 3, labels=[10, 20, 30]).astype(int)


def check_equal(model: Any, frame: Frame = NUMBERS) -> None:
    """Check that the compiled model gives the bits of the model, as it is when it was pickled and loaded again."""
    model = pickle.loads(pickle.dumps(model))
    names = [str(name) for name in frame.select_dtypes("category").columns]
    features = [Feature(str(name), STRING if name in names else NUMBER, nullable=True) for name in frame.columns]
    booster = getattr(model, "booster_", model)
    rows = make_edge_rows(frame, booster.model_to_string())
    columns = [list_values(rows[name]) for name in rows]
    typed = rows.astype({name: frame[name].dtype if name in names else float for name in frame.columns})
    is_classifier = hasattr(model, "predict_proba")
    targets = make_targets(model.classes_.tolist() if is_classifier else None)
    for many_values in (ALWAYS_RECORDS, ALWAYS_TABLES):
        data = compile_estimator(model, features, targets).data
        outputs = load(data, features, targets, many_values).predict(columns)
        if is_classifier:
            assert get_values(outputs) == model.predict(typed).tolist()
            check_bits(numpy.array(get_scores(outputs)), model.predict_proba(typed))
        else:
            check_bits(numpy.array(get_values(outputs)), model.predict(typed))


def list_values(column: "pandas.Series[Any]") -> list[Any]:
    """Return a column as the contract gives it: with None for null."""
    return [None if pandas.isna(value) else value for value in column.tolist()]


def check_bits(found: Any, expected: Any) -> None:
    different = (found != expected) & ~(numpy.isnan(found) & numpy.isnan(expected))
    assert found.shape == expected.shape
    assert not different.any(), (found[different][:5], expected[different][:5])


def load(data: bytes, features: Sequence[Feature], targets: Targets, many_values: int = ALWAYS_RECORDS) -> FlatRuntime:
    program = Program(*parse(memoryview(data)), len(data), list_kinds(features))
    artifact = Artifact("model.flat", "", len(data), FLAT, "array")
    return FlatRuntime(program, targets, artifact, is_checked=False, many_values=many_values)


def make_edge_rows(frame: Frame, text: str) -> Frame:
    """Return the frame's rows, and rows with a number at a threshold or beside it, a zero, a null, infinity."""
    generator = numpy.random.default_rng(1)
    edges = [nextafter(sign * ZERO, end) for sign in (1, -1) for end in (inf, -inf)]
    edges += [ZERO, -ZERO, 0.0, -0.0, 1e-40, -1e-40, inf, -inf, numpy.nan, 1.5, -0.5, -1.0, 69.9, 1e6, 3e9, 1e300]
    values: dict[Any, list[Any]] = {name: [*edges] for name in frame.columns if frame[name].dtype != "category"}
    for tree in parse_model(text).trees:
        for feature, threshold in zip(tree.feature.tolist(), tree.threshold.tolist(), strict=True):
            if frame.columns[feature] in values:
                near = [nextafter(threshold, inf), nextafter(threshold, -inf)]
                values[frame.columns[feature]] += [threshold, *near]
    for name in frame.select_dtypes("category").columns:
        values[name] = [*frame[name].cat.categories, None, "", "unknown"] * 2
    rows = frame.astype(object)
    parts = [rows]
    for name, added in values.items():
        part = rows.iloc[generator.integers(len(rows), size=len(added))].reset_index(drop=True)
        part[name] = pandas.Series(added, dtype=object)
        parts.append(part)
    nothing = rows.iloc[:1].copy()
    nothing.loc[:, :] = None
    return pandas.concat([*parts, nothing], ignore_index=True)


@pytest.mark.parametrize(
    ("objective", "options"),
    [
        *((name, {}) for name in ("regression", "regression_l1", "huber", "fair", "quantile", "mape")),
        *((name, {}) for name in ("poisson", "gamma", "tweedie", "cross_entropy", "cross_entropy_lambda")),
        ("regression", {"reg_sqrt": True}),
        ("regression", {"boosting_type": "dart"}),
        ("regression", FOREST),
        ("poisson", FOREST),
        ("regression", {"data_sample_strategy": "goss"}),
        ("regression", {"boosting_type": "goss"}),
        ("regression", {"boost_from_average": False}),
        ("regression", {"use_missing": False}),
        ("regression", {"zero_as_missing": True}),
        ("regression", {"extra_trees": True}),
        ("regression", {"monotone_constraints": [1, 0, 0, 0]}),
        ("regression", {"num_leaves": 60, "min_child_samples": 2}),
        ("regression", {"min_child_samples": 400}),  # trees of one leaf
    ],
)
def test_regressor(objective: str, options: dict[str, Any]) -> None:
    target = numpy.tanh(SCORE) / 2 + 0.5 if "entropy" in objective else SCORE - SCORE.min() + 1
    check_equal(lightgbm.LGBMRegressor(**SMALL | options, objective=objective).fit(NUMBERS, target))


def test_regressor_of_roots_has_negative_values_too() -> None:
    check_equal(lightgbm.LGBMRegressor(**SMALL, reg_sqrt=True).fit(NUMBERS, SCORE - SCORE.mean()))


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (BINARY, {}),
        (BINARY, {"sigmoid": 0.7}),
        (BINARY, {"objective": "cross_entropy"}),
        (BINARY, {"is_unbalance": True}),
        (BINARY, FOREST),
        (BINARY, {"objective": "multiclass", "num_class": 2}),
        (THREE, {}),
        (THREE, {"objective": "multiclassova", "sigmoid": 0.3}),
        (THREE, {"objective": "ova", "boosting_type": "dart"}),
        (THREE, FOREST),
        (THREE, {"linear_tree": True}),
        (THREE, {"zero_as_missing": True}),
    ],
)
def test_classifier(labels: Any, options: dict[str, Any]) -> None:
    check_equal(lightgbm.LGBMClassifier(**SMALL | options).fit(NUMBERS, labels))


@pytest.mark.parametrize("options", [{}, {"objective": "rank_xendcg"}])
def test_ranker(options: dict[str, Any]) -> None:
    groups = [50] * (ROWS // 50)
    check_equal(lightgbm.LGBMRanker(**SMALL | options).fit(NUMBERS, THREE // 10, group=groups))


@pytest.mark.parametrize(
    "options", [{}, {"use_missing": False}, {"num_leaves": 50, "linear_lambda": 0.1}, {"boosting_type": "dart"}]
)
def test_linear_trees(options: dict[str, Any]) -> None:
    check_equal(lightgbm.LGBMRegressor(**SMALL | options, linear_tree=True).fit(NUMBERS, SCORE))


@pytest.mark.parametrize("options", [{}, {"max_cat_to_onehot": 100}, {"linear_tree": True}, {"zero_as_missing": True}])
def test_whole_numbers_as_categories(options: dict[str, Any]) -> None:
    model = lightgbm.LGBMRegressor(**SMALL | options, cat_smooth=1, min_data_per_group=5)
    check_equal(model.fit(NUMBERS, SCORE, categorical_feature=["code"]))


@pytest.mark.parametrize("options", [{}, {"max_cat_to_onehot": 100}, {"linear_tree": True}])
def test_categories_of_pandas(options: dict[str, Any]) -> None:
    model = lightgbm.LGBMRegressor(**SMALL | options, cat_smooth=1, min_data_per_group=5)
    fitted = model.fit(FRAME, SCORE)
    assert any(tree.sets for tree in parse_model(fitted.booster_.model_to_string()).trees)
    check_equal(fitted, FRAME)


def test_categories_of_pandas_that_are_numbers() -> None:
    frame = FRAME.assign(code=FRAME["code"].astype(int))
    model = lightgbm.LGBMRegressor(**SMALL, cat_smooth=1, min_data_per_group=5)
    model.fit(frame.astype({"code": "category"}), SCORE)
    features = [Feature(str(name), STRING if name in ("text", "size") else NUMBER, nullable=True) for name in frame]
    rows = frame.astype(object)
    rows.loc[:5, "code"] = [-1, 500, None, 1.5, 69, 0]
    columns = [list_values(rows[name]) for name in rows]
    typed = frame.assign(code=rows["code"].astype(float)).astype({"code": "category"})
    data = compile_estimator(model, features, make_targets()).data
    outputs = load(data, features, make_targets()).predict(columns)
    check_bits(numpy.array(get_values(outputs)), model.predict(typed))


def test_early_stopping_answers_with_the_best_iteration() -> None:
    noise = numpy.random.default_rng(0).normal(size=ROWS)
    model = lightgbm.LGBMRegressor(**SMALL | {"n_estimators": 200, "learning_rate": 0.5})
    model.fit(
        NUMBERS[:250],
        SCORE[:250] + 3 * noise[:250],
        eval_set=[(NUMBERS[250:], SCORE[250:])],
        callbacks=[lightgbm.early_stopping(5, verbose=False)],
    )
    assert 0 < model.best_iteration_ < 200
    check_equal(model)


def test_random_forest_that_stopped_early_is_averaged_over_its_best_iterations() -> None:
    data = lightgbm.Dataset(NUMBERS, SCORE)
    parameters = {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1, "num_threads": 1, "verbosity": -1}
    booster = lightgbm.train(parameters, data, 7)
    booster.best_iteration = 3
    assert booster.num_trees() == 7
    check_equal(booster)


@pytest.mark.parametrize("objective", ["regression", "binary", "cross_entropy", "lambdarank", "none"])
def test_booster_from_its_file(objective: str, tmp_path: Path) -> None:
    labels = THREE // 20 if objective != "regression" else SCORE
    data = lightgbm.Dataset(FRAME, labels, group=[50] * (ROWS // 50) if objective == "lambdarank" else None)
    parameters = {"objective": objective, "num_leaves": 6, "num_threads": 1, "verbosity": -1}
    if objective == "none":
        parameters["objective"] = lambda scores, data: (scores - data.get_label(), numpy.ones_like(scores))
    lightgbm.train(parameters, data, 5).save_model(tmp_path / "model.txt")
    check_equal(lightgbm.Booster(model_file=tmp_path / "model.txt"), FRAME)


def test_booster_of_several_classes_has_numbered_ones() -> None:
    parameters = {"objective": "multiclass", "num_class": 3, "num_threads": 1, "verbosity": -1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(NUMBERS, THREE // 10 - 1), 5)
    columns = [list_values(NUMBERS[name]) for name in NUMBERS]
    targets = make_targets([0, 1, 2])
    outputs = load(compile_estimator(booster, FEATURES, targets).data, FEATURES, targets).predict(columns)
    expected = numpy.asarray(booster.predict(NUMBERS))
    check_bits(numpy.array(get_scores(outputs)), expected)
    assert get_values(outputs) == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("options", [{}, {"linear_tree": True}])
def test_threshold_that_parts_nulls_from_all_numbers(options: dict[str, Any]) -> None:
    frame = pandas.DataFrame({"holes": numpy.where(NUMBERS["plain"] > 0, 0, numpy.nan)})
    model = lightgbm.LGBMRegressor(**SMALL | options).fit(frame, frame["holes"].isna() * 9.0)
    assert any(inf in tree.threshold for tree in parse_model(model.booster_.model_to_string()).trees)
    check_equal(model, frame)


@pytest.mark.parametrize("labels", [BINARY, THREE])
@pytest.mark.parametrize("options", [{}, FOREST])
def test_decision_is_the_sums_which_a_forest_does_not_average(labels: Any, options: dict[str, Any]) -> None:
    model = lightgbm.LGBMClassifier(**SMALL | options).fit(NUMBERS, labels)
    program = CompiledProgram(FEATURES, TRANSFORMERS, HEADS)
    decision = program.predict(model, program.record).decision
    assert decision is not None
    expected = numpy.reshape(numpy.asarray(model.decision_function(NUMBERS)), (ROWS, -1))
    for place in range(decision.width):
        data = program.encode([TargetOutput(0, program.take(decision, [place]), None)])
        outputs = load(data, FEATURES, make_targets()).predict([list_values(NUMBERS[name]) for name in NUMBERS])
        check_bits(numpy.array(get_values(outputs)), expected[:, place])


@pytest.mark.parametrize(("objective", "classes"), [("binary", ["no", "yes"]), ("multiclass", [1, 2, 3])])
def test_booster_in_its_adapter(objective: str, classes: list[Any]) -> None:
    parameters = {"objective": objective, "num_class": len(classes) if objective == "multiclass" else 1}
    labels = THREE // 10 - 1 if objective == "multiclass" else BINARY == "yes"
    booster = lightgbm.train(parameters | {"verbosity": -1, "num_threads": 1}, lightgbm.Dataset(NUMBERS, labels), 4)
    adapter = SimpleNamespace(booster_=booster, classes_=numpy.array(classes), get_params=dict)
    program = CompiledProgram(FEATURES, TRANSFORMERS, HEADS)
    answer = lightgbm_models.compile_classifier(program, adapter, program.record)
    targets = make_targets(classes)
    data = program.encode(choose_outputs(answer, targets))
    outputs = load(data, FEATURES, targets).predict([list_values(NUMBERS[name]) for name in NUMBERS])
    shares = numpy.asarray(booster.predict(NUMBERS))
    expected = shares if shares.ndim == 2 else numpy.column_stack([1 - shares, shares])
    check_bits(numpy.array(get_scores(outputs)), expected)
    assert get_values(outputs) == [classes[place] for place in expected.argmax(axis=1)]
    if objective == "multiclass":
        with pytest.raises(NotCompiled, match="several numbers"):
            lightgbm_models.compile_regressor(program, adapter, program.record)


def test_training_that_was_continued_on_other_nulls() -> None:
    first = lightgbm.LGBMRegressor(**SMALL, use_missing=False).fit(NUMBERS, SCORE)
    second = lightgbm.LGBMRegressor(**SMALL, zero_as_missing=True).fit(NUMBERS, SCORE, init_model=first)
    third = lightgbm.LGBMRegressor(**SMALL).fit(NUMBERS, SCORE, init_model=second)
    missing = {kind for tree in parse_model(third.booster_.model_to_string()).trees for kind in tree.missing.tolist()}
    assert missing == {0, 1, 2}
    check_equal(third)


def _score_itself(expected: Any, found: Any) -> tuple[Any, Any]:
    return found - expected, numpy.ones_like(found)


def test_regressor_with_an_objective_of_its_own() -> None:
    check_equal(lightgbm.LGBMRegressor(**SMALL, objective=_score_itself).fit(NUMBERS, SCORE))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: lightgbm.LGBMClassifier(**SMALL, objective=_score_itself).fit(NUMBERS, BINARY == "yes"), "scores"),
        (lambda: lightgbm.LGBMClassifier(**SMALL, pred_early_stop=True).fit(NUMBERS, BINARY), "pred_early_stop"),
        (lambda: lightgbm.LGBMClassifier(**SMALL).fit(NUMBERS[["plain"]], BINARY), "4 columns"),
    ],
)
def test_what_is_not_compiled_says_why(make: Callable[[], Any], reason: str) -> None:
    model = make()
    with pytest.raises(NotCompiled, match=reason):
        compile_estimator(model, FEATURES, make_targets(["no", "yes"]))


@pytest.mark.parametrize(
    ("old", "new"),
    [("left_child=", "left_child=0 "), ("left_child=1", "left_child=9"), ("split_feature=", "split_feature=9 ")],
)
def test_damaged_text_is_refused(old: str, new: str) -> None:
    text = lightgbm.LGBMRegressor(**SMALL).fit(NUMBERS, SCORE).booster_.model_to_string()
    with pytest.raises(ValueError, match=r"nodes|values"):
        parse_model(text.replace(old, new, 1))
