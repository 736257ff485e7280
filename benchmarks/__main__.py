"""Run the benchmarks in interleaved runs and write results, tables and plots: `python -m benchmarks`."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import draw, emulated, figures, images, models
from benchmarks.options import parse_options

HERE = Path(__file__).parent
VARIANTS: dict[str, tuple[str, ...]] = {
    "article": (
        *("empty", "ours", "ours, joblib"),
        *("article", "fastapi_joblib", "powertools_joblib"),
    ),
    "forest": ("ours", "article"),
    "boosting": ("ours", "article"),
    "mixed": ("ours", "article"),
    "classifier": ("ours", "article"),
    "pipeline": ("empty", "ours", "article"),
    "pipeline into XGBoost": ("empty", "ours", "article"),
    "pipeline into LightGBM": ("empty", "ours", "article"),
    "texts": ("empty", "ours"),
    "XGBoost": ("ours", "xgboost_booster"),
}
IN_PROCESS = ("article", "pipeline", "texts")
FILES = {
    "article, 1,000,000 rows": ("article", 1_000_000, ("ours", "pandas")),
    "article, 10,000,000 rows": ("article", 10_000_000, ("ours",)),
    "forest, 100,000 rows": ("forest", 100_000, ("ours", "pandas")),
    "pipeline, 200,000 rows": ("pipeline", 200_000, ("ours", "pandas")),
}


def main(arguments: list[str]) -> None:
    """Run the selected parts and write their results."""
    options = parse_options(arguments)
    folder = Path(tempfile.gettempdir()) / f"bench-{os.getuid()}"
    results: dict[str, Any] = {"about": describe_run()}
    if options.keep and (HERE / "results.json").exists():
        results = json.loads((HERE / "results.json").read_text()) | results
    tasks = {}
    for name in models.MODELS:
        print_progress(f"model {name}")
        tasks[name] = models.make_model(name, folder)
    rounds = 3 if options.quick else 9
    parts: dict[str, Callable[[], Any]] = {
        "cold": lambda: measure_cold_starts(tasks, rounds),
        "in_process": lambda: {
            model: measure_in_process(tasks[model], rounds) for model in ("article", "pipeline", "texts")
        },
        "files": lambda: measure_files(tasks, folder, 1 if options.quick else 3),
        "images": lambda: images.measure_sizes_mb(tasks["article"], folder),
    }
    for name in options.only:
        print_progress(f"measuring {name}")
        results[name] = parts[name]()
        write_results(results)  # keeps this part even if the next one fails
    print(figures.format_table(figures.make_rows(results)))


def print_progress(line: str) -> None:
    """Print a line with the time to stderr."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def measure_cold_starts(tasks: dict[str, Path], rounds: int) -> dict[str, Any]:
    """Start every variant once in each round, so that disturbances of the machine affect all of them."""
    found: dict[str, Any] = {model: {name: [] for name in names} for model, names in VARIANTS.items()}
    for number in range(-1, rounds):  # round -1 fills the page cache and is not counted
        print_progress(f"cold starts: round {number + 1} of {rounds}")
        for model, names in VARIANTS.items():
            for name in names:
                handler, _, runtime = name.partition(", ")
                run = emulated.measure_start(handler, tasks[model], models.make_event(tasks[model]), runtime)
                if number >= 0:
                    found[model][name].append(run._asdict())
    return found


def measure_in_process(task: Path, rounds: int) -> list[dict[str, float]]:
    """Measure one row in process, without the emulator."""
    return [_run_module(task, "benchmarks.in_process", stdin=models.make_event(task)) for _ in range(rounds)]


def measure_files(tasks: dict[str, Path], folder: Path, rounds: int) -> dict[str, Any]:
    """Measure the CSV files."""
    found: dict[str, Any] = {case: {who: [] for who in whose} for case, (_, _, whose) in FILES.items()}
    for number in range(rounds):
        for case, (model, count, whose) in FILES.items():
            source = _write_csv(folder, model, count)
            for who in whose:
                print_progress(f"files: round {number + 1} of {rounds}: {case}, {who}")
                arguments = (who, str(source), str(folder / "scored.csv"))
                found[case][who].append(_run_module(tasks[model], "benchmarks.file_run", *arguments))
    (folder / "scored.csv").unlink(missing_ok=True)
    return found


def _write_csv(folder: Path, model: str, count: int) -> Path:
    import numpy
    import pandas

    path = folder / f"{model}-{count}.csv"
    if not path.exists():
        generator = numpy.random.default_rng(0)
        for begin in range(0, count, 1_000_000):
            rows = min(1_000_000, count - begin)
            if model == "pipeline":
                table = models.make_mixed_table(rows, generator)
            elif model == "article":
                size, rooms = generator.integers(1_000, 2_001, rows), generator.integers(2, 5, rows)
                table = pandas.DataFrame({"AreaSqft": size, "NumBedrooms": rooms})
            else:
                values = generator.normal(size=(rows, 8)).clip(-3, 3)
                table = pandas.DataFrame(values, columns=[f"x{place}" for place in range(8)])
            table.to_csv(path, mode="a", header=begin == 0, index=False)
    return path


def _run_module(task: Path, module: str, *arguments: str, stdin: bytes = b"") -> dict[str, float]:
    environment = {**os.environ, "MODEL_PATH": "model", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["ESTIMATOR"] = models.find_estimator(task)
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    done = subprocess.run(command, cwd=task, env=environment, input=stdin, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def describe_run() -> dict[str, Any]:
    """Return the date, the commit, the machine and the library versions."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    names = (
        *("scikit-learn", "numpy", "scipy", "pandas", "pyarrow", "joblib", "awslambdaric", "fastapi"),
        *("mangum", "aws-lambda-powertools", "pydantic", "lightgbm", "xgboost-cpu"),
    )
    return {
        "when": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.process_cpu_count()} cores, {_read_processor()}",
        "versions": {name: version(name) for name in names},
    }


def _read_processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor")


def write_results(results: dict[str, Any]) -> None:
    """Write results.json and the plots, and update the table in README.md."""
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    draw.draw(results, HERE / "plots")
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition(figures.BEGIN)
    after = rest.partition(figures.END)[2]
    readme.write_text(before + figures.format_results(results) + after)


if __name__ == "__main__":
    main(sys.argv[1:])
