"""Environment variables, read in one place. Touches nothing."""

from pathlib import Path

import pytest

from function.errors import SettingError
from function.settings import Settings

REPOSITORY = Path(__file__).parents[2]


def test_model_is_beside_the_package_unless_told() -> None:
    assert Settings.read({}) == Settings(str(REPOSITORY / "model"), strict_inputs=False)
    assert Settings.read({"MODEL_PATH": ""}).model_path == str(REPOSITORY / "model")
    assert Settings.read({"MODEL_PATH": "/mnt/models/a"}).model_path == "/mnt/models/a"


@pytest.mark.parametrize(
    ("value", "strict"), [("1", True), ("true", True), ("True", True), ("0", False), ("false", False), ("", False)]
)
def test_strict_inputs_is_a_switch(value: str, strict: bool) -> None:
    assert Settings.read({"STRICT_INPUTS": value}).strict_inputs is strict


@pytest.mark.parametrize("value", ["2", "yes", "on", " 1", "canary", "None"])
def test_other_value_is_refused_with_the_name_of_its_variable(value: str) -> None:
    with pytest.raises(SettingError, match="STRICT_INPUTS") as raised:
        Settings.read({"STRICT_INPUTS": value})
    assert "canary" not in str(raised.value)


def test_other_variables_do_not_matter() -> None:
    assert Settings.read({"AWS_REGION": "x", "model_path": "y", "HOME": "/z"}) == Settings.read({})


DIGEST = "0123456789abcdef" * 4


def test_model_in_a_bucket_needs_the_digest_of_its_manifest() -> None:
    settings = Settings.read({"MODEL_URI": "s3://models/houses/", "MODEL_SHA256": DIGEST, "MODEL_VERSION_ID": "v"})
    assert (settings.model_uri, settings.model_sha256, settings.model_version_id) == (
        "s3://models/houses/",
        DIGEST,
        "v",
    )
    for digest in ("", DIGEST[1:], DIGEST.upper(), DIGEST.replace("0", "x")):
        with pytest.raises(SettingError, match="MODEL_SHA256"):
            Settings.read({"MODEL_URI": "s3://models/houses/", "MODEL_SHA256": digest})


@pytest.mark.parametrize(
    "uri", ["https://models/houses/", "s3://models", "s3:///houses/", "s3://models/houses", "models/"]
)
def test_other_address_of_a_model_is_refused(uri: str) -> None:
    with pytest.raises(SettingError, match="MODEL_URI"):
        Settings.read({"MODEL_URI": uri, "MODEL_SHA256": DIGEST})


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_count_of_versions_is_a_whole_number(value: str) -> None:
    with pytest.raises(SettingError, match="KEEP_VERSIONS"):
        Settings.read({"KEEP_VERSIONS": value})
    assert Settings.read({"KEEP_VERSIONS": "3"}).keep_versions == 3


def test_lists_are_separated_by_commas() -> None:
    assert Settings.read({"NEW_VERSIONS": "a,b"}).new_versions == ("a", "b")
    assert Settings.read({}).new_versions == ()
