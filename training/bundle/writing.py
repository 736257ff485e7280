"""Puts a bundle where it belongs: written beside, verified there, and moved into place or not at all."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import function
from function.model.manifest import DIGEST_NAME, FILE_NAME
from training.bundle.document import Document
from training.errors import TrainingError, describe_error

type Verify = Callable[[Path], None]


def check_destination(out: Path) -> None:
    """Raises TrainingError where `out` is anything but a bundle, an empty directory or free, or cannot be written."""
    if out.is_symlink():
        raise TrainingError(f"{out} is a symbolic link: name the directory itself after --out.")
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{out} is a file: name a directory after --out.")
    try:
        stranger = _find_foreign_entry(out) if out.exists() else None
    except OSError as error:
        raise _make_write_error(out, error) from None
    if stranger is not None:
        raise TrainingError(
            f"{out} holds {stranger!r}, which is no part of a bundle and would be lost: name another directory "
            "after --out, or move it away."
        )
    parent = next(folder for folder in Path(os.path.abspath(out)).parents if folder.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        raise TrainingError(f"Nothing can be written to {parent}: name another directory after --out.")


def _find_foreign_entry(folder: Path) -> str | None:
    """The first entry that is no file of a bundle."""
    entries = sorted(entry.name for entry in folder.iterdir())
    try:
        document = json.loads((folder / FILE_NAME).read_bytes())
        ours = {FILE_NAME, DIGEST_NAME, *document["artifacts"]}
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    return next((name for name in entries if name not in ours or not (folder / name).is_file()), None)


def write_bundle(out: Path, document: Document, artifacts: Mapping[str, bytes], verify: Verify) -> None:
    """Makes `out` the bundle of these artifacts once `verify` has nothing against it.

    What stood there before stays untouched until then, and comes back if the last step fails. Raises TrainingError.
    """
    place = Path(os.path.abspath(out))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Beside it, so that moving it is a rename within one file system.
        staging = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise _make_write_error(out, error) from None
    try:
        new = staging / "new"
        _write_files(new, document, artifacts)
        verify(new)
        check_destination(out)
        _swap(new, place, staging / "old")
    except OSError as error:
        raise _make_write_error(out, error) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_files(folder: Path, document: Document, artifacts: Mapping[str, bytes]) -> None:
    # mkdir and open obey the umask; mkdtemp's directory is its owner's alone, and a bundle is read by others.
    folder.mkdir()
    for name, data in artifacts.items():
        (folder / name).write_bytes(data)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / FILE_NAME).write_bytes(text.encode())
    (folder / DIGEST_NAME).write_bytes(f"{sha256(text.encode()).hexdigest()}  {FILE_NAME}\n".encode())


def _swap(new: Path, place: Path, old: Path) -> None:
    try:
        if place.exists():
            place.rename(old)
        new.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise


def verify_in_fresh_process(bundle: Path) -> None:
    """Loads the bundle as the image does. Raises TrainingError with the sentence of the check that fails."""
    finished = subprocess.run(
        [sys.executable, "-m", "function", "verify"],
        cwd=Path(function.__file__).parents[1],
        env=_make_environment(bundle),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
        raise TrainingError(f"The bundle was not kept, for it does not load: {lines[-1]}")


def _make_environment(bundle: Path) -> dict[str, str]:
    # Inside Lambda's image `python -m function` is the handler and no command line.
    kept = {key: value for key, value in os.environ.items() if key != "AWS_LAMBDA_RUNTIME_API"}
    return {**kept, "MODEL_PATH": str(bundle), "PYTHONIOENCODING": "utf-8"}


def _make_write_error(out: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"The bundle cannot be written to {out} ({describe_error(error)}): name another directory after --out."
    )
