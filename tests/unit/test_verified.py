"""What the image's build verified is not hashed again, and nothing else is spared. Writes into temporary folders."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from function import bundle, verified
from function.command_line import main
from function.errors import BundleError
from function.manifest import FLAT, JOBLIB, ONNX, Artifact

DATA = b"some bytes"


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.flat").write_bytes(DATA)
    return Artifact("model.flat", hashlib.sha256(DATA).hexdigest(), len(DATA), FLAT, "array")


def recorded(tmp_path: Path, artifact: Artifact, record: str | None = None) -> bool:
    path = tmp_path / "verified.json"
    if record is not None:
        path.write_text(record)
    return verified.by_the_build(str(tmp_path / "model"), artifact, str(path))


def test_recorded_digest_is_known(tmp_path: Path, artifact: Artifact) -> None:
    verified.record([artifact], str(tmp_path / "verified.json"))
    assert recorded(tmp_path, artifact)


@pytest.mark.parametrize("record", [None, "", "[]", "{}", "null", "1", "\xff", '["0000"]'])
def test_without_the_digest_nothing_is_known(tmp_path: Path, artifact: Artifact, record: str | None) -> None:
    assert not recorded(tmp_path, artifact, record)


def test_file_of_another_size_is_not_known(tmp_path: Path, artifact: Artifact) -> None:
    verified.record([artifact], str(tmp_path / "verified.json"))
    (tmp_path / "model" / "model.flat").write_bytes(DATA + b"!")
    assert not recorded(tmp_path, artifact)


def test_file_of_another_file_system_is_not_known(artifact: Artifact, tmp_path: Path) -> None:
    # Linux keeps /proc as a file system of its own, and says that its files are empty.
    elsewhere = artifact._replace(file="status", size=0)
    verified.record([elsewhere], str(tmp_path / "verified.json"))
    assert not verified.by_the_build("/proc/self", elsewhere, str(tmp_path / "verified.json"))


def test_mapped_file_is_its_bytes(tmp_path: Path, artifact: Artifact) -> None:
    assert bytes(verified.mapped(str(tmp_path / "model" / artifact.file))) == DATA


def test_verify_records_every_digest(houses_bundle: Path, tmp_path: Path) -> None:
    record = tmp_path / "verified.json"
    assert main(["verify", "--record", str(record)], {"MODEL_PATH": str(houses_bundle)}) == 0
    document = json.loads((houses_bundle / "manifest.json").read_text())
    assert json.loads(record.read_text()) == [item["sha256"] for item in document["artifacts"].values()]


@pytest.mark.parametrize("file", ["model.joblib", "model.onnx", "model.flat"])
def test_verify_reads_through_every_file(houses_bundle: Path, tmp_path: Path, file: str) -> None:
    folder = Path(shutil.copytree(houses_bundle, tmp_path / "broken"))
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    with pytest.raises(BundleError, match=file):
        bundle.verify(folder)


@pytest.mark.parametrize(("asked", "spared"), [(JOBLIB, False), (ONNX, True), (FLAT, True)])
def test_recorded_bundle_is_hashed_only_where_it_is_unpickled(
    houses_bundle: Path, monkeypatch: pytest.MonkeyPatch, asked: str, spared: bool
) -> None:
    hashed: list[str] = []
    read = verified.checked_bytes
    monkeypatch.setattr(verified, "by_the_build", lambda *_: True)
    monkeypatch.setattr(verified, "checked_bytes", lambda folder, a: hashed.append(a.runtime) or read(folder, a))  # type: ignore[func-returns-value]
    bundle.load(houses_bundle, asked)
    assert hashed == ([] if spared else [JOBLIB])
