"""Every route, target, parameter, variable and command is named in a document. Reads files only."""

import re
import subprocess
import sys
from collections.abc import Iterable

import pytest

from function.web.routes import ROUTES
from tests.emulator import REPOSITORY
from tests.template.expand import source

TEXT = "\n".join(path.read_text() for path in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))])


def targets() -> list[str]:
    return re.findall(r"^\.PHONY: ([a-z]+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)


def variables() -> list[str]:
    settings = (REPOSITORY / "function" / "settings.py").read_text()
    command_line = (REPOSITORY / "function" / "local" / "command_line.py").read_text()
    return sorted(
        {*re.findall(r'"([A-Z][A-Z0-9_]{3,})"', settings), *re.findall(r'environ\.get\("([A-Z]+)"', command_line)}
    )


def commands() -> list[str]:
    help_text = subprocess.run(
        [sys.executable, "-m", "function", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    return re.findall(r"^    ([a-z]+) {2,}", help_text, re.MULTILINE)


NAMED: dict[str, list[str]] = {
    "routes": [f"{method} {path}" if path == "/" else path for path, (method, _) in ROUTES.items()],
    "targets": [f"make {target}" for target in targets()],
    "parameters": list(source()["Parameters"]),
    "variables": variables(),
    "commands": [f"function {command}" for command in commands()],
}


def missing(names: Iterable[str], text: str) -> list[str]:
    """The names that the text does not have as words of their own."""
    return [name for name in names if not re.search(rf"(?<![\w/]){re.escape(name)}(?![\w-])", text)]


@pytest.mark.parametrize("kind", NAMED)
def test_everything_is_named_in_a_document(kind: str) -> None:
    assert missing(NAMED[kind], TEXT) == []


@pytest.mark.parametrize("kind", NAMED)
def test_there_is_something_to_name(kind: str) -> None:
    assert len(NAMED[kind]) >= 5


def test_what_is_not_named_is_found() -> None:
    assert missing(["make serve", "MODEL_PATH"], "make serves MODEL_PATHS") == ["make serve", "MODEL_PATH"]
    assert missing(["/ping"], "see `/pong`") == ["/ping"]
    assert missing(["/v2", "make serve"], "`/v2` and `make serve`") == []
