"""Make the models that are measured, each in a task folder laid out like the image: function, bundle and record."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy
import pandas
from lightgbm import LGBMRegressor
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_iris, make_regression
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBRegressor

REPOSITORY = Path(__file__).parents[1]
SEED = 0


def make_model(name: str, folder: Path) -> Path:
    """Return the task folder of the model; create it if it does not exist."""
    task = folder / name
    if not (task / "verified.json").exists():
        task.mkdir(parents=True, exist_ok=True)
        _run("-m", "training", *MODELS[name](task), "--out", str(task / "model"), cwd=REPOSITORY)
        shutil.copytree(REPOSITORY / "function", task / "function", dirs_exist_ok=True)
        shutil.copytree(REPOSITORY / "benchmarks", task / "benchmarks", dirs_exist_ok=True)
        _run("-m", "compileall", "-qf", "--invalidation-mode", "unchecked-hash", "function", "benchmarks", cwd=task)
        _run("-m", "function", "verify", "--record", "verified.json", cwd=task)
    return task


def find_estimator(task: Path) -> str:
    """Return the path of the estimator's own file in the task folder, which the peers load."""
    return "mine.joblib" if (task / "mine.joblib").exists() else "model/model.joblib"


def make_event(task: Path) -> bytes:
    """Return an API Gateway event with the record of the task folder, else with the bundle's first example."""
    document: dict[str, Any] = json.loads((REPOSITORY / "events" / "http-api-record.json").read_text())
    manifest = json.loads((task / "model" / "manifest.json").read_text())
    record = manifest["examples"][0]["input"]
    if (task / "record.json").exists():  # where the bundle has made-up texts
        record = json.loads((task / "record.json").read_text())
    return json.dumps(document | {"body": json.dumps(record)}).encode()


def _run(*arguments: str, cwd: Path) -> None:
    subprocess.run([sys.executable, "-W", "ignore", *arguments], cwd=cwd, check=True, capture_output=True)


def _save_estimator(task: Path, estimator: Any, table: pandas.DataFrame) -> list[str]:
    features = table.drop(columns="y")
    joblib.dump(estimator.fit(features, table["y"]), task / "mine.joblib")
    table.head(2_000).to_csv(task / "table.csv", index=False)
    return ["--model", str(task / "mine.joblib"), "--data", str(task / "table.csv"), "--target", "y"]


def _make_regression_table(rows: int) -> pandas.DataFrame:
    values, target = make_regression(rows, 8, noise=10, random_state=SEED)
    return pandas.DataFrame(values, columns=[f"x{place}" for place in range(8)]).assign(y=target)


def make_mixed_table(rows: int, generator: numpy.random.Generator) -> pandas.DataFrame:
    """Make a table of ten columns of numbers and ten of texts, with nulls in four of them."""
    table = pandas.DataFrame({f"n{place}": generator.normal(size=rows).round(4) for place in range(10)})
    for place in range(10):
        table[f"c{place}"] = generator.choice([f"value {number}" for number in range(3 + 3 * place)], rows)
    for name in ("n1", "n2", "c3", "c4"):
        table.loc[generator.random(rows) < 0.1, name] = None
    return table


