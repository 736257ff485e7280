"""Documents name only files that are in the repository. Reads files only."""

import re
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


def missing(folder: Path, text: str) -> list[str]:
    """The files that a document in `folder` names and that do not exist."""
    found = []
    for below, link, document in NAMED_FILE.findall(text):
        path = folder / link if link else REPOSITORY / (below or document).rstrip(".")
        if not path.exists():
            found.append(link or below or document)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_document_names_only_files_that_exist(document: Path) -> None:
    assert missing(document.parent, document.read_text()) == []


def test_file_that_is_not_there_is_found() -> None:
    folder = REPOSITORY / "docs" / "decisions"
    assert missing(folder, "`function/lost.py`, docs/lost.md, [one](0000-lost.md) and LOST.md") == [
        "function/lost.py",
        "docs/lost.md",
        "0000-lost.md",
        "LOST.md",
    ]
    assert missing(folder, "`function/app.py`, docs/costs.md. [one](../costs.md) and CHANGELOG.md") == []
