"""Every recorded stream and trace of the real service is clean at its edition, and says much."""

from collections import Counter
from functools import cache

import corpus
import pytest
from corpus_exchanges import recordings

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge

pytestmark = corpus.needs_corpus


@cache
def judged(name: str) -> tuple[Finding, ...]:
    edition, exchanges = recordings()[name]
    return tuple(Judge(Context(edition=edition)).everything(exchanges))


@pytest.mark.parametrize("name", recordings(), ids=lambda name: name.rsplit("/", 1)[-1] + name[-50:-40])
def test_a_recording_is_clean(name: str) -> None:
    failures = [(one.requirement, one.exchange, one.where, one.actual) for one in judged(name) if one.failed]
    assert failures == []


@cache
def passed() -> Counter[str]:
    return Counter(one.requirement for name in recordings() for one in judged(name))


def test_the_recordings_hold_what_is_claimed() -> None:
    exchanges = [one for _, group in recordings().values() for one in group]
    assert (len(recordings()), len(exchanges)) == (76, 362)
    assert sum(one.streamed for one in exchanges) == 22


@pytest.mark.parametrize(
    ("requirement", "least"),
    [
        ("event.data-json", 22),
        ("event.done", 22),
        ("event.run-status", 22),
        ("event.step-fields", 90),
        ("event.fold.message-text", 18),
        ("event.fold.tool-arguments", 14),
        ("event.step-search-content", 12),
        ("order.create-run-start", 14),
        ("order.create-thread-and-run-start", 4),
        ("order.submit-start", 4),
        ("order.requires-action-last", 4),
        ("order.done-last", 22),
        ("order.message-in-step", 18),
        ("lifecycle.legal-moves", 80),
        ("lifecycle.started-at", 160),
        ("lifecycle.expires-at-fixed", 9),
        ("lifecycle.submit.accepted", 9),
        ("lifecycle.run-messages", 20),
        ("lifecycle.list.order", 50),
        ("lifecycle.list.after", 10),
        ("lifecycle.list.empty", 5),
        ("response.usage.steps-sum", 26),
        ("headers.stream-charset", 22),
    ],
)
def test_the_recordings_are_judged_not_skipped(requirement: str, least: int) -> None:
    assert passed()[requirement] >= least


def test_bytes_that_a_recording_lost_are_not_judged() -> None:
    assert "event.framing" not in passed()
