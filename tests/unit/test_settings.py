"""Environment variables, read in one place. Touches nothing."""

from pathlib import Path

import pytest

from function.errors import SettingError
from function.settings import Settings

REPOSITORY = Path(__file__).parents[2]


def test_model_is_beside_the_package_unless_told() -> None:
    assert Settings.of({}) == Settings(str(REPOSITORY / "model"), strict_inputs=False)
    assert Settings.of({"MODEL_PATH": ""}).model_path == str(REPOSITORY / "model")
    assert Settings.of({"MODEL_PATH": "/mnt/models/a"}).model_path == "/mnt/models/a"


@pytest.mark.parametrize(
    ("value", "strict"), [("1", True), ("true", True), ("True", True), ("0", False), ("false", False), ("", False)]
)
def test_strict_inputs_is_a_switch(value: str, strict: bool) -> None:
    assert Settings.of({"STRICT_INPUTS": value}).strict_inputs is strict


@pytest.mark.parametrize("value", ["2", "yes", "on", " 1", "canary", "None"])
def test_other_value_is_refused_with_the_name_of_its_variable(value: str) -> None:
    with pytest.raises(SettingError, match="STRICT_INPUTS") as raised:
        Settings.of({"STRICT_INPUTS": value})
    assert "canary" not in str(raised.value)


def test_other_variables_do_not_matter() -> None:
    assert Settings.of({"AWS_REGION": "x", "model_path": "y", "HOME": "/z"}) == Settings.of({})
