"""The GitHub Action: its script is run as the action runs it, and the two files agree on names."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from command import environment

from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running

ROOT = Path(__file__).resolve().parent.parent
ACTION = (ROOT / "action.yml").read_text("utf-8")
SCRIPT = (ROOT / "action.sh").read_text("utf-8")
ROW = "refuse.temperature.range"


def act(folder, target, **more):
    """The script's end, its summary and its outputs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {f"CONFORMANCE_{name}": value for name, value in more.items()}
    variables = environment(
        PATH=path, CONFORMANCE_TARGET=target, CONFORMANCE_SELECT=ROW, GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(folder / "summary"), GITHUB_OUTPUT=str(folder / "outputs"),
        **given,
    )  # fmt: skip
    done = subprocess.run(
        ["bash", ROOT / "action.sh"], cwd=folder, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in (folder / "outputs").read_text().splitlines())
    return done, outputs


@pytest.fixture
def faulty():
    with running(ReferenceOptions(faults=faults.named("refusal.temperature*"))) as url:
        yield url


def test_a_target_that_conforms(tmp_path):
    done, outputs = act(tmp_path, "embedded")
    assert done.returncode == 0, done.stderr
    assert outputs["exit-code"] == "0"
    assert "✅ Conforms" in (tmp_path / "summary").read_text("utf-8")
    assert ET.parse(tmp_path / outputs["junit"]).getroot().get("failures") == "0"
    assert json.loads((tmp_path / outputs["badge"]).read_text())["color"] == "brightgreen"
    assert "<!doctype html>" in (tmp_path / outputs["html"]).read_text()


def test_a_target_that_does_not_conform(tmp_path, faulty):
    done, outputs = act(tmp_path, faulty)
    assert done.returncode == 1
    assert outputs["exit-code"] == "1"
    assert re.search(rf"^::error title={ROW} ", done.stdout, re.MULTILINE)
    assert "❌ Does not conform" in (tmp_path / "summary").read_text("utf-8")


def test_what_a_target_sends_stands_where_commands_are_off(tmp_path, faulty):
    done, _ = act(tmp_path, faulty)
    off, on = re.search(r"::stop-commands::(\S+)\n(?:.*)\n::(\1)::\n", done.stdout, re.DOTALL).groups()
    assert off == on
    assert done.stdout.index(f"FAILED {ROW}") < done.stdout.index(f"\n::{on}::")


def test_report_only_does_not_gate(tmp_path, faulty):
    done, outputs = act(tmp_path, faulty, REPORT_ONLY="true")
    assert done.returncode == 0
    assert outputs["exit-code"] == "1"


def test_report_only_is_no_excuse_for_a_wrong_option(tmp_path):
    done, _ = act(tmp_path, "embedded", REPORT_ONLY="true", OPTIONS="--edition\n1999-01-01")
    assert done.returncode == 2
    assert "::error title=runs-conformance could not run" in done.stdout


def test_an_input_is_no_command(tmp_path):
    done, _ = act(tmp_path, "embedded", OPTIONS="--header\nX-A: $(touch owned) `touch owned`")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "owned").exists()


def test_the_action_and_its_script_agree():
    given = set(re.findall(r"(CONFORMANCE_[A-Z_]+):", ACTION))
    assert given == set(re.findall(r"CONFORMANCE_[A-Z_]+", SCRIPT))
    inputs = re.findall(r"^  ([a-z-]+):$", ACTION.partition("outputs:")[0], re.MULTILINE)
    assert set(re.findall(r"inputs\.([a-z-]+)", ACTION)) == set(inputs)
    outputs = set(re.findall(r"steps\.check\.outputs\.([a-z-]+)", ACTION))
    assert outputs == set(re.findall(r'"([a-z-]+)=\$', SCRIPT))


def test_no_input_is_pasted_into_a_script():
    assert not re.findall(r"run: .*\$\{\{", ACTION)


def test_the_documented_inputs_exist():
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    block = re.search(r"uses: [^\n]*runs-conformance@.*?\n\s+with:\n(.*?)(?=\n\s+- |```)", page, re.DOTALL)[1]
    known = re.findall(r"^  ([a-z-]+):$", ACTION, re.MULTILINE)
    assert set(re.findall(r"^\s+([a-z-]+): ", block, re.MULTILINE)) <= set(known)
