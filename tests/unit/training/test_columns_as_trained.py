"""What an estimator saw in training is what serving gives it: nulls, number types, texts; each runtime against it."""

import io
import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor, StackingRegressor, VotingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from function.bundle.loading import load
from function.formats.csv_table import predict_csv_document
from function.model.contract import PANDAS_NULL_CELLS
from function.model.prediction import Prediction, predict_each
from tests.unit.training.conftest import Run, TrainingResult

ROWS = 200
TEXTS = ["x", "y", "", " ", "NA", "null", "None", "nan", "0", "1.0", "01", "never seen", None]

type Frame = pandas.DataFrame


def predict_records(bundle: Path, runtime: str, records: list[dict[str, Any]]) -> list[Any]:
    """Predict each record; return the code of what is wrong with it where it is refused."""
    outcomes = predict_each(load(bundle, runtime), records)
    return [found.output[0] if isinstance(found, Prediction) else found[0].code for found in outcomes]


def predict_frame(estimator: Any, frame: Any) -> list[Any]:
    found: list[Any] = numpy.asarray(estimator.predict(frame)).tolist()
    return found


def check_runtimes(
    outcome: TrainingResult, estimator: Any, frame: Frame, records: list[dict[str, Any]], tolerance: float = 1e-9
) -> None:
    """Check that each runtime of the bundle predicts the records as the estimator predicts the frame."""
    for artifact in outcome.manifest["artifacts"].values():
        found = predict_records(outcome.bundle, artifact["runtime"], records)
        assert found == pytest.approx(predict_frame(estimator, frame), rel=tolerance), artifact["runtime"]


def draw_numbers(count: int = ROWS) -> numpy.ndarray[Any, Any]:
    return numpy.random.default_rng(2).normal(size=count)


def draw_texts(*values: str | None) -> "pandas.Series[Any]":
    drawn = numpy.random.default_rng(3).choice(numpy.array(values, dtype=object), size=ROWS)
    column: pandas.Series[Any] = pandas.Series(drawn, dtype=object)
    return column


def fit_regressor(frame: Frame, encoder: Any) -> tuple[Any, "pandas.Series[Any]"]:
    """Fit a linear model on the frame, with the column `c` encoded; return it and its target."""
    target = frame["a"] + frame["c"].map(lambda text: len(str(text)) * 10.0 + (text is None) * 300)
    model = make_pipeline(make_column_transformer((encoder, ["c"]), remainder="passthrough"), Ridge(1e-3))
    return model.fit(frame, target), target


@pytest.mark.slow
@pytest.mark.parametrize("null", [None, numpy.nan], ids=["None", "NaN"])
@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
        make_pipeline(
            SimpleImputer(missing_values=pandas.NA, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        ),
    ],
    ids=["one-hot", "ordinal", "imputed", "imputed-na"],
)
def test_the_null_of_training_is_the_null_of_serving(run: Run, encoder: Any, null: Any) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "c": draw_texts("x", "y", "", "null", "0")})
    frame.loc[::7, "c"] = null
    model, target = fit_regressor(frame, encoder)
    outcome = run("--target", "y", frame=frame.assign(y=target), estimator=model, suffix=".parquet")

    asked = pandas.DataFrame({"a": 0.5, "c": pandas.Series(TEXTS, dtype=object)})
    asked.loc[len(TEXTS) - 1, "c"] = null
    check_runtimes(outcome, model, asked, [{"a": 0.5, "c": text} for text in TEXTS])


