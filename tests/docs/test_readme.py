"""Runs the commands that the documents show and compares what they print. Touches loopback, Docker where it says so.

In a ```console block, lines that start with "$ " are commands and the others what they print; … stands for anything,
and twelve zeros for a model's version. An HTML comment before a block says why it is run elsewhere, or that it needs
Docker.
"""

import os
import re
import signal
import subprocess
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
def served() -> Iterator[None]:
    """`make serve`, as the README shows it, with the example bundle."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    process = subprocess.Popen(["make", "serve"], cwd=REPOSITORY, env=environment, start_new_session=True)
    try:
        wait_for_port(3000, process, seconds=120)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def run(step: Step, folder: Path) -> None:
    """Runs the command from the repository's root and compares."""
    # On a terminal curl shows no progress; here it would.
    (folder / ".curlrc").write_text("silent\nshow-error\n")
    done = subprocess.run(
        ["bash", "-c", step.command],
        cwd=REPOSITORY,
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
def test_command_prints_what_the_document_shows(step: Step, tmp_path: Path) -> None:
    run(step, tmp_path)


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize("step", [step for step in STEPS if step.note == "docker"], ids=lambda step: step.command[:60])
def test_docker_command_prints_what_the_document_shows(step: Step, tmp_path: Path) -> None:
    run(step, tmp_path)


def test_pattern_tells_other_output_apart() -> None:
    assert pattern("a … c\nversion 000000000000").fullmatch("a b c\nversion 12ab34cd56ef")
    assert not pattern("a … c").fullmatch("a b d")
    assert not pattern("360000.0").fullmatch("375000.0")


@pytest.mark.parametrize("target", re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
def test_help_lists_every_target(target: str) -> None:
    done = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert f"make {target} " in done.stdout
