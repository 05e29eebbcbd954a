"""Recordings of the real service, judged by every check at the edition of their day: none may fail."""

import sys
from collections import Counter

import corpus
import pytest
from corpus_exchanges import recordings

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.register import load

pytestmark = corpus.needs_corpus


@pytest.fixture(scope="module")
def judged():
    """(file, finding) of every recorded file, each judged as one session."""
    found = []
    for name, (edition, exchanges) in recordings().items():
        found += [(name, one) for one in Judge(Context(edition=edition)).everything(exchanges)]
    return found


def test_the_real_service_breaks_no_row(judged):
    broken = [(name, one) for name, one in judged if one.failed and load()[one.requirement].level != "MAY"]
    assert broken == []


def test_the_recordings_decide_enough_to_mean_something(judged, capsys):
    rows = Counter(one.requirement for _, one in judged)
    exchanges = sum(len(many) for _, many in recordings().values())
    failed = sum(one.failed for _, one in judged)
    with capsys.disabled():
        sys.stdout.write(f"\n{exchanges} recorded exchanges of {len(recordings())} files: ")
        sys.stdout.write(f"{len(judged)} findings about {len(rows)} rows, {failed} failed\n")
    assert exchanges > 300
    assert len(judged) > 5000
    assert len(rows) > 110


@pytest.mark.parametrize(
    "row",
    [
        "response.success",
        "response.run.identity",
        "response.echo.metadata",
        "response.echo.settings",
        "response.retrieve.same",
        "response.usage.sum",
        "response.id-prefix",
        "response.timestamp.order",
        "headers.request-id",
        "lifecycle.legal-moves",
        "order.done-last",
    ],
)
def test_rows_that_the_recordings_show(judged, row):
    assert row in {one.requirement for _, one in judged}
