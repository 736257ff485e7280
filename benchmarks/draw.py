"""Draw the results as PNG and SVG, legible on light and dark pages."""

import statistics
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot

type Results = dict[str, Any]

_NAMES = {
    "empty": "empty handler",
    "ours": "this project",
    "ours, joblib": "this project, joblib",
    "article": "the article's handler",
    "fastapi_joblib": "FastAPI + Mangum, joblib",
    "powertools_joblib": "Powertools, joblib",
}
_OURS, _OTHERS, _INK = "#1f77b4", "#9aa0a6", "#6b7280"


def draw(results: Results, folder: Path) -> list[str]:
    """Write the plots to the folder and return their file names without extensions."""
    folder.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update(
        {
            "svg.hashsalt": "benchmarks",
            "font.size": 10,
            "figure.constrained_layout.use": True,
            **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), _INK),
        }
    )
    drawn: list[str] = []
    if "cold" in results:
        article = results["cold"]["article"]
        _draw_bars(
            folder / "cold-start",
            "Cold start to the first response, article's forest (ms, log scale)",
            article,
            "cold_ms",
        )
        _draw_bars(
            folder / "warm", "Warm call through the emulator, article's forest (ms)", article, "warm_ms", log=False
        )
        _draw_bars(
            folder / "memory",
            "Resident memory after the first response, article's forest (MB)",
            article,
            "rss_mb",
            log=False,
        )
        drawn += ["cold-start", "warm", "memory"]
    if "files" in results:
        _draw_files(folder / "files", results["files"])
        drawn.append("files")
    return drawn


def _draw_bars(path: Path, title: str, variants: dict[str, Any], field: str, *, log: bool = True) -> None:
    medians = {name: statistics.median(run[field] for run in runs) for name, runs in variants.items()}
    names = sorted(medians, key=medians.__getitem__, reverse=True)
    figure, axes = pyplot.subplots(figsize=(8, 0.5 + 0.42 * len(names)))
    values = [medians[name] for name in names]
    spread = [_compute_spread([run[field] for run in variants[name]], medians[name]) for name in names]
    colours = [_OURS if name.startswith("ours") else _OTHERS for name in names]
    bars = axes.barh([_NAMES[name] for name in names], values, color=colours, xerr=list(zip(*spread, strict=True)))
    labels = [f"{value:,.0f}" if value >= 10 else f"{value:.2f}" for value in values]
    axes.bar_label(bars, labels, padding=10)
    if log:
        axes.set_xscale("log")
        axes.set_xlim(10, max(values) * 2)
    else:
        axes.set_xlim(0, max(values) * 1.2)
    _save(figure, axes, title, path)


def _draw_files(path: Path, cases: dict[str, Any]) -> None:
    names = [case for case in cases if "pandas" in cases[case]]
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.8 * len(names)))
    for shift, who, colour in ((0.2, "ours", _OURS), (-0.2, "pandas", _OTHERS)):
        speeds = [_compute_rows_per_second(name, cases[name][who]) for name in names]
        places = [place + shift for place in range(len(names))]
        label = "this project" if who == "ours" else "pandas.read_csv + predict + to_csv"
        bars = axes.barh(places, speeds, height=0.38, color=colour, label=label)
        axes.bar_label(bars, [f"{speed:,.0f}" for speed in speeds], padding=6)
    axes.set_yticks(range(len(names)), names)
    axes.set_xscale("log")
    axes.set_xlim(10_000, 3e7)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    _save(figure, axes, "CSV files, rows per second (log scale)", path)


def _compute_rows_per_second(name: str, runs: list[dict[str, float]]) -> float:
    count = int(name.split(", ", 1)[1].split(" ", maxsplit=1)[0].replace(",", ""))
    return count / statistics.median(run["seconds"] for run in runs)


def _compute_spread(samples: list[float], median: float) -> tuple[float, float]:
    if len(samples) < 2:
        return 0.0, 0.0
    low, _, high = statistics.quantiles(samples, n=4)
    return max(0.0, median - low), max(0.0, high - median)


def _save(figure: Any, axes: Any, title: str, path: Path) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for ending, more in (("png", {"dpi": 150}), ("svg", {"metadata": {"Date": None}})):
        figure.savefig(path.with_suffix(f".{ending}"), transparent=True, **more)
    pyplot.close(figure)
