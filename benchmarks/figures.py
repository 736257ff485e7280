"""The figures with their bounds, and how each is computed from the results."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

type Results = dict[str, Any]


class Figure(NamedTuple):
    """A figure. `must` and `aim` are its bounds: upper bounds if `smaller` is better, else lower bounds."""

    name: str
    must: float
    aim: float
    smaller: bool
    samples: Callable[[Results], list[float]]
    unit: str = ""


class Row(NamedTuple):
    """A measured figure: its median and quartiles, and whether it reaches its bounds."""

    name: str
    median: float
    low: float
    high: float
    must: float
    aim: float
    verdict: str
    unit: str


def _select_cold(model: str, variant: str, field: str) -> Callable[[Results], list[float]]:
    return lambda results: [run[field] for run in results["cold"][model][variant]]


def _divide(
    above: Callable[[Results], list[float]], below: Callable[[Results], list[float]]
) -> Callable[[Results], list[float]]:
    """Divide the samples round by round, because runs of one round ran right after each other."""
    return lambda results: [a / b for a, b in zip(above(results), below(results), strict=False)]


def _select_in_process(model: str, field: str) -> Callable[[Results], list[float]]:
    return lambda results: [run[field] for run in results["in_process"][model]]


def _compute_overhead(results: Results) -> list[float]:
    return [run["handler_us"] - run["runtime_us"] for run in results["in_process"]["article"]]


def _select_files(case: str, who: str, field: str) -> Callable[[Results], list[float]]:
    return lambda results: [run[field] for run in results["files"][case][who]]


def _compare_images(results: Results) -> list[float]:
    return [results["images"]["data"] / results["images"]["article"]]


def _compare_with_empty(model: str) -> Callable[[Results], list[float]]:
    return _divide(_select_cold(model, "ours", "cold_ms"), _select_cold(model, "empty", "cold_ms"))


FIGURES = (
    Figure(
        "cold start to first response, article's forest: article's handler / ours",
        *(15, 25, False),
        _divide(_select_cold("article", "article", "cold_ms"), _select_cold("article", "ours", "cold_ms")),
    ),
    Figure(
        "cold start: ours / an empty handler under awslambdaric",
        *(2, 1.4, True),
        _divide(_select_cold("article", "ours", "cold_ms"), _select_cold("article", "empty", "cold_ms")),
    ),
    Figure(
        "cold start, forest of 100 deep trees on 20,000 rows: article's handler / ours",
        *(10, 25, False),
        _divide(_select_cold("forest", "article", "cold_ms"), _select_cold("forest", "ours", "cold_ms")),
    ),
    Figure(
        "cold start of the joblib runtime: article's handler / ours",
        *(1.8, 2.3, False),
        _divide(_select_cold("article", "article", "cold_ms"), _select_cold("article", "ours, joblib", "cold_ms")),
    ),
    Figure(
        "cold start: FastAPI + Mangum with joblib / ours",
        *(15, 25, False),
        _divide(_select_cold("article", "fastapi_joblib", "cold_ms"), _select_cold("article", "ours", "cold_ms")),
    ),
    Figure(
        "cold start, 20 mixed columns: imputers, scaler, one-hot, a forest of 100: ours / an empty handler",
        *(1.6, 1.3, True),
        _compare_with_empty("pipeline"),
    ),
    Figure(
        "the same into XGBoost, 500 trees of depth 6: ours / an empty handler",
        *(1.6, 1.3, True),
        _compare_with_empty("pipeline into XGBoost"),
    ),
    Figure(
        "the same into LightGBM, 500 trees of 31 leaves: ours / an empty handler",
        *(1.6, 1.3, True),
        _compare_with_empty("pipeline into LightGBM"),
    ),
    Figure(
        "TF-IDF of 20,000 words and a logistic model: ours / an empty handler",
        *(2, 1.4, True),
        _compare_with_empty("texts"),
    ),
    Figure(
        "cold start of that pipeline into the forest: article's handler / ours",
        *(15, 25, False),
        _divide(_select_cold("pipeline", "article", "cold_ms"), _select_cold("pipeline", "ours", "cold_ms")),
    ),
    Figure(
        "cold start, 500 trees of XGBoost: XGBoost's own handler / ours",
        *(20, 30, False),
        _divide(_select_cold("XGBoost", "xgboost_booster", "cold_ms"), _select_cold("XGBoost", "ours", "cold_ms")),
    ),
    Figure(
        "one record of that pipeline into the forest, in process, the bare runtime call",
        *(200, 80, True),
        _select_in_process("pipeline", "runtime_us"),
        " µs",
    ),
    Figure(
        "a text of 100 words by the TF-IDF and the logistic model, in process, the bare runtime call",
        *(1000, 300, True),
        _select_in_process("texts", "runtime_us"),
        " µs",
    ),
    Figure(
        "warm p50 through the emulator: ours / an empty handler",
        *(1.3, 1.1, True),
        _divide(_select_cold("article", "ours", "warm_ms"), _select_cold("article", "empty", "warm_ms")),
    ),
    Figure("handler in process, one row, over the bare runtime call", 150, 60, True, _compute_overhead, " µs"),
    Figure(
        "warm p50: article's handler / ours, in process",
        *(15, 40, False),
        _divide(_select_in_process("article", "article_us"), _select_in_process("article", "handler_us")),
    ),
    Figure(
        "CSV file, rows per second: ours / pandas.read_csv + predict + to_csv, 1 million rows, article's forest",
        *(1.5, 4, False),
        _divide(
            _select_files("article, 1,000,000 rows", "pandas", "seconds"),
            _select_files("article, 1,000,000 rows", "ours", "seconds"),
        ),
    ),
    Figure(
        "the same with 100 deep trees, 100,000 rows",
        *(1.0, 2, False),
        _divide(
            _select_files("forest, 100,000 rows", "pandas", "seconds"),
            _select_files("forest, 100,000 rows", "ours", "seconds"),
        ),
    ),
    Figure(
        "the same with the pipeline of 20 mixed columns into a forest of 100 trees of depth 8, 200,000 rows",
        *(1.5, 4, False),
        _divide(
            _select_files("pipeline, 200,000 rows", "pandas", "seconds"),
            _select_files("pipeline, 200,000 rows", "ours", "seconds"),
        ),
    ),
    Figure(
        "peak memory for the file of the article's forest, 10 million rows / 1 million rows",
        *(1.1, 1.02, True),
        _divide(
            _select_files("article, 10,000,000 rows", "ours", "peak_mb"),
            _select_files("article, 1,000,000 rows", "ours", "peak_mb"),
        ),
    ),
    Figure("image size: data / article's Dockerfile with the same locked versions", 0.55, 0.4, True, _compare_images),
    Figure(
        "peak RSS after the first response: article's / ours",
        *(2.5, 3, False),
        _divide(_select_cold("article", "article", "rss_mb"), _select_cold("article", "ours", "rss_mb")),
    ),
)


def make_rows(results: Results) -> list[Row]:
    """Return a row for every figure whose parts were measured."""
    found: list[Row] = []
    for figure in FIGURES:
        try:
            samples = figure.samples(results)
        except (KeyError, TypeError):  # the part was not run
            continue
        if samples:
            found.append(_make_row(figure, samples))
    return found


def _make_row(figure: Figure, samples: Sequence[float]) -> Row:
    median = statistics.median(samples)
    low, _, high = statistics.quantiles(samples, n=4) if len(samples) > 1 else (median, median, median)
    return Row(figure.name, median, low, high, figure.must, figure.aim, judge(figure, median), figure.unit)


def judge(figure: Figure, median: float) -> str:
    """Return which bound the median reaches, or by how much it misses `must`."""

    def is_reached(bound: float) -> bool:
        return median <= bound if figure.smaller else median >= bound

    if is_reached(figure.aim):
        return "aim reached"
    if is_reached(figure.must):
        return "reached"
    return f"short by {abs(median - figure.must) / figure.must:.0%}"


def format_table(found: Sequence[Row]) -> str:
    """Format the rows as a Markdown table."""
    lines = ["| figure | measured (quartiles) | must | aim | |", "|---|---|---|---|---|"]
    for row in found:
        measured = f"{row.median:.3g}{row.unit} ({row.low:.3g} to {row.high:.3g})"
        lines.append(f"| {row.name} | {measured} | {row.must:g}{row.unit} | {row.aim:g}{row.unit} | {row.verdict} |")
    return "\n".join(lines)


BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def format_results(results: Results) -> str:
    """Format the results for README.md."""
    about, found = results["about"], make_rows(results)
    measured = f"Measured on {about['when']} at {about['commit']}: {about['machine']}, Python {about['python']}."
    short = [f"- {row.name}: {row.median:.3g}{row.unit} where {row.must:g}{row.unit} must be reached" for row in found]
    short = [line for line, row in zip(short, found, strict=True) if row.verdict.startswith("short")]
    summary = "\n".join(["Figures that miss their bound:", "", *short]) if short else "Every figure reaches its bound."
    return f"{BEGIN}\n{measured}\n\n{format_table(found)}\n\n{summary}\n{END}"
