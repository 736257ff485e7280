"""Bad input is refused with one sentence that says what to do, exit code 2, and the earlier bundle unchanged."""

import gzip
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy
import pandas
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cluster import DBSCAN
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.unit.training.conftest import Run
from training.__main__ import main
from training.errors import TrainingError

GOOD = "a,b,y\n1,x,1.5\n2,y,2.5\n3,x,4.5\n"
ROWS = range(1, 31)


def format_csv(**columns: list[Any]) -> str:
    return pandas.DataFrame(columns).to_csv(index=False)


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What the CSV holds, further options, and words of the sentence.
TABLES: dict[str, tuple[str | bytes, list[str], list[str]]] = {
    "empty file": ("", [], ["is empty"]),
    "only a header": ("a,b,y\n", [], ["no rows"]),
    "ragged": ("a,b,y\n1,x,2\n1,x\n", [], ["line 3", "2 cells", "3"]),
    "too many cells": ("a,b,y\n1,x,2,9\n", [], ["line 2", "4 cells"]),
    "stray quote": ('a,b,y\n1,"x"z,2\n', [], ["line 2", "not valid CSV"]),
    "semicolons and tabs": ("a;b\ty\n1;2\t3\n", [], ["both semicolons and tabs", "commas"]),
    "pipes": ("a|b|y\n1|2|3\n", [], ["'|'", "commas, semicolons or tabs"]),
    "not utf-8": ("a,b,y\nä,1,2\n".encode("latin-1"), [], ["UTF-8", "Latin-1"]),
    "utf-16 without its mark": ("a,b,y\nx,1,2\n".encode("utf-16-le"), [], ["UTF-16", "mark"]),
    "workbook": (b"PK\x03\x04\x14\0\x06\0", [], ["Excel", "CSV UTF-8"]),
    "parquet by another name": (b"PAR1\x15\x04", [], ["Parquet", ".parquet"]),
    "json": ('[{"a": 1, "y": 2}]', [], ["JSON"]),
    "html": ("<html><table>", [], ["HTML"]),
    "decimal commas in quotes": ('a,y\n"1,5",2\n"2,5",3\n', [], ["'a'", "commas", "decimal point"]),
    "decimal commas in doubt": ("a;y\n1,500;2\n2,500;3\n", [], ["'a'", "commas", "thousands"]),
    "decimal commas beside points": ("a;y\n1,5;2.5\n2,5;3.5\n", [], ["'a'", "commas"]),
    "binary": (b"a,b,y\n\0,1,2\n", [], ["not a CSV file"]),
    "doubled column": ("a,a,y\n1,2,3\n", [], ["'a'", "2 times", "--drop"]),
    "nameless column": (",a,y\n0,1,2\n", [], ["number 1", "no name", "index=False"]),
    "no such target": (GOOD.replace("y\n", "price\n", 1), ["--target", "prise"], ["--target", "'prise'", "'price'"]),
    "no such feature": (GOOD, ["--feature", "q"], ["--feature", "'q'", "'a', 'b', 'y'"]),
    "no such column to drop": (GOOD, ["--drop", "q"], ["--drop", "'q'"]),
    "all-null column": ("a,b,y\n1,,2\n2,NA,3\n", [], ["'b'", "only nulls", "--drop"]),
    "null in the target": ("a,y\n1,2\n2,\n", [], ["'y'", "null in 1 of 2 rows", "row 2"]),
    "null among texts in the target": ("a,y\n1,b\n2,\n", [], ["'y'", "null"]),
    "all-null target": ("a,y\n1,\n2,\n", [], ["'y'", "null in 2 of 2"]),
    "infinite": ("a,y\n1,2\ninf,3\n", [], ["'a'", "infinite"]),
    "past every float": ("a,y\n1,2\n1e999,3\n", [], ["'a'", "infinite"]),
    "infinite target": ("a,y\n1,2\n2,-inf\n", [], ["'y'", "infinite"]),
    "dates": ("a,y\n2024-05-06,2\n2024-05-07,3\n", [], ["'a'", "dates", "--drop"]),
    "times": ("a,y\n2024-05-06T10:00:00Z,2\n,3\n", [], ["'a'", "dates"]),
    "other dates": ("a,y\n5/6/2024 10:00 PM,2\n12/31/2024 1:00 AM,3\n", [], ["'a'", "dates"]),
    "written dates": ('a,y\n6 May 2024,2\n"June 7, 2024",3\n', [], ["'a'", "dates"]),
    "target is a feature": (GOOD, ["--feature", "y"], ["'y'", "also a --feature"]),
    "target is dropped": (GOOD, ["--drop", "y"], ["--drop names the target"]),
    "leak": (format_csv(a=list(ROWS), y=list(ROWS)), [], ["'a'", "equal to the target", "--drop"]),
    "nothing left": (GOOD, ["--drop", "a", "--drop", "b"], ["No column is left"]),
    "only the target": ("y\n1\n2\n", [], ["No column is left"]),
    "one class": (format_csv(a=list(ROWS), y=["x"] * 30), [], ["the same value in every row"]),
    "classes with decimals": (GOOD, ["--task", "classification"], ["decimals", "--task regression"]),
    "regression of texts": (GOOD, ["--target", "b", "--task", "regression"], ["'b'", "does not hold numbers"]),
    "past float32": ("a,y\n1,2\n1e300,3\n", [], ["cannot be fitted"]),
    "unknown option": (GOOD, ["--tsak", "regression"], ["--tsak", "--help"]),
    "unknown task": (GOOD, ["--task", "ranking"], ["ranking"]),
    "task without an estimator": (GOOD, ["--task", "clustering"], ["clustering", "needs --model"]),
    "empty name": (GOOD, ["--name", " "], ["--name is empty"]),
}


