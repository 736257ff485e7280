"""What the image's build verified is not hashed again, and nothing else is spared. Writes into temporary folders."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from function.bundle import loading
from function.bundle.folder import Folder, check_digest, compute_sha256
from function.errors import BundleError
from function.local.command_line import main
from function.model.manifest import FLAT, JOBLIB, Artifact
from function.runtimes.flat import file as flat_file
from function.runtimes.flat import runtime as flat
from tests.bundles import edit, replace_artifact
from tests.emulator import REPOSITORY


@pytest.fixture
def folder(full_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the bundle, which the image's build has verified: tmp_path / verified.json says so."""
    copy = Path(shutil.copytree(full_bundle, tmp_path / "model"))
    loading.verify(copy, str(tmp_path / "verified.json"))
    return copy


def open_built(folder: Path) -> Folder:
    """The folder, beside the record."""
    return Folder(str(folder), str(folder.parent / "verified.json"))


def list_known(folder: Path) -> list[str]:
    """The runtimes of the artifacts that need not be hashed."""
    place = open_built(folder)
    return [
        artifact.runtime for artifact in place.read_manifest().artifacts if place.find_verified(artifact) is not None
    ]


def test_recorded_files_are_known(folder: Path) -> None:
    assert list_known(folder) == [JOBLIB, FLAT]


def test_nothing_is_known_before_the_manifest_is(folder: Path) -> None:
    artifact = Folder(str(folder)).read_manifest().artifacts[0]
    assert open_built(folder).find_verified(artifact) is None


@pytest.mark.parametrize("record", ["", "[]", "{}", "null", "1", "\xff", '["0000"]', "[[]]", "[{}]"])
def test_without_the_digests_nothing_is_known(folder: Path, record: str) -> None:
    (folder.parent / "verified.json").write_text(record)
    assert list_known(folder) == []


def test_without_a_record_nothing_is_known(folder: Path) -> None:
    (folder.parent / "verified.json").unlink()
    assert list_known(folder) == []


def test_file_that_the_record_does_not_list_is_not_known(folder: Path) -> None:
    record = folder.parent / "verified.json"
    manifest, first, *rest = json.loads(record.read_text())
    record.write_text(json.dumps([manifest, *rest]))
    assert list_known(folder) == [FLAT]
    record.write_text(json.dumps([first, *rest]))
    assert list_known(folder) == []


def test_under_another_manifest_nothing_is_known(folder: Path) -> None:
    edit(folder, lambda document: document.update(name="other"))
    assert list_known(folder) == []


@pytest.mark.parametrize("change", ["longer", "shorter", "gone"])
def test_file_of_another_size_is_not_known(folder: Path, change: str) -> None:
    file = folder / "model.flat"
    data = file.read_bytes()
    file.unlink()
    if change != "gone":
        file.write_bytes(data + b"!" if change == "longer" else data[:-1])
    assert list_known(folder) == [JOBLIB]


def test_file_of_another_file_system_is_not_known(folder: Path) -> None:
    # Linux keeps /proc as a file system of its own, and says that its files are empty.
    edit(folder, lambda document: document["artifacts"]["model.flat"].update(bytes=0))
    (folder / "model.flat").unlink()
    (folder / "model.flat").symlink_to("/proc/self/status")
    place = open_built(folder)
    place.write_record(place.read_manifest().artifacts, str(folder.parent / "verified.json"))
    assert list_known(folder) == [JOBLIB]


def test_mapped_file_is_its_bytes(folder: Path) -> None:
    assert bytes(flat.map_file(str(folder / "model.flat"))) == (folder / "model.flat").read_bytes()


def test_verify_records_every_digest_and_the_manifest_s(full_bundle: Path, tmp_path: Path) -> None:
    record = tmp_path / "verified.json"
    assert main(["verify", "--record", str(record)], {"MODEL_PATH": str(full_bundle)}) == 0
    data = (full_bundle / "manifest.json").read_bytes()
    artifacts = json.loads(data)["artifacts"].values()
    assert json.loads(record.read_text()) == [compute_sha256(data), *(item["sha256"] for item in artifacts)]


