"""The tables of the zoo: real ones, and one with nulls, odd names, texts, dates and integers as categories."""

from functools import cache
from typing import Any, NamedTuple

import numpy
import pandas
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine


class ZooTable(NamedTuple):
    """A table with its features and its targets, by name; the file is what `python -m training` reads again."""

    frame: pandas.DataFrame
    targets: tuple[str, ...]

    @property
    def features(self) -> list[str]:
        """The names of the columns that are no targets."""
        return [name for name in self.frame.columns if name not in self.targets]


NUMBERS = ("size m²", "age", "rooms", "distance/km", "income")
TEXTS = ("kind", "heating", "straße", "level", "sold on")
CODES = ("zone", "floor")


@cache
def mixed() -> ZooTable:
    """Numbers and texts with nulls, integers as categories, a date as text, a boolean; three targets."""
    generator = numpy.random.default_rng(7)
    rows = 400
    frame = pandas.DataFrame(
        {
            "size m²": generator.normal(90, 30, rows).round(1),
            "age": generator.integers(0, 120, rows).astype(float),
            "rooms": generator.integers(1, 8, rows),
            "distance/km": generator.exponential(8, rows),
            "income": generator.lognormal(10, 1, rows),
            "kind": generator.choice(["flat", "house", "loft", "Hütte"], rows, p=[0.5, 0.35, 0.1, 0.05]),
            "heating": generator.choice(["gas", "oil", "wood", "", " none"], rows),
            "straße": generator.choice([f"№{number} 🏠" for number in range(12)], rows),
            "level": generator.choice(["low", "medium", "high"], rows),
            "sold on": [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(rows)],
            "zone": generator.choice([1, 2, 3, 10], rows),
            "floor": generator.integers(-1, 6, rows),
            "balcony": generator.random(rows) < 0.4,
        }
    )
    frame.loc[frame["heating"] == "", "heating"] = None
    for name in ("age", "income", "kind", "zone"):
        frame.loc[generator.random(rows) < 0.08, name] = None
    noise = generator.normal(0, 5, rows)
    frame["price"] = (
        frame["size m²"] * 3
        - frame["age"].fillna(50) / 2
        + (frame["kind"] == "house") * 80
        + frame["balcony"] * 20
        + frame["zone"].fillna(2) * 9
        + noise
        + 300
    )
    frame["is dear"] = numpy.where(frame["price"] > frame["price"].median(), "yes", "no")
    frame["band"] = pandas.qcut(frame["price"], 3, labels=["cheap", "fair", "dear"]).astype(str)
    frame["visits"] = generator.poisson(numpy.exp((frame["price"] - 500) / 200)).astype(float)
    return _read_again(ZooTable(frame, ("price", "is dear", "band", "visits")))


@cache
def diabetes() -> ZooTable:
    """Ten numbers, and a number to predict (scikit-learn)."""
    table = load_diabetes(as_frame=True)
    return ZooTable(table.frame, ("target",))


@cache
def iris() -> ZooTable:
    """Four numbers and three classes of texts (scikit-learn)."""
    return _name_classes(load_iris(as_frame=True))


@cache
def cancer() -> ZooTable:
    """Thirty numbers and two classes of texts (scikit-learn)."""
    return _name_classes(load_breast_cancer(as_frame=True))


@cache
def wine() -> ZooTable:
    """Thirteen numbers and three classes of whole numbers (scikit-learn)."""
    return ZooTable(load_wine(as_frame=True).frame, ("target",))


@cache
def wine_with_nulls() -> ZooTable:
    """The table `wine`, with nulls in three columns."""
    frame = wine().frame.copy()
    generator = numpy.random.default_rng(5)
    for name in ("ash", "hue", "proline"):
        frame.loc[generator.random(len(frame)) < 0.1, name] = None
    return ZooTable(frame, ("target",))


@cache
def diabetes_with_nulls() -> ZooTable:
    """The table `diabetes`, with nulls in most columns."""
    frame = diabetes().frame.copy()
    generator = numpy.random.default_rng(3)
    for name in frame.columns[:8]:
        frame.loc[generator.random(len(frame)) < 0.1, name] = None
    return ZooTable(frame, ("target",))


@cache
def cancer_above_zero() -> ZooTable:
    """The table `cancer`, of which no number is 0."""
    frame, targets = cancer()
    return ZooTable(
        frame.assign(**{name: frame[name] + 0.01 for name in frame.columns if name not in targets}), targets
    )


@cache
def codes_of_nulls() -> ZooTable:
    """Numbers in which -1 is a null, and texts in which "?" is one."""
    generator = numpy.random.default_rng(11)
    rows = 300
    frame = pandas.DataFrame(
        {
            "age": generator.integers(0, 90, rows).astype(float),
            "size": generator.normal(60, 20, rows).round(2),
            "rooms": generator.integers(1, 6, rows),
            "kind": generator.choice(["flat", "house", "?"], rows),
        }
    )
    frame["target"] = frame["size"] - frame["age"] / 3 + 9 * (frame["kind"] == "house") + generator.normal(0, 2, rows)
    for name in ("age", "rooms"):
        frame.loc[generator.random(rows) < 0.15, name] = -1
    return _read_again(ZooTable(frame, ("target",)))


_GOOD = ("good", "lovely", "works", "déjà-vu", "schön", "отлично", "好用", "جيد", "καλό", "अच्छा", "좋아요", "👍")
_BAD = ("bad", "broken", "late", "naïve", "kaputt", "плохо", "不好", "سيئ", "κακό", "बुरा", "나빠요", "👎🏽")
_PLAIN = (
    "the",
    "it",
    "and",
    "very",
    "İzmir",
    "3.14",
    "don't",
    "e\u0301",
    "ﬁn",
    "x_y",
    "ß",
    "日本",
    "שלום",
    "ไทย",
    "A",
    "-",
)


@cache
def reviews() -> ZooTable:
    """Free texts in many scripts, with a number and a kind; three targets."""
    generator = numpy.random.default_rng(17)
    rows = 160
    mood = generator.integers(0, 3, rows)
    choices = [generator.choice(words, (rows, 8)) for words in ((*_BAD, *_PLAIN), _PLAIN, (*_GOOD, *_PLAIN))]
    lengths = generator.integers(1, 9, rows)
    joiners = generator.choice([" ", "  ", ", ", "\u00a0", "\n"], rows)
    texts = [
        joiner.join(choices[kind][row][:length])
        for row, (kind, length, joiner) in enumerate(zip(mood, lengths, joiners, strict=True))
    ]
    frame = pandas.DataFrame(
        {
            "text": texts,
            "note": generator.choice([*_GOOD, *_BAD, "it is late", ""], rows),
            "stars": generator.integers(1, 6, rows),
            "shop": generator.choice(["north", "south", "web"], rows),
            "mood": numpy.array(["bad", "so-so", "good"])[mood],
            "is good": mood == 2,
            "score": mood * 2.0 + generator.normal(0, 0.3, rows),
        }
    )
    return _read_again(ZooTable(frame, ("mood", "is good", "score")))


def _name_classes(bunch: Any) -> ZooTable:
    names = [str(name) for name in bunch.target_names]
    return ZooTable(bunch.data.assign(target=[names[label] for label in bunch.target]), ("target",))


def _read_again(table: ZooTable) -> ZooTable:
    """Return the table as pandas reads it from a CSV file, which is how people's models were trained."""
    import io

    return table._replace(frame=pandas.read_csv(io.StringIO(table.frame.to_csv(index=False))))
