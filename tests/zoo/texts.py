"""Vectorizers of texts, in a column of a table, before models of all kinds."""

from typing import Any

import numpy
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, Normalizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVR, LinearSVC
from xgboost import XGBClassifier

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "texts"


def _in_column(name: str, steps: tuple[Any, ...], target: str = "mood", **options: Any) -> Specimen:
    """A model of the column `text`, which is transformed by all steps but the last, and of two other columns."""
    *before, last = steps

    def make() -> Any:
        columns = make_column_transformer(
            (make_pipeline(*map(clone, before)), "text"),
            (StandardScaler(), ["stars"]),
            (OneHotEncoder(handle_unknown="ignore"), ["shop"]),
            sparse_threshold=options.get("sparse_threshold", 0.3),
        )
        return make_pipeline(columns, clone(last))

    return Specimen(name, FAMILY, tables.reviews, target, make, tolerance=options.get("tolerance", 1e-9))


def _alone(name: str, steps: tuple[Any, ...], target: str = "mood", tolerance: float = 1e-9) -> Specimen:
    """A model of texts alone, which is trained on a list of them."""

    def make() -> Any:
        return make_pipeline(*map(clone, steps)) if len(steps) > 1 else clone(steps[0])

    return Specimen(name, FAMILY, tables.reviews, target, make, ("text",), takes_texts=True, tolerance=tolerance)


_LOGISTIC = LogisticRegression(max_iter=200)
_SVC = LinearSVC()
_WORDS, _CHARACTERS = (
    make_pipeline(vectorizer, LogisticRegression(max_iter=200))
    for vectorizer in (TfidfVectorizer(), CountVectorizer(analyzer="char"))
)


def _fill_notes() -> Any:
    steps = make_pipeline(SimpleImputer(strategy="constant", fill_value=""), FunctionTransformer(numpy.ravel))
    return make_column_transformer((make_pipeline(steps, CountVectorizer(analyzer="char_wb")), ["note"]))


COLUMNS = (
    _in_column("TF-IDF in a column", (TfidfVectorizer(), _LOGISTIC)),
    _in_column("TF-IDF in dense columns", (TfidfVectorizer(sublinear_tf=True), _LOGISTIC), sparse_threshold=0),
    _in_column("counts of characters in a column", (CountVectorizer(analyzer="char", ngram_range=(1, 3)), LinearSVC())),
    _in_column("hashed words in a column", (HashingVectorizer(n_features=500), Ridge()), "score"),
    _in_column("TF-IDF and a forest", (TfidfVectorizer(), RandomForestClassifier(5, random_state=0))),
    _in_column(
        "TF-IDF and XGBoost", (TfidfVectorizer(min_df=2), XGBClassifier(n_estimators=4, max_depth=3)), "is good"
    ),
    _in_column(
        "TF-IDF and LightGBM", (TfidfVectorizer(), LGBMClassifier(n_estimators=4, min_child_samples=5, verbose=-1))
    ),
    _in_column("the best words", (CountVectorizer(), SelectKBest(chi2, k=30), TfidfTransformer(), _LOGISTIC)),
    _in_column("topics", (TfidfVectorizer(ngram_range=(1, 2)), TruncatedSVD(5), Normalizer(), _LOGISTIC)),
    _in_column(
        "words and characters",
        (
            make_union(
                TfidfVectorizer(strip_accents="unicode", stop_words=["the", "it"]),
                CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), binary=True, strip_accents="ascii"),
            ),
            MaxAbsScaler(),
            SGDClassifier(random_state=0),
        ),
    ),
    Specimen("nulls in texts", FAMILY, tables.reviews, "mood", lambda: make_pipeline(_fill_notes(), clone(_LOGISTIC))),
    _in_column("hashed words, nothing else", (HashingVectorizer(n_features=2**18, norm="l1"), LinearSVC())),
)
ALONE = (
    _alone("TF-IDF", (TfidfVectorizer(), _LOGISTIC)),
    _alone("TF-IDF of numbers of float32", (TfidfVectorizer(dtype=numpy.float32), _LOGISTIC), tolerance=1e-5),
    _alone("TF-IDF of numbers of float32, for another step", (TfidfVectorizer(dtype=numpy.float32), SVR()), "score"),
    _alone("counts of words given", (CountVectorizer(vocabulary=["good", "bad", "отлично", "não"]), Ridge()), "score"),
    _alone("pairs of words found by a pattern", (TfidfVectorizer(token_pattern=r"[^\s,]+", ngram_range=(2, 2)), _SVC)),
    _alone("hashed characters", (HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=999), _SVC)),
    _alone("logarithms of counts", (CountVectorizer(), TfidfTransformer(sublinear_tf=True, norm="l1"), _SVC)),
    _alone("words between spaces", (CountVectorizer(tokenizer=str.split, preprocessor=str.lower), _SVC)),
    _alone("grid of TF-IDF", (GridSearchCV(make_pipeline(TfidfVectorizer(), _SVC), {"linearsvc__C": [0.1, 1]}, cv=2),)),
    _alone("votes of texts", (VotingClassifier([("one", _WORDS), ("two", _CHARACTERS)], voting="soft"),)),
    _alone("naive Bayes of counts", (CountVectorizer(), MultinomialNB())),
    _alone("naive Bayes of words that are there", (CountVectorizer(), BernoulliNB())),
    _alone("calibrated texts", (CalibratedClassifierCV(_WORDS, cv=2),)),
)
SPECIMENS = (*COLUMNS, *ALONE)
