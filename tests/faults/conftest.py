"""One cloud and one function for the suite; each test starts with an empty results queue and no faults."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cloud import function as functions
from tests.cloud import proxy as proxies
from tests.cloud import services
from tests.cloud.function import Function
from tests.cloud.proxy import Proxy
from tests.cloud.services import Cloud

type Results = Callable[[], list[dict[str, Any]]]


class Stage(NamedTuple):
    """What the function's environment names."""

    results_queue: str
    failure_queue: str
    inputs: str
    results: str

    def environment(self, endpoint: str, bundle: Path) -> dict[str, str]:
        """The function's variables; its requests go to the endpoint."""
        return {
            "MODEL_PATH": str(bundle),
            "RESULTS_QUEUE_URL": self.results_queue,
            "INPUT_BUCKET": self.inputs,
            "RESULTS_BUCKET": self.results,
            **services.environment(endpoint),
        }


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Moto's endpoint."""
    with services.running() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def cloud(endpoint: str) -> Cloud:
    """Clients that meet no faults."""
    return Cloud(endpoint)


@pytest.fixture(scope="session")
def stage(cloud: Cloud) -> Stage:
    """The queues and buckets."""
    queues = cloud.queue("results"), cloud.queue("failures")
    return Stage(*queues, cloud.bucket("inputs", versioned=True), cloud.bucket("predictions"))


@pytest.fixture(scope="session")
def shared_proxy(endpoint: str) -> Iterator[Proxy]:
    """The proxy between the function and the cloud."""
    with proxies.run_in_front_of(endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared_proxy: Proxy) -> Iterator[Proxy]:
    """The proxy, which starts and ends without rules."""
    shared_proxy.clear()
    yield shared_proxy
    shared_proxy.clear()


@pytest.fixture(scope="session")
def function(
    stage: Stage, shared_proxy: Proxy, houses_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    """The function with the example bundle, behind the proxy."""
    environment = stage.environment(shared_proxy.url, houses_bundle)
    with functions.running(tmp_path_factory.mktemp("rie"), environment) as running:
        yield running


@pytest.fixture
def results(cloud: Cloud, stage: Stage) -> Results:
    """Takes what is in the results queue; empty at the start."""
    cloud.take_all(stage.results_queue)
    return lambda: [json.loads(message["Body"]) for message in cloud.take_all(stage.results_queue)]


@pytest.fixture
def failures(cloud: Cloud, stage: Stage) -> Results:
    """Takes what is in the failure queue; empty at the start."""
    cloud.take_all(stage.failure_queue)
    return lambda: [json.loads(message["Body"]) for message in cloud.take_all(stage.failure_queue)]
