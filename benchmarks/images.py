"""The sizes of images, as `docker images` says them."""

import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.models import REPOSITORY

_OF_THE_ARTICLE = (
    *("awslambdaric", "cloudpickle", "joblib", "narwhals", "numpy", "pandas", "python-dateutil", "scikit-learn"),
    *("scipy", "simplejson", "six", "snapshot-restore-py", "threadpoolctl"),
)


def sizes_mb(task: Path, folder: Path) -> dict[str, float] | None:
    """The sizes of `slim`, `full` and the article's image in MB; None where no Docker answers."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        return None
    context = folder / "article-image"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    peers = REPOSITORY / "benchmarks" / "peers"
    shutil.copy(peers / "article.Dockerfile", context / "Dockerfile")
    shutil.copy(peers / "article.py", context)
    shutil.copytree(task / "model", context / "model")
    (context / "requirements.txt").write_text(_locked())
    ours = folder / "our-image"
    shutil.rmtree(ours, ignore_errors=True)
    for part in ("function", "training"):
        shutil.copytree(REPOSITORY / part, ours / part)
    shutil.copytree(task / "model", ours / "model")
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, ours)
    return {
        "slim": _built(ours, "bench-slim", "--target", "slim"),
        "full": _built(ours, "bench-full", "--target", "full"),
        "article": _built(context, "bench-article"),
    }


def _locked() -> str:
    """The article's libraries at the releases and hashes of function/requirements.txt."""
    lock = (REPOSITORY / "function" / "requirements.txt").read_text()
    entries = re.split(r"(?m)^(?=[a-z0-9])", lock)
    return "".join(entry for entry in entries if entry.split("==")[0] in _OF_THE_ARTICLE)


def _built(context: Path, tag: str, *options: str) -> float:
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", tag, *options, str(context)], check=True, capture_output=True
    )
    shown = ["docker", "image", "inspect", "--format", "{{.Size}}", tag]
    return int(subprocess.run(shown, check=True, capture_output=True, text=True).stdout) / 1e6
