"""Estimators of texts alone, and of texts that are not compiled: what they are called, and how they are answered."""

from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from function.bundle.loading import load
from tests.unit.training.conftest import Run

REVIEWS = pandas.DataFrame(
    {
        "review": [f"{mood} {thing} №{number}" for number in range(10) for mood in ("good", "bad") for thing in "ab"],
        "mood": ["yes", "yes", "no", "no"] * 10,
    }
)
SPACES = r"(?u)\b\w+ ?\w+\b"


def fit(*steps: Any) -> Any:
    """A pipeline that was trained on a list of texts."""
    return make_pipeline(*steps, LogisticRegression()).fit(REVIEWS["review"].tolist(), REVIEWS["mood"])


def predict(bundle: Path, name: str, text: str) -> Any:
    """The prediction for a text."""
    model = load(str(bundle))
    return model.runtime.predict(model.manifest.contract.check([{name: text}]).columns)[0][0]


@pytest.mark.parametrize(("arguments", "name"), [([], "text"), (["--text-name", "review"], "review")])
def test_estimator_of_a_list_takes_one_text(run: Run, arguments: list[str], name: str) -> None:
    done = run("--target", "mood", *arguments, frame=REVIEWS, estimator=fit(TfidfVectorizer()))
    (feature,) = done.manifest["features"]
    assert (feature["name"], feature["type"]) == (name, "text")
    assert list(done.manifest["artifacts"]) == ["model.flat"]
    assert done.manifest["artifacts"]["model.flat"]["token_patterns"] == [r"(?u)\b\w\w+\b"]
    assert not {example["input"][name] for example in done.manifest["examples"]} & {*REVIEWS["review"]}
    assert "in this order" not in done.out
    assert [predict(done.bundle, name, text) for text in ("good a", "good b")] == ["yes", "yes"]


def test_column_of_that_name_is_taken_among_others(run: Run) -> None:
    frame = REVIEWS.rename(columns={"review": "text"}).assign(id=range(40))
    done = run("--target", "mood", frame=frame, estimator=fit(CountVectorizer()))
    assert [feature["name"] for feature in done.manifest["features"]] == ["text"]


def test_name_of_another_column_is_refused(run: Run) -> None:
    done = run("--target", "mood", "--text-name", "mood", frame=REVIEWS, estimator=fit(CountVectorizer()))
    assert "--text-name" in done.refusal


@pytest.mark.parametrize(
    "step",
    [
        FeatureUnion([("words", TfidfVectorizer()), ("hashes", HashingVectorizer(analyzer="char", n_features=99))]),
        CountVectorizer(token_pattern=SPACES),
    ],
)
def test_estimator_itself_is_given_the_texts(run: Run, step: Any) -> None:
    estimator = fit(step)
    done = run("--target", "mood", "--keep-joblib", frame=REVIEWS, estimator=estimator)
    assert done.manifest["artifacts"]["model.joblib"]["input"] == "texts"
    assert "pandas" not in done.manifest["environment"]
    for text in ("good a", "BAD b", "", "İ №7"):
        model = load(str(done.bundle), "joblib")
        (output,) = model.runtime.predict([[text]])
        assert list(output)[1:] == pytest.approx(estimator.predict_proba([text])[0].tolist())


def test_members_are_asked_whether_they_take_texts(run: Run) -> None:
    votes = VotingClassifier([(name, make_pipeline(CountVectorizer(), LogisticRegression())) for name in "ab"])
    done = run("--target", "mood", frame=REVIEWS, estimator=votes.fit(REVIEWS["review"], REVIEWS["mood"]))
    assert [feature["name"] for feature in done.manifest["features"]] == ["text"]


def test_pattern_that_may_read_a_text_many_times_is_not_compiled(run: Run) -> None:
    done = run("--target", "mood", frame=REVIEWS, estimator=fit(CountVectorizer(token_pattern=SPACES)))
    assert "finds words by the pattern" in done.manifest["refused_exports"]["flat"]
    assert list(done.manifest["artifacts"]) == ["model.joblib"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tokenizer": str.splitlines, "token_pattern": None}, "finds words with a function"),
        ({"preprocessor": str.upper}, "prepares texts with a function"),
        ({"strip_accents": str.upper}, "strips accents with a function"),
        ({"analyzer": str.splitlines}, "makes terms with a function"),
        ({"analyzer": "char", "ngram_range": (1, 21)}, "more than 20"),
        ({"dtype": "int8"}, "counts in int8"),
    ],
)
def test_functions_of_others_are_not_compiled(run: Run, options: dict[str, Any], words: str) -> None:
    done = run("--target", "mood", frame=REVIEWS, estimator=fit(CountVectorizer(**options)))
    assert words in done.manifest["refused_exports"]["flat"]
