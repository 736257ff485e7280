"""Every error code has its row in docs/troubleshooting.md, and no other module spells one. Reads files only."""

import ast
import re

import pytest

from function import errors
from tests.emulator import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "troubleshooting.md").read_text()
SOURCES = {
    str(path.relative_to(REPOSITORY)): path.read_text()
    for path in sorted((REPOSITORY / "function").rglob("*.py"))
    if path != REPOSITORY / "function" / "errors.py"
}
# JSON's name for null is in use as such.
ALSO_A_WORD = {errors.NULL}


def list_documented_codes(text: str) -> dict[str, str]:
    """Each code that opens a row of a table, with the anchor of the section that it stands in."""
    return {
        code: title.strip().lower().replace(" ", "-")
        for title, section in re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
        for row in re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", section, re.MULTILINE)
        for code in row[1:-1].split("`, `")
    }


def find_spelled_codes(source: str) -> set[str]:
    """The texts that the source writes where it should use a constant: known codes, and others where codes stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(text)) if text in errors.CODES.keys() - ALSO_A_WORD:
                found.add(text)
            case ast.Call(func=ast.Name(id="BundleError"), args=[ast.Constant(value=str(text)), *_]):
                found.add(text)
            case ast.Call(func=ast.Name(id="Problem"), args=[_, ast.Constant(value=str(text)), *_]):
                found.add(text)
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(text))):
                found.add(text)
    return found


def test_every_code_has_its_row_and_every_row_is_a_code() -> None:
    assert list_documented_codes(DOCUMENT) == errors.CODES


def test_every_code_has_its_constant() -> None:
    constants = {name: value for name, value in vars(errors).items() if name.isupper() and isinstance(value, str)}
    assert constants == {code.upper(): code for code in errors.CODES}


@pytest.mark.parametrize("module", SOURCES)
def test_no_other_module_spells_a_code(module: str) -> None:
    assert find_spelled_codes(SOURCES[module]) == set()


def test_row_is_found_in_its_section() -> None:
    assert list_documented_codes("# T\n\n## A b\n\n| `a_b`, `c` | one |\n| x | `d` |\n\n## E\n| `f` | g |\n") == {
        "a_b": "a-b",
        "c": "a-b",
        "f": "e",
    }


@pytest.mark.parametrize(
    "source",
    [
        'class Lost(Error):\n    code = "not_found"',
        'raise BundleError("digest_mismatch", "It is torn.")',
        'problems = [Problem(pointer(name), "missing", f"{name} is missing")]',
        'def f():\n    return "wrong_type", "expected a number"',
        'class Lost(Error):\n    code = "new_code"',
        'raise BundleError("new_code", "It is torn.")',
        'Problem("", "new_code", f"{name} is odd")',
    ],
)
def test_spelled_code_is_found(source: str) -> None:
    assert len(find_spelled_codes(source)) == 1
