"""`runs-conformance watch` as a person starts and ends it: lines, report, results, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from client_servers import RawServer, answering
from command import environment, flat, run
from watched_traffic import KEY, client

from runs_conformance.report.results import read_results

GOOD = {
    "assistant_id": "asst_scenario_plain_text",
    "thread": {"messages": [{"role": "user", "content": "hi"}]},
}


class Watching:
    """The command while it runs; `end` gives its exit code and all that it said after its first line."""

    def __init__(self, *words):
        command = [sys.executable, "-u", "-m", "runs_conformance", "watch", *words]
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.first = self.process.stdout.readline()
        self.base_url = re.search(r"at (http\S+)", self.first)[1]

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=60)
        assert "Traceback" not in said
        assert KEY not in said
        return self.process.returncode, said


@contextmanager
def watching(*words):
    made = Watching(*words)
    try:
        with client(made.base_url) as http:
            yield made, http
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_traffic_is_told_line_by_line_and_reported_at_the_end(how):
    with watching() as (command, http):
        assert http.post("/threads/runs", json=GOOD).status_code == 200
        assert http.post("/threads/runs", json={**GOOD, "temprature": 1}).status_code == 400
        code, said = command.end(how)
    assert re.search(r"^ +1 POST +/v1/threads/runs  200  \d+\.\d{3} s  .*ok", said, re.MULTILINE)
    assert re.search(
        r"^ +2 POST .* 400 .*client: client.body.unknown-field \(/temprature\)", said, re.MULTILINE
    )
    assert "1 broken (client.body.unknown-field)" in flat(said)
    assert re.search(r"The server: of \d+ requirements that its traffic showed none broken", flat(said))
    assert code == 0


CODES = [("", GOOD, 0), ("any", GOOD, 0), ("any", {**GOOD, "x": 1}, 1), ("client", {**GOOD, "x": 1}, 1)]


@pytest.mark.parametrize(("side", "body", "code"), [*CODES, ("server", {**GOOD, "x": 1}, 0)])
def test_the_exit_code_says_what_was_asked(side, body, code):
    with watching(*(["--fail-on-findings", side] if side else [])) as (command, http):
        http.post("/threads/runs", json=body)
        assert command.end()[0] == code


def test_the_servers_fault_counts_as_the_servers():
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{x:}"
    with RawServer(answering(broken)) as server:
        words = ("--upstream", server.url, "--fail-on-findings", "server")
        with watching(*words) as (command, http):
            http.post("/threads/runs", json=GOOD)
            code, said = command.end()
    assert code == 1
    assert re.search(r"The client: of \d+ requirements that its traffic showed none broken", flat(said))


def test_results_hold_what_was_found_and_no_key(tmp_path):
    file = tmp_path / "results.jsonl"
    with watching("--results", str(file)) as (command, http):
        http.post("/threads/runs", json={**GOOD, "temperature": 3, "metadata": {"k": KEY}})
        command.end()
    assert KEY not in file.read_text()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {
        line["requirement"] for line in lines if line.get("outcome") == "failed" and line["kind"] == "finding"
    } == {"client.body.bound"}
    assert read_results(file).footer.exit_code == 0


def test_a_thousand_exchanges_are_all_judged():
    with watching("--quiet") as (command, http):
        for _ in range(1000):
            http.post("/threads", json={})
        code, said = command.end()
    assert "1,000 exchanges passed: 1,000 judged, in 1,000 threads." in flat(said)
    assert (code, said.count("POST")) == (0, 0)


def test_nothing_is_no_success():
    with watching() as (command, _):
        code, said = command.end()
    assert code == 2
    assert "no request came through" in flat(said)


def test_other_endpoints_are_passed_on_and_counted():
    with watching("--fail-on-findings") as (command, http):
        http.get("/models")
        code, said = command.end()
    assert "passed on, not judged" in said
    assert "nothing that came through could be judged" in flat(said)
    assert code == 2


def test_without_a_key_nothing_is_expected_of_the_client():
    with watching("--no-key", "--fail-on-findings", "client") as (command, http):
        del http.headers["authorization"]
        http.post("/threads/runs", json=GOOD)
        assert command.end()[0] == 0


BAD = {
    ("--upstream", "nonsense"): "nonsense",
    ("--port", "99999"): "a port is a number",
    ("--edition", "soon"): "is no date",
    ("--select", "no-such-row"): "matches no requirement",
    ("--results", f"{os.sep}no{os.sep}such{os.sep}folder"): "can't be written",
    ("--host", "192.0.2.1"): "can't listen on 192.0.2.1:0",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_options_are_told_in_a_sentence(words):
    done = run("watch", *words)
    assert done.returncode == 2
    assert BAD[words] in flat(done.stderr)
    assert len(done.stderr.splitlines()) == 1
