"""Plain schemathesis with our document, hooks and checks, called as the documentation says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from runs_conformance.cli import main
from runs_conformance.reference import ReferenceOptions, faults, running

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "fuzzing.md").read_text("utf-8")
DOCUMENTED = shlex.split(re.search(r"^st (run .*)$", PAGE, re.MULTILINE)[1])


def st_run(url, folder, *words):
    """The documented call for a target: exit code and output."""
    assert main(["openapi", "--output", str(folder / "openapi.json")]) == 0
    call = [url if word.startswith("http://") else word for word in DOCUMENTED]
    hooks = {"SCHEMATHESIS_HOOKS": "runs_conformance.fuzzing.hooks", "OPENAI_API_KEY": "sk-test"}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("st")), *call, "--no-color", *words], cwd=folder, text=True,
        capture_output=True, check=False, env={**os.environ, **hooks}, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


ONE = ("--include-operation-id", "createThreadAndRun")


def test_the_reference_target_is_not_blamed(tmp_path):
    with running(ReferenceOptions()) as url:
        code, told = st_run(url, tmp_path, *ONE)
    assert code == 0, told
    assert "repeatedly returned 404" not in told


def test_a_fault_is_a_failure_with_its_requirement(tmp_path):
    fault = faults.named("refusal.unknown-property-taken")
    with running(ReferenceOptions(faults=fault)) as url:
        code, told = st_run(url, tmp_path, *ONE)
    assert code == 1
    assert "MUST refuse.unknown-property" in told
    assert "expected a 4xx refusal" in told


@pytest.mark.slow
def test_no_operation_of_the_reference_target_is_blamed(tmp_path):
    with running(ReferenceOptions()) as url:
        code, told = st_run(url, tmp_path)
    assert code == 0, told
