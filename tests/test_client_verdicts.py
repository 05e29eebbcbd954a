"""Per-client verdicts: derived from findings and needs, with literals that work, break and stay open."""

import json
from dataclasses import dataclass

import pytest
from builders import exchange, run

from runs_conformance.clients.dialects import every, load, needs
from runs_conformance.clients.observing import Observation, observe
from runs_conformance.clients.verdicts import BREAKS, UNKNOWN, WORKS, Seen, verdicts
from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.model import Event, Headers, Response
from runs_conformance.contract.register import load as load_register

GOOD = tuple(Observation(name, held=True) for name in ("compact", "line-feeds", "event-line-or-inside"))


@dataclass
class Row:
    id: str
    outcome: str = "passed"
    reason: str = ""


def rows(**changed):
    """Every row passed, but those named (dots and dashes as they are, by a dictionary)."""
    return [changed.get(row.id, Row(row.id)) for row in load_register()]


def of(name, *failures, observed=GOOD, **changed):
    seen = Seen.of(failures, rows(**changed), observed)
    return {one.use: one for one in verdicts([load(name)], needs(), seen)}


def failed(row, actual, where=""):
    return Finding(row, Outcome.FAILED, where=where, actual=actual)


def test_all_works_where_all_is_seen_to_hold():
    seen = Seen.of((), rows(), GOOD)
    found = verdicts(every(), needs(), seen)
    beta = {"azure-ai-agents", "@utdk/openai createrun"}
    assert {one.client for one in found if one.verdict != WORKS} == beta
    assert len(found) == sum(len(one.uses) for one in every())


def test_no_event_lines_break_newer_sdks_and_leave_older_ones_alone():
    nameless = failed("event.framing", "no event: line: 0 (no name)")
    newer, older = of("openai-node-7", nameless), of("openai-node-4", nameless)
    assert newer["runs.stream()"].verdict == newer["runs.create({stream: true})"].verdict == BREAKS
    assert newer["runs.create()"].verdict == WORKS
    assert older["runs.stream()"].verdict == WORKS
    told = "openai-node 7 runs.stream(): no, the stream has no event: lines (event.framing)"
    assert newer["runs.stream()"].told == told


def test_another_breach_of_the_same_row_breaks_nobody_who_does_not_need_it():
    twice = failed("event.framing", "2 event: lines: 0 thread.run.created")
    assert of("openai-node-7", twice)["runs.stream()"].verdict == WORKS


def test_nothing_seen_is_not_known_and_says_what_is_lacking():
    changed = {"event.framing": Row("event.framing", "not-tested")}
    found = of("openai-python-3", **changed)["runs.create(stream=True)"]
    assert (found.verdict, found.undecided) == (UNKNOWN, ("event.framing",))
    told = "openai-python 3 runs.create(stream=True): not known, too little was seen (event.framing)"
    assert found.told == told


def test_what_the_target_lacks_breaks_the_uses_that_need_it():
    row = "accept.create-thread-and-run.minimal"
    changed = {row: Row(row, "not-applicable", "create-thread-and-run: not built")}
    found = of("openai-cli", **changed)["create-and-run"]
    assert found.verdict == BREAKS
    assert found.why == "create thread and run is not accepted: create-thread-and-run: not built"


def test_a_need_that_shows_only_now_and_then_leaves_nothing_open():
    row = "response.required-action.form"
    assert of("langchain", **{row: Row(row, "not-tested")})["invoke(content)"].verdict == WORKS


def test_blanks_in_the_json_break_psopenais_stream_only():
    found = of("psopenai", observed=(Observation("compact", held=False, where="event 7"),))
    assert found["Start-ThreadRun -Stream"].why == "the events' JSON is not written without blanks"
    assert found["Start-ThreadRun"].verdict == WORKS


def test_what_a_client_always_sends_must_be_taken():
    row = "refuse.beta-header.missing"
    assert {one.verdict for one in of("utdk-openai").values()} == {BREAKS}
    taken = of("utdk-openai", failed(row, "status 200"), **{row: Row(row, "warning")})
    assert {one.verdict for one in taken.values()} == {WORKS}
    unseen = of("utdk-openai", **{row: Row(row, "not-tested")})
    assert {one.verdict for one in unseen.values()} == {UNKNOWN}


DELTA = '{"id":"msg_1","object":"thread.message.delta","delta":{}}'


