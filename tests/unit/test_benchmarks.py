"""How figures are made of what was measured, and that the page says what the results say. Runs no benchmark."""

import json
from typing import Any

import pytest

from benchmarks import figures
from benchmarks.options import PARTS, parse_options
from tests.emulator import REPOSITORY

FOLDER = REPOSITORY / "benchmarks"


def runs(cold: list[float]) -> list[dict[str, float]]:
    return [{"cold_ms": value, "warm_ms": 1.0, "rss_mb": 10.0} for value in cold]


def row(name: str, results: dict[str, Any]) -> figures.Row:
    (found,) = [row for row in figures.make_rows(results) if row.name.startswith(name)]
    return found


def test_ratio_is_the_median_of_the_rounds_ratios() -> None:
    results = {"cold": {"article": {"article": runs([300, 500, 800]), "ours": runs([10, 20, 100])}}}
    found = row("cold start to first response", results)
    assert (found.median, found.verdict) == (25, "aim reached")


@pytest.mark.parametrize(
    ("article", "verdict"), [(2_500.0, "aim reached"), (1_600.0, "reached"), (750.0, "short by 50%")]
)
def test_verdict_names_what_is_reached_or_by_how_much_it_is_missed(article: float, verdict: str) -> None:
    results = {"cold": {"article": {"article": runs([article]), "ours": runs([100.0])}}}
    assert row("cold start to first response", results).verdict == verdict


@pytest.mark.parametrize(("ours", "verdict"), [(13.0, "aim reached"), (19.0, "reached"), (30.0, "short by 50%")])
def test_smaller_is_better_where_it_is(ours: float, verdict: str) -> None:
    results = {"cold": {"article": {"empty": runs([10.0]), "ours": runs([ours])}}}
    assert row("cold start: ours / an empty", results).verdict == verdict


def test_part_that_was_not_run_has_no_row() -> None:
    assert figures.make_rows({"images": None}) == []


def test_page_says_what_the_results_say() -> None:
    results = json.loads((FOLDER / "results.json").read_text())
    assert figures.format_results(results) in (FOLDER / "README.md").read_text()


def test_every_figure_was_measured() -> None:
    results = json.loads((FOLDER / "results.json").read_text())
    assert [row.name for row in figures.make_rows(results)] == [figure.name for figure in figures.FIGURES]


def test_shortfall_is_said_on_the_page() -> None:
    results = {
        "about": {"when": "2026-01-01", "commit": "abc", "machine": "m", "python": "3.13"},
        "cold": {"article": {"article": runs([750.0]), "ours": runs([100.0])}},
    }
    assert "7.5 where 15 must be reached" in figures.format_results(results)


@pytest.mark.parametrize("only", [["cold"], ["cold", "files"]])
def test_parts_are_chosen_by_name(only: list[str]) -> None:
    assert parse_options(["--only", ",".join(only)]).only == only


@pytest.mark.parametrize("only", ["warm", "cold,warm", "", "starts"])
def test_unknown_part_is_refused_with_those_that_there_are(only: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        parse_options(["--only", only])
    assert exited.value.code == 2
    error = capsys.readouterr().err
    assert "argument --only: " in error
    assert all(part in error for part in PARTS)


@pytest.mark.parametrize("plot", ["cold-start", "files", "memory", "warm"])
def test_plots_are_there(plot: str) -> None:
    assert (FOLDER / "plots" / f"{plot}.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (FOLDER / "plots" / f"{plot}.svg").read_text()
