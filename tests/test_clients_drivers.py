"""Drivers: their catalogue, the line protocol, and what a client reports against what was on the wire."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders import create, error, exchange, get, listing, message, run

from runs_conformance.clients.catalogue import Driver, chosen, drivers, install, is_installed, known
from runs_conformance.clients.comparing import compare, truth
from runs_conformance.clients.dialects import DialectError
from runs_conformance.clients.driving import DriverError, HangError, talking

NOTHING = {"text": "", "refusal": "", "calls": [], "incomplete": None}
ENDED = {"outcome": "ended", "status": "completed", **NOTHING}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
WAITS = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}


def done(**more):
    return run(status="completed", **more)


def test_every_driver_is_a_dialects_and_knows_its_uses():
    for driver in drivers():
        uses = {use.name for use in driver.dialect.uses}
        assert {name for _, name in driver.uses} <= uses, driver.name
        assert driver.program.is_file()
        assert driver.pins.exists()


def test_every_pin_is_exact():
    for driver in drivers():
        if driver.runs_on == "python":
            lines = driver.pins.read_text("utf-8").split()
            assert lines
            assert all("==" in line for line in lines), driver.name


def test_every_known_fault_is_of_a_driver_and_its_use():
    there = {driver.name: {use for use, _ in driver.uses} for driver in drivers()}
    for one in known():
        assert all(set(one.uses) <= there[client] for client in one.clients)
        assert one.source


def test_an_unknown_driver_is_told():
    with pytest.raises(DialectError, match="no driver is called 'perl'; there are: openai-python-3"):
        chosen(["perl"])


@pytest.mark.parametrize(
    ("report", "answers", "told"),
    [
        ({}, [create(answer=done())], ""),
        ({"status": "queued"}, [create(answer=done())], "status completed was reported as queued"),
        ({"text": "hello"}, [create(answer=done())], "text was invented or changed"),
        ({"calls": [{"id": "call_1", "name": "f", "arguments": "{}"}]},
         [create(answer=run(required_action=WAITS)), get(done())], ""),
        ({}, [create(answer=run(required_action=WAITS)), get(done())], "calls were lost: call_1"),
        ({"calls": [{"id": "call_2"}]}, [create(answer=done())], "a call was invented"),
        ({"calls": [{"id": "call_1", "name": "f", "arguments": "{ }"}]},
         [create(answer=run(required_action=WAITS)), get(done())], "a call was changed"),
        ({}, [create(answer=error(), status=400)], "the answer 400 was not surfaced as an error"),
        ({}, [create(answer=error(), status=429), create(answer=done())], ""),
        ({"outcome": "error", "error": {"status": 400, "message": "400 no"}},
         [create(answer=error(), status=400)], ""),
        ({"outcome": "error", "error": {"status": 500, "message": "no"}},
         [create(answer=error(), status=400)], "the error's status 400 was reported as 500"),
        ({"outcome": "error", "error": {"status": 400, "message": "bad"}},
         [create(answer=error(), status=400)], "the error's message was lost"),
        ({"outcome": "error", "error": {"class": "TypeError", "message": "x"}}, [create(answer=done())],
         "an error of its own: TypeError: x"),
        ({"outcome": "error", "error": {"class": "E", "message": "run failed: failed"}},
         [create(answer=run(status="failed"))], ""),
        ({"status": "failed"},
         [create(answer=run(status="failed", last_error={"code": "c", "message": "m"}))],
         "last_error.code"),
        ({"status": "incomplete"},
         [create(answer=run(status="incomplete", incomplete_details={"reason": "max_prompt_tokens"}))],
         "the reason max_prompt_tokens for incomplete became None"),
    ],
)
def test_what_a_client_got_wrong(report, answers, told):
    numbered = [replace(one, id=str(number)) for number, one in enumerate(answers)]
    found = compare({**ENDED, **report}, truth(numbered))
    assert found.startswith(told) if told else found == ""


def test_texts_of_a_list_are_those_of_the_assistant_oldest_first():
    said = [
        message(id=f"msg_{name}", role="assistant", content=[{"type": "text", "text": {"value": name}}])
        for name in ("b", "a")
    ]
    listed = exchange("GET", "/threads/thread_one/messages", listing(*said, message()))
    assert compare({**ENDED, "text": "ab"}, truth([create(answer=done()), listed])) == ""
    assert "lost" in compare({**ENDED, "text": "a"}, truth([create(answer=done()), listed]))


def driver(tmp_path, *lines):
    """A driver of our own making; its environment is this interpreter's."""
    program = tmp_path / "driver.py"
    program.write_text("import json, sys, time\n" + "\n".join(lines), "utf-8")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    return Driver("odd", program, "python", program, (("poll", "x"),))