@pytest.mark.parametrize("file", ["manifest.json", "model.joblib", "model.flat"])
def test_verify_reads_through_every_file(folder: Path, file: str) -> None:
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    with pytest.raises(BundleError, match=file) as raised:
        loading.verify(folder)
    assert raised.value.code == "digest_mismatch"


def test_verify_looks_at_the_nodes_that_no_start_looks_at(folder: Path) -> None:
    data = (folder / "model.flat").read_bytes()
    header, arrays = flat_file.parse(memoryview(data))
    (trees,) = [step for step in header.steps if step["op"] == "trees"]
    features = arrays[trees["arrays"]["features"]].tobytes()
    # No walk looks at the feature of the last leaf.
    replace_artifact(folder, "model.flat", data.replace(features, features[:-2] + b"\xff\xff"))
    store = Folder(str(folder))
    manifest = store.read_manifest()
    artifact = next(artifact for artifact in manifest.artifacts if artifact.runtime == FLAT)
    started = flat.load(store.open_artifact(artifact), manifest, artifact, few_entries=0)
    assert started.predict([[1500.0], [3.0]]) == [[360000.0]]
    with pytest.raises(BundleError, match=r"model\.flat is no flat artifact"):
        loading.verify(folder)


@pytest.mark.parametrize(("asked", "hashed"), [(JOBLIB, [JOBLIB]), (FLAT, [])])
def test_recorded_bundle_is_hashed_only_where_it_is_unpickled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: str, hashed: list[str]
) -> None:
    found: list[str] = []

    def noted(data: bytes, artifact: Artifact) -> bytes:
        found.append(artifact.runtime)
        return check_digest(data, artifact)

    monkeypatch.setattr("function.bundle.folder.check_digest", noted)
    loading.load(open_built(folder), asked)
    assert found == hashed
    loading.load(folder, asked)
    assert found == [*hashed, JOBLIB, FLAT]


@pytest.mark.parametrize(("asked", "row"), [(FLAT, 0), (JOBLIB, 1)])
def test_flat_answers_one_golden_row_where_the_build_has_seen_all(folder: Path, asked: str, row: int) -> None:
    edit(folder, lambda document: document["examples"][1].update(prediction=1.0))
    place = open_built(folder)
    # As a record that the build could not have written, since it asks for all rows.
    place.write_record(place.read_manifest().artifacts, str(folder.parent / "verified.json"))
    if row == 0:
        assert loading.load(open_built(folder), asked).manifest.name == "house-prices"
        edit(folder, lambda document: document["examples"][0].update(prediction=1.0))
        place = open_built(folder)
        place.write_record(place.read_manifest().artifacts, str(folder.parent / "verified.json"))
    with pytest.raises(BundleError, match=f"example {row + 1} of"):
        loading.load(open_built(folder), asked)


def test_digests_are_those_of_openssl() -> None:
    for size in (0, 1, 10_000, 499_999, 500_000, 1_000_000):
        data = bytes(range(251)) * (size // 251 + 1)
        done = subprocess.run(["sha256sum"], input=data[:size], capture_output=True, check=True)
        assert compute_sha256(data[:size]) == done.stdout.split()[0].decode()


def test_manifest_s_digest_costs_no_import_of_openssl(folder: Path) -> None:
    code = (
        "import sys; from function.bundle import folder, loading; place = folder.Folder(sys.argv[1], sys.argv[2]); "
        "print(loading.load(place, 'flat').manifest.name, 'hashlib' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(folder), str(folder.parent / "verified.json")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "house-prices False\n"


def test_digest_beside_the_manifest_is_one_that_sha256sum_checks(full_bundle: Path) -> None:
    command = ["sha256sum", "--strict", "-c", "manifest.json.sha256"]
    done = subprocess.run(command, cwd=full_bundle, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "manifest.json: OK\n")
