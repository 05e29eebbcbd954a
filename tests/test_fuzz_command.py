"""`runs-conformance fuzz`: on a sound target, on faulty ones, with a user's document, within a budget."""

import json
import re

import fuzz_servers
import pytest

from runs_conformance.cli import main
from runs_conformance.commands.fuzz import PHASES
from runs_conformance.fuzzing import phases
from runs_conformance.reference import ReferenceOptions, faults, running

QUIET = ("--database", "none")


def results(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def broken(path):
    rows = [line for line in results(path) if line["kind"] == "requirement"]
    return {row["id"] for row in rows if row["outcome"] in ("failed", "warning")}


def fuzzed(target, tmp_path, *words):
    """Exit code and broken rows of a fuzz run."""
    code = main(["fuzz", target, "--results", str(tmp_path / "r.jsonl"), *words])
    return code, broken(tmp_path / "r.jsonl")


@pytest.fixture
def faulty(request):
    with running(ReferenceOptions(faults=faults.named(request.param))) as url:
        yield url


def test_the_command_knows_the_phases():
    assert tuple(phases.PHASES) == PHASES


@pytest.mark.slow
def test_a_sound_target_breaks_nothing(tmp_path, capsys):
    assert fuzzed("embedded", tmp_path, "--strict", *QUIET) == (0, set())
    told = capsys.readouterr()
    assert "seed 0" in told.err
    assert all(f"{name}: " in told.err for name in PHASES)
    assert "FOUND" not in told.err


@pytest.mark.parametrize(
    ("faulty", "phase", "row"),
    [
        ("refusal.unknown-property-taken", "coverage", "refuse.unknown-property"),
        ("refusal.astral-breaks-the-server", "hostile", "beyond.server-error"),
        ("echo.temperature-ignored", "values", "response.default.temperature"),
        ("headers.stream-as-text", "examples", "headers.stream-content-type"),
    ],
    indirect=["faulty"],
)
def test_a_fault_is_found_by_its_phase(faulty, phase, row, tmp_path):
    code, rows = fuzzed(faulty, tmp_path, "--phases", phase, "--operation", "createRun", *QUIET)
    assert code == (0 if row.startswith("beyond.") else 1)
    assert row in rows


FAULT = "refusal.unknown-property-taken"


@pytest.mark.parametrize("faulty", [FAULT], indirect=True)
def test_a_finding_is_kept_replayed_and_told_as_a_test(faulty, tmp_path, capsys):
    kept = ("--database", str(tmp_path / "kept"))
    code, rows = fuzzed(faulty, tmp_path, "--phases", "coverage", "--operation", "createRun", *kept)
    told = capsys.readouterr()
    [name] = re.findall(r"FOUND (\w{8}) MUST refuse\.unknown-property ", told.err)[:1]
    assert (code, "refuse.unknown-property" in rows) == (1, True)
    assert f"--replay-failure {name}" in told.out
    assert main(["fuzz", faulty, "--replay-failure", name, *kept]) == 1
    assert "it still fails" in capsys.readouterr().err
    assert main(["fuzz", "embedded", "--replay-failure", name, *kept]) == 0
    assert "it fails no more" in capsys.readouterr().err
    told_as = re.search(rf"Repeat {name} with.*?(from runs_conformance.*?\n    \)\n)", told.out, re.DOTALL)
    function = told_as[1]
    with pytest.raises(AssertionError, match=r"refuse\.\S+ at request /"):
        run_printed(function)
    run_printed(re.sub(r"target='[^']*'", "target='embedded'", function))


def run_printed(text):
    space = {}
    exec(compile(text, "printed", "exec"), space)
    next(value for key, value in space.items() if key.startswith("test_"))()


@pytest.mark.parametrize("faulty", [FAULT], indirect=True)
def test_what_failed_before_is_tried_first_and_forgotten_when_mended(faulty, tmp_path, capsys):
    kept = ("--database", str(tmp_path / "kept"))
    words = ("--phases", "coverage", "--operation", "createRun", "--max-requests", "60")
    fuzzed(faulty, tmp_path, *words, *kept)
    assert fuzzed(faulty, tmp_path, "--phases", "kept", *kept)[0] == 1
    assert "(kept)" in capsys.readouterr().err
    assert fuzzed("embedded", tmp_path, "--phases", "kept", *kept)[1] == set()
    capsys.readouterr()
    fuzzed(faulty, tmp_path, "--phases", "kept", *kept)
    assert "kept: 0 requests" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--max-requests", "50"), "--max-requests is spent"),
        (("--max-time", "0.4"), "--max-time is spent"),
        (("--max-runs", "2"), "--max-runs are spent"),
    ],
)
def test_a_budget_is_kept_and_what_was_cut_short_is_told(words, told, tmp_path, capsys):
    assert fuzzed("embedded", tmp_path, "--phases", "examples,hostile,stateful", *words, *QUIET)[1] == set()
    said = capsys.readouterr()
    assert re.search(rf"cut short: .*{told}", said.err)
    assert "cut short" in said.out
    footer = results(tmp_path / "r.jsonl")[-1]
    assert words[0] != "--max-requests" or footer["requests"] <= 50
    assert words[0] != "--max-runs" or footer["runs"] <= 4


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("good", set()),
        ("strict", set()),
        ("shapeless", {"beyond.own.shape"}),
        ("textual", {"beyond.own.media-type", "beyond.own.shape"}),
        ("failing", {"beyond.server-error"}),
    ],
)
def test_a_users_document_is_fuzzed_too(name, rows, tmp_path):
    document = fuzz_servers.write(tmp_path / "widgets.json")
    target = f"app:fuzz_servers:{name}/v1"
    words = ("--openapi", str(document), "--operation", "GET /widgets*", "--phases", "coverage,fuzzing")
    code, found = fuzzed(target, tmp_path, *words, *QUIET)
    assert code == 0
    assert found == rows or found == rows - {"beyond.own.shape"}
    assert not found or fuzzed(target, tmp_path, *words, "--strict", *QUIET)[0] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--openapi", "no/such.json"), "can't be read"),
        (("--phases", "coverag"), "is none of"),
        (("--max-requests", "0"), "give a number above 0"),
        (("--max-time", "soon"), "is not a number"),
        (("--database", "ftp://x"), "give a directory"),
        (("--replay-failure", "12345678"), "no such case"),
        (("--select", "no.such.row"), "matches no requirement"),
    ],
)
def test_what_can_not_be_used_is_said_in_a_sentence(words, told, tmp_path, capsys):
    database = () if "--database" in words else ("--database", str(tmp_path / "empty"))
    assert main(["fuzz", "embedded", *words, *database]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "neither JSON nor YAML"),
        ("[]", "no OpenAPI document"),
        ('{"openapi": "3.1.0", "info": {}, "paths": {}}', "describes no operation"),
    ],
)
def test_a_document_that_is_none_is_said(text, told, tmp_path, capsys):
    (tmp_path / "d.json").write_text(text, "utf-8")
    assert main(["fuzz", "embedded", "--openapi", str(tmp_path / "d.json"), *QUIET]) == 2
    assert told in capsys.readouterr().err


def test_a_target_that_is_not_there_is_said(capsys):
    assert main(["fuzz", "http://127.0.0.1:9/v1", *QUIET]) == 2
    assert "127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize("faulty", ["headers.request-id-missing"], indirect=True)
def test_no_key_is_kept_or_told(faulty, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-indeed")
    kept = ("--database", str(tmp_path / "kept"), "--phases", "examples", "--operation", "createRun")
    fuzzed(faulty, tmp_path, *kept)
    said = capsys.readouterr()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert b"sk-very-secret-indeed" not in b"".join([*files, said.out.encode(), said.err.encode()])
