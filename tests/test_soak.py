"""Soaks: the sound target has no finding, concurrency faults are found, and a cluster tells the same."""

import importlib.util
import json
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
from command import SECRET, environment, flat, run

from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running

# Not imported: Locust patches the process that imports it.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("locust") is None, reason="soak needs Locust: pip install 'locust>=2.40'"
)
# Each fault with the row that tells it.
FOUND = {
    "concurrency.race-won-by-both": "isolation.race-one-wins",
    "concurrency.metadata-of-the-other-call": "response.echo.metadata",
    "concurrency.later-streams-without-done": "order.done-last",
}
LOCUSTFILE = "from runs_conformance.soaking.locustfile import RunsUser  # noqa: F401\n"


def lines(file, kind):
    found = map(json.loads, file.read_text("utf-8").splitlines())
    return [one for one in found if one["kind"] == kind]


def broken(file):
    return {one["id"] for one in lines(file, "requirement") if one["outcome"] == "failed"}


@contextmanager
def target(*names):
    with running(ReferenceOptions(faults=faults.named(*names))) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    file = tmp_path_factory.mktemp("sound") / "results.jsonl"
    done = run("soak", "embedded", "--users", 4, "--time", "3s", "--results", file, OPENAI_API_KEY=SECRET)
    return done, file


def test_the_sound_target_conforms_under_load(sound):
    done, file = sound
    assert done.returncode == 0, done.stdout + done.stderr
    assert not broken(file)
    (load,) = lines(file, "load")
    assert load["exchanges"] > 100
    assert load["judging_cpu"] > 0 < load["target_cpu"]
    assert {one["measure"] for one in lines(file, "latency")} >= {"first event", "gap between events", "done"}
    assert SECRET not in file.read_text("utf-8")
    assert re.search(r"judging is [\d.]+ of sending", flat(done.stdout))


def test_its_report_shows_the_latencies(sound, tmp_path):
    _, file = sound
    page = tmp_path / "report.html"
    assert run("report", file, "--html", "--output", page).returncode == 0
    text = page.read_text("utf-8")
    assert "<h2>Under load</h2>" in text
    assert text.count("<polyline") >= 6
    assert "first event, createRun: over time" in text
    assert "### Under load" in run("report", file, "--markdown").stdout


def test_concurrency_faults_are_found_with_their_evidence(tmp_path):
    file = tmp_path / "results.jsonl"
    with target(*FOUND) as base_url:
        done = run("soak", base_url, "--users", 6, "--time", "6s", "--results", file)
    assert done.returncode == 1, done.stdout + done.stderr
    assert broken(file) >= set(FOUND.values())
    told = [one for one in lines(file, "finding") if one["requirement"] in FOUND.values()]
    failed = [one for one in told if one["outcome"] == "failed"]
    assert all("curl" in one["curl"] and one["exchange"] for one in failed)


def test_a_target_that_is_not_there_is_told_in_a_sentence():
    done = run("soak", "http://127.0.0.1:9/v1", "--time", "5s", "--users", "2")
    assert done.returncode == 2
    assert "127.0.0.1:9" in done.stderr


@pytest.mark.parametrize(
    "words", [["--users", "0"], ["--users", "many"], ["--time", "never"], ["--pause", "-1"]]
)
def test_an_option_that_means_nothing_is_told(words):
    done = run("soak", *words)
    assert done.returncode == 2
    assert words[0] in done.stderr


@pytest.mark.slow
def test_a_master_and_two_workers_find_it_together(tmp_path, free_port):
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    locust = [sys.executable, "-m", "locust", "-f", "locustfile.py"]
    place = {
        "cwd": tmp_path,
        "env": environment(),
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }
    with target("concurrency.later-streams-without-done") as base_url:
        words = ["--worker", "--master-port", str(free_port)]
        workers = [subprocess.Popen([*locust, *words], **place) for _ in range(2)]
        master = subprocess.run(
            [
                *locust, "--master", "--master-bind-port", str(free_port), "--headless", "--users", "4",
                "--run-time", "12s", "--expect-workers", "2", "--only-summary", "--host", base_url,
                "--conformance-results", "whole.jsonl",
            ],
            **place, check=False, timeout=300,
        )  # fmt: skip
        told = [worker.communicate(timeout=60)[0] for worker in workers]
    assert master.returncode == 1, master.stdout + "".join(told)
    (load,) = lines(tmp_path / "whole.jsonl", "load")
    assert load["workers"] == 2
    assert broken(tmp_path / "whole.jsonl") >= {"order.done-last"}
    # Both were at work: each sends every body once before the load. Of a row the first failures are kept.
    assert load["stories"]["before the load"] == 2
    found = [one["exchange"] for one in lines(tmp_path / "whole.jsonl", "finding") if "exchange" in one]
    assert {one.partition("-")[0] for one in found} <= {"w0", "w1"}
    assert found


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
