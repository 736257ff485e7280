"""Operations that count the terms of a text: the words, the characters, or sequences of them.

They do what scikit-learn's vectorizers do (sklearn/feature_extraction/text.py), and make packed rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from function.model.contract import LONGEST_TEXT
from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.kinds import PACKED, TEXT
from function.runtimes.flat.operation import Operation, Row
from function.runtimes.flat.token_patterns import compile_pattern

if TYPE_CHECKING:
    from function.runtimes.flat.operation import Table

# Sequences of more words or characters are none that a model learns from.
MOST_TOGETHER = 20
# The terms of a bucket: more would take long to look through.
MOST_IN_BUCKET = 64
# A prime, so that texts that are alike are spread over all buckets.
PRIME = 2**61 - 1
# Of a text: lower case, and without accents.
_MOST_PREPARATIONS = 2
# About how many terms a text has.
_SOME_TERMS = 1_000
WORDS, PARTS, CHARACTERS, INSIDE_WORDS = "words", "parts", "characters", "inside words"


def _strip_to_ascii(text: str) -> str:
    from unicodedata import normalize

    return normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _strip_accents(text: str) -> str:
    from unicodedata import combining, normalize

    return text if text.isascii() else "".join([c for c in normalize("NFKD", text) if not combining(c)])


PREPARATIONS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "strip": str.strip,
    "ascii": _strip_to_ascii,
    "unicode": _strip_accents,
}


class Analyzer:
    """Make terms of a text, as the options of its step say.

    - `prepare`: the names of PREPARATIONS, in their order
    - `split`: WORDS, found by the option `pattern`; PARTS between white space; CHARACTERS; those INSIDE_WORDS
    - `stop`: words, or parts, that are left out
    - `least`, `most`: how many words or characters make a term
    """

    def __init__(self, step: Step) -> None:
        self.prepare = [PREPARATIONS[name] for name in step.options["prepare"]]
        if len(self.prepare) > _MOST_PREPARATIONS:
            raise ValueError("a text is prepared too often")
        self.split = step.get_choice("split", (WORDS, PARTS, CHARACTERS, INSIDE_WORDS))
        self.least = step.get_whole("least", 1, MOST_TOGETHER)
        self.most = step.get_whole("most", self.least, MOST_TOGETHER)
        self.find_words: Callable[[str], list[str]] = str.split
        if self.split == WORDS:
            self.find_words = compile_pattern(step.options["pattern"]).findall
        self.stop = frozenset(step.options["stop"])

    def list_terms(self, text: str) -> Iterator[Sequence[str]]:
        """Yield the terms of each number of words or characters."""
        for prepare in self.prepare:
            text = prepare(text)
        if self.split in (WORDS, PARTS):
            words = self.find_words(text)
            if self.stop:
                words = [word for word in words if word not in self.stop]
            for count in range(self.least, self.most + 1):
                yield words if count == 1 else _join_words(words, count)
        elif self.split == CHARACTERS:
            text = _join_white_space(text)
            for count in range(self.least, self.most + 1):
                yield _cut(text, count)
        else:
            words = [f" {word} " for word in text.split()]
            for count in range(self.least, self.most + 1):
                # A word that is shorter than all terms is a term itself, once.
                yield [
                    term
                    for word in words
                    for term in (_cut(word, count) if count <= len(word) else [word] if count == self.least else ())
                ]


def _join_words(words: Sequence[str], count: int) -> list[str]:
    return [" ".join(words[at : at + count]) for at in range(len(words) - count + 1)]


def _cut(text: str, count: int) -> list[str]:
    return [text[at : at + count] for at in range(len(text) - count + 1)]


def _join_white_space(text: str) -> str:
    """Make a space of several characters of white space; a single one stays as it is."""
    import re

    return re.sub(r"\s\s+", " ", text)


class _Terms:
    """Count terms; with the option `binary` each counts as 1. `add` adds a term to the numbers by their places."""

    def __init__(self, step: Step) -> None:
        self.analyzer = Analyzer(step)
        self.binary = step.get_flag("binary")
        self.work = _SOME_TERMS * (self.analyzer.most - self.analyzer.least + 1)
        if step.width != 1:
            raise ValueError("terms of several columns")

    def find_kinds(self, kinds: str) -> str:
        if kinds != TEXT:
            raise ValueError("terms of what is no text")
        return PACKED

    def add(self, numbers: dict[int, int], term: str, count: int) -> None:
        raise NotImplementedError

    def run_row(self, row: Row) -> Row:
        (text,) = row
        if text is None or len(text) > LONGEST_TEXT:
            raise NotPredictable("ValueError")
        numbers: dict[int, int] = {}
        for terms in self.analyzer.list_terms(text):
            for term, count in Counter(terms).items():
                self.add(numbers, term, count)
        places = sorted(numbers)
        return [places, [1.0] * len(places) if self.binary else [float(numbers[place]) for place in places]]

    def run_table(self, table: "Table") -> "Table":
        return [self.run_row([text]) for text in table[0].tolist()]  # type: ignore[misc]


class Terms(_Terms):
    """Count the terms of a vocabulary, the others are left out.

    The array `text` holds the terms as UTF-8, one behind the other, `ends` where each ends, `places` the column of
    each. They are in buckets by their bytes as a number, and `buckets` has the place where each bucket begins.
    """

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.places = step.get_array("places", "I")
        self.width = self.entries = len(self.places)
        self.text = step.get_array("text", "B")
        self.ends = step.get_array("ends", "I", self.width)
        self.buckets = step.get_array("buckets", "I")
        self.count = len(self.buckets) - 1
        if self.count < 1 or not self.width:
            raise ValueError("terms without buckets")

    def check(self) -> None:
        """Check that each term has a place of its own. Raises ValueError."""
        found = bytearray(self.width)
        for place in self.places:
            found[place] = 1
        if 0 in found:
            raise ValueError("terms of the same place")

    def add(self, numbers: dict[int, int], term: str, count: int) -> None:
        wanted = term.encode("utf-8", "surrogatepass")
        bucket = int.from_bytes(wanted, "little") % PRIME % self.count
        at, end = self.buckets[bucket], self.buckets[bucket + 1]
        if end - at > MOST_IN_BUCKET:
            raise ValueError("too many terms in a bucket")
        ends, text = self.ends, self.text
        while at < end:
            if text[ends[at - 1] if at else 0 : ends[at]] == wanted:
                place = self.places[at]
                if place >= self.width:
                    raise IndexError("a term of no place")
                numbers[place] = numbers.get(place, 0) + count
                return
            at += 1


class HashedTerms(_Terms):
    """Count terms at the places of their hashes, `count` of them; with `signs` half of them are negative."""

    def __init__(self, step: Step) -> None:
        from function.runtimes.flat.murmur_hash import compute_murmur_hash

        super().__init__(step)
        self.width = step.get_whole("count", 1, 2**31 - 1)
        self.signs = step.get_flag("signs")
        self.compute = compute_murmur_hash

    def add(self, numbers: dict[int, int], term: str, count: int) -> None:
        number = self.compute(term.encode("utf-8", "surrogatepass"))
        # What scikit-learn makes of the smallest number, which has no opposite one in 32 bits.
        size = abs(number) if number != -(2**31) else 2**31 - self.width
        place = size % self.width
        numbers[place] = numbers.get(place, 0) + (-count if number < 0 and self.signs else count)


OPERATIONS: dict[str, Callable[[Step], Operation]] = {"terms": Terms, "hashed_terms": HashedTerms}
