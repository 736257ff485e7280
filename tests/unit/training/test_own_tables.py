"""Training on one's own table: real data, mixed columns, odd names."""

import gzip
import json
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import RandomForestRegressor

from function.bundle.loading import load
from tests.unit.small_models import get_values
from tests.unit.training.conftest import Run

NAMES = ["plain", "two words", 'quo"te', "it's", "a/b~c", "größe", "面積", "🏠", "=1+1", "a,b"]


def make_mixed_table(rows: int = 80) -> pandas.DataFrame:
    generator = numpy.random.default_rng(1)
    area = generator.normal(100, 20, rows).round(1)
    city = generator.choice(["Bern", "Zürich", "NA", "None", "São Paulo"], rows)
    frame = pandas.DataFrame(
        {
            "area": area,
            "rooms": generator.integers(1, 6, rows),
            "city": city,
            "garden": generator.choice([True, False], rows),
            "heated": generator.choice([True, False], rows),
            "price": (area * 1000 + (city == "Bern") * 9000).round(2),
        }
    )
    frame["heated"] = frame["heated"].astype(object)
    frame.loc[3, "area"] = None
    frame.loc[4, "city"] = None
    return frame


def test_without_arguments_the_articles_forest_is_packaged(run: Run) -> None:
    manifest = run().manifest

    assert manifest["name"] == "house-prices"
    assert manifest["task"] == "regression"
    assert manifest["targets"] == [{"name": "Price", "unit": "USD"}]
    assert manifest["examples"][0] == {"input": {"AreaSqft": 1500, "NumBedrooms": 3}, "prediction": 360000.0}
    assert list(manifest["artifacts"]) == ["model.flat"]
    assert list(manifest["environment"]) == ["python"]
    assert "metrics" not in manifest
    assert manifest["training"]["command"] == "python -m training --out bundle"


@pytest.mark.slow
def test_diabetes_is_a_regression_with_scores(run: Run) -> None:
    frame = load_diabetes(as_frame=True).frame
    outcome = run("--target", "target", frame=frame, trees=100)

    assert outcome.manifest["task"] == "regression"
    metrics = outcome.manifest["metrics"]
    assert metrics["method"] == "5-fold cross-validation"
    assert 0.3 < metrics["r2"]["mean"] < 0.6
    assert {"mean_absolute_error", "root_mean_squared_error"} < metrics.keys()
    assert "cross-validation: fold 2 of 5\n" in outcome.err
    assert "fitting: 40 of 100 trees\n" in outcome.err


def test_iris_with_names_of_species_is_a_classification(run: Run) -> None:
    data = load_iris(as_frame=True)
    frame = data.data.assign(species=data.target_names[data.target])
    manifest = run("--target", "species", frame=frame).manifest

    species = {"name": "species", "classes": ["setosa", "versicolor", "virginica"], "scores": "probabilities"}
    assert manifest["targets"] == [species]
    assert manifest["metrics"]["accuracy"]["mean"] > 0.9
    assert manifest["examples"][0]["probabilities"].keys() == {"setosa", "versicolor", "virginica"}


@pytest.mark.slow
def test_wine_with_numbered_classes_is_a_classification_with_int_labels(run: Run) -> None:
    manifest = run("--target", "target", frame=load_wine(as_frame=True).frame).manifest

    assert manifest["targets"][0]["classes"] == [0, 1, 2]
    assert type(manifest["examples"][0]["prediction"]) is int
    assert manifest["examples"][0]["probabilities"].keys() == {"0", "1", "2"}


@pytest.mark.slow
def test_two_classes_are_scored_by_roc_auc_and_may_be_true_and_false(run: Run) -> None:
    data = load_breast_cancer(as_frame=True)
    manifest = run("--target", "benign", frame=data.data.assign(benign=data.target == 1)).manifest

    assert manifest["targets"][0]["classes"] == [False, True]
    assert manifest["examples"][0]["probabilities"].keys() == {"false", "true"}
    assert manifest["metrics"]["roc_auc"]["mean"] > 0.97