@pytest.mark.slow
def test_cells_are_nulls_where_pandas_read_nulls(run: Run) -> None:
    words = [word for word in sorted(PANDAS_NULL_CELLS) if word]
    cells = draw_texts("x", "y", *words)
    text = "a,c\n" + "".join(f"{a},{c}\n" for a, c in zip(draw_numbers(), cells, strict=True))
    frame = pandas.read_csv(io.StringIO(text))
    model, target = fit_regressor(frame.assign(c=frame["c"].astype(object)), OneHotEncoder())
    outcome = run("--target", "y", frame=frame.assign(c=cells, y=target), estimator=model)

    assert outcome.manifest["features"][1]["categories"] == ["x", "y"]
    table = "a,c\n" + "".join(f"0.5,{word}\n" for word in words)
    answered = pandas.read_csv(io.StringIO(predict_csv_document(load(outcome.bundle), table.encode())))
    expected = predict_frame(model, pandas.DataFrame({"a": [0.5], "c": pandas.Series([numpy.nan], dtype=object)}))
    assert answered["prediction"].tolist() == pytest.approx(expected * len(words), rel=1e-12)
    assert answered["warnings"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("categories", "null_cells"),
    [
        (["x", "y"], "pandas"),
        (["x", None], "pandas"),
        (["NA", "x"], []),
        (["NA", "x", None], [""]),
        (["", "null", "x"], []),
        (["None", "x"], sorted(PANDAS_NULL_CELLS - {"None"})),
    ],
)
def test_categories_tell_which_cells_are_nulls(
    run: Run, categories: list[str | None], null_cells: str | list[str]
) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "c": draw_texts(*categories)})
    model, target = fit_regressor(frame, OneHotEncoder(handle_unknown="ignore"))
    outcome = run("--target", "y", frame=frame.assign(y=target), estimator=model)

    feature = outcome.manifest["features"][1]
    assert feature["null_cells"] == null_cells
    assert feature["nullable"] is (None in categories)
    assert feature.get("null") == ("None" if None in categories else None)
    assert feature["categories"] == sorted(text for text in categories if text is not None)


@pytest.mark.slow
def test_keep_na_takes_na_for_a_category(run: Run) -> None:
    frame = pandas.DataFrame({"region": draw_texts("NA", "EU", "null"), "y": draw_numbers()})
    kept = run("--target", "y", "--keep-na", frame=frame)
    assert kept.manifest["features"][0]["categories"] == ["EU", "NA", "null"]
    assert kept.manifest["features"][0]["null_cells"] == [""]
    assert "They are read as texts" in kept.err
    read = run("--target", "y", frame=frame)
    assert read.manifest["features"][0]["categories"] == ["EU"]
    assert "They are read as nulls, as pandas.read_csv does: add --keep-na to read them as texts" in read.err


@pytest.mark.slow
@pytest.mark.parametrize("fill", ["NA", "None", "", "nan", "missing"])
def test_what_an_imputer_fills_in_says_nothing_of_cells(run: Run, fill: str) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "c": draw_texts("x", "y")})
    frame.loc[::7, "c"] = numpy.nan
    imputer = SimpleImputer(strategy="constant", fill_value=fill)
    model, target = fit_regressor(frame, make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore")))
    outcome = run("--target", "y", frame=frame.assign(y=target), estimator=model)

    table = "a,c\n0.5,x\n0.5,\n0.5,NA\n0.5,never seen\n"
    answered = pandas.read_csv(io.StringIO(predict_csv_document(load(outcome.bundle), table.encode())))
    assert answered["prediction"].tolist() == pytest.approx(
        predict_frame(model, pandas.read_csv(io.StringIO(table))), rel=1e-12
    )


@pytest.mark.slow
def test_a_text_that_an_imputer_seeks_is_no_null(run: Run) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "c": draw_texts("x", "y", "", "NA")})
    imputer = SimpleImputer(strategy="most_frequent", missing_values="")
    model, target = fit_regressor(frame, make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore")))
    outcome = run("--target", "y", frame=frame.assign(y=target), estimator=model)

    assert outcome.manifest["features"][1]["null_cells"] == []
    asked = [{"a": 0.5, "c": text} for text in ("x", "", "NA", "z")]
    check_runtimes(outcome, model, pandas.DataFrame(asked), asked)


def test_keep_na_comes_before_what_was_learned(run: Run) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "c": draw_texts("x", "y", "None")})
    model, target = fit_regressor(frame, OneHotEncoder(handle_unknown="ignore"))
    outcome = run("--target", "y", "--keep-na", frame=frame.assign(y=target), estimator=model)
    assert outcome.manifest["features"][1]["null_cells"] == [""]


