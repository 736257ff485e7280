"""Docker, called as a person calls it."""

import os
import subprocess
from collections.abc import Callable

# As Lambda runs a container: a read-only root but for /tmp, no /dev/shm, no network, no rights, a user without a name.
AS_LAMBDA = ("--read-only", "--tmpfs", "/tmp", "--ipc=none", "--network=none", "--cap-drop=ALL", "--user=993:990")

type Docker = Callable[..., subprocess.CompletedProcess[str]]


def run_docker(*arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs docker with the classic builder, which is what `sam build` uses."""
    done = subprocess.run(
        ["docker", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )
    assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def answers() -> bool:
    """Whether a Docker engine answers."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=60, check=False).returncode == 0
    except OSError:
        return False
