"""Imports go one way, and what loads pickles or acts at import stands in one place. Reads source files only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text(encoding="utf-8")
    for package in ("function", "training")
    for path in sorted((ROOT / package).rglob("*.py"))
}

# Who may import whom of the function; a package stands for its modules, which may import each other: that there is no
# way back is a test of its own.
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "dtypes": set(),
    "contract": {"dtypes", "errors"},
    "selection": {"errors", "manifest"},
    "verified": {"errors", "manifest"},
    "settings": {"errors", "selection"},
    "failures": {"errors"},
    "aws": set(),
    "deadline": set(),
    "logs": set(),
    "version": set(),
    "seen": {"contract", "errors"},
    "telemetry": {"seen"},
    "fetched": {"aws", "errors", "manifest", "verified"},
    "startup": {"aws", "bundle", "fetched", "model", "settings", "verified"},
    "release": {"aws", "bundle", "errors", "failures", "manifest", "settings", "startup"},
    "service": {"aws", "model", "seen", "settings"},
    "messages": {"contract", "errors", "failures", "prediction", "service", "strict_json"},
    "results": {"deadline", "service", "strict_json"},
    "strict_json": {"contract", "errors"},
    "manifest": {"contract", "dtypes", "errors"},
    "model": {"contract", "manifest"},
    "prediction": {"contract", "dtypes", "errors", "model", "manifest", "seen"},
    "gunzip": {"errors"},
    "csv_text": {"errors", "gunzip"},
    "csv_dialect": {"contract", "csv_text", "errors"},
    "csv_header": {"contract", "errors"},
    "csv_table": {
        "contract",
        "csv_dialect",
        "csv_header",
        "csv_text",
        "errors",
        "model",
        "manifest",
        "prediction",
        "seen",
    },
    "csv_records": {"contract", "csv_dialect", "errors", "model", "prediction", "seen"},
    "runtimes": {"contract", "dtypes", "errors", "model", "manifest"},
    "bundle": {"contract", "errors", "model", "manifest", "runtimes", "selection", "verified"},
    "files": {
        *("aws", "contract", "csv_dialect", "csv_table", "csv_text", "deadline", "dtypes", "errors", "gunzip"),
        "manifest",
        *("model", "prediction", "service", "settings", "strict_json"),
    },
    "web": {
        *("contract", "dtypes", "errors", "failures", "manifest", "service", "version"),
        *("strict_json", "prediction", "csv_table"),
    },
    "sources": {
        *("csv_records", "csv_table", "deadline", "errors", "failures", "files", "messages"),
        *("prediction", "results", "service", "strict_json", "web"),
    },
    "dispatch": {"errors", "failures", "seen", "service", "sources", "telemetry"},
    "wsgi": {"errors", "sources", "web"},
    "worker": {"errors", "failures", "web"},
    "server": {"dispatch", "logs", "model", "service", "settings", "worker", "wsgi"},
    "command_line": {
        *("web", "bundle", "contract", "csv_table", "errors", "manifest", "model"),
        *("dispatch", "logs", "prediction", "server", "service", "settings", "startup", "strict_json"),
    },
    "app": {"dispatch", "service", "settings", "startup"},
    "__main__": {"command_line"},
}
TRAINING_MAY_IMPORT = {
    *("function", "function.contract", "function.dtypes", "function.manifest", "function.errors", "function.model"),
    # A table means what it means when it is served.
    *("function.csv_dialect", "function.csv_text", "function.gunzip"),
    # Exports are compared as they will be served.
    *("function.runtimes", "function.runtimes.flat", "function.runtimes.flat_format"),
    *("function.runtimes.joblib", "function.runtimes.onnx"),
}
HEAVY = {"sklearn", "joblib", "pandas", "numpy", "scipy", "onnxruntime"}
RUNTIME = "function.runtimes.joblib"
# What else may import some of them; numpy where tables of many rows are scored.
MAY_IMPORT = {
    RUNTIME: HEAVY,
    "function.runtimes.deferred": HEAVY,
    "function.runtimes.onnx": {"onnxruntime", "numpy"},
    "function.runtimes.flat_arrays": {"numpy"},
    "function.files.csv_fast": {"numpy"},
    "function.model": {"numpy"},  # for its types
}
# They name modules at run time, each from a tuple of this project's own.
NAME_AT_RUN_TIME = {RUNTIME, "function.runtimes.deferred", "function.dispatch", "function.bundle"}
CLIENTS = "function.aws"
PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "skops"}
UNPICKLING_ATTRIBUTES = {"load", "loads", "read_pickle", "Unpickler", "NumpyUnpickler"}

# What may be called where a module is imported: it makes a constant and touches nothing.
CONSTRUCTORS = {
    "Clients",
    "ContextVar",
    "Seen",
    "frozenset",
    "set",
    "tuple",
    "dict",
    "list",
    "object",
    "RLock",
    "Struct",
    "logging.getLogger",
    "logging.makeLogRecord",
    "vars",
    "re.compile",
    "Path",
    "join",
}
# page.py puts its files together once, when its route is first asked for; app.py is there to act.
ACTS_AT_IMPORT = {"function.app", "function.release"}
READS_ITSELF_AT_IMPORT = {
    "function.web.page": {"map", "_source", "_hash", "_source.replace", "_source.replace.replace"}
}


def imported(source: str, module: str = "function.x") -> Iterator[str]:
    """The absolute names of all that the source imports, at any depth: in functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(module.split(".")[: -node.level]) + "." if node.level else ""
            yield from (f"{package}{node.module or ''}.{alias.name}".strip(".") for alias in node.names)
        elif isinstance(node, ast.Call) and called(node.func).rpartition(".")[2] in ("__import__", "import_module"):
            constant = isinstance(node.args[0], ast.Constant) and str(node.args[0].value)
            yield constant or "a name made at run time"