OBJECTS: dict[str, tuple[list[Any], str]] = {
    "objects of numbers": ([1, 2, 3], "object"),
    "objects of numbers and None": ([1.0, 2.0, 3.0, None], "object"),
    "objects of booleans and None": ([True, False, None], "object"),
    "objects of booleans and NaN": ([True, False, numpy.nan], "object"),
    "nullable booleans": ([True, False, pandas.NA], "boolean"),
    "categories of booleans": ([True, False], "category"),
}


ENCODERS: dict[str, Any] = {
    "one-hot": OneHotEncoder(),
    "ordinal": OrdinalEncoder(encoded_missing_value=-1),
    "imputed": make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
    "text beside": make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder()),
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("name", "encoder"),
    [
        *((name, encoder) for name in OBJECTS for encoder in ("one-hot", "ordinal", "imputed")),
        ("objects of numbers", "text beside"),
        ("objects of numbers and None", "text beside"),
        ("objects of booleans and None", "text beside"),
    ],
)
def test_numbers_and_booleans_have_the_form_of_training(run: Run, name: str, encoder: str, suffix: str) -> None:
    values, dtype = OBJECTS[name]
    column = pandas.Series(values * ROWS, dtype=object)[:ROWS].astype(dtype)  # type: ignore[call-overload]
    frame = pandas.DataFrame({"a": draw_numbers(), "c": column})
    target = frame["a"] + [float(row % len(values)) for row in range(ROWS)]
    columns = make_column_transformer((ENCODERS[encoder], ["c"]), remainder="passthrough")
    model = make_pipeline(columns, Ridge(1e-3)).fit(frame, target)
    outcome = run("--target", "y", frame=frame.assign(y=target), estimator=model, suffix=suffix)

    asked = [{"a": 0.5, "c": None if pandas.isna(value) else value} for value in values]
    check_runtimes(outcome, model, frame.head(len(values)).assign(a=0.5), asked)


def test_nullable_floats_are_rounded_and_then_computed_in_float64(run: Run) -> None:
    frame = (
        pandas.DataFrame({"a": draw_numbers() * 1e3 + 1e6, "b": draw_numbers()[::-1]})
        .astype("float32")
        .astype("Float32")
    )
    frame.loc[::7, "a"] = pandas.NA
    model = make_pipeline(StandardScaler(), RandomForestRegressor(20, random_state=0)).fit(frame, frame["b"])
    outcome = run("--target", "y", frame=frame.assign(y=frame["b"]), estimator=model, suffix=".parquet")

    asked: list[dict[str, Any]] = [{"a": 1e6 + step * 1e3 / 977, "b": step / 331} for step in range(-100, 100)]
    asked += [{"a": None, "b": 0.1}]
    check_runtimes(outcome, model, pandas.DataFrame(asked).astype("float32").astype("Float32"), asked, 0)


def test_texts_in_an_array_are_no_matrix_of_numbers(run: Run) -> None:
    table = numpy.column_stack([draw_texts("01003", "02139"), draw_texts("1", "2", "3")])
    model = make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), Ridge())
    model.fit(table, draw_numbers())
    frame = pandas.DataFrame(table, columns=["zip", "n"]).assign(y=draw_numbers())
    outcome = run("--target", "y", "--keep-joblib", frame=frame, estimator=model)
    asked = [{"zip": "01003", "n": "3"}, {"zip": "", "n": "never seen"}]
    expected = predict_frame(model, numpy.array([list(record.values()) for record in asked], dtype=object))
    for runtime in ("flat", "joblib"):
        assert predict_records(outcome.bundle, runtime, asked) == pytest.approx(expected, rel=1e-12)


def test_rows_without_a_finite_answer_are_not_scored(run: Run) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "b": draw_numbers()[::-1]})
    model = TransformedTargetRegressor(Ridge(), func=numpy.expm1, inverse_func=numpy.log1p, check_inverse=False)
    model.fit(frame, numpy.log1p(frame["a"] - frame["a"].min()))
    with numpy.errstate(invalid="ignore"):
        lost = int(numpy.isnan(model.predict(frame * 2)).sum())
    assert 0 < lost < ROWS
    outcome = run("--target", "y", frame=(frame * 2).assign(y=frame["a"]), estimator=model)
    assert (
        f"notice: the estimator predicts no finite number for {lost} of {ROWS} rows: left out of the metrics."
        in outcome.err
    )
    assert outcome.manifest["metrics"]["r2"] < 1


