"""Dialects: files that load, clear errors for those that do not, and what a client can send from them."""

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs_conformance.clients.dialects import FOLDER, DialectError, every, load, names, needs
from runs_conformance.clients.sending import bodies_as, cases, outgoing, strange, with_own
from runs_conformance.contract.schemas import violations
from runs_conformance.stimuli.inside import compose

BOTH = [(one.name, operation) for one in every() for operation in one.operations]
SCHEMA = {"createRun": "create_run_request", "createThreadAndRun": "create_thread_and_run_request"}


def test_the_clients_that_were_asked_for_are_there():
    asked = {
        "psopenai", "psai", "openai-cli", "utdk-openai", "hosted-form", "openai-python-1", "openai-python-2",
        "openai-python-3", "openai-node-4", "openai-node-7", "azure-ai-agents", "litellm", "langchain",
        "semantic-kernel", "promptfoo",
    }
    assert set(names()) == asked


def test_an_unknown_name_gets_the_closest():
    with pytest.raises(DialectError, match="did you mean psopenai"):
        load("psopnai")


def test_every_need_is_used_and_every_use_has_needs():
    used = {need for one in every() for use in one.uses for need, _ in use.needs}
    assert used == set(needs()) - {"run-object", "done", "blank-line", "last-error", "name-first"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('title = "PSAI New-OAIRun"', ""), "title"),
        (lambda text: text.replace("[wire]", "[wires]"), "wires"),
        (lambda text: text.replace('field = "top_p"', 'field = "top_pp"'), "no field 'top_pp'"),
        (lambda text: text.replace("run-id =", "run-ids ="), "did you mean run-id"),
        (lambda text: text.replace("body = { stress = true }\n", ""), "stress: it needs a body or the row"),
        (lambda text: text + "\n= 3", "can't be read"),
        (lambda text: text.replace('when = "-Stress', 'row = "refuse.all"\nwhen = "-Stress'), "refuse.all"),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(tmp_path, change, sentence):
    shutil.copy(FOLDER / "needs.toml", tmp_path)
    (tmp_path / "psai.toml").write_text(change((FOLDER / "psai.toml").read_text("utf-8")), "utf-8")
    with pytest.raises(DialectError, match=sentence) as caught:
        load("psai", tmp_path)
    assert "psai" in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('like = "nobody"', "no such dialect"), ('like = "mine"', "back to itself"),
        ('like = "openai-python-3"\nwithout = ["-Stress"]', "openai-python-3 lacks"),
    ],
)
def test_a_dialect_like_another_is_checked_too(tmp_path, lines, sentence):
    for name in ("needs", "openai-python-3"):
        shutil.copy(FOLDER / f"{name}.toml", tmp_path)
    text = f'title = "Mine"\nversion = "1"\nsources = ["its code"]\n{lines}'
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    with pytest.raises(DialectError, match=sentence):
        load("mine", tmp_path)


def test_a_need_on_an_unknown_row_is_refused(tmp_path):
    (tmp_path / "needs.toml").write_text('[x]\nbroken = "b"\nrows = ["no.such.row"]', "utf-8")
    with pytest.raises(DialectError, match=r"no\.such\.row"):
        needs(tmp_path)


def test_like_takes_all_but_what_is_said_anew():
    older, newer = load("openai-python-1"), load("openai-python-3")
    assert older.parameters == newer.parameters
    assert older.title != newer.title
    changed = {use.name for use in older.uses if use not in newer.uses}
    assert changed == {"runs.create(stream=True)"}


@pytest.mark.parametrize(("name", "operation"), BOTH)
def test_fixed_cases_are_valid_and_only_what_the_client_offers(name, operation):
    dialect = load(name)
    offered = {one.path[0] for one in dialect.offered(operation)} | {"assistant_id"}
    offered |= {field for field, _ in dialect.wire.always}
    found = cases(dialect, operation)
    assert len(found) > 10
    for one in found:
        made = compose(operation, (one,), "asst_1", "Say hello.")
        spoken = set(with_own(dialect, operation, made)) - {"additional_messages", "thread"}
        assert spoken <= offered, one.name
        assert not violations(SCHEMA[operation], made, variant="documented"), one.name


@pytest.mark.parametrize(("name", "operation"), BOTH)
@settings(max_examples=8)
@given(data=st.data())
def test_drawn_bodies_are_valid_and_only_what_the_client_offers(name, operation, data):
    dialect = load(name)
    drawn = data.draw(bodies_as(dialect, operation, "gpt-4o"))
    made = with_own(dialect, operation, {"assistant_id": "asst_1", **drawn})
    offered = {one.path[0] for one in dialect.offered(operation)} | {"assistant_id"}
    assert set(made) <= offered | {field for field, _ in dialect.wire.always}
    assert not violations(SCHEMA[operation], made, variant="documented")


@pytest.mark.parametrize("name", names())
def test_every_deviation_breaks_a_row(name):
    dialect = load(name)
    sent = {one.deviation.name for each in dialect.operations for one in strange(dialect, each)}
    assert sent == {one.name for one in dialect.deviations}


def test_a_deviation_of_one_edition_is_none_in_another():
    dialect = load("hosted-form")
    early = {one.deviation.name for one in strange(dialect, "createRun", "2024-07-01")}
    assert early == {"no assistant_id"}


def test_litellm_sends_null_for_what_was_not_given():
    made = with_own(load("litellm"), "createRun", {"assistant_id": "asst_1", "model": "gpt-4o"})
    unset = ("instructions", "additional_instructions", "metadata", "tools")
    assert made == {"assistant_id": "asst_1", "model": "gpt-4o", **dict.fromkeys(unset)}


def test_psopenai_never_sends_null_but_inside_of_its_truncation():
    dialect = load("psopenai")
    for one in cases(dialect, "createRun"):
        assert all(value is not None for _, value in one.fields), one.name
    assert any(dict(one.fields).get("truncation_strategy") for one in cases(dialect, "createRun"))


def test_indented_bodies_are_bytes_over_several_lines():
    sent = outgoing(load("openai-node-4"), "createRun", {"assistant_id": "asst_1"})
    assert sent.body == b'{\n  "assistant_id": "asst_1"\n}'
    assert json.loads(sent.body) == {"assistant_id": "asst_1"}


def test_azure_leaves_the_beta_header_out_and_adds_its_query():
    sent = outgoing(load("azure-ai-agents"), "createRun", {"assistant_id": "asst_1"})
    assert sent.drop_headers == {"OpenAI-Beta"}
    assert sent.query == (("api-version", "v1"),)


def test_a_client_without_a_place_for_messages_sends_none():
    body = {"assistant_id": "asst_1", "additional_messages": [{"role": "user", "content": "Hi"}]}
    assert "additional_messages" not in outgoing(load("litellm"), "createRun", body).body
    assert "additional_messages" in outgoing(load("psopenai"), "createRun", body).body