HELLO = "print(json.dumps({'hello': {'client': 'c', 'version': '1', 'uses': ['poll']}}), flush=True)"
TASK = {"task": "1", "use": "poll"}


def test_a_driver_answers_line_by_line(tmp_path):
    odd = driver(
        tmp_path, HELLO, "for line in sys.stdin:",
        "    print(json.dumps({'task': json.loads(line)['task'], 'outcome': 'ended'}), flush=True)",
    )
    with talking(odd, tmp_path) as talk:
        assert talk.hello["client"] == "c"
        assert talk.ask(TASK, 10)["outcome"] == "ended"
        assert talk.ask({**TASK, "task": "2"}, 10)["task"] == "2"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["sys.stdin.readline()"], "ended by itself"),
        (["sys.stdin.readline()", "print('oh')"], "no JSON object"),
        (["sys.stdin.readline()", "print('{}')"], "answered {} to a task"),
    ],
)
def test_a_driver_that_keeps_no_protocol_is_told(tmp_path, lines, sentence):
    odd = driver(tmp_path, HELLO, *lines)
    with talking(odd, tmp_path) as talk, pytest.raises(DriverError, match=sentence):
        talk.ask(TASK, 10)


def test_a_driver_that_hangs_is_ended(tmp_path):
    with talking(driver(tmp_path, HELLO, "time.sleep(60)"), tmp_path) as talk, pytest.raises(HangError):
        talk.ask(TASK, 0.2)


def test_a_driver_without_hello_is_told(tmp_path):
    with pytest.raises(DriverError, match="did not begin with hello"), talking(
        driver(tmp_path, "print('{}', flush=True)"), tmp_path
    ):
        pass


def test_an_environment_is_made_once(tmp_path, monkeypatch):
    pins = tmp_path / "pins.txt"
    pins.write_text("", "utf-8")
    steps = []

    def finished(command, **_):
        steps.append(command)
        (tmp_path / "home" / "venv" / "bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / "venv" / "bin" / "python").touch()
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", finished)
    made = Driver("odd", tmp_path / "d.py", "python", pins, ())
    assert install(made, tmp_path / "home")
    assert len(steps) == 2
    assert not install(made, tmp_path / "home")
    pins.write_text("x==1", "utf-8")
    assert not is_installed(made, tmp_path / "home")


def test_without_an_environment_the_command_says_what_to_do(tmp_path):
    command = [sys.executable, "-m", "runs_conformance", "clients", "--only", "openai-python-3", "--folder"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not installed yet; --install makes its environment" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_real_client_through_scenarios_and_at_a_target_without_event_lines(tmp_path):
    """The newest openai-python: what its driver sees is what its dialect derives."""
    from runs_conformance.clients.trying import REQUESTS
    from runs_conformance.reference import faults
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.server import running

    made = install_or_skip("openai-python-3", tmp_path)
    told = clients(tmp_path, "embedded", "--scenario", "plain-text", "--scenario", "refused")
    assert {one["outcome"] for one in told} == {"served"}
    assert len(told) == 3 * len(made.uses)  # two scenarios, and what it sends in all of them
    with running(ReferenceOptions(faults=faults.named("stream-bytes.event-name-inside-data"))) as url:
        made_of = [one for one in clients(tmp_path, url) if one["case"] != REQUESTS]
        found = {one["client"].rpartition(" ")[2]: one["outcome"] for one in made_of}
        works = derived(tmp_path, url, made.dialect.title)
    decided = {use: works[name] for use, name in made.uses if works[name] != "unknown"}
    assert {use: found[use] for use in decided} == {
        use: "served" if verdict == "works" else "wrong" for use, verdict in decided.items()
    }
    assert set(decided.values()) == {"works", "breaks"}


def install_or_skip(name, folder):
    from runs_conformance.clients.catalogue import InstallError

    [made] = chosen([name])
    try:
        install(made, folder / name)
    except InstallError as problem:
        pytest.skip(f"no package index can be reached: {problem}")
    return made


def derived(folder, target, title):
    """What `check` says of each use of a client; of nameless events it can say too little of some."""
    results = Path(folder) / "check.jsonl"
    command = [sys.executable, "-m", "runs_conformance", "check", target, "--profile", "smoke"]
    subprocess.run([*command, "--results", str(results)], check=False, timeout=300, capture_output=True)
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    ours = [one for one in lines if one["kind"] == "client" and one["client"] == title]
    return {one["use"]: one["verdict"] for one in ours}


def clients(folder, target, *words):
    results = Path(folder) / "results.jsonl"
    command = [sys.executable, "-m", "runs_conformance", "clients", target, "--folder", str(folder)]
    subprocess.run(
        [*command, "--only", "openai-python-3", "--results", str(results), *words], check=False, timeout=300,
        capture_output=True,
    )
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return [one for one in lines if one["kind"] == "client_case" and one["outcome"] != "skipped"]
