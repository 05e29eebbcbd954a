"""The schemas against recordings of the real service: recorded is accepted, broken is refused."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import corpus
import pytest
from mutations import Mutation, label, mutations

from runs_conformance.contract import schemas
from runs_conformance.contract.schemas import Site

pytestmark = corpus.needs_corpus

# what the recordings hold; a reader that loses some of them would make every test here pass
LEAST = {
    "run": 200,
    "run_step": 160,
    "message": 140,
    "event_message": 50,
    "thread": 80,
    "list": 70,
    "message_delta": 500,
    "run_step_delta": 350,
    "deleted": 8,
}
PER_SITE = 3


@cache
def recorded() -> dict[str, list[corpus.Recorded]]:
    found: dict[str, list[corpus.Recorded]] = {name: [] for name in LEAST}
    for entry in corpus.answers():
        found[entry.schema].append(entry)
    return found


@cache
def reached() -> tuple[tuple[str, Site], ...]:
    return tuple(_reached())


def _reached() -> Iterator[tuple[str, Site]]:
    for name, entries in recorded().items():
        for site in schemas.walk(name, variant="accepted"):
            if any(True for entry in entries for _ in mutations(site, entry.value)):
                yield name, site


def broken(name: str, site: Site) -> Iterator[tuple[str, Mutation]]:
    left = PER_SITE
    for entry in recorded()[name]:
        found = list(mutations(site, entry.value))
        yield from ((entry.edition, mutation) for mutation in found)
        left -= bool(found)
        if not left:
            return


@pytest.mark.parametrize("name", LEAST)
def test_recorded_answers_are_accepted_at_their_edition(name):
    entries = recorded()[name]
    assert len(entries) >= LEAST[name]
    for entry in entries:
        found = schemas.violations(name, entry.value, variant="accepted", edition=entry.edition)
        assert not found, (entry.source, found)
        assert schemas.is_valid(name, entry.value, variant="accepted", edition=entry.edition)


@pytest.mark.parametrize("variant", ["documented", "sent"])
def test_recorded_request_bodies_are_valid_at_their_edition(variant):
    counts: Counter[str] = Counter()
    for entry in corpus.requests():
        found = schemas.violations(entry.schema, entry.value, variant=variant, edition=entry.edition)
        assert not found, (entry.source, found)
        assert schemas.is_valid(entry.schema, entry.value, variant=variant, edition=entry.edition)
        counts[entry.schema] += 1
    assert len(counts) == 7
    assert counts.total() >= 170


def test_recorded_events_carry_what_their_name_says():
    counts: Counter[str] = Counter()
    for name, entry in corpus.stream_events():
        event = schemas.events(entry.edition)[name]
        assert event.literal in (None, entry.value)
        fits = [s for s in event.schemas if schemas.is_valid(s, entry.value, edition=entry.edition)]
        assert bool(fits) == (event.literal is None), entry.source
        assert not event.status or entry.value["status"] in event.status
        counts[name] += 1
    assert len(counts) == 15
    assert counts.total() >= 1100


@pytest.mark.parametrize(
    ("name", "site"), reached(), ids=lambda value: getattr(value, "path", None) and label(value)
)
def test_a_recorded_answer_broken_at_a_site_is_refused_there(name, site):
    tried = list(broken(name, site))
    assert tried
    for edition, mutation in tried:
        found = schemas.violations(name, mutation.value, variant="accepted", edition=edition)
        places = {(v.path, v.keyword, v.property) for v in found}
        assert (mutation.path, mutation.keyword, mutation.property) in places or _mistyped(mutation, found)
        assert not schemas.is_valid(name, mutation.value, variant="accepted", edition=edition)


def _mistyped(mutation, found):
    """Say whether the place is refused for its type; what else is wrong with it is then left out."""
    return any(v.keyword == "type" and v.path == mutation.path for v in found)


def test_the_recordings_reach_most_keywords_of_the_answers():
    total = sum(1 for name in LEAST for _ in schemas.walk(name, variant="accepted"))
    tried = sum(1 for name, site in reached() for _ in broken(name, site))
    assert len(reached()) >= 0.7 * total, f"{len(reached())} of {total} sites reached"
    assert tried >= 4000
