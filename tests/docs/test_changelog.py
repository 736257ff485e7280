"""The project, the function and the changelog have one version. Reads files only."""

import re
import tomllib

from function.version import VERSION
from tests.emulator import REPOSITORY


def releases(text: str) -> list[str]:
    """The released versions of a changelog, the newest first; each has a date."""
    return re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", text, re.MULTILINE)


def sections(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def kinds(section: str) -> list[str]:
    """The headings within one release."""
    return re.findall(r"^### (.+)$", section, re.MULTILINE)


TEXT = (REPOSITORY / "CHANGELOG.md").read_text()


def test_version_is_the_newest_release_everywhere() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION == releases(TEXT)[0]


def test_sections_are_what_is_unreleased_and_the_releases() -> None:
    assert sections(TEXT)[0] == "Unreleased"
    assert len(sections(TEXT)) == 1 + len(releases(TEXT))


def test_each_kind_of_change_stands_once_in_a_release() -> None:
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        found = kinds(section)
        assert len(found) == len(set(found))
        assert set(found) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_release_without_a_date_is_none() -> None:
    assert releases("## 0.2.0 - 2026-11-25\n## 0.1.0\n") == ["0.2.0"]
