"""ARCHITECTURE.md names every module and package, and stays one page. Reads files only."""

import re

import pytest

from tests.emulator import REPOSITORY

TEXT = (REPOSITORY / "ARCHITECTURE.md").read_text()
LEFT_OUT = {"__init__.py", "__pycache__/", "data/", "requirements.txt"}


def list_parts(folder: str) -> set[str]:
    """The modules and packages of a folder; packages with a slash at the end."""
    paths = (REPOSITORY / folder).iterdir()
    return {f"{path.name}/" if path.is_dir() else path.name for path in paths} - LEFT_OUT


def list_described_parts(text: str, folder: str) -> set[str]:
    """What stands in the first column of the tables in the folder's section."""
    section = text.partition(f"## Inside {folder}/\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("folder", ["function", "training"])
def test_every_module_and_package_is_described(folder: str) -> None:
    assert list_described_parts(TEXT, folder) == list_parts(folder)


def test_page_is_short() -> None:
    assert len(TEXT.splitlines()) <= 150


def test_other_sections_and_columns_do_not_count() -> None:
    text = "## Inside a/\n\n| file | holds |\n|---|---|\n| `b.py`, `c/` | `d.py` |\n\n## Next\n\n| `e.py` | e |\n"
    assert list_described_parts(text, "a") == {"b.py", "c/"}
