"""Functions are named by verbs: few names begin with a participle or a preposition. Reads source files only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for package in ("function", "training")
    for path in sorted((ROOT / package).rglob("*.py"))
}
MOST = 0.03
# The irregular ones; regular ones end in -ed. A word that is also a verb (`read`, `set`, `put`, `cut`) is not in it.
_PARTICIPLES = (
    "been begun bought brought built caught chosen dealt done drawn driven fallen fed felt forgotten fought found "
    "given gone gotten grown heard held hidden kept known laid learnt led left lent lost made meant met paid "
    "proven said seen sent shown sold sought spent spoken stolen stood struck sunk taken taught thought thrown "
    "told torn understood undone unwritten withdrawn won worn woven written"
)
_PREPOSITIONS = (
    "about above across after against along among around as at before behind below beneath beside between beyond "
    "by despite down during except for from in inside into like near of off on onto out outside over past per "
    "since than through throughout till to toward towards under until upon up via with within without"
)
PARTICIPLES = frozenset(_PARTICIPLES.split())
PREPOSITIONS = frozenset(_PREPOSITIONS.split())
# These end in -ed and are verbs.
VERBS = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"})


def list_functions(source: str) -> Iterator[str]:
    """The names of all functions and methods of the source, dunder methods left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.endswith("__"):
            yield node.name


def is_verbless(name: str) -> bool:
    """True if the first word of a function's name is a participle or a preposition."""
    word = name.strip("_").partition("_")[0]
    return (word.endswith("ed") and word not in VERBS) or word in PARTICIPLES or word in PREPOSITIONS


def test_functions_are_named_by_verbs() -> None:
    names = [f"{path}: {name}" for path, source in SOURCES.items() for name in list_functions(source)]
    verbless = [name for name in names if is_verbless(name.rpartition(": ")[2])]
    share = len(verbless) / len(names)
    assert share < MOST, f"{len(verbless)} of {len(names)} ({share:.1%}):\n" + "\n".join(verbless)


@pytest.mark.parametrize(
    "source",
    [
        "def unwrapped(): ...",
        "def of_cells(): ...",
        "class Block:\n    def written(self): ...",
        "class Block:\n    @property\n    def _above(self): ...",
        "def read():\n    async def kept_open(): ...",
    ],
)
def test_participle_or_preposition_is_found(source: str) -> None:
    assert len([name for name in list_functions(source) if is_verbless(name)]) == 1


@pytest.mark.parametrize("name", ["feed", "read_rows", "toggle", "is_written", "_put", "__enter__", "seek", "identity"])
def test_verb_question_and_noun_are_not(name: str) -> None:
    assert [name for name in list_functions(f"def {name}(): ...") if is_verbless(name)] == []
