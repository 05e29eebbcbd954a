"""The command against a target: one that answers nothing usable, and the embedded one."""

import json
import socket
import sys

import pytest
from client_servers import JSON, RawServer, always
from command import SECRET, flat, run

from runs_conformance.paths import SUITES
from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running
from runs_conformance.report.results import read_results

MINIMAL = "accept.create-run.minimal"
CHEAP = ("--select", MINIMAL)
REFUSED_KEY = b'{"error":{"message":"Incorrect API key","type":"invalid_request_error"}}'


def answer(body, status=b"200 OK", kind=b"application/json"):
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))
    return always(head + body)


def silent(connection):
    connection.request()
    connection.stopped.wait(60)


def hundred_megabytes(connection):
    connection.request()
    connection.send(JSON % (100 * 2**20, b""))
    for _ in range(1600):
        connection.send(b" " * 65536)


# A target that can't be tested at all ends in 2; one that answers, but nothing usable, does not conform.
HOSTILE = {
    "HTML": (answer(b"<!doctype html><p>hi", kind=b"text/html"), 2, "an HTML page: is the base URL right?"),
    "a refused key": (answer(REFUSED_KEY, b"401 Unauthorized"), 2, "the environment variable OPENAI_API_KEY"),
    "silence": (silent, 2, "nothing came within 1 second"),
    "a hang-up": (lambda connection: None, 2, "can't be used: "),
    "not HTTP": (always(b"SSH-2.0-OpenSSH_9\r\n\r\n"), 2, "can't be used: "),
    "100 MB": (hundred_megabytes, 1, "the answer is larger than 8388608 bytes"),
    "half a JSON": (answer(b'{"id": "asst_1", "obj'), 1, "POST /assistants answered HTTP 200 without an id"),
    "a list": (answer(b"[]"), 1, "POST /assistants answered HTTP 200 without an id"),
    "nested JSON": (answer(b"[" * 200_000), 1, "POST /assistants answered HTTP 200 without an id"),
    "a redirect": (always(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), 1, "HTTP 302"),
    "no such path": (answer(b"no such page", b"404 Not Found"), 1, 'absent = ["assistants.create"]'),
    "a breakdown": (answer(b'{"error":{"message":"boom"}}', b"500 Oh"), 1, 'answered HTTP 500: "boom"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_target_that_answers(name):
    handler, code, sentence = HOSTILE[name]
    with RawServer(handler) as server:
        done = run("check", server.url, "--timeout", "1", *CHEAP, OPENAI_API_KEY=SECRET)
    assert sentence in flat(done.stdout + done.stderr)
    assert done.returncode == code


def test_a_host_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/v1"
    done = run("check", url, *CHEAP)
    assert done.returncode == 2
    assert f"{url} can't be used: " in flat(done.stderr)
    assert "is the target running" in flat(done.stderr)


def test_a_remote_target_without_a_key_is_not_asked():
    done = run("check", "https://runs-conformance.invalid/v1", *CHEAP)
    assert done.returncode == 2
    assert "no key: set the environment variable OPENAI_API_KEY" in flat(done.stderr)


def test_an_app_that_is_not_there():
    done = run("check", "app:no_such_module:app", *CHEAP)
    assert done.returncode == 2
    assert "there is no module no_such_module" in flat(done.stderr)


def test_a_target_that_answers_nonsense_is_not_asked_a_thousand_times(tmp_path):
    """What nothing can be built on is found once; the rest must cost next to nothing."""
    results = tmp_path / "results.jsonl"
    with RawServer(answer(b"[]")) as server:
        assert run("check", server.url, "--results", results).returncode == 1
    footer = read_results(results).footer
    assert footer.requests < 10
    assert footer.seconds < 30


def test_the_embedded_target_conforms(tmp_path):
    """The reader holds every line against the schema of result lines, and wants a header and a footer."""
    done = run("check", "--select", MINIMAL, "--results", tmp_path / "results.jsonl")
    assert done.returncode == 0
    assert "CONFORMS (exit 0): 1 requirement tested" in flat(done.stdout)
    results = read_results(tmp_path / "results.jsonl")
    assert (results.footer.exit_code, results.footer.verdict) == (0, "conforms")
    assert [each.id for each in results.verdicts if each.outcome == "passed"] == [MINIMAL]


def test_a_filter_stops_requests():
    few = run("check", "--select", MINIMAL).stdout
    more = run("check", "--select", f"{MINIMAL},refuse.temperature,refuse.top-p").stdout
    assert requests(few) < 10 < requests(more)


def requests(text):
    return int(flat(text).split("It took ")[1].split(" request")[0].replace(",", ""))


def test_max_runs_is_kept():
    done = run("check", "--select", "acceptance,isolation", "--max-runs", "2")
    assert "--max-runs" in flat(done.stdout)
    assert int(flat(done.stdout).split(" requests, ")[1].split(" run")[0]) <= 2
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("words", "variables", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {}, False),
        ((), {"NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_asked_for_or_left_out(words, variables, coloured):
    """A pipe is no terminal; an option is stronger than the environment."""
    done = run("check", "--select", MINIMAL, *words, **variables)
    assert ("\x1b[" in done.stdout) is coloured


def test_workers_come_to_the_same_verdict(tmp_path):
    alone, together = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    select = ("--select", f"{MINIMAL},refuse.temperature,refuse.top-p")
    assert run("check", *select, "--results", alone).returncode == 0
    assert run("check", *select, "--results", together, "--workers", "2").returncode == 0
    assert outcomes(alone) == outcomes(together)


def outcomes(file):
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return {line["id"]: line["outcome"] for line in lines if line["kind"] == "requirement"}


def test_pytest_runs_the_suites_with_the_same_options(tmp_path):
    words = (SUITES, "--select", MINIMAL, "--results", tmp_path / "r.jsonl", "-p", "no:cacheprovider")
    done = run(*words, program=(sys.executable, "-m", "pytest"), cwd=tmp_path)
    assert done.returncode == 0
    assert "CONFORMS (exit 0): 1 requirement tested" in flat(done.stdout)
    assert outcomes(tmp_path / "r.jsonl")[MINIMAL] == "passed"


def test_pytest_tells_a_wrong_option_too():
    done = run(SUITES, "--select", "no-such-row", program=(sys.executable, "-m", "pytest"))
    assert done.returncode == 4
    assert "matches no requirement" in done.stdout + done.stderr


def test_report_only_ends_with_0_and_says_so():
    words = ("check", "app:no_such_module:app", "--report-only")
    assert run(*words).returncode == 2
    fault = ReferenceOptions(faults=faults.named("refusal.temperature*"))
    with running(fault) as url:
        done = run("check", url, "--select", "refuse.temperature.range", "--report-only")
    assert done.returncode == 0
    assert "DOES NOT CONFORM (exit 1)" in flat(done.stdout)
    assert done.stdout.endswith("Exit 0 instead of 1, for --report-only.\n")
