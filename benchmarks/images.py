"""Measure the sizes of images, as `docker images` shows them."""

import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.models import REPOSITORY

_ARTICLE_PACKAGES = (
    *("awslambdaric", "cloudpickle", "joblib", "narwhals", "numpy", "pandas", "python-dateutil", "scikit-learn"),
    *("scipy", "simplejson", "six", "snapshot-restore-py", "threadpoolctl"),
)


def measure_sizes_mb(task: Path, folder: Path) -> dict[str, float] | None:
    """Build `data`, `full` and the article's image; return their sizes in MB, or None if Docker does not run."""
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
    (context / "requirements.txt").write_text(_select_requirements())
    ours = folder / "our-image"
    shutil.rmtree(ours, ignore_errors=True)
    for part in ("function", "training"):
        shutil.copytree(REPOSITORY / part, ours / part)
    shutil.copytree(task / "model", ours / "model")
    (ours / "tools").mkdir()
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "tools/strip.py"):
        shutil.copy(REPOSITORY / name, ours / name)
    return {
        "data": _build_image(ours, "bench-data", "--target", "data"),
        "full": _build_image(ours, "bench-full", "--target", "full"),
        "article": _build_image(context, "bench-article"),
    }


def _select_requirements() -> str:
    """Return the lines of function/requirements.txt for the article's libraries, with versions and hashes."""
    lock = (REPOSITORY / "function" / "requirements.txt").read_text()
    entries = re.split(r"(?m)^(?=[a-z0-9])", lock)
    return "".join(entry for entry in entries if entry.split("==")[0] in _ARTICLE_PACKAGES)


def _build_image(context: Path, tag: str, *options: str) -> float:
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", tag, *options, str(context)], check=True, capture_output=True
    )
    shown = ["docker", "image", "inspect", "--format", "{{.Size}}", tag]
    return int(subprocess.run(shown, check=True, capture_output=True, text=True).stdout) / 1e6
