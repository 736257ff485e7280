"""The figures that must be reached, and how each is made of what was measured."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

type Results = dict[str, Any]


class Figure(NamedTuple):
    """A figure: `must` and `aim` are bounds, from above where `smaller` is better."""

    name: str
    must: float
    aim: float
    smaller: bool
    samples: Callable[[Results], list[float]]
    unit: str = ""


class Row(NamedTuple):
    """A figure that was measured: its median and quartiles, and what of it was reached."""

    name: str
    median: float
    low: float
    high: float
    must: float
    aim: float
    verdict: str
    unit: str


def _cold(model: str, variant: str, field: str) -> Callable[[Results], list[float]]:
    return lambda results: [run[field] for run in results["cold"][model][variant]]


def _ratio(
    above: Callable[[Results], list[float]], below: Callable[[Results], list[float]]
) -> Callable[[Results], list[float]]:
    """Round by round: what ran right after the other is divided by it."""
    return lambda results: [a / b for a, b in zip(above(results), below(results), strict=False)]


def _in_process(field: str) -> Callable[[Results], list[float]]:
    return lambda results: [run[field] for run in results["in_process"]]


def _overhead(results: Results) -> list[float]:
    return [run["handler_us"] - run["runtime_us"] for run in results["in_process"]]


def _files(case: str, who: str, field: str) -> Callable[[Results], list[float]]:
    return lambda results: [run[field] for run in results["files"][case][who]]


def _image(results: Results) -> list[float]:
    return [results["images"]["slim"] / results["images"]["article"]]


FIGURES = (
    Figure(
        "cold start to first answer, article's forest: article's handler / ours",
        *(15, 25, False),
        _ratio(_cold("article", "article", "cold_ms"), _cold("article", "ours", "cold_ms")),
    ),
    Figure(
        "cold start: ours / an empty handler under awslambdaric",
        *(2, 1.4, True),
        _ratio(_cold("article", "ours", "cold_ms"), _cold("article", "empty", "cold_ms")),
    ),
    Figure(
        "cold start, forest of 100 deep trees on 20,000 rows: article's handler / ours",
        *(10, 25, False),
        _ratio(_cold("forest", "article", "cold_ms"), _cold("forest", "ours", "cold_ms")),
    ),
    Figure(
        "cold start with an ONNX bundle (MODEL_RUNTIME=onnx): article's handler / ours",
        *(8, 10, False),
        _ratio(_cold("article", "article", "cold_ms"), _cold("article", "ours, onnx", "cold_ms")),
    ),
    Figure(
        "cold start of the joblib runtime: article's handler / ours",
        *(1.8, 2.3, False),
        _ratio(_cold("article", "article", "cold_ms"), _cold("article", "ours, joblib", "cold_ms")),
    ),
    Figure(
        "cold start: FastAPI + Mangum over ONNX / ours",
        *(5, 8, False),
        _ratio(_cold("article", "fastapi_onnx", "cold_ms"), _cold("article", "ours", "cold_ms")),
    ),
    Figure(
        "warm p50 through the emulator: ours / an empty handler",
        *(1.3, 1.1, True),
        _ratio(_cold("article", "ours", "warm_ms"), _cold("article", "empty", "warm_ms")),
    ),
    Figure("handler in process, one row, over the bare runtime call", 150, 60, True, _overhead, " µs"),
    Figure(
        "warm p50: article's handler / ours, in process",
        *(15, 40, False),
        _ratio(_in_process("article_us"), _in_process("handler_us")),
    ),
    Figure(
        "CSV file, rows per second: ours / pandas.read_csv + predict + to_csv, 1 million rows, article's forest",
        *(1.5, 4, False),
        _ratio(
            _files("article, 1,000,000 rows", "pandas", "seconds"), _files("article, 1,000,000 rows", "ours", "seconds")
        ),
    ),
    Figure(
        "the same with 100 deep trees, 100,000 rows",
        *(1.0, 2, False),
        _ratio(_files("forest, 100,000 rows", "pandas", "seconds"), _files("forest, 100,000 rows", "ours", "seconds")),
    ),
    Figure(
        "peak memory for that file, 10 million rows / 1 million rows",
        *(1.1, 1.02, True),
        _ratio(
            _files("article, 10,000,000 rows", "ours", "peak_mb"), _files("article, 1,000,000 rows", "ours", "peak_mb")
        ),
    ),
    Figure("image size: slim / article's Dockerfile with the same locked versions", 0.7, 0.5, True, _image),
    Figure(
        "peak RSS after the first answer: article's / ours",
        *(2.5, 3, False),
        _ratio(_cold("article", "article", "rss_mb"), _cold("article", "ours", "rss_mb")),
    ),
)


def rows(results: Results) -> list[Row]:
    """Every figure for which the results have what it takes."""
    found: list[Row] = []
    for figure in FIGURES:
        try:
            samples = figure.samples(results)
        except (KeyError, TypeError):  # a part that was not run
            continue
        if samples:
            found.append(_row(figure, samples))
    return found


def _row(figure: Figure, samples: Sequence[float]) -> Row:
    median = statistics.median(samples)
    low, _, high = statistics.quantiles(samples, n=4) if len(samples) > 1 else (median, median, median)
    return Row(figure.name, median, low, high, figure.must, figure.aim, verdict(figure, median), figure.unit)


def verdict(figure: Figure, median: float) -> str:
    """Which of the bounds is reached, or by how much the lower one is missed."""

    def reached(bound: float) -> bool:
        return median <= bound if figure.smaller else median >= bound

    if reached(figure.aim):
        return "aim reached"
    if reached(figure.must):
        return "reached"
    return f"short by {abs(median - figure.must) / figure.must:.0%}"


def table(found: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| figure | measured (quartiles) | must | aim | |", "|---|---|---|---|---|"]
    for row in found:
        measured = f"{row.median:.3g}{row.unit} ({row.low:.3g} to {row.high:.3g})"
        lines.append(f"| {row.name} | {measured} | {row.must:g}{row.unit} | {row.aim:g}{row.unit} | {row.verdict} |")
    return "\n".join(lines)


BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def block(results: Results) -> str:
    """The part of README.md that is made of the results."""
    about, found = results["about"], rows(results)
    measured = f"Measured on {about['when']} at {about['commit']}: {about['machine']}, Python {about['python']}."
    short = [f"- {row.name}: {row.median:.3g}{row.unit} where {row.must:g}{row.unit} must be reached" for row in found]
    short = [line for line, row in zip(short, found, strict=True) if row.verdict.startswith("short")]
    said = "\n".join(["What falls short:", "", *short]) if short else "No figure falls short of what it must reach."
    return f"{BEGIN}\n{measured}\n\n{table(found)}\n\n{said}\n{END}"
