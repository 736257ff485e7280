"""The hooks of pre-commit run what `make check` runs, and editors use the same line length. Reads files only."""

import configparser
import re
import shutil
import tomllib
from typing import Any

import yaml

from tests.emulator import REPOSITORY

type Hook = dict[str, Any]

CONFIGURATION = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
HOOKS: list[Hook] = [hook for repository in CONFIGURATION["repos"] for hook in repository["hooks"]]


def missing_programs(hooks: list[Hook]) -> list[str]:
    """The programs of the hooks that are not installed."""
    programs = [hook["entry"].split()[0] for hook in hooks]
    return [program for program in programs if not shutil.which(REPOSITORY / program) and not shutil.which(program)]


def commands_of_make_check() -> list[str]:
    makefile = (REPOSITORY / "Makefile").read_text()
    recipe = re.findall(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[0]
    parts = [part.strip() for line in recipe.splitlines() for part in line.split("&&")]
    return [part.replace("$(VENV)", ".venv") for part in parts if part.startswith("$(VENV)")]


def test_hooks_download_nothing() -> None:
    assert [repository["repo"] for repository in CONFIGURATION["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS} == {"system"}


def test_hooks_run_what_make_check_runs() -> None:
    commands = commands_of_make_check()
    assert len(commands) >= 3
    assert [hook["entry"] for hook in HOOKS if hook["entry"].startswith(".venv")] == commands


def test_programs_of_the_hooks_are_installed() -> None:
    assert missing_programs(HOOKS) == []
    assert missing_programs([{"entry": ".venv/bin/lost --check"}]) == [".venv/bin/lost"]


def test_editors_use_the_line_length_of_ruff() -> None:
    editors = configparser.ConfigParser()
    editors.read_string("[top]\n" + (REPOSITORY / ".editorconfig").read_text())
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert int(editors["*.py"]["max_line_length"]) == project["tool"]["ruff"]["line-length"]