def _make_pipeline(head: Any) -> Any:
    """Make the classic pipeline: impute and scale numbers, impute and one-hot texts, then the head."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    by_type = [(numbers, make_column_selector("^n")), (texts, make_column_selector("^c"))]
    return make_pipeline(make_column_transformer(*by_type), head)


def _save_pipeline(task: Path, head: Any) -> list[str]:
    table = make_mixed_table(5_000, numpy.random.default_rng(SEED))
    target = table["n0"] * 3 + (table["c0"] == "value 1") * 2 + (table["n1"] > 0.5) + table["n5"] * table["n6"]
    return _save_estimator(task, _make_pipeline(head), table.assign(y=target))


def _prepare_article(task: Path) -> list[str]:
    return ["--keep-joblib"]


def _prepare_forest(task: Path) -> list[str]:
    forest = RandomForestRegressor(n_estimators=100, random_state=SEED, n_jobs=-1)
    return _save_estimator(task, forest, _make_regression_table(20_000))


def _prepare_boosting(task: Path) -> list[str]:
    return _save_estimator(task, GradientBoostingRegressor(random_state=SEED), _make_regression_table(5_000))


def _prepare_mixed(task: Path) -> list[str]:
    generator = numpy.random.default_rng(SEED)
    table = pandas.DataFrame(
        {
            "size": generator.normal(80, 30, 1_000).round(1),
            "rooms": generator.integers(1, 7, 1_000),
            "city": generator.choice(["Bonn", "Oslo", "Rome"], 1_000),
            "lift": generator.choice(["true", "false", ""], 1_000),
        }
    )
    table["y"] = (table["size"] * 3_000 + table["rooms"] * 10_000 + (table["city"] == "Oslo") * 90_000).round()
    table.loc[::9, "size"] = numpy.nan
    table["y"] = table["y"].fillna(0)
    table.to_csv(task / "table.csv", index=False)
    return ["--data", str(task / "table.csv"), "--target", "y", "--task", "regression", "--keep-joblib"]


def _prepare_classifier(task: Path) -> list[str]:
    iris = load_iris(as_frame=True)
    table = iris.frame.assign(target=iris.target_names[iris.target])
    table.to_csv(task / "table.csv", index=False)
    return ["--data", str(task / "table.csv"), "--target", "target", "--keep-joblib"]


def _prepare_pipeline(task: Path) -> list[str]:
    return _save_pipeline(task, RandomForestRegressor(100, max_depth=8, random_state=SEED))


def _prepare_pipeline_into_xgboost(task: Path) -> list[str]:
    return _save_pipeline(task, XGBRegressor(n_estimators=500, max_depth=6, n_jobs=1))


def _prepare_pipeline_into_lightgbm(task: Path) -> list[str]:
    return _save_pipeline(task, LGBMRegressor(n_estimators=500, num_leaves=31, n_jobs=1, verbosity=-1))


def _prepare_texts(task: Path) -> list[str]:
    generator = numpy.random.default_rng(SEED)
    letters = numpy.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = sorted({"".join(generator.choice(letters, generator.integers(4, 10))) for _ in range(21_000)})[:20_000]
    # Each word is in some texts; the first 200 are in many, and tell the classes apart.
    rows = numpy.concatenate([generator.permutation(20_000).reshape(-1, 80) for _ in range(8)])
    target = generator.integers(0, 2, len(rows))
    common = generator.integers(0, 100, (len(rows), 20)) + 100 * target[:, None]
    texts = [" ".join(words[place] for place in row) for row in numpy.concatenate([rows, common], axis=1)]
    (task / "record.json").write_text(json.dumps({"text": texts[0]}))
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    joblib.dump(model.fit(texts, target), task / "mine.joblib")
    pandas.DataFrame({"text": texts, "y": target}).head(500).to_csv(task / "table.csv", index=False)
    return ["--model", str(task / "mine.joblib"), "--data", str(task / "table.csv"), "--target", "y"]


def _prepare_xgboost(task: Path) -> list[str]:
    model = XGBRegressor(n_estimators=500, max_depth=6, n_jobs=1)
    arguments = _save_estimator(task, model, _make_regression_table(5_000))
    model.save_model(task / "mine.ubj")
    return arguments


MODELS = {
    "article": _prepare_article,
    "forest": _prepare_forest,
    "boosting": _prepare_boosting,
    "mixed": _prepare_mixed,
    "classifier": _prepare_classifier,
    "pipeline": _prepare_pipeline,
    "pipeline into XGBoost": _prepare_pipeline_into_xgboost,
    "pipeline into LightGBM": _prepare_pipeline_into_lightgbm,
    "texts": _prepare_texts,
    "XGBoost": _prepare_xgboost,
}
