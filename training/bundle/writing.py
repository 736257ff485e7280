"""Write a bundle beside its destination, verify it, then move it. After an error the destination is as it was."""

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
    """Raise TrainingError if `out` cannot be written, or is anything but a bundle, an empty directory or absent."""
    if out.is_symlink():
        raise TrainingError(f"{out} is a symbolic link: give the directory itself after --out.")
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{out} is a file: give a directory after --out.")
    try:
        foreign = _find_foreign_entry(out) if out.exists() else None
    except OSError as error:
        raise _make_write_error(out, error) from None
    if foreign is not None:
        raise TrainingError(
            f"{out} holds {foreign!r}, which is not part of a bundle and would be lost: give another directory "
            "after --out, or move that file away."
        )
    parent = next(folder for folder in Path(os.path.abspath(out)).parents if folder.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        raise TrainingError(f"Nothing can be written to {parent}: give another directory after --out.")


def _find_foreign_entry(folder: Path) -> str | None:
    """Return the first entry that is not a file of a bundle."""
    entries = sorted(entry.name for entry in folder.iterdir())
    try:
        document = json.loads((folder / FILE_NAME).read_bytes())
        ours = {FILE_NAME, DIGEST_NAME, *document["artifacts"]}
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    return next((name for name in entries if name not in ours or not (folder / name).is_file()), None)


def write_bundle(out: Path, document: Document, artifacts: Mapping[str, bytes], verify: Verify) -> None:
    """Write the bundle, let `verify` check it, and put it in the place of an earlier one. Raises TrainingError.

    The earlier bundle stays until the new one is verified, and is put back if the last step fails.
    """
    destination = Path(os.path.abspath(out))
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        # In the same directory, so that moving the bundle is a rename within one file system.
        staging = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
    except OSError as error:
        raise _make_write_error(out, error) from None
    try:
        new = staging / "new"
        _write_files(new, document, artifacts)
        verify(new)
        check_destination(out)
        _swap(new, destination, staging / "old")
    except OSError as error:
        raise _make_write_error(out, error) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_files(folder: Path, document: Document, artifacts: Mapping[str, bytes]) -> None:
    # mkdir and open obey the umask, so that other users can read the bundle; the directory of mkdtemp is private.
    folder.mkdir()
    for name, data in artifacts.items():
        (folder / name).write_bytes(data)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / FILE_NAME).write_bytes(text.encode())
    (folder / DIGEST_NAME).write_bytes(f"{sha256(text.encode()).hexdigest()}  {FILE_NAME}\n".encode())


def _swap(new: Path, destination: Path, old: Path) -> None:
    try:
        if destination.exists():
            destination.rename(old)
        new.rename(destination)
    except BaseException:
        if old.exists() and not destination.exists():
            old.rename(destination)
        raise


def verify_in_new_process(bundle: Path) -> None:
    """Load the bundle in a new process, as the image does. Raises TrainingError with the sentence of a failed check."""
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
        raise TrainingError(f"The bundle was not kept, because it does not load: {lines[-1]}")


def _make_environment(bundle: Path) -> dict[str, str]:
    # In Lambda's image, where this variable is set, `python -m function` is the handler instead of the command line.
    kept = {key: value for key, value in os.environ.items() if key != "AWS_LAMBDA_RUNTIME_API"}
    return {**kept, "MODEL_PATH": str(bundle), "PYTHONIOENCODING": "utf-8"}


def _make_write_error(out: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"The bundle cannot be written to {out} ({describe_error(error)}): give another directory after --out."
    )