@pytest.mark.parametrize("suffix", [".csv", pytest.param(".parquet", marks=pytest.mark.slow)])
def test_a_mixed_table_is_learned_with_its_nulls(run: Run, suffix: str) -> None:
    outcome = run("--target", "price", frame=make_mixed_table(), suffix=suffix)
    manifest = outcome.manifest

    kinds = {feature["name"]: (feature["type"], feature["nullable"]) for feature in manifest["features"]}
    assert kinds == {
        "area": ("number", True),
        "rooms": ("number", False),
        "city": ("string", True),
        "garden": ("boolean", False),
        "heated": ("boolean", False),
    }
    categories = next(feature["categories"] for feature in manifest["features"] if feature["name"] == "city")
    city = next(feature for feature in manifest["features"] if feature["name"] == "city")
    texts = ["Bern", "São Paulo", "Zürich"]
    if suffix == ".parquet":  # which knows texts from nulls; to pandas.read_csv these cells are nulls
        assert (categories, city["null_cells"]) == (sorted([*texts, "NA", "None"]), [""])
    else:
        assert (categories, city["null_cells"]) == (texts, "pandas")
        assert "notice: 'city' holds 'NA', 'None' in" in outcome.err
    assert {example["input"]["area"] for example in manifest["examples"]} >= {None}
    assert list(manifest["artifacts"]) == ["model.flat"]
    assert list(manifest["environment"]) == ["python"]


@pytest.mark.slow
def test_unseen_categories_and_nulls_are_predicted(run: Run) -> None:
    model = load(run("--target", "price", frame=make_mixed_table()).bundle)
    outputs = model.runtime.predict([[None], [2.0], ["Atlantis"], [True], [False]])

    assert numpy.isfinite(get_values(outputs)).all()


@pytest.mark.slow
def test_a_boolean_column_may_have_nulls(run: Run) -> None:
    frame = make_mixed_table()
    frame.loc[::3, "heated"] = None
    frame.loc[::3, "price"] += 90_000
    manifest = run("--target", "price", frame=frame).manifest

    assert {example["input"]["heated"] for example in manifest["examples"]} == {True, False, None}


@pytest.mark.slow
def test_an_all_number_table_with_nulls_keeps_the_bare_forest(run: Run) -> None:
    frame = make_mixed_table()[["area", "rooms", "garden", "price"]]
    manifest = run("--target", "price", "--keep-joblib", frame=frame).manifest

    assert manifest["artifacts"]["model.joblib"]["input"] == "array"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_names_of_columns_are_kept_whatever_they_hold(run: Run, suffix: str) -> None:
    generator = numpy.random.default_rng(2)
    frame = pandas.DataFrame({name: generator.normal(size=30) for name in NAMES})
    frame["a\nb"] = generator.choice(["x", "ÿ", "{}"], 30)
    manifest = run("--target", "plain", frame=frame, suffix=suffix).manifest

    assert [feature["name"] for feature in manifest["features"]] == [*NAMES[1:], "a\nb"]


@pytest.mark.slow
def test_dtypes_of_parquet_are_read_by_what_they_hold(run: Run) -> None:
    rows = range(30)
    frame = pandas.DataFrame(
        {
            "uint8": pandas.Series(rows, dtype="uint8"),
            "Int64": pandas.Series([None, *rows[1:]], dtype="Int64"),
            "float32": pandas.Series(rows, dtype="float32") / 3,
            "boolean": pandas.Series([value % 2 == 0 for value in rows], dtype="boolean"),
            "category": pandas.Series(["a", "b", "c"] * 10, dtype="category"),
            "numbers": pandas.Series([1, 2, 3] * 10, dtype="category"),
            "text": pandas.Series(["a", "b", "c"] * 10, dtype="string"),
            "y": [value * 1.5 for value in rows],
        }
    )
    manifest = run("--target", "y", frame=frame, suffix=".pq").manifest

    types = ["number", "number", "number", "boolean", "string", "number", "string"]
    assert [feature["type"] for feature in manifest["features"]] == types


def test_decimals_are_numbers(run: Run) -> None:
    from decimal import Decimal

    frame = pandas.DataFrame({"d": [Decimal(value) / 10 for value in range(30)], "y": [v * 0.5 for v in range(30)]})
    assert run("--target", "y", frame=frame, suffix=".parquet").manifest["features"][0]["maximum"] == 2.9


