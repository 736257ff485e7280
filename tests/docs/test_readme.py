"""Runs the commands that the documents show and compares what they print. Touches loopback, Docker where it says so.

In a ```console block, lines that start with "$ " are commands and the others what they print; … stands for anything,
and twelve zeros for a model's version. An HTML comment before a block says why it is run elsewhere, or that it needs
Docker.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.emulator import REPOSITORY, wait_for_port

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
_BLOCK = re.compile(r"(?:<!-- (?P<note>.+?) -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)


class Step(NamedTuple):
    """A command and what it prints."""

    document: str
    note: str | None
    command: str
    output: str


def steps_in(path: Path) -> Iterator[Step]:
    """The commands of a document's console blocks, in order."""
    for block in _BLOCK.finditer(path.read_text()):
        for shown in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            yield Step(path.name, block["note"], command, output)


def pattern(output: str) -> re.Pattern[str]:
    """What the output must look like."""
    escaped = re.escape(output.strip()).replace("000000000000", "[0-9a-f]{12}")
    return re.compile(escaped.replace("…", ".*?"), re.DOTALL)


STEPS = [step for document in DOCUMENTS for step in steps_in(document)]


@pytest.fixture(scope="module")
def clone(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone, whatever bundle lies in model/ here; only what is installed is shared with it."""
    folder = tmp_path_factory.mktemp("clone") / "ml-model-deployer"
    shutil.copytree(source, folder)
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    return folder


@pytest.fixture(scope="module")
def served(clone: Path) -> Iterator[None]:
    """`make serve`, as the README shows it, and moto in the place of AWS."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    moto = [sys.executable, "-m", "moto.server", "-p", "5555"]
    with (
        subprocess.Popen(["make", "serve"], cwd=clone, env=environment, start_new_session=True) as server,
        subprocess.Popen(moto, start_new_session=True, stderr=subprocess.DEVNULL) as cloud,
    ):
        try:
            wait_for_port(3000, server, seconds=120)
            wait_for_port(5555, cloud)
            yield
        finally:
            for process in (server, cloud):
                os.killpg(process.pid, signal.SIGTERM)


def run(step: Step, clone: Path, folder: Path) -> None:
    """Runs the command from the clone's root and compares."""
    # On a terminal curl shows no progress; here it would.
    (folder / ".curlrc").write_text("silent\nshow-error\n")
    done = subprocess.run(
        ["bash", "-c", step.command],
        cwd=clone,
        env={
            **os.environ,
            "SAM_CLI_TELEMETRY": "0",
            "DOCKER_BUILDKIT": "0",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "CURL_HOME": str(folder),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    if step.output:
        # What a tool says of its progress on stderr may be left out of the document.
        printed = (done.stdout.strip(), (done.stdout + done.stderr).strip())
        assert any(map(pattern(step.output).fullmatch, printed)), printed


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("step", [step for step in STEPS if step.note is None], ids=lambda step: step.command[:60])
def test_command_prints_what_the_document_shows(step: Step, clone: Path, tmp_path: Path) -> None:
    run(step, clone, tmp_path)


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize("step", [step for step in STEPS if step.note == "docker"], ids=lambda step: step.command[:60])
def test_docker_command_prints_what_the_document_shows(step: Step, clone: Path, tmp_path: Path) -> None:
    run(step, clone, tmp_path)


def test_pattern_tells_other_output_apart() -> None:
    assert pattern("a … c\nversion 000000000000").fullmatch("a b c\nversion 12ab34cd56ef")
    assert not pattern("a … c").fullmatch("a b d")
    assert not pattern("360000.0").fullmatch("375000.0")


@pytest.mark.parametrize("target", re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
def test_help_lists_every_target(target: str) -> None:
    done = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert f"make {target} " in done.stdout
