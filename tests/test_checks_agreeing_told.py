"""What is no change between the events of one run: a model's alias that was resolved meanwhile.

Found missing by mutation testing.
"""

import pytest
from broken_streams.good import run
from test_checks_endings_told import failed, passed, streamed

ROW = "event.run-constant"


@pytest.mark.parametrize(
    ("member", "first", "later", "told"),
    [
        ("model", "gpt-4o", "gpt-4o-2024-08-06", []),
        ("model", "gpt-4o-2024-08-06", "gpt-4o", []),
        ("model", "gpt-4o", "gpt-4", [('"gpt-4o", as in event 0', '"gpt-4"')]),
        (
            "instructions",
            "gpt-4o",
            "gpt-4o-2024-08-06",
            [('"gpt-4o", as in event 0', '"gpt-4o-2024-08-06"')],
        ),
    ],
    ids=["resolved", "named shorter", "another model", "no name of a model"],
)
def test_only_a_models_name_may_be_resolved_between_events(
    member: str, first: str, later: str, told: list[tuple[str, str]]
) -> None:
    events = [run("queued", **{member: first}), run("in_progress", **{member: later})]
    stream = streamed(*((f"thread.run.{one['status']}", one) for one in events))
    assert failed(ROW, stream) == [("x1", f"event 1 /{member}", *words) for words in told]
    # metadata, which is judged apart, passes in each
    assert len(passed(ROW, stream)) == 2 - len(told)
