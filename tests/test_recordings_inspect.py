"""Every recorder's files are read and judged alike; a fault in them is found; other traffic is told."""

import json
import re
import time
import tracemalloc
from dataclasses import replace

import corpus
import pytest
from command import flat, run
from recorded_calls import FORMS, as_vcr_yaml, broken, inspected, session, with_host

from runs_conformance.contract.register import NEWEST
from runs_conformance.recordings import dates
from runs_conformance.recordings.inspecting import Inspector
from runs_conformance.report.results import read_results

CREATE, READ, STREAM, REFUSED = 2, 3, 9, 10


def at(place, change):
    """The session with one call changed."""
    calls = with_host(session())
    return (*calls[:place], change(calls[place]), *calls[place + 1 :])


def without(name):
    return lambda one: one.changed(lambda body: {key: value for key, value in body.items() if key != name})


def put(**values):
    return lambda one: one.changed(lambda body: body | values)


def stream(old, new):
    return lambda one: replace(one, body=re.sub(old, new, one.body, count=1, flags=re.DOTALL))


# Where, what is changed there, and the row that says so.
FAULTS = {
    "a member is missing": (CREATE, without("instructions"), "response.run.instructions-present"),
    "null where none may be": (CREATE, put(model=None), "response.run.model-tools-metadata"),
    "another status": (CREATE, put(status="pending"), "lifecycle.status-values"),
    "metadata of another": (CREATE, put(metadata={"a": "2"}), "response.echo.metadata"),
    "another thread": (CREATE, put(thread_id="thread_" + "aB3" * 8), "response.echo.thread-id"),
    "a read that changed": (READ, put(temperature=0.5), "response.retrieve.same"),
    "tokens that don't add up": (
        READ,
        put(usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 3}),
        "response.usage.sum",
    ),
    "an event that lies": (
        STREAM,
        stream(b'(event: thread.run.in_progress\n.*?"status":)"in_progress"', rb'\1"queued"'),
        "event.run-status",
    ),
    "no end of a stream": (STREAM, stream(b"event: done\ndata: \\[DONE\\]\n\n", b""), "order.done-last"),
    "no event lines": (STREAM, stream(b"event: thread.run.created\n", b""), "event.framing"),
    "a misspelt event": (
        STREAM,
        stream(b"event: thread.run.queued", b"event: thread.run.Queued"),
        "event.names",
    ),
    "an error without its object": (
        REFUSED,
        lambda one: one.changed(lambda _: {"detail": "no"}),
        "error.envelope",
    ),
    "what must be refused": (
        REFUSED,
        lambda one: replace(session()[CREATE], url=one.url, request_body=one.request_body),
        "refuse.temperature.range",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_whole_and_judged_alike(form, tmp_path):
    outcome = inspected(tmp_path, session(), form)
    assert (outcome.recorded, outcome.judged, outcome.traces, outcome.troubles) == (12, 12, 1, [])
    assert broken(outcome) == {}
    assert len(outcome.tally.passed) > 105


@pytest.mark.parametrize("form", FORMS)
def test_a_fault_is_found_in_every_form(form, tmp_path):
    place, change, row = FAULTS["metadata of another"]
    assert row in broken(inspected(tmp_path, at(place, change), form))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_where_it_is(name, tmp_path):
    place, change, row = FAULTS[name]
    assert row in broken(inspected(tmp_path, at(place, change)))


def sent(name, value):
    return tuple(one.asked(name, value) for one in session())


def addressed(base, query=""):
    return tuple(replace(one, url=one.url + query) for one in with_host(session(), base))


OLD = "Mon, 15 Jan 2024 10:00:00 GMT"
AZURE = "https://house.openai.azure.com/openai"
OTHERS = {
    "the header of the first version": (sent("OpenAI-Beta", "assistants=v1"), "assistants=v1"),
    "a day before the second version": (
        tuple(one.asked("OpenAI-Beta", None).header("date", OLD) for one in session()),
        "assistants=v1",
    ),
    "Azure's first version": (
        tuple(one.asked("OpenAI-Beta", None) for one in addressed(AZURE, "?api-version=2024-02-15-preview")),
        "assistants=v1",
    ),
    "other endpoints": (
        tuple(replace(one, url="https://api.openai.com/v1/chat/completions") for one in session()),
        "other endpoints",
    ),
    "no answers": (tuple(replace(one, status=0) for one in session()), "without an answer"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_such_traffic_is_passed_over_and_told(name, tmp_path):
    calls, kind = OTHERS[name]
    outcome = inspected(tmp_path, calls)
    assert outcome.judged == 0
    assert kind in " ".join(outcome.others)


def test_another_api_on_the_same_paths_is_no_finding(tmp_path):
    """A graph server: its own ids, statuses and errors."""
    calls = []
    for one in with_host(session(), "http://127.0.0.1:2024"):
        body = json.dumps({"run_id": "1ef", "status": "pending", "thread_id": "5a"}).encode()
        url = re.sub(r"(thread|run)_\w+", "5a0b", one.url)
        calls.append(
            replace(
                one,
                url=url,
                body=body,
                request_body=b'{"assistant_id": "agent"}',
                request_headers=(),
                headers=(),
            )
        )
    outcome = inspected(tmp_path, calls)
    assert "another API" in " ".join(outcome.others)
    assert broken(outcome) == {}


@pytest.mark.parametrize(
    "base",
    [
        "https://house.openai.azure.com/openai",
        "https://house.services.ai.azure.com/api/projects/p",
        "http://localhost/a/b",
    ],
)
def test_the_base_is_found_whatever_it_is(base, tmp_path):
    outcome = inspected(tmp_path, addressed(base, "?api-version=2024-05-01-preview"))
    assert outcome.judged == 12
    assert broken(outcome) == {}


def test_a_named_base_takes_what_shows_nothing_of_itself(tmp_path):
    calls = tuple(
        replace(one, request_headers=(), headers=(), body=b"{}") for one in with_host(session(), "http://h/x")
    )
    calls = tuple(replace(one, url=re.sub(r"(thread|run)_\w+", "5a0b", one.url)) for one in calls)
    assert inspected(tmp_path, calls).judged < 5
    assert inspected(tmp_path, calls, base_url="http://h/x").judged == 12


def test_a_call_is_judged_by_the_edition_of_its_day(tmp_path):
    """parallel_tool_calls came in June 2024."""

    def of(day):
        calls = tuple(
            one
            if one.streamed
            else one.header("date", day).changed(
                lambda body: {key: value for key, value in body.items() if key != "parallel_tool_calls"}
            )
            for one in with_host(session())[:4]
        )
        return broken(inspected(tmp_path, calls))

    assert of("Wed, 01 May 2024 10:00:00 GMT") == {}
    assert of("Mon, 10 Jun 2024 10:00:00 GMT") == {}
    assert of("Tue, 10 Jun 2025 10:00:00 GMT") != {}


def test_a_named_edition_overrules_the_dates(tmp_path):
    calls = tuple(one.header("date", OLD).asked("OpenAI-Beta", None) for one in session())
    assert inspected(tmp_path, calls, edition=NEWEST).judged == 12


def test_a_day_is_read_from_every_usual_form():
    for text in ("Sat, 08 Jun 2024 10:12:35 GMT", "2024-06-08T13:14:45+03:00", "2024-06-08 10:00:00 GMT"):
        assert dates.day_of(text) == "2024-06-08"
    assert [
        dates.day_of(text) for text in ("", "SANITIZED", "2024-99-99", "Thu, 01 Jan 1970 00:00:00 GMT")
    ] == [""] * 4
    assert dates.day_of_seconds(1717841555) == "2024-06-08"
    assert dates.window("", dates.FILED, dates.FILED)[-1] == dates.changes()[-1]


BROKEN = {
    "cut off": (lambda whole: whole[: len(whole) // 2], "the calls before it|calls before it are judged"),
    "not YAML": (lambda _: b"interactions:\n- {a: [\n", "breaks off or is malformed"),
    "empty": (lambda _: b" \n", "the file is empty"),
    "binary": (lambda _: b"SQLite format 3\0\0\0", "binary data"),
    "other YAML": (lambda _: b"name: build\non: push\n", "holds no recorded call"),
    "other JSON": (lambda _: b'{"name": "package", "version": "1.0.0"}', "JSON, but not"),
    "a text": (lambda _: b"hello world", "holds no recorded call"),
    "latin-1": (lambda whole: whole.replace(b"Hello.", b"H\xe9llo"), "malformed"),
    "entries of another kind": (lambda _: b"interactions: [1, {request: 2}, {request: {}}]", "no object"),
    "an alias bomb": (
        lambda _: (
            b"interactions:\n- &a ["
            + b"1," * 5000
            + b"]\n- &b ["
            + b"*a," * 5000
            + b"]\n- ["
            + b"*b," * 50
            + b"]\n"
        ),
        "unfolds without end",
    ),
    "deep nesting": (lambda _: b"interactions:\n- " + b"[" * 5000, "nested deeper"),
    "a tag": (lambda _: b"interactions:\n- !!python/object/apply:os.system ['exit 1']\n", "no object"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_sentence(name, tmp_path):
    change, sentence = BROKEN[name]
    outcome = inspected(tmp_path, change(as_vcr_yaml(session())))
    assert re.search(sentence, " ".join(one.text for one in outcome.troubles))
    assert broken(outcome) == {}


@pytest.mark.parametrize("form", ["vcrpy.yaml", "vcrpy.json", "browser.har", "exchanges.jsonl"])
def test_what_stands_before_a_break_is_judged(form, tmp_path):
    whole = FORMS[form](session())
    outcome = inspected(tmp_path, whole[: len(whole) * 3 // 4], form)
    assert outcome.judged >= 5
    assert outcome.troubles
    assert broken(outcome) == {}


def lines(answer, asked):
    """One call as a line of exchanges."""
    one = {
        "method": "POST", "path": "/v1/threads/thread_one/runs", "status": 200, "response_body": answer,
        "request_body": {"assistant_id": "asst_one", **asked}, "host": "api.openai.com",
        "request_headers": {}, "response_headers": {},
    }  # fmt: skip
    return json.dumps(one).encode() + b"\n"


@pytest.mark.parametrize("name", [7, [], {}])
def test_a_list_whose_events_have_no_names_is_no_stream(name, tmp_path):
    made = lines([{"event": name, "data": "{}"}], {})
    assert "response.success" in broken(inspected(tmp_path, made, "exchanges.jsonl"))


def test_a_line_of_more_than_is_read_says_so(tmp_path):
    large = lines([{"event": "x", "data": "y"}] * 80_000, {"stream": True})
    for whole in (large, lines({}, {}) + large):
        outcome = inspected(tmp_path, whole, "exchanges.jsonl")
        assert ["more than 600000 tokens" in one.text for one in outcome.troubles] == [True]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("form", ["vcrpy.yaml", "browser.har"])
def test_other_encodings_of_a_file_are_read(encoding, form, tmp_path):
    assert inspected(tmp_path, FORMS[form](session()).decode().encode(encoding), form).judged == 12


def many(calls, copies):
    """One file of many threads."""
    for number in range(copies):
        mark = f"{number:024d}"
        for one in calls:
            url = re.sub(r"thread_\w+", f"thread_{mark}", one.url)
            body = re.sub(rb"thread_[A-Za-z0-9]{24}", b"thread_" + mark.encode(), one.body)
            yield replace(one, url=url, body=body)


def test_a_large_file_takes_bounded_memory(tmp_path):
    calls = with_host(session())
    whole = as_vcr_yaml(list(many(calls, 40)))
    assert len(whole) > 1_000_000
    (tmp_path / "large.yaml").write_bytes(whole)
    inspector = Inspector(room=60_000)
    tracemalloc.start()
    started = time.monotonic()
    inspector.file(tmp_path / "large.yaml")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert inspector.outcome.judged == 40 * 12
    assert broken(inspector.outcome) == {}
    assert most < 6 * 2**20, f"{most >> 20} MB"
    assert time.monotonic() - started < 60


def write(tmp_path, calls, name="a.yaml"):
    (tmp_path / name).write_bytes(as_vcr_yaml(calls))
    return tmp_path / name


def test_the_command_says_what_it_judged(tmp_path):
    done = run("inspect", write(tmp_path, session()), "--results", tmp_path / "r.jsonl")
    assert done.returncode == 0
    assert "1 file, 12 recorded calls: 12 judged, in 1 thread." in done.stdout
    assert "CONFORMS (exit 0)" in done.stdout
    results = read_results(tmp_path / "r.jsonl")
    assert results.footer.exit_code == 0
    assert results.footer.requests == 12


def test_the_command_tells_a_fault_with_its_exchange(tmp_path):
    place, change, row = FAULTS["metadata of another"]
    done = run("inspect", write(tmp_path, at(place, change)), "--results", tmp_path / "r.jsonl")
    assert done.returncode == 1
    assert f"FAILED {row}" in done.stdout
    results = read_results(tmp_path / "r.jsonl")
    found = [one for one in results.findings if one["outcome"] == "failed"]
    assert results.exchanges[found[0]["exchange"]]["source"] == "recording"
    assert "sk-one" not in (tmp_path / "r.jsonl").read_text("utf-8") + done.stdout


def test_a_folder_is_looked_through_and_one_broken_file_is_told(tmp_path):
    write(tmp_path, session())
    assert run("inspect", tmp_path).returncode == 0
    (tmp_path / "b.json").write_text("[{", "utf-8")
    done = run("inspect", tmp_path)
    assert done.returncode == 2
    assert "12 judged" in done.stdout
    assert "b.json: the file breaks off" in flat(done.stdout)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.yaml"], "there is no such file or folder"),
        (["."], "no recordings in there"),
        (["a.yaml", "--edition", "today"], "is no date"),
        (["a.yaml", "--select", "no.such.row"], "matches no requirement"),
        (["a.yaml", "--results", "no/folder/r.jsonl"], "can't be written"),
    ],
)
def test_bad_options_are_one_sentence(words, sentence, tmp_path):
    if "a.yaml" in words:
        write(tmp_path, session())
    done = run("inspect", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in flat(done.stderr)


def test_nothing_judged_is_never_a_success(tmp_path):
    calls, _ = OTHERS["other endpoints"]
    done = run("inspect", write(tmp_path, calls))
    assert done.returncode == 2
    assert "nothing was judged: 12 recorded calls (12 of other endpoints)" in flat(done.stdout)


@corpus.needs_corpus
@pytest.mark.parametrize(("name", "recorded", "judged"), [("exchanges.jsonl", 427, 362), ("vcr", 386, 241)])
def test_the_real_services_recordings_hold_no_finding(name, recorded, judged):
    inspector = Inspector()
    path = corpus.EXCHANGES.parent / name
    for file in [path] if path.is_file() else sorted(path.rglob("*.yaml")):
        inspector.file(file)
    outcome = inspector.outcome
    assert (outcome.recorded, outcome.judged, outcome.troubles) == (recorded, judged, [])
    assert broken(outcome) == {}
    assert outcome.tally.reasons.total() == 0
    assert len(outcome.tally.passed) > 110
