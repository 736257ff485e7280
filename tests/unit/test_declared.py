"""Each package that is imported is declared in pyproject.toml, in a group that is there to import. Reads files only."""

import ast
import re
import sys
import tomllib
from functools import cache

import pytest

from tests.emulator import REPOSITORY

# The packages that are imported by another name than they are installed by.
DISTRIBUTIONS = {
    "cfnlint": "cfn-lint",
    "jsonata": "jsonata-python",
    "mlflow": "mlflow-skinny",
    "samcli": "aws-sam-cli",
    "samtranslator": "aws-sam-translator",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# What is there to import: `run` is what runs in Lambda, with scikit-learn. A file's name goes before its folder's.
GROUPS = {
    "function": ["run"],
    "training": ["run", "training"],
    "benchmarks": ["run", "training", "dev", "bench"],
    "tests/integration/protocol_clients.py": ["clients"],
    # CatBoost is imported where somebody packages a model of it, and so has it; a sentence says how to get it.
    "training/estimators/adapting.py": ["run", "training", "dev"],
    "training/estimators/native_files.py": ["run", "training", "dev"],
}
ELSEWHERE = ["run", "training", "dev"]
# Under `if TYPE_CHECKING:`, which mypy alone reads. It brings _typeshed.
FOR_MYPY = "dev"
GIVEN = {*sys.stdlib_module_names, "_typeshed"}

FOLDERS = sorted(path for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith("."))
FILES = {
    str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8")
    for folder in FOLDERS
    for path in sorted(folder.rglob("*.py"))
}
OURS = {folder.name for folder in FOLDERS}


@cache
def list_declared() -> dict[str, set[str]]:
    """The names of the distributions of each group."""
    document = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    project = document["project"]
    groups: dict[str, list[str]] = document["dependency-groups"]
    groups["run"] = project["dependencies"] + project["optional-dependencies"]["scikit-learn"]
    return {group: {re.split(r"[^\w.-]", each)[0] for each in requirements} for group, requirements in groups.items()}


@cache
def imports(text: str) -> set[tuple[str, bool]]:
    """The top-level packages that a module imports anywhere, and whether only mypy does."""
    nodes = list(ast.walk(ast.parse(text)))
    blocks = [node for node in nodes if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for_mypy = {node for block in blocks for statement in block.body for node in ast.walk(statement)}
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {(alias.name.partition(".")[0], node in for_mypy) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add((node.module.partition(".")[0], node in for_mypy))
    return found


def find_undeclared(name: str, text: str) -> list[str]:
    """The imports of a file that no group declares which is there when it runs."""
    groups = GROUPS.get(name) or GROUPS.get(name.partition("/")[0]) or ELSEWHERE
    everything = list_declared()
    missing = []
    for package, for_mypy in sorted(imports(text)):
        there = set().union(*(everything[group] for group in [*groups, *([FOR_MYPY] if for_mypy else [])]))
        if package not in GIVEN | OURS and DISTRIBUTIONS.get(package, package.replace("_", "-")) not in there:
            missing.append(package)
    return missing


def test_every_import_is_declared() -> None:
    assert len(FILES) > 100
    missing = {name: find_undeclared(name, text) for name, text in FILES.items()}
    assert {name: packages for name, packages in missing.items() if packages} == {}


@pytest.mark.parametrize("name", [*GROUPS, *DISTRIBUTIONS])
def test_tables_name_what_is_there(name: str) -> None:
    used = {package for text in FILES.values() for package, _ in imports(text)}
    assert name in used or (REPOSITORY / name).exists()


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        ("function/app.py", "import pytest", ["pytest"]),
        ("function/app.py", "def act():\n    from lightgbm.basic import Booster", ["lightgbm"]),
        ("function/app.py", "if TYPE_CHECKING:\n    from mypy_boto3_s3 import S3Client", []),
        ("function/app.py", "from mypy_boto3_s3 import S3Client", ["mypy_boto3_s3"]),
        ("function/app.py", "from . import errors\nimport function.errors, json, yaml", ["yaml"]),
        ("training/flat.py", "import sklearn.tree, lightgbm", []),
        ("training/flat.py", "import matplotlib.pyplot", ["matplotlib"]),
        ("tests/unit/test_any.py", "import yaml, lightgbm, mangum", ["mangum"]),
        ("tests/integration/protocol_clients.py", "import mlflow, moto", ["moto"]),
        ("benchmarks/any.py", "import mangum, moto, absent", ["absent"]),
    ],
)
def test_undeclared_import_is_noticed(name: str, text: str, missing: list[str]) -> None:
    assert find_undeclared(name, text) == missing
