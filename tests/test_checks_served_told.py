"""A step that was shown once stays known, whatever is read after it.

Found missing by mutation testing.
"""

from stories import get
from test_checks_served import CREATED, missing, said


def test_a_step_that_was_shown_before_another_call_is_still_asked_for() -> None:
    [told] = said(*CREATED, get("queued"), missing("getRunStep"))
    assert told.failed
    assert told.actual == "status 404"
