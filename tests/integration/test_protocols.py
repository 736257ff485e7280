"""Clients that others wrote, in `.venv/clients`, each speaking its protocol to a real server. Touches loopback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from function.model.runtime import Model
from tests.integration.test_serve import serving

CLIENTS = Path(sys.executable).parents[1] / "clients" / "bin" / "python"
SCRIPT = Path(__file__).parent / "protocol_clients.py"


def test_clients_of_every_protocol_get_one_and_the_same_number(houses_bundle: Path, houses: Model) -> None:
    assert_same(houses_bundle, houses)


def test_clients_get_the_labels_of_a_classifier(iris_bundle: Path, iris: Model) -> None:
    assert_same(iris_bundle, iris)


def assert_same(bundle: Path, model: Model) -> None:
    """Every client's answers for the golden rows are those of the manifest."""
    with serving(bundle) as address:
        done = subprocess.run(
            [str(CLIENTS), str(SCRIPT), address.removeprefix("http://")],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    golden = [example.output[0] for example in model.manifest.examples]
    expected = golden if isinstance(golden[0], str) else pytest.approx(golden, rel=1e-6)
    answers = json.loads(done.stdout.splitlines()[-1])
    assert set(answers) == {"tritonclient", "mlserver_types", "kserve", "mlflow", "sagemaker"}
    for client, predictions in answers.items():
        assert predictions == expected, client
    assert len({json.dumps(predictions) for predictions in answers.values()}) == 1
