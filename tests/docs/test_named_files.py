"""Documents name only files that are in the repository, and names that these define. Reads files only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator import REPOSITORY

FOLDERS_OF_DOCUMENTS = ("docs", "docs/decisions", "events", "benchmarks")
DOCUMENTS = [
    *sorted(REPOSITORY.glob("*.md")),
    *(path for folder in FOLDERS_OF_DOCUMENTS for path in sorted((REPOSITORY / folder).glob("*.md"))),
]
FOLDERS = "benchmarks|docs|events|function|stacks|tests|tools|training"
# A path below one of the repository's folders, a link, and a document at the root.
NAMED_FILE = re.compile(rf"(?<![\w./-])((?:{FOLDERS})/[\w./-]*)|\]\(([^)#:]+)\)|\b([A-Z]{{3,}}\.md)\b")

# `file.py: name`, where the name may be a class's member: `Contract.check`.
DEFINED_NAME = re.compile(r"`([\w/]+\.py):\s+([\w.]+)`")


def missing(folder: Path, text: str) -> list[str]:
    """The files that a document in `folder` names and that do not exist."""
    found = []
    for below, link, document in NAMED_FILE.findall(text):
        path = folder / link if link else REPOSITORY / (below or document).rstrip(".")
        if not path.exists():
            found.append(link or below or document)
    return found


def list_names(statements: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """The names of functions, classes and their members, and constants that the statements define."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield prefix + name
                if isinstance(statement, ast.ClassDef):
                    yield from list_names(statement.body, f"{prefix}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name


def find_undefined(text: str) -> list[str]:
    """The names that the text gives a file and that the file does not define."""
    found = []
    for file, name in DEFINED_NAME.findall(text):
        path = REPOSITORY / file
        if not path.exists() or name not in list_names(ast.parse(path.read_text()).body):
            found.append(f"{file}: {name}")
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_document_names_only_files_that_exist(document: Path) -> None:
    assert missing(document.parent, document.read_text()) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_document_names_only_what_files_define(document: Path) -> None:
    assert find_undefined(document.read_text()) == []


def test_name_that_its_file_does_not_define_is_found() -> None:
    text = "`function/app.py: lost`, `function/lost.py: handler` and `function/dispatch.py: Source.lost`"
    assert len(find_undefined(text)) == 3
    assert find_undefined("`function/app.py: handler`, `function/dispatch.py: Source.handle`") == []


def test_file_that_is_not_there_is_found() -> None:
    folder = REPOSITORY / "docs" / "decisions"
    assert missing(folder, "`function/lost.py`, docs/lost.md, [one](0000-lost.md) and LOST.md") == [
        "function/lost.py",
        "docs/lost.md",
        "0000-lost.md",
        "LOST.md",
    ]
    assert missing(folder, "`function/app.py`, docs/costs.md. [one](../costs.md) and CHANGELOG.md") == []
