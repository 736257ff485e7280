"""The bill of materials lists what the image's lock has, release by release. Starts make; touches files only."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.emulator import REPOSITORY


def test_bill_of_materials_is_the_lock(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    path = tmp_path / "sbom.cdx.json"
    subprocess.run(
        ["make", "-s", "sbom", f"SBOM={path}"], cwd=REPOSITORY, env=environment, capture_output=True, check=True
    )
    document = json.loads(path.read_text())
    assert document["bomFormat"] == "CycloneDX"
    lock = (REPOSITORY / "function/requirements.txt").read_text()
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", lock, flags=re.MULTILINE))
    assert {(c["name"], c["version"]) for c in document["components"]} == locked
    assert all(c["purl"].startswith(f"pkg:pypi/{c['name']}@") for c in document["components"])
