"""What scikit-learn imports is put off without any estimator noticing. Starts processes of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator import REPOSITORY

DEFERRED = "pandas scipy.integrate scipy.interpolate scipy.ndimage scipy.optimize scipy.stats"

# Fits every estimator of scikit-learn that can be made without arguments, bare and behind every transformer that takes
# numbers, and keeps what each answers.
FIT = """
import sys, warnings, pickle, joblib, numpy
warnings.simplefilter("ignore")
from sklearn.utils import all_estimators
from sklearn.pipeline import make_pipeline
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.ensemble import StackingClassifier, VotingRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.tree import DecisionTreeClassifier
X, y = load_iris(return_X_y=True)
X = X + numpy.random.default_rng(0).normal(scale=.01, size=X.shape)
made = []
for kind in ("classifier", "regressor", "transformer"):
    for name, cls in all_estimators(type_filter=kind):
        try:
            made.append((name, make_pipeline(cls(), LogisticRegression()) if kind == "transformer" else cls()))
        except TypeError:
            pass
made += [("Calibrated", CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2))),
         ("Isotonic", CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), method="isotonic")),
         ("Stacking", StackingClassifier([("a", DecisionTreeClassifier()), ("b", LogisticRegression())])),
         ("Voting", VotingRegressor([("a", Ridge())])),
         ("Transformed", TransformedTargetRegressor(Ridge(), func=numpy.log1p, inverse_func=numpy.expm1))]
def answers_of(estimator, rows):
    return [getattr(estimator, name)(rows) for name in ("predict", "predict_proba") if hasattr(estimator, name)]
kept = []
for name, estimator in made:
    try:
        estimator.fit(X[:, :1] if name == "IsotonicRegression" else X, y)
        rows = X[::7, :1] if name == "IsotonicRegression" else X[::7]
        answers = answers_of(estimator, rows)
        # Some answer by chance: only what answers the same again can be held against it.
        again = answers_of(pickle.loads(pickle.dumps(estimator)), rows)
        if all(numpy.array_equal(a, b, equal_nan=True) for a, b in zip(answers, again)):
            kept.append((name, rows, answers, estimator))
    except Exception:
        continue
joblib.dump(kept, sys.argv[1])
print(len(kept))
"""

LOAD = """
import os, sys, warnings, joblib as unused
for name in [name for name in sys.modules if name.split(".")[0] in ("joblib",)]:
    del sys.modules[name]
os.environ["JOBLIB_MULTIPROCESSING"] = "0"
warnings.simplefilter("ignore")
from function.runtimes.deferred_imports import import_scikit_learn
import_scikit_learn()
import joblib, numpy
wrong = []
kept = joblib.load(sys.argv[1])
for name, rows, answers, estimator in kept:
    found = [estimator.predict(rows)] + ([estimator.predict_proba(rows)] if len(answers) > 1 else [])
    if not all(numpy.array_equal(a, b, equal_nan=True) for a, b in zip(answers, found)):
        wrong.append(name)
print(len(kept), wrong)
"""

IS_LOADED = """
def is_loaded(name):
    import sys
    return name in sys.modules and type(sys.modules[name]).__name__ == "module"
"""


def run(code: str, *arguments: str) -> str:
    """What the code prints in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout.strip()


@pytest.mark.slow
def test_every_estimator_answers_as_it_does_undeferred(tmp_path: Path) -> None:
    count = int(run(FIT, str(tmp_path / "all.joblib")))
    assert count > 120
    assert run(LOAD, str(tmp_path / "all.joblib")) == f"{count} []"


def test_forest_is_predicted_without_any_of_it(full_bundle: Path) -> None:
    code = IS_LOADED + (
        "import sys; from function.bundle.loading import load\n"
        "model = load(sys.argv[1], 'joblib'); model.runtime.predict([[1500.0], [3.0]])\n"
        f"print([name for name in '{DEFERRED} pyarrow'.split() if is_loaded(name)])"
    )
    assert run(code, str(full_bundle)) == "[]"


USES = [
    "import scipy.stats; scipy.stats.norm",
    "from scipy.stats import norm",
    "from scipy.stats._stats_py import rankdata",
    "from scipy.stats import rankdata; rankdata([3, 1])",
    "from scipy.stats import chi2; chi2.ppf(0.5, 2)",
    "import sys, scipy; scipy.stats.__all__",
]


@pytest.mark.slow
def test_what_is_asked_of_it_loads_it() -> None:
    # One process imports scikit-learn; each use runs in a copy of it, where nothing is loaded yet.
    code = IS_LOADED + (
        "import os, sys\nfrom function.runtimes.deferred_imports import import_scikit_learn\nimport_scikit_learn()\n"
        "for use in sys.argv[1:]:\n"
        "    assert not is_loaded('scipy.stats')\n"
        "    if (child := os.fork()) == 0:\n"
        "        exec(use)\n"
        "        os._exit(0 if is_loaded('scipy.stats') else 1)\n"
        "    if os.waitpid(child, 0)[1] != 0: print(use)"
    )
    assert run(code, *USES) == ""


@pytest.mark.slow
def test_stand_in_is_what_it_stands_for() -> None:
    code = (
        "from function.runtimes.deferred_imports import import_scikit_learn\nimport_scikit_learn()\n"
        "import pickle, numpy\nfrom scipy.interpolate import BSpline\n"
        "spline = BSpline(numpy.arange(8.0), numpy.ones(4), 3)\n"
        "from scipy.interpolate._bsplines import BSpline as real\n"
        "again = pickle.loads(pickle.dumps(spline))\n"
        "print(isinstance(spline, BSpline), type(spline) is real, again(3.5) == spline(3.5))"
    )
    assert run(code) == "True True True"


@pytest.mark.slow
def test_pandas_is_there_for_who_imports_it_later() -> None:
    code = (
        "from function.runtimes.deferred_imports import import_scikit_learn\nimport_scikit_learn()\n"
        "import sys; assert 'pandas' not in sys.modules\n"
        "import pandas; from sklearn.linear_model import LinearRegression\n"
        "frame = pandas.DataFrame({'a': [1.0, 2.0], 'b': [0.0, 1.0]})\n"
        "print(LinearRegression().fit(frame, [1.0, 2.0]).feature_names_in_.tolist())"
    )
    assert run(code) == "['a', 'b']"


@pytest.mark.slow
def test_threads_that_ask_together_all_get_the_whole_module() -> None:
    code = (
        "from function.runtimes.deferred_imports import import_scikit_learn\nimport_scikit_learn()\n"
        "from concurrent.futures import ThreadPoolExecutor\nimport scipy.optimize\n"
        "from scipy.optimize import minimize\n"
        "ask = lambda n: float(round(minimize(lambda x: (x - n) ** 2, 0.0).x[0]))\n"
        "with ThreadPoolExecutor(8) as pool: print(list(pool.map(ask, range(8))))"
    )
    assert run(code) == str([float(n) for n in range(8)])


def test_what_is_not_installed_is_not_there() -> None:
    code = (
        "import function.runtimes.deferred_imports as d\nd.NAMES['no_such_module'] = ()\nd.import_scikit_learn()\n"
        "try:\n    import no_such_module\nexcept ModuleNotFoundError as error: print(error)"
    )
    assert run(code) == "No module named 'no_such_module'"
