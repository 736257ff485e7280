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

# The parts of the function in layers, from the door inwards: a module may import its own part and what lies in lower
# layers, nothing beside it and nothing above it. A part is a package, or a module at the top level.
LAYERS: tuple[set[str], ...] = (
    {"__main__", "app", "release"},
    {"local"},
    {"dispatch"},
    {"sources"},
    {"messages"},
    {"files", "web"},
    {"service"},
    {"bundle"},
    {"settings"},
    {"formats", "runtimes", "telemetry"},
    {"model"},
    {"aws", "deadline", "errors", "version"},
)
LAYER_OF = {part: number for number, layer in enumerate(LAYERS) for part in layer}
TRAINING_MAY_IMPORT = {
    *(
        "function",
        "function.model.cells",
        "function.model.contract",
        "function.model.dtypes",
        "function.model.feature_document",
        "function.model.manifest",
        "function.model.output_columns",
        "function.errors",
        "function.model.runtime",
        "function.model.target",
    ),
    # A table means what it means when it is served.
    *("function.formats.csv_dialect", "function.formats.csv_text", "function.formats.gzip_stream"),
    # Exports are compared as they will be served.
    *("function.runtimes", "function.runtimes.flat", "function.runtimes.flat.file", "function.runtimes.flat.runtime"),
    *("function.runtimes.flat.functions", "function.runtimes.flat.operations", "function.runtimes.flat.tree_nodes"),
    *("function.runtimes.joblib", "function.runtimes.joblib_inputs"),
    *("function.runtimes.flat.texts", "function.runtimes.flat.token_patterns"),
}
HEAVY = {"sklearn", "joblib", "pandas", "numpy", "scipy"}
RUNTIME = "function.runtimes.joblib"
# What else may import some of them; numpy where tables of many rows are scored.
MAY_IMPORT = {
    RUNTIME: HEAVY,
    "function.runtimes.deferred_imports": HEAVY,
    "function.runtimes.joblib_inputs": {"numpy", "pandas"},
    # Operations import it where they compute a table.
    "function.runtimes.flat": {"numpy"},
    "function.files.formats.csv_blocks": {"numpy"},
    "function.files.formats.csv_columns": {"numpy"},
    "function.files.formats.csv_output": {"numpy"},
    "function.model.runtime": {"numpy"},  # for its types
}
# It names libraries at run time, each from a tuple of this project's own.
NAME_AT_RUN_TIME = {RUNTIME}
CLIENTS = "function.aws"
PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "skops"}
UNPICKLING_ATTRIBUTES = {"load", "loads", "read_pickle", "Unpickler", "NumpyUnpickler"}

# What may be called where a module is imported: it makes a constant and touches nothing.
CONSTRUCTORS = {
    "ContextVar",
    "frozenset",
    "float.fromhex",
    "range",
    "set",
    "tuple",
    "dict",
    "list",
    "object",
    "Limits",
    "RLock",
    "Struct",
    "logging.getLogger",
    "logging.makeLogRecord",
    "vars",
    "re.compile",
    "Path",
    "dirname",
    "join",
}
# page.py puts its files together once, when its route is first asked for; app.py is there to act.
ACTS_AT_IMPORT = {"function.app", "function.release"}
READS_ITSELF_AT_IMPORT = {
    "function.web.page": {"map", "_read_asset", "_hash_block", "_read_asset.replace", "_read_asset.replace.replace"}
}


def list_imports(source: str, module: str = "function.x") -> Iterator[str]:
    """The absolute names of all that the source imports, at any depth: in functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(module.split(".")[: -node.level]) + "." if node.level else ""
            yield from (f"{package}{node.module or ''}.{alias.name}".strip(".") for alias in node.names)
        elif isinstance(node, ast.Call) and name_called(node.func).rpartition(".")[2] in (
            "__import__",
            "import_module",
        ):
            constant = isinstance(node.args[0], ast.Constant) and str(node.args[0].value)
            yield constant or "a name made at run time"


def name_called(node: ast.expr) -> str:
    """The dotted name of what is called; the calls on the way are left out."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{name_called(node.value)}.{node.attr}"
        case ast.Call():
            return name_called(node.func)
    return "?"