def called(node: ast.expr) -> str:
    """The dotted name of what is called; the calls on the way are left out."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{called(node.value)}.{node.attr}"
        case ast.Call():
            return called(node.func)
    return "?"


def module_of(name: str) -> str:
    """The module that an imported name is or is in."""
    while name not in MODULES and "." in name:
        name = name.rpartition(".")[0]
    return name


def part_of(module: str) -> str:
    """How ARROWS calls a module of the function; empty for the package itself."""
    return ".".join(module.split(".")[1:2])


def wrong_arrows(module: str, source: str) -> list[str]:
    """The imports that point where ARROWS, or the rule for training, has no arrow."""
    names = list(imported(source, module))
    if module.startswith("training"):
        found = {module_of(name) for name in names if name.split(".")[0] == "function"}
        return sorted(found - TRAINING_MAY_IMPORT)
    targets = {module_of(name) for name in names if name.split(".")[0] == "function"}
    allowed = ARROWS.get(part_of(module), set()) | {part_of(module)}
    wrong = {target for target in targets if part_of(target) not in allowed}
    return sorted(wrong | {name for name in names if name.split(".")[0] == "training"})


def foreign(module: str, source: str) -> list[str]:
    """The imports of scientific libraries and of AWS's that the module must do without."""
    barred = HEAVY - MAY_IMPORT.get(module, set())
    barred |= set() if module == CLIENTS else {"boto3", "botocore"}
    barred |= set() if module in NAME_AT_RUN_TIME else {"a name made at run time"}
    return sorted({name for name in imported(source, module) if name in barred or name.split(".")[0] in barred})


def unpickling(source: str) -> list[str]:
    """The functions (`module` where there is none) that name a way to unpickle, once for each time they do."""
    found: list[str] = []

    def walk(node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
            if names_unpickling(child):
                found.append(inside)
            walk(child, inside)

    walk(ast.parse(source), "module")
    return found


def names_unpickling(node: ast.AST) -> bool:
    """Whether the node itself unpickles, or imports what does."""
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] in PICKLES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        root = (node.module or "").split(".")[0]
        taken = {alias.name for alias in node.names}
        return root in PICKLES or (root in HEAVY and bool(taken & UNPICKLING_ATTRIBUTES))
    if isinstance(node, ast.Attribute):
        return node.attr in UNPICKLING_ATTRIBUTES and called(node.value) in {*HEAVY, *PICKLES, "np", "pd", "numpy.lib"}
    return isinstance(node, ast.keyword) and node.arg == "allow_pickle"


def acts_at_import(module: str, source: str) -> list[str]:
    """What the module does when it is imported, beyond imports, definitions and constants.

    Barred are, outside of functions: any statement that is none of those, and the call of anything but CONSTRUCTORS
    (a lambda's or a class's body counts as outside). `if TYPE_CHECKING` and `if __name__ == "__main__"` may stand.
    """
    allowed = CONSTRUCTORS | READS_ITSELF_AT_IMPORT.get(module, set())
    found: list[str] = []
    for statement in ast.parse(source).body:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.TypeAlias() | ast.Expr(value=ast.Constant()):
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                continue
            case ast.FunctionDef() | ast.ClassDef() | ast.Assign() | ast.AnnAssign():
                found += [name for name in calls_at_definition(statement) if name not in allowed]
            case _:
                found.append(type(statement).__name__)
    return found


