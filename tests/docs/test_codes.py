"""Every code that the function can answer or raise has its entry in docs/troubleshooting.md. Reads files only."""

import ast
import re

from tests.emulator import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "troubleshooting.md"
SOURCES = {path: path.read_text() for path in sorted((REPOSITORY / "function").rglob("*.py"))}
# How a code looks; what else stands where codes do is a text for people.
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
# The calls that take a code, and as which argument.
TAKING = {"BundleError": 0, "Problem": 1, "DatabaseProblem": 1, "Warning": 1}


def codes_in(source: str) -> set[str]:
    """The codes of a source's error classes, of what is built with one, and of pairs of a code and a sentence."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef():
                found |= {
                    str(item.value.value)
                    for item in node.body
                    if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant) and named(item, "code")
                }
            case ast.Call(func=ast.Name(id=name), args=args) if name in TAKING and len(args) > TAKING[name]:
                found |= texts(args[TAKING[name]])
            case ast.Return(value=value) | ast.Assign(value=value) if value is not None:
                found |= {code for pair in pairs(value) for code in texts(pair.elts[0])}
    return {code for code in found if CODE.fullmatch(code)}


def named(item: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in item.targets)


def pairs(value: ast.expr) -> list[ast.Tuple]:
    """The tuples of a code and a sentence in what a function returns."""
    found = [node for node in ast.walk(value) if isinstance(node, ast.Tuple) and len(node.elts) == 2]
    return [pair for pair in found if isinstance(pair.elts[1], ast.JoinedStr) or sentence(pair.elts[1])]


def sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def texts(node: ast.expr) -> set[str]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def documented(text: str) -> set[str]:
    """The codes that open a row of a table."""
    return {
        code
        for row in re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", text, re.MULTILINE)
        for code in row[1:-1].split("`, `")
    }


def all_codes() -> set[str]:
    constants = {"out_of_range", "unseen_category"}  # function.model.contract names them
    return set().union(*map(codes_in, SOURCES.values())) | constants


def test_every_code_has_its_entry_and_every_entry_is_a_code() -> None:
    assert documented(DOCUMENT.read_text()) == all_codes()


def test_code_without_an_entry_is_found() -> None:
    assert codes_in('class Lost(Error):\n    code = "lost"') == {"lost"}
    assert codes_in('raise BundleError("torn", "It is torn.")') == {"torn"}
    assert codes_in('problems = [Problem(pointer(name), "odd", f"{name} is odd")]') == {"odd"}
    assert codes_in('def f():\n    return "worn", "worn by use"') == {"worn"}
    assert codes_in('def f():\n    return None if ok else ("torn", f"torn {x}")') == {"torn"}
    assert documented("| `a_b`, `c` | one | two |\n") == {"a_b", "c"}
