"""What the contract says of a request body, as literals: dropping a keyword from a schema fails here."""

import pytest
from schema_examples import FUNCTION

from runs_conformance.contract import schemas

LONG = "n" * 65
TEXT = {"type": "text", "text": "a"}


def search(**overrides):
    return {"tools": [{"type": "file_search", "file_search": overrides}]}


def ranking(**options):
    return search(ranking_options={"score_threshold": 0.5, **options})


def function(**fields):
    return {"tools": [{"type": "function", "function": {**FUNCTION, **fields}}]}


def answer(**fields):
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "a", **fields}}}


def message(**fields):
    return {"additional_messages": [{"role": "user", "content": "a", **fields}]}


def part(**fields):
    return message(content=[fields])


def attachment(*tools, **fields):
    return message(attachments=[{"file_id": "f", "tools": list(tools), **fields}])


REFUSED = [
    {"assistant_id": None}, {"assistant_id": 1}, {"surplus": 1}, {"thread_id": "t"}, {"thread": {}},
    {"tool_resources": {}}, {"model": 1}, {"instructions": 1}, {"additional_instructions": 1},
    {"additional_messages": {}}, {"tools": {}}, {"metadata": []}, {"metadata": "a"}, {"stream": "true"},
    {"temperature": "1"}, {"temperature": -0.1}, {"temperature": 2.1}, {"temperature": True},
    {"top_p": "1"}, {"top_p": -0.1}, {"top_p": 1.1}, {"top_p": True},
    {"max_prompt_tokens": 255}, {"max_prompt_tokens": 256.5}, {"max_prompt_tokens": "256"},
    {"max_completion_tokens": 255}, {"max_completion_tokens": 256.5}, {"max_completion_tokens": "256"},
    {"tools": [{"type": "code_interpreter"}] * 21}, {"tools": [{}]}, {"tools": ["code_interpreter"]},
    {"tools": [{"type": "retrieval"}]}, {"tools": [{"type": "function"}]}, {"tools": [{"type": None}]},
    {"tools": [{"type": "function", "function": {}}]}, {"tools": [{"type": "function", "function": "f"}]},
    function(name=LONG), function(name="a b"), function(name=""), function(name=1), function(description=1),
    function(parameters=[]), function(strict="yes"),
    search(max_num_results=0), search(max_num_results=51), search(max_num_results=1.5),
    search(ranking_options={}), search(ranking_options=1), ranking(score_threshold=-0.1),
    ranking(score_threshold=1.1), ranking(score_threshold="1"), ranking(ranker="best"), ranking(ranker=None),
    {"tools": [{"type": "file_search", "file_search": 1}]},
    {"metadata": {f"k{i}": "v" for i in range(17)}}, {"metadata": {LONG: "v"}},
    {"metadata": {"k": "v" * 513}},
    {"metadata": {"k": 1}}, {"metadata": {"k": None}},
    {"truncation_strategy": "auto"}, {"truncation_strategy": {}}, {"truncation_strategy": {"type": "none"}},
    {"truncation_strategy": {"type": "last_messages"}},
    {"truncation_strategy": {"type": "last_messages", "last_messages": None}},
    *({"truncation_strategy": {"type": "last_messages", "last_messages": n}} for n in (0, -1, 1.5, "1")),
    {"truncation_strategy": {"type": "auto", "last_messages": 0}},
    {"truncation_strategy": {"type": "auto", "last_messages": "1"}},
    {"tool_choice": "any"}, {"tool_choice": 1}, {"tool_choice": {}}, {"tool_choice": {"type": "retrieval"}},
    {"tool_choice": {"type": "function"}}, {"tool_choice": {"type": "function", "function": None}},
    {"tool_choice": {"type": "function", "function": {}}},
    {"tool_choice": {"type": "file_search", "function": {}}},
    {"tool_choice": {"type": "file_search", "function": 1}},
    {"tool_choice": {"type": "function", "function": {"name": 1}}},
    {"response_format": "text"}, {"response_format": "json"}, {"response_format": "json_object"},
    {"response_format": "none"}, {"response_format": 1}, {"response_format": {}},
    {"response_format": {"type": "xml"}}, {"response_format": {"type": "json_schema"}},
    {"response_format": {"type": "json_schema", "json_schema": {}}},
    {"response_format": {"type": "json_schema", "json_schema": "a"}},
    answer(name=LONG), answer(name="a b"), answer(schema=[]), answer(strict=1), answer(description=1),
    {"parallel_tool_calls": None}, {"parallel_tool_calls": 1},
    {"reasoning_effort": ""}, {"reasoning_effort": "huge"}, {"reasoning_effort": 1},
    {"additional_messages": [{"role": "user"}]}, {"additional_messages": [{"content": "a"}]},
    {"additional_messages": ["a"]}, message(role="system"), message(role=None), message(content=None),
    message(content=[]), message(content={}), message(file_ids=[]), message(metadata={"k": 1}),
    message(content=["a"]), part(), part(type="audio"), part(type="text"),
    part(type="text", text={"value": "a"}),
    part(type="image_url"), part(type="image_url", image_url={}), part(type="image_url", image_url="a:b"),
    part(type="image_url", image_url={"url": "no address"}), part(type="image_url", image_url={"url": 1}),
    part(type="image_url", image_url={"url": "a:b", "detail": "best"}), part(type="image_file"),
    part(type="image_file", image_file={}), part(type="image_file", image_file={"file_id": 1}),
    part(type="image_file", image_file={"file_id": "f", "detail": None}),
    part(type="image_file", image_file="f"),
    message(attachments={}), message(attachments=["f"]), message(attachments=[{}]),
    message(attachments=[{"file_id": "f"}]), message(attachments=[{"tools": []}]), attachment(file_id=1),
    attachment({}), attachment("file_search"), attachment({"type": "function"}), attachment(tools=None),
    attachment({"type": "file_search", "file_search": {}}),
]  # fmt: skip
ACCEPTED = [
    {}, message(content=[TEXT]), message(content=""), message(role="assistant"), {"additional_messages": []},
    *({name: None} for name in (
        "model", "instructions", "additional_instructions", "additional_messages", "tools", "metadata",
        "temperature", "top_p", "stream", "max_prompt_tokens", "max_completion_tokens", "truncation_strategy",
        "tool_choice", "response_format", "reasoning_effort")),
    *({"temperature": n} for n in (0, 1, 2, 0.1)), *({"top_p": n} for n in (0, 1, 0.1)),
    {"max_prompt_tokens": 256}, {"max_completion_tokens": 256},
    {"tools": [{"type": "code_interpreter"}] * 20},
    {"tools": []}, {"tools": [{"type": "file_search"}]},
    {"tools": [{"type": "function", "function": {"name": "f"}}]},
    function(name="n" * 64), function(strict=True), function(strict=None), function(parameters={"type": {}}),
    search(max_num_results=1), search(max_num_results=50), ranking(score_threshold=0),
    ranking(score_threshold=1),
    ranking(ranker="auto"), ranking(ranker="default_2024_08_21"), {"metadata": {}},
    {"metadata": {f"k{i}": "v" for i in range(16)}}, {"metadata": {"k" * 64: "v" * 512}},
    {"truncation_strategy": {"type": "auto", "last_messages": None}},
    {"truncation_strategy": {"type": "auto", "last_messages": 3}},
    {"truncation_strategy": {"type": "last_messages", "last_messages": 1}},
    *({"tool_choice": word} for word in ("none", "auto", "required")),
    *({"tool_choice": {"type": kind}} for kind in ("file_search", "code_interpreter")),
    {"tool_choice": {"type": "function", "function": {"name": "f"}}},
    {"tool_choice": {"type": "code_interpreter", "function": None}},
    *({"response_format": form} for form in ("auto", {"type": "text"}, {"type": "json_object"})),
    answer(), answer(description="a", schema={}, strict=None), {"parallel_tool_calls": False},
    *({"reasoning_effort": word} for word in ("low", "medium", "high", "minimal", "none", "xhigh", "max")),
    *(part(type="image_url", image_url={"url": "a:b", "detail": word}) for word in ("auto", "low", "high")),
    part(type="image_file", image_file={"file_id": "f"}), message(attachments=None),
    attachment({"type": "file_search"}, {"type": "code_interpreter"}),
]  # fmt: skip


