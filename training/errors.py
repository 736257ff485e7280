"""The error of training, and the parts of its sentences that several modules need."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_TAKES_AN = re.compile("[AEIOaeiou]|[FHLMNRSX][A-Z]")  # "an SVC", but "a Stack"
_PLACE = re.compile(r"\[\d\d:\d\d:\d\d\] \S+:\d+: ")


class TrainingError(Exception):
    """Why no bundle can be made: one sentence that says what is wrong and what to do."""


def make_unknown_column_error(option: str, name: str, available: Iterable[str]) -> TrainingError:
    """Make the error for a column that `option` names and the table does not have; suggest a similar name."""
    names = list(available)
    similar = get_close_matches(name, names, n=1)
    hint = f"did you mean {similar[0]!r}?" if similar else f"its columns are {quote_names(names)}."
    return TrainingError(f"{option} names the column {name!r}, which the table does not have: {hint}")


def quote_names(names: Iterable[str], most: int = 12) -> str:
    """Quote names for a sentence: at most `most`, then how many more there are."""
    quoted = [repr(name) for name in names]
    more = f" and {len(quoted) - most} more" if len(quoted) > most else ""
    return ", ".join(quoted[:most]) + more


def add_article(name: str) -> str:
    """Return a class's name with its article."""
    return f"{'an' if _TAKES_AN.match(name) else 'a'} {name}"


def describe_error(error: BaseException) -> str:
    """Describe another library's exception in one line: its type and the first 200 characters of its text.

    XGBoost's texts lose the time and the source line at their begin, and the stack trace at their end.
    """
    text = _PLACE.sub("", " ".join(str(error).split())).partition(" Stack trace:")[0]
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
