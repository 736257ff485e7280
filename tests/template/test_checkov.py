"""Checkov's rules on the expanded template; each that is skipped has a written reason. Starts a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.template.expand import expand, source
from tests.template.mutation import break_template

CHECKOV = Path(sys.executable).parents[1] / "checkov" / "bin" / "checkov"
SKIPPED = {
    "CKV_AWS_18": "who read the buckets is in CloudTrail, where an account wants it; a bucket for logs is its own",
    "CKV_AWS_21": "results are made again from their input, and are written once: versions would be paid for nothing",
    "CKV_AWS_27": "SQS's own key encrypts the queues (SqsManagedSseEnabled), which the rule does not look at",
    "CKV_AWS_115": "concurrency is reserved by parameter: an account's quota may not have any to reserve",
    "CKV_AWS_116": "the API's and CodeDeploy's functions are called synchronously; the other has a failure destination",
    "CKV_AWS_117": "no function reaches into a VPC; in one, each would need endpoints for S3, SQS, Lambda and logs",
    "CKV_AWS_158": "CloudWatch encrypts logs with its own key, and no value of a feature is in them",
    "CKV_AWS_173": "no secret is in the environment, which a check of this project's holds",
}


def list_failed(template: dict[str, Any], path: Path) -> set[str]:
    """The ids of the rules that the expanded template breaks."""
    path.write_text(json.dumps({key: value for key, value in template.items() if key != "Rules"}))
    command = [str(CHECKOV), "--file", str(path), "--framework", "cloudformation", "--output", "json", "--quiet"]
    done = subprocess.run(
        [*command, "--skip-download"], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 50
    return {check["check_id"] for check in report["results"]["failed_checks"]}


def test_template_breaks_only_what_is_skipped_for_a_reason(tmp_path: Path) -> None:
    assert list_failed(expand(source()), tmp_path / "template.json") == set(SKIPPED)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("Resources.InputBucket.Properties.PublicAccessBlockConfiguration.BlockPublicAcls", False, "CKV_AWS_53"),
        ("Resources.AlarmKey.Properties.EnableKeyRotation", False, "CKV_AWS_7"),
    ],
)
def test_what_is_broken_is_noticed(path: str, value: object, rule: str, tmp_path: Path) -> None:
    found = list_failed(expand(break_template((path, value))), tmp_path / "template.json")
    assert found == {*SKIPPED, rule}