NARROW: dict[str, Any] = {
    "neighbours": lambda: make_pipeline(StandardScaler(), KNeighborsRegressor(1)),
    "forest": lambda: make_pipeline(StandardScaler(), RandomForestRegressor(20, random_state=0)),
    "components": lambda: make_pipeline(StandardScaler(), PCA(1), Ridge()),
}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", NARROW)
def test_numbers_are_of_the_type_of_training(run: Run, name: str, dtype: str) -> None:
    scale, place = (1e3, 1e6) if dtype == "float32" else (1.0, 1e3)
    frame = pandas.DataFrame(
        {"a": (draw_numbers() * scale + place).astype(dtype), "b": draw_numbers()[::-1].astype(dtype)}
    )
    target = (frame["a"].to_numpy() > place).astype(float) + numpy.random.default_rng(4).integers(0, 2, ROWS)
    model = NARROW[name]().fit(frame, target)
    outcome = run("--target", "y", frame=frame.assign(y=target), estimator=model, suffix=".parquet")

    assert [feature["dtype"] for feature in outcome.manifest["features"]] == [dtype, dtype]
    asked = [{"a": place + scale * step / 977, "b": step / 331} for step in range(-100, 100)]
    # BLAS adds up float32 in another order where the frame lies otherwise in memory.
    check_runtimes(
        outcome, model, pandas.DataFrame(asked).astype(numpy.dtype(dtype)), asked, 1e-6 if name == "components" else 0
    )
    assert predict_records(outcome.bundle, "", [{"a": 1e39, "b": 0}]) == ["too_large"]


@pytest.mark.parametrize("name", ["neighbours", "components"])
def test_float32_is_known_from_what_was_learned_where_a_csv_does_not_say(run: Run, name: str) -> None:
    frame = pandas.DataFrame(
        {"a": (draw_numbers() * 1e3 + 1e6).astype("float32"), "b": draw_numbers().astype("float32")}
    )
    model = NARROW[name]().fit(frame, frame["b"])
    outcome = run("--target", "y", frame=frame.assign(y=frame["b"]), estimator=model)
    assert [feature["dtype"] for feature in outcome.manifest["features"]] == ["float32", "float32"]


def test_small_integers_stay_small_beside_float32(run: Run) -> None:
    frame = pandas.DataFrame({"a": (draw_numbers() * 1e3 + 1e6).astype("float32"), "n": draw_numbers().astype("int8")})
    model = NARROW["neighbours"]().fit(frame, frame["a"])
    outcome = run("--target", "y", frame=frame.assign(y=frame["a"]), estimator=model, suffix=".parquet")

    assert [feature["dtype"] for feature in outcome.manifest["features"]] == ["float32", "int8"]
    asked = [{"a": 1e6 + step, "n": step % 3} for step in range(50)]
    check_runtimes(outcome, model, pandas.DataFrame(asked).astype({"a": "float32", "n": "int8"}), asked)
    # A number that no such integer is: answered by itself, whatever stands beside it.
    odd = [{"a": 1e6, "n": 1.5}, {"a": 1e6, "n": 400}]
    alone = [predict_records(outcome.bundle, "joblib", [record])[0] for record in odd]
    assert predict_records(outcome.bundle, "joblib", [*asked, *odd])[-2:] == alone