def streamed(*events):
    made = tuple(
        Event(index, name, data, 0, 1, 0.1, raw) for index, (name, data, raw) in enumerate(events)
    )
    answer = Response(200, Headers.of({"content-type": "text/event-stream"}), b"", events=made)
    plain = exchange("POST", "/threads/runs", {})
    return [type(plain)(**{**plain.__dict__, "response": answer})]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("compact", ("thread.message.delta", DELTA, b""),
         ("thread.message.delta", DELTA.replace('":"', '": "'), b"")),
        ("line-feeds", ("a", "{}", b"event: a\ndata: {}\n\n"), ("a", "{}", b"event: a\r\ndata: {}\r\n\r\n")),
        ("event-line-or-inside", (None, '{"event":"thread.run.created","data":{}}', b""), (None, "{}", b"")),
        ("error-wrapped", ("error", '{"error":{"message":"no"}}', b""), ("error", '{"message":"no"}', b"")),
        ("name-first", ("a", "{}", b"event: a\ndata: {}\n\n"), ("a", "{}", b"data: {}\nevent: a\n\n")),
    ],
)
def test_observations_decide_both_ways(name, good, bad):
    def held(*events):
        return [one.held for one in observe(streamed(*events)) if one.name == name]

    assert held(good) == [True]
    assert held(good, bad) == [False]
    assert held() == []


def enveloped(name, value):
    return (None, json.dumps({"event": name, "data": value}, separators=(",", ":")), b"")


def inside(*events):
    """What a stream in envelopes shows of rows about named events."""
    seen = observe(streamed(*events, (None, "[DONE]", b"")))
    names = {one.name: one.held for one in seen if one.name.startswith("inside ")}
    return {name.removeprefix("inside "): held for name, held in names.items()}


def test_a_stream_in_envelopes_is_judged_opened_too():
    sound = inside(enveloped("thread.run.completed", run(status="completed")))
    assert sound["event.names"]
    assert sound["event.run-status"]
    assert not inside(enveloped("thread.run.completed", run(status="queued")))["event.run-status"]


def test_a_stream_of_which_not_all_is_in_envelopes_is_not_opened():
    assert not inside(enveloped("thread.run.completed", run(status="completed")), (None, "{}", b""))
    assert not inside(("thread.run.completed", json.dumps(run(status="completed")), b""))


NAMELESS = {"event.names": Row("event.names", "not-tested")}


@pytest.mark.parametrize(
    ("seen", "verdict"), [((), UNKNOWN), ((True,), WORKS), ((True, False), BREAKS)],
)
def test_what_an_opened_envelope_shows_decides_what_is_left_open(seen, verdict):
    shown = tuple(Observation("inside event.names", held) for held in seen)
    found = of("openai-python-3", observed=(*GOOD, *shown), **NAMELESS)
    assert found["runs.stream()"].verdict == verdict


def test_what_was_decided_is_not_decided_again_inside():
    shown = Observation("inside event.names", held=False)
    assert of("openai-python-3", observed=(*GOOD, shown))["runs.stream()"].verdict == WORKS


def test_blanks_are_looked_for_inside_of_envelopes_too():
    data = enveloped("thread.message.delta", json.loads(DELTA))
    [seen] = [one for one in observe(streamed(data)) if one.name == "compact"]
    assert seen.held


EARLY = ">5 thread.message.in_progress<"


@pytest.mark.parametrize(
    ("row", "actual", "use", "verdict"),
    [
        ("response.success", "status 201", "runs.create()", WORKS),
        ("response.success", "status 301", "runs.create()", BREAKS),
        ("response.success", "text/html", "runs.create()", BREAKS),
        ("headers.stream-content-type", "status 201 and text/event-stream", "runs.stream()", WORKS),
        ("headers.stream-content-type", "status 200 and application/json", "runs.stream()", BREAKS),
        ("order.message-bracket", f"{EARLY}, 6 thread.message.delta", "runs.stream()", BREAKS),
        ("order.message-bracket", f"{EARLY}, 6 thread.message.created", "runs.stream()", WORKS),
        ("order.message-bracket", ">5 thread.message.delta<", "runs.stream()", BREAKS),
        ("order.message-bracket", ">9 thread.run.completed<", "runs.stream()", WORKS),
        ("order.message-bracket", ">5 thread.message.delta<", "runs.create(stream=True)", WORKS),
    ],
)
def test_a_need_is_broken_by_what_its_client_can_not_live_with(row, actual, use, verdict):
    """As real clients have shown at faulty targets (docs/real-clients.md)."""
    assert of("openai-python-3", failed(row, actual))[use].verdict == verdict


def test_a_status_but_200_breaks_who_insists_on_it():
    created = failed("response.success", "status 201")
    beta = "refuse.beta-header.missing"
    taken = {beta: Row(beta, "not-applicable", "not asked for")}
    assert of("azure-ai-agents", created, **taken)["runs.create()"].verdict == BREAKS
    assert of("azure-ai-agents", created, **taken)["runs.create_and_process()"].verdict == WORKS
