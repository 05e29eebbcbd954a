"""The command without a target: what it lists, and what it says to bad input."""

import json
import socket
import subprocess
import sys

import pytest
from command import environment, flat

from runs_conformance.cli import main
from runs_conformance.contract.register import load


def told(capsys, *words):
    """Exit code and what stands on standard error, of a call that ends before anything is sent."""
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    return code, flat(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--no-such"], "unrecognized arguments: --no-such"),
        (["--seed", "dice"], "--seed 'dice' is neither a whole number nor 'random'"),
        (["--max-runs", "many"], "--max-runs 'many' is not a whole number"),
        (["--max-runs", "0"], "max_runs: expected at least 1, found 0"),
        (["--timeout", "soon"], "--timeout 'soon' is not a number of seconds"),
        (["--timeout", "-1"], "expected more than 0 seconds, found -1"),
        (["--timeout", "nan"], "expected more than 0 seconds, found nan"),
        (["--edition", "yesterday"], 'edition: "yesterday" is not a date such as 2026-08-21'),
        (["--edition", "2023-11-06"], "edition: 2023-11-06 is outside 2024-04-17 .. 2026-08-21"),
        (
            ["--profile", "standart"],
            'did you mean "standard"?',
        ),
        (["--profile", "no/such.toml"], "profile no/such.toml: there is no such file"),
        (["--absent", "stream"], "--absent 'stream' is no capability: did you mean \"streams\"?"),
        (["--header", "X-Lonely"], "--header 'X-Lonely': write it as name:value"),
        (["--header", "X-Key: ${NOT_SET_ANYWHERE}"], "the environment variable NOT_SET_ANYWHERE is not set"),
        (["--query", "=v"], "--query '': write it as name=value"),
        (["--select", "accept.instruction"], "matches no requirement; the closest is 'accept.instructions'"),
        (["--select", "RQ-301"], "--select 'RQ-301' matches no requirement"),
        (["--workers", "two"], "argument --workers: invalid int value: 'two'"),
        (["--color", "red"], "argument --color: invalid choice: 'red'"),
        (["embeded"], "target 'embeded' is neither embedded, a URL, nor app:module:attribute; did you mean"),
        (["app:module"], "target 'app:module' is neither embedded, a URL, nor app:module:attribute"),
        (["ftp://host/v1"], 'base_url: "ftp://host/v1" is not a URL such as http://127.0.0.1:8000/v1'),
        (["http://user:word@host/v1"], "base_url: has a user name or password in it; use headers instead"),
        (["http://host/v1?api-version=1"], "put query parameters into the table `query` (option --query)"),
        (["http://host:99999/v1"], "base_url: Port out of range"),
    ],
)
def test_a_wrong_option_is_told_with_what_to_write(capsys, words, sentence):
    code, said = told(capsys, "check", *words)
    assert code == 2
    assert sentence in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"model = ", "not TOML"),
        (b"model = '\xff'", "not UTF-8 at byte 9"),
        (b"modell = 'gpt-4o'", 'unknown setting "modell": did you mean "model"?'),
        (b"model = 4", "model: expected a string, found a number"),
        (b"absent = ['threads', 'streems']", 'absent: unknown capability "streems": did you mean "streams"?'),
        (
            b"timeouts = { exchange = '1m' }",
            "timeouts.exchange: expected a number of seconds, found a string",
        ),
        (b"auth_header = 'basic'", "auth_header: expected one of bearer, api-key, none"),
    ],
)
def test_an_unusable_profile_is_told_with_its_place(capsys, tmp_path, text, sentence):
    file = tmp_path / "profile.toml"
    file.write_bytes(text)
    code, said = told(capsys, "check", "--profile", str(file))
    assert code == 2
    assert sentence in said
    assert str(file) in said


def test_a_results_file_that_can_not_be_written_is_told(capsys, tmp_path):
    code, said = told(capsys, "check", "--results", str(tmp_path / "no" / "results.jsonl"))
    assert code == 2
    assert said.endswith("no/results.jsonl: can't be written (No such file or directory)")


@pytest.mark.parametrize("words", [[], ["chek"], ["list", "--level", "must"], ["serve", "--port", "http"]])
def test_a_wrong_command_is_told_with_the_usage(capsys, words):
    code, said = told(capsys, *words)
    assert code == 2
    assert said.startswith("usage: runs-conformance")


def test_serve_says_that_the_port_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = told(capsys, "serve", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "choose another --port" in said


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([], len(load())),
        (["RQ-001"], 1),
        (["accept.model.*"], 1),
        (["refusal", "--level", "MUST"], sum(x.chapter == "refusal" and x.level == "MUST" for x in load())),
        (["--edition", "2024-04-17"], sum(x.applies("2024-04-17") for x in load())),
    ],
)
def test_list_filters(capsys, words, count):
    assert main(["list", *words]) == 0
    *rows, total = capsys.readouterr().out.splitlines()
    assert len(rows) == count
    assert total == f"{count} of {len(load())} requirements"


def test_list_as_json_is_the_register(capsys):
    assert main(["list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [row.id for row in load()]
    assert rows[0]["statement"] == next(iter(load())).statement


def test_list_in_full_has_the_source(capsys):
    assert main(["list", "--full", "RQ-001"]) == 0
    row = next(row for row in load() if row.rq == "RQ-001")
    assert f"source: {row.source}" in capsys.readouterr().out


def test_list_of_nothing_is_told_the_closest(capsys):
    code, said = told(capsys, "list", "acept")
    assert (code, "the closest is" in said) == (2, True)


def test_a_list_that_filters_everything_out_is_not_success(capsys):
    assert main(["list", "RQ-001", "--level", "MAY"]) == 1
    assert capsys.readouterr().out.startswith("0 of ")


def test_a_closed_pipe_is_no_traceback():
    command = [sys.executable, "-m", "runs_conformance", "list", "--full"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as child:
        child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read().decode()
    assert "Traceback" not in said
    assert "Exception" not in said


def test_the_version(capsys):
    assert told(capsys, "--version")[0] == 0
