"""Every documented command is run: page by page, in order, in a folder of its own, against a served target.

URLs become that of the target, and a check without --select is cut down to a few rows: what is tried here is
that the lines work as they stand, one after the other.
"""

import json
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from command import run
from recorded_calls import as_har, as_vcr_yaml, session, with_host
from test_docs import ROOT, blocks

from runs_conformance.cli import parser
from runs_conformance.paths import CASSETTES, SUITES
from runs_conformance.reference import faults, variations
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running

# An id that a failing run prints can't be known before; tests of fuzzing replay one.
NEEDS_A_FAILURE = "--replay-failure"
BRIEF = ("--max-requests", "60", "--max-runs", "10")
WIDGETS = {
    "openapi": "3.1.0", "info": {"title": "widgets", "version": "1"},
    "paths": {"/widgets": {"get": {"responses": {"200": {"description": "x"}, "404": {"description": "x"}}}}},
}
FEW = ("--select", "accept.create-run.minimal,refuse.temperature.range")
VARIABLES = {"OPENAI_API_KEY": "k", "GATEWAY_KEY": "k", "AZURE_OPENAI_API_KEY": "k", "TENANT": "t"}
PROGRAMS = ("runs-conformance", "pytest")
# What a reader has from earlier days.
OLDER = ("before.jsonl", "other.jsonl", "main.jsonl", "gateway.jsonl", "emulator.jsonl")
# Runs in another terminal until it is ended: test_cli.py and test_watch_command.py show that it starts.
ENDLESS = ("serve", "watch")
pytestmark = pytest.mark.slow
PAGES = sorted({page for page, _ in blocks("sh")} - {"CONTRIBUTING.md"})


@pytest.fixture(scope="module")
def targets():
    """The URL of a sound target, and of one in the shape of Azure."""
    azure = [each.name for each in variations.every() if each.profile.get("auth_header") == "api-key"]
    azure.append(next(each.name for each in variations.every() if each.group == "beta"))
    shaped = variations.options_for(azure, ReferenceOptions(base_path="/openai"))
    with running() as plain, running(shaped) as other:
        yield plain, other


@pytest.fixture(scope="module")
def results(tmp_path_factory, targets):
    """A real result of the few rows."""
    file = tmp_path_factory.mktemp("older") / "results.jsonl"
    assert run("check", targets[0], *FEW, "--results", file).returncode == 0
    return file


@pytest.fixture
def desk(tmp_path, targets, results):
    """A folder with what the pages take for granted."""
    for name in ("results.jsonl", *OLDER):
        shutil.copy(results, tmp_path / name)
    (tmp_path / "my_server").mkdir()
    (tmp_path / "my_server" / "main.py").write_text(
        "from runs_conformance.reference.app import create_app\n"
        "from runs_conformance.reference.options import ReferenceOptions\n"
        "app = create_app(ReferenceOptions())\n"
    )
    (tmp_path / "profile.toml").write_text(f'base_url = "{targets[0]}"\n')
    shutil.copytree(CASSETTES, tmp_path / "cassettes")
    calls = with_host(session())
    (tmp_path / "tests" / "cassettes").mkdir(parents=True)
    for name in ("tests/cassettes/one.yaml", "old.yaml"):
        (tmp_path / name).write_bytes(as_vcr_yaml(calls))
    (tmp_path / "traffic.har").write_bytes(as_har(calls))
    (tmp_path / "widgets.yaml").write_text(json.dumps(WIDGETS))
    return tmp_path


def called(page):
    """The page's commands in their order, as a program and its words."""
    lines = [line for name, text in blocks("sh") if name == page for line in re.split(r"\n| && ", text)]
    words = [shlex.split(line, comments=True) for line in lines]
    return [(each[0], each[1:]) for each in words if each and each[0] in PROGRAMS]


def adapted(program, words, targets):
    plain, azure = targets
    made = [re.sub(r"https?://[^/]*azure[^/]*/openai$", azure, word) for word in words]
    made = [re.sub(r"^https?://(?!127\.0\.0\.1:\d{5}/)\S+$", plain, word) for word in made]
    # In a checkout the suites lie beside the package; tests/test_wheel.py runs them by their installed name.
    made = [str(SUITES) if word == "runs_conformance.suites" else word for word in made if word != "--pyargs"]
    judges = program == "pytest" or words[0] == "check"
    if program == "pytest" and "--pyargs" not in words:
        return None
    if words[0] == "fuzz" and "--max-requests" not in words:
        return None if NEEDS_A_FAILURE in words else [*made, *BRIEF]
    if words[0] == "clients" and "--list" not in words:
        return None  # installs real clients; test_clients_drivers.py does that with one of them
    if words[0] == "soak":
        return [*made, "--users", "2", "--time", "2s"]
    if "--replay" in words:
        return made  # a recording is judged by what it was made with
    return [*made, *(FEW if judges and "--select" not in words else ())]


def ending(line):
    """The exit code to expect: 0, and of a recording what its verdict says."""
    if "--replay" not in line:
        return 0
    recording = ROOT / line[line.index("--replay") + 1] / "recording.toml"
    return tomllib.loads(recording.read_text("utf-8"))["verdict"]["exit_code"]


@pytest.mark.parametrize("page", PAGES)
def test_a_documented_server_has_a_fault_that_there_is(page):
    for program, words in called(page):
        if program == "runs-conformance" and words[0] == "serve":
            faults.named(*parser().parse_args(words).fault)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_work_one_after_the_other(page, desk, targets):
    ran = 0
    for program, words in called(page):
        line = adapted(program, words, targets)
        if line is None or words[0] in ENDLESS or words == ["--version"]:
            continue
        start = (Path(sys.executable).parent / program,)
        done = run(*line, cwd=desk, program=start, **VARIABLES)
        assert done.returncode == ending(line), f"{program} {line}\n{done.stdout}\n{done.stderr}"
        for at, word in enumerate(line):
            assert word not in ("--output", "--results") or (desk / line[at + 1]).exists()
        ran += 1
    assert ran or not called(page) or all(words[0] in ENDLESS for _, words in called(page))


def test_the_shell_of_the_ci_page_works(desk, targets):
    (line,) = [each for _, text in blocks("sh") for each in text.splitlines() if "action.sh" in each]
    url = re.search(r"CONFORMANCE_TARGET=(\S+)", line)[1]
    more = {"CONFORMANCE_TARGET": targets[0], "CONFORMANCE_SELECT": FEW[1]}
    assert line == f"CONFORMANCE_TARGET={url} bash action.sh"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = run(ROOT / "action.sh", cwd=desk, program=("bash",), PATH=path, **more)
    assert done.returncode == 0, done.stderr
    assert (desk / "conformance" / "report.html").exists()
