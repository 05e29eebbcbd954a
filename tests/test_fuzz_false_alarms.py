"""What raw schemathesis is known to blame a correct server for, held against the reference target.

Each test names the issue of schemathesis in which users met it.
"""

import pytest
from hypothesis.database import InMemoryExampleDatabase

from runs_conformance.contract.model import Case
from runs_conformance.fuzzing import documents, generated, linked, oddities
from runs_conformance.fuzzing.exploring import Explorer
from runs_conformance.fuzzing.hostile import hostile, paths
from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.panel import Panel, broken
from runs_conformance.fuzzing.phases import Round, _outside
from runs_conformance.fuzzing.shots import name_of, of_case, whole
from runs_conformance.fuzzing.store import Store
from runs_conformance.live import Bench
from runs_conformance.options import choose
from runs_conformance.session import session


@pytest.fixture(scope="module")
def live():
    with session(choose("embedded", lambda _: None)) as made:
        yield made


@pytest.fixture
def panel(live):
    return Panel(Bench(live, frozenset()), Living(live))


@pytest.fixture(scope="module")
def schema(live):
    return documents.contract(live.edition, live.client.base_url)


def operation(schema, name):
    return next(each for each in documents.operations(schema) if name_of(each) == name)


def fired(panel, case, text="negative data"):
    return panel.fire(lambda: of_case(case, panel.living, "fuzzing", Case(text)))


def negative(schema, name):
    """A case that schemathesis made in order to break the schema."""
    cases = generated.coverage(operation(schema, name))
    broken = (each for each in cases if each.meta.generation.mode.is_negative)
    return next(each for each in broken if isinstance(each.body, dict))


def test_4332_a_negative_body_that_shrinking_made_valid_is_no_acceptance_of_a_broken_one(panel, schema):
    case = negative(schema, "createRun")
    case.body = {"assistant_id": "any"}
    exchange, bad = fired(panel, case)
    assert exchange.ok
    assert bad == []


def test_2900_and_3073_a_value_that_is_valid_after_all_is_not_blamed(panel, schema):
    for body in ({"assistant_id": "null"}, {"assistant_id": "false", "instructions": "null"}):
        case = negative(schema, "createThreadAndRun")
        case.body = body
        exchange, bad = fired(panel, case)
        assert (exchange.ok, bad) == (True, [])


def test_2906_a_valid_body_may_be_refused_for_what_no_schema_says(panel, schema):
    """An unknown model, a vector store that is not there: 400 and 404 are answers, not failures."""
    body = {
        "assistant_id": "any", "tools": [{"type": "file_search"}],
        "tool_resources": {"file_search": {"vector_store_ids": ["vs_nobodys"]}},
    }  # fmt: skip
    case = operation(schema, "createThreadAndRun").Case(body=body, media_type="application/json")
    assert fired(panel, case, "a generated request")[1] == []


def test_2983_data_that_came_by_a_link_is_no_violation(panel, schema):
    assert linked.run(schema, panel, 4, 0) > 10
    assert panel.counts.total() == 0


def test_3633_and_3064_a_stream_is_read_to_its_end_and_judged_by_its_events(panel, schema):
    case = operation(schema, "createRun").Case(
        body={"assistant_id": "any", "stream": True}, media_type="application/json"
    )
    exchange, bad = fired(panel, case, "a stream")
    assert bad == []
    assert exchange.response.events[-1].is_done
    assert "order.done-last" in {each.requirement for each in panel.bench.findings}


def test_4592_a_positive_case_that_breaks_a_format_may_be_refused(panel, schema):
    part = {"type": "image_url", "image_url": {"url": "no URL at all"}}
    case = operation(schema, "createMessage").Case(
        body={"role": "user", "content": [part]}, media_type="application/json"
    )
    assert fired(panel, case, "a generated request")[1] == []


def test_a_whole_float_is_sent_as_an_integer():
    """JSON Schema takes 22.0 for an integer, typed servers do not."""
    assert repr(whole({"a": [22.0, 0.5, True, "1.0"]})) == "{'a': [22, 0.5, True, '1.0']}"


def test_a_broken_body_that_nobody_promised_to_refuse_gives_no_finding(panel, schema):
    """POST /threads is no operation that the register has refusals of."""
    case = operation(schema, "createThread").Case(body={"metadata": {}}, media_type="application/json")
    exchange, bad = fired(panel, case)
    assert (broken(exchange, panel.live.edition), bad) == (False, [])


def test_a_target_that_does_not_look_at_a_fault_is_not_asked_what_it_refused_the_body_for():
    """It refused the outputs because the run is over; the unknown field it never saw."""
    url = {"--absent": ["refusals.unknown-fields"]}
    with session(choose("embedded", url.get)) as live:
        panel = Panel(Bench(live, frozenset()), Living(live))
        schema = documents.contract(live.edition, live.client.base_url)
        body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "sunny"}], "unknown": 1}
        case = operation(schema, "submitToolOutputs").Case(body=body, media_type="application/json")
        exchange, bad = fired(panel, case)
        assert (exchange.status, bad) == (400, [])
        assert "error.param" not in {each.requirement for each in panel.bench.findings}


def test_every_oddity_leaves_the_reference_target_whole(live, panel):
    for each in (*hostile("createRun")[::3], *paths()):
        found, _ = oddities.oddity(live, panel.living, "createRun", each)
        assert not [one for one in found if one.failed], each.name


def test_no_fault_of_ours_is_blamed_on_a_server_that_refuses_it(panel, schema):
    store = Store(InMemoryExampleDatabase())
    thinning = generated.Thinning(panel.live.edition)
    one = Round(panel, (schema,), store, store.database, thinning, {})
    assert sum(_outside(one, "createRun")) > 200
    assert panel.counts.total() == 0


def test_generated_requests_are_not_blamed_on_the_reference_target(panel, schema):
    for name in ("createRun", "createThread", "listMessages"):
        assert Explorer(panel, operation(schema, name), InMemoryExampleDatabase(), 12, 1).run() > 3
        assert not [one for one in panel.bench.findings if one.failed]


def test_coverage_is_thinned_to_what_shows_something_new(schema):
    thinning = generated.Thinning("2026-08-21")
    cases = list(generated.coverage(operation(schema, "createMessage")))
    kept = [case for case in cases if thinning.new(case)]
    assert 10 < len(kept) < len(cases) / 2
    assert not [case for case in generated.coverage(operation(schema, "createMessage")) if thinning.new(case)]
