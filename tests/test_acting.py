"""The command `check --as CLIENT` on the reference target and on faulty ones; clients in every check."""

import json
import subprocess
import sys

import pytest

from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running


def check(*words, target="embedded", tmp_path):
    results = tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "runs_conformance", "check", target, "--results", str(results), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return done, lines


def of(lines, kind):
    return [line for line in lines if line["kind"] == kind]


def test_psopenai_is_served_but_for_what_is_outside_of_the_contract(tmp_path):
    done, lines = check("--as", "psopenai", tmp_path=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = of(lines, "client_case")
    assert {one["outcome"] for one in cases} == {"served", "kept"}
    kept = {one["case"].partition(": ")[2] for one in cases if one["outcome"] == "kept"}
    assert "last_messages without a count" in kept
    assert {one["verdict"] for one in of(lines, "client")} == {"works"}


def test_a_client_without_the_beta_header_is_not_served(tmp_path):
    done, lines = check("--as", "utdk-openai", tmp_path=tmp_path)
    assert done.returncode == 1
    assert "it does not serve the users of @utdk/openai createrun" in " ".join(done.stdout.split())
    assert len(of(lines, "client_case")) == 1


def test_a_target_that_refuses_nulls_does_not_serve_litellm(tmp_path):
    options = ReferenceOptions(faults=faults.named("refusal.nulls-refused"))
    with running(options) as url:
        done, lines = check("--as", "litellm", target=url, tmp_path=tmp_path)
    assert done.returncode == 1, done.stdout
    assert any(one["outcome"] == "refused" for one in of(lines, "client_case"))


def test_a_stream_without_event_lines_breaks_the_newer_sdks(tmp_path):
    options = ReferenceOptions(faults=faults.named("stream-bytes.event-name-inside-data"))
    with running(options) as url:
        done, lines = check("--profile", "smoke", target=url, tmp_path=tmp_path)
    found = {(one["client"], one["use"]): one for one in of(lines, "client")}
    assert found["openai-node 7", "runs.stream()"]["why"] == "the stream has no event: lines"
    assert found["openai-node 7", "runs.stream()"]["broken"] == ["event.framing"]
    assert found["openai-python 1", "runs.create(stream=True)"]["verdict"] == "works"
    assert "Clients that it breaks (the stream has no event: lines: event.framing)" in " ".join(
        done.stdout.split()
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--as", "psopnai"], "did you mean psopenai?"),
        (["--as", "psai", "--record", "x"], "--as can't go with --record or --replay"),
    ],
)
def test_bad_words_get_a_sentence(words, sentence, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "runs_conformance", "check", *words], capture_output=True, text=True,
        check=False, cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
