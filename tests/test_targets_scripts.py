"""The scripts that judge third-party servers: all but the servers themselves, and no network."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runs_conformance.clients.dialects import every
from runs_conformance.target.reading import load as load_profile

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "targets"))

import environments  # noqa: E402 - scripts, not a package
import processes  # noqa: E402
import recipes  # noqa: E402
import run  # noqa: E402
import verdicts  # noqa: E402

NAMES = recipes.names()
SERVER = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
open(sys.argv[2], "w").write(str(child.pid))
served = http.server.SimpleHTTPRequestHandler
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), served).serve_forever()
"""
FOOTER = {
    "kind": "footer", "exit_code": 1, "requests": 40, "runs": 9, "seconds": 1.25,
    "outcomes": {"passed": 7, "failed": 1, "warning": 1, "untestable": 2},
}  # fmt: skip


def requirement(name, outcome, actual="201"):
    counts = {"passed": 1, "failed": 2}
    return {"kind": "requirement", "id": name, "outcome": outcome, **counts, "evidence": {"actual": actual}}


def write_results(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def server(tmp_path, code=SERVER, deadline=20.0):
    port = processes.free_port()
    return processes.Program(
        name="server",
        command=[sys.executable, "-c", code, str(port), str(tmp_path / "child")],
        variables=processes.environment({}, tmp_path),
        folder=tmp_path,
        log=tmp_path / "log",
        ready=f"http://127.0.0.1:{port}/",
        deadline=deadline,
    )


def settings(tmp_path):
    return run.Settings(tmp_path, tmp_path / "absent.json", hold=False, arguments=())


def running(pid):
    """Whether a process lives; one that ended and was not read yet does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.is_file() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_there_are_targets():
    assert set(NAMES) >= {
        "langgraph", "litellm", "mockoon", "openai_responses", "portkey", "prism", "scalar", "steady",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_target_is_complete(name):
    recipe = recipes.load(name)
    assert re.fullmatch(r"\d+\.\d+\.\d+", recipe.version)
    assert any("{port}" in word for word in recipe.command)
    files = ("profile.toml", "gaps.toml", "deviations.toml", "last.jsonl", *recipe.render)
    assert [file for file in files if not (recipe.folder / file).is_file()] == []
    assert recipe.what.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_can_be_read(name, tmp_path):
    text = (recipes.HERE / name / "profile.toml").read_text("utf-8")
    filled = tmp_path / "profile.toml"
    filled.write_text(recipes.fill(text, {"upstream": "http://127.0.0.1:1", "thread": "t"}), "utf-8")
    assert load_profile(filled, environ={}).key_env == run.KEY_VARIABLE


@pytest.mark.parametrize("name", NAMES)
def test_clients_that_a_target_breaks_are_uses_of_dialects(name):
    uses = {f"{one.title} {use.name}" for one in every() for use in one.uses}
    assert set(recipes.expected_clients(name) or {}) <= uses


def test_only_litellm_says_so_far_what_it_breaks():
    assert [name for name in NAMES if recipes.expected_clients(name) is not None] == ["litellm"]
    broken = recipes.expected_clients("litellm")
    assert "openai-node 7 runs.stream()" in broken
    assert "openai-python 1 runs.create(stream=True)" not in broken


@pytest.mark.parametrize("path", sorted(recipes.HERE.glob("*/requirements.txt")), ids=lambda p: p.parent.name)
def test_every_python_package_is_pinned(path):
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line)] == []


@pytest.mark.parametrize(
    "path", sorted(recipes.HERE.glob("*/package-lock.json")), ids=lambda p: p.parent.name
)
def test_every_node_package_is_locked(path):
    packages = json.loads(path.read_text("utf-8"))["packages"]
    wanted = json.loads(path.with_name("package.json").read_text("utf-8"))["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_a_recipe_with_an_unknown_key_is_refused(tmp_path, monkeypatch):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "target.toml").write_text('package = "x"\ncommand = []\nready = "/"\nprot = 1\n')
    monkeypatch.setattr(recipes, "HERE", tmp_path)
    with pytest.raises(recipes.RecipeError, match="prot"):
        recipes.load("odd")


@pytest.mark.parametrize("manifest", ["x>=1.0\n", "y==1.0\n", '{"dependencies": {"x": "^1.0.0"}}'])
def test_a_version_range_is_no_pin(manifest):
    with pytest.raises(recipes.RecipeError, match="not pinned"):
        recipes.pinned_version(manifest, "x")


def test_fill_replaces_only_the_places():
    assert recipes.fill("{a: {port}} {other}", {"port": 80}) == "{a: 80} {other}"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("error.type", " ")], "error.type gives no reason"),
        ([("error.type", "theirs"), ("error.type", "theirs")], "error.type.*stands twice"),
        ([("error.typ", "theirs")], "no requirement.*error.type"),
    ],
)
def test_a_known_finding_is_a_requirement_with_one_reason(rows, problem, tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    text = "".join(f'[[gap]]\nid = "{name}"\nreason = "{reason}"\n' for name, reason in rows)
    (tmp_path / "t" / "gaps.toml").write_text(text)
    monkeypatch.setattr(recipes, "HERE", tmp_path)
    with pytest.raises(recipes.RecipeError, match=problem):
        recipes.gaps("t")


def test_a_program_ends_with_its_children(tmp_path):
    with processes.running(server(tmp_path)) as seconds:
        child = int((tmp_path / "child").read_text())
        assert 0 < seconds < 20
        assert running(child)
    assert not running(child)


def test_a_program_ends_when_the_block_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), processes.running(server(tmp_path)):
        raise KeyboardInterrupt
    assert not running(int((tmp_path / "child").read_text()))


def test_a_program_that_ignores_the_request_to_end_is_forced(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER
    with processes.running(server(tmp_path, stubborn)):
        child = int((tmp_path / "child").read_text())
    assert not running(child)


def test_a_program_that_dies_is_told_with_its_log(tmp_path):
    program = server(tmp_path, "import sys; sys.exit(3)")
    with pytest.raises(processes.LaunchError, match=r"ended with 3.*log"), processes.running(program):
        pass


def test_a_program_that_never_answers_is_given_up(tmp_path):
    program = server(tmp_path, "import signal; signal.pause()", deadline=0.3)
    with pytest.raises(processes.LaunchError, match="not ready"), processes.running(program):
        pass


def test_a_command_past_its_deadline_is_ended(tmp_path):
    command = (sys.executable, "-c", "import signal; signal.pause()")
    with pytest.raises(processes.LaunchError, match="did not end"):
        processes.finish(command, os.environ, tmp_path, tmp_path / "log", 0.3)


def test_servers_get_no_key_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in processes.environment({"A": "b"}, tmp_path).values()


def test_an_environment_is_made_once(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr(environments, "finish", lambda command, *_: commands.append(command) or 0)
    recipe = recipes.load("openai_responses")
    assert [environments.install(recipe, tmp_path) for _ in range(2)] == [True, False]
    assert len(commands) == 2
    (tmp_path / environments.STAMP).write_text("of another manifest")
    assert environments.install(recipe, tmp_path)


def test_a_failed_installation_leaves_no_stamp(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "finish", lambda *_: 1)
    with pytest.raises(processes.LaunchError, match="installation failed"):
        environments.install(recipes.load("portkey"), tmp_path)
    assert not (tmp_path / environments.STAMP).exists()


def test_results_are_read(tmp_path):
    rows = [
        requirement("a", "failed", "x\n y"),
        requirement("b", "warning"),
        requirement("c", "passed"),
        requirement("d", "untestable") | {"blocked_by": "a thread"},
        FOOTER,
    ]
    verdict = verdicts.read(write_results(tmp_path / "results.jsonl", *rows))
    assert verdict.broken == {
        "a": "failed in 2 of 3: x y", "b": "warning in 2 of 3: 201",
        "d": "untestable: blocked by a thread",
    }
    assert (verdict.exit_code, verdict.requests, verdict.runs) == (1, 40, 9)


def test_clients_that_it_breaks_are_read(tmp_path):
    told = {"client": "a", "use": "b()", "why": "no lines", "broken": ["event.framing"]}
    lines = [{"kind": "client", "verdict": one, **told} for one in ("breaks", "works")]
    lines[1]["use"] = "c()"
    found = verdicts.read(write_results(tmp_path / "r.jsonl", *lines, FOOTER))
    assert found.clients == {"a b()": "no lines (event.framing)"}


def test_results_without_a_footer_are_refused(tmp_path):
    path = write_results(tmp_path / "results.jsonl", requirement("a", "failed"))
    with pytest.raises(ValueError, match="no footer"):
        verdicts.read(path)


def test_differences_go_both_ways():
    found = verdicts.differences({"a": "seen", "b": "seen"}, {"b": "theirs", "c": "theirs"})
    assert [line.split(":")[0] for line in found] == ["+ a", "- c"]


def test_agreement_is_no_difference():
    assert verdicts.differences({"a": "seen"}, {"a": "theirs"}) == []


def judged(*differences, changes=0):
    verdict = verdicts.Verdict(1, FOOTER["outcomes"], {}, 40, 9, 1.25)
    return verdicts.Line("t", "1.0.0", verdict, 2.0, list(differences), changes=changes)


SKIPPED = verdicts.Line("s", "1.0.0", problem="skipped: no node")
BROKEN = verdicts.Line("b", "1.0.0", problem="not ready")


@pytest.mark.parametrize(
    ("lines", "named", "code"),
    [
        ([judged()], False, 0),
        ([judged(), judged("+ a")], False, 1),
        ([judged(), judged(changes=1)], False, 1),
        ([judged(), SKIPPED], False, 0),
        ([judged(), SKIPPED], True, 2),
        ([SKIPPED], False, 2),
        ([judged(), BROKEN], False, 2),
        ([], False, 2),
    ],
)
def test_exit_code(lines, named, code):
    assert run.exit_code(lines, named) == code


def test_the_table_shows_every_target():
    shown = verdicts.table([judged(), SKIPPED]).splitlines()
    assert shown[1].split() == ["t", "1.0.0", "1", "7", "1", "1", "2", "40", "9", "1.2", "2.0", "yes", "yes"]
    assert shown[2].endswith("skipped: no node")


def test_a_missing_document_skips_its_mock(tmp_path):
    line = run.attempt("prism", settings(tmp_path))
    assert (
        line.problem
        == f"skipped: it mocks an OpenAPI document, and there is none at {tmp_path / 'absent.json'}"
    )


def test_an_interrupt_has_a_code_of_its_own(capsys):
    def interrupted(_name, _settings):
        raise KeyboardInterrupt

    assert run.main(["prism"], interrupted) == 130
    assert "ended" in capsys.readouterr().out


def test_an_unknown_target_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        run.main(["litelm"])
    assert "no such target: litelm" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("how", ["0", "0, '0.0.0.0'", "0, undefined", "{port: 0}", "{port: 0, host: '::'}"])
def test_node_servers_stay_on_loopback(how):
    code = (
        f"const s = require('http').createServer().listen({how});"
        "s.on('listening', () => { console.log(s.address().address); s.close(); })"
    )
    preload = str(recipes.HERE / "portkey/loopback.cjs")
    done = subprocess.run(
        ["node", "--require", preload, "-e", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "127.0.0.1"
