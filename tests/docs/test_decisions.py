"""Every decision record has the one form, and names no file that is not in the repository. Reads files only."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.emulator import REPOSITORY

RECORDS = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
PARTS = ["Context", "Decision", "Consequences", "Date"]
MAX_LINES = 40
# These keep an older form until they are rewritten.
OLDER_FORM = {"0010-swagger-ui-from-powertools.md"}
FOLDERS = "benchmarks|docs|events|function|stacks|tests|tools|training"
# A path below one of the repository's folders, a link, and a document at the root.
NAMED_FILE = re.compile(rf"(?<![\w./-])((?:{FOLDERS})/[\w./-]*)|\]\(([^)#:]+)\)|\b([A-Z]{{3,}}\.md)\b")


def faults(name: str, text: str) -> list[str]:
    """What is wrong with the form of the record with that file name."""
    found = []
    if not re.match(rf"# {name[:4]}: \S.*\n\n", text):
        found.append(f"the title is not '# {name[:4]}: …'")
    if re.findall(r"^\*\*(.+?)\.\*\*(?= |$)", text, re.MULTILINE) != PARTS:
        found.append(f"the parts are not {', '.join(PARTS)}")
    if not re.search(r"^\*\*Date\.\*\* (\d{4}-\d\d-\d\d)\n\Z", text, re.MULTILINE):
        found.append("it does not end with a date")
    if text.count("\n") > MAX_LINES:
        found.append(f"it has more than {MAX_LINES} lines")
    return found


def missing(folder: Path, text: str) -> list[str]:
    """The files that a document in `folder` names and that do not exist."""
    found = []
    for below, link, document in NAMED_FILE.findall(text):
        path = folder / link if link else REPOSITORY / (below or document).rstrip(".")
        if not path.exists():
            found.append(link or below or document)
    return found


@pytest.mark.parametrize(
    "record", [path for path in RECORDS if path.name not in OLDER_FORM], ids=lambda path: path.name
)
def test_record_has_the_one_form(record: Path) -> None:
    text = record.read_text()
    assert faults(record.name, text) == []
    assert date.fromisoformat(text[-11:-1])


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_record_names_only_files_that_exist(record: Path) -> None:
    assert missing(record.parent, record.read_text()) == []


def test_records_are_numbered_one_after_the_other() -> None:
    assert [record.name[:4] for record in RECORDS] == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("# 0007: A", "# 7. A", "the title"),
        ("# 0007: A", "# 0008: A", "the title"),
        ("**Context.**", "**Why.**", "the parts"),
        ("**Decision.** We do.\n\n", "", "the parts"),
        ("2026-11-24", "today", "a date"),
        ("We do.", "We do.\n" * 40, "more than 40 lines"),
    ],
)
def test_other_form_is_found(old: str, new: str, fault: str) -> None:
    text = "# 0007: A\n\n**Context.** Why.\n\n**Decision.** We do.\n\n**Consequences.** So.\n\n**Date.** 2026-11-24\n"
    assert faults("0007-a.md", text) == []
    assert [found for found in faults("0007-a.md", text.replace(old, new)) if fault in found]


def test_file_that_is_not_there_is_found() -> None:
    folder = REPOSITORY / "docs" / "decisions"
    assert missing(folder, "`function/lost.py`, docs/lost.md, [one](0000-lost.md) and LOST.md") == [
        "function/lost.py",
        "docs/lost.md",
        "0000-lost.md",
        "LOST.md",
    ]
    assert missing(folder, "`function/app.py`, docs/costs.md. [one](../costs.md) and CHANGELOG.md") == []