def module_of(name: str) -> str:
    """The module that an imported name is or is in."""
    while name not in MODULES and "." in name:
        name = name.rpartition(".")[0]
    return name


def part_of(module: str) -> str:
    """The part of the function that a module is in; empty for the package itself."""
    return ".".join(module.split(".")[1:2])


def wrong_arrows(module: str, source: str) -> list[str]:
    """The imports that point against the layers, or against the rule for training."""
    names = list(list_imports(source, module))
    if module.startswith("training"):
        found = {module_of(name) for name in names if name.split(".")[0] == "function"}
        return sorted(found - TRAINING_MAY_IMPORT)
    targets = {module_of(name) for name in names if name.split(".")[0] == "function"}
    layer = LAYER_OF.get(part_of(module), len(LAYERS))
    wrong = {target for target in targets - {"function"} if LAYER_OF.get(part_of(target), -1) <= layer}
    wrong -= {target for target in wrong if part_of(target) == part_of(module) and part_of(module)}
    return sorted(wrong | {name for name in names if name.split(".")[0] == "training"})


def foreign(module: str, source: str) -> list[str]:
    """The imports of scientific libraries and of AWS's that the module must do without."""
    package = module.rpartition(".")[0]
    barred = HEAVY - MAY_IMPORT.get(module, MAY_IMPORT.get(package, set()))
    barred |= set() if module == CLIENTS else {"boto3", "botocore"}
    barred |= set() if module in NAME_AT_RUN_TIME else {"a name made at run time"}
    return sorted({name for name in list_imports(source, module) if name in barred or name.split(".")[0] in barred})


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
        return node.attr in UNPICKLING_ATTRIBUTES and name_called(node.value) in {
            *HEAVY,
            *PICKLES,
            "np",
            "pd",
            "numpy.lib",
        }
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
            dotted = name_called(child.func)
            # A text's own methods, `", ".join(…)`, do nothing to anything.
            yield dotted.removeprefix("?.")
        yield from calls_at_definition(child)


def circles() -> list[str]:
    """The modules of the function from which imports lead back to themselves."""
    targets = {
        module: {module_of(name) for name in list_imports(source, module)} - {module, "function"}
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


def test_every_part_of_the_function_has_its_layer() -> None:
    assert {part_of(module) for module in MODULES if module.startswith("function.")} == set(LAYER_OF)
    assert sum(map(len, LAYERS)) == len(LAYER_OF)


def test_top_level_of_the_function_stays_small() -> None:
    assert len([path for path in (ROOT / "function").iterdir() if path.is_file()]) <= 12


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
        "import sys, function.dispatch, function.bundle.loading, function.local.wsgi, function.local.command_line\n"
        f"print(sorted({HEAVY | {'boto3', 'csv', 'msgspec', 'function.messages.deliveries'}!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['csv']")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("function.model.contract", "import function.bundle.loading"),
        ("function.model.contract", "from function import settings"),
        ("function.model.contract", "from function.formats.csv_table import answer"),
        ("function.model.contract", "from ..runtimes.flat import runtime"),
        ("function.errors", "from function.model.contract import Value"),
        ("function.model.prediction", "from function.web.request_response import Response"),
        ("function.model.prediction", "def f() -> None:\n    from function.sources import direct"),
        ("function.model.prediction", "from function.runtimes import joblib"),
        (
            "function.model.runtime",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import function.bundle.loading",
        ),
        ("function.web.routes", "from function.sources.gateway import answer"),
        ("function.sources.direct", "import function.dispatch"),
        ("function.app", "import training"),
        ("function.bundle.loading", "from training.bundle.writing import write"),
        ("function.new_module", "import function.errors"),
        ("training.bundle.writing", "from function.bundle.loading import load"),
        ("training.bundle.writing", "import function.local.server"),
        ("training.bundle.writing", "def f() -> None:\n    from function.model import prediction"),
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
    assert foreign("function.model.prediction", source) != []


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
    assert acts_at_import("function.model.prediction", source) != []