@pytest.mark.slow
def test_texts_that_look_like_numbers_stay_texts(run: Run) -> None:
    frame = pandas.DataFrame(
        {
            "zip": draw_texts("01003", "02139", "10001"),
            "flag": draw_texts("true", "false"),
            "n": draw_texts("1", "2"),
            "a": draw_numbers(),
        }
    )
    encoder = OneHotEncoder(handle_unknown="ignore")
    model = make_pipeline(make_column_transformer((encoder, ["zip", "flag", "n"]), remainder="passthrough"), Ridge())
    model.fit(frame, frame["a"])
    outcome = run("--target", "y", frame=frame.assign(y=frame["a"]), estimator=model)

    kinds = [feature["type"] for feature in outcome.manifest["features"]]
    assert kinds == ["string", "string", "string", "number"]
    asked = [
        {"zip": "01003", "flag": "true", "n": "1", "a": 1.0},
        {"zip": "1003", "flag": "True", "n": "2.0", "a": 1.0},
    ]
    check_runtimes(outcome, model, pandas.DataFrame(asked), asked)


def test_a_type_can_be_said(run: Run) -> None:
    frame = pandas.DataFrame({"zip": draw_texts("1003", "2139", "1", "7"), "a": draw_numbers()}).assign(
        y=draw_numbers() + 1
    )
    features = run("--target", "y", "--type", "zip=string", frame=frame.head(30)).manifest["features"]
    assert (features[0]["type"], features[0]["categories"]) == ("string", ["1", "1003", "2139", "7"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--type", "c=number"), "The column 'c' holds the text 'y' in row 1, but should hold a number"),
        (("--type", "c=boolean"), "The column 'c' holds the text 'y' in row 1, but should hold true or false"),
        (("--type", "c=date"), "--type 'c=date' is not understood: write COLUMN=string|number|boolean|text."),
        (("--type", "d=string"), "--type names the column 'd', which the table does not have"),
        (("--nullable", "d"), "--nullable names the column 'd', which the table does not have"),
        (("--categories", "c=few"), "--categories 'c=few' is not understood: write COLUMN=list|none."),
        (
            ("--categories", "a=list", "--drop", "a"),
            "--categories names the column 'a', which is not an input of the model",
        ),
    ],
)
def test_what_cannot_be_as_said_is_named(run: Run, arguments: tuple[str, ...], words: str) -> None:
    frame = pandas.DataFrame({"c": draw_texts("x", "y"), "a": draw_numbers(), "y": draw_numbers() + 1})
    outcome = run("--target", "y", *arguments, frame=frame)
    assert words in outcome.refusal


@pytest.mark.slow
def test_what_the_estimator_drops_is_not_looked_at(run: Run) -> None:
    frame = pandas.DataFrame(
        {"a": draw_numbers(), "c": draw_texts("x", "y"), "day": "2020-01-01", "nothing": numpy.nan}
    )
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["a"]), (OneHotEncoder(), ["c"])
    )
    model = make_pipeline(columns, Ridge()).fit(frame, frame["a"])
    outcome = run("--target", "y", frame=frame.assign(y=frame["a"]), estimator=model)

    assert [feature["name"] for feature in outcome.manifest["features"]] == ["a", "c"]
    assert "notice: the estimator does not use 'day', 'nothing': left out of the model's inputs." in outcome.err
    # The sample has no null, and yet the imputer stands there for some.
    assert outcome.manifest["features"][0]["nullable"] is True
    # A caller's record may be what training had.
    assert outcome.manifest["ignored_columns"] == ["day", "nothing"]
    whole = {"a": 1.0, "c": "x", "day": "2020-01-02", "nothing": None}
    assert predict_records(outcome.bundle, "", [whole, {**whole, "other": 1}])[1] == "unknown_field"
    assert predict_records(outcome.bundle, "", [whole]) == predict_records(outcome.bundle, "", [{"a": 1.0, "c": "x"}])
    asked: list[dict[str, Any]] = [{"a": 1.0, "c": "x"}, {"a": None, "c": "y"}]
    check_runtimes(outcome, model, pandas.DataFrame(asked).assign(day="", nothing=0), asked)