@pytest.mark.parametrize("fields", REFUSED, ids=repr)
def test_create_run_refuses(fields):
    assert not schemas.is_valid(
        "create_run_request", {"assistant_id": "asst_1", **fields}, variant="documented"
    )


@pytest.mark.parametrize("fields", ACCEPTED, ids=repr)
def test_create_run_accepts(fields):
    value = {"assistant_id": "asst_1", **fields}
    assert schemas.violations("create_run_request", value, variant="documented") == ()
    assert schemas.is_valid("create_run_request", value, variant="sent")


def stores(**fields):
    return {"thread": {"tool_resources": {"file_search": fields}}}


def chunked(strategy):
    return stores(vector_stores=[{"chunking_strategy": strategy}])


def static(size, overlap, **more):
    return {
        "type": "static",
        "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap, **more},
    }


THREAD_REFUSED = [
    {"thread": None}, {"thread": []}, {"thread": {"surplus": 1}}, {"thread": {"messages": None}},
    {"thread": {"messages": [{}]}}, {"thread": {"metadata": {"k": 1}}}, {"additional_messages": []},
    {"additional_instructions": "a"}, {"reasoning_effort": "low"}, {"include": []},
    {"thread": {"tool_resources": []}},
    {"thread": {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}}},
    {"thread": {"tool_resources": {"code_interpreter": {"file_ids": [1]}}}},
    {"thread": {"tool_resources": {"code_interpreter": 1}}},
    {"thread": {"tool_resources": {"file_search": 1}}},
    stores(), stores(vector_store_ids=["v"], vector_stores=[]), stores(vector_store_ids=["v", "w"]),
    stores(vector_store_ids="v"), stores(vector_store_ids=[1]), stores(vector_stores=[{}, {}]),
    stores(vector_stores=[1]), stores(vector_stores={}), stores(vector_stores=[{"file_ids": "f"}]),
    stores(vector_stores=[{"file_ids": [1]}]), stores(vector_stores=[{"metadata": {"k": 1}}]),
    chunked(None), chunked("auto"), chunked({}), chunked({"type": "none"}),
    chunked({"type": "auto", "surplus": 1}),
    chunked({"type": "static"}), chunked({**static(100, 0), "surplus": 1}), chunked(static(99, 0)),
    chunked(static(4097, 0)), chunked(static("100", 0)), chunked(static(100, "0")), chunked(static(100, 0.5)),
    chunked(static(100, 0, surplus=1)), chunked({"type": "static", "static": {"max_chunk_size_tokens": 100}}),
    chunked({"type": "static", "static": {"chunk_overlap_tokens": 0}}),
    chunked({"type": "static", "static": 1}),
    {"tool_resources": {"code_interpreter": {"file_ids": "f"}}},
    {"tool_resources": []}, {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}},
    {"tool_resources": {"file_search": {"vector_store_ids": ["v", "w"]}}},
    {"tool_resources": {"file_search": 1}},
    *(fields for fields in REFUSED if next(iter(fields)) in {
        "assistant_id", "model", "instructions", "tools", "metadata", "stream", "temperature", "top_p",
        "max_prompt_tokens", "max_completion_tokens", "truncation_strategy", "tool_choice", "response_format",
        "parallel_tool_calls"}),
]  # fmt: skip
THREAD_ACCEPTED = [
    {"thread": {}}, {"thread": {"messages": []}}, {"thread": {"tool_resources": None, "metadata": None}},
    {"thread": {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 20}}}},
    {"thread": {"tool_resources": {"code_interpreter": {"file_ids": []}}}}, stores(vector_store_ids=["v"]),
    stores(vector_stores=[{"file_ids": ["f"]}]), chunked({"type": "auto"}), chunked(static(100, 50)),
    chunked(static(4096, 2048)), {"tool_resources": None}, {"tool_resources": {}},
    {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 20}}},
    {"tool_resources": {"file_search": {"vector_store_ids": ["v"]}}},
]  # fmt: skip


@pytest.mark.parametrize("fields", THREAD_REFUSED, ids=repr)
def test_create_thread_and_run_refuses(fields):
    value = {"assistant_id": "asst_1", **fields}
    assert not schemas.is_valid("create_thread_and_run_request", value, variant="documented")


@pytest.mark.parametrize("fields", THREAD_ACCEPTED, ids=repr)
def test_create_thread_and_run_accepts(fields):
    value = {"assistant_id": "asst_1", **fields}
    assert schemas.violations("create_thread_and_run_request", value, variant="documented") == ()
    assert schemas.is_valid("create_thread_and_run_request", value, variant="sent")


@pytest.mark.parametrize("name", ["create_run_request", "create_thread_and_run_request"])
@pytest.mark.parametrize("value", [None, [], "asst_1", 1, {}], ids=repr)
def test_a_body_is_an_object_with_an_assistant(name, value):
    assert not schemas.is_valid(name, value, variant="documented")
