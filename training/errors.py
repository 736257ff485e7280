"""The one error of training, and the sentences that several modules need."""

from collections.abc import Iterable
from difflib import get_close_matches


class TrainingError(Exception):
    """What stops a bundle from being made: one sentence that says what is wrong and what to do."""


def make_unknown_column_error(option: str, name: str, available: Iterable[str]) -> TrainingError:
    """The error for a column that `option` names and the table lacks, with the one that was probably meant."""
    names = list(available)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"its columns are {quote_names(names)}."
    return TrainingError(f"{option} names the column {name!r}, which the table does not have: {hint}")


def quote_names(names: Iterable[str], most: int = 12) -> str:
    """Names for a sentence, cut where they are many."""
    quoted = [repr(name) for name in names]
    more = f" and {len(quoted) - most} more" if len(quoted) > most else ""
    return ", ".join(quoted[:most]) + more


def describe_error(error: BaseException) -> str:
    """A foreign exception in one line: its type and the start of its text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
