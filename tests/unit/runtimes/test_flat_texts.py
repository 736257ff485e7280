"""Terms of texts in flat programs: those of scikit-learn's vectorizers, in any script, and never slow. No sockets."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import murmurhash3_32

from function.model.contract import LONGEST_TEXT, TEXT, Contract, Feature
from function.runtimes.flat.file import Step
from function.runtimes.flat.murmur_hash import compute_murmur_hash
from function.runtimes.flat.texts import MOST_TOGETHER, Analyzer
from function.runtimes.flat.token_patterns import compile_pattern
from training.compile.texts import describe_analysis
from training.parity.values import ODD_TEXTS, UNSEEN_TEXTS

TEXTS = [*ODD_TEXTS, *UNSEEN_TEXTS, "ab", "a b c d", " lead and trail ", "\u0130\u0130", "\u1e9e \ufb03 \u00c5"]
WORST = ["a" * LONGEST_TEXT, "a " * (LONGEST_TEXT // 2), "-" * LONGEST_TEXT, ("a" * 49 + "!") * (LONGEST_TEXT // 50)]
VECTORIZERS: dict[str, dict[str, Any]] = {
    "words": {},
    "words of one letter": {"token_pattern": r"(?u)\b\w+\b", "lowercase": False},
    "a group": {"token_pattern": r"\b(\w)\w*\b"},
    "alternatives": {"token_pattern": r"[a-z]+|[0-9]+|\S"},
    "stop words": {"stop_words": "english", "ngram_range": (1, 3)},
    "pairs alone": {"ngram_range": (2, 2), "stop_words": ["is", "the"]},
    "ascii": {"strip_accents": "ascii"},
    "unicode": {"strip_accents": "unicode", "ngram_range": (1, 2)},
    "characters": {"analyzer": "char", "ngram_range": (1, 4)},
    "many characters": {"analyzer": "char", "ngram_range": (3, 3), "strip_accents": "unicode", "lowercase": False},
    "characters inside words": {"analyzer": "char_wb", "ngram_range": (1, 5)},
    "more characters than a word has": {"analyzer": "char_wb", "ngram_range": (4, 7)},
    "spaces": {"tokenizer": str.split},
    "spaces, then pairs": {"tokenizer": str.split, "preprocessor": str.strip, "ngram_range": (1, 2)},
    "an analyzer": {"analyzer": str.split},
}


def analyze(options: dict[str, Any]) -> Analyzer:
    """The analyzer of these options."""
    return Analyzer(Step("terms", (0,), (1,), options, {}))


def count(terms: Iterable[Iterable[str]]) -> Counter[str]:
    """How often there is each term."""
    return Counter(term for part in terms for term in part)


@pytest.mark.parametrize("name", VECTORIZERS)
def test_terms_are_those_of_the_vectorizer(name: str) -> None:
    vectorizer = CountVectorizer(**VECTORIZERS[name])
    analyzer, expected = analyze(dict(describe_analysis(vectorizer))), vectorizer.build_analyzer()
    for text in TEXTS:
        assert count(analyzer.list_terms(text)) == Counter(expected(text)), text


def test_hash_is_that_of_scikit_learn() -> None:
    for text in [*TEXTS, *(text[:length] for text in TEXTS for length in range(9))]:
        assert compute_murmur_hash(text.encode()) == murmurhash3_32(text.encode(), 0, positive=False)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?u)\b\w\w+\b",
        r"\b[a-zA-Z]{3,}\b",
        r"\w+",
        r"[^\s]+",
        r"\S+",
        r"(?u)\b\w+\b",
        r"[A-Za-z0-9_]+",
        r"\w{1,}",
        r"[a-z]+|[0-9]+",
        r"\b(\w\w+)\b",
        r"\b[a-z]{2,15}\b",
        r"\b\w[\w'-]+\b",
        r"[\w']+|[.,!?;]",
        r"#?\w+",
        r"\w\w+\b",
        r"(?i)[a-z]+",
        r"(?ui)\b\w+\b",
        r"[\w\-]+",
        r"\$[0-9]+|\w+",
    ],
)
def test_usual_pattern_is_taken_and_reads_the_worst_text_at_once(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    begun = time.process_time()
    for text in WORST:
        compiled.findall(text)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(?ui)\b\w*[a-z]+\w*\b",
        r"(?au)a",
        r"(?m)a",
        r"a(?i)",
        r"(a|a)*b",
        r"\w+\w+",
        r"[a-z]+\b",
        r"\w+x",
        r"(\w+)\1",
        r"(?=a)\w+",
        r"\w+?",
        r"(a)(b)",
        r"(?P<x>a)",
        "",
        r"\b",
        r"a**",
        r"\w{1,99}\w{1,99}",
        r"\w{99}" * 40,
        r"[[a]",
        r"[z-a]",
        r"a|",
        "(",
        ")",
        "a(b|c)",
        "x" * 501,
        None,
    ],
)
def test_pattern_that_may_read_a_text_many_times_is_refused(pattern: str | None) -> None:
    with pytest.raises(ValueError, match="pattern"):
        compile_pattern(pattern)


@pytest.mark.parametrize("split", ["characters", "inside words", "parts"])
def test_longest_text_with_the_most_terms_takes_seconds_at_most(split: str) -> None:
    options = {"prepare": ["lower", "unicode"], "split": split, "stop": [], "least": 1, "most": MOST_TOGETHER}
    begun = time.process_time()
    for terms in analyze(options).list_terms("é a" * (LONGEST_TEXT // 3)):
        Counter(terms)
    assert time.process_time() - begun < 10


def test_longer_text_is_a_problem_of_its_record() -> None:
    contract = Contract([Feature("text", TEXT)])
    checked = contract.check([{"text": "a" * LONGEST_TEXT}, {"text": "a" * (LONGEST_TEXT + 1)}])
    assert checked.valid == [0]
    (problem,) = checked.problems[1]
    assert (problem.pointer, problem.code) == ("/text", "too_large")
    assert "100,000" in problem.detail
