"""Which operation a method and a path are, with the ids in the path."""

import pytest

from runs_conformance.contract.operations import ANSWERS, BODIES, CREATE, RUN_ANSWERS, identify, template

T, R = {"thread": "t"}, {"thread": "t", "run": "r"}


@pytest.mark.parametrize(
    ("method", "path", "name", "ids"),
    [
        ("POST", "/threads/runs", "createThreadAndRun", {}),
        ("POST", "/threads/runs/", "createThreadAndRun", {}),
        ("POST", "/threads/t/runs", "createRun", T),
        ("post", "/threads/t/runs", "createRun", T),
        ("GET", "/threads/t/runs", "listRuns", T),
        ("GET", "/threads/runs", "getThread", {"thread": "runs"}),
        ("GET", "/threads/t/runs/r", "getRun", R),
        ("POST", "/threads/t/runs/r", "modifyRun", R),
        ("POST", "/threads/t/runs/r/cancel", "cancelRun", R),
        ("POST", "/threads/t/runs/r/submit_tool_outputs", "submitToolOutputs", R),
        ("GET", "/threads/t/runs/r/steps/s", "getRunStep", {**R, "step": "s"}),
        ("GET", "/threads/t/messages/m", "getMessage", {**T, "message": "m"}),
        ("POST", "/threads/a%2Fb/runs", "createRun", {"thread": "a/b"}),
        ("DELETE", "/assistants/a", "deleteAssistant", {"assistant": "a"}),
        ("POST", "/threads//runs", "createRun", {"thread": ""}),
        ("PUT", "/threads/t/runs", "", {}),
        ("POST", "/v1/threads/t/runs", "", {}),
        ("GET", "/threads/t/runs/r/steps/s/x", "", {}),
        ("GET", "/", "", {}),
    ],
)
def test_identify(method, path, name, ids):
    found = identify(method, path)
    assert (found.name, dict(found.ids)) == (name, ids)
    assert found.id("nothing of the kind") is None


def test_templates_and_tables_agree():
    for name in (*ANSWERS, *BODIES):
        method, path = template(name)
        concrete = path.replace("{", "").replace("}", "")
        assert identify(method, concrete).name == name


def test_every_operation_that_answers_a_run_says_so():
    assert {ANSWERS[name] for name in RUN_ANSWERS} == {"run"}
    assert CREATE <= RUN_ANSWERS
    with pytest.raises(KeyError):
        template("createNothing")