@pytest.fixture
def refuse(run: Run, tmp_path: Path, houses_bundle: Path) -> Callable[..., str]:
    """Run arguments that must be refused, and check that an earlier bundle is unchanged; return the sentence."""
    earlier = shutil.copytree(houses_bundle, tmp_path / "place" / "bundle")

    def _refuse(*arguments: str, **given: Any) -> str:
        before = read_files(earlier.parent)
        outcome = run(*arguments, **given)
        assert outcome.bundle == earlier
        assert read_files(outcome.bundle.parent) == before
        assert [entry.name for entry in outcome.bundle.parent.iterdir()] == [outcome.bundle.name]
        assert outcome.out == ""
        return outcome.refusal

    return _refuse


@pytest.mark.parametrize("case", TABLES)
def test_bad_tables_and_options(refuse: Callable[..., str], tmp_path: Path, case: str) -> None:
    content, options, words = TABLES[case]
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    target = [] if "--target" in options else ["--target", "y"]
    sentence = refuse("--data", str(path), *target, *options)

    assert all(word in sentence for word in words), sentence


FILES: dict[str, tuple[str, bytes, str]] = {
    "no such ending": ("t.xlsx", b"a,y\n1,2\n", "must end with"),
    "no Parquet": ("t.parquet", b"a,y\n1,2\n", "cannot be read as Parquet"),
    "no gzip": ("t.csv.gz", b"a,y\n1,2\n", "not a complete gzip file"),
    "cut gzip": ("t.csv.gz", gzip.compress(b"a,y\n1,2\n" * 99)[:-9], "not a complete gzip file"),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_files(refuse: Callable[..., str], tmp_path: Path, case: str) -> None:
    name, content, words = FILES[case]
    (tmp_path / name).write_bytes(content)

    assert words in refuse("--data", str(tmp_path / name), "--target", "y")


def test_no_such_file(refuse: Callable[..., str], tmp_path: Path) -> None:
    assert "There is no file" in refuse("--data", str(tmp_path / "none.csv"), "--target", "y")


def test_a_folder_is_no_table(refuse: Callable[..., str], tmp_path: Path) -> None:
    assert "cannot be read" in refuse("--data", str(tmp_path), "--target", "y")


@pytest.mark.parametrize("arguments", [["--target", "y"], ["--model", "m.joblib"], ["--data", "t.csv"]])
def test_options_that_need_one_another(refuse: Callable[..., str], arguments: list[str]) -> None:
    assert "needs --" in refuse(*arguments)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pandas.date_range("2024", periods=30), "dates"),
        (pandas.timedelta_range("1s", periods=30), "dates or times"),
        ([[1, 2]] * 30, "neither numbers nor booleans nor texts"),
        ([b"x"] * 30, "neither numbers nor booleans nor texts"),
        (pandas.Series([numpy.nan] * 30, dtype=object), "only nulls"),
        ([numpy.inf, *ROWS[1:]], "infinite"),
    ],
    ids=["dates", "durations", "lists", "bytes", "nulls", "infinite"],
)
def test_columns_of_parquet_that_are_no_inputs(refuse: Callable[..., str], values: Any, words: str) -> None:
    frame = pandas.DataFrame({"odd": values, "a": list(ROWS), "y": [row * 0.5 for row in ROWS]})
    sentence = refuse("--target", "y", frame=frame, suffix=".parquet")

    assert "'odd'" in sentence
    assert words in sentence


class OwnEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator that no image has."""

    def fit(self, table: Any, target: Any) -> "OwnEstimator":
        self.mean_ = float(target.mean())
        return self

    def predict(self, table: Any) -> Any:
        return numpy.full(len(table), self.mean_)


def return_same(values: Any) -> Any:
    """A function that no image has."""
    return values


FRAME = pandas.DataFrame({"a": list(ROWS), "b": [row % 7 for row in ROWS], "y": [row * 0.5 for row in ROWS]})
X, Y = FRAME[["a", "b"]], FRAME["y"]
ESTIMATORS: dict[str, tuple[Callable[[], Any], list[str], list[str]]] = {
    "unfitted": (RandomForestRegressor, [], ["never fitted"]),
    "unfitted pipeline": (lambda: make_pipeline(StandardScaler(), Ridge()), [], ["never fitted"]),
    "no estimator": (lambda: {"model": 1}, [], ["dict", "not a scikit-learn estimator"]),
    "clusterer": (lambda: DBSCAN().fit(X), [], ["DBSCAN", "does not predict"]),
    "outlier detector": (lambda: LocalOutlierFactor().fit(X), [], ["LocalOutlierFactor", "does not predict"]),
    "transformer": (lambda: StandardScaler().fit(X), [], ["StandardScaler", "does not predict"]),
    "several targets": (lambda: LinearRegression().fit(X, FRAME[["a", "y"]]), [], ["2 targets", "repeat --target"]),
    "several labels": (
        lambda: RandomForestClassifier(2).fit(X, numpy.array([[0, 1]] * 30)),
        [],
        ["2 targets", "repeat --target"],
    ),
    "a feature too many": (lambda: Ridge().fit(FRAME.rename(columns={"y": "z"}), Y), [], ["'z'", "missing"]),
    "a feature of another name": (lambda: Ridge().fit(X.rename(columns={"a": "A"}), Y), [], ["'A'", "'a'"]),
    "target among its features": (lambda: Ridge().fit(FRAME, Y), [], ["'y'", "features"]),
    "another count": (
        lambda: Ridge().fit(X[["a"]].to_numpy(), Y),
        [],
        ["1 columns without names", "2 columns", "--drop"],
    ),
    "contradicted": (lambda: Ridge().fit(X, Y), ["--task", "classification"], ["contradicts", "regression"]),
    "other classes": (
        lambda: LogisticRegression().fit(X, ["lo"] * 15 + ["hi"] * 15),
        [],
        ["none of the estimator's classes", "hi, lo"],
    ),
    "dicts": (
        lambda: make_pipeline(DictVectorizer(), LogisticRegression()).fit([{"a": 1.0}, {"a": 2.0}], [0, 1]),
        [],
        ["takes dicts"],
    ),
    "texts among several columns": (
        lambda: make_pipeline(CountVectorizer(), LogisticRegression()).fit(["red house", "blue flat"], [0, 1]),
        [],
        ["a list of texts", "2 columns", "--feature"],
    ),
    "a name for texts that are none": (lambda: Ridge().fit(X, Y), ["--text-name", "t"], ["leave the option out"]),
    "one class": (
        lambda: DecisionTreeClassifier().fit(X, ["hi"] * 30),
        [],
        ["one single class ('hi')", "at least two classes"],
    ),
    "one class behind a scaler": (
        lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, [0] * 30),
        [],
        ["one single class (0)"],
    ),
    "one class of a search": (
        lambda: GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1]}, cv=2).fit(X, [True] * 30),
        [],
        ["one single class (True)"],
    ),
    "a search that kept nothing": (
        lambda: GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2, refit=False).fit(X, Y),
        [],
        ["GridSearchCV", "refit=False"],
    ),
    "one column": (lambda: IsotonicRegression().fit(X["a"], Y), [], ["IsotonicRegression", "one single column"]),
    "a part that was never fitted": (
        lambda: make_pipeline(StandardScaler(), Ridge().fit(X, Y)),
        [],
        ["A part of the estimator was never fitted", "StandardScaler"],
    ),
    "classes of bytes": (
        lambda: DecisionTreeClassifier().fit(X, numpy.array([b"lo", b"hi"] * 15)),
        [],
        ["are bytes", "such as 'hi'"],
    ),
    "own code": (lambda: OwnEstimator().fit(X, Y), [], ["'tests'", "image does not have"]),
    "own function": (
        lambda: TransformedTargetRegressor(Ridge(), func=return_same, inverse_func=return_same).fit(X, Y),
        [],
        ["'tests'", "image does not have"],
    ),
    "fails on the sample": (
        lambda: make_pipeline(FunctionTransformer(numpy.linalg.inv, validate=False), Ridge()).fit(
            numpy.eye(2), [1.0, 2.0]
        ),
        [],
        ["fails to predict the table"],
    ),
}


@pytest.mark.parametrize("case", ESTIMATORS)
def test_estimators_that_cannot_be_served(refuse: Callable[..., str], case: str) -> None:
    make, options, words = ESTIMATORS[case]
    sentence = refuse("--target", "y", *options, frame=FRAME, estimator=make())

    assert all(word in sentence for word in words), sentence


def test_a_regressor_needs_a_target_of_numbers(refuse: Callable[..., str]) -> None:
    frame = FRAME.assign(y=["x", "z"] * 15)
    assert "does not hold numbers" in refuse("--target", "y", frame=frame, estimator=Ridge().fit(X, Y))


def test_an_estimator_that_refuses_nulls_needs_a_table_without(refuse: Callable[..., str]) -> None:
    frame = FRAME.assign(a=[numpy.nan, *ROWS[1:]])
    assert "NaN" in refuse("--target", "y", frame=frame, estimator=Ridge().fit(X, Y))


def test_an_estimator_of_another_scikit_learn(refuse: Callable[..., str], tmp_path: Path) -> None:
    from sklearn import __version__ as version

    data = pickle.dumps(Ridge().fit(X, Y)).replace(version.encode(), b"0.9.9")
    (tmp_path / "old.pkl").write_bytes(data)
    sentence = refuse("--model", str(tmp_path / "old.pkl"), "--target", "y", frame=FRAME)

    assert "0.9.9" in sentence
    assert version in sentence


BROKEN: dict[str, tuple[bytes, str]] = {
    "a text": (b"not a model", "is a text"),
    "nothing": (b"", "is empty"),
    "half a pickle": (pickle.dumps(numpy.arange(99))[:60], "cannot be loaded"),
    "a missing module": (b"cstatsmodels.api\nOLS\n.", "statsmodels"),
    "a class of a script": (b"c__main__\nMine\n.", "__main__"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_hold_no_estimator(refuse: Callable[..., str], tmp_path: Path, case: str) -> None:
    content, words = BROKEN[case]
    (tmp_path / "broken.joblib").write_bytes(content)

    assert words in refuse("--model", str(tmp_path / "broken.joblib"), "--target", "y", frame=FRAME)


def test_no_such_model(refuse: Callable[..., str], tmp_path: Path) -> None:
    assert "check the path after --model" in refuse("--model", str(tmp_path / "no"), "--target", "y", frame=FRAME)


def test_a_wrong_source_date_epoch(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert "SOURCE_DATE_EPOCH" in run().refusal


@pytest.mark.parametrize("failure", [TrainingError("It does not load."), OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.slow
def test_what_fails_after_writing_leaves_the_earlier_bundle(
    run: Run, failure: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = run().bundle
    before = read_files(bundle.parent)

    def fail(_: Path) -> None:
        raise failure

    code = main(["--out", str(bundle), "--name", "another"], verify=fail)
    assert code == (130 if isinstance(failure, KeyboardInterrupt) else 2)
    assert "Traceback" not in capsys.readouterr().err
    assert read_files(bundle.parent) == before
    assert os.listdir(bundle.parent) == [bundle.name]


def test_an_earlier_bundle_comes_back_when_the_last_move_fails(run: Run, tmp_path: Path) -> None:
    from training.bundle.writing import _swap

    bundle = run().bundle
    before = read_files(bundle)
    with pytest.raises(FileNotFoundError):
        _swap(tmp_path / "missing", bundle, tmp_path / "old")
    assert read_files(bundle) == before


def test_a_folder_that_is_no_bundle_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["--out", str(tmp_path)]) == 2
    assert "'thesis.txt'" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_a_bundle_with_a_strange_file_is_left_alone(run: Run) -> None:
    bundle = run().bundle
    (bundle / "notes.txt").write_text("mine")
    assert "'notes.txt'" in run().refusal
    assert (bundle / "notes.txt").exists()


def test_a_file_or_a_link_is_no_place_for_a_bundle(run: Run, tmp_path: Path) -> None:
    bundle = run().bundle
    (tmp_path / "link").symlink_to(bundle)
    (tmp_path / "file").write_text("x")
    for name in ("link", "file", "file/below"):
        assert main(["--out", str(tmp_path / name)]) == 2


def test_a_place_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", "/proc/none/bundle"], verify=lambda _: None) == 2
    assert "--out" in capsys.readouterr().err


def test_an_empty_folder_becomes_the_bundle(run: Run, tmp_path: Path) -> None:
    (tmp_path / "place" / "bundle").mkdir(parents=True)
    assert run().manifest["name"] == "house-prices"


def test_joblib_dumps_of_other_things_are_no_estimators(refuse: Callable[..., str], tmp_path: Path) -> None:
    joblib.dump(numpy.arange(9), tmp_path / "array.joblib")
    assert "not a scikit-learn estimator" in refuse(
        "--model", str(tmp_path / "array.joblib"), "--target", "y", frame=FRAME
    )
