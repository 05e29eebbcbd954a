"""A recorded session gives the verdict of the live one, without a network; a gap in it is never a pass."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import vcr
from command import SECRET, environment, flat, run
from recorded_calls import broken
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from runs_conformance.contract.model import Exchange, Failure, Headers, Request, Response
from runs_conformance.paths import CASSETTES
from runs_conformance.recordings import cassette, provenance
from runs_conformance.recordings.cassette import Tape, Taped
from runs_conformance.recordings.inspecting import Inspector
from runs_conformance.recordings.matching import key_of
from runs_conformance.recordings.recorded import CassetteError
from runs_conformance.recordings.scrub import Scrubber
from runs_conformance.reference import ReferenceOptions, faults, running
from runs_conformance.report.results import read_results

FOLDERS = sorted(path.parent for path in CASSETTES.glob("*/recording.toml"))
# A fault, and the rows whose tests are recorded: drawn bodies, streams, stories, the state machine.
SESSIONS = {
    "none": ("response", "order", "refuse.temperature"),
    "bounds.run:temperature:maximum-wide": ("refuse.temperature", "refuse.top-p"),
    "stream-bytes.cut-off-in-the-middle": ("order", "event.data-json"),
    "lifecycle.outputs-cut": ("event.step-output", "lifecycle.submit", "lifecycle.final-is-final"),
}
NO_NETWORK = """
import socket, sys
def refuse(*_): raise AssertionError("a replay asked for the network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from runs_conformance.cli import main
sys.exit(main(sys.argv[1:]))
"""

REPLAY_ALL = """
import contextlib, io, pathlib, time
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for each in map(pathlib.Path, sys.argv[2:]):
        main(["check", "--replay", str(each), "--results", str(pathlib.Path(sys.argv[1], each.name))])
print(time.process_time())
"""


def verdicts(file):
    found = read_results(file)
    rows = {one.id: (one.outcome, one.passed, one.failed, one.reason) for one in found.verdicts}
    return found.footer.exit_code, rows


def replay(*words, **variables):
    return run(*words, program=(sys.executable, "-c", NO_NETWORK), **variables)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_replay_gives_the_verdict_of_the_live_run(name, tmp_path):
    chosen = [word for row in SESSIONS[name] for word in ("--select", row)]
    broke = () if name == "none" else faults.named(name)
    with running(ReferenceOptions(faults=broke)) as url:
        live = run("check", url, *chosen, "--record", tmp_path / "c", "--results", tmp_path / "live.jsonl")
    again = replay("check", "--replay", tmp_path / "c", "--results", tmp_path / "again.jsonl")
    assert live.returncode == again.returncode == (0 if name == "none" else 1), live.stderr + again.stderr
    assert verdicts(tmp_path / "again.jsonl") == verdicts(tmp_path / "live.jsonl")
    assert (tmp_path / "c" / "drawn.json").stat().st_size > 30


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """All kept cassettes in one process without a network: a folder of results, and processor seconds."""
    results = tmp_path_factory.mktemp("replayed")
    script = NO_NETWORK.replace("sys.exit(main(sys.argv[1:]))", REPLAY_ALL)
    words = [sys.executable, "-c", script, str(results), *map(str, FOLDERS)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment(), timeout=200)
    return results, float(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kept_cassette_gives_the_verdict_that_stands_beside_it(folder, replayed):
    """But for rows that the suites exercise otherwise since: those are untestable, and must be few."""
    _, expected = provenance.read(folder)
    summary = read_results(replayed[0] / folder.name).summary
    stuck = {one.id for one in summary.of("untestable") if one.blocked_by == "the recording"}
    assert len(stuck) < 30, f"the suites ask {len(stuck)} rows otherwise: python targets/record.py"
    for outcome in ("failed", "warning", "untestable"):
        then = getattr(expected, {"warning": "warned"}.get(outcome, outcome))
        now = {one.id for one in summary.of(outcome)}
        assert now - stuck == set(then) - stuck, outcome
    assert abs(summary.count("passed") - expected.passed) <= len(stuck)
    assert expected.passed > 100


def test_the_cassettes_are_those_of_several_servers_and_small():
    assert {folder.name for folder in FOLDERS} >= {"embedded", "litellm", "openai_responses", "portkey"}
    assert sum(file.stat().st_size for file in CASSETTES.rglob("*")) < 8 * 2**20


def test_replaying_all_cassettes_takes_some_seconds(replayed):
    """Of processor time: under ten on a machine that does nothing else, half as much again on a busy one."""
    assert replayed[1] < 15


@pytest.mark.parametrize("name", ["embedded", "litellm"])
def test_plain_vcrpy_loads_a_cassette_and_plays_it(name):
    file = CASSETTES / name / cassette.CASSETTE
    requests, responses = FilesystemPersister.load_cassette(file, yamlserializer)
    assert len(requests) == len(responses) > 100
    place = next(at for at, one in enumerate(requests) if one.method == "POST" and "runs" in one.uri)
    asked = requests[place]
    with vcr.use_cassette(str(file), record_mode="none", match_on=["method", "uri", "raw_body"]):
        answer = httpx2.request(asked.method, asked.uri, content=asked.body)
    assert answer.content == responses[place]["body"]["string"]


@pytest.mark.parametrize("name", ["embedded", "portkey"])
def test_inspecting_a_cassette_finds_what_its_run_found(name):
    inspector = Inspector()
    inspector.file(CASSETTES / name / cassette.CASSETTE)
    _, expected = provenance.read(CASSETTES / name)
    assert inspector.outcome.judged > 300
    assert set(broken(inspector.outcome)) <= {*expected.failed, *expected.warned}


def recorded(tmp_path):
    chosen = ("--profile", "smoke", "--select", "accept.create-run.minimal")
    done = run("check", *chosen, "--record", tmp_path / "c")
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path / "c"


def test_what_was_not_recorded_is_untestable_and_never_a_pass(tmp_path):
    folder = recorded(tmp_path)
    lines = (folder / cassette.ARRIVALS).read_text("utf-8").splitlines()
    kept = [line for line in lines if not re.fullmatch("/threads/[^/]+/runs", json.loads(line)["path"])]
    assert 0 < len(kept) < len(lines)
    (folder / cassette.ARRIVALS).write_text("\n".join([*kept, ""]), "utf-8")
    done = replay("check", "--replay", folder)
    assert done.returncode == 1
    assert "the recording: not recorded: POST /threads/thread_" in flat(done.stdout)


def test_a_recording_out_of_which_all_was_taken_is_no_success(tmp_path):
    folder = recorded(tmp_path)
    (folder / cassette.ARRIVALS).write_text("", "utf-8")
    done = replay("check", "--replay", folder)
    assert done.returncode == 1
    assert "not recorded: POST /assistants" in flat(done.stdout)


def test_bad_recordings_are_one_sentence(tmp_path):
    folder = recorded(tmp_path)
    for name, text, sentence in (
        ("drawn.json", "{", "drawn.json: can't be used"),
        ("arrivals.jsonl", "nonsense", "arrivals.jsonl: can't be read"),
        ("recording.toml", "format = 9", "this version reads 1"),
    ):
        kept = (folder / name).read_text("utf-8")
        (folder / name).write_text(text, "utf-8")
        done = run("check", "--replay", folder)
        assert (done.returncode, sentence in flat(done.stderr)) == (2, True), done.stderr
        (folder / name).write_text(kept, "utf-8")
    for words, sentence in (
        (["--replay", "nowhere"], "no recording"),
        (["--record", folder], "there is something already"),
        (["--record", "a", "--replay", folder], "can't go together"),
        (["http://127.0.0.1:1/v1", "--replay", folder], "takes its target from the recording"),
        (["--record", "a", "--workers", "2"], "take one process"),
    ):
        done = run("check", *words, cwd=tmp_path)
        assert (done.returncode, sentence in flat(done.stderr + done.stdout)) == (2, True), done.stderr


SECRETS = {
    "key": "sk-proj-A1b2C3d4E5f6G7h8I9j0",
    "cookie": "session=c00k1e-of-somebody",
    "house": "org-Ab12Cd34Ef56Gh78",
    "project": "proj_Zy98Xw76Vu54Ts32",
    "token": "t0ken-of-a-header",
    "user": "user-0a1b2c3d4e5f6g7h8i9j",
}


def full_of_secrets():
    """Where a secret can stand: addresses, headers, bodies, errors; whole and broken answers."""
    said = " ".join(SECRETS[name] for name in ("key", "house", "project", "user")).encode()
    headers = Headers((
        ("Authorization", f"Bearer {SECRETS['key']}"), ("Cookie", SECRETS["cookie"]),
        ("X-Api-Key", SECRETS["token"]),
        ("OpenAI-Organization", SECRETS["house"]), ("OpenAI-Project", SECRETS["project"]),
        ("X-Session-Token", SECRETS["token"]), ("Set-Cookie", SECRETS["cookie"]),
    ))  # fmt: skip
    body = b'{"error": {"message": "' + said + b'"}}'
    request = Request("POST", "/threads", (("api_key", SECRETS["token"]),), headers, body)
    stream = b'event: error\ndata: {"message": "' + said + b'"}\n\n'
    told = Failure("disconnected", f"broke off at {said.decode()}")
    base = f"http://user:{SECRETS['token']}@h/v1"
    yield Exchange("x1", request, Response(400, headers, body), base_url=base)
    yield Exchange("x2", request, Response(200, headers, stream, events=(), failure=told), base_url=base)
    yield Exchange("x3", request, None, told, base_url=base)


def test_no_secret_touches_the_disk(tmp_path):
    hide = Scrubber((SECRETS["token"],))
    manner = json.dumps([["authorization", f"Bearer {SECRETS['key']}"]])
    cassette.write(tmp_path, [Taped(one, manner) for one in full_of_secrets()], hide)
    written = "".join(file.read_text("utf-8") for file in tmp_path.iterdir())
    assert [name for name, secret in SECRETS.items() if secret in written] == []
    assert "Bearer [secret]" in written
    assert len(list(cassette.load(tmp_path))) == 3


def test_a_recorded_session_holds_neither_key_nor_header(tmp_path):
    extra = ("--header", "OpenAI-Organization: ${HOUSE}", "--header", "X-Tenant: ${TENANT}")
    with running() as url:
        done = run(
            "check", url, "--profile", "smoke", "--select", "errors", "--select", "refuse.key", *extra,
            "--record", tmp_path / "c", "--results", tmp_path / "r.jsonl",
            OPENAI_API_KEY=SECRET, HOUSE=SECRETS["house"], TENANT=SECRETS["token"],
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
    written = "".join(file.read_text("utf-8") for file in [*(tmp_path / "c").iterdir(), tmp_path / "r.jsonl"])
    assert [one for one in (SECRET, SECRETS["house"], SECRETS["token"]) if one in written] == []
    assert replay("check", "--replay", tmp_path / "c").returncode == 0


def test_the_kept_cassettes_hold_no_secret():
    text = "".join(file.read_text("utf-8") for file in CASSETTES.rglob("*") if file.is_file())
    keys = set(re.findall(r"\bsk-[\w-]{8,}", text)) - {"sk-invalid-runs-conformance"}
    assert keys == set()
    assert not re.search(r"(?i)\b(?:org|proj)[-_][a-z0-9]{10,}", text)
    assert not re.search(r"(?i)^ +(?:set-)?cookie:\n +- '?(?!\[secret\])", text, re.MULTILINE)


def taped(name, body, answer=b"{}"):
    return Taped(
        Exchange(name, Request("POST", "/threads", (), Headers(), body), Response(200, Headers(), answer))
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"a": 1, "b": [1]}', b'{"b":[1],"a":1}', True),
        (b'{"a": 1}', b'{"a": 1.0}', False),
        (b'{"a": 1}', b'{"a": true}', False),
        (b'{"a": 0}', b'{"a": false}', False),
        (b'{"a": 1, "a": 2}', b'{"a": 2}', False),
        (b'{"a": "\\u00e9"}', '{"a": "é"}'.encode(), True),
        (b"", None, False),
        (b"{", b"{ ", False),
    ],
)
def test_requests_match_by_the_meaning_of_their_bodies(one, other, same):
    assert (key_of("POST", "/x", (), one) == key_of("post", "/x", (), other)) is same


def test_equal_requests_are_played_in_their_order_and_once():
    tape = Tape.of([taped("a", b"{}", b"1"), taped("b", b"{}", b"2")])
    key = taped("c", b"{ }").key
    assert [tape.take(key).exchange.id, tape.take(key).exchange.id, tape.take(key)] == ["a", "b", None]


def test_what_vcrpy_flattens_is_kept_beside_it():
    streamed = [one.exchange for one in cassette.load(CASSETTES / "embedded") if one.exchange.streamed]
    assert len(streamed) > 10
    chunked = [one for one in streamed if len(one.response.chunks) > 5]
    assert chunked
    assert all(one.response.chunks[-1].at > 0 for one in chunked)
    assert chunked[0].response.events[-1].at >= chunked[0].response.events[0].at > 0


def test_files_that_do_not_belong_together_are_told(tmp_path):
    for name in (cassette.CASSETTE, cassette.ARRIVALS):
        (tmp_path / name).write_text((CASSETTES / "embedded" / name).read_text("utf-8"), "utf-8")
    line = json.dumps({"id": "x1", "interaction": 99999, "path": "/", "started_at": 0, "seconds": 0})
    Path(tmp_path / cassette.ARRIVALS).write_text(line + "\n", "utf-8")
    with pytest.raises(CassetteError, match="do not belong together"):
        list(cassette.load(tmp_path))


def test_pytest_records_and_replays_with_the_same_options(tmp_path):
    words = (
        "suites/test_acceptance.py",
        "-q",
        "-p",
        "no:cacheprovider",
        "--select",
        "accept.create-run.minimal",
    )
    pytest_command = (sys.executable, "-m", "pytest")
    live = run(*words, "--record", tmp_path / "c", cwd=CASSETTES.parent, program=pytest_command)
    again = run(*words, "--replay", tmp_path / "c", cwd=CASSETTES.parent, program=pytest_command)
    assert live.returncode == again.returncode == 0, live.stdout + again.stdout
    assert "1 requirement tested, none broken" in flat(again.stdout)


def test_a_part_of_the_suites_can_be_replayed(tmp_path):
    """What several tests share is found whichever of them asks first."""
    done = replay("check", "--replay", CASSETTES / "embedded", "--select", "lifecycle", "--select", "order")
    assert done.returncode == 0, done.stdout
    words = ("suites/test_streams.py", "-q", "-p", "no:cacheprovider", "--replay", CASSETTES / "embedded")
    more = ("--results", tmp_path / "r.jsonl")
    done = run(*words, *more, cwd=CASSETTES.parent, program=(sys.executable, "-m", "pytest"))
    assert done.returncode == 0, done.stdout
    assert read_results(tmp_path / "r.jsonl").summary.count("untestable") == 0
