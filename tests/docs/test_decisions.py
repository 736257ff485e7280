"""Every decision record has the one form. Reads files only."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.emulator import REPOSITORY

RECORDS = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
PARTS = ["Context", "Decision", "Consequences", "Date"]
MAX_LINES = 40


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


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_record_has_the_one_form(record: Path) -> None:
    text = record.read_text()
    assert faults(record.name, text) == []
    assert date.fromisoformat(text[-11:-1])


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
