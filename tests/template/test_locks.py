"""What is installed is what was locked, by its hash; a check, and what it must notice. Touches files only."""

import re

import pytest

from tests.emulator import REPOSITORY

LOCKS = sorted(
    [
        *REPOSITORY.glob("*/requirements.txt"),
        *(REPOSITORY / name for name in ("function/slim.txt", "tests/checkov.txt", "tests/clients.txt")),
    ]
)
INSTALLERS = ("Dockerfile", "Makefile", ".github/workflows/check.yaml", ".github/workflows/deploy.yaml")


def unlocked(text: str) -> list[str]:
    """The requirements that name no exact release with its hashes, and lines that lead elsewhere."""
    requirements = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    release, digests = r"[A-Za-z0-9_.\[\],-]+==[^\s;]+(?: ; [^\\\n]+?)?", r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
    good = re.compile(rf"{release}{digests}(?:\n    # ?.*)*")
    return [block.splitlines()[0] for block in requirements if block.strip() and not good.fullmatch(block.rstrip())]


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
    assert unlocked(text) == []
    assert "://" not in re.sub(r"#.*", "", text)


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
    assert unlocked(locked) == []
    assert unlocked(locked + line) == [line.splitlines()[0]]


def test_loose_command_is_noticed() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    assert len(loose(text.replace("--require-hashes", "", 1))) == 1
    assert len(loose(text.replace("--only-binary=:all:", "", 1))) == 1
