"""Compute the costs of a million predictions from results.json into docs/costs.md: `python -m benchmarks.costs`."""

import json
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "costs.md"
MARKS = ("<!-- costs -->\n", "<!-- end of costs -->\n")
# US dollars, us-east-1, as AWS published them in November 2026: aws.amazon.com/lambda/pricing, /api-gateway/pricing.
REQUEST, GB_SECOND, GB_SECOND_ARM, API_CALL = 0.20e-6, 1.66667e-5, 1.33334e-5, 1.00e-6
MEMORY_MB = (512, 1024, 1769)
COLD_SHARE = 0.01
VARIANTS = (("ours", "flat"), ("ours, joblib", "joblib"), ("article", "the article's"))


def format_table(results: dict[str, Any]) -> str:
    """Return a Markdown table with a row for each memory size and each variant of the article's forest."""
    lines = [
        "| memory | runtime | warm, billed | cold start | a million calls, x86_64 | arm64 | the API's share |",
        "|---|---|---|---|---|---|---|",
    ]
    cold_starts = results["cold"]["article"]
    for memory in MEMORY_MB:
        for who, name in VARIANTS:
            warm, cold = (median(run[key] for run in cold_starts[who]) for key in ("warm_ms", "cold_ms"))
            # Lambda bills whole milliseconds, rounded up.
            billed = -(-warm // 1)
            seconds = (billed * (1 - COLD_SHARE) + cold * COLD_SHARE) / 1000
            x86, arm = (1e6 * (REQUEST + seconds * memory / 1024 * price) for price in (GB_SECOND, GB_SECOND_ARM))
            lines.append(
                f"| {memory:,} MB | {name} | {billed:.0f} ms | {cold:,.0f} ms | {x86:.2f} USD | {arm:.2f} USD "
                f"| {1e6 * API_CALL:.2f} USD |"
            )
    return "\n".join(lines) + "\n"


def update_document(document: str, results: dict[str, Any]) -> str:
    """Return the document with the table between its marks replaced."""
    before, _, rest = document.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return before + MARKS[0] + format_table(results) + MARKS[1] + after


if __name__ == "__main__":
    DOCUMENT.write_text(update_document(DOCUMENT.read_text(), json.loads((HERE / "results.json").read_text())))