@pytest.mark.parametrize("column", ["absent", "null in some rows", "null in all rows"])
def test_a_sample_needs_no_target(run: Run, column: str) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "b": draw_numbers()[::-1]})
    model = Ridge().fit(frame, frame["a"])
    target = {
        "null in some rows": frame["a"].where(frame["b"] > 0),
        "null in all rows": frame["a"].where(frame["a"] > 99),
    }
    table = frame if column == "absent" else frame.assign(y=target[column])
    outcome = run("--target", "y", frame=table, estimator=model)
    scored = outcome.manifest.get("metrics", {}).get("method")
    rows = int((frame["b"] > 0).sum())
    expected = f"on the given table ({rows} rows), which may hold its training rows"
    assert scored == (expected if column == "null in some rows" else None)
    assert outcome.manifest["targets"] == [{"name": "y"}]


def test_nullable_can_be_said(run: Run) -> None:
    frame = pandas.DataFrame({"a": draw_numbers(), "b": draw_numbers()[::-1]}).assign(y=draw_numbers() + 1)
    features = run("--target", "y", "--nullable", "a", frame=frame.head(30)).manifest["features"]
    assert [feature["nullable"] for feature in features] == [True, False]


def test_an_array_is_taken_by_place_and_a_wrong_order_is_said_loudly(run: Run) -> None:
    table = numpy.column_stack([draw_numbers() * 100, draw_numbers()[::-1]])
    model = RandomForestRegressor(10, random_state=0).fit(table, table[:, 0] * 2)
    frame = pandas.DataFrame({"small": table[:, 1], "large": table[:, 0], "y": table[:, 0] * 2})
    wrong = run("--target", "y", frame=frame, estimator=model)
    assert wrong.manifest["columns_by"] == "place"
    assert "in this order: the estimator was trained on an array" in wrong.out
    assert "CAUTION" in wrong.out
    assert any("in this order: 'small', 'large'" in caution for caution in wrong.manifest["cautions"])
    right = run("--target", "y", "--feature", "large", "--feature", "small", frame=frame, estimator=model)
    assert "cautions" not in right.manifest
    assert "CAUTION" not in right.out


@pytest.mark.slow
def test_a_model_worth_nothing_is_said_loudly(run: Run) -> None:
    generator = numpy.random.default_rng(9)
    frame = pandas.DataFrame({"a": generator.normal(size=ROWS), "y": generator.normal(size=ROWS)})
    outcome = run("--target", "y", frame=frame)
    assert "than the mean of the target: the model's r2 is" in outcome.manifest["cautions"][0]
    labels = pandas.DataFrame({"a": generator.normal(size=ROWS), "y": numpy.arange(ROWS) % 10 < 9})
    model = LogisticRegression().fit(labels[["a"]], labels["y"])
    outcome = run("--target", "y", frame=labels, estimator=model)
    assert "the share of that class is 0.9" in outcome.manifest["cautions"][0]


def test_free_text_is_published_nowhere(run: Run) -> None:
    generator = numpy.random.default_rng(5)
    words = ["good", "bad", "fine", "awful", "nice", "house", "room", "view", "garden", "loud"]
    reviews = [" ".join(generator.choice(words, 4)) for _ in range(300)]
    frame = pandas.DataFrame({"review": reviews, "who": [f"Person {row}" for row in range(300)]})
    columns = make_column_transformer((TfidfVectorizer(), "review"), (OneHotEncoder(handle_unknown="ignore"), ["who"]))
    liked = numpy.array(["good" in review for review in reviews])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, liked)
    outcome = run("--target", "y", frame=frame.assign(y=liked), estimator=model)

    assert [feature["type"] for feature in outcome.manifest["features"]] == ["text", "text"]
    assert not any("categories" in feature for feature in outcome.manifest["features"])
    examples = [example["input"] for example in outcome.manifest["examples"]]
    assert not {example["review"] for example in examples}.intersection(reviews)
    assert not {example["who"] for example in examples}.intersection(frame["who"])
    loaded = load(outcome.bundle)
    (found,) = predict_each(loaded, [{"review": "never seen before", "who": "nobody"}])
    assert isinstance(found, Prediction)
    assert found.warnings == []


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 30])
def test_rare_texts_beside_a_common_one_are_published_nowhere(run: Run, count: int) -> None:
    remarks = [f"Person {row} called" for row in range(count)]
    frame = pandas.DataFrame({"remark": remarks + ["none"] * (ROWS - count), "a": draw_numbers()}).assign(
        y=draw_numbers() + 1
    )
    outcome = run("--target", "y", "--drop", "a", frame=frame)
    assert outcome.manifest["features"][0]["type"] == "text"
    assert not any(remark in json.dumps(outcome.manifest) + outcome.out + outcome.err for remark in remarks)
    listed = run("--target", "y", "--drop", "a", "--categories", "remark=list", frame=frame)
    assert listed.manifest["features"][0]["categories"] == sorted({*remarks, "none"})


