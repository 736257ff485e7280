"""Programs of CatBoost's models have the bits of CatBoost's own predictions. Touches a temporary folder at most."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import catboost
import numpy
import pandas
import pytest

from function.model.contract import BOOLEAN, NUMBER, TEXT, Feature
from function.model.manifest import FLAT, Artifact
from function.model.runtime import NotPredictable
from function.runtimes.flat.city_hash import compute_city_hash
from function.runtimes.flat.file import parse
from function.runtimes.flat.kinds import list_kinds
from function.runtimes.flat.program import Program
from function.runtimes.flat.runtime import FlatRuntime
from tests.unit.small_models import get_scores, get_values, make_targets
from training.compile.blocks import NotCompiled
from training.compile.compiling import compile_estimator
from training.parity.candidates import ALWAYS_RECORDS, ALWAYS_TABLES

SETTINGS: dict[str, Any] = {"iterations": 12, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
NUMBERS, CATEGORIES = ["size", "age", "rooms"], ["kind", "street", "floor", "has balcony"]
UNSEEN = ("", "never seen ✗", "nan", "1", " house", "x" * 70)


def make_table() -> pandas.DataFrame:
    """Numbers with nulls; texts, whole numbers and booleans as categories; three targets."""
    generator = numpy.random.default_rng(5)
    rows = 300
    frame = pandas.DataFrame(
        {
            "size": generator.normal(90, 30, rows),
            "age": generator.integers(0, 120, rows).astype(float),
            "rooms": generator.integers(1, 8, rows).astype(float),
            "kind": generator.choice(["flat", "house", "loft"], rows).astype(object),
            "street": generator.choice([f"№{number} 🏠" for number in range(15)], rows).astype(object),
            "floor": generator.integers(-1, 6, rows),
            "has balcony": generator.random(rows) < 0.4,
        }
    )
    frame.loc[generator.random(rows) < 0.1, "age"] = None
    street = frame["street"].str.len() + frame["street"].map(hash_of)
    frame["price"] = frame["size"] * 3 + (frame["kind"] == "house") * 80 + street * 9 + frame["floor"] * frame["rooms"]
    frame["band"] = pandas.qcut(frame["price"], 3, labels=["cheap", "fair", "dear"]).astype(str)
    frame["is dear"] = frame["band"] == "dear"
    return frame


def hash_of(text: str) -> int:
    return sum(map(ord, text)) % 7


TABLE = make_table()


def compile_runtimes(estimator: Any, frame: pandas.DataFrame) -> list[FlatRuntime]:
    """Compile the estimator; return what answers rows, and what answers tables."""
    targets = make_targets(estimator.classes_.tolist() if hasattr(estimator, "predict_proba") else None)
    features = [describe_column(frame[name]) for name in frame]
    data = compile_estimator(estimator, features, targets).data
    program = Program(*parse(memoryview(data)), len(data), list_kinds(features))
    artifact = Artifact("model.flat", "0" * 64, len(data), FLAT, "frame")
    return [
        FlatRuntime(program, targets, artifact, is_checked=False, many_values=many)
        for many in (ALWAYS_RECORDS, ALWAYS_TABLES)
    ]


def describe_column(column: "pandas.Series[Any]") -> Feature:
    if column.dtype == bool:
        return Feature(str(column.name), BOOLEAN, nullable=True)
    is_number = pandas.api.types.is_numeric_dtype(column.dtype)
    return Feature(str(column.name), NUMBER if is_number else TEXT, nullable=True)


def list_columns(frame: pandas.DataFrame) -> list[list[Any]]:
    """The columns as the contract makes them of records: numbers are floats, nulls are None."""
    return [list_values(frame[name]) for name in frame]


def list_values(column: "pandas.Series[Any]") -> list[Any]:
    if column.dtype == bool or not pandas.api.types.is_numeric_dtype(column.dtype):
        return column.tolist()
    return [None if pandas.isna(value) else float(value) for value in column]


def make_rows(estimator: Any, frame: pandas.DataFrame, folder: Path) -> pandas.DataFrame:
    """Rows of the table, mixed; at borders and at the floats beside them; past float32; of categories never seen."""
    generator = numpy.random.default_rng(6)
    count = 1_500
    rows = pandas.DataFrame(
        {name: frame[name].sample(count, replace=True, random_state=n).to_numpy() for n, name in enumerate(frame)}
    )
    estimator.save_model(str(folder / "model.json"), format="json")
    for feature in json.loads((folder / "model.json").read_bytes())["features_info"].get("float_features", []):
        odd = [
            0.0,
            -0.0,
            1e39,
            -1e39,
            1.7e308,
            numpy.inf,
            -numpy.inf,
            numpy.nan,
            *list_neighbours(feature["borders"] or []),
        ]
        places = generator.choice(count, len(odd), replace=False)
        rows.loc[places, frame.columns[feature["flat_feature_index"]]] = odd
    for name in frame:
        if frame[name].dtype == object:
            rows.loc[generator.choice(count, 60, replace=False), name] = generator.choice(UNSEEN, 60)
    return rows


def list_neighbours(borders: Sequence[float]) -> list[float]:
    """Borders, the floats of 32 bits beside them, and the middles, where rounding changes, with their neighbours."""
    found: list[float] = []
    for border in numpy.array(borders[:40], dtype=numpy.float32):
        with numpy.errstate(over="ignore"):
            beside = [numpy.nextafter(border, numpy.float32(end)) for end in (-numpy.inf, numpy.inf)]
        middles = [(float(border) + float(other)) / 2 for other in beside]
        for value in (float(border), *map(float, beside), *middles):
            found += [value, *(float(numpy.nextafter(value, end)) for end in (-numpy.inf, numpy.inf))]
    return found


REGRESSORS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "oblivious": (NUMBERS, {}),
    "oblivious, nulls above": (NUMBERS, {"nan_mode": "Max"}),
    "oblivious, deep": (NUMBERS, {"depth": 11, "border_count": 300, "iterations": 4}),
    "depthwise": (NUMBERS, {"grow_policy": "Depthwise"}),
    "lossguide, nulls above": (NUMBERS, {"grow_policy": "Lossguide", "nan_mode": "Max"}),
    "median": (NUMBERS, {"loss_function": "MAE"}),
    "exact categories": (NUMBERS + CATEGORIES, {"one_hot_max_size": 20}),
    "counts": (NUMBERS + CATEGORIES, {"one_hot_max_size": 2}),
    "counts of combinations": (
        NUMBERS + CATEGORIES,
        {"one_hot_max_size": 4, "max_ctr_complexity": 4, "iterations": 60},
    ),
    "counts, depthwise": (NUMBERS + CATEGORIES, {"grow_policy": "Depthwise"}),
    "means": (CATEGORIES, {"simple_ctr": ["BinarizedTargetMeanValue:TargetBorderCount=4"]}),
    "buckets": (CATEGORIES, {"simple_ctr": ["Buckets:TargetBorderCount=3:Prior=0.3", "Counter"]}),
    "categories alone": (["kind"], {"iterations": 1, "depth": 1}),
    "categories that no tree compares": (["size", "kind"], {"iterations": 1, "depth": 1, "one_hot_max_size": 2}),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_sums_of_trees_have_catboosts_bits(name: str, tmp_path: Path) -> None:
    names, changed = REGRESSORS[name]
    categories = [each for each in names if each in CATEGORIES]
    estimator = catboost.CatBoostRegressor(**SETTINGS | {"cat_features": categories} | changed)
    estimator.fit(TABLE[names], TABLE["price"])
    rows = make_rows(estimator, TABLE[names], tmp_path)
    expected = estimator.predict(rows).tolist()
    for runtime in compile_runtimes(estimator, TABLE[names]):
        assert get_values(runtime.predict(list_columns(rows))) == expected


@pytest.mark.parametrize("target", ["is dear", "band"])
@pytest.mark.parametrize("changed", [{}, {"grow_policy": "Lossguide"}, {"one_hot_max_size": 20}], ids=str)
def test_classes_and_probabilities_are_catboosts(target: str, changed: dict[str, Any], tmp_path: Path) -> None:
    names = NUMBERS + CATEGORIES
    estimator = catboost.CatBoostClassifier(**SETTINGS | changed, cat_features=CATEGORIES)
    estimator.fit(TABLE[names], TABLE[target])
    compare_classes(estimator, make_rows(estimator, TABLE[names], tmp_path), TABLE[names])


def test_each_class_by_itself_has_catboosts_bits(tmp_path: Path) -> None:
    estimator = catboost.CatBoostClassifier(**SETTINGS, loss_function="MultiClassOneVsAll")
    estimator.fit(TABLE[NUMBERS], TABLE["band"].map({"cheap": 7, "fair": 3, "dear": 5}))
    compare_classes(estimator, make_rows(estimator, TABLE[NUMBERS], tmp_path), TABLE[NUMBERS], tolerance=0.0)


def test_threshold_of_probability_decides(tmp_path: Path) -> None:
    estimator = catboost.CatBoostClassifier(**SETTINGS).fit(TABLE[NUMBERS], TABLE["is dear"])
    estimator.set_probability_threshold(0.3)
    compare_classes(estimator, make_rows(estimator, TABLE[NUMBERS], tmp_path), TABLE[NUMBERS], tolerance=0.0)


def compare_classes(
    estimator: Any, rows: pandas.DataFrame, frame: pandas.DataFrame, tolerance: float | None = None
) -> None:
    # CatBoost's softmax has an exp of its own, which differs in the last bits from the one of Python.
    allowed = tolerance if tolerance is not None else (0.0 if len(estimator.classes_) == 2 else 1e-14)
    for runtime in compile_runtimes(estimator, frame):
        outputs = runtime.predict(list_columns(rows))
        assert [str(value) for value in get_values(outputs)] == [
            str(value) for value in estimator.predict(rows).ravel()
        ]
        numpy.testing.assert_allclose(
            numpy.array(get_scores(outputs)), estimator.predict_proba(rows), rtol=allowed, atol=0
        )


@pytest.mark.parametrize("loss", ["Poisson", "Tweedie:variance_power=1.5", "Quantile:alpha=0.9", "LogCosh"])
def test_losses_are_linked_as_catboost_does(loss: str) -> None:
    estimator = catboost.CatBoostRegressor(**SETTINGS, loss_function=loss).fit(TABLE[NUMBERS], TABLE["rooms"])
    for runtime in compile_runtimes(estimator, TABLE[NUMBERS]):
        found = numpy.array(get_values(runtime.predict(list_columns(TABLE[NUMBERS]))))
        numpy.testing.assert_allclose(found, estimator.predict(TABLE[NUMBERS]), rtol=1e-14, atol=0)


def test_base_class_predicts_the_sum_of_its_trees(tmp_path: Path) -> None:
    estimator = catboost.CatBoost(SETTINGS | {"loss_function": "Poisson"}).fit(TABLE[NUMBERS], TABLE["rooms"])
    estimator.save_model(str(tmp_path / "model.cbm"))
    estimator = catboost.CatBoost().load_model(str(tmp_path / "model.cbm"))
    estimator.set_scale_and_bias(0.37, 11.3)
    expected = estimator.predict(TABLE[NUMBERS]).tolist()
    for runtime in compile_runtimes(estimator, TABLE[NUMBERS]):
        assert get_values(runtime.predict(list_columns(TABLE[NUMBERS]))) == expected


def test_ranker_predicts_the_sum_of_its_trees() -> None:
    estimator = catboost.CatBoostRanker(**SETTINGS)
    estimator.fit(TABLE[NUMBERS], TABLE["rooms"] / 10, group_id=[row // 10 for row in range(len(TABLE))])
    expected = estimator.predict(TABLE[NUMBERS]).tolist()
    for runtime in compile_runtimes(estimator, TABLE[NUMBERS]):
        assert get_values(runtime.predict(list_columns(TABLE[NUMBERS]))) == expected


@pytest.mark.parametrize("one_hot_max_size", [2, 20])
@pytest.mark.parametrize(("name", "value"), [("kind", None), ("floor", None), ("floor", 2.5), ("has balcony", None)])
def test_null_or_fraction_as_a_category_is_refused(name: str, value: Any, one_hot_max_size: int) -> None:
    names = NUMBERS + CATEGORIES
    estimator = catboost.CatBoostRegressor(**SETTINGS, cat_features=CATEGORIES, one_hot_max_size=one_hot_max_size)
    estimator.fit(TABLE[names], TABLE["price"])
    record = TABLE[names].iloc[[0]].astype({name: object})
    record[name] = pandas.Series([value], index=record.index, dtype=object)
    with pytest.raises((catboost.CatBoostError, TypeError)):
        estimator.predict(record)
    columns = list_columns(TABLE[names].iloc[[0]])
    columns[names.index(name)] = [value]
    for runtime in compile_runtimes(estimator, TABLE[names]):
        with pytest.raises(NotPredictable):
            runtime.predict(columns)


def test_null_as_a_category_is_refused_where_no_tree_compares_it() -> None:
    names, changed = REGRESSORS["categories that no tree compares"]
    estimator = catboost.CatBoostRegressor(**SETTINGS | changed, cat_features=["kind"])
    estimator.fit(TABLE[names], TABLE["size"])
    for runtime in compile_runtimes(estimator, TABLE[names]):
        with pytest.raises(NotPredictable):
            runtime.predict([[90.0], [None]])


def fit_classes_that_are_not_there() -> Any:
    estimator = catboost.CatBoostClassifier(**SETTINGS, classes_count=5)
    return estimator.fit(TABLE[NUMBERS], TABLE["band"].map({"cheap": 0, "fair": 2, "dear": 4}))


def fit_text() -> Any:
    return catboost.CatBoostRegressor(**SETTINGS, text_features=["street"]).fit(
        TABLE[["size", "street"]], TABLE["price"]
    )


def fit_two_divisions() -> Any:
    ctrs = ["Borders:TargetBorderCount=4", "Borders:TargetBorderCount=1"]
    estimator = catboost.CatBoostRegressor(**SETTINGS, cat_features=CATEGORIES, simple_ctr=ctrs)
    return estimator.fit(TABLE[NUMBERS + CATEGORIES], TABLE["price"])


@pytest.mark.parametrize(
    ("fit", "reason"),
    [
        (fit_classes_that_are_not_there, "5 classes"),
        (fit_text, "text features"),
        (fit_two_divisions, "several divisions of the target"),
    ],
)
def test_what_is_not_compiled_says_why(fit: Callable[[], Any], reason: str) -> None:
    estimator = fit()
    with pytest.raises(NotCompiled, match=reason):
        compile_runtimes(estimator, TABLE[list(estimator.feature_names_)])


@pytest.mark.parametrize("size", [0, 1, 3, 4, 8, 9, 16, 17, 32, 33, 64, 65, 127, 128, 129, 400])
def test_hash_of_a_text_is_catboosts(size: int, tmp_path: Path) -> None:
    texts = [("qwertzuiopü" * 40).encode()[:size].decode(errors="ignore"), "other"]
    column = pandas.DataFrame({"text": texts * 20})
    estimator = catboost.CatBoostRegressor(
        iterations=1, depth=1, verbose=0, allow_writing_files=False, cat_features=[0]
    )
    estimator.fit(column, [0.0, 1.0] * 20).save_model(str(tmp_path / "model.json"), format="json")
    (feature,) = json.loads((tmp_path / "model.json").read_bytes())["features_info"]["categorical_features"]
    hashes = {compute_city_hash(text.encode()) % 2**32 for text in texts}
    assert {value % 2**32 for value in feature["values"]} <= hashes