def test_a_packed_csv_with_a_byte_order_mark_is_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "packed.csv.gz"
    path.write_bytes(gzip.compress("\ufeffx,y\n1,2.5\n2,3.5\n\n3,4.5\n".encode()))
    manifest = run("--data", str(path), "--target", "y").manifest

    assert manifest["name"] == "packed"
    assert manifest["training"]["rows"] == 3
    assert manifest["training"]["command"].startswith("python -m training --data packed.csv.gz --target y")


@pytest.mark.slow
def test_features_are_chosen_and_dropped(run: Run) -> None:
    wide = make_mixed_table()
    chosen = run("--target", "price", "--feature", "rooms", "--feature", "garden", frame=wide).manifest
    left = run("--target", "price", "--drop", "city", "--drop", "area", frame=wide).manifest

    assert [feature["name"] for feature in chosen["features"]] == ["rooms", "garden"]
    assert [feature["name"] for feature in left["features"]] == ["rooms", "garden", "heated"]


@pytest.mark.slow
def test_an_unusable_column_may_be_dropped(run: Run) -> None:
    frame = make_mixed_table().assign(day="2024-05-06", nothing=None)
    manifest = run("--target", "price", "--drop", "day", "--drop", "nothing", frame=frame).manifest

    assert len(manifest["features"]) == 5


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "kind"), [("regression", float), ("classification", int)])
def test_the_task_of_a_whole_numbered_target_can_be_said(run: Run, asked: str, kind: type) -> None:
    frame = make_mixed_table()[["area", "rooms"]]
    outcome = run("--target", "rooms", "--task", asked, frame=frame)

    assert outcome.manifest["task"] == asked
    assert type(outcome.manifest["examples"][0]["prediction"]) is kind
    assert f"chosen by --task {asked}" in outcome.out


@pytest.mark.slow
def test_name_and_unit_can_be_given(run: Run) -> None:
    manifest = run("--target", "price", "--name", "Häuser", "--unit", "CHF", frame=make_mixed_table()).manifest

    assert (manifest["name"], manifest["targets"][0]["unit"]) == ("Häuser", "CHF")


@pytest.mark.slow
def test_columns_that_look_wrong_are_noticed(run: Run) -> None:
    frame = make_mixed_table().assign(id=[f"id-{number}" for number in range(80)])
    frame["rooms"] = ["about 4", *map(str, range(79))]
    outcome = run("--target", "price", frame=frame)

    assert "notice: 'id' has a different text in nearly every row" in outcome.err
    assert "notice: 'rooms' is read as text, because it holds 'about 4' beside 79 numbers" in outcome.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "different", "is_listed"),
    [(1200, 100, True), (1200, 101, False), (400, 100, True), (396, 100, False), (20, 5, True), (9, 5, False)],
)
def test_texts_are_published_where_they_are_few_and_shared(
    run: Run, rows: int, different: int, is_listed: bool
) -> None:
    texts = [f"t{number % different:03}" for number in range(rows)]
    frame = pandas.DataFrame({"t": texts, "n": range(rows), "y": range(rows)})
    frame["y"] = frame["y"] * 0.5
    manifest = run("--target", "y", frame=frame).manifest

    expected = sorted(set(texts)) if is_listed else None
    assert (manifest["features"][0]["type"] == "string", manifest["features"][0].get("categories")) == (
        is_listed,
        expected,
    )
    if not is_listed:
        assert not set(texts).intersection(example["input"]["t"] for example in manifest["examples"])


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["list", "none"])
def test_whether_texts_are_published_can_be_said(run: Run, asked: str) -> None:
    frame = make_mixed_table()
    frame["city"] = [f"place {row}" for row in range(80)] if asked == "list" else frame["city"]
    outcome = run("--target", "price", "--categories", f"city={asked}", frame=frame)

    city = next(feature for feature in outcome.manifest["features"] if feature["name"] == "city")
    assert len(city.get("categories", ())) == (80 if asked == "list" else 0)
    assert ("Zürich" in json.dumps(outcome.manifest, ensure_ascii=False)) is False


