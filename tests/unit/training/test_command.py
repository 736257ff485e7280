"""The command as a user starts it: in new processes, with the verification that the image build does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.__main__ import main
from training.bundle.writing import verify_in_new_process
from training.errors import TrainingError

ROOT = Path(__file__).parents[3]


def run_training(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.slow
def test_two_runs_give_the_same_bundle_byte_for_byte(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        out = tmp_path / seed / "model"
        done = run_training("--out", str(out), SOURCE_DATE_EPOCH="1700000000", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[0].startswith("read 5 rows")
        assert "Warning" not in done.stderr
        assert os.stat(out).st_mode & 0o777 == 0o777 & ~_get_umask()
        made.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert made[0] == made[1]
    assert json.loads(made[0]["manifest.json"])["training"]["when"] == "2023-11-14T22:13:20+00:00"


def _get_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.slow
def test_a_refusal_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = run_training("--data", "none.csv", "--target", "y", "--out", str(tmp_path / "model"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "training: There is no file none.csv: check the path after --data.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_does_not_load_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"does not load: .*manifest"):
        verify_in_new_process(tmp_path)


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "--data homes.csv --target price" in capsys.readouterr().out


@pytest.mark.slow
def test_a_reader_of_the_summary_may_leave(tmp_path: Path) -> None:
    command = f"{sys.executable} -m training --out {tmp_path / 'model'} | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert (tmp_path / "model" / "manifest.json").exists()
