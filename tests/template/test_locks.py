"""What is installed is what was locked, by its hash; a check, and what it must notice. Touches files only."""

import re
from itertools import pairwise

import pytest

from tests.emulator import REPOSITORY

LOCKS = sorted(
    [
        *REPOSITORY.glob("*/requirements.txt"),
        *(REPOSITORY / name for name in ("function/runtimes/data.txt", "tests/checkov.txt", "tests/clients.txt")),
    ]
)
# Each is a part of the next (docs/decisions/0013).
NESTED = (
    "function/runtimes/data.txt",
    "function/requirements.txt",
    "training/requirements.txt",
    "tests/requirements.txt",
)
INSTALLERS = ("Dockerfile", "Makefile", ".github/workflows/check.yaml", ".github/workflows/deploy.yaml")


def find_unlocked(text: str) -> list[str]:
    """The requirements that name no exact release with its hashes, and lines that lead elsewhere."""
    requirements = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    release, digests = r"[A-Za-z0-9_.\[\],-]+==[^\s;]+(?: ; [^\\\n]+?)?", r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
    good = re.compile(rf"{release}{digests}(?:\n    # ?.*)*")
    return [block.splitlines()[0] for block in requirements if block.strip() and not good.fullmatch(block.rstrip())]


def releases(text: str) -> dict[str, tuple[str, set[str]]]:
    """Each package of a lock with its release and the digests of that release."""
    entries = re.findall(r"(?m)^([A-Za-z0-9_.-]+)==(\S+)(.*(?:\n    --hash=\S+.*)*)", text)
    return {name: (release, set(re.findall(r"sha256:\w+", rest))) for name, release, rest in entries}


def differing(part: str, whole: str) -> list[str]:
    """The packages of a lock that another has not, or has at another release or with other digests."""
    others = releases(whole)
    return [name for name, locked in releases(part).items() if others.get(name) != locked]


def loose(text: str) -> list[str]:
    """The commands that install without hashes, or build what they install."""
    commands = re.findall(
        r"(?:python|\$\(PYTHON\)|bin/python) -m pip install((?:[^\n]*\\\n)*[^\n]*(?:\n {10,}--[^\n]*)*)", text
    )
    return [c for c in commands if "--require-hashes" not in c or "--only-binary=:all:" not in c]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_requirement_is_locked(path: object) -> None:
    text = path.read_text()  # type: ignore[attr-defined]
    assert text.count("--hash=sha256:") > 20
    assert find_unlocked(text) == []
    assert "://" not in re.sub(r"#.*", "", text)


@pytest.mark.parametrize(("part", "whole"), list(pairwise(NESTED)))
def test_locks_agree(part: str, whole: str) -> None:
    less, more = (REPOSITORY / part).read_text(), (REPOSITORY / whole).read_text()
    assert len(releases(less)) == len(re.findall(r"(?m)^\w", less))
    assert len(releases(less)) < len(releases(more))
    assert differing(less, more) == []


def test_no_lock_holds_addresses_of_downloads() -> None:
    assert [path.name for path in REPOSITORY.iterdir() if path.suffix == ".lock"] == []


@pytest.mark.parametrize("name", INSTALLERS)
def test_everything_that_is_installed_is_held_to_its_hash(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert "pip install" in text or name.startswith(".github")
    assert loose(text) == []


HASH = "0" * 64


@pytest.mark.parametrize(
    "line",
    [
        "numpy>=2\n",
        "numpy==2.5.5\n",
        f"numpy==2.5.5 \\\n    --hash=md5:{HASH}\n",
        "numpy @ git+ssh://host/numpy\n",
        f"-e . \\\n    --hash=sha256:{HASH}\n",
    ],
)
def test_loose_requirement_is_noticed(line: str) -> None:
    locked = f"joblib==1.6.0 \\\n    --hash=sha256:{HASH}\n    # via project\n"
    assert find_unlocked(locked) == []
    assert find_unlocked(locked + line) == [line.splitlines()[0]]


@pytest.mark.parametrize(("old", "new"), [("1.6.0", "1.6.1"), (HASH, "1" * 64), ("joblib", "dill")])
def test_difference_of_locks_is_noticed(old: str, new: str) -> None:
    locked = f"joblib==1.6.0 ; python_version > '3' \\\n    --hash=sha256:{HASH}\n    # via project\n"
    assert differing(locked, locked) == []
    assert differing(locked.replace(old, new), locked) != []


def test_loose_command_is_noticed() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    assert len(loose(text.replace("--require-hashes", "", 1))) == 1
    assert len(loose(text.replace("--only-binary=:all:", "", 1))) == 1