def calls_at_definition(node: ast.AST) -> Iterator[str]:
    """What is called while the statement is executed: the bodies of functions are not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and child in node.body:
            continue
        if isinstance(child, ast.Call):
            dotted = called(child.func)
            # A text's own methods, `", ".join(…)`, do nothing to anything.
            yield dotted.removeprefix("?.")
        yield from calls_at_definition(child)


def circles() -> list[str]:
    """The modules of the function from which imports lead back to themselves."""
    targets = {
        module: {module_of(name) for name in imported(source, module)} - {module, "function"}
        for module, source in MODULES.items()
        if module.startswith("function.")
    }

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for target in targets.get(waiting.pop(), set()) - seen:
                seen.add(target)
                waiting.append(target)
        return seen

    return [module for module in targets if module in reached(module)]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    assert wrong_arrows(module, MODULES[module]) == []


def test_no_way_leads_back() -> None:
    assert circles() == []


def test_every_part_of_the_function_has_its_arrows() -> None:
    assert {part_of(module) for module in MODULES if module.startswith("function.")} == set(ARROWS)


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("function")])
def test_heavy_libraries_are_imported_by_the_runtime_alone(module: str) -> None:
    assert foreign(module, MODULES[module]) == []


def test_one_function_alone_unpickles() -> None:
    found = {module: unpickling(source) for module, source in MODULES.items() if module.startswith("function")}
    assert {module: names for module, names in found.items() if names} == {RUNTIME: ["load"]}


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("function")])
def test_only_the_entry_point_acts_at_import(module: str) -> None:
    assert bool(acts_at_import(module, MODULES[module])) == (module in ACTS_AT_IMPORT)


def test_serving_imports_nothing_heavy_before_the_bundle_is_loaded() -> None:
    code = (
        "import sys, function.dispatch, function.bundle, function.wsgi, function.command_line\n"
        f"print(sorted({HEAVY | {'boto3', 'csv', 'msgspec', 'function.sources.deliveries'}!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['csv']")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("function.contract", "import function.manifest"),
        ("function.contract", "from function import manifest"),
        ("function.contract", "from function.manifest import Manifest"),
        ("function.contract", "from . import manifest"),
        ("function.errors", "from function.contract import Value"),
        ("function.prediction", "from function.web.messages import Response"),
        ("function.prediction", "def f() -> None:\n    from function.sources import direct"),
        ("function.prediction", "from function.runtimes import joblib"),
        ("function.model", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import function.bundle"),
        ("function.web.routes", "from function.sources.gateway import answer"),
        ("function.sources.direct", "import function.dispatch"),
        ("function.app", "import training"),
        ("function.bundle", "from training.package import write"),
        ("function.new_module", "import function.errors"),
        ("training.package", "from function.bundle import load"),
        ("training.package", "import function.server"),
        ("training.package", "def f() -> None:\n    from function import prediction"),
    ],
)
def test_wrong_arrow_is_found(module: str, source: str) -> None:
    assert wrong_arrows(module, source) != []


@pytest.mark.parametrize(
    "source",
    [
        "import numpy",
        "import numpy.linalg as la",
        "from sklearn.ensemble import RandomForestRegressor",
        "def f() -> None:\n    import pandas",
        "if TYPE_CHECKING:\n    from scipy import sparse",
        "class C:\n    import joblib",
        "import boto3",
        "from botocore.config import Config",
        "sklearn = __import__('sklearn')",
        "import importlib\nname = 'sk' + 'learn'\nimportlib.import_module(name)",
    ],
)
def test_heavy_import_is_found(source: str) -> None:
    assert foreign("function.prediction", source) != []


def test_aws_library_is_found_in_the_runtime_too() -> None:
    assert foreign(RUNTIME, "import boto3") == ["boto3"]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f(data):\n    import joblib\n    return joblib.load(data)",
        "from joblib import load",
        "from pickle import loads",
        "import numpy as np\nnp.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "f(allow_pickle=True)",
        "import pandas as pd\npd.read_pickle(path)",
        "reader = joblib.load",
        "import cloudpickle",
    ],
)
def test_unpickling_is_found(source: str) -> None:
    assert unpickling(source) != []


def test_second_unpickling_function_is_found() -> None:
    assert unpickling(MODULES[RUNTIME] + "\ndef other(data):\n    return joblib.load(data)\n") == ["load", "other"]


@pytest.mark.parametrize(
    "source",
    [
        "print('hello')",
        "MODEL = load('model')",
        "PATH = os.environ.get('MODEL_PATH')",
        "os.environ['X'] = compute()",
        "for name in (): pass",
        "if DEBUG: pass",
        "with open('x') as file: pass",
        "try:\n    import x\nexcept ImportError:\n    x = None",
        "del x",
        "class C:\n    value = load()",
        "def f(value=load()): pass",
        "@register\ndef f(): pass\nregister(f)",
        "@app.route('/')\ndef f(): pass",
        "TEXT = open('page.html').read()",
        "VALUES = [make(x) for x in ()]",
        "X: int = make()",
        "assert check()",
    ],
)
def test_deed_at_import_is_found(source: str) -> None:
    assert acts_at_import("function.prediction", source) != []