@pytest.mark.slow
def test_an_encoder_that_refuses_made_up_text_says_what_to_do(run: Run) -> None:
    frame = pandas.DataFrame({"who": [f"Person {row}" for row in range(120)] * 2, "a": draw_numbers(240)})
    model = make_pipeline(make_column_transformer((OneHotEncoder(), ["who"]), remainder="passthrough"), Ridge())
    model.fit(frame, frame["a"])
    table = frame.assign(y=frame["a"])
    refused = run("--target", "y", frame=table, estimator=model)
    assert "refuses every row with made-up text in 'who'" in refused.refusal
    assert "--categories COLUMN=list" in refused.refusal
    listed = run("--target", "y", "--categories", "who=list", frame=table, estimator=model)
    assert len(listed.manifest["features"][0]["categories"]) == 120


@pytest.mark.slow
def test_features_with_the_names_of_what_is_added_are_served(run: Run) -> None:
    names = ["prediction", "warnings", "error", "probability_yes", "instances"]
    frame = pandas.DataFrame({name: draw_numbers() * (place + 1) for place, name in enumerate(names)})
    frame["y"] = numpy.where(frame["prediction"] > 0, "yes", "no")
    outcome = run("--target", "y", frame=frame)
    assert outcome.manifest["output_columns"] == {
        "prediction": "model_prediction",
        "scores": "probabilities",
        "values": ["model_prediction", "probability_no", "model_probability_yes"],
        "warnings": "model_warnings",
        "error": "model_error",
    }
    table = frame[names].head(3).to_csv(index=False)
    answered = pandas.read_csv(io.StringIO(predict_csv_document(load(outcome.bundle), table.encode())))
    assert answered.columns.tolist() == [
        *names,
        "model_prediction",
        "probability_no",
        "model_probability_yes",
        "model_warnings",
    ]
    assert answered["model_prediction"].tolist() == frame["y"].head(3).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    "ensemble",
    [
        lambda model: BaggingRegressor(model, 4, random_state=0),
        lambda model: StackingRegressor([("a", model), ("b", model)], cv=3),
        lambda model: VotingRegressor([("a", model), ("b", model)]),
        lambda model: GridSearchCV(model, {"ridge__alpha": [0.1, 1.0]}, cv=3),
        lambda model: TransformedTargetRegressor(model, func=numpy.arcsinh, inverse_func=numpy.sinh),
        lambda model: make_pipeline(FrozenEstimator(model)),
    ],
    ids=["bagging", "stacking", "voting", "search", "target", "frozen"],
)
def test_what_steps_learned_is_found_within_ensembles(run: Run, ensemble: Any) -> None:
    frame = pandas.DataFrame(
        {"zip": draw_texts("01003", "02139", "NA"), "n": draw_texts("1", "2"), "a": draw_numbers()}
    )
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), [0, 1]), remainder="passthrough")
    target = frame["a"] * 2 + (frame["zip"] == "NA")
    model = ensemble(make_pipeline(columns, Ridge()).fit(frame, target)).fit(frame, target)
    outcome = run("--target", "y", frame=frame.assign(y=frame["a"]), estimator=model)

    assert [feature["type"] for feature in outcome.manifest["features"]] == ["string", "string", "number"]
    assert outcome.manifest["features"][0]["categories"] == ["01003", "02139", "NA"]
    asked = [{"zip": "NA", "n": "1", "a": 1.0}, {"zip": "01003", "n": "2", "a": -1.0}]
    check_runtimes(outcome, model, pandas.DataFrame(asked), asked)
