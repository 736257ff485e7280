"""Fixtures of the tests of training, which may touch files under tmp_path; those of the command start processes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import pandas
import pytest

from tests.conftest import verify_here
from training.__main__ import main

type Run = Callable[..., "TrainingResult"]


class TrainingResult(NamedTuple):
    code: int
    out: str
    err: str
    bundle: Path

    @property
    def manifest(self) -> dict[str, Any]:
        assert self.code == 0, self.err
        document: dict[str, Any] = json.loads((self.bundle / "manifest.json").read_text(encoding="utf-8"))
        return document

    @property
    def refusal(self) -> str:
        """The sentence on stderr."""
        assert self.code == 2
        lines = [line for line in self.err.splitlines() if line.startswith("training: ")]
        assert len(lines) == 1, self.err
        assert self.err.endswith(lines[0] + "\n")
        assert "Traceback" not in self.err
        return lines[0]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, with `frame` written as a CSV or Parquet file and `estimator` dumped."""
    out = tmp_path / "place" / "bundle"

    def _run(
        *arguments: str,
        frame: pandas.DataFrame | None = None,
        suffix: str = ".csv",
        estimator: object = None,
        trees: int = 10,
    ) -> TrainingResult:
        given: Sequence[str] = arguments
        if frame is not None:
            given = ["--data", str(write_table(frame, tmp_path / f"table{suffix}")), *given]
        if estimator is not None:
            joblib.dump(estimator, tmp_path / "mine.joblib")
            given = ["--model", str(tmp_path / "mine.joblib"), *given]
        out.parent.mkdir(exist_ok=True)
        code = main([*given, "--out", str(out)], verify=verify_here, trees=trees)
        captured = capsys.readouterr()
        return TrainingResult(code, captured.out, captured.err, out)

    return _run


def write_table(frame: pandas.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path
