"""The command line, called as a function. Reads bundles; stdin is a buffer in place of the terminal's."""

import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from function.local.command_line import main


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """What a pipe would hold."""
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(held))
    return held


def test_no_arguments_predict_the_example(houses_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"MODEL_PATH": str(houses_bundle)}) == 0
    assert capsys.readouterr() == ("AreaSqft=1500 NumBedrooms=3\nPrice: 360000.0 USD\n", "")


def test_record_is_predicted(houses_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "NumBedrooms=3", "AreaSqft=1500"], {"MODEL_PATH": str(houses_bundle)}) == 0
    assert capsys.readouterr() == ("AreaSqft=1500 NumBedrooms=3\nPrice: 360000.0 USD\n", "")


def test_classifier_shows_its_probabilities(iris_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = ["sepal length (cm)=5", "sepal width (cm)=3.4", "petal length (cm)=1.5", "petal width (cm)=0.2"]
    assert main(["predict", *record], {"MODEL_PATH": str(iris_bundle)}) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:3] == ["species: setosa", "  setosa: 1.0000"]
    assert len(shown) == 5


def test_names_of_any_kind_and_empty_values_are_read(mixed_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = ["area/m²=117", "year ~ built=", "balcony=false", 'heating "type"==wood', "🏠=flat"]
    assert main(["predict", *record], {"MODEL_PATH": str(mixed_bundle)}) == 0
    shown, noticed = capsys.readouterr()
    first, second = shown.splitlines()
    assert first == 'area/m²=117 year ~ built= balcony=False heating "type"==wood 🏠=flat'
    assert second.startswith("rent, €: ")
    assert second.endswith(" €")
    assert noticed == ""


def test_warning_goes_to_stderr(houses_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "AreaSqft=9000", "NumBedrooms=3"], {"MODEL_PATH": str(houses_bundle)}) == 0
    shown, noticed = capsys.readouterr()
    assert "Price: " in shown
    assert noticed == "warning: AreaSqft: above 2000, the largest value in training\n"


def test_strict_refuses_what_would_be_a_warning(houses_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"MODEL_PATH": str(houses_bundle), "STRICT_INPUTS": "1"}
    assert main(["predict", "AreaSqft=9000", "NumBedrooms=3"], environ) == 2
    assert capsys.readouterr() == ("", "AreaSqft: above 2000, the largest value in training\n")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["AreaSqft=x", "NumBedrooms=3"], "AreaSqft: expected a number, got a text\n"),
        (["AreaSqft=1500"], "NumBedrooms: missing: expected a number\n"),
        (["AreaSqft=", "NumBedrooms=3"], "AreaSqft: null; training saw none here: expected a number\n"),
        (["AreaSqft=1", "AreaSqft=2", "NumBedrooms=3"], "AreaSqft: given more than once\n"),
        (["areasqft=1"], "areasqft: no feature of the model: expected AreaSqft=… NumBedrooms=…\n"),
        (["AreaSqft"], "AreaSqft: no feature of the model: expected AreaSqft=… NumBedrooms=…\n"),
        (["=3"], ": no feature of the model: expected AreaSqft=… NumBedrooms=…\n"),
    ],
)
def test_wrong_record_is_told_and_exits_with_2(
    houses_bundle: Path, capsys: pytest.CaptureFixture[str], values: list[str], said: str
) -> None:
    assert main(["predict", *values], {"MODEL_PATH": str(houses_bundle)}) == 2
    assert capsys.readouterr() == ("", said)


def test_wrong_value_is_told_under_the_features_own_name(
    mixed_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ["area/m²=x", "year ~ built=y", "balcony=1", 'heating "type"=gas', "🏠=flat"]
    assert main(["predict", *record], {"MODEL_PATH": str(mixed_bundle)}) == 2
    assert [line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "area/m²",
        "year ~ built",
        "balcony",
    ]


def test_csv_goes_from_stdin_to_stdout(
    houses_bundle: Path, stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin.write(b"id,AreaSqft,NumBedrooms\r\n=a,1500,3\r\n")
    stdin.seek(0)
    assert main(["predict", "--csv"], {"MODEL_PATH": str(houses_bundle)}) == 0
    assert capsys.readouterr() == ("id,AreaSqft,NumBedrooms,prediction,warnings\r\n'=a,1500,3,360000.0,\r\n", "")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The CSV is empty: it needs a header line with the names of the features.\n"),
        (
            b"AreaSqft,NumBedrooms\n\xff",
            "The body is not UTF-8: byte 22; it may be in Windows-1252 or Latin-1. Save it as UTF-8 (in Excel: "
            "'CSV UTF-8').\n",
        ),
        (b"AreaSqft,NumBedrooms\n1,x\n", "0/NumBedrooms: expected a number, got a text\n"),
        (b"AreaSqft\n1\n", "NumBedrooms: the header line lacks the column NumBedrooms\n"),
    ],
)
def test_wrong_csv_exits_with_2(
    houses_bundle: Path, stdin: io.BytesIO, capsys: pytest.CaptureFixture[str], body: bytes, said: str
) -> None:
    stdin.write(body)
    stdin.seek(0)
    assert main(["predict", "--csv"], {"MODEL_PATH": str(houses_bundle)}) == 2
    assert capsys.readouterr() == ("", said)


def test_verify_says_what_was_verified(houses_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"], {"MODEL_PATH": str(houses_bundle)}) == 0
    shown = capsys.readouterr().out
    version = json.loads((houses_bundle / "manifest.json").read_text())["version"]
    assert shown.startswith(f"house-prices {version}: ")
    assert shown.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["verify"], ["predict", "AreaSqft=1"], ["serve"]])
def test_broken_bundle_exits_with_1_whatever_is_asked(
    arguments: list[str], houses_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(houses_bundle, tmp_path / "broken"))
    (folder / "model.flat").write_bytes(b"x")
    assert main(arguments, {"MODEL_PATH": str(folder)}) == 1
    shown, said = capsys.readouterr()
    assert shown == ""
    assert "model.flat" in said
    assert "Traceback" not in said
    assert said.count("\n") == 1


def test_missing_bundle_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"], {"MODEL_PATH": str(tmp_path)}) == 1
    assert "python -m training" in capsys.readouterr().err


def test_wrong_setting_exits_with_1(houses_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"], {"MODEL_PATH": str(houses_bundle), "STRICT_INPUTS": "maybe"}) == 1
    assert "STRICT_INPUTS" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["unknown"], ["--csv"], ["serve", "--port", "x"], ["verify", "more"], ["AreaSqft=1"]]
)
def test_wrong_command_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments, {})
    assert raised.value.code == 2
    assert "usage: python -m function" in capsys.readouterr().err


def test_help_shows_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--help"], {})
    assert raised.value.code == 0
    shown = capsys.readouterr().out
    assert "python -m function predict AreaSqft=1500 NumBedrooms=3" in shown
    assert "exit codes:" in shown