@pytest.mark.slow
def test_the_summary_says_what_was_made_and_what_is_next(run: Run) -> None:
    outcome = run("--target", "price", frame=make_mixed_table())

    for words in (
        outcome.manifest["version"],
        "regression",
        "r2",
        "city: text: Bern, São Paulo, Zürich, or null",
        "python -m function predict",
    ):
        assert words in outcome.out


def test_a_forest_grown_in_steps_is_the_one_that_is_fitted_at_once() -> None:
    import pickle

    from training.estimators.default_forest import fit

    table, target = load_diabetes(return_X_y=True, as_frame=True)
    lines: list[str] = []
    grown = fit(RandomForestRegressor(n_estimators=30, random_state=42), table, target, lines.append)
    at_once = RandomForestRegressor(n_estimators=30, random_state=42).fit(table, target)

    assert lines[0] == "fitting: 10 of 30 trees"
    assert pickle.dumps(grown) == pickle.dumps(at_once)


def test_a_pipeline_grown_in_steps_is_the_one_that_is_fitted_at_once() -> None:
    import pickle

    from sklearn.base import clone

    from function.model.contract import Feature
    from training.estimators.default_forest import fit, make_default_estimator

    table = pandas.DataFrame({"n": [1.0, None, 3.0, 4.0] * 9, "t": ["a", "b", None, "c"] * 9})
    table["t"] = table["t"].astype("str")
    target = numpy.arange(36.0)
    new = make_default_estimator(
        "regression", [Feature("n", "number", nullable=True), Feature("t", "string", nullable=True)], 36
    )

    assert pickle.dumps(fit(new, table, target)) == pickle.dumps(clone(new).fit(table, target))


def test_large_tables_get_larger_leaves() -> None:
    from function.model.contract import Feature
    from training.estimators.default_forest import make_default_estimator

    leaves = [
        make_default_estimator("regression", [Feature("n", "number")], rows).min_samples_leaf
        for rows in (5, 10_000, 1_000_000)
    ]
    assert leaves == [1, 1, 100]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "encoding", "packed"),
    [
        ("a;b;y\n1,5;x;2\n2,5;y;3\n3;x;4,25\n", "utf-8", False),
        ("sep=;\r\na;b;y\r\n1,5;x;2\r\n2,5;y;3\r\n3;x;4,25\r\n", "utf-8-sig", True),
        ("\n \na\tb\ty\n1.5\tx\t2\n\n2.5\ty\t3\n \n3\tx\t4.25\n", "utf-16", False),
        ("a,b,y,\n1.5,x,2,\n2.5,y,3,\n3,x,4.25,\n", "utf-8", True),
        ("a,b,y,note,note\n1.5,x,2,p,q\n2.5,y,3,p,q\n3,x,4.25,p,q\n", "utf-8", False),
        (",a,b,y,\n0,1.5,x,2,p\n1,2.5,y,3,p\n2,3,x,4.25,p\n", "utf-8", False),
    ],
)
def test_table_is_read_however_it_is_written(run: Run, tmp_path: Path, text: str, encoding: str, packed: bool) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(gzip.compress(text.encode(encoding)) if packed else text.encode(encoding))
    manifest = run("--data", str(path), "--target", "y", "--feature", "a", "--feature", "b").manifest

    assert [(f["name"], f["type"]) for f in manifest["features"]] == [("a", "number"), ("b", "text")]
    assert (manifest["features"][0]["minimum"], manifest["features"][0]["maximum"]) == (1.5, 3)
    assert manifest["training"]["rows"] == 3


def test_empty_column_without_a_name_is_left_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("a;y;\n1,5;2;\n2,5;3;\n3;4,25;\n")

    assert [f["name"] for f in run("--data", str(path), "--target", "y").manifest["features"]] == ["a"]


@pytest.mark.parametrize("name", [pytest.param("", marks=pytest.mark.slow), "a"])
def test_columns_that_cannot_be_told_apart_can_be_left_out(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"{name},{name},b,y\n0,1,1.5,2\n1,1,2.5,3\n2,1,3,4.25\n")

    assert [f["name"] for f in run("--data", str(path), "--target", "y", "--drop", name).manifest["features"]] == ["b"]
