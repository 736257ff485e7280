"""Measure one row in process: handler, bare runtime and the article's handler. Run as a script in a task folder."""

import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

from function.aws import Clients
from function.bundle.loading import load
from function.dispatch import create_handler
from function.service import Service
from function.settings import Settings

CALLS = 2_000


def measure_median_us(call: Callable[[], object], calls: int) -> float:
    """Return the median time of a call, in microseconds."""
    times: list[float] = []
    for _ in range(calls):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def main() -> None:
    """Print the medians as JSON."""
    event = json.loads(sys.stdin.read())
    settings = Settings.read(os.environ)
    model = load(settings.model_path, settings.model_runtime)
    handler = create_handler(Service(model, settings, Clients()))
    columns = model.manifest.contract.check([json.loads(event["body"])]).columns
    found = {
        "handler_us": measure_median_us(lambda: handler(event, None), CALLS),
        "runtime_us": measure_median_us(lambda: model.runtime.predict(columns), CALLS),
    }
    article = importlib.import_module("benchmarks.peers.article")
    found["article_us"] = measure_median_us(lambda: article.handler(event, None), CALLS // 10)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
