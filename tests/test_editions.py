"""The newest edition met in full, and the clients that can live with a target, from the verdicts."""

import pytest
from report_samples import failed, passed, register, row, summary

from runs_conformance.contract.register import NEWEST, OLDEST, load
from runs_conformance.report import clients
from runs_conformance.report.editions import dates, editions, sentence
from runs_conformance.report.records import ClientVerdict

ROWS = register(
    row("accept.always"),
    row("accept.later", since="2024-08-06"),
    row("accept.newest", since="2025-02-10"),
    row("accept.once", until="2024-08-06"),
    row("accept.should", "SHOULD"),
)
ALL = ("accept.always", "accept.later", "accept.newest", "accept.should")


def met(*broken, **more):
    findings = [failed(name) if name in broken else passed(name) for name in ALL]
    verdicts = summary(*findings, rows=ROWS, **more).verdicts
    return editions([each for each in verdicts if each.id != "accept.once"])


@pytest.mark.parametrize(
    ("broken", "newest", "after", "between"),
    [
        ((), NEWEST, "", ()),
        (("accept.newest",), "2024-08-06", "2025-02-10", ("accept.newest",)),
        (("accept.later",), OLDEST, "2024-08-06", ("accept.later",)),
        (("accept.always", "accept.later"), "", OLDEST, ("accept.always",)),
        (("accept.should",), NEWEST, "", ()),
    ],
)
def test_the_newest_edition_met_and_what_separates_it_from_the_next(broken, newest, after, between):
    found = met(*broken)
    assert (found.met, found.next, found.between) == (newest, after, between)
    assert all(name in sentence(found) for name in (newest, after, *between))


def test_a_row_that_was_not_looked_at_leaves_an_edition_open():
    found = editions(summary(passed("accept.always"), rows=ROWS, selected={"accept.always"}).verdicts)
    assert (found.met, found.next, found.unseen) == ("", OLDEST, 1)
    assert "nothing can be said" in sentence(found)


def test_no_newer_edition_than_the_judged_is_claimed():
    findings = [passed(name) for name in ALL]
    verdicts = summary(*findings, rows=ROWS, edition="2024-09-01").verdicts
    found = editions(verdicts, "2024-09-01")
    assert (found.met, found.next) == ("2024-09-01", "")
    assert "by which it was judged" in sentence(found)


def test_an_old_edition_whose_rows_are_gone_is_left_open():
    found = editions(summary(*(passed(name) for name in ALL), rows=ROWS).verdicts)
    assert found.met == NEWEST


def test_what_is_left_out_is_counted():
    found = met(not_applicable={"accept.later": "no"})
    assert (found.met, found.absent) == (NEWEST, 1)
    assert "1 declared absent" in sentence(found)
    two = register(row("accept.always"), row("accept.b"))
    idle = editions(summary(passed("accept.always"), rows=two).verdicts)
    assert "1 not exercised" in sentence(idle)


def test_the_editions_of_the_register_are_its_dates():
    found = dates(summary(rows=load()).verdicts)
    assert found[0] == OLDEST
    assert found[-1] == NEWEST
    assert found == sorted(set(found))
    assert "2024-08-06" in found


def test_clients_in_words():
    why = {"why": "no event: lines", "broken": ("event.framing",)}
    found = [
        ClientVerdict(client="a", use="create()", verdict="works"),
        ClientVerdict(client="b", use="create()", verdict="works"),
        ClientVerdict(client="b", use="stream()", verdict="breaks", **why),
        ClientVerdict(client="c", use="stream()", verdict="breaks", **why),
        ClientVerdict(client="d", use="create()", verdict="unknown"),
    ]
    assert list(clients.lines(found)) == [
        "Clients that can live with it: a, b (create()).",
        "Clients that it breaks (no event: lines: event.framing): b (stream()), c.",
        "Clients of which too little was seen: d.",
    ]
    assert clients.sentence([]) == clients.sentence(found[-1:]) == ""
